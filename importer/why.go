package importer

import (
	"context"
	"errors"
	"fmt"
	"io"

	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/importer/ask"
	"misimportd/importer/report"
	"misimportd/importer/want"
	"misimportd/mis"
	"misimportd/mis/cache"
	"misimportd/mis/isams"
	"misimportd/store"
)

// newestDocument reads the newest document there is: one that waits to be imported, or the one that the newest run
// read, be it held or not. from says which it is.
func (im *Importer) newestDocument(ctx context.Context, v *store.View) (snap *mis.Snapshot, from string, err error) {
	document, err := im.State.Prefetched()
	switch {
	case err == nil:
		from = "the document that waits in PreFetched, which no run has read yet"
	case !IsWithoutDocument(err):
		return nil, "", err
	default:
		run, err := v.NewestReading(ctx)
		if err != nil {
			return nil, "", err
		}
		current, err := im.State.CurrentHash()
		if err != nil {
			return nil, "", err
		}
		from = fmt.Sprintf("the document that run %d read, on %s", run.ID, run.AsOf.Long())
		if run.ID != 0 && run.Source.SHA256 != current {
			snap, err := im.readArchived(int64(run.ID), run.Source.SHA256)
			var gone *cache.NotArchivedError
			if !errors.As(err, &gone) {
				return snap, from, err
			}
			from = "the document that the database reflects (the one that was read last is not in the Archive any more)"
		}
		if document, err = im.State.Reflected(); err != nil {
			return nil, "", nothingReflected(err)
		}
	}
	defer func() { _ = document.Close() }()
	_, err = document.Read(func(r io.Reader) (err error) {
		snap, err = isams.DecodeWith(r, isams.Options{Timetable: im.Timetable, Dumps: dumpsOf(document)})
		return err
	})
	return snap, from, err
}

// readArchived reads the document of a run of which nothing was applied.
func (im *Importer) readArchived(run int64, sha256 string) (snap *mis.Snapshot, err error) {
	archived, err := im.State.Archived(run, sha256)
	if err != nil {
		return nil, err
	}
	file, err := archived.Open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	options := isams.Options{Timetable: im.Timetable}
	for _, name := range archived.Dumps() {
		options.Dumps = append(options.Dumps, isams.Dump{Name: name,
			Open: func() (io.ReadCloser, error) { return archived.OpenDump(name) }})
	}
	return isams.DecodeWith(file, options)
}

// wantedBy is what a document wants, and what stands beside lessons, without what is held.
func (im *Importer) wantedBy(ctx context.Context, v *store.View, snap *mis.Snapshot,
	beside want.Beside) (*want.Wanted, era.Date, error) {
	n := &night{Importer: im, snap: snap, looking: true, report: report.NothingYet()}
	s := &scene{view: v}
	var err error
	if s.calendar, err = v.Calendar(ctx); err != nil {
		return nil, 0, err
	}
	if s.era, s.asOf, err = n.eraOf(s.calendar, &s.begin); err != nil {
		return nil, 0, err
	}
	source, err := currentMIS(ctx, v)
	if err != nil {
		return nil, 0, err
	}
	if s.state, err = v.State(ctx, source.ID, s.asOf, s.calendar.InForce(s.era.ID)...); err != nil {
		return nil, 0, err
	}
	if s.groups, err = n.otherGroups(s); err != nil {
		return nil, 0, err
	}
	n.leaveOut()
	plan := s.begin
	return want.Of(want.Given{State: s.state, Snap: n.snap, Era: s.era, AsOf: s.asOf, Years: n.Years, NewID: plan.NewID,
		OtherGroups: s.groups, Beside: beside, Terms: n.terms()}), s.asOf, nil
}

// Why says why a pupil is, or is not, in a group: what the newest document says, what the database holds, and what
// lies between. Both are named by id or by name.
func (im *Importer) Why(ctx context.Context, pupil, group string) (why report.Why, err error) {
	err = im.DB.View(ctx, func(v *store.View) error {
		person, err := ask.Find(ctx, v, "pupil", pupil, im.day())
		if err != nil {
			return err
		}
		of, err := ask.Find(ctx, v, "group", group, im.day())
		if err != nil {
			return err
		}
		snap, from, err := im.newestDocument(ctx, v)
		if err != nil {
			return err
		}
		w, asOf, err := im.wantedBy(ctx, v, snap, want.Beside{})
		if err != nil {
			return err
		}
		stretches, err := v.StretchesOf(ctx, of.ID, person.ID)
		if err != nil {
			return err
		}
		waiting, err := v.WaitingMemberships(ctx, of.ID, person.ID)
		if err != nil {
			return err
		}
		why = report.Why{
			Pupil: report.PersonRef{SourceID: person.SourceID, Name: person.Name},
			Group: report.GroupRef{Kind: of.Kind, SourceID: of.SourceID, Name: of.Name}, On: asOf,
			Document: report.WhyDocument{From: from}, Database: report.WhyDatabase{Stretches: []report.During{}},
			Between: []report.Because{},
		}
		for _, m := range stretches {
			why.Database.Stretches = append(why.Database.Stretches, report.During{StartsOn: m.StartsOn,
				EndsOn: m.EndsOn})
			why.Database.In = why.Database.In || m.StartsOn <= asOf && (m.EndsOn == 0 || m.EndsOn >= asOf)
		}
		why.Document.Knows, why.Document.Says = w.Says(of.Kind, of.SourceID, person.SourceID)
		if w.Snap.Forms.LeftOut {
			why.Between = append(why.Between, report.Because{What: "rule", Text: fmt.Sprintf("era %s is over "+
				"since %s, so groups stay as they are until the next one: \"%s\" says what to "+
				"do", w.Era.Name, w.Era.EndsOn.Long(),
				hint.Command("era status"))})
			why.Wanted = why.Database.In
			why.Answer = answer(why)
			return nil
		}
		x := w.Explain(want.Pair{Group: of.ID, Member: person.ID}, of.Kind, of.SourceID, person.SourceID)
		why.Wanted = x.Wanted
		for _, b := range x.Because {
			why.Between = append(why.Between, report.Because(b))
		}
		for _, run := range waiting {
			why.Between = append(why.Between, report.Because{What: "hold", Rule: "R35", Text: fmt.Sprintf(
				"run %d is held, and this waits for a person with it: \"%s\" shows it, \"%s\" applies it", run.ID,
				hint.Command("runs show %d", run.ID), hint.Command("approve %d", run.ID))})
		}
		why.Answer = answer(why)
		return nil
	})
	return why, err
}

// answer says it all in a sentence.
func answer(w report.Why) string {
	is := map[bool]string{true: "is in it", false: "is not in it"}
	said := "The pupil " + is[w.Database.In]
	switch {
	case w.Document.Knows && w.Document.Says == w.Database.In && len(w.Between) == 0:
		return said + ", and so says the newest document."
	case w.Document.Knows && w.Document.Says == w.Database.In:
		said += ", and so says the newest document"
	case w.Document.Knows:
		said += fmt.Sprintf(", and the newest document says that the pupil %s",
			map[bool]string{true: "is", false: "is not"}[w.Document.Says])
	}
	if len(w.Between) == 0 && w.Wanted != w.Database.In {
		return said + "; the next import brings it."
	}
	for i, b := range w.Between {
		said += []string{": ", "; "}[min(i, 1)] + b.Text
	}
	return said + "."
}
