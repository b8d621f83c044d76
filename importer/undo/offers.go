package undo

import (
	"fmt"
	"slices"

	"misimportd/importer/words"
	"misimportd/store/model"
)

// describe names a few of the records in the way, by kind and id.
func (l Later) describe() string {
	const shown = 3
	var names []string
	for _, c := range l.with.changes {
		if name := l.nameOf(c.Record()); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; in the way: " + words.Listed(names, shown)
}

// nameOf is how a record is called by kind and id; of a membership both that it is of, of the rest nothing.
func (l Later) nameOf(r model.Record) string {
	if m, ok := r.(model.Membership); ok {
		member, group := l.labels[m.ElementID], l.labels[m.GroupID]
		return fmt.Sprintf("%s in %s", idOf(member), idOf(group))
	}
	if slices.Contains(model.ElementEntities, r.Entity()) {
		return words.Describe(r)
	}
	return ""
}

func idOf(label model.Label) string { return label.Kind + " #" + words.Clean(label.SourceID) }

// Offers are parts of the run that nothing is in the way of, each as KIND/ID: at most one of a kind.
func (l Later) Offers(most int) (offers []string) {
	if len(l.with.changes) > mostBlockers {
		return nil
	}
	p := Run{l.done}.parting(l.labels)
	blocked := p.blocked(l.with.changes)
	const tries = 300
	tried, kinds := map[string]bool{}, map[string]bool{}
	for _, c := range p.done.made {
		for _, label := range p.candidates(c) {
			of := label.Kind + "/" + label.SourceID
			if kinds[label.Kind] || tried[of] || CheckOnly([]string{of}) != nil {
				continue
			}
			if tried[of] = true; len(tried) > tries {
				return offers
			}
			in := map[int]bool{}
			if p.take(in, p.about(of)); len(in) == 0 || isBlocked(in, blocked) {
				continue
			}
			kinds[label.Kind] = true
			if offers = append(offers, of); len(offers) == most {
				return offers
			}
		}
	}
	return offers
}

// candidates are the pupils, staff, forms and sets that a change is of.
func (p *parting) candidates(c model.Change) (labels []model.Label) {
	ids := []model.ID{c.Record().RowID()}
	m, isMembership := c.Record().(model.Membership)
	switch {
	case isMembership:
		ids = []model.ID{m.ElementID, m.GroupID}
	case !slices.Contains(model.ElementEntities, c.Entity()):
		return nil
	}
	for _, id := range ids {
		switch label := p.labels[id]; label.Kind {
		case "pupil", "staff", model.FormGroup, model.SetGroup:
			labels = append(labels, label)
		}
	}
	return labels
}

// blocked are the changes of the run that later changes are in the way of.
func (p *parting) blocked(later []model.Change) map[int]bool {
	blocked := map[int]bool{}
	note := func(some []int) {
		for _, i := range some {
			blocked[i] = true
		}
	}
	for _, c := range later {
		note(p.byRecord[model.Key{Entity: c.Entity(), ID: c.Record().RowID()}])
		for _, at := range p.placesOf(c) {
			note(p.byPlace[at])
		}
		if g, ok := c.Record().(model.Group); ok {
			note(p.memberOf[g.ID])
		}
		for _, r := range []model.Record{c.Before, c.After} {
			model.EachReference(r, func(what string, id model.ID) { note(p.creates[named{what, id}]) })
		}
	}
	return blocked
}

func isBlocked(in, blocked map[int]bool) bool {
	for i := range in {
		if blocked[i] {
			return true
		}
	}
	return false
}

// inTheWay names the later runs that changed the same records, the newest first.
func inTheWay(id model.ID, later map[model.ID]int, what string) error {
	var runs []model.ID
	for run := range later {
		runs = append(runs, run)
	}
	slices.Sort(runs)
	slices.Reverse(runs)
	const shown = 5
	said := ""
	for i, run := range runs[:min(len(runs), shown)] {
		said += []string{"", ", "}[min(i, 1)] + fmt.Sprintf("run %d (%s)", run, words.Many(later[run], "change"))
	}
	if len(runs) > shown {
		said += fmt.Sprintf(" and %d more", len(runs)-shown)
	}
	if len(runs) == 1 {
		return refusef(id, "the same records were changed later, by %s: undo that first%s", said, what)
	}
	return refusef(id, "the same records were changed later, by %s: undo those first, the "+
		"newest first%s", said, what)
}
