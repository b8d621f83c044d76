package guard_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"misimportd/era"
	"misimportd/importer/guard"
	"misimportd/importer/sources"
	"misimportd/importer/want"
	"misimportd/mis"
	"misimportd/store/model"
)

// asOf is the day that all evidence is of.
var asOf = era.NewDate(2016, 11, 7)

// evidence is of a school whose document says what the database has: 100 pupils of years 7 and 8, a
// form of each year, 20 staff with two subjects, and four sets.
func evidence() *guard.Evidence {
	e := &guard.Evidence{
		State:    &model.State{DatasourceID: 1, Groups: []model.Group{}},
		Snap:     &mis.Snapshot{},
		Baseline: map[string]int{"Pupils": 100, "Staff": 20},
		Past:     mustPast(),
		Ahead:    model.LessonsAhead{Lessons: 1000, Commitments: 3000},
	}
	e.Snap.Pupils = mis.Roll[mis.Pupil]{Section: "Pupils", Present: true, Seen: 100}
	e.Snap.Staff = mis.Roll[mis.StaffMember]{Section: "Staff", Present: true, Seen: 20}
	origin := func(id model.ID) model.Origin {
		return model.Origin{DatasourceID: 1, SourceID: fmt.Sprint(id)}
	}
	for n := range 2 {
		id := model.ID(700 + n)
		e.State.Groups = append(e.State.Groups, model.Group{Origin: origin(id), GroupKind: model.FormGroup,
			Element: model.Element{ID: id, Name: fmt.Sprintf("%dA", 7+n), Current: true}, Year: era.Year(7 + n)})
	}
	for n := range 4 {
		id := model.ID(800 + n)
		e.State.Groups = append(e.State.Groups, model.Group{Origin: origin(id), GroupKind: model.SetGroup,
			Element: model.Element{ID: id, Name: fmt.Sprintf("set %d", n), Current: true}, Year: era.Year(7 + n%2)})
	}
	for n := range 100 {
		id := model.ID(100 + n)
		year, name := era.Year(7+n%2), fmt.Sprintf("Name%d", n)
		e.State.Pupils = append(e.State.Pupils, model.Pupil{Origin: origin(id), Surname: name, Year: year,
			Email:   fmt.Sprintf("p%d@school.example", n),
			Element: model.Element{ID: id, Name: name, Current: true}})
		e.Snap.Pupils.Records = append(e.Snap.Pupils.Records, mis.Pupil{ID: fmt.Sprint(id), Surname: name, Year: year})
		for _, group := range []model.ID{model.ID(700 + n%2), model.ID(800 + n%4)} {
			e.State.Memberships = append(e.State.Memberships, model.Membership{
				ID: model.ID(10*id) + group%10, GroupID: group, ElementID: id})
		}
	}
	for n := range 20 {
		id, name := model.ID(300+n), fmt.Sprintf("Teacher%d", n)
		e.State.Staff = append(e.State.Staff, model.Staff{Origin: origin(id), Surname: name,
			Element: model.Element{ID: id, Name: name, Current: true}})
		e.Snap.Staff.Records = append(e.Snap.Staff.Records, mis.StaffMember{ID: fmt.Sprint(id), Surname: name})
	}
	e.Wanted = &want.Wanted{Given: want.Given{State: e.State, Snap: e.Snap, AsOf: asOf},
		Groups: slices.Clone(e.State.Groups), Pupils: slices.Clone(e.State.Pupils),
		Staff: slices.Clone(e.State.Staff)}
	return e
}

func mustPast() guard.Past {
	past, err := guard.NightsBefore(nil, asOf)
	if err != nil {
		panic(err)
	}
	return past
}

// The changes that plans of these tests are made of.

func leaves(e *guard.Evidence, count int) {
	for _, p := range e.State.Pupils[:count] {
		gone := p
		gone.Current = false
		e.Plan.Change(model.End, p, gone, model.GoneFromMIS)
	}
}

func endMemberships(e *guard.Evidence, group model.ID, count int) {
	for _, m := range e.State.Memberships {
		if m.GroupID == group && count > 0 {
			gone := m
			gone.EndsOn = asOf.AddDays(-1)
			e.Plan.Change(model.End, m, gone, model.Left)
			count--
		}
	}
}

func join(e *guard.Evidence, from, to model.ID) {
	for _, m := range e.State.Memberships {
		if m.GroupID == from {
			e.Plan.Create(model.Membership{ID: e.Plan.NewID(), GroupID: to, ElementID: m.ElementID, StartsOn: asOf},
				model.Joined)
		}
	}
}

func changePupils(e *guard.Evidence, count int, change func(p *model.Pupil, n int)) {
	for n, p := range e.State.Pupils[:count] {
		after := p
		change(&after, n)
		e.Plan.Change(model.Update, p, after, model.ChangedInMIS)
	}
}

func lessons(e *guard.Evidence, count int, what func(l model.Lesson) model.Change) {
	for n := range count {
		l := model.Lesson{ID: model.ID(5000 + n), Kind: string(mis.Taught), Code: "7Ma1", OnDate: asOf,
			Origin: model.Origin{DatasourceID: 1, SourceID: fmt.Sprintf("schedule/%d", n)}}
		e.Plan.Changes = append(e.Plan.Changes, what(l))
	}
}

// TestFindingsFromEvidence holds evidence made by hand against the default limits: what is named is
// breached, and nothing else.
func TestFindingsFromEvidence(t *testing.T) {
	for _, c := range []struct {
		what     string
		harm     func(*guard.Evidence)
		breaches []string
	}{
		{"nothing changes", func(*guard.Evidence) {}, nil},
		{"nineteen pupils leave, of both years", func(e *guard.Evidence) { leaves(e, 19) }, nil},
		{"twenty-one pupils leave", func(e *guard.Evidence) { leaves(e, 21) }, []string{guard.PupilsLeaving}},
		{"five staff of twenty leave", func(e *guard.Evidence) {
			for _, s := range e.State.Staff[:5] {
				gone := s
				gone.Current = false
				e.Plan.Change(model.End, s, gone, model.GoneFromMIS)
			}
		}, []string{guard.StaffLeaving}},
		{"a form loses everybody, to no other", func(e *guard.Evidence) { endMemberships(e, 700, 50) },
			[]string{guard.MembershipsEnding, guard.GroupsEmptied}},
		{"a protected form loses one", func(e *guard.Evidence) {
			e.Protected = []string{"form/7A", "set/801"}
			endMemberships(e, 700, 1)
		}, []string{guard.ProtectedGroups}},
		{"another than the protected one loses a few", func(e *guard.Evidence) {
			e.Protected = []string{"form/8A", "set/801"}
			endMemberships(e, 700, 4)
		}, nil},
		{"all leave a group that follows from the rest", func(e *guard.Evidence) {
			e.State.Groups[0].GroupKind = model.AutomaticGroup
			endMemberships(e, 700, 50)
		}, nil},
		{"a group that follows from the rest ends", func(e *guard.Evidence) {
			g := e.State.Groups[0]
			g.GroupKind = model.HouseGroup
			e.State.Groups[0] = g
			gone := g
			gone.Current = false
			e.Plan.Change(model.End, g, gone, model.GoneFromMIS)
		}, nil},
		{"a form loses a few", func(e *guard.Evidence) { endMemberships(e, 700, 4) }, nil},
		{"a set's pupils move to another of the year", func(e *guard.Evidence) {
			endMemberships(e, 800, 25)
			join(e, 800, 802)
		}, nil},
		{"the document has none of the pupils' year 8", func(e *guard.Evidence) {
			e.Snap.Pupils.Records = slices.DeleteFunc(e.Snap.Pupils.Records,
				func(p mis.Pupil) bool { return p.Year == 8 })
		}, []string{guard.YearsAbsent}},
		{"a section is gone that the database holds much of", func(e *guard.Evidence) {
			e.MissingSections = []want.MissingSection{{Section: "Forms", Kept: 2}}
		}, []string{guard.SectionsMissing}},
		{"a section has two thirds of its records", func(e *guard.Evidence) { e.Snap.Pupils.Seen = 66 },
			[]string{guard.SectionShrinks}},
		{"a fifth of the pupils cannot be read", func(e *guard.Evidence) {
			for n := range 20 {
				e.Snap.Problems.Add(mis.Problem{Section: "Pupils", ID: fmt.Sprint(n), Reason: mis.BadValue})
			}
		}, []string{guard.RecordsSkipped}},
		{"another school's pupils", func(e *guard.Evidence) {
			for i := range e.Snap.Pupils.Records {
				p := &e.Snap.Pupils.Records[i]
				p.Forename, p.Surname = fmt.Sprintf("One%d", i), fmt.Sprintf("Other%d", i)
			}
		}, []string{guard.DocumentDiffers}},
		{"eleven pupils have new ids", func(e *guard.Evidence) {
			e.Snap.Pupils.Records = e.Snap.Pupils.Records[11:]
			for i, p := range e.State.Pupils[:11] {
				again := p
				again.ID, again.SourceID = e.Plan.NewID(), fmt.Sprint(9000+i)
				e.Plan.Create(again, model.NewInMIS)
				e.Wanted.Pupils[i] = again
			}
		}, []string{guard.IDsChanged}},
		{"thirty teachers are new", func(e *guard.Evidence) {
			for n := range 30 {
				e.Plan.Create(model.Staff{Element: model.Element{ID: e.Plan.NewID(), Name: fmt.Sprint(n)},
					Surname: fmt.Sprint("New", n)}, model.NewInMIS)
			}
		}, []string{guard.RecordsNew}},
		{"thirty addresses are lost", func(e *guard.Evidence) {
			changePupils(e, 30, func(p *model.Pupil, _ int) { p.Email = "" })
		}, []string{guard.ValuesLost}},
		{"thirty addresses are others", func(e *guard.Evidence) {
			changePupils(e, 30, func(p *model.Pupil, n int) { p.Email = fmt.Sprintf("q%d@school.example", n) })
		}, []string{guard.ValuesChanged}},
		{"nine pupils share an address", func(e *guard.Evidence) {
			changePupils(e, 9, func(p *model.Pupil, _ int) { p.Email = "office@school.example" })
		}, []string{guard.ValuesShared}},
		{"three names are spoilt", func(e *guard.Evidence) {
			for i := range 3 {
				e.State.Pupils[i].Surname = "Müller"
			}
			changePupils(e, 3, func(p *model.Pupil, _ int) { p.Surname = "MÃ¼ller" })
		}, []string{guard.ValuesGarbled}},
		{"a fifth of the lessons go", func(e *guard.Evidence) {
			lessons(e, 200, func(l model.Lesson) model.Change {
				return model.Change{Action: model.Delete, Why: model.GoneFromMIS, Before: l}
			})
		}, []string{guard.LessonsRemoved}},
		{"all lessons are suspended", func(e *guard.Evidence) {
			lessons(e, 1000, func(l model.Lesson) model.Change {
				after := l
				after.Suspended = true
				return model.Change{Action: model.Update, Why: model.Suspended, Before: l, After: after}
			})
		}, []string{guard.LessonsSuspended}},
		{"ten suspensions of ten go", func(e *guard.Evidence) {
			for n := range 10 {
				s := model.Suspension{ID: model.ID(60 + n), Name: fmt.Sprint("day ", n)}
				e.State.Suspensions = append(e.State.Suspensions, s)
				e.Plan.Change(model.Delete, s, nil, model.NotInTheFile)
			}
		}, []string{guard.SuspensionsRemoved}},
		{"seven hundred commitments of three thousand end", func(e *guard.Evidence) {
			for n := range 700 {
				c := model.Commitment{ID: model.ID(n + 1), LessonID: model.ID(6000 + n), ElementID: 300}
				e.Plan.Change(model.Delete, c, nil, model.ChangedInMIS)
			}
		}, []string{guard.CommitmentsEnding}},
		{"forty covers of sixty end", func(e *guard.Evidence) {
			e.Ahead.Covers = 60
			for n := range 40 {
				c := model.Commitment{ID: model.ID(n + 1), LessonID: model.ID(6000 + n), ElementID: 300, CoversID: 301,
					SourceID: fmt.Sprint(n)}
				e.Plan.Change(model.Delete, c, nil, model.ChangedInMIS)
			}
		}, []string{guard.CoversEnding}},
		{"forty covers of sixty are another's", func(e *guard.Evidence) {
			e.Ahead.Covers = 60
			for n := range 40 {
				c := model.Commitment{ID: model.ID(n + 1), LessonID: model.ID(6000 + n), ElementID: 300, CoversID: 301,
					SourceID: fmt.Sprint(n)}
				e.Plan.Change(model.Delete, c, nil, model.ChangedInMIS)
				c.ID, c.ElementID = model.ID(-n-1), 302
				e.Plan.Create(c, model.NewInMIS)
			}
		}, nil},
		{"ten pupils leave after nine on the night before", func(e *guard.Evidence) {
			leaves(e, 10)
			before, _ := json.Marshal([]guard.Finding{{Limit: guard.PupilsLeaving, Count: 9, Net: 9}})
			e.Past, _ = guard.NightsBefore([]model.Night{{ID: 1, AsOf: asOf.AddDays(-1),
				Guard: model.JSON[json.RawMessage]{V: before}}, {ID: 2, AsOf: asOf.AddDays(-7), First: true}}, asOf)
		}, nil},
		{"nineteen pupils leave after nineteen on the night before", func(e *guard.Evidence) {
			leaves(e, 19)
			before, _ := json.Marshal([]guard.Finding{{Limit: guard.PupilsLeaving, Count: 19, Net: 19}})
			e.Past, _ = guard.NightsBefore([]model.Night{{ID: 1, AsOf: asOf.AddDays(-1),
				Guard: model.JSON[json.RawMessage]{V: before}}}, asOf)
		}, []string{guard.RecentLosses}},
	} {
		t.Run(c.what, func(t *testing.T) {
			e := evidence()
			c.harm(e)
			var breached []string
			for _, f := range guard.Judge(guard.DefaultLimits(), *e) {
				if f.Breached && !slices.Contains(breached, f.Limit) {
					breached = append(breached, f.Limit)
				}
				if f.Breached && (f.Says == "" || f.Holds == model.HoldNothing) {
					t.Errorf("%s says %q and holds %q", f.Limit, f.Says, f.Holds)
				}
			}
			slices.Sort(breached)
			slices.Sort(c.breaches)
			if !slices.Equal(breached, c.breaches) {
				t.Errorf("breached are %v, expected %v", breached, c.breaches)
			}
		})
	}
}

// TestEachLimitIsJudged: there is a finding of every limit, whatever the evidence.
func TestEachLimitIsJudged(t *testing.T) {
	found, e := map[string]bool{}, evidence()
	e.Protected = []string{"form/7A"}
	for _, f := range guard.Judge(guard.DefaultLimits(), *e) {
		found[f.Limit] = true
	}
	for _, f := range slices.Concat(guard.JudgeRoll(guard.RollLimits(), model.Belongings{}, model.Plan{}),
		guard.JudgeMatches(guard.ConvertLimits(), sources.Found{})) {
		found[f.Limit] = true
	}
	for _, name := range guard.LimitNames {
		if !found[name] {
			t.Errorf("nothing is found of %s", name)
		}
	}
}

// TestARollAndAConvertAreJudged by limits of their own.
func TestARollAndAConvertAreJudged(t *testing.T) {
	groups := func(n int) (b model.Belongings) {
		for id := range model.ID(n) {
			b.Groups = append(b.Groups, model.Group{Element: model.Element{ID: id + 1}})
			b.Memberships = append(b.Memberships, model.Membership{ID: id + 1, GroupID: id + 1})
		}
		return b
	}
	roll := func(dropped, cut int) []guard.Finding {
		b, plan := groups(1000), model.Plan{}
		for _, g := range b.Groups[:dropped] {
			plan.Change(model.Delete, g, nil, model.EraOver)
		}
		for _, m := range b.Memberships[:cut] {
			plan.Change(model.End, m, m, model.EraOver)
		}
		return guard.JudgeRoll(guard.RollLimits(), b, plan)
	}
	convert := func(kind string, unmatched, of int) []guard.Finding {
		f := sources.Found{Counts: []sources.Count{{Kind: kind, Matched: of - unmatched, Old: of}}}
		for range unmatched {
			f.Left = append(f.Left, sources.Left{Kind: kind, Side: "old"}, sources.Left{Kind: kind, Side: "new"})
		}
		return guard.JudgeMatches(guard.ConvertLimits(), f)
	}
	for _, c := range []struct {
		what  string
		found []guard.Finding
		want  string
	}{
		{"all as it was meant", roll(0, 0), ""},
		{"a hundred memberships and groups", roll(100, 100), ""},
		{"a hundred and one groups would go", roll(101, 0), guard.GroupsDropped},
		{"so many memberships would be cut", roll(0, 101), guard.MembershipsCut},
		{"two in a hundred pupils have no match", convert("pupil", 20, 1000), ""},
		{"a hundred and one have none", convert("pupil", 101, 1000), guard.PupilsUnmatched},
		{"a quarter of the staff have none", convert("staff", 25, 100), guard.StaffUnmatched},
		{"half of the rooms have none", convert("location", 50, 100), guard.PlacesUnmatched},
	} {
		got := ""
		for _, f := range c.found {
			if f.Breached {
				got += f.Limit
			}
			if f.Breached && (f.Holds != model.HoldAll || f.Says == "") {
				t.Errorf("%s: %+v", c.what, f)
			}
		}
		if got != c.want {
			t.Errorf("%s: breached is %q, expected %q", c.what, got, c.want)
		}
	}
}
