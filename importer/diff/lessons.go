package diff

import (
	"maps"
	"slices"

	"misimportd/era"
	"misimportd/importer/want"
	"misimportd/mis"
	"misimportd/store/model"
)

// dayPlan is what changes of the lessons of one day.
type dayPlan struct {
	uncommitted, deleted, updated, created []model.Change
	committed                              []model.Commitment // that are made: there may be a million
}

// lessonPlan is what changes of lessons, day by day.
type lessonPlan struct {
	days  []*dayPlan
	freed map[model.ID]int // how many commitments of an element go
}

func (p *lessonPlan) add(day *dayPlan) {
	p.days = append(p.days, day)
	for _, c := range day.uncommitted {
		p.freed[c.Before.(model.Commitment).ElementID]++
	}
}

// parts are the changes of all days. Those of one kind stand together: what goes comes before what
// comes in its place. The days are done with.
func (p *lessonPlan) parts() (parts []part) {
	kinds := []func(*dayPlan) part{
		func(d *dayPlan) part { return part{changes: d.uncommitted} },
		func(d *dayPlan) part { return part{changes: d.deleted} },
		func(d *dayPlan) part { return part{changes: d.updated} },
		func(d *dayPlan) part { return part{changes: d.created} },
		func(d *dayPlan) part { return part{commitments: d.committed} },
	}
	for _, kind := range kinds {
		for _, day := range p.days {
			parts = append(parts, kind(day))
		}
	}
	p.days = nil
	return parts
}

// planLessons plans the lessons of the days that were read, and what they take.
func (d *differ) planLessons() *lessonPlan {
	whole := &lessonPlan{freed: map[model.ID]int{}}
	if len(d.Days) == 0 {
		return whole
	}
	had, taken := map[era.Date][]model.Lesson{}, map[model.ID][]model.Commitment{}
	for _, h := range d.state.Lessons {
		had[h.OnDate] = append(had[h.OnDate], h)
	}
	for _, c := range d.state.Commitments {
		taken[c.LessonID] = append(taken[c.LessonID], c)
	}
	d.plan.Days, d.plan.Datasource = map[era.Date]model.Digest{}, d.state.DatasourceID
	for _, day := range d.Days {
		whole.add(d.planDay(day, had[day.Date], taken))
		if day.Digest != "" {
			d.plan.Days[day.Date] = day.Digest
		}
	}
	return whole
}

// planDay plans one day.
func (d *differ) planDay(day want.Day, had []model.Lesson, taken map[model.ID][]model.Commitment) *dayPlan {
	p := &dayPlan{}
	rows := make(map[model.ID]model.Lesson, len(had))
	for _, h := range had {
		rows[h.ID] = h
	}
	for _, l := range day.Lessons {
		h, there := rows[l.ID]
		delete(rows, l.ID)
		switch {
		case !there:
			why, by := d.whyCreated(l)
			p.created = append(p.created, model.Change{Action: model.Create, Why: why, By: by, After: l.Lesson})
		case h != l.Lesson:
			why, by := d.whyUpdated(h, l)
			p.updated = append(p.updated, model.Change{Action: model.Update, Why: why, By: by, Before: h,
				After: l.Lesson})
		}
		d.commit(p, l, taken[l.ID])
	}
	for _, h := range slices.SortedFunc(maps.Values(rows), func(a, b model.Lesson) int {
		return mis.CompareIDs(a.SourceID, b.SourceID)
	}) {
		for _, c := range taken[h.ID] {
			p.uncommitted = append(p.uncommitted,
				model.Change{Action: model.Delete, Why: model.GoneFromMIS, Before: c})
		}
		why, by := d.WhyLessonGone(h)
		p.deleted = append(p.deleted, model.Change{Action: model.Delete, Why: why, By: by, Before: h})
	}
	return p
}

// commit plans what a lesson takes.
func (d *differ) commit(p *dayPlan, l want.Lesson, taken []model.Commitment) {
	had, covered := map[model.ID]bool{}, map[want.Cover]bool{}
	for _, c := range taken {
		of := want.Cover{By: c.ElementID, Of: c.CoversID, SourceID: c.SourceID}
		stays := slices.Contains(l.Takes, c.ElementID)
		if c.IsCover() {
			covered[of], stays = true, slices.Contains(l.Covers, of)
		} else {
			had[c.ElementID] = true
		}
		if !stays {
			p.uncommitted = append(p.uncommitted,
				model.Change{Action: model.Delete, Why: model.ChangedInMIS, Before: c})
		}
	}
	for _, e := range l.Takes {
		if !had[e] {
			p.committed = append(p.committed, model.Commitment{ID: d.plan.NewID(), LessonID: l.ID, ElementID: e})
		}
	}
	for _, of := range l.Covers {
		if !covered[of] {
			p.committed = append(p.committed, model.Commitment{ID: d.plan.NewID(), LessonID: l.ID, ElementID: of.By,
				CoversID: of.Of, SourceID: of.SourceID})
		}
	}
}

// whyCreated tells why a lesson comes, and what that is by.
func (d *differ) whyCreated(l want.Lesson) (why model.Reason, by string) {
	switch {
	case l.Suspended:
	case l.Kind == string(mis.Own):
		return model.NewInFile, ""
	default:
		return model.NewInMIS, ""
	}
	return model.Suspended, d.SuspendedBy(l)
}

// whyUpdated tells why a lesson h becomes l.
func (d *differ) whyUpdated(h model.Lesson, l want.Lesson) (why model.Reason, by string) {
	h.Suspended = l.Suspended
	switch {
	case h != l.Lesson && l.Kind == string(mis.Own):
		return model.ChangedInFile, ""
	case h != l.Lesson:
		return model.ChangedInMIS, ""
	case l.Suspended:
		return model.Suspended, d.SuspendedBy(l)
	}
	return model.NotSuspended, ""
}
