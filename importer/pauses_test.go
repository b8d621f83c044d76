package importer_test

import (
	"testing"
	"time"

	"misimportd/era"
	"misimportd/importer/daemon"
)

// TestNothingIsDueInAPause, neither what it covers nor what was missed before; after it the first night is.
func TestNothingIsDueInAPause(t *testing.T) {
	summer := era.Pause{Yearly: true, Begins: era.MonthDay{Month: time.July, Day: 20},
		Finishes: era.MonthDay{Month: time.August, Day: 25}}
	for _, zoneName := range []string{"Europe/London", "Pacific/Apia", "America/St_Johns"} {
		s, zone := schedule(t, "0 3 * * *", "07:00", zoneName)
		s = s.Pausing(summer)
		at := func(month time.Month, day, hour, minute int) time.Time {
			return time.Date(2026, month, day, hour, minute, 0, 0, zone)
		}
		ok := func(t time.Time) daemon.Attempt {
			return daemon.Attempt{At: t, Ended: t.Add(time.Minute), Completed: true}
		}
		failed := func(t time.Time) daemon.Attempt { return daemon.Attempt{At: t, Ended: t.Add(time.Minute)} }
		first := at(time.August, 26, 3, 0)
		for _, c := range []struct {
			what     string
			now      time.Time
			attempts []daemon.Attempt
			want     time.Time
		}{
			{"the night before", at(time.July, 19, 3, 0), []daemon.Attempt{ok(at(time.July, 18, 3, 0))},
				at(time.July, 19, 3, 0)},
			{"after it", at(time.July, 19, 12, 0), []daemon.Attempt{ok(at(time.July, 19, 3, 0))}, first},
			{"in the pause", at(time.August, 1, 3, 0), []daemon.Attempt{ok(at(time.July, 19, 3, 0))}, first},
			{"in the pause, and the night before failed", at(time.July, 20, 0, 5),
				[]daemon.Attempt{failed(at(time.July, 19, 3, 0))}, first},
			{"in the pause, and nothing ever", at(time.August, 1, 3, 0), nil, first},
			{"restarted at the end of its last day", at(time.August, 25, 23, 59), nil, first},
			{"restarted at the midnight at which it ends", at(time.August, 26, 0, 0), nil, first},
			{"the first night after it", first, []daemon.Attempt{ok(at(time.July, 19, 3, 0))}, first},
			{"off until noon after it", at(time.August, 26, 12, 0), []daemon.Attempt{ok(at(time.July, 19, 3, 0))},
				first},
			{"done", at(time.August, 26, 4, 0), []daemon.Attempt{ok(first)}, at(time.August, 27, 3, 0)},
			{"a person's run in the pause is not the night's", at(time.August, 26, 3, 0),
				[]daemon.Attempt{ok(at(time.August, 10, 12, 0))}, first},
		} {
			if got := s.Due(c.now, c.attempts); !got.Equal(c.want) {
				t.Errorf("%s, %s: due %s, want %s", zoneName, c.what, got, c.want)
			}
		}
		always := s.Pausing(era.Pause{Yearly: true, Begins: era.MonthDay{Month: time.January, Day: 1},
			Finishes: era.MonthDay{Month: time.December, Day: 31}})
		if got := always.Due(first, nil); !got.IsZero() {
			t.Errorf("%s: paused for ever, and due %s", zoneName, got)
		}
	}
}
