package importer_test

import (
	"fmt"
	"slices"
	"strings"

	"misimportd/mis/isams/isamstest"
)

// kindsModel says who is in which group on a day, from the pretend school itself. It shares no code with the
// import, and remembers nothing but to which house each form belonged.
type kindsModel struct {
	houseOf map[string]string // of forms, as of the day before
}

// groupsOn is every group with everybody in it on a day, but for forms and sets.
func (m *kindsModel) groupsOn(s *isamstest.School, day string) map[string][]string {
	in := map[string][]string{}
	put := func(group, kind string, ids ...any) {
		for _, id := range ids {
			in[group] = append(in[group], fmt.Sprintf("%s %v", kind, id))
		}
	}
	pupils, staff := map[int]isamstest.Pupil{}, map[string]int{}
	for _, t := range s.Staff {
		staff[t.Code] = t.ID
		put("automatic all/staff", "staff", t.ID)
		if t.Teaching {
			put("automatic all/teaching", "staff", t.ID)
		}
	}
	houses := map[string]string{}
	for _, h := range s.Houses {
		houses[h.Name] = fmt.Sprintf("academic/%d", h.ID)
	}
	inForm := map[string]map[string]int{}
	for _, p := range s.Pupils {
		pupils[p.ID] = p
		put("automatic all/pupils", "pupil", p.ID)
		put(fmt.Sprintf("automatic year/%d/pupils", p.Year), "pupil", p.ID)
		if p.Year >= 12 {
			put("automatic band/Sixth form/pupils", "pupil", p.ID)
		}
		put("house "+houses[p.House], "pupil", p.ID)
		put("automatic house/"+houses[p.House]+"/pupils", "pupil", p.ID)
		put(fmt.Sprintf("automatic house/%s/year/%d/pupils", houses[p.House], p.Year), "pupil", p.ID)
		if inForm[p.Form] == nil {
			inForm[p.Form] = map[string]int{}
		}
		inForm[p.Form][p.House]++
	}
	houseOf := map[string]string{}
	for _, f := range s.Forms {
		houseOf[f.ID] = most(inForm[f.ID], m.houseOf[f.ID])
		put("automatic all/tutors", "staff", f.Tutor)
		put(fmt.Sprintf("automatic year/%d/tutors", f.Year), "staff", f.Tutor)
		if f.Year >= 12 {
			put("automatic band/Sixth form/tutors", "staff", f.Tutor)
		}
		if id := houses[houseOf[f.ID]]; id != "" {
			put("house "+id+"/tutors", "staff", f.Tutor)
			put("automatic house/"+id+"/tutors", "staff", f.Tutor)
		}
	}
	m.houseOf = houseOf
	m.subjects(s, staff, put)
	for _, g := range s.Custom {
		if staff[g.Author] == 0 || g.Deleted || g.Expires != "" && g.Expires < day {
			continue
		}
		in[fmt.Sprintf("custom %d", g.ID)] = nil
		for _, id := range g.Pupils {
			if _, there := pupils[id]; there {
				put(fmt.Sprintf("custom %d", g.ID), "pupil", id)
			}
		}
	}
	for _, a := range s.Activities {
		for _, l := range a.Links {
			_, there := pupils[l.Pupil]
			if there && a.From <= day && day <= a.To && l.From <= day && day <= l.To {
				put(fmt.Sprintf("activity %d", a.ID), "pupil", l.Pupil)
			}
		}
	}
	for group, members := range in {
		slices.Sort(members)
		in[group] = slices.Compact(members)
	}
	return in
}

// subjects puts in who teaches what, by the timetable, and which sets learn it.
func (m *kindsModel) subjects(s *isamstest.School, staff map[string]int, put func(string, string, ...any)) {
	sets := map[int]isamstest.Set{}
	for _, t := range s.Sets {
		sets[t.ID] = t
		put(fmt.Sprintf("automatic subject/%d/pupils", t.Subject), "group", t.ID)
		put(fmt.Sprintf("automatic subject/%d/year/%d/pupils", t.Subject, t.Year), "group", t.ID)
	}
	for _, l := range s.Timetable.Schedules {
		t, known := sets[l.Set]
		if teacher := staff[l.Teacher]; known && teacher != 0 {
			put(fmt.Sprintf("automatic year/%d/teachers", t.Year), "staff", teacher)
			put(fmt.Sprintf("automatic subject/%d/teachers", t.Subject), "staff", teacher)
			put(fmt.Sprintf("automatic subject/%d/year/%d/teachers", t.Subject, t.Year), "staff", teacher)
			if t.Year >= 12 {
				put("automatic band/Sixth form/teachers", "staff", teacher)
			}
		}
	}
}

// most is the house that most are in; of several the one before, else the first by name.
func most(counts map[string]int, before string) (found string) {
	best := 0
	for _, n := range counts {
		best = max(best, n)
	}
	var first []string
	for house, n := range counts {
		if n == best {
			first = append(first, house)
		}
	}
	slices.Sort(first)
	if slices.Contains(first, before) {
		return before
	}
	return strings.Join(first[:min(1, len(first))], "")
}

// eventsFrom is every event from a day on, with whether it is cancelled.
func (m *kindsModel) eventsFrom(s *isamstest.School, day string) []string {
	list := []string{}
	for _, a := range s.Activities {
		for _, e := range a.Events {
			for _, on := range e.Dates {
				if on >= day {
					list = append(list, fmt.Sprintf("event/%d %s %v", e.ID, on, e.Cancelled[on]))
				}
			}
		}
	}
	slices.Sort(list)
	return list
}
