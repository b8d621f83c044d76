package pages_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"misimportd/era"
	"misimportd/mis/cache"
)

// failing is a night whose document ends in its middle.
func (p *place) failing(on era.Date) {
	p.Helper()
	whole := p.school.Document()
	folder := filepath.Join(string(p.im.State.Scratch()), cache.PreFetched)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		p.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "data.xml"), whole[:len(whole)/2], 0o600); err != nil {
		p.Fatal(err)
	}
	im := *p.im
	im.AsOf = on
	report, err := im.Run(p.Context())
	if err == nil {
		p.Fatal("half a document was imported")
	}
	p.pulse.Ended(time.Now(), report, err)
}

// TestTodaySaysIt in its heading, whatever the night was; what is worse goes before what is only to be looked at.
func TestTodaySaysIt(t *testing.T) {
	t.Parallel()
	shots := os.Getenv("MISIMPORTD_SCREENSHOTS") // a folder, for people to look at
	for _, night := range []struct {
		name  string
		begin func(*place)
		says  []string
	}{
		{"good", func(*place) {}, []string{`class="mood well"`, "All is well", "went well: 60 pupils are new"}},
		{"held", func(p *place) { p.halved(era.NewDate(2016, 9, 6)) }, []string{`class="mood look"`,
			"Something waits for you", "changed nothing: all of it waits", "pupils leaving", "Approve run 4",
			"Reject run 4"}},
		{"failed", func(p *place) { p.failing(era.NewDate(2016, 9, 6)) }, []string{`class="mood trouble"`,
			"The last import failed", "failed and changed nothing", "Why the last import failed", "Import now"}},
		{"failed after a held one", func(p *place) {
			p.halved(era.NewDate(2016, 9, 6))
			p.failing(era.NewDate(2016, 9, 7))
		}, []string{`class="mood trouble"`, "The last import failed", "waits for a person", "Approve run 4"}},
		{"year's end", func(p *place) {
			p.shown.Today = era.NewDate(2017, 8, 25)
		}, []string{`class="mood look"`, "The school year ends soon", "there is no next one", "era create 2017/18"}},
		{"year over", func(p *place) {
			p.shown.Today = era.NewDate(2017, 9, 2)
		}, []string{`class="mood look"`, "The school year is over"}},
		{"paused", func(p *place) {
			b := p.browser().logIn()
			b.has(b.post("/calendar/pause", b.form("/calendar", "until", "2016-09-20", "why", "moving")),
				http.StatusSeeOther)
		}, []string{`class="mood look"`, "Imports are paused", "moving"}},
	} {
		t.Run(night.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, false)
			night.begin(p)
			p.shown.Open = true
			b := p.browser()
			b.has(b.get("/"), http.StatusOK, night.says...)
			if shots == "" {
				return
			}
			for _, l := range looks {
				ctx := chromium(t)
				if err := chromedp.Do(ctx, chromedp.Navigate(p.at+"/")); err != nil {
					t.Fatal(err)
				}
				if err := l.as(ctx); err != nil {
					t.Fatal(err)
				}
				picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(shots, "today-"+night.name+"-"+l.String()+".png"), picture,
					0o600); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
