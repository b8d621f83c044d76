package messages

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/importer/report"
	"misimportd/importer/words"
	"misimportd/store/model"
)

// Told is what a template makes a message of. It holds no name of a person.
type Told struct {
	Kind     Kind
	Over     bool
	Subject  string
	At       string // when it was found, as people at the school write it
	Sentence string // what has happened
	Also     []string
	Error    string   // why the import failed, "" where none did
	Done     []string // what the run changed, by kind
	Waits    []string // what waits of it, by kind
	Limits   []string // that it breached
	Open     []string // what is not over yet; of a digest
	Problems []Problem
	More     int // problems that are new, and not listed
	Count    int // of all the problems in the newest document
	Do       []string
	Link     string
}

// Problem is something to mend in the MIS that is new.
type Problem struct {
	Where, Section, Reason, Mend string
	ID                           string // in the MIS; "" where it could hold a name
}

// facts are what is known when a message is written.
type facts struct {
	seen
	page      string
	lastError string // of the newest import that no database took
}

// kindsInWords are incidents as a digest lists them.
var kindsInWords = map[Kind]string{
	Held: "a run waits for a person", Failed: "imports fail", Late: "an import is late",
	Paused: "imports are paused for long", YearMissing: "the next academic year is missing",
	RollDue: "the academic year ends, and the next one waits to begin",
}

func (f facts) when(t time.Time) string { return t.In(f.Zone).Format("Monday 2 January 2006 15:04") }

// tellOf says what there is to say of an incident that begins or is over.
func (f facts) tellOf(c change) Told {
	t := Told{Kind: c.Kind, Over: c.over, At: f.when(f.At), Link: f.page}
	if c.over {
		t.Subject, t.Sentence = f.ended(c.Incident)
		return t
	}
	switch c.Kind {
	case Held:
		f.tellHeld(&t, c.Run)
	case Failed:
		t.Subject = "An import failed, and is not tried again before the next night"
		t.Sentence = fmt.Sprintf("The import that was due on %s failed and changed nothing.", f.when(c.Due))
		t.Error = f.failure()
		t.Do = []string{command("runs") + " shows what was tried, and why it failed",
			command("run") + " imports now, once it is mended"}
	case Late:
		f.tellLate(&t, c.Due)
	case Paused:
		t.Subject = "Imports have been paused for long"
		t.Sentence = fmt.Sprintf("Imports are %s, since %s.", f.PausedUntil(), f.Pause.From.Long())
		t.Do = []string{command("resume") + " ends a pause that was entered; one of the configuration (pauses) " +
			"ends when it is taken out there", command("run") + " imports now, pause or not"}
	case YearMissing:
		t.Subject = "The academic year ends, and there is no next one"
		t.Sentence = fmt.Sprintf("The academic year ends on %s, and no next one is entered.", f.EraEnds.Long())
		t.Do = []string{command("era status") + " shows the command that enters it"}
	case RollDue:
		t.Subject = "The academic year ends, and the next one waits to begin"
		t.Sentence = fmt.Sprintf("The academic year ends on %s, and the next one is entered.", f.EraEnds.Long())
		t.Do = []string{command("era roll --plan") + " shows what would end",
			command("era roll") + " does it, on the last day or after it"}
	}
	for _, over := range c.also {
		_, sentence := f.ended(over.Incident)
		t.Also = append(t.Also, sentence)
	}
	return t
}

func (f facts) tellHeld(t *Told, id model.ID) {
	run := f.runs[id]
	t.Subject = fmt.Sprintf("Run %d waits for a person", id)
	part := "a part of it"
	if run.Hold == model.HoldAll {
		part = "all of it"
	}
	t.Sentence = fmt.Sprintf("Run %d would do more than is safe: %s waits for a person to decide.", id, part)
	t.Done, t.Waits, t.Limits = counts(run.Changes), counts(run.Waiting), breached(run.Report)
	t.Do = decisions(id)
}

// decisions are what can be done about a run that waits.
func decisions(id model.ID) []string {
	return []string{command("runs show %d", id) + " shows it",
		command("approve %d", id) + " applies what waits, " + command("reject %d", id) + " closes it"}
}

// command is a command as it is told in a sentence.
func command(format string, args ...any) string { return `"` + hint.Command(format, args...) + `"` }

func (f facts) tellLate(t *Told, due time.Time) {
	t.Subject = "An import is late"
	t.Sentence = fmt.Sprintf("The import that was due on %s has not ended yet.", f.when(due))
	if f.Away != nil {
		t.Error = "the database cannot be read: " + f.Away.Error()
	}
	t.Do = []string{"the page of the service, or its journal, tells what it waits for",
		command("check-config") + " looks at the configuration, the folder and the database"}
}

// ended says how an incident was over, as a subject and as a sentence.
func (f facts) ended(i Incident) (subject, sentence string) {
	since := "since " + f.when(i.from())
	switch i.Kind {
	case Held:
		return fmt.Sprintf("Run %d does not wait any more", i.Run), fmt.Sprintf("Run %d, which waited %s, %s.", i.Run,
			since, f.decided(f.runs[i.Run]))
	case Failed:
		return "Imports end well again", fmt.Sprintf("Imports do not fail any more; they had failed %s.", since)
	case Late:
		return "The import that was late has ended", fmt.Sprintf("The import that was late %s has ended.", since)
	case Paused:
		return "Imports are not paused any more", "Imports begin by themselves again."
	case YearMissing:
		return "The next academic year is entered", "The next academic year is entered."
	}
	return "Nobody has to roll into the next academic year any more", "The academic year that ended was rolled into " +
		"the next one, or its dates were changed."
}

func (f facts) decided(run report.Past) string {
	switch run.Decision {
	case model.Approved:
		return fmt.Sprintf("was approved: run %d applied what waited", run.DecidedBy)
	case model.Rejected:
		return "was rejected: what waited is not applied"
	case model.Replaced:
		return fmt.Sprintf("was replaced by run %d, of which nothing waits", run.DecidedBy)
	}
	return "is not held any more"
}

// failure is why the newest import failed, "" when it did not.
func (f facts) failure() string {
	if len(f.Imports.Newest) == 0 || f.lastError != "" {
		return words.Clean(f.lastError)
	}
	return words.Clean(f.Imports.Newest[0].Error)
}

// morning is what a digest is made of.
type morning struct {
	newest   report.Past // the newest import; run 0 where there is none
	problems report.ProblemList
	before   digested
	open     []Incident
}

// digested is what the digest before told of.
type digested struct {
	Day  era.Date `json:"day"`
	Run  model.ID `json:"run"`   // the newest that had read a document
	AsOf era.Date `json:"as_of"` // of it
}

// tellDigest says what there is to say in the morning.
func (f facts) tellDigest(m morning) Told {
	t := Told{Kind: Digest, At: f.when(f.At), Link: f.page, Count: m.problems.Count, Error: f.failure()}
	switch {
	case m.newest.Run == 0:
		t.Subject, t.Sentence = "No import was made yet", "No import was made yet."
	default:
		t.Subject = fmt.Sprintf("Run %d: %s", m.newest.Run, m.newest.Result)
		t.Sentence = capital(m.newest.Sentence()) + "."
		t.Done, t.Waits, t.Limits = counts(m.newest.Changes), counts(m.newest.Waiting), breached(m.newest.Report)
	}
	for _, i := range m.open {
		what := kindsInWords[i.Kind]
		if i.Kind == Held {
			what = fmt.Sprintf("run %d waits for a person", i.Run)
			t.Do = append(t.Do, decisions(i.Run)...)
		}
		t.Open = append(t.Open, fmt.Sprintf("%s, since %s", what, f.when(i.from())))
	}
	t.Problems, t.More = newProblems(m)
	if len(t.Problems) > 0 {
		t.Do = append(t.Do, command("problems")+" shows all there is to mend")
	}
	return t
}

// newProblems are those that came since the digest before, or on the newest night where there was none: some of them,
// and how many more.
func newProblems(m morning) (list []Problem, more int) {
	const shown = 20
	if m.problems.Run == m.before.Run {
		return nil, 0
	}
	for _, p := range m.problems.Problems {
		if p.Since <= m.before.AsOf && p.Since != m.problems.AsOf || p.Since < m.problems.AsOf && m.before.AsOf == 0 {
			continue
		}
		if len(list) == shown {
			more += 1 + p.More
			continue
		}
		list = append(list, Problem{Where: p.Where, Section: p.Section, Reason: string(p.Reason), Mend: p.Mend,
			ID: idOnly(p.ID)})
		more += p.More
	}
	return list, more
}

// isID has digits and no blank: what an MIS calls its records, and no person's name.
var isID = regexp.MustCompile(`^[A-Za-z0-9_.:/-]*[0-9][A-Za-z0-9_.:/-]*$`)

func idOnly(id string) string {
	if isID.MatchString(id) {
		return id
	}
	return ""
}

// counts are what happens to records, a kind a line.
func counts(of []model.Count) (lines []string) {
	for _, c := range report.ByEntity(of) {
		lines = append(lines, fmt.Sprintf("%s: %s", cmp.Or(report.Plural[c.Entity], string(c.Entity)), c.Done))
	}
	return lines
}

// breached are the limits that a run breached, those that tell most first.
func breached(r report.Report) (lines []string) {
	for _, finding := range report.TellingFirst(r.Guard) {
		if finding.Breached {
			lines = append(lines, words.Clean(strings.TrimSpace(finding.Limit+" "+finding.About)+": "+finding.Says))
		}
	}
	return slices.Compact(lines)
}

func capital(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// tellTest says that this is a test.
func (f facts) tellTest() Told {
	return Told{Kind: Test, Subject: "A test message", At: f.when(f.At), Link: f.page,
		Sentence: "This is a test: messages of misimportd arrive here."}
}
