package importer_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"misimportd/importer/daemon"
)

func schedule(t *testing.T, spec, giveUp, zone string) (daemon.Schedule, *time.Location) {
	t.Helper()
	at, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	s, err := daemon.NewSchedule(spec, giveUp, at)
	if err != nil {
		t.Fatal(err)
	}
	return s, at
}

// TestDue looks at single moments: when is the next import to begin?
func TestDue(t *testing.T) {
	const layout = "2006-01-02 15:04"
	for _, c := range []struct {
		what, spec, giveUp, now, attempts, want string
	}{
		{"nothing ever: at once", "0 3 * * *", "07:00", "2026-06-10 14:00", "", "2026-06-10 03:00"},
		{"before the time, last night done", "0 3 * * *", "07:00", "2026-06-10 02:59", "09 03:00 ok",
			"2026-06-10 03:00"},
		{"done", "0 3 * * *", "07:00", "2026-06-10 03:01", "10 03:00 ok", "2026-06-11 03:00"},
		{"done by hand after the time", "0 3 * * *", "07:00", "2026-06-10 09:00", "10 08:15 ok", "2026-06-11 03:00"},
		{"a run by hand in the evening is not the night's", "0 3 * * *", "07:00", "2026-06-10 03:00", "09 22:00 ok",
			"2026-06-10 03:00"},
		{"nor is one of the same day, before the time", "0 22 * * *", "23:30", "2026-06-10 22:00", "10 10:00 ok",
			"2026-06-10 22:00"},
		{"failed once: a minute later", "0 3 * * *", "07:00", "2026-06-10 03:01", "10 03:00 failed",
			"2026-06-10 03:02"},
		{"failed twice: two minutes later", "0 3 * * *", "07:00", "2026-06-10 03:10",
			"10 03:00 failed, 10 03:02 failed", "2026-06-10 03:05"},
		{"failed six times: a quarter of an hour", "0 3 * * *", "07:00", "2026-06-10 04:10",
			"10 03:00 failed, 10 03:02 failed, 10 03:05 failed, 10 03:10 failed, 10 03:20 failed, 10 04:00 failed",
			"2026-06-10 04:16"},
		{"failed and then done", "0 3 * * *", "07:00", "2026-06-10 03:10", "10 03:00 failed, 10 03:02 ok",
			"2026-06-11 03:00"},
		{"morning: given up", "0 3 * * *", "07:00", "2026-06-10 07:00", "10 03:00 failed, 10 06:50 failed",
			"2026-06-11 03:00"},
		{"the next attempt would be after the time to give up", "0 3 * * *", "07:00", "2026-06-10 06:59",
			"10 03:00 failed, 10 03:01 failed, 10 03:02 failed, 10 03:03 failed, 10 06:55 failed", "2026-06-11 03:00"},
		{"missed altogether: made up for in the morning", "0 3 * * *", "07:00", "2026-06-10 09:30", "09 03:00 ok",
			"2026-06-10 03:00"},
		{"made up for, and failed: tried again", "0 3 * * *", "07:00", "2026-06-10 09:31",
			"09 03:00 ok, 10 09:30 failed", "2026-06-10 09:32"},
		{"made up for, and failed for an hour: given up", "0 3 * * *", "07:00", "2026-06-10 10:40",
			"09 03:00 ok, 10 09:30 failed, 10 09:32 failed, 10 10:20 failed", "2026-06-11 03:00"},
		{"a week of nights missed is one run", "0 3 * * *", "07:00", "2026-06-20 09:30", "09 03:00 ok",
			"2026-06-20 03:00"},
		{"twice a day", "0 3,13 * * *", "12:00", "2026-06-10 13:00", "10 03:00 ok", "2026-06-10 13:00"},
		{"on weekdays", "0 3 * * 1-5", "07:00", "2026-06-13 12:00", "12 03:00 ok", "2026-06-15 03:00"},
		{"giving up after midnight", "0 22 * * *", "02:00", "2026-06-11 01:00", "10 22:00 failed", "2026-06-10 22:02"},
		{"a clock that was a year ahead is disregarded", "0 3 * * *", "07:00", "2026-06-10 03:00", "2027 ok",
			"2026-06-10 03:00"},
		{"a clock that was an hour ahead is not", "0 3 * * *", "07:00", "2026-06-10 03:00", "10 03:50 ok",
			"2026-06-11 03:00"},
	} {
		t.Run(c.what, func(t *testing.T) {
			s, zone := schedule(t, c.spec, c.giveUp, "Europe/London")
			at := func(text string) time.Time {
				parsed, err := time.ParseInLocation(layout, text, zone)
				if err != nil {
					t.Fatal(err)
				}
				return parsed
			}
			var attempts []daemon.Attempt
			for text := range strings.SplitSeq(c.attempts, ", ") {
				if text == "" {
					continue
				}
				when, result := text[:strings.LastIndex(text, " ")], text[strings.LastIndex(text, " ")+1:]
				began := at("2026-06-" + strings.Replace(when, "2027", "30 03:00", 1))
				if when == "2027" {
					began = began.AddDate(1, 0, 0)
				}
				attempts = append(attempts, daemon.Attempt{At: began, Ended: began.Add(time.Minute),
					Completed: result == "ok"})
			}
			if got := s.Due(at(c.now), attempts).Format(layout); got != c.want {
				t.Errorf("due %s, want %s", got, c.want)
			}
		})
	}
}

// TestEveryMinuteOfTheYearOnce asks, for schedules at each of the day's minutes near a
// change of the clock, how many runs a year has: one a day, wherever the clock changes by
// an hour or by half of one, and on the island that left out a day.
func TestEveryMinuteOfTheYearOnce(t *testing.T) {
	for _, c := range []struct {
		zone string
		year int
	}{
		{"UTC", 2026}, {"Europe/London", 2026}, {"America/New_York", 2026}, {"Australia/Lord_Howe", 2026},
		{"Asia/Kathmandu", 2026},
		{"Pacific/Apia", 2011}, {"Africa/Casablanca", 2026}, {"America/Nuuk", 2026}, {"Europe/Dublin", 1971},
	} {
		for minute := 0; minute < 4*60; minute += 7 {
			s, zone := schedule(t, fmt.Sprintf("%d %d * * *", minute%60, minute/60), "23:59", c.zone)
			now := time.Date(c.year, 1, 1, 12, 0, 0, 0, zone)
			end := time.Date(c.year+1, 1, 1, 12, 0, 0, 0, zone)
			days, runs := 0, 0
			for day := time.Date(c.year, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() == c.year; day = day.AddDate(0, 0, 1) {
				days++
			}
			attempts := []daemon.Attempt{{At: now.Add(-time.Minute), Completed: true}}
			for {
				due := s.Due(now, attempts)
				if !due.After(now) {
					t.Fatalf("%s %02d:%02d: due again at %s", c.zone, minute/60, minute%60, now)
				}
				if due.After(end) {
					break
				}
				now, runs = due, runs+1
				attempts = []daemon.Attempt{{At: now, Ended: now, Completed: true}}
			}
			if c.zone == "Pacific/Apia" && minute == 0 {
				days-- // the midnights of the day that was left out and of the day after are one
			}
			if runs != days {
				t.Errorf("%s %02d:%02d in %d: %d runs on %d days", c.zone, minute/60, minute%60, c.year, runs, days)
			}
		}
	}
}

// TestBadSchedules are refused with what to write instead.
func TestBadSchedules(t *testing.T) {
	for _, c := range []struct{ spec, giveUp, want string }{
		{"tomorrow", "07:00", `schedule: "tomorrow" is not a schedule: write it as "0 3 * * *", which is 03:00 ` +
			`every night: minute, hour, day, month, weekday`},
		{"0 25 * * *", "07:00", `schedule: "0 25 * * *" is not a schedule`},
		{"", "07:00", `schedule: "" is not a schedule`},
		{"TZ=0", "07:00", "schedule: a schedule has no time zone of its own: set timezone"},
		{"CRON_TZ=UTC 0 3 * * *", "07:00", "schedule: a schedule has no time zone of its own"},
		{"@every 1h", "07:00", "schedule: a schedule names times of day, not intervals"},
		{"0 3 30 2 *", "07:00", `schedule: "0 3 30 2 *" names a day that never comes`},
		{"0 3 * * *", "7 am", `give_up: "7 am" is not a time of day: write it as 07:00`},
		{"x", "y", "give_up: "},
	} {
		_, err := daemon.NewSchedule(c.spec, c.giveUp, time.UTC)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q %q: %v, want %s", c.spec, c.giveUp, err, c.want)
		}
	}
	if _, err := daemon.NewSchedule("@daily", "07:00", time.UTC); err != nil {
		t.Error(err)
	}
}
