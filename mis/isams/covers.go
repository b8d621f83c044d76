package isams

import (
	"fmt"
	"strings"

	"misimportd/era"
	"misimportd/mis"
)

const coverDump = "TblCoverManagerCover"

// covers gathers what the dump of covers says.
type covers struct {
	rows      *collector[cover]
	recurring int // rows that are said to come again, of which only the day counts
}

// cover is a row of the dump.
type cover struct {
	schedule, code              string
	on                          era.Date
	visible, enabled, published bool
}

func (d *decoder) coverDumpSection(problems *mis.Problems) {
	c := &covers{rows: newCollector(&mis.Roll[cover]{}, coverDump, problems)}
	d.covers = c
	d.snap.Covers = mis.Roll[mis.Cover]{Section: coverDump}
	dumped(d.tables, c.rows, c.read, "TblCoverManagerCoverID", "TblTimetableManagerScheduleID", "dteDate",
		"txtCoverTeacher", "blnVisible", "blnEnabled", "blnPublished")
}

func (c *covers) read(rows *collector[cover], r *row, id string) (cover, bool) {
	v := cover{code: r.text("txtCoverTeacher"), visible: r.flag("blnVisible"), enabled: r.flag("blnEnabled"),
		published: r.flag("blnPublished")}
	const kept = "skipped, and what the database holds of it is left as it is"
	var ok bool
	if v.schedule, ok = number(r.text("TblTimetableManagerScheduleID")); !ok {
		rows.skip(id, mis.BadValue, r.line, "TblTimetableManagerScheduleID %q is not a number; %s",
			clip(r.text("TblTimetableManagerScheduleID")), kept)
		return v, false
	}
	if r.flag("blnRecurring") {
		c.recurring++
	}
	var err error
	if v.on, _, err = timeOf(r.text("dteDate")); err != nil {
		rows.skip(id, mis.BadValue, r.line, "dteDate %q is not a date; %s", clip(r.text("dteDate")), kept)
		return v, false
	}
	return v, true
}

// finish gives a school that is known, but for its covers, those; and returns what is wrong with them.
func (c *covers) finish(s *mis.Snapshot, teachers map[string]string) (problems []mis.Problem) {
	c.rows.finish()
	roll := &s.Covers
	roll.Present, roll.Seen, roll.Faulty, roll.Unreadable = c.rows.roll.Present, c.rows.roll.Seen, c.rows.roll.Faulty,
		c.rows.roll.Unreadable
	note := func(id string, reason mis.Reason, format string, args ...any) {
		problems = append(problems, mis.Problem{Section: coverDump, ID: id, Reason: reason,
			Detail: fmt.Sprintf(format, args...)})
	}
	staff := staffByCode(s)
	for i, id := range c.rows.ids {
		v := c.rows.roll.Records[i]
		found := mis.Cover{ID: id, LessonID: lessonID(schedules, v.schedule), On: v.on, By: staffOf(staff, v.code),
			Visible: v.visible, Enabled: v.enabled, Published: v.published}
		teacher := teachers[v.schedule]
		found.Of = staff[teacher]
		switch isUnread := unreadable(&s.Staff); {
		case isUnread && (found.By == "" || teacher != "" && found.Of == ""): // it may be of one that cannot be read
			roll.Faulty[id] = true
			continue
		case found.By == "":
			problems = append(problems, mis.Problem{Section: coverDump, ID: id, Reason: mis.UnknownTeacher,
				To: clip(v.code), Detail: fmt.Sprintf("no member of staff has the code %q; skipped, and what the "+
					"database holds of it is left as it is", clip(v.code))})
			roll.Faulty[id] = true
			continue
		}
		roll.Records = append(roll.Records, found)
	}
	if c.recurring > 0 {
		note("", mis.NotUnderstood, "%d covers are said to come again (blnRecurring); each counts on its own day only",
			c.recurring)
	}
	return problems
}

// staffOf finds a code, be it written in other capitals than the staff's.
func staffOf(staff map[string]string, code string) string {
	if id := staff[code]; id != "" || code == "" {
		return id
	}
	return staff[strings.ToUpper(code)]
}

func staffByCode(s *mis.Snapshot) map[string]string {
	by := map[string]string{}
	for _, r := range s.Staff.Records {
		if r.Code != "" {
			by[r.Code] = r.ID
		}
	}
	return by
}
