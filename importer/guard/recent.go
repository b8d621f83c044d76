package guard

import (
	"encoding/json"
	"fmt"

	"misimportd/era"
	"misimportd/importer/words"
	"misimportd/store/model"
)

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Past is what the record says of the nights before this one.
type Past struct {
	days   int            // since the last import
	span   int            // days from the first of the nights that are judged together to this one
	nights int            // how many those are, this one too
	lost   map[string]int // on the nights before, by limit and what it is about: what has not come back
}

// losses are the limits on what goes, and what it is called.
var losses = map[string]func(about string) string{
	PupilsLeaving:     func(string) string { return "pupils" },
	StaffLeaving:      func(string) string { return "staff" },
	GroupsEnding:      model.Kinds,
	MembershipsEnding: func(kind string) string { return "memberships of " + model.Kinds(kind) },
	LessonsRemoved:    func(string) string { return "lessons" },
}

// NightsBefore reads from the records of the nights before, newest first, what they took away. A
// night of which what ends was held took nothing; nor does the first import into an era count.
func NightsBefore(nights []model.Night, asOf era.Date) (Past, error) {
	p := Past{days: 1, span: 1, nights: 1, lost: map[string]int{}}
	if len(nights) > 0 {
		p.days = max(1, int(asOf-nights[0].AsOf))
	}
	last := asOf
	for _, n := range nights {
		if n.AsOf < last {
			p.nights++
			last = n.AsOf
		}
		if n.First || p.nights > AWeek {
			p.nights -= btoi(n.AsOf < asOf)
			break
		}
		p.span = int(asOf-n.AsOf) + 1
		if n.Hold == model.HoldRemovals || n.Hold == model.HoldAll {
			continue
		}
		var found []Finding
		if err := json.Unmarshal(n.Guard.V, &found); err != nil {
			return p, fmt.Errorf("reading what the guard said of run %d: %w", n.ID, err)
		}
		for _, f := range found {
			if losses[f.Limit] != nil {
				p.lost[f.Limit+" "+f.About] += f.Net
			}
		}
	}
	return p, nil
}

// recent judges what goes on this night together with what has gone on the nights before: a
// tenth each night is half of a school in a week (R38).
func (j *judgement) recent(found []Finding) (together []Finding) {
	week := j.limit(RecentLosses)
	week.Percent = min(100, week.Percent*float64(min(max(j.Past.span, AWeek), 2*AWeek))/AWeek)
	var worst *Finding
	for _, f := range found {
		called, before := losses[f.Limit], max(0, j.Past.lost[f.Limit+" "+f.About])
		if called == nil || f.Off || f.Net <= 0 || before == 0 { // the night alone has a limit of its own
			continue
		}
		limit := week.of(f.About)
		limit.Percent = max(limit.Percent, 100*f.Allowed) // a week may do what one night may
		sum := Finding{Limit: RecentLosses, About: called(f.About), Holds: model.HoldRemovals, Count: f.Net + before,
			Of: f.Of + before}
		if sum.Of > 0 {
			sum.Value = float64(sum.Count) / float64(sum.Of)
		}
		if sum.Breached = limit.breachedBy(sum.Count, sum.Of); sum.Breached {
			sum.Says = fmt.Sprintf("%s %s would have gone on %s of imports together, %s of them tonight; %s",
				words.Share(sum.Count, sum.Of), sum.About, words.Many(j.Past.nights, "night"), words.Thousands(f.Net),
				limit.Allows())
			together = append(together, sum.under(limit))
		}
		if worst == nil || sum.Value > worst.Value {
			worst = &sum
			worst.Allowed = limit.Percent / 100
		}
	}
	switch {
	case len(together) > 0:
		return together
	case worst != nil:
		return []Finding{worst.under(Limit{Percent: 100 * worst.Allowed, AtLeast: week.AtLeast, Off: week.Off})}
	}
	return []Finding{Finding{Limit: RecentLosses, Holds: model.HoldRemovals}.under(week)}
}
