package pages_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"misimportd/era"
)

// chromium is a real browser.
func chromium(t *testing.T) context.Context {
	t.Helper()
	folder, err := os.MkdirTemp("", "c") // a short name: there is a socket in it
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.UserDataDir(folder),
		chromedp.Env("HOME="+folder, "TMPDIR="+folder), chromedp.Flag("disable-dev-shm-usage", true))
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	ctx, end := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil { // it begins now, and ends with this context
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx)
		end()
		stop()
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	return ctx
}

// look is how a page is looked at.
type look struct {
	width  int64
	scheme string
}

func (l look) String() string { return fmt.Sprintf("%d %s", l.width, l.scheme) }

var looks = []look{{1280, "light"}, {1280, "dark"}, {360, "light"}, {360, "dark"}}

// as makes the browser look so.
func (l look) as(ctx context.Context) error {
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(l.width, 900)); err != nil {
		return err
	}
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: l.scheme}}})
	return err
}

// axe is the program that finds what keeps people out.
func axe(t *testing.T) string {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "..", "testdata", "axe-core", "axe.min.js.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	plain, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// finding is something that keeps people out.
type finding struct {
	ID     string `json:"id"`
	Impact string `json:"impact"`
	Nodes  []struct {
		HTML string `json:"html"`
	} `json:"nodes"`
}

const runAxe = `axe.run(document).then(r => JSON.stringify(r.violations.map(v => ({id: v.id, impact: v.impact,
	nodes: v.nodes.slice(0, 3).map(n => ({html: n.html}))}))))`

// logInWithABrowser types name and password.
func (p *place) logInWithABrowser(ctx context.Context) {
	p.Helper()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err := chromedp.Do(ctx, chromedp.Navigate(p.at+"/login"), chromedp.SendKeys(`input[name=name]`, name),
		chromedp.SendKeys(`input[name=password]`, password+"\r"), chromedp.WaitVisible(`section.mood`))
	if err != nil {
		p.Fatal(err)
	}
}

// TestNobodyIsKeptOut looks at each page in a real browser, wide and narrow, in light and dark: axe-core finds nothing,
// and nothing is wider than the window.
func TestNobodyIsKeptOut(t *testing.T) {
	t.Parallel()
	p := newPlace(t, false)
	p.halved(era.NewDate(2016, 9, 6))
	ctx, program := chromium(t), axe(t)
	p.logInWithABrowser(ctx)
	for i, path := range p.everyPage() {
		p.isForAll(ctx, program, path, fmt.Sprintf("%02d", i))
	}
}

// isForAll looks at a page in each look, and takes a picture where that is asked for.
func (p *place) isForAll(ctx context.Context, axe, path, called string) {
	p.Helper()
	seen := looks
	if os.Getenv("MISIMPORTD_SOAK") == "" {
		seen = []look{looks[0], looks[3]}
	}
	shots := os.Getenv("MISIMPORTD_SCREENSHOTS") // a folder, for people to look at
	if shots != "" {
		seen = looks
	}
	for _, l := range seen {
		if err := l.as(ctx); err != nil {
			p.Fatal(err)
		}
		if err := chromedp.Do(ctx, chromedp.Navigate(p.at+path), chromedp.Evaluate[chromedp.Void](axe)); err != nil {
			p.Fatalf("%s: %v", path, err)
		}
		p.hasNoFault(ctx, path, l)
		if shots == "" {
			continue
		}
		picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		if err != nil {
			p.Fatal(err)
		}
		file := fmt.Sprintf("%s-%s.png", called, strings.ReplaceAll(l.String(), " ", "-"))
		if err := os.WriteFile(filepath.Join(shots, file), picture, 0o600); err != nil {
			p.Fatal(err)
		}
	}
}

// hasNoFault fails where axe finds something in the page that is shown, or where that is wider than the window.
func (p *place) hasNoFault(ctx context.Context, path string, l look) {
	p.Helper()
	said, err := chromedp.Run(ctx, chromedp.Evaluate[string](runAxe, chromedp.EvalAwaitPromise))
	if err != nil {
		p.Fatalf("%s: %v", path, err)
	}
	size, err := chromedp.Run(ctx, chromedp.Evaluate[[]int](`[document.documentElement.scrollWidth,
		document.documentElement.clientWidth]`))
	if err != nil {
		p.Fatalf("%s: %v", path, err)
	}
	var found []finding
	if err := json.Unmarshal([]byte(said), &found); err != nil {
		p.Fatal(err)
	}
	for _, f := range found {
		p.Errorf("%s, %s: %s (%s): %+v", path, l, f.ID, f.Impact, f.Nodes)
	}
	if size[0] > size[1] {
		p.Errorf("%s, %s: %d wide in a window of %d", path, l, size[0], size[1])
	}
}

// TestByHandInABrowser does what an office does, without scripts: it approves, looks at an undo and undoes, enters a
// suspension and takes it out, and logs out.
func TestByHandInABrowser(t *testing.T) {
	t.Parallel()
	p := newPlace(t, false)
	p.halved(era.NewDate(2016, 9, 6))
	ctx := chromium(t)
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	p.logInWithABrowser(ctx)
	step := func(what string, actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if err := chromedp.Do(ctx, actions...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	has := func(selector, text string) chromedp.Action[chromedp.Void] {
		return chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
			found, err := chromedp.Text(selector)(ctx, tab)
			if err == nil && !strings.Contains(found, text) {
				return fmt.Errorf("no %q in %q", text, found)
			}
			return err
		})
	}
	step("approve", chromedp.Click(`form[action="/runs/4/approve"] button`), chromedp.WaitVisible(`p.told`),
		has("p.told", "It is approved"), has("h1", "Run 5"))
	step("undo", chromedp.Navigate(p.at+"/runs/5/undo"), has("main", "Nothing has been changed yet"),
		chromedp.Click(`form[method="post"][action="/runs/5/undo"] button`), chromedp.WaitVisible(`p.told`),
		has("p.told",
			"It is put back"),
		has("h1", "Run 6"))
	step("enter a suspension", chromedp.Navigate(p.at+"/calendar"), chromedp.Click(`main details summary`),
		chromedp.SendKeys(`input[name=name]`, "Sports day"), chromedp.SetAttributeValue(`input[name=from]`, "value",
			"2016-09-12"),
		chromedp.SetAttributeValue(`input[name=to]`, "value", "2016-09-12"),
		chromedp.Click(`form[action="/calendar/suspensions"] button`), chromedp.WaitVisible(`p.told`),
		has("main", "Sports day"))
	step("remove it", chromedp.Click(`form[action="/calendar/suspensions/1/remove"] button`),
		chromedp.WaitNotPresent(`form[action="/calendar/suspensions/1/remove"]`), has("p.told", "It is removed"))
	step("log out", chromedp.Click(`form[action="/logout"] button`), chromedp.WaitVisible(`a[href^="/login"]`),
		chromedp.Navigate(p.at+"/people"), has("main", "for those who have logged in"))
	if runs := p.browser().get("/runs"); !strings.Contains(runs.text, "undone by run 6") {
		t.Error(runs.text)
	}
}
