package importer_test

import (
	"errors"
	"testing"
	"time"

	"misimportd/era"
	"misimportd/importer/ask"
	"misimportd/store/model"
)

// TestAWeekOfAPupil has on each day the lessons of the groups of that day.
func TestAWeekOfAPupil(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", timetabled().xml())
		joined := timetabled()
		joined.lists = append(joined.lists, `<SetList Id="9" SetId="22" PupilId="12"/>`)
		w.night("2016-09-20", joined.xml()) // Ömer joins 7Mat2, which is on Tuesdays
		list, err := ask.Lessons(w.Context(), w.im.DB, ask.LessonsOf{Pupil: "omer",
			Days: era.Interval{From: date(w, "2016-09-12"), To: date(w, "2016-09-25")}})
		if err != nil {
			w.Fatal(err)
		}
		got := []string{}
		for _, l := range list {
			got = append(got, l.On.String()+" "+l.Code)
		}
		w.expect("lessons", got, "2016-09-12 7Mat1", "2016-09-19 7Mat1", "2016-09-20 7Mat2")
	})
}

// TestWhoIsMeant: names of rooms go before ids, names in full before a part of one, whatever their accents, and an
// event is also a lesson of its organiser and of those who are in its groups.
func TestWhoIsMeant(t *testing.T) {
	each(t, func(w *world) {
		w.events(`- {title: Talk, on: 2016-09-13, from: "12:00", to: "13:00", groups: [7A], organiser: WHI}`)
		w.night("2016-09-05", timetabled().room(7, "5").room(8, "Étage").room(9, "Étage 2").xml())
		on := date(w, "2016-09-13")
		for text, want := range map[string]string{"5": "5", "étage": "Étage", "Etage 2": "Étage 2", "lab": "Lab",
			"hal": "Hall"} {
			if who, err := ask.Who(w.Context(), w.im.DB, "location", text, on); err != nil || who.Name != want {
				w.Errorf("%s: %s %v", text, who.Name, err)
			}
		}
		for kind, text := range map[string]string{"staff": "WHI", "pupil": "zoe o'brien"} {
			who, err := ask.Who(w.Context(), w.im.DB, kind, text, on)
			if err != nil || len(who.Lessons) != 1 || who.Lessons[0].Name != "Talk" ||
				who.Lessons[0].Organiser != "Ms White" {
				w.Errorf("%s: %+v %v", text, who.Lessons, err)
			}
		}
		var many *ask.AmbiguousError
		if _, err := ask.Who(w.Context(), w.im.DB, "location", "tage", on); !errors.As(err, &many) ||
			len(many.Choices) != 2 {
			w.Errorf("%v", err)
		}
		var none *ask.NotKnownError
		for _, text := range []string{"nobody", "", "%", "_"} {
			if _, err := ask.Who(w.Context(), w.im.DB, "pupil", text, on); !errors.As(err, &none) {
				w.Errorf("%q: %v", text, err)
			}
		}
	})
}

// TestAGroupOfSeveralYears is the one that lives on the day, or else the newest.
func TestAGroupOfSeveralYears(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		w.exec(`UPDATE eras SET ends_on = '2017-07-31' WHERE name = '2016/17'`)
		w.im.Turn.AutoRoll, w.im.Turn.CreateNext = true, true
		w.night("2017-09-05", small().xml())
		for on, want := range map[string]string{"2016-09-12": "2016-09-05", "2017-09-12": "2017-09-05",
			"2030-01-01": "2017-09-05"} {
			h, err := ask.History(w.Context(), w.im.DB, ask.HistoryOf{Text: "set/21", On: date(w, on), Zone: time.UTC})
			if err != nil {
				w.Fatal(err)
			}
			if starts := h.Runs[0].Changes[0].StartsOn; starts.String() != want {
				w.Errorf("on %s: the set that begins on %s, want %s", on, starts, want)
			}
		}
	})
}

// TestAGroupThatNeverHadADay has a history, though it is not there.
func TestAGroupThatNeverHadADay(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().set(23, "7Art1", 7, 11).xml())
		w.night("2016-09-05", small().xml())
		h, err := ask.History(w.Context(), w.im.DB, ask.HistoryOf{Text: "set/23", On: date(w, "2016-09-05"),
			Zone: time.UTC})
		if err != nil || h.Name != "7Art1" || len(h.Runs) != 2 || h.Runs[1].Changes[len(h.Runs[1].Changes)-1].Action !=
			model.Delete {
			w.Errorf("%+v %v", h, err)
		}
	})
}
