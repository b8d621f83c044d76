package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/term"

	"misimportd/importer/text"
)

// Messages follow three rules. Results go to standard output, everything else to
// standard error. An error is one sentence: what was being done to what, what is
// wrong, and what to do. Colour and movement are for terminals only.

// terminal is where the program talks to its user.
type terminal struct {
	in, out, err *os.File
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// leastWidth is the fewest columns that lines wrap at: in fewer no text can be read.
const leastWidth = 40

// style is how results are to look: as wide as a terminal is, and in colour there, unless NO_COLOR asks
// for none (no-color.org).
func (t terminal) style(verbose bool) text.Style {
	colour := isTerminal(t.out) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	width, _, err := term.GetSize(int(t.out.Fd()))
	if err != nil || width <= 0 {
		return text.Style{Colour: colour, Verbose: verbose}
	}
	return text.Style{Colour: colour, Verbose: verbose, Width: max(width, leastWidth)}
}

// fail tells an error, in one line and without what would steer a terminal.
func (t terminal) fail(err error) {
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, err.Error())
	grave := ""
	if inJournal() && !isTerminal(t.err) {
		grave = "<3>"
	}
	fmt.Fprintf(t.err, grave+"misimportd: %s\n", keyLike.ReplaceAllString(text, "[secret]"))
}

// keyLike is the form of an API key: nothing else in an error has it, and an operator may
// have put one where it does not belong.
var keyLike = regexp.MustCompile(`(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// progress shows on a terminal what a long piece of work is at. It is silent for the
// first second, and elsewhere always.
type progress struct {
	out   *os.File
	mutex sync.Mutex
	stage string
	got   int64 // bytes of a download
	done  chan struct{}
	idle  sync.WaitGroup
}

func (t terminal) progress() *progress {
	p := &progress{out: t.err, done: make(chan struct{})}
	if isTerminal(t.err) {
		p.idle.Go(p.show)
	}
	return p
}

func (p *progress) set(stage string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.stage = stage
}

// bytes says how far a download is.
func (p *progress) bytes(n int64) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.got = n
}

// stop wipes the line.
func (p *progress) stop() {
	close(p.done)
	p.idle.Wait()
}

var doing = map[string]string{
	"fetch":   "fetching",
	"state":   "reading the database",
	"decode":  "reading the document",
	"diff":    "comparing",
	"apply":   "applying the changes",
	"archive": "archiving the document",
}

func (p *progress) show() {
	begin := time.Now()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	width := 0
	for {
		select {
		case <-p.done:
			if width > 0 {
				fmt.Fprintf(p.out, "\r%s\r", strings.Repeat(" ", width))
			}
			return
		case <-tick.C:
		}
		gone := time.Since(begin)
		p.mutex.Lock()
		stage, got := p.stage, p.got
		p.mutex.Unlock()
		if gone < time.Second || stage == "" {
			continue
		}
		text := fmt.Sprintf("%s … %.0f s", doing[stage], gone.Seconds())
		if stage == "fetch" && got > 0 {
			text += fmt.Sprintf(", %.1f MB, %.1f MB/s", float64(got)/1e6, float64(got)/1e6/gone.Seconds())
		}
		fmt.Fprintf(p.out, "\r%-*s", width, text)
		width = max(width, len(text))
	}
}
