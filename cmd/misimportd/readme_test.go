package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// blocks are the blocks of shell commands in a document, by the heading that they stand under.
func blocks(t *testing.T, path string) (found map[string][]string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found = map[string][]string{}
	heading, block, inside := "", "", false
	for line := range strings.Lines(string(text)) {
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
	blocks := blocks(t, filepath.Join("..", "..", "README.md"))
	if len(blocks) < 4 {
		t.Fatalf("the README has blocks under %d headings only", len(blocks))
	}
	for heading, under := range blocks {
		for _, block := range under {
			check := exec.Command("bash", "-n")
			check.Stdin = strings.NewReader(block)
			if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%s: %v %s in\n%s", heading, err, out, block)
			}
			if strings.Contains(block, "/dev/stdin") || strings.Contains(block, "…") {
				t.Errorf("%s: not to be pasted:\n%s", heading, block)
			}
			joined := goesOn.ReplaceAllString(hereDocument.ReplaceAllString(block, "$1"), " ")
			commands := strings.Split(strings.TrimSpace(joined), "\n")
			for _, command := range commands[:len(commands)-1] {
				if asks.MatchString(command) {
					t.Errorf("%s: %q takes what follows for an answer", heading, command)
				}
			}
		}
	}
}

// TestFault10AFirstImportByHand does what the README says, word for word.
func TestFault10AFirstImportByHand(t *testing.T) {
	const heading = "A first import by hand"
	misimportd, folder := program(t), t.TempDir()
	document, err := os.ReadFile(filepath.Join("..", "..", "testdata", "isams", "oddities.xml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "isams-export.xml"), document, 0o600); err != nil {
		t.Fatal(err)
	}
	under := blocks(t, filepath.Join("..", "..", "README.md"))[heading]
	if len(under) == 0 {
		t.Fatalf("nothing to paste under %q", heading)
	}
	shell := exec.Command("bash", "-e")
	shell.Dir, shell.Stdin = folder, strings.NewReader(under[0])
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
