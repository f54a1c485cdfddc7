// Command pulumi-resource-kubernetes is Pulumi's Kubernetes provider, started as its own command starts it. That one
// embeds files which are not part of its module; this one reads the module's schema.json beside itself.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

// Set when it is linked: the version of the npm package @pulumi/kubernetes that it answers to.
var version string

func main() {
	executable, err := os.Executable()
	if err != nil {
		fatal(err)
	}
	schema, err := os.ReadFile(filepath.Join(filepath.Dir(executable), "schema.json"))
	if err != nil {
		fatal(err)
	}
	// The mapping serves the conversion of Terraform programs only.
	provider.Serve("kubernetes", version, schema, []byte("{}"))
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, "pulumi-resource-kubernetes:", err)
	os.Exit(1)
}
