//go:build tools

// Package cli pins the sources of Pulumi's command.
package cli

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
