package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestADiskThatFillsUpWhileFetching gives the program so little room for a file that no
// answer fits, and then enough.
func TestADiskThatFillsUpWhileFetching(t *testing.T) {
	s := newStation(t, program(t))
	script := fmt.Sprintf("ulimit -f 1; exec %s fetch --config %s", s.program, filepath.Join(s.state, "config.yml"))
	out, err := exec.Command("sh", "-c", script).CombinedOutput()
	want := "misimportd: the disk is full: there is no room in " + filepath.Join(s.state, "Incoming") +
		": file too large; make room there, and the next attempt succeeds\n"
	if err == nil || string(out) != want {
		t.Errorf("%v\n%s", err, out)
	}
	if asked := s.server.Requests(); asked != 1 {
		t.Errorf("the server was asked %d times", asked)
	}
	if said, status := s.run("fetch"); status != 0 || strings.Contains(said, "full") {
		t.Errorf("with room: %d %s", status, said)
	}
}
