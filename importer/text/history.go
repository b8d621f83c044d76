package text

import (
	"fmt"
	"io"
	"time"

	"misimportd/era"
	"misimportd/importer/report"
	"misimportd/importer/words"
	"misimportd/store/model"
)

// WriteHistory writes what runs did to a record, the oldest run first.
func WriteHistory(w io.Writer, h report.History, zone *time.Location, style Style) error {
	p := &printer{Style: style, w: w}
	title := h.Kind
	if h.Name != h.SourceID {
		title += " " + words.Clean(h.Name)
	}
	p.line("%s%s", p.paint(bold, title), p.paint(faint, words.Prefixed(" #", words.Clean(h.SourceID))))
	if len(h.Runs) == 0 {
		since := ""
		if h.Since != nil {
			since = " since " + h.Since.Long()
		}
		p.line("  no run has changed anything of it%s", since)
	}
	for _, run := range h.Runs {
		p.line("%s", p.paint(bold, run.At.In(zone).Format("2 January 2006 15:04"))+"  "+runOf(run))
		p.historyRun(h, run)
	}
	return p.err
}

// runOf says which run it was, by whom it was asked for and undone.
func runOf(r report.HistoryRun) string {
	said := fmt.Sprintf("run %d, %s", r.Run, r.Kind)
	if r.About != 0 {
		said += fmt.Sprintf(" of run %d", r.About)
	}
	if r.UndoneBy != 0 {
		said += fmt.Sprintf("; undone by run %d", r.UndoneBy)
	}
	return said
}

func (p *printer) historyRun(h report.History, run report.HistoryRun) {
	for _, m := range run.Moves {
		p.line("    %s", words.Clean(moveText(m))+p.paint(faint, datesOf(m.Days, m.First, m.Last)))
	}
	lessons := newTally()
	var others []report.Line
	for _, l := range run.Changes {
		switch {
		case run.Moved[l.Row]:
		case l.Entity == model.LessonEntity && l.Action != model.Update:
			lessons.add(p.sign(l.Action)+" lesson: "+words.Clean(l.Why), *l.On)
		case l.Entity == model.LessonEntity, l.Entity == model.CommitmentEntity:
		default:
			others = append(others, l)
		}
	}
	for _, key := range lessons.keys {
		d := lessons.by[key]
		p.line("    %s%s", key, p.paint(faint, datesOf(d.count, d.first, d.last)))
	}
	p.fold(len(others), 4*shownRecords, "    ", func(i int) { p.line("    %s", p.historyLine(h, others[i])) })
}

// moveText says how a lesson is another than before.
func moveText(m report.Move) string {
	switch {
	case m.What == "cover" && m.From == "":
		return "covered: " + m.To
	case m.What == "cover" && m.To == "":
		return "no longer covered: " + m.From
	case m.From == "":
		return fmt.Sprintf("%s: takes %s", m.What, m.To)
	case m.To == "":
		return fmt.Sprintf("%s: no longer takes %s", m.What, m.From)
	case m.What == "suspended":
		return map[string]string{"true": "suspended", "false": "no longer suspended"}[m.To]
	case m.What == "room" || m.What == "time":
		return fmt.Sprintf("moved from %s to %s", m.From, m.To)
	}
	return fmt.Sprintf("%s: %s instead of %s", m.What, m.To, m.From)
}

func datesOf(count int, first, last era.Date) string {
	if count == 1 {
		return ", on " + first.Long()
	}
	return fmt.Sprintf(", on %d dates from %s to %s", count, first.Long(), last.Long())
}

// historyLine writes one change: of a membership what of it is not the record itself.
func (p *printer) historyLine(h report.History, l report.Line) string {
	why := p.paint(faint, " ("+words.Clean(l.Why)+")")
	if l.Entity != model.MembershipEntity {
		said := map[model.Action]string{model.Create: "created", model.End: "ended", model.Reopen: "there again",
			model.Delete: "deleted", model.Update: "changed: " + p.fields(l.Fields)}[l.Action]
		return p.sign(l.Action) + " " + said + why
	}
	who := words.Clean(l.Name)
	if l.SourceID == h.SourceID && l.Group.Kind != h.Kind {
		who = words.Clean(l.Group.Kind + " " + l.Group.Name)
	}
	days := ""
	switch l.Action {
	case model.Create, model.Reopen:
		days = "joins on " + l.StartsOn.Long()
	case model.End:
		days = "last day " + l.EndsOn.Long()
	case model.Delete:
		days = "taken out, as if never in it"
	default:
		days = p.fields(l.Fields)
	}
	return fmt.Sprintf("%s %s: %s%s", p.sign(l.Action), who, days, why)
}
