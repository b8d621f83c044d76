//go:build needsroot

// Package needsroot tests what takes mounting: disks that are full, and a container's root. It
// is a suite of its own, "make test-root". Root runs it, and so may anybody whom the system
// lets have a user namespace. It must never mount anything outside a namespace of its own.
package needsroot

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const testKey = "0A1C996B-8E74-4388-A3C4-8DA1E40ADA57"

// program builds the real program.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "misimportd")
	if out, err := exec.Command("go", "build", "-o", path, "misimportd/cmd/misimportd").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// inNamespace is a shell script as root, with arguments $1 and so on. What it mounts and starts
// is gone when it ends. Programs for root need not be in the PATH of whoever tests.
func inNamespace(script string, args ...string) *exec.Cmd {
	namespace := []string{"--mount", "--pid", "--fork", "--kill-child"}
	if os.Getuid() != 0 {
		namespace = append(namespace, "--map-root-user")
	}
	script = "PATH=$PATH:/usr/sbin:/sbin\n" + script
	return exec.Command("unshare", append(append(namespace, "sh", "-c", script, "sh"), args...)...)
}
