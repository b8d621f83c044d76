package pages

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strings"
	"time"

	"misimportd/era"
	"misimportd/importer/words"
)

//go:embed templates/*.html style.css
var embedded embed.FS

// shown is a page to be shown.
type shown struct {
	page    string // its template
	nav     string // the part of the site that it belongs to
	title   string
	told    string // what was done, in a sentence
	trouble string // what was not
	data    any
	raw     []byte         // a file instead of a page
	kind    string         // of the file
	name    string         // likewise, to be saved under
	policy  string         // likewise, what it may load; "" for that of all pages
	zone    *time.Location // nil: that of the house
}

// frame is what every page has.
type frame struct {
	Title, Nav, Told, Trouble string
	Operator                  string
	Named, Leaves, CanLogIn   bool
	Token, Nonce, Version     string
	Prefix, Path              string
	School                    string // its name among others, where there is a prefix
	Fleet, Jobs               bool   // of many schools; with the pages of its jobs
	Again                     bool
	Data                      any

	zone  *time.Location
	today era.Date
}

// funcs are what templates say things with. What others wrote is made harmless by clean.
var funcs = template.FuncMap{
	"clean":     words.Clean,
	"thousands": words.Thousands,
	"many":      words.Many,
	"bytes":     words.BytesText,
	"span": func(from, to *era.Date) string {
		days := era.Interval{From: *from}
		if to != nil {
			days.To = *to
		}
		return days.String()
	},
	"ago":     ago,
	"long":    func(d era.Date) string { return d.Long() },
	"wday":    func(d era.Date) string { return d.Weekday().String()[:3] + " " + d.Long() },
	"percent": func(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) },
	"clip":    func(text string) string { return words.Clip(words.Clean(text), textMost) },
	"blank":   func(field string) string { return strings.ReplaceAll(field, "_", " ") },
	"value":   words.ValueText,
	"join":    func(list []string) string { return words.Clean(strings.Join(list, ", ")) },
	"pathOf":  pathOf,
	"dict": func(pairs ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i+1 < len(pairs); i += 2 {
			m[fmt.Sprint(pairs[i])] = pairs[i+1]
		}
		return m
	},
}

// ago is how long something is past, as people say it.
func ago(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return words.Many(int(d.Minutes()), "minute") + " ago"
	case d < 2*day:
		return words.Many(int(d.Hours()), "hour") + " ago"
	}
	return words.Many(int(d/day), "day") + " ago"
}

// templates are those of each page, each with the frame around it.
var templates = func() map[string]*template.Template {
	base := template.Must(template.New("").Funcs(funcs).ParseFS(embedded, "templates/frame.html",
		"templates/parts.html"))
	all := map[string]*template.Template{}
	entries, _ := embedded.ReadDir("templates") // they are embedded
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".html")
		if name != "frame" && name != "parts" {
			all[name] = template.Must(template.Must(base.Clone()).ParseFS(embedded, "templates/"+e.Name()))
		}
	}
	return all
}()

// When is a time as people at the school write it.
func (f frame) When(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.In(f.zone).Format("Monday 2 January 2006, 15:04")
}

// Short is When for a list.
func (f frame) Short(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.In(f.zone).Format("2 Jan 2006, 15:04")
}

// Clock is the time of day.
func (f frame) Clock(at time.Time) string { return at.In(f.zone).Format("15:04") }

// Today is the day on the school's clock.
func (f frame) Today() era.Date { return f.today }

// With is the frame around a part of its data, for a template within the template.
func (f frame) With(data any) frame {
	f.Data = data
	return f
}

// write writes a page.
func (d *door) write(w http.ResponseWriter, r *http.Request, code int, of shown) {
	if of.raw != nil {
		w.Header().Set("Content-Type", of.kind)
		if of.policy != "" {
			w.Header().Set("Content-Security-Policy", of.policy)
		}
		if of.name != "" {
			w.Header().Set("Content-Disposition", `attachment; filename="`+of.name+`"`)
		}
		_, _ = w.Write(of.raw)
		return
	}
	house := d.house()
	v := d.access.visitorOf(r, house.keys)
	f := frame{Title: of.title, Nav: of.nav, Told: of.told, Trouble: of.trouble, Operator: v.operator,
		Named: v.operator != "", Leaves: v.leaves, CanLogIn: len(house.Operators) > 0, Token: d.access.token(v),
		Nonce: random(), Version: d.version, Prefix: d.prefix, Path: d.prefix + r.URL.RequestURI(),
		School: path.Base(d.prefix), Fleet: d.fleet, Jobs: d.jobs, Again: house.again, Data: of.data,
		zone: cmp.Or(of.zone, house.zone), today: house.today}
	if f.Told == "" && f.Named {
		f.Told = toldOf(r)
	}
	var b bytes.Buffer
	if err := templates[of.page].ExecuteTemplate(&b, "frame", f); err != nil {
		d.log.Error("a page could not be written", "page", of.page, "error", err)
		http.Error(w, "The page could not be written: the log says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write(b.Bytes())
}

// stylePath is where a site has its style sheet.
const stylePath = "/style.css"

// stylesheet is how all pages look.
func stylesheet(w http.ResponseWriter, _ *http.Request) {
	text, _ := embedded.ReadFile("style.css") // it is embedded
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=300")
	_, _ = w.Write(text)
}
