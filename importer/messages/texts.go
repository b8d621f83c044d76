package messages

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"misimportd/era/files"
)

//go:embed templates
var builtIn embed.FS

// Texts are the templates that messages are made by. The first line that a template gives is the subject.
type Texts struct{ of map[string]*template.Template }

// textNames are the templates: of an incident that begins, of one that is over, of a morning, of a test.
var textNames = []string{"incident", "over", "digest", "test"}

func fileOf(name string) string { return name + ".txt" }

// ReadTexts reads the templates of a folder, which stand in for the built-in ones of the same names; "" is no folder.
// It fails, with all that is wrong, on a file of another name, on one that is no template, and on one that asks for
// what there is not.
func ReadTexts(folder string) (*Texts, error) {
	t := &Texts{of: map[string]*template.Template{}}
	for _, name := range textNames {
		text, _ := fs.ReadFile(builtIn, "templates/"+fileOf(name)) // which are there
		t.of[name] = template.Must(template.New(fileOf(name)).Parse(string(text)))
	}
	if folder == "" {
		return t, nil
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return t, fmt.Errorf("%w; name a folder with files such as %s", err, fileOf(textNames[0]))
	}
	var faults []error
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		faults = append(faults, t.read(filepath.Join(folder, entry.Name())))
	}
	return t, errors.Join(faults...)
}

// read takes over one file.
func (t *Texts) read(path string) error {
	name := strings.TrimSuffix(filepath.Base(path), ".txt")
	if !slices.Contains(textNames, name) || filepath.Ext(path) != ".txt" {
		return fmt.Errorf("%s is no template of a message: they are %s.txt", path, strings.Join(textNames, ".txt, "))
	}
	text, err := files.Read(path)
	if err != nil {
		return err
	}
	parsed, err := template.New(fileOf(name)).Parse(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, sample := range samples() {
		if _, _, err := write(parsed, sample); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	t.of[name] = parsed
	return nil
}

// samples are what a template has to cope with: everything, and next to nothing.
func samples() []Told {
	lines := []string{"a line"}
	return []Told{{Subject: "Subject", Kind: Held}, {Subject: "Subject", Kind: Digest, Over: true, Also: lines,
		Error: "why", Done: lines, Waits: lines, Limits: lines, Open: lines, Problems: []Problem{{ID: "1"}}, More: 1,
		Count: 2, Do: lines, Link: "https://misimportd.school.example"}}
}

// write makes a subject and a text of what is to be told.
func (t *Texts) write(told Told) (subject, text string, err error) {
	name := "incident"
	switch {
	case told.Over:
		name = "over"
	case told.Kind == Digest || told.Kind == Test:
		name = string(told.Kind)
	}
	return write(t.of[name], told)
}

var blankLines = regexp.MustCompile(`\n{3,}`)

func write(by *template.Template, told Told) (subject, text string, err error) {
	var b bytes.Buffer
	if err := by.Execute(&b, told); err != nil {
		return "", "", err
	}
	subject, text, _ = strings.Cut(strings.TrimSpace(strings.ReplaceAll(b.String(), "\r", "")), "\n")
	if subject = strings.TrimSpace(subject); subject == "" {
		return "", "", errors.New("its first line is the subject, and it is blank")
	}
	return subject, blankLines.ReplaceAllString(strings.TrimSpace(text), "\n\n") + "\n", nil
}
