package importer_test

import (
	"slices"
	"strings"
	"testing"

	"misimportd/era"
	"misimportd/importer/guard"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
	"misimportd/store/storetest"
)

// postgresOrNot is a fresh database of the kind that a world has.
func postgresOrNot(w *world) string {
	if strings.HasSuffix(w.Name(), "postgres") {
		return storetest.Postgres(w.T)
	}
	return storetest.SQLite(w.T)
}

// aSchoolOf has pupils, and few sets: nights of it are quick.
func aSchoolOf(pupils int) *isamstest.School {
	return isamstest.New(31, isamstest.Size{Pupils: pupils, Staff: 30, Forms: 14, Sets: 28, SetLists: 2 * pupils})
}

// leaves takes a share of the pupils out of a school, here and there, whatever their number.
func leaves(s *isamstest.School, share float64) {
	n, every := 0, 1/share
	leaveWhere(s, func(isamstest.Pupil) bool {
		n++
		return int(float64(n)/every) > int(float64(n-1)/every)
	})
}

func (w *world) currentPupils() int {
	w.Helper()
	return w.rowsOf(`SELECT p.id FROM pupils p JOIN elements e ON e.id = p.id WHERE e.current`)
}

// TestR38ASlowBleedIsHeld: nine per cent every night, each within the limit, for a term. No
// seven nights together take more than the limit.
func TestR38ASlowBleedIsHeld(t *testing.T) {
	eachInSoak(t, storetest.Postgres, func(w *world) {
		guarded(w)
		school := aSchoolOf(1000)
		day := era.NewDate(2016, 9, 5)
		w.night(day.String(), school.Document())
		held := 0
		for range 70 {
			if day++; len(school.Pupils) > 50 {
				leaves(school, 0.09)
			}
			before := w.currentPupils()
			r := w.night(day.String(), school.Document())
			if held += btoi(r.Result == model.Held); r.Result == model.Held && w.currentPupils() != before {
				w.Errorf("on %s, held, %d left", day, before-w.currentPupils())
			}
		}
		if left := w.currentPupils(); left < 850 || held != 69 {
			w.Errorf("%d of 1,000 are left, %d of 70 nights were held", left, held)
		}
		w.Logf("TABLE a bleed of 9 %% a night: %d of 1,000 are left, %d of 70 nights were held", w.currentPupils(),
			held)
	})
}

// TestR38ASlowerBleedIsHeld: three per cent a night, over the weeks of a term with its weekends.
func TestR38ASlowerBleedIsHeld(t *testing.T) {
	each(t, func(w *world) {
		guarded(w)
		school := aSchoolOf(1000)
		day := era.NewDate(2016, 9, 5)
		w.night(day.String(), school.Document())
		firstHeld := 0
		for night := 1; night <= 20 && firstHeld == 0; night++ {
			day++
			leaves(school, 0.03)
			if r := w.night(day.String(), school.Document()); r.Result == model.Held {
				firstHeld = night
				if f := finding(r, guard.RecentLosses, "pupils"); !strings.Contains(f.Says, "of imports together") {
					w.Errorf("%q", breaches(r))
				}
			}
		}
		if left := w.currentPupils(); firstHeld == 0 || firstHeld > 7 || left < 850 {
			w.Errorf("held first on night %d; %d are left", firstHeld, left)
		}
	})
}

// TestR38ATermOfOrdinaryNights: nobody is asked.
func TestR38ATermOfOrdinaryNights(t *testing.T) {
	eachInSoak(t, storetest.SQLite, func(w *world) {
		guarded(w)
		school := aSchoolOf(400)
		day := era.NewDate(2016, 9, 5)
		w.night(day.String(), school.Document())
		nights, held := 0, 0
		for ; day < era.NewDate(2016, 12, 16); day++ {
			if day.Weekday() == 0 || day.Weekday() == 6 || day >= era.NewDate(2016, 10, 24) &&
				day <= era.NewDate(2016, 10, 28) {
				continue
			}
			school.Change(0.015)
			nights++
			if r := w.night(day.AddDays(1).String(), school.Document()); r.Result == model.Held {
				held++
				w.Errorf("%s: %q", day, breaches(r))
			}
		}
		w.Logf("TABLE a term: %d nights, %d held", nights, held)
	})
}

// TestR38WhatDoesNotCount as a loss of the week: what a person approved, what was undone, and
// who is back.
func TestR38WhatDoesNotCount(t *testing.T) {
	each(t, func(w *world) {
		guarded(w)
		school := aSchoolOf(1000)
		whole := school.Document()
		w.night("2016-09-05", whole)
		leaves(school, 0.09)
		fewer := school.Document()

		undone := w.night("2016-09-06", fewer)
		w.undo(undone.Run)
		w.im.Force = true
		if r := w.night("2016-09-07", fewer); r.Result != model.Applied {
			w.Errorf("after an undo: %s %v", r.Result, breaches(r))
		}
		if r := w.night("2016-09-08", whole); r.Result != model.Applied {
			w.Errorf("back: %s %v", r.Result, breaches(r))
		}
		if r := w.night("2016-09-09", fewer); r.Result != model.Applied {
			w.Errorf("who went and came back counts: %v", breaches(r))
		}
		leaves(school, 0.09)
		held := w.night("2016-09-10", school.Document())
		if held.Result != model.Held || !slices.Contains(breaches(held), "recent_losses pupils") {
			w.Fatalf("%s %v", held.Result, breaches(held))
		}
		if r, err := w.im.Approve(w.Context(), held.Run); err != nil || r.Result != model.Applied {
			w.Fatalf("%s %v", r.Result, err)
		}
		leaves(school, 0.02)
		if r := w.night("2016-09-11", school.Document()); r.Result != model.Applied {
			w.Errorf("what was approved counts: %v", breaches(r))
		}
	})
}

// TestR38AWeekWithoutImports is measured against the days that went by.
func TestR38AWeekWithoutImports(t *testing.T) {
	each(t, func(w *world) {
		guarded(w)
		school := aSchoolOf(1000)
		w.night("2016-09-05", school.Document())
		leaves(school, 0.14)
		for day, hold := range map[string]model.Hold{"2016-09-06": model.HoldRemovals, "2016-09-08": model.HoldRemovals,
			"2016-09-12": "", "2016-09-30": ""} {
			if r := w.plan(day, school.Document()); r.Hold != hold {
				w.Errorf("%s: %q %v", day, r.Hold, breaches(r))
			}
		}
		leaves(school, 0.1)
		if r := w.plan("2017-05-30", school.Document()); r.Hold != model.HoldRemovals {
			w.Errorf("a fifth and more, however long the pause: %q", r.Hold)
		}
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
