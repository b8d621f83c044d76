package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestAnUnwritableFolder is told before anything is done. Root is without its right to write
// everywhere here, so that it is refused like anybody else.
func TestAnUnwritableFolder(t *testing.T) {
	misimportd := program(t)
	state := t.TempDir()
	putDocument(t, state, []byte("<iSAMS/>"))
	if err := os.Chmod(state, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(state, 0o700) }) // or else it cannot be removed
	command := []string{misimportd, "run", "--state", state}
	if os.Getuid() == 0 {
		command = append([]string{tool(t, "setpriv"), "--inh-caps=-dac_override", "--bounding-set=-dac_override"},
			command...)
	}
	out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
	if err == nil || !strings.Contains(string(out),
		"permission denied; choose another with --state, or make this one writable") {
		t.Errorf("%v: %s", err, out)
	}
}
