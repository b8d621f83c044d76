//go:build needsroot

package needsroot

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTheContainersContents builds what the Dockerfile puts into its image, and runs it as
// it says: alone in a root of its own, as a user who is not root, with its health check.
func TestTheContainersContents(t *testing.T) {
	top := filepath.Join("..", "..", "..")
	text, err := os.ReadFile(filepath.Join(top, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	setting := func(pattern string) string {
		found := regexp.MustCompile(`(?m)` + pattern).FindSubmatch(text)
		if found == nil {
			t.Fatalf("the Dockerfile has no %s", pattern)
		}
		return string(found[1])
	}
	root := filepath.Join(t.TempDir(), "out")
	build := strings.ReplaceAll(setting(`(?s)RUN (CGO_ENABLED=0 go build .*?)\n\n`), "/out/", root+"/")
	build = strings.NewReplacer("\\\n", " ", "-o 65532 -g 65532 ", "").Replace(build)
	cmd := exec.Command("sh", "-c", build)
	cmd.Dir = top
	cmd.Env = append(os.Environ(), "VERSION=1.2.3")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", build, err, out)
	}
	program, user := setting(`^ENTRYPOINT \["([^"]+)"\]`), setting(`^USER (\d+:\d+)`)
	health := strings.Fields(strings.NewReplacer(`"`, "", ",", "").Replace(setting(`CMD \["(/usr.*healthcheck")\]`)))
	listen := setting(`^ENV MISIMPORTD_LISTEN=(\S+)`)
	if file, err := os.ReadFile(filepath.Join(root, program)); err != nil || bytes.Contains(file, []byte("ld-linux")) {
		t.Errorf("%s is not static: %v", program, err)
	}
	if err := os.Chmod(root, 0o755); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	state := filepath.Join(root, "var/lib/misimportd")
	if os.Getuid() == 0 {
		if err := os.Chown(state, 65532, 65532); err != nil {
			t.Fatal(err)
		}
	}
	// A network of its own keeps the port free for it; /dev and /proc are all that an engine adds.
	become := "--userspec=" + user
	if os.Getuid() != 0 {
		become = "" // who may become nobody else
	}
	script := fmt.Sprintf(`ip link set lo up 2>/dev/null || true
		mkdir -p %[1]s/proc %[1]s/dev && mount -t proc proc %[1]s/proc
		chroot %[2]s %[1]s %[3]s serve & served=$!
		tries=0; until chroot %[2]s %[1]s %[4]s; do tries=$((tries+1)); [ $tries -lt 100 ] || exit 1; sleep 0.1; done
		chroot %[2]s %[1]s %[3]s version
		kill $served; wait $served; echo status $?`, root, become, program, strings.Join(health, " "))
	shell := inNamespace(script)
	shell.Args = slices.Insert(shell.Args, 1, "--net")
	shell.Env = []string{"PATH=" + os.Getenv("PATH"), "MISIMPORTD_LISTEN=" + listen}
	out, err := shell.CombinedOutput()
	said := string(out)
	if err != nil || !strings.Contains(said, "well: ") || !strings.Contains(said, "status 0") ||
		!strings.Contains(said, "misimportd 1.2.3") || !strings.Contains(said, "msg=stopped") {
		t.Errorf("%v\n%s", err, said)
	}
	if entries, err := os.ReadDir(state); err != nil || len(entries) == 0 {
		t.Errorf("it kept nothing in its volume: %v", err)
	}
	var names []string
	_ = filepath.Walk(root, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() && !strings.HasPrefix(path, state) &&
			!strings.HasPrefix(path, root+"/proc") {
			names = append(names, strings.TrimPrefix(path, root))
		}
		return nil
	})
	t.Logf("the image holds %v", names)
}
