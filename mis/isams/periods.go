package isams

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"misimportd/era"
	"misimportd/mis"
)

// periods are those of a timetable's weeks.
type periods struct {
	known       map[string]mis.Period
	conflicting map[string]bool // ids of those that cannot be used: what is in them is faulty
	lost        bool            // there are some whose very id cannot be read
}

// readWeek reads a week of the timetable with its days and periods. A period that no
// lesson can be in is left out, and reported.
func (p *periods) readWeek(c *collector[week], rec *record, id string) (week, bool) {
	var within []string
	days := rec.SelectElement("Days")
	if days == nil {
		return week{id: id, name: plainName(rec), short: rec.text("ShortName")}, true
	}
	for _, element := range days.SelectElements("Day") {
		day := &record{Element: element, line: rec.line}
		n, err := strconv.Atoi(day.text("Day"))
		if err != nil || n < 1 || n > 7 {
			c.note(id, mis.BadValue, rec.line, "week: a day is %q, where 1 is Sunday and 7 Saturday; lessons of it "+
				"are left as they are", clip(day.text("Day")))
			p.lost = true
			continue
		}
		list := element.SelectElement("Periods")
		if list == nil {
			continue
		}
		for _, child := range list.SelectElements("Period") {
			if of, ok := p.readPeriod(c, &record{Element: child, line: rec.line}, id); ok {
				of.WeekID, of.Weekday = id, n-1
				p.add(c, of, rec.line)
				within = append(within, of.ID+" "+of.Name+" "+of.From.String()+" "+of.To.String()+" "+strconv.Itoa(n))
			}
		}
	}
	slices.Sort(within)
	return week{id: id, name: plainName(rec), short: rec.text("ShortName"), periods: strings.Join(within, ";")}, true
}

func (p *periods) add(c *collector[week], found mis.Period, line int) {
	if had, ok := p.known[found.ID]; ok && had != found {
		c.note(found.ID, mis.Conflicting, line, "several periods have this id and differ; lessons in it are left as "+
			"they are")
		p.conflicting[found.ID] = true
	}
	p.known[found.ID] = found
}

func (p *periods) readPeriod(c *collector[week], rec *record, weekID string) (mis.Period, bool) {
	id, ok := number(rec.attr("Id"))
	if !ok {
		c.note(weekID, mis.BadID, rec.line, "a period's id is %q; lessons in it are left as they are",
			clip(rec.attr("Id")))
		p.lost = true
		return mis.Period{}, false
	}
	from, errFrom := era.ParseClock(clockText(rec.text("StartTime")))
	to, errTo := era.ParseClock(clockText(rec.text("EndTime")))
	const evening, morning = 18 * 60, 12 * 60
	switch {
	case errFrom != nil || errTo != nil:
		c.note(id, mis.BadValue, rec.line, "period: start or end is no time of day; lessons in it are left as they are")
	case to <= from && from >= evening && to < morning:
		c.note(id, mis.CrossesMidnight, rec.line, "period: from %s to %s; lessons in it are left as they are", from, to)
	case to <= from:
		c.note(id, mis.Backwards, rec.line,
			"period: it starts at %s and ends at %s; lessons in it are left as they are", from, to)
	default:
		return mis.Period{ID: id, Name: cmp.Or(rec.text("Name"), rec.text("ShortName")), From: from, To: to}, true
	}
	p.conflicting[id] = true
	return mis.Period{}, false
}

// clockText leaves out seconds, which some releases write.
func clockText(text string) string {
	if parts := strings.Split(text, ":"); len(parts) == 3 {
		return parts[0] + ":" + parts[1]
	}
	return text
}
