package importer_test

import (
	"fmt"
	"regexp"
	"testing"

	"misimportd/importer/guard"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
)

// What a school does on an ordinary night is not held, and what is held leaves the rest in order.

// TestAWeekLess is no loss of every teacher's.
func TestAWeekLess(t *testing.T) {
	each(t, func(w *world) {
		guarded(w)
		document := isamstest.New(5, someSchool).Teach(600).Document()
		w.night("2016-09-05", document)
		week := regexp.MustCompile(`(?s)<TimetableAllocation Id="\d+">.{0,20}?<Year>2016</Year>\s*<Week>48</Week>` +
			`.*?</TimetableAllocation>`)
		without := week.ReplaceAll(document, nil)
		if r := w.night("2016-09-06", without); len(without) == len(document) || r.Result != model.Applied {
			w.Errorf("%s: %v", r.Result, breaches(r))
		}
	})
}

// TestNewRooms harm nobody.
func TestNewRooms(t *testing.T) {
	each(t, func(w *world) {
		guarded(w)
		d := func(rooms int) []byte {
			d := small()
			for i := range rooms {
				d.room(100+i, fmt.Sprintf("Room %d", i))
			}
			return d.xml()
		}
		w.night("2016-09-05", d(30))
		if r := w.night("2016-09-06", d(45)); r.Result != model.Applied {
			w.Errorf("%s: %v", r.Result, breaches(r))
		}
	})
}

// TestR38SeveralImportsADay are one night of the seven.
func TestR38SeveralImportsADay(t *testing.T) {
	each(t, func(w *world) {
		guarded(w)
		school := isamstest.New(3, isamstest.Size{Pupils: 400, Staff: 60, Forms: 21, Sets: 84, SetLists: 2500})
		w.night("2016-09-05", school.Document())
		w.im.Retention = 0
		var result model.Result
		for day := 7; day <= 10 && result != model.Held; day++ {
			school.Pupils = school.Pupils[:len(school.Pupils)-len(school.Pupils)*9/100]
			on := fmt.Sprintf("2016-09-%02d", day)
			result = w.night(on, school.Document()).Result
			for range 60 {
				w.exec(`INSERT INTO runs (id, kind, result, started_at, finished_at, as_of, era)
					SELECT max(id) + 1, 'import', 'unchanged', max(started_at), max(finished_at), '` + on +
					`', '2016/17' FROM runs`)
			}
			if _, isPostgres := w.raw.Exec(`SELECT setval(pg_get_serial_sequence('runs', 'id'), (SELECT max(id)
				FROM runs))`); isPostgres != nil {
				continue // SQLite counts on by itself
			}
		}
		if left := w.currentPupils(); result != model.Held || left < 300 {
			w.Errorf("%s; %d are left", result, left)
		}
	})
}

// TestHeldValuesReferToNobodyWhoLeft: the tutor of a form has left, and the change of tutors waits.
func TestHeldValuesReferToNobodyWhoLeft(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		w.im.Guard = guard.Guard{Hold: model.HoldRemovals, Import: guard.Limits{guard.ValuesChanged: {}}}
		d := (&doc{}).teacher(2, "Mr Green").teacher(3, "Ms New").form("7/A", "7A", 7, 3).form("7/B", "7B", 7, 2).
			pupil(11, "Zoë O’Brien", "7/A", 7).pupil(12, "Ömer Khan", "7/A", 7).pupil(13, "Ann Lee", "7/B", 7).
			set(21, "7Mat1", 7, 11, 12).set(22, "7Mat2", 7, 13)
		w.night("2016-09-06", d.xml())
		w.expect("tutors who are gone", w.rows(`SELECT e.name FROM groups g JOIN elements e ON e.id = g.tutor_id
			WHERE NOT e.current`))
	})
}
