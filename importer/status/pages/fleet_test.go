package pages_test

import (
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"misimportd/era"
	"misimportd/importer/status/pages"
)

// TestNothingLeavesTheSchool that is shown below a prefix: every page is crawled.
func TestNothingLeavesTheSchool(t *testing.T) {
	t.Parallel()
	p := newPlace(t, true)
	p.halved(era.NewDate(2016, 9, 6))
	p.inFleet(true)
	b := p.browser().logIn()
	b.has(b.post(anne+"/calendar/suspensions", b.form(anne+"/calendar", "name", "Mocks", "kind", "gap", "from",
		"2016-09-12", "to", "2016-09-13")), http.StatusSeeOther)
	todo := []string{anne + "/manual/one", anne + "/classlist/form/" + p.school.Forms[0].ID, anne + "/none",
		anne + "/person/dragon/1", anne + "/why?pupil=a&group=form/" + p.school.Forms[0].ID, anne + "/runs/3?q=a"}
	for _, path := range p.everyPage() {
		if path != "/login" {
			todo = append(todo, anne+path)
		}
	}
	const most = 150
	seen := map[string]bool{}
	for len(todo) > 0 && len(seen) < most {
		path := todo[0]
		todo = todo[1:]
		if seen[path] {
			continue
		}
		seen[path] = true
		a := b.get(path)
		if metaLink.MatchString(a.text) || len(a.text) < 100 {
			t.Errorf("%s, status %d:\n%s", path, a.code, a.text)
		}
		for _, found := range links.FindAllStringSubmatch(a.text, -1) {
			link := html.UnescapeString(found[2])
			if leaves(link) {
				t.Errorf("%s leads to %s", path, link)
			}
			if target, _, _ := strings.Cut(link, "#"); found[1] == "href" && strings.HasPrefix(target, anne+"/") &&
				!strings.HasSuffix(target, ".csv") && !strings.HasSuffix(target, ".css") {
				todo = append(todo, target)
			}
		}
	}
	if len(seen) < most {
		t.Errorf("only %d pages were found", len(seen))
	}
	b.has(b.get(anne+"/style.css"), http.StatusOK, ":root")
	b.has(b.get(anne+"/problems.csv"), http.StatusOK, "where,section")
	b.has(b.get(anne+"/"), http.StatusOK, `<a href="/fleet">All schools</a>`, "<b>st-anne</b>", "· st-anne ·",
		"Approve run 4")
	b.has(b.get(anne+"/manual/one"), http.StatusOK, `href="`+anne+`/manual/two#place"`, "href=&quot;/manual/x")
	if a := b.get(anne); a.Get("Location") != anne+"/" {
		t.Errorf("without its slash: %d to %q", a.code, a.Get("Location"))
	}
}

// TestADeedComesBackToItsSchool and is done there alone, once.
func TestADeedComesBackToItsSchool(t *testing.T) {
	t.Parallel()
	p := newPlace(t, true)
	p.halved(era.NewDate(2016, 9, 6))
	p.inFleet(true)
	b := p.browser().logIn()
	for path, want := range map[string]string{"/again": "/?told=again", "/calendar/pause": "/calendar?told=paused",
		"/runs/4/reject": "/runs/4?told=rejected"} {
		form := b.form(anne+"/", "until", "2016-09-20")
		for range 2 {
			if a := b.post(anne+path, form); a.code != http.StatusSeeOther || a.Get("Location") != anne+want {
				t.Errorf("%s: %d to %q\n%s", path, a.code, a.Get("Location"), a.text)
			}
		}
	}
	if p.asked != 1 {
		t.Errorf("%d imports were asked for", p.asked)
	}
}

// TestOneLogInForAll schools: it begins and ends at the fleet's, and forms stay those of who was shown them.
func TestOneLogInForAll(t *testing.T) {
	t.Parallel()
	p := newPlace(t, true)
	p.inFleet(true)
	b := p.browser()
	asked := anne + "/people?q=a"
	first := b.get(asked)
	b.has(first, http.StatusForbidden, `action="/login"`, `name="then" value="`+html.EscapeString(asked)+`"`)
	in := b.post("/login", b.form(asked, "name", name, "password", password, "then", asked))
	if in.code != http.StatusSeeOther || in.Get("Location") != asked {
		t.Fatalf("%d to %q\n%s", in.code, in.Get("Location"), in.text)
	}
	for _, path := range []string{asked, "/fleet/schools/st-bees/people?q=a", "/fleet"} {
		b.has(b.get(path), http.StatusOK)
	}
	another := p.browser().logIn()
	b.has(b.post(anne+"/again", another.form(anne+"/")), http.StatusForbidden, "not of a page that you were shown")
	b.has(b.get(anne+"/login"), http.StatusNotFound)
	b.has(b.post("/logout", b.form(anne+"/")), http.StatusSeeOther)
	for _, path := range []string{asked, "/fleet/schools/st-bees/", "/fleet"} {
		b.has(b.get(path), http.StatusForbidden, "Log in")
	}
	another.has(another.get("/fleet"), http.StatusOK)
}

// TestNobodySeesTheSchools who has not logged in: neither which there are, nor a page of one, nor the jobs.
func TestNobodySeesTheSchools(t *testing.T) {
	t.Parallel()
	p := newPlace(t, true)
	fleet := p.inFleet(true)
	fleet.overview.Stop = &pages.FleetStop{Since: fleetNow, Why: "5 of 9 failed"}
	stranger := p.browser()
	paths := []string{"/fleet", "/fleet?q=school", "/fleet.csv", "/fleet/schools/st-anne/runs",
		"/fleet/schools/st-none/runs", "/fleet/schools/", "/fleet/jobs", "/fleet/jobs/", "/fleet/jobs/api/jobs",
		"/fleet/none", "/none", "/fleet/../fleet", "//fleet", "/Fleet", "/manual/../fleet", "/login/../fleet.csv",
		"/fleet/schools/st-anne/style.css", "/style.css/../fleet", "/-/status"}
	for _, path := range paths {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete,
			http.MethodHead} {
			r := stranger.request(method, path, url.Values{"token": {"guessed"}, "nonce": {"1"}})
			a := stranger.do(r)
			if a.code != http.StatusForbidden && a.code != http.StatusTemporaryRedirect &&
				a.code != http.StatusMovedPermanently || strings.Contains(a.text, "school-") ||
				strings.Contains(a.text, "the jobs' own") || strings.Contains(a.text, "<b>st-") {
				t.Errorf("%s %s: %d\n%s", method, path, a.code, a.text)
			}
		}
	}
	there, not := stranger.get("/fleet/schools/st-anne/"), stranger.get("/fleet/schools/st-none/")
	if there.code != not.code || len(there.text) != len(not.text) {
		t.Error("it can be told which schools there are")
	}
	b := p.browser().logIn()
	form := b.form("/fleet")
	stranger.has(stranger.post("/fleet/resume", form), http.StatusForbidden, "Nothing was done")
	if len(fleet.resumed) != 0 {
		t.Error("a stranger let it go on")
	}
	b.has(b.get("/fleet/schools/st-none/runs"), http.StatusNotFound, "There is no such school")
	p.shown.Operators[name] = "another hash"
	b.has(b.get("/fleet"), http.StatusForbidden, "Log in") // as soon as the password is another
	clear(p.shown.Operators)
	stranger.has(stranger.get("/fleet"), http.StatusForbidden, "Nobody can log in yet", "operators:")
}

// TestTheJobsAreBehindTheSameLogIn, with a policy that is theirs alone.
func TestTheJobsAreBehindTheSameLogIn(t *testing.T) {
	t.Parallel()
	p, _ := newFleet(t, true, overviewOf(3))
	b := p.browser().logIn()
	a := b.get("/fleet/jobs/api/jobs")
	b.has(a, http.StatusOK, "the jobs' own GET /fleet/jobs/api/jobs")
	if policy := a.Get("Content-Security-Policy"); !strings.Contains(policy, "script-src 'self';") ||
		!strings.Contains(policy, "frame-ancestors 'none'") {
		t.Error(policy)
	}
	b.has(b.do(b.request(http.MethodPut, "/fleet/jobs/api/x", nil)), http.StatusOK, "own PUT")
	b.has(b.post("/fleet/jobs/api/jobs/retry", nil), http.StatusOK, "own POST")
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		r := b.request(method, "/fleet/jobs/api/jobs/retry", nil)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		b.has(b.do(r), http.StatusForbidden, "not sent by a page of this service")
	}
	for _, path := range []string{"/fleet", "/manual", "/manual/one", "/login", "/none", "/fleet/schools/none/"} {
		if policy := b.get(path).Get("Content-Security-Policy"); strings.Contains(policy, "script") ||
			!strings.HasPrefix(policy, "default-src 'none'") {
			t.Errorf("%s: %s", path, policy)
		}
	}
	r := b.request(http.MethodGet, "/fleet", nil)
	r.Host = "evil.example"
	b.has(b.do(r), http.StatusMisdirectedRequest)
	r.Host = "school.example"
	b.has(b.do(r), http.StatusForbidden, "Log in") // a name of ours, at which nobody has logged in
}

// TestTheFleetSaysIt in its heading, whatever the night was; what needs a person comes first.
func TestTheFleetSaysIt(t *testing.T) {
	t.Parallel()
	p, fleet := newFleet(t, true, overviewOf(60))
	b := p.browser().logIn()
	if a := b.get("/"); a.Get("Location") != "/fleet" {
		t.Errorf("/ leads to %q", a.Get("Location"))
	}
	all := b.get("/fleet")
	b.has(all, http.StatusOK, `class="mood trouble"`, "20 schools need somebody", "60 schools: 5 have failed, 5 are "+
		"set aside, 5 are overdue, 5 are held, 5 are being imported, 5 are new, 5 are paused, 25 are well.",
		`href="/fleet/schools/school-0004/runs/43"`, "silent", "leader", "<polygon", "Held 5",
		"after 20 September 2016", "canary")
	order := regexp.MustCompile(`schools/(school-\d+)/"`).FindAllStringSubmatch(all.text, -1)
	if len(order) != 60 || order[0][1] != "school-0004" || order[59][1] != "school-0060" {
		t.Errorf("%d schools, in the order %v", len(order), order)
	}
	held := b.get("/fleet?state=held&q=SCHOOL-00")
	b.has(held, http.StatusOK, "school-0002", "/fleet.csv?q=SCHOOL-00&amp;state=held")
	if strings.Contains(held.text, "school-0001") {
		t.Error("one that is well is among those that are held")
	}
	b.has(b.get("/fleet?q=<script>nobody"), http.StatusOK, "There is no such school")
	b.has(b.get("/fleet.csv?state=held"), http.StatusOK, "school,state,why,run", "school-0002,held,pupils leaving")
	for head, change := range map[string]func(*pages.FleetOverview){
		`class="mood well"><h1>All is well`:                func(o *pages.FleetOverview) { o.Schools = o.Schools[:1] },
		`class="mood look"><h1>1 school needs somebody`:    func(o *pages.FleetOverview) { o.Schools = o.Schools[:2] },
		`class="mood trouble"><h1>No worker is at work`:    func(o *pages.FleetOverview) { o.Workers = o.Workers[1:] },
		`class="mood look"><h1>There is no school yet`:     func(o *pages.FleetOverview) { *o = pages.FleetOverview{} },
		`class="mood trouble"><h1>2 schools need somebody`: func(o *pages.FleetOverview) { o.Schools = o.Schools[:5] },
	} {
		fleet.overview = overviewOf(60)
		change(&fleet.overview)
		b.has(b.get("/fleet"), http.StatusOK, head)
	}
	fleet.err = errors.New("the fleet's database does not answer")
	for _, path := range []string{"/fleet", "/fleet.csv", "/fleet/schools/school-0001/"} {
		b.has(b.get(path), http.StatusServiceUnavailable, "the fleet&#39;s database does not answer")
	}
}

// TestGoingOn is asked for once, by name.
func TestGoingOn(t *testing.T) {
	t.Parallel()
	overview := overviewOf(10)
	overview.Stop = &pages.FleetStop{Since: fleetNow, Why: "5 of 9 schools failed for the same reason: document"}
	p, fleet := newFleet(t, true, overview)
	b := p.browser().logIn()
	b.has(b.get("/fleet"), http.StatusOK, "Dispatching has stopped", "5 of 9 schools failed",
		"Tuesday 6 September 2016", "misimportd fleet resume", `action="/fleet/resume"`)
	b.has(b.post("/fleet/resume", url.Values{"nonce": {"1"}}), http.StatusForbidden, "Nothing was done")
	form := b.form("/fleet")
	for range 2 {
		if a := b.post("/fleet/resume", form); a.Get("Location") != "/fleet?told=goes-on" {
			t.Errorf("%d to %q\n%s", a.code, a.Get("Location"), a.text)
		}
	}
	if len(fleet.resumed) != 1 || fleet.resumed[0] != name {
		t.Errorf("let go on by %v", fleet.resumed)
	}
	b.has(b.get("/fleet?told=goes-on"), http.StatusOK, "Schools are given to workers again")
	fleet.err = errors.New("it has been resumed by somebody else")
	b.has(b.post("/fleet/resume", b.form("/login")), http.StatusConflict, "by somebody else")
}

// TestManySchoolsAreOnSeveralPages, each of a thousand.
func TestManySchoolsAreOnSeveralPages(t *testing.T) {
	t.Parallel()
	p, _ := newFleet(t, true, overviewOf(2500))
	b := p.browser().logIn()
	for path, want := range map[string]string{"/fleet": "1 to 1,000 of 2,500",
		"/fleet?page=3": "2,001 to 2,500 of 2,500", "/fleet?page=99": "2,001 to 2,500 of 2,500",
		"/fleet?page=-1": "1 to 1,000", "/fleet?page=x": "1 to 1,000",
		"/fleet?page=2&state=well": "1,001 to 1,042 of 1,042"} {
		b.has(b.get(path), http.StatusOK, want)
	}
	if n := strings.Count(b.get("/fleet.csv").text, "\n"); n != 2501 {
		t.Errorf("%d lines for a spreadsheet", n)
	}
}

// BenchmarkFleet shows all schools.
func BenchmarkFleet(b *testing.B) {
	for _, schools := range []int{1000, 10000} {
		b.Run(fmt.Sprint(schools), func(b *testing.B) {
			p, _ := newFleet(b, true, overviewOf(schools))
			browser := p.browser().logIn()
			for b.Loop() {
				if a := browser.get("/fleet"); a.code != http.StatusOK {
					b.Fatal(a.text)
				}
			}
		})
	}
}
