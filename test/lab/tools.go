//go:build tools

// Package lab pins the sources of the lab's Kubernetes commands and of OpenShift's custom resource definitions.
package lab

import (
	_ "github.com/openshift/api"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kube-scheduler"
	_ "k8s.io/kubernetes/cmd/kubectl"
	_ "k8s.io/kubernetes/cmd/kubelet"
)
