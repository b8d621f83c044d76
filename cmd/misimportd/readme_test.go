package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"misimportd/cmd/misimportd/manual"
)

// readme is what the README says.
func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// blocks are the blocks of shell commands in a text, by the heading that they stand under.
func blocks(text string) (found map[string][]string) {
	found = map[string][]string{}
	heading, block, inside := "", "", false
	for line := range strings.Lines(text) {
		switch {
		case inside && line == "```\n":
			found[heading], inside = append(found[heading], block), false
		case inside:
			block += line
		case strings.HasPrefix(line, "```sh"):
			block, inside = "", true
		case strings.HasPrefix(line, "#"):
			heading = strings.TrimSpace(strings.TrimLeft(line, "#"))
		}
	}
	return found
}

var (
	hereDocument = regexp.MustCompile(`(?ms)<<'END'(.*?)\n.*?^END$`)
	goesOn       = regexp.MustCompile(`(\\|&&|\|)[ \t]*\n`)
	asks         = regexp.MustCompile(`\bsudo\b|\beditor\b|\bread\b|apt(-get)? install [^-]|journalctl -\w*f`)
)

// TestFault10BlocksCanBePasted as a whole: what asks, or reads what is typed, would take the
// lines that follow it for an answer, so nothing follows it.
func TestFault10BlocksCanBePasted(t *testing.T) {
	texts := map[string]string{"README": readme(t)}
	for _, topic := range manual.Topics() {
		texts[topic.Name] = topic.Text
	}
	for name, least := range map[string]int{"README": 3, "start": 3, "service": 2} {
		if len(blocks(texts[name])) < least {
			t.Errorf("%s has blocks under %d headings only", name, len(blocks(texts[name])))
		}
	}
	for name, text := range texts {
		for heading, under := range blocks(text) {
			for _, block := range under {
				for _, fault := range pasted(block) {
					t.Errorf("%s, %s: %s", name, heading, fault)
				}
			}
		}
	}
	if len(pasted("sudo a\nb\n")) == 0 || len(pasted("if\n")) == 0 || len(pasted("a < /dev/stdin\n")) == 0 {
		t.Error("what cannot be pasted was not found")
	}
}

// pasted says what is wrong with a block that is pasted as a whole.
func pasted(block string) (faults []string) {
	check := exec.Command("bash", "-n")
	check.Stdin = strings.NewReader(block)
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		faults = append(faults, fmt.Sprintf("%v %s in\n%s", err, out, block))
	}
	if strings.Contains(block, "/dev/stdin") || strings.Contains(block, "…") {
		faults = append(faults, "not to be pasted:\n"+block)
	}
	joined := goesOn.ReplaceAllString(hereDocument.ReplaceAllString(block, "$1"), " ")
	commands := strings.Split(strings.TrimSpace(joined), "\n")
	for _, command := range commands[:len(commands)-1] {
		if asks.MatchString(command) {
			faults = append(faults, fmt.Sprintf("%q takes what follows for an answer", command))
		}
	}
	return faults
}

// TestFault10AFirstImportByHand does what the README and the first topic say, word for word.
func TestFault10AFirstImportByHand(t *testing.T) {
	start, _ := manual.Find("start")
	for heading, text := range map[string]string{"A first import by hand": readme(t), "With a file": start.Text} {
		under := blocks(text)[heading]
		if len(under) == 0 {
			t.Fatalf("nothing to paste under %q", heading)
		}
		importByHand(t, under[len(under)-1])
	}
}

// importByHand pastes commands into a shell that has a document.
func importByHand(t *testing.T, commands string) {
	t.Helper()
	misimportd, folder := program(t), t.TempDir()
	document, err := os.ReadFile(filepath.Join("..", "..", "testdata", "isams", "oddities.xml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "isams-export.xml"), document, 0o600); err != nil {
		t.Fatal(err)
	}
	shell := exec.Command("bash", "-e")
	shell.Dir, shell.Stdin = folder, strings.NewReader(commands)
	shell.Env = append(os.Environ(), "PATH="+filepath.Dir(misimportd)+":"+os.Getenv("PATH"))
	out, err := shell.CombinedOutput()
	for _, want := range []string{`"misimportd run --state school" carries it out`, "Run 1: applied", "import"} {
		if err != nil || !strings.Contains(string(out), want) {
			t.Fatalf("%v; %s is missing in\n%s", err, want, out)
		}
	}
}

// TestFault10TheRunbookTellsWhatAHeldNightDid in the words of the run itself: it changed what
// the limits allow.
func TestFault10TheRunbookTellsWhatAHeldNightDid(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "importer", "status", "runbook.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "## MisimportHeld\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, want := range []string{
		"What the limits allow was applied", "Applied was what adds and updates", "Applied was all but",
		"Nothing was applied",
	} {
		if !strings.Contains(section, want) {
			t.Errorf("%q is missing in:\n%s", want, section)
		}
	}
	if strings.Contains(section, "lost anything") {
		t.Error("a held night may have ended what the limits allow")
	}
}
