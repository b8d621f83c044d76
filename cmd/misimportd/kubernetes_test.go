package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// object is what the manifest says of one object, as far as it matters here.
type object struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name string }
	Data       map[string]string
	Spec       struct {
		Selector yaml.Node
		Template struct {
			Metadata labelled
			Spec     pod
		}
	}
}

type labelled struct{ Labels map[string]string }

type pod struct {
	AutomountServiceAccountToken  *bool `yaml:"automountServiceAccountToken"`
	TerminationGracePeriodSeconds int   `yaml:"terminationGracePeriodSeconds"`
	SecurityContext               struct {
		RunAsNonRoot bool `yaml:"runAsNonRoot"`
		RunAsUser    int  `yaml:"runAsUser"`
	} `yaml:"securityContext"`
	InitContainers []container `yaml:"initContainers"`
	Containers     []container
	Volumes        []struct {
		Name   string
		Secret struct {
			SecretName string `yaml:"secretName"`
		}
		ConfigMap struct{ Name string } `yaml:"configMap"`
		EmptyDir  *struct {
			SizeLimit string `yaml:"sizeLimit"`
		} `yaml:"emptyDir"`
	}
}

type container struct {
	Name, Image    string
	Args           []string
	Ports          []struct{ Name string }
	LivenessProbe  probe `yaml:"livenessProbe"`
	ReadinessProbe probe `yaml:"readinessProbe"`
	Resources      struct{ Requests, Limits map[string]string }
	VolumeMounts   []struct {
		Name, MountPath string
		ReadOnly        bool `yaml:"readOnly"`
	} `yaml:"volumeMounts"`
	SecurityContext struct {
		AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
		ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
		Capabilities             struct{ Drop []string }
	} `yaml:"securityContext"`
}

type probe struct {
	HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
}

func manifest() string { return fromTop("deploy", "kubernetes", "misimportd-fleet.yml") }

// objects are those of the manifest, by kind and name.
func objects(t *testing.T) map[string]object {
	t.Helper()
	file, err := os.Open(manifest())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	found := map[string]object{}
	for decoder := yaml.NewDecoder(file); ; {
		var o object
		if err := decoder.Decode(&o); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		found[o.Kind+" "+o.Metadata.Name] = o
	}
}

// describe writes down for kubeconform what a version of Kubernetes says of each kind of object, a file a kind: in the
// words of the server's own description, in which nothing else than it names may stand.
func describe(t *testing.T, version string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	described := fromTop(".cache", "tools", "usr", "share", "kubernetes", version)
	for kind, of := range map[string][2]string{
		"configmap": {"api/v1.json", "core.v1.ConfigMap"}, "service": {"api/v1.json", "core.v1.Service"},
		"job":                 {"apis/batch/v1.json", "batch.v1.Job"},
		"deployment":          {"apis/apps/v1.json", "apps.v1.Deployment"},
		"poddisruptionbudget": {"apis/policy/v1.json", "policy.v1.PodDisruptionBudget"},
	} {
		text, err := os.ReadFile(filepath.Join(described, of[0]))
		if err != nil {
			t.Fatalf("%v: \".ci/with-tools go test …\" gets it", err)
		}
		var said struct {
			Components struct {
				Schemas map[string]map[string]any `json:"schemas"`
			} `json:"components"`
		}
		if err := json.Unmarshal(text, &said); err != nil {
			t.Fatal(err)
		}
		for _, schema := range said.Components.Schemas {
			if schema["properties"] != nil {
				schema["additionalProperties"] = false
			}
		}
		text, err = json.Marshal(map[string]any{"components": said.Components,
			"$ref": "#/components/schemas/io.k8s.api." + of[1]})
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, kind+".json"), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// conforms has kubeconform look at a manifest.
func conforms(t *testing.T, file, schemas string) (said string, ok bool) {
	t.Helper()
	out, err := exec.Command(tool(t, "kubeconform"), "-strict", "-summary", "-schema-location",
		filepath.Join(schemas, "{{.ResourceKind}}.json"), file).CombinedOutput()
	return string(out), err == nil
}

// TestTheManifest is what Kubernetes would take, in an old version and in a newer one; and what it would not take is
// found.
func TestTheManifest(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(manifest())
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"1.26", "1.30"} {
		schemas := describe(t, version)
		said, ok := conforms(t, manifest(), schemas)
		if t.Logf("Kubernetes %s: %s", version, said); !ok {
			t.Error("it does not conform")
		}
		for right, wrong := range map[string]string{
			"replicas: 3": "replicas: many", "readinessProbe:": "readynessProbe:",
			"image: registry": "picture: registry", "{app.kubernetes.io/name: misimportd, ": "[",
			"maxUnavailable: 1\n  selector": "maxUnavailable: 1\n  selection",
			"kind: PodDisruptionBudget":     "kind: PodDistraction",
			"backoffLimit: 5":               "backoffLimit: 5\n  backoffLimit: 6",
		} {
			broken := filepath.Join(t.TempDir(), "broken.yml")
			changed := strings.Replace(string(text), right, wrong, 1)
			if err := os.WriteFile(broken, []byte(changed), 0o600); err != nil || changed == string(text) {
				t.Fatalf("%v: %q", err, right)
			}
			if said, ok := conforms(t, broken, schemas); ok {
				t.Errorf("%q passed: %s", wrong, said)
			}
		}
	}
}

// TestTheManifestHangsTogether where no schema can tell: each name leads to something, nobody has more rights than it
// takes, and who is told to stop has the time to.
func TestTheManifestHangsTogether(t *testing.T) {
	t.Parallel()
	found := objects(t)
	worker, apply := found["Deployment misimportd-worker"], found["Job misimportd-fleet-apply"]
	for _, of := range []object{worker, apply} {
		checkPod(t, found, of)
	}
	for _, name := range []string{"Deployment misimportd-worker", "PodDisruptionBudget misimportd-worker",
		"Service misimportd-workers", "Service misimportd-fleet"} {
		for key, value := range selected(t, found[name]) {
			if worker.Spec.Template.Metadata.Labels[key] != value {
				t.Errorf("%s selects %s: %s, which no worker has", name, key, value)
			}
		}
	}
	one := worker.Spec.Template.Spec.Containers[0]
	if p := one.LivenessProbe.HTTPGet; p.Path != "/healthz" || p.Port != one.Ports[0].Name {
		t.Errorf("whether it lives is asked at %s %s", p.Port, p.Path)
	}
	if p := one.ReadinessProbe.HTTPGet; p.Path != "/-/ready" || p.Port != one.Ports[0].Name {
		t.Errorf("whether it is ready is asked at %s %s", p.Port, p.Path)
	}
	if worker.Spec.Template.Spec.TerminationGracePeriodSeconds < 35 {
		t.Error("a worker has too little time to stop")
	}
	init := apply.Spec.Template.Spec.InitContainers
	if len(init) != 1 || !slices.Equal(init[0].Args[2:], []string{"fleet", "init"}) {
		t.Error("the fleet is not set up before schools are entered")
	}
}

// selected is the labels by which an object selects pods.
func selected(t *testing.T, o object) map[string]string {
	t.Helper()
	var labels map[string]string
	var nested struct {
		MatchLabels map[string]string `yaml:"matchLabels"`
	}
	err := o.Spec.Selector.Decode(&nested)
	if err == nil && nested.MatchLabels == nil {
		err = o.Spec.Selector.Decode(&labels)
	}
	if nested.MatchLabels != nil {
		labels = nested.MatchLabels
	}
	if err != nil || len(labels) != 2 {
		t.Errorf("%s %s selects by %v: %v", o.Kind, o.Metadata.Name, labels, err)
	}
	return labels
}

// checkPod checks the pod of an object: its rights, its volumes, and that it reads the settings that the manifest
// holds.
func checkPod(t *testing.T, found map[string]object, o object) {
	t.Helper()
	spec, is := o.Spec.Template.Spec, o.Kind+" "+o.Metadata.Name
	if a := spec.AutomountServiceAccountToken; a == nil || *a {
		t.Errorf("%s is given rights in the cluster", is)
	}
	if s := spec.SecurityContext; !s.RunAsNonRoot || s.RunAsUser != 65532 {
		t.Errorf("%s does not run as the image's user", is)
	}
	given := map[string]string{}
	for _, v := range spec.Volumes {
		given[v.Name] = v.Secret.SecretName + v.ConfigMap.Name
		if v.EmptyDir != nil && v.EmptyDir.SizeLimit == "" {
			t.Errorf("%s: the volume %s has no limit", is, v.Name)
		}
	}
	for _, c := range append(slices.Clone(spec.InitContainers), spec.Containers...) {
		s := c.SecurityContext
		if s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || !s.ReadOnlyRootFilesystem ||
			!slices.Equal(s.Capabilities.Drop, []string{"ALL"}) {
			t.Errorf("%s, %s has more rights than it takes", is, c.Name)
		}
		if c.Resources.Limits["memory"] == "" || c.Resources.Requests["cpu"] == "" {
			t.Errorf("%s, %s says not what it needs", is, c.Name)
		}
		mounted := map[string]bool{}
		for _, m := range c.VolumeMounts {
			if mounted[m.Name] = true; !m.ReadOnly && given[m.Name] != "" {
				t.Errorf("%s, %s may write to %s", is, c.Name, m.Name)
			}
			if _, isThere := given[m.Name]; !isThere {
				t.Errorf("%s, %s: there is no volume %s", is, c.Name, m.Name)
			}
		}
		if config := "ConfigMap " + given["config"]; !mounted["config"] || found[config].Data["fleet.yml"] == "" ||
			!slices.Equal(c.Args[:2], []string{"--config", "/etc/misimportd/fleet.yml"}) {
			t.Errorf("%s, %s does not read %s", is, c.Name, config)
		}
	}
}
