package era

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Kind is what an interruption of the timetable does to lessons.
type Kind string

const (
	Suspend Kind = "suspension" // they stay, and do not take place (R26)
	Gap     Kind = "gap"        // they do not exist (R26)
)

// Suspension is an interval in which some year groups' lessons do not take place: a
// suspension proper, or a gap. It runs from From until To, or with Daily between their
// times of day on each of the days from the one to the other.
type Suspension struct {
	Name  string
	Kind  Kind
	Years []Year // in order; none means all
	From  Moment
	To    Moment // the first minute after it
	Daily bool
}

// Check tells what is wrong with s, if anything is.
func (s Suspension) Check() error {
	switch {
	case strings.TrimSpace(s.Name) == "":
		return fmt.Errorf("it has no name")
	case s.Kind != Suspend && s.Kind != Gap:
		return fmt.Errorf("kind is %q: write %s or %s", s.Kind, Suspend, Gap)
	case s.From == 0 || s.To == 0:
		return fmt.Errorf("%s: from and to are needed", s.Name)
	case strings.ContainsFunc(s.Name, unicode.IsControl):
		return fmt.Errorf("its name holds what cannot be printed")
	case s.From < firstDay.At(0) || s.To > lastDay.AddDays(1).At(0):
		return fmt.Errorf("%s: its days have to lie between 1900 and 2200", s.Name)
	case s.To <= s.From:
		return fmt.Errorf("%s: it ends (%s) before it begins (%s)", s.Name, s.lastSaid(), s.From)
	case s.Daily && s.To.lastClock() <= s.From.Clock():
		return fmt.Errorf("%s: it is daily, and ends at an earlier time of day than it begins", s.Name)
	}
	return nil
}

// lastSaid is the end as it was written: of whole days, the last one.
func (s Suspension) lastSaid() string {
	if s.To.Clock() == 0 {
		return s.Days().To.String()
	}
	return s.To.String()
}

// lastClock is the time of day at which an interval that ends with m ends: 24:00 rather
// than 00:00 of the next day.
func (m Moment) lastClock() Clock {
	if c := m.Clock(); c > 0 {
		return c
	}
	return MinutesOfDay
}

// Days is the days that s touches.
func (s Suspension) Days() Interval {
	return Interval{s.From.Date(), (s.To - 1).Date()}
}

// NamesAll tells whether s is for all of these year groups (R25): it names each of them,
// or it names none. What has no year group is touched only by one that names none.
func (s Suspension) NamesAll(years []Year) bool {
	if len(s.Years) == 0 {
		return true
	}
	for _, y := range years {
		if !slices.Contains(s.Years, y) {
			return false
		}
	}
	return len(years) > 0
}

// On is the part of s on a day, as times of day; empty when from is not before to.
func (s Suspension) On(d Date) (from, to Clock) {
	days := s.Days()
	if !days.Contains(d) {
		return 0, 0
	}
	from, to = 0, MinutesOfDay
	if s.Daily || d == days.From {
		from = s.From.Clock()
	}
	if s.Daily || d == days.To {
		to = s.To.lastClock()
	}
	return from, to
}

// Touches tells whether s and what happens on a day between two times share a minute
// (R25).
func (s Suspension) Touches(d Date, from, to Clock) bool {
	begins, ends := s.On(d)
	return max(begins, from) < min(ends, to)
}

// Cover tells whether suspensions together cover a day from one time to another (R27).
func Cover(suspensions []Suspension, d Date, from, to Clock) bool {
	type part struct{ from, to Clock }
	var parts []part
	for _, s := range suspensions {
		if begins, ends := s.On(d); begins < ends {
			parts = append(parts, part{begins, ends})
		}
	}
	slices.SortFunc(parts, func(a, b part) int { return cmp.Compare(a.from, b.from) })
	for _, p := range parts {
		if p.from > from {
			break
		}
		from = max(from, p.to)
	}
	return from >= to
}

// ParseSpan reads the two ends of a suspension: each a day, which counts as a whole, or a
// day and a time.
func ParseSpan(from, to string) (begins, ends Moment, err error) {
	if from == "" || to == "" {
		return 0, 0, fmt.Errorf("from and to are needed, as 2017-05-08 or 2017-05-08 09:00")
	}
	if begins, err = parseEnd(from, 0); err != nil {
		return 0, 0, fmt.Errorf("from: %w", err)
	}
	if ends, err = parseEnd(to, MinutesOfDay); err != nil {
		return 0, 0, fmt.Errorf("to: %w", err)
	}
	return begins, ends, nil
}

func parseEnd(text string, whole Clock) (Moment, error) {
	if d, err := ParseDate(text); err == nil {
		return d.At(whole), nil
	}
	m, err := ParseMoment(text)
	if err != nil {
		return 0, fmt.Errorf("%q is neither a day nor a day and a time: write it as 2017-05-08 or 2017-05-08 09:00",
			text)
	}
	return m, nil
}

// FormatSpan writes the two ends of a suspension as people do: 8 May – 23 June 2017.
func (s Suspension) FormatSpan() string {
	days := s.Days()
	from, to := days.From.Time(), days.To.Time()
	switch {
	case days.From == days.To:
		return days.From.Long() + s.times()
	case from.Year() != to.Year():
		return days.From.Long() + " – " + days.To.Long() + s.times()
	case from.Month() != to.Month():
		return from.Format("2 January") + " – " + days.To.Long() + s.times()
	}
	return from.Format("2") + " – " + days.To.Long() + s.times()
}

// times tells the times of day, where it is not about whole days.
func (s Suspension) times() string {
	switch {
	case s.From.Clock() == 0 && s.To.lastClock() == MinutesOfDay:
		return ""
	case s.Daily:
		return fmt.Sprintf(", daily %s – %s", s.From.Clock(), s.To.lastClock())
	}
	return fmt.Sprintf(", from %s until %s", s.From.Clock(), s.To.lastClock())
}

// Whom tells for whom it is: all, or year 11, or years 11 and 13.
func (s Suspension) Whom() string {
	names := make([]string, len(s.Years))
	for i, y := range s.Years {
		names[i] = y.String()
	}
	switch n := len(names); n {
	case 0:
		return "all years"
	case 1:
		return "year " + names[0]
	default:
		return "years " + strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}
