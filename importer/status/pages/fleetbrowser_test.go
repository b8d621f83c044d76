package pages_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"misimportd/era"
	"misimportd/importer/status/pages"
)

// TestNobodyIsKeptOutOfTheFleet looks at its pages, and at a school's among others, as TestNobodyIsKeptOut does.
func TestNobodyIsKeptOutOfTheFleet(t *testing.T) {
	t.Parallel()
	p := newPlace(t, false)
	p.halved(era.NewDate(2016, 9, 6))
	fleet := p.inFleet(false)
	ctx, program := chromium(t), axe(t)
	p.isForAll(ctx, program, "/fleet", "fleet-login")
	p.logInWithABrowser(ctx)
	p.isForAll(ctx, program, "/fleet", "fleet")
	for i, path := range []string{"/fleet?state=held&q=school", "/fleet?q=nobody", "/fleet/schools/none/",
		anne + "/", anne + "/runs"} {
		p.isForAll(ctx, program, path, fmt.Sprintf("fleet-%d", i))
	}
	fleet.overview.Stop = &pages.FleetStop{Since: fleetNow,
		Why: "5 of 9 schools failed for the same reason: the document ends in its middle"}
	p.isForAll(ctx, program, "/fleet", "fleet-stopped")
	fleet.overview = pages.FleetOverview{At: fleetNow}
	p.isForAll(ctx, program, "/fleet", "fleet-empty")
}

// TestTheFleetByHandInABrowser does what a person does without scripts: logs in, finds a school, lets dispatching go
// on, decides at a school, comes back and logs out.
func TestTheFleetByHandInABrowser(t *testing.T) {
	t.Parallel()
	p := newPlace(t, false)
	p.halved(era.NewDate(2016, 9, 6))
	fleet := p.inFleet(false)
	fleet.overview.Schools[1].Name = "st-anne"
	fleet.overview.Stop = &pages.FleetStop{Since: fleetNow, Why: "5 of 9 schools failed"}
	ctx, cancel := context.WithTimeout(chromium(t), 2*time.Minute)
	defer cancel()
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	p.logInWithABrowser(ctx)
	err := chromedp.Do(ctx, chromedp.Click(`form[action="/fleet/resume"] button`), chromedp.WaitVisible(`p.told`),
		chromedp.SendKeys(`input[name=q]`, "anne\r"), chromedp.WaitVisible(`a[href="`+anne+`/"]`),
		chromedp.WaitNotPresent(`a[href="`+pages.SchoolPath("school-0001")+`/"]`),
		chromedp.Click(`a[href="`+anne+`/"]`), chromedp.WaitVisible(`form[action="`+anne+`/runs/4/reject"]`),
		chromedp.Click(`form[action="`+anne+`/runs/4/reject"] button`), chromedp.WaitVisible(`p.told`),
		chromedp.Click(`a[href="/fleet"]`), chromedp.WaitVisible(`a[href="/fleet.csv"]`),
		chromedp.Click(`form[action="/logout"] button`), chromedp.WaitVisible(`input[name=password]`))
	if err != nil {
		t.Fatal(err)
	}
	if len(fleet.resumed) != 1 {
		t.Errorf("let go on by %v", fleet.resumed)
	}
}
