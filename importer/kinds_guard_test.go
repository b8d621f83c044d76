package importer_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"misimportd/mis/isams/isamstest"
	"misimportd/store/storetest"
)

// halved is a dump without every other one of its rows.
func halved(dump []byte) []byte {
	lines := bytes.SplitAfter(dump, []byte("\n"))
	var b bytes.Buffer
	for i, line := range lines {
		if i == 0 || i%2 == 1 {
			b.Write(line)
		}
	}
	return b.Bytes()
}

// TestGuardOverKinds shows the guard what can go wrong with the new kinds of group: its verdict and what it says stand
// in a golden file.
func TestGuardOverKinds(t *testing.T) {
	const links, groups = "TblActivityManagerGroupPupilLink.csv", "TblActivityManagerGroup.csv"
	school := func() *isamstest.School { return isamstest.New(1, someSchool).Teach(300).Gather(30, 30) }
	eachInSoak(t, storetest.Postgres, func(w *world) {
		allKinds(guarded(w))
		w.im.Guard.Protected = []string{"set/3", "form/7A"}
		w.nightOf(school(), "2016-09-05")
		var b strings.Builder
		for _, c := range []struct {
			what string
			make func(s *isamstest.School) ([]byte, map[string][]byte)
		}{
			{"the same once more", func(s *isamstest.School) ([]byte, map[string][]byte) {
				return s.Document(),
					s.Dumps()
			}},
			{"no dump at all", func(s *isamstest.School) ([]byte, map[string][]byte) { return s.Document(), nil }},
			{"the dump of members is absent", func(s *isamstest.School) ([]byte, map[string][]byte) {
				dumps := s.Dumps()
				delete(dumps, links)
				return s.Document(), dumps
			}},
			{"the dump of members is halved", func(s *isamstest.School) ([]byte, map[string][]byte) {
				dumps := s.Dumps()
				dumps[links] = halved(dumps[links])
				return s.Document(), dumps
			}},
			{"the dump of activities is halved", func(s *isamstest.School) ([]byte, map[string][]byte) {
				dumps := s.Dumps()
				dumps[groups] = halved(dumps[groups])
				return s.Document(), dumps
			}},
			{"the dump of members lacks a column", func(s *isamstest.School) ([]byte, map[string][]byte) {
				dumps := s.Dumps()
				dumps[links] = bytes.Replace(dumps[links], []byte("intGroup"), []byte("intgrp"), 1)
				return s.Document(), dumps
			}},
			{"another school's dumps", func(s *isamstest.School) ([]byte, map[string][]byte) {
				return s.Document(), isamstest.New(77, someSchool).Gather(0, 30).Dumps()
			}},
			{"all activities end in November", func(s *isamstest.School) ([]byte, map[string][]byte) {
				for i := range s.Activities {
					s.Activities[i].To = "2016-11-30"
				}
				return s.Document(), s.Dumps()
			}},
			{"ten new activities", func(s *isamstest.School) ([]byte, map[string][]byte) {
				return s.Document(), s.Gather(0, 10).Dumps()
			}},
			{"all custom groups deleted", func(s *isamstest.School) ([]byte, map[string][]byte) {
				for i := range s.Custom {
					s.Custom[i].Deleted = true
				}
				return s.Document(), s.Dumps()
			}},
			{"the section of custom groups is empty", func(s *isamstest.School) ([]byte, map[string][]byte) {
				s.Custom = nil
				return s.Document(), s.Dumps()
			}},
			{"a custom group deleted", func(s *isamstest.School) ([]byte, map[string][]byte) {
				s.Custom[3].Deleted = true
				return s.Document(), s.Dumps()
			}},
			{"a house renamed", func(s *isamstest.School) ([]byte, map[string][]byte) {
				was := s.Houses[0].Name
				s.Houses[0].Name = "Zeppelin"
				for i := range s.Pupils {
					if s.Pupils[i].House == was {
						s.Pupils[i].House = "Zeppelin"
					}
				}
				return s.Document(), s.Dumps()
			}},
			{"a house renamed, and no pupil told", func(s *isamstest.School) ([]byte, map[string][]byte) {
				s.Houses[0].Name = "Zeppelin"
				return s.Document(), s.Dumps()
			}},
			{"all pupils in one house", func(s *isamstest.School) ([]byte, map[string][]byte) {
				for i := range s.Pupils {
					s.Pupils[i].House = s.Houses[0].Name
				}
				return s.Document(), s.Dumps()
			}},
			{"a protected set loses one pupil", func(s *isamstest.School) ([]byte, map[string][]byte) {
				at := slices.IndexFunc(s.Sets, func(t isamstest.Set) bool { return t.ID == 3 })
				s.Sets[at].Pupils = s.Sets[at].Pupils[1:]
				return s.Document(), s.Dumps()
			}},
		} {
			document, dumps := c.make(school())
			w.dumps = nil
			if err := os.RemoveAll(filepath.Join(string(w.im.State.Scratch()), "PreFetched")); err != nil {
				w.Fatal(err)
			}
			w.dumps = dumps
			r := w.plan("2016-09-12", document)
			fmt.Fprintf(&b, "%s: holds %s\n", c.what, map[bool]string{true: "nothing",
				false: string(r.Hold)}[r.Hold == ""])
			for _, says := range heldBy(r) {
				fmt.Fprintf(&b, "    %s\n", says)
			}
		}
		golden(w.T, "guard_kinds.txt", b.String())
	})
}
