//go:build !single

package fleet_test

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"misimportd/mis/isams/isamstest"
)

// server is a PostgreSQL of a test's own, which can be stopped and started.
type server struct {
	*testing.T
	url, home, bin string
	as             []string
}

// newServer starts one, as a user who is not root.
func newServer(t *testing.T) *server {
	t.Helper()
	home, err := os.MkdirTemp("", "pg") // a short name, for its socket
	if err != nil {
		t.Fatal(err)
	}
	s := &server{T: t, home: home, bin: filepath.Dir(os.Getenv("MISIMPORTD_TEST_PSQL"))}
	if os.Geteuid() == 0 {
		name := "nobody"
		if _, err := user.Lookup("postgres"); err == nil {
			name = "postgres"
		}
		of, err := user.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.Atoi(of.Uid)
		if err := os.Chown(home, uid, -1); err != nil {
			t.Fatal(err)
		}
		s.as = []string{"runuser", "-u", name, "--"}
	}
	s.run("initdb", "-D", filepath.Join(home, "data"), "-A", "trust", "-U", "misimportd", "-E", "UTF8",
		"--locale=C.UTF-8", "--no-sync")
	s.start()
	t.Cleanup(func() {
		s.stop()
		if err := os.RemoveAll(home); err != nil {
			t.Error(err)
		}
	})
	s.url = "postgres://misimportd@/postgres?host=" + home
	return s
}

func (s *server) run(program string, args ...string) {
	s.Helper()
	line := append(append(s.as[:len(s.as):len(s.as)], filepath.Join(s.bin, program)), args...)
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Dir = s.home
	if out, err := cmd.CombinedOutput(); err != nil {
		s.Fatalf("%s: %v\n%s", program, err, out)
	}
}

func (s *server) start() {
	s.Helper()
	s.run("pg_ctl", "-D", filepath.Join(s.home, "data"), "-l", filepath.Join(s.home, "log"), "-w", "start", "-o",
		"-c listen_addresses='' -c unix_socket_directories='"+s.home+"' -c fsync=off")
}

func (s *server) stop() {
	s.Helper()
	if _, err := os.Stat(filepath.Join(s.home, "data", "postmaster.pid")); err != nil {
		return
	}
	s.run("pg_ctl", "-D", filepath.Join(s.home, "data"), "-m", "immediate", "-w", "stop")
}

// signal sends a signal to the server, but not to those who answer for it already.
func (s *server) signal(which syscall.Signal) {
	s.Helper()
	text, err := os.ReadFile(filepath.Join(s.home, "data", "postmaster.pid"))
	if err != nil {
		s.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err == nil {
		err = syscall.Kill(pid, which)
	}
	if err != nil {
		s.Fatal(err)
	}
}

// addOn enters a school whose database is on a server of its own.
func (y *yard) addOn(s *server, name string) {
	y.Helper()
	y.give(name, isamstest.New(99, tiny).Document())
	there := y.school(name)
	there.Configuration = s.url + "&search_path=" + schemaOf(name) + " " + y.web.URL
	y.wanted.Schools = append(y.wanted.Schools, there)
	y.apply()
}
