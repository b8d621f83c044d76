package manual_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"misimportd/cmd/misimportd/manual"
)

// written is a document of the project: where its links lead, and which places it has.
type written struct {
	links  []string
	places map[string]bool
}

func read(source []byte) written {
	md := goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	w := written{places: map[string]bool{}}
	_ = ast.Walk(md.Parser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			w.links = append(w.links, string(n.Destination))
		case *ast.Image:
			w.links = append(w.links, string(n.Destination))
		case *ast.Heading:
			if id, ok := n.AttributeString("id"); ok {
				w.places[string(id.([]byte))] = true
			}
		}
		return ast.WalkContinue, nil
	})
	return w
}

// documents are the Markdown files of a folder and of those below it, by their paths from there.
func documents(t *testing.T, root string) map[string]written {
	t.Helper()
	found := map[string]written{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if hidden := strings.HasPrefix(entry.Name(), ".") && path != root; hidden && entry.IsDir() ||
			entry.Name() == "bin" {
			return filepath.SkipDir
		}
		if filepath.Ext(path) != ".md" {
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		found[name] = read(source)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// astray lists the links that lead nowhere.
func astray(root string, documents map[string]written) (faults []string) {
	for name, document := range documents {
		for _, link := range document.links {
			file, place, hasPlace := strings.Cut(link, "#")
			if strings.HasPrefix(link, "https://") || strings.HasPrefix(link, "http://127.0.0.1") {
				continue
			}
			to := name
			if file != "" {
				to = filepath.Join(filepath.Dir(name), file)
			}
			_, err := os.Stat(filepath.Join(root, to))
			if err != nil || hasPlace && !documents[to].places[place] {
				faults = append(faults, name+": "+link)
			}
		}
	}
	return faults
}

// TestLinksLeadSomewhere follows every link of README, the topics and the other documents: to a file
// that there is, and a heading in it.
func TestLinksLeadSomewhere(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	all := documents(t, root)
	for _, fault := range astray(root, all) {
		t.Errorf("%s leads nowhere", fault)
	}
	for _, name := range []string{"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"} {
		if _, ok := all[name]; !ok {
			t.Errorf("%s was not read", name)
		}
	}
	linked := map[string]bool{}
	for _, link := range all["README.md"].links {
		linked[strings.TrimSuffix(filepath.Base(link), ".md")] = true
	}
	for _, topic := range manual.Topics() {
		if !linked[topic.Name] {
			t.Errorf("README has no link to the topic %s", topic.Name)
		}
	}
}

func TestLinksThatLeadNowhereAreFound(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"a.md": "# One place\n\n[1](b.md) [2](b.md#there) [3](none.md) " +
		"[4](b.md#not-there) [5](#one-place) [6](#no-place) ![7](no.png) " +
		"[8](https://example.org)\n", "b.md": "## There\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := strings.Join(astray(folder, documents(t, folder)), ", ")
	if want := "a.md: none.md, a.md: b.md#not-there, a.md: #no-place, a.md: no.png"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestTheReadmeIsShort sells and starts the thing; the rest is for the topics.
func TestTheReadmeIsShort(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > 8000 {
		t.Errorf("README has %d bytes", len(text))
	}
	if !strings.HasPrefix(string(text), "# misimportd\n\n```sh\ngo run ./cmd/misimportd demo ") ||
		!strings.Contains(string(text[:400]), "\nmake test ") {
		t.Error("README does not begin with the two commands")
	}
}
