package cycle

import (
	"slices"
	"strings"

	"misimportd/importer/words"
	"misimportd/mis"
)

// candidate is a record that a text may mean.
type candidate struct {
	id    string
	name  string
	exact []string // what else it is called by
}

// find finds the one record that a text means: an id or a name in full goes before a part of one.
func find(what, text string, all []candidate) (candidate, error) {
	asked := words.Plain(text)
	for _, fits := range []func(candidate) bool{
		func(c candidate) bool { return c.id == strings.TrimSpace(text) },
		func(c candidate) bool {
			return slices.ContainsFunc(append([]string{c.name}, c.exact...), func(name string) bool {
				return name != "" && words.Plain(name) == asked
			})
		},
		func(c candidate) bool { return asked != "" && strings.Contains(words.Plain(c.name), asked) },
	} {
		var found []candidate
		for _, c := range all {
			if fits(c) {
				found = append(found, c)
			}
		}
		switch {
		case len(found) == 1:
			return found[0], nil
		case len(found) > 1:
			var which []string
			for _, c := range found[:min(len(found), 12)] {
				which = append(which, words.Clean(c.id+" is "+c.name))
			}
			return candidate{}, unknownf("%s fits %d: write the id of one: %s", words.Clean(text), len(found),
				strings.Join(which, "; "))
		}
	}
	return candidate{}, unknownf("there is no %s %q in the newest document that was imported", what, words.Clean(text))
}

// choose says which lessons are asked for, and what they are called together.
func (m *making) choose(asked Asked) (chosen func(mis.Lesson) bool, title string, err error) {
	var conditions []func(mis.Lesson) bool
	var titles []string
	for _, of := range []struct {
		what, text string
		all        func() []candidate
		takes      func(id string) func(mis.Lesson) bool
	}{
		{"group", asked.Group, m.groups, m.ofGroup},
		{"member of staff", asked.Staff, m.teachers, func(id string) func(mis.Lesson) bool {
			return func(l mis.Lesson) bool { return slices.Contains(l.Staff, id) }
		}},
		{"room", asked.Room, m.places, func(id string) func(mis.Lesson) bool {
			return func(l mis.Lesson) bool { return slices.Contains(l.Locations, id) }
		}},
		{"pupil", asked.Pupil, m.pupils, m.ofPupil},
	} {
		if of.text == "" {
			continue
		}
		found, err := find(of.what, of.text, of.all())
		if err != nil {
			return nil, "", err
		}
		conditions, titles = append(conditions, of.takes(found.id)), append(titles, found.name)
	}
	return func(l mis.Lesson) bool {
		return !slices.ContainsFunc(conditions, func(takes func(mis.Lesson) bool) bool { return !takes(l) })
	}, strings.Join(titles, ", "), nil
}

func (m *making) teachers() (list []candidate) {
	for _, r := range m.snap.Staff.Records {
		list = append(list, candidate{r.ID, r.Name, []string{r.Code, r.Initials}})
	}
	return list
}

func (m *making) places() (list []candidate) {
	for _, r := range m.snap.Locations.Records {
		list = append(list, candidate{r.ID, r.Name, []string{r.ShortName}})
	}
	return list
}

func (m *making) pupils() (list []candidate) {
	for _, r := range m.snap.Pupils.Records {
		list = append(list, candidate{r.ID, r.Name, []string{r.SchoolID}})
	}
	return list
}

func (m *making) groups() (list []candidate) {
	for _, r := range m.snap.Sets.Records {
		list = append(list, candidate{"set/" + r.ID, m.sets[r.ID], []string{r.Code, "set " + m.sets[r.ID],
			"set/" + m.sets[r.ID]}})
	}
	for _, r := range m.snap.Forms.Records {
		list = append(list, candidate{"form/" + r.ID, r.Name, []string{"form " + r.Name, "form/" + r.Name}})
	}
	return list
}

// ofGroup is the lessons of a set, or of a form: those of the form itself, and those of the sets that its pupils are
// in.
func (m *making) ofGroup(ref string) func(mis.Lesson) bool {
	kind, id, _ := strings.Cut(ref, "/")
	if kind == "set" {
		return func(l mis.Lesson) bool { return slices.Contains(l.Sets, id) }
	}
	in := map[string]bool{}
	for _, p := range m.snap.Pupils.Records {
		in[p.ID] = p.FormID == id
	}
	return m.takesAny(id, in)
}

// ofPupil is the lessons of a pupil: of the form, of the sets, and those of the pupil alone.
func (m *making) ofPupil(id string) func(mis.Lesson) bool {
	form := ""
	for _, p := range m.snap.Pupils.Records {
		if p.ID == id {
			form = p.FormID
		}
	}
	return m.takesAny(form, map[string]bool{id: true})
}

func (m *making) takesAny(form string, pupils map[string]bool) func(mis.Lesson) bool {
	sets := map[string]bool{}
	for _, member := range m.snap.SetLists.Records {
		sets[member.GroupID] = sets[member.GroupID] || pupils[member.PupilID]
	}
	return func(l mis.Lesson) bool {
		return form != "" && slices.Contains(l.Forms, form) ||
			slices.ContainsFunc(l.Sets, func(set string) bool { return sets[set] }) ||
			slices.ContainsFunc(l.Pupils, func(pupil string) bool { return pupils[pupil] })
	}
}
