package pages

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"misimportd/era"
	"misimportd/importer/ask"
	"misimportd/importer/entry"
	"misimportd/importer/paper"
	"misimportd/importer/report"
)

// peoplePage is a search, and whom and what it found.
type peoplePage struct {
	Asked string
	On    era.Date
	Found []report.Match
	More  int
	Kinds []string
}

// matchesMost is how many of those that were found are shown.
const matchesMost = 200

func people(v *visit) (shown, error) {
	on, err := v.day(v.request.FormValue("on"))
	if err != nil {
		return shown{}, err
	}
	p := peoplePage{Asked: clipped(v.request.FormValue("q")), On: on}
	if p.Found, err = ask.Search(v.ctx, v.db(), p.Asked, on); err != nil {
		return shown{}, err
	}
	p.More = max(0, len(p.Found)-matchesMost)
	p.Found = p.Found[:len(p.Found)-p.More]
	return shown{page: "people", nav: "people", title: "People and groups", data: p}, nil
}

// pathOf is the page of somebody, of a room or of a group. A user's group has no id: it is found by its name.
func pathOf(kind, id, name string) string {
	if id == "" {
		id = name
	}
	switch kind {
	case "pupil", "staff":
		return "/person/" + kind + "/" + url.PathEscape(id)
	case "location", "room":
		return "/person/room/" + url.PathEscape(id)
	}
	return "/group/" + url.PathEscape(kind) + "/" + strings.ReplaceAll(url.PathEscape(id), "%2F", "/")
}

// choice is one of several that were meant.
type choice struct{ Path, Name, About string }

func choicesOf(e *ask.AmbiguousError, r *http.Request) (list []choice) {
	for _, c := range e.Choices[:min(len(e.Choices), matchesMost)] {
		kind, ref := e.Kind, c.SourceID
		if kind == "group" {
			kind, ref = c.Kind, c.Kind+"/"+c.SourceID
		}
		path := pathOf(kind, c.SourceID, c.Name)
		asked := r.URL.Query()
		// of what was asked for
		if name := map[string]string{"location": "room"}[e.Kind]; asked.Has(cmp.Or(name, e.Kind)) {
			asked.Set(cmp.Or(name, e.Kind), ref)
			path = r.URL.Path + "?" + asked.Encode()
		}
		list = append(list, choice{path, c.Name, kind + " " + c.SourceID})
	}
	return list
}

// personPage is all there is of a pupil, a member of staff or a room.
type personPage struct {
	report.Who
	Room     bool
	Timeline timeline
	Pins     []report.ListedPin
	History  report.History
	Week     era.Interval
}

func person(v *visit) (shown, error) {
	kind, id := v.request.PathValue("kind"), v.request.PathValue("id")
	stored := map[string]string{"pupil": "pupil", "staff": "staff", "room": "location"}[kind]
	if stored == "" {
		return shown{}, badf("%q is no kind of person: pupil, staff or room", clipped(kind))
	}
	on, err := v.day(v.request.FormValue("on"))
	if err != nil {
		return shown{}, err
	}
	p := personPage{Room: kind == "room"}
	if p.Who, err = ask.Who(v.ctx, v.db(), stored, id, on); err != nil {
		return shown{}, err
	}
	pins, err := entry.Pins(v.ctx, v.db())
	if err != nil {
		return shown{}, err
	}
	for _, pin := range pins {
		if pin.Kind == stored && pin.SourceID == p.SourceID {
			p.Pins = append(p.Pins, pin)
		}
	}
	p.History, err = ask.History(v.ctx, v.db(), ask.HistoryOf{Text: kind + "/" + p.SourceID, On: on, Zone: v.zone()})
	if err != nil {
		return shown{}, err
	}
	p.Timeline = timelineOf(p.Who, v.today())
	return shown{page: "person", nav: "people", title: p.Name, data: p}, nil
}

// groupPage is who is in a group on a day.
type groupPage struct {
	report.Members
	History report.History
	Path    string
}

func group(v *visit) (shown, error) {
	m, err := v.members()
	if err != nil {
		return shown{}, err
	}
	p := groupPage{Members: m, Path: strings.TrimPrefix(pathOf(m.Group.Kind, m.Group.SourceID, m.Group.Name), "/group")}
	if m.Group.SourceID != "" {
		p.History, err = ask.History(v.ctx, v.db(), ask.HistoryOf{Text: m.Group.Kind + "/" + m.Group.SourceID, On: m.On,
			Zone: v.zone()})
		if err != nil {
			return shown{}, err
		}
	}
	return shown{page: "group", nav: "people", title: m.Group.Kind + " " + m.Group.Name, data: p}, nil
}

// members are those of the group in the path, on the day that was asked for.
func (v *visit) members() (report.Members, error) {
	on, err := v.day(v.request.FormValue("on"))
	if err != nil {
		return report.Members{}, err
	}
	name := v.request.PathValue("kind") + "/" + v.request.PathValue("id")
	return ask.Members(v.ctx, v.db(), name, on, v.request.FormValue("flat") != "")
}

// classList is a page for the printer.
func classList(v *visit) (shown, error) {
	m, err := v.members()
	if err != nil {
		return shown{}, err
	}
	var b bytes.Buffer
	err = paper.WriteClassList(&b, m)
	return shown{raw: b.Bytes(), kind: "text/html; charset=utf-8", policy: policyOf(b.String())}, err
}

// policyOf lets a page have the style that it has itself, and nothing else.
func policyOf(page string) string {
	_, style, _ := strings.Cut(page, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'sha256-" +
		base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// historyPage is what runs did to a record.
type historyPage struct{ report.History }

func history(v *visit) (shown, error) {
	on, err := v.day(v.request.FormValue("on"))
	if err != nil {
		return shown{}, err
	}
	text := v.request.PathValue("kind") + "/" + v.request.PathValue("id")
	h, err := ask.History(v.ctx, v.db(), ask.HistoryOf{Text: text, On: on, Zone: v.zone()})
	if err != nil {
		return shown{}, err
	}
	return shown{page: "history", nav: "people", title: "History of " + h.Name, data: historyPage{h}}, nil
}

// whyPage is why a pupil is, or is not, in a group.
type whyPage struct {
	Pupil, Group string
	Answer       *report.Why
}

func why(v *visit) (shown, error) {
	p := whyPage{Pupil: clipped(v.request.FormValue("pupil")), Group: clipped(v.request.FormValue("group"))}
	if p.Pupil != "" && p.Group != "" {
		answer, err := v.importer().Why(v.ctx, p.Pupil, p.Group)
		if err != nil {
			return shown{}, err
		}
		p.Answer = &answer
	}
	return shown{page: "why", nav: "people", title: "Why is somebody in a group, or not?", data: p}, nil
}

// timeline is the groups of somebody, as bars on a line of time.
type timeline struct {
	Rows          []timelineRow
	Width, Height int
	From, To      era.Date
	Now           int // where today is
}

type timelineRow struct {
	Name       string
	X, Y, Wide int
	TextY      int
	Is         string // now, before or to-come
	Says       string
}

const (
	timelineWide, rowHigh = 600, 22
	timelineMost          = 60
)

func timelineOf(who report.Who, today era.Date) timeline {
	t := timeline{Width: timelineWide, From: today, To: today}
	type stretch struct {
		report.PersonGroup
		is string
	}
	var all []stretch
	for _, of := range []struct {
		list []report.PersonGroup
		is   string
	}{{who.ToCome, "to-come"}, {who.Groups, "now"}, {who.Before, "before"}} {
		for _, g := range of.list {
			all = append(all, stretch{g, of.is})
		}
	}
	all = all[:min(len(all), timelineMost)]
	for _, s := range all {
		t.From, t.To = min(t.From, s.StartsOn), max(t.To, s.EndsOn, s.StartsOn)
	}
	at := func(d era.Date) int { return int(d-t.From) * timelineWide / max(1, int(t.To-t.From)+1) }
	for i, s := range all {
		ends := s.EndsOn
		if ends == 0 {
			ends = t.To
		}
		t.Rows = append(t.Rows, timelineRow{Name: s.Name, X: at(s.StartsOn), Y: i * rowHigh, TextY: i*rowHigh + 14,
			Wide: max(2, at(ends+1)-at(s.StartsOn)), Is: s.is, Says: fmt.Sprintf("%s %s, %s", s.Kind, s.Name,
				era.Interval{From: s.StartsOn, To: s.EndsOn})})
	}
	t.Height, t.Now = max(1, len(all))*rowHigh, at(today)
	return t
}
