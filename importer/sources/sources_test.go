package sources_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"misimportd/era"
	"misimportd/importer/sources"
	"misimportd/mis"
	"misimportd/store/model"
)

// pupil is a row of the previous MIS.
func pupil(row model.ID, id, number string, current bool) model.Pupil {
	return model.Pupil{Element: model.Element{ID: row, Kind: "pupil", Name: "P" + id, Current: current},
		Origin: model.Origin{DatasourceID: 1, SourceID: id}, SchoolID: number}
}

// matching is what pupils of a new MIS are matched from.
func matching(old []model.Pupil, records ...mis.Pupil) sources.Matching {
	return sources.Matching{Old: model.Elements{Pupils: old}, Known: &model.State{DatasourceID: 2},
		Snap: &mis.Snapshot{Pupils: mis.Roll[mis.Pupil]{Records: records}}, Pupils: sources.BySchoolID,
		File: "matches.csv"}
}

// told is what matching came to: old id → new id, and what is left, with its side.
func told(f sources.Found) string {
	var parts []string
	for _, c := range f.Taken {
		parts = append(parts, c.Before.(model.Pupil).SourceID+"→"+c.After.(model.Pupil).SourceID)
	}
	for _, l := range f.Left {
		parts = append(parts, strings.TrimSpace(l.Side+" "+l.ID+" "+strings.Join(l.With, "|")))
	}
	return strings.Join(parts, ", ")
}

// TestMatch: one and one are a match; where two could be it, none is, but for what a person wrote.
func TestMatch(t *testing.T) {
	record := func(id, number string) mis.Pupil { return mis.Pupil{ID: id, SchoolID: number} }
	for _, c := range []struct {
		what    string
		old     []model.Pupil
		records []mis.Pupil
		pairs   []sources.Pair
		want    string
	}{
		{"one and one", []model.Pupil{pupil(1, "10", "n1", true)}, []mis.Pupil{record("50", "n1")}, nil, "10→50"},
		{"another number", []model.Pupil{pupil(1, "10", "n1", true)}, []mis.Pupil{record("50", "n2")}, nil,
			"old 10, new 50"},
		{"no number", []model.Pupil{pupil(1, "10", "", true)}, []mis.Pupil{record("50", "")}, nil, "old 10, new 50"},
		{"two of the previous", []model.Pupil{pupil(1, "10", "n1", true), pupil(2, "11", "n1", true)},
			[]mis.Pupil{record("50", "n1")}, nil, "old 10 50, old 11 50, new 50 10|11"},
		{"two of the new", []model.Pupil{pupil(1, "10", "n1", true)},
			[]mis.Pupil{record("50", "n1"), record("51", "n1")}, nil, "old 10 50|51, new 50 10, new 51 10"},
		{"one of two has left", []model.Pupil{pupil(1, "10", "n1", false), pupil(2, "11", "n1", true)},
			[]mis.Pupil{record("50", "n1")}, nil, "11→50"},
		{"who had left is back", []model.Pupil{pupil(1, "10", "n1", false)}, []mis.Pupil{record("50", "n1")}, nil,
			"10→50"},
		{"who had left stays away", []model.Pupil{pupil(1, "10", "n1", false)}, nil, nil, ""},
		{"a person decides", []model.Pupil{pupil(1, "10", "n1", true), pupil(2, "11", "n1", true)},
			[]mis.Pupil{record("50", "n1")}, []sources.Pair{{Kind: "pupil", Old: "11", New: "50", Line: 1}},
			"11→50, old 10"},
		{"a person goes before the number", []model.Pupil{pupil(1, "10", "n1", true), pupil(2, "11", "n2", true)},
			[]mis.Pupil{record("50", "n1"), record("51", "n2")},
			[]sources.Pair{{Kind: "pupil", Old: "10", New: "51", Line: 1}}, "10→51, old 11, new 50"},
	} {
		m := matching(c.old, c.records...)
		m.Pairs = c.pairs
		f, err := m.Match()
		if err != nil || told(f) != c.want {
			t.Errorf("%s: %s %v, want %s", c.what, told(f), err, c.want)
		}
	}
}

// TestPairsThatCannotBe are told with their line.
func TestPairsThatCannotBe(t *testing.T) {
	for _, c := range []struct {
		pairs []sources.Pair
		says  string
	}{
		{[]sources.Pair{{"teacher", "10", "50", 3}}, `line 3: "teacher" is no kind of record`},
		{[]sources.Pair{{"pupil", "99", "50", 2}}, "line 2: there is no pupil with the old id 99"},
		{[]sources.Pair{{"pupil", "10", "99", 2}}, "line 2: there is no pupil with the new id 99 in the document"},
		{[]sources.Pair{{"staff", "10", "50", 2}}, "line 2: there is no staff with the old id 10: that is the id of " +
			"a pupil"},
		{[]sources.Pair{{"pupil", "10", "50", 1}, {"pupil", "10", "51", 2}},
			"line 2: the old id 10 of a pupil stands in line 1"},
		{[]sources.Pair{{"pupil", "10", "50", 1}, {"pupil", "11", "50", 2}},
			"line 2: the new id 50 of a pupil stands in line 1"},
	} {
		m := matching([]model.Pupil{pupil(1, "10", "n1", true), pupil(2, "11", "n2", true)}, mis.Pupil{ID: "50"},
			mis.Pupil{ID: "51"})
		m.Pairs = c.pairs
		if _, err := m.Match(); err == nil || !strings.Contains(err.Error(), "matches.csv: "+c.says) {
			t.Errorf("%v: %v", c.pairs, err)
		}
	}
}

// TestTrim: what is left are the days on which somebody was in the group and the group was there, each once.
func TestTrim(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := func(name string) era.Date { return era.Date(rapid.IntRange(1, 30).Draw(t, name)) }
		b := model.Broken{Missing: map[model.ID]bool{}}
		for id := range model.ID(3) {
			from := day("group from")
			b.Groups = append(b.Groups, model.Group{Element: model.Element{ID: id + 1}, StartsOn: from,
				EndsOn: from + era.Date(rapid.IntRange(0, 15).Draw(t, "for"))})
		}
		for id := range model.ID(rapid.IntRange(1, 8).Draw(t, "rows")) {
			m := model.Membership{ID: id + 1, GroupID: model.ID(rapid.IntRange(1, 4).Draw(t, "group")),
				ElementID: model.ID(rapid.IntRange(10, 11).Draw(t, "element")), StartsOn: day("from"),
				EndsOn: day("to")}
			if rapid.IntRange(0, 3).Draw(t, "open") == 0 {
				m.EndsOn = 0
			}
			b.Memberships = append(b.Memberships, m)
		}
		var plan model.Plan
		sources.Trim(&plan, b)
		left := map[model.ID]model.Membership{}
		for _, m := range b.Memberships {
			left[m.ID] = m
		}
		for _, c := range plan.Changes {
			if m := c.Record().(model.Membership); left[m.ID] != c.Before {
				t.Fatalf("%v is not there so", c.Before)
			} else if left[m.ID] = m; c.After == nil {
				delete(left, m.ID)
			}
		}
		want, got := map[string]int{}, map[string]int{}
		for _, g := range b.Groups {
			for _, m := range b.Memberships {
				for d := g.StartsOn; m.GroupID == g.ID && d <= g.EndsOn; d++ {
					if d >= m.StartsOn && (m.EndsOn == 0 || d <= m.EndsOn) {
						want[fmt.Sprint(m.ElementID, " in ", g.ID, " on ", int(d))] = 1
					}
				}
			}
		}
		for _, m := range left {
			for d := m.StartsOn; d <= m.EndsOn; d++ {
				got[fmt.Sprint(m.ElementID, " in ", m.GroupID, " on ", int(d))]++
			}
		}
		if !maps.Equal(want, got) {
			t.Errorf("left are %v, want %v", got, want)
		}
	})
}
