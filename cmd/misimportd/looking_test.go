package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"misimportd/mis/isams/isamstest"
)

// files are all files of the state folder but those that name a holder of the lock.
func (s *station) files() (names []string) {
	s.Helper()
	err := filepath.WalkDir(s.state, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && entry.Name() != "lock" {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	return names
}

// reflects tells whether the database was left at what iSAMS says now.
func (s *station) reflects() bool {
	s.Helper()
	return string(s.read("Current/data.xml")) == string(s.server.Document())
}

// TestFault11ANightAsksForADocumentOfItsOwn whatever somebody fetched to look at it.
func TestFault11ANightAsksForADocumentOfItsOwn(t *testing.T) {
	misimportd := program(t)
	fetched := func(t *testing.T, more string) *station {
		t.Helper()
		s := newStation(t, misimportd)
		s.daemonConfigured("")
		s.write("config.yml", string(s.read("config.yml"))+more)
		if said, status := s.run("fetch"); status != 0 {
			t.Fatalf("%d %s", status, said)
		}
		s.server.Night()
		return s
	}
	t.Run("the service", func(t *testing.T) {
		s := fetched(t, "")
		d := s.serve()
		d.await("run=1 result=applied")
		d.await("stage=archive seconds")
		if n := s.server.Requests(); n != 2 || !s.reflects() {
			t.Errorf("the night imported what was fetched to look at it: %d requests", n)
		}
		d.stop()
	})
	t.Run("a timer's", func(t *testing.T) {
		s := fetched(t, "")
		if said, status := s.run("run", "--fetch"); status != 0 || s.server.Requests() != 2 || !s.reflects() {
			t.Errorf("%d, %d requests: %s", status, s.server.Requests(), said)
		}
	})
	t.Run("a run by hand", func(t *testing.T) {
		s := fetched(t, "")
		if said, status := s.run("run"); status != 0 || s.server.Requests() != 1 || s.reflects() {
			t.Errorf("%d, %d requests: %s", status, s.server.Requests(), said)
		}
	})
	t.Run("iSAMS away", func(t *testing.T) {
		s := fetched(t, "  use_last_good: true\n")
		s.server.Misbehave(isamstest.Fault{Kind: "redirect"}) // for good, whatever is allowed
		d := s.serve()
		d.await("run=1 result=failed")
		s.server.Misbehave(isamstest.Fault{Kind: "502"})
		d.stop()
		s.write("config.yml", strings.Replace(string(s.read("config.yml")), "timeout: 20s", "timeout: 1s", 1))
		if said, status := s.run("run", "--fetch"); status != 0 ||
			!strings.Contains(said, "the last document once more") {
			t.Errorf("%d %s", status, said)
		}
	})
	t.Run("put there by a person", func(t *testing.T) {
		s := newStation(t, misimportd)
		s.daemonConfigured("")
		putDocument(t, s.state, s.server.Document())
		d := s.serve()
		d.await("run=1 result=applied")
		if n := s.server.Requests(); n != 0 {
			t.Errorf("%d requests", n)
		}
		d.stop()
	})
}

// TestFault11PlanFetchLeavesNothingBehind plans from what iSAMS says now, and is gone.
func TestFault11PlanFetchLeavesNothingBehind(t *testing.T) {
	misimportd := program(t)
	s := newStation(t, misimportd)
	before := s.files()
	for range 2 { // what was fetched to look at it is not there for the next
		said, status := s.run("plan", "--fetch", "--as-of", "2016-09-05")
		if status != 0 || !strings.Contains(said, "memberships  600 created") ||
			!strings.Contains(said, `--fetch --as-of 2016-09-05" carries it out`) {
			t.Errorf("%d %s", status, said)
		}
	}
	if after := s.files(); s.server.Requests() != 2 || !slices.Equal(after, before) {
		t.Errorf("%d requests; there was %v, and is %v", s.server.Requests(), before, after)
	}
	if said, status := s.run("plan"); status != 1 || !strings.Contains(said, "no document to import") {
		t.Errorf("%d %s", status, said)
	}

	// An earlier document that waits stays, and one that a person put there is what a night imports.
	if said, status := s.run("fetch"); status != 0 {
		t.Fatalf("%d %s", status, said)
	}
	waits := string(s.read("PreFetched/data.xml"))
	s.server.Night()
	if said, status := s.run("plan", "--fetch"); status != 0 || string(s.read("PreFetched/data.xml")) != waits {
		t.Errorf("%d %s", status, said)
	}
	putDocument(t, s.state, isamstest.New(9, tiny).Document())
	said, status := s.run("plan", "--fetch")
	if status != 1 || !strings.Contains(said, "put into PreFetched by hand waits there") {
		t.Errorf("%d %s", status, said)
	}
	if said, status := s.run("plan", "--fetch", "--again"); status != 2 || !strings.Contains(said, "--again") {
		t.Errorf("%d %s", status, said)
	}
	s.write("config.yml", "state: .\n")
	if said, status := s.run("plan", "--fetch"); status != 1 ||
		!strings.Contains(said, "there is nothing to fetch from") {
		t.Errorf("%d %s", status, said)
	}
	s.noSecrets()
}

// TestFault11PlanFetchKilled leaves half a document that the next start takes away, be it of
// the service or of a command, with or without an iSAMS.
func TestFault11PlanFetchKilled(t *testing.T) {
	misimportd := program(t)
	for name, next := range map[string]func(s *station){
		"the service": func(s *station) {
			d := s.serve()
			d.stop()
		},
		"a run": func(s *station) {
			if said, status := s.run("run"); status != 1 || !strings.Contains(said, "no document to import") {
				s.Errorf("%d %s", status, said)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStation(t, misimportd)
			s.server.Misbehave(isamstest.Fault{Kind: "stall", After: 5000})
			plan := exec.Command(misimportd, "plan", "--fetch", "--config", filepath.Join(s.state, "config.yml"))
			if err := plan.Start(); err != nil {
				t.Fatal(err)
			}
			part := filepath.Join(s.state, "Incoming", "part-1.xml")
			for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
				if info, err := os.Stat(part); err == nil && info.Size() > 0 {
					break
				}
				if time.Now().After(deadline) {
					t.Fatal("nothing is fetched")
				}
			}
			_ = plan.Process.Kill()
			_ = plan.Wait()
			if _, err := os.Stat(part); err != nil {
				t.Fatal("killed too late: nothing is left to take away")
			}
			s.write("config.yml", fmt.Sprintf("state: .\nschedule: %s\nlisten: 127.0.0.1:0\n", aDayLater()))
			next(s)
			if left, err := os.ReadDir(filepath.Join(s.state, "Incoming")); err != nil || len(left) > 0 {
				t.Errorf("left in Incoming: %v %v", left, err)
			}
		})
	}
}
