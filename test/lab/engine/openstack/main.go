// Command pulumi-resource-openstack is the Terraform provider for OpenStack behind Pulumi's bridge, with the one
// resource that the program declares. Token, autonaming, defaults and secrets are those of the published plugin; the
// test beside it holds them.
package main

import (
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/terraform-provider-openstack/terraform-provider-openstack/v3/openstack"
)

// Set when it is linked: the version of the npm package @pulumi/openstack that it answers to.
var version string

func main() {
	tfbridge.Main("openstack", version, providerInfo(), []byte(`{"name":"openstack"}`))
}

func providerInfo() tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P:       shimv2.NewProvider(openstack.Provider()),
		Name:    "openstack",
		Version: version,
		Resources: map[string]*tfbridge.ResourceInfo{
			"openstack_objectstorage_container_v1": {Tok: "openstack:objectstorage/container:Container"},
		},
	}
	info.SetAutonaming(255, "-")
	return info
}
