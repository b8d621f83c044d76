package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"misimportd/mis/isams/isamstest"
	"misimportd/store/storetest"
)

// program builds the real program, for what must happen to a process of its own.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "misimportd")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// putDocument puts a document into a state folder.
func putDocument(t *testing.T, state string, document []byte) {
	t.Helper()
	folder := filepath.Join(state, "PreFetched")
	if err := errors.Join(os.MkdirAll(folder, 0o700), os.WriteFile(filepath.Join(folder, "data.xml"), document, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// TestR31AFullDisk gives the program, its database and its folder a disk of a few sizes,
// each too small at another moment. What was there stays whole; with more room, the same
// command does the rest.
func TestR31AFullDisk(t *testing.T) {
	misimportd := program(t)
	document := isamstest.New(1, isamstest.Typical).Document()
	// The disk is a tmpfs in a mount namespace of its own, which is gone with the shell.
	const script = `set -e; mount -t tmpfs -o size=$1 tmpfs "$2"; mkdir -p "$2/PreFetched"; cp "$3" "$2/PreFetched/data.xml"
		if "$4" run --state "$2" --as-of 2016-09-05 2>&1; then echo fitted; exit; fi
		cmp "$3" "$2/PreFetched/data.xml"
		mount -o remount,size=100M "$2"
		"$4" run --state "$2" --as-of 2016-09-05 --json
		"$4" runs --state "$2"`
	source := filepath.Join(t.TempDir(), "data.xml")
	if err := os.WriteFile(source, document, 0o600); err != nil {
		t.Fatal(err)
	}
	shell := []string{"unshare", "-m", "sh", "-c", script, "sh"}
	if os.Getuid() != 0 {
		shell = []string{"unshare", "-rm", "sh", "-c", script, "sh"}
	}
	failures := map[string]int{}
	for size := 2500; size < 9000; size += 300 {
		out, err := exec.Command(shell[0], append(shell[1:], fmt.Sprintf("%dk", size), t.TempDir(), source, misimportd)...).CombinedOutput()
		said := string(out)
		if err != nil {
			t.Fatalf("%d kB: %v\n%s", size, err, said)
		}
		switch {
		case strings.Contains(said, "fitted"):
			failures["none"]++
		case strings.Contains(said, "could not be filed away") && strings.Contains(said, `"result":"unchanged"`):
			failures["after the run was applied"]++
		case strings.Contains(said, "space left on device") || strings.Contains(said, "disk is full"):
			failures["before"]++
			if !strings.Contains(said, `{"entity":"membership","action":"create","count":13000}`) {
				t.Errorf("%d kB: with more room the run did not do all:\n%s", size, said)
			}
		default:
			t.Errorf("%d kB: %s", size, said)
		}
	}
	t.Logf("disk full: %v", failures)
	if failures["before"] == 0 || failures["none"] == 0 {
		t.Error("the sizes do not cover what they should")
	}
}

// TestR31R32KilledAtAnyMoment kills runs and looks at what they leave: the state before
// or the state after, no lock, and a document that the next run finishes with.
func TestR31R32KilledAtAnyMoment(t *testing.T) {
	misimportd := program(t)
	storetest.Each(t, func(t *testing.T, database string) {
		state := t.TempDir()
		env := append(os.Environ(), "MISIMPORTD_STATE="+state, "MISIMPORTD_DATABASE="+database)
		run := func(args ...string) (string, error) {
			cmd := exec.Command(misimportd, args...)
			cmd.Env = env
			out, err := cmd.CombinedOutput()
			return string(out), err
		}
		school := isamstest.New(3, isamstest.Size{Pupils: 300, Staff: 40, Forms: 14, Sets: 100, SetLists: 3000})
		putDocument(t, state, school.Document())
		begin := time.Now()
		if out, err := run("run", "--as-of", "2016-09-05"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		whole := time.Since(begin)
		raw := storetest.Raw(t, database)
		count := func() (memberships, runs int) {
			if err := raw.QueryRow(`SELECT (SELECT count(*) FROM memberships), (SELECT count(*) FROM runs WHERE result = 'applied')`).Scan(&memberships, &runs); err != nil {
				t.Fatal(err)
			}
			return memberships, runs
		}
		before, applied := count()
		found := map[string]int{}
		const kills = 30
		for i := range kills {
			// A set with everybody in it comes, or goes: its members are the run's mark.
			everybody := isamstest.Set{ID: 99999, Subject: 1, Year: 7, Name: "Everybody"}
			for _, p := range school.Pupils {
				everybody.Pupils = append(everybody.Pupils, p.ID)
			}
			night := *school
			night.Sets = append(append([]isamstest.Set{}, school.Sets...), everybody)
			putDocument(t, state, night.Document())
			cmd := exec.Command(misimportd, "run", "--as-of", "2016-09-05")
			cmd.Env = env
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(whole * time.Duration(i) / kills)
			_ = cmd.Process.Signal(syscall.SIGKILL)
			_ = cmd.Wait()
			switch memberships, runs := count(); {
			case memberships == before && runs == applied:
				found["before"]++
			case memberships == before+len(school.Pupils) && runs == applied+1:
				found["after"]++
			default:
				t.Fatalf("after %d of %d: %d memberships and %d runs, which is neither before nor after", i, kills, memberships, runs)
			}
			// The next run, at once, does the rest, or finds that there is none.
			if out, err := run("run", "--as-of", "2016-09-05"); err != nil && !strings.Contains(out, "no document to import") {
				t.Fatalf("the next run: %v\n%s", err, out)
			}
			if memberships, _ := count(); memberships != before+len(school.Pupils) {
				t.Fatalf("the next run left %d memberships", memberships)
			}
			if current, err := os.ReadFile(filepath.Join(state, "Current", "data.xml")); err != nil || !bytes.Equal(current, night.Document()) {
				t.Fatalf("Current is not the document that the database reflects: %v", err)
			}
			putDocument(t, state, school.Document())
			if out, err := run("run", "--as-of", "2016-09-05"); err != nil {
				t.Fatalf("going back: %v\n%s", err, out)
			}
			_, applied = count()
		}
		t.Logf("%d kills: found %v", kills, found)
	})
}

// TestAnUnwritableFolder is told before anything is done, to a user who is not root.
func TestAnUnwritableFolder(t *testing.T) {
	misimportd := program(t)
	state := t.TempDir()
	for path := misimportd; path != "/"; path = filepath.Dir(path) {
		_ = os.Chmod(path, 0o755)
	}
	putDocument(t, state, []byte("<iSAMS/>"))
	if err := os.Chmod(state, 0o555); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(misimportd, "run", "--state", state)
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "permission denied; choose another with --state, or make this one writable") {
		t.Errorf("%v: %s", err, out)
	}
}
