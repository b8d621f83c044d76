package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"misimportd/cmd/misimportd/config"
	"misimportd/importer"
	"misimportd/importer/ask"
	"misimportd/importer/entry"
	"misimportd/importer/report"
	"misimportd/importer/text"
	"misimportd/mis/isams/isamstest"
	"misimportd/store"
	"misimportd/store/model"
)

// story is what the parts of the demo's story hand on.
type story struct {
	ordinary, held, undone model.ID // runs
	lesson                 string   // that moves
	moved                  isamstest.Pupil
	unblank                func()
}

// The forms and the places in the week between which the story's pupil and lesson move.
const oldForm, newForm = "8B", "8C"

var (
	oldPlace = isamstest.Place{Weekday: time.Wednesday, Period: 3}
	newPlace = isamstest.Place{Weekday: time.Friday, Period: 2}
)

func placeText(p isamstest.Place) string { return fmt.Sprintf("%s period %d", p.Weekday, p.Period) }

// play tells the story, part by part.
func (d *demo) play(s config.Settings, db *store.DB) error {
	d.db = db
	d.say("A pretend school of %d pupils, in seven parts. All of it is in %s.", len(d.school.Pupils), d.folder)
	for i, part := range []struct {
		title string
		play  func(config.Settings) error
	}{
		{"The first load", d.firstLoad}, {"An ordinary night", d.ordinaryNight},
		{"A faulty record", d.faultyRecord}, {"A bad document", d.badDocument}, {"A decision", d.decision},
		{"An undo", d.undoing}, {"A question about a pupil", d.question},
	} {
		if err := text.WriteTitle(d.out, d.style(false), fmt.Sprintf("%d. %s", i+1, part.title)); err != nil {
			return err
		}
		if err := part.play(s); err != nil {
			return err
		}
	}
	return d.end(s)
}

// tell writes a paragraph of the story.
func (d *demo) tell(format string, args ...any) {
	_ = text.WriteProse(d.out, d.style(false), format, args...)
}

// importOne puts a school's document there, imports it, and tells in brief what that did.
func (d *demo) importOne(s config.Settings, school *isamstest.School) (report.Report, error) {
	d.nextMorning()
	if err := d.putDocument(school); err != nil {
		return report.Report{}, err
	}
	progress := d.progress()
	defer progress.stop()
	done, err := d.importerOf(s, d.db, importer.Fetching{}, progress.set).Run(d.ctx)
	return done, err
}

// brief tells in a few lines what a run did, and how many of its changes are of people and lessons.
func (d *demo) brief(done report.Report) error {
	past, err := importer.Show(d.ctx, d.db, done.Run)
	if err != nil {
		return err
	}
	return text.WriteBrief(d.out, done, past.Lines, d.style(false))
}

func (d *demo) firstLoad(s config.Settings) error {
	d.tell("The school's MIS, its management information system, is iSAMS: there the office keeps pupils, staff, " +
		"forms, sets and the timetable. Every night its export is compared with the scheduler's database, which is " +
		"empty so far. Era is the word for an academic year. An import is as of a day: it is true from that day on.")
	desk := entry.Desk{DB: d.db, Version: version()}
	if _, err := desk.CreateEra(d.ctx, demoYear); err != nil {
		return err
	}
	if _, err := desk.SetEra(d.ctx, entry.CurrentEra, demoYear.Name); err != nil {
		return err
	}
	d.tell("Runs 1 and 2 enter the era %s, for the demo plays in the past; run 3 fills the database.", demoYear.Name)
	begin := time.Now()
	done, err := d.importOne(s, d.school)
	if err != nil {
		return err
	}
	if err := text.WriteBrief(d.out, done, report.Lines{}, d.style(false)); err != nil {
		return err
	}
	d.tell("That took %.1f s; the nights that follow take about a second.", time.Since(begin).Seconds())
	return nil
}

func (d *demo) ordinaryNight(s config.Settings) error {
	d.lesson = d.school.MoveLesson(oldPlace, newPlace)
	came := d.school.Admit("7A")
	d.moved = d.school.MoveForm(oldForm, newForm)
	d.tell("The office has moved a lesson of %s from %s to %s, has admitted %s %s, and has put %s %s into form %s.",
		d.lesson, placeText(oldPlace), placeText(newPlace), came.Forename, came.Surname, d.moved.Forename,
		d.moved.Surname, newForm)
	done, err := d.importOne(s, d.school)
	if err != nil {
		return err
	}
	d.ordinary = done.Run
	return d.brief(done)
}

func (d *demo) faultyRecord(s config.Settings) error {
	last := d.school.Pupils[len(d.school.Pupils)-2]
	d.unblank = d.school.Blank(last.ID)
	gone := d.school.LeaveLessons()
	d.tell("Somebody was called away while typing: pupil %d has no name. And %s %s has left, but is in the timetable "+
		"still. What is faulty is skipped and told, and nothing ends because of it; what ends below is what the "+
		"teacher who left was in.", last.ID, gone.Forename,
		gone.Surname)
	done, err := d.importOne(s, d.school)
	if err != nil {
		return err
	}
	if err := d.brief(done); err != nil {
		return err
	}
	list, err := ask.Problems(d.ctx, d.db)
	if err != nil {
		return err
	}
	return text.WriteProblems(d.out, list, d.style(false))
}

func (d *demo) badDocument(s config.Settings) error {
	d.tell("A filter in the export has left out years 12 and 13. The guard compares with its limits what a night " +
		"would take away, and holds what is too much: it waits for a person, and the database keeps it.")
	done, err := d.importOne(s, d.school.WithoutYears(12, 13))
	if err != nil {
		return err
	}
	if done.Result != model.Held {
		return errors.New("demo: the bad document was not held: this is a fault of the program; please report it")
	}
	d.held = done.Run
	return text.WriteBrief(d.out, done, report.Lines{}, d.style(false))
}

func (d *demo) decision(s config.Settings) error {
	if err := (entry.Desk{DB: d.db, Version: version()}).Reject(d.ctx, d.held); err != nil {
		return err
	}
	d.tell("The office looks, finds the filter, and rejects run %d (had those pupils really left, it would have "+
		"approved it). The pupil without a name has one again, and so the next document is as it should be.", d.held)
	d.unblank()
	done, err := d.importOne(s, d.school)
	if err != nil {
		return err
	}
	return d.brief(done)
}

func (d *demo) undoing(s config.Settings) error {
	d.tell("What the office did before the ordinary night was a mistake: run %d is undone. It is a run of its own, "+
		"which can be undone, too. That document is not imported again; the next one that differs is, so the office "+
		"mends it in iSAMS, too.", d.ordinary)
	done, err := d.importerOf(s, d.db, importer.Fetching{}, nil).Undo(d.ctx, d.ordinary)
	if err != nil {
		return err
	}
	d.undone = done.Run
	return d.brief(done)
}

func (d *demo) question(s config.Settings) error {
	d.tell("Has %s %s ever been in form %s? Everything that runs did is recorded, with its reason.",
		d.moved.Forename, d.moved.Surname, newForm)
	h, err := ask.History(d.ctx, d.db, ask.HistoryOf{Text: fmt.Sprintf("pupil/%d", d.moved.ID), On: d.AsOf,
		Zone: s.Zone})
	if err != nil {
		return err
	}
	h.Runs = slices.DeleteFunc(h.Runs, func(r report.HistoryRun) bool { return r.Run < d.ordinary })
	return text.WriteHistory(d.out, h, s.Zone, d.style(false))
}
