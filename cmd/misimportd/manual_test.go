package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"

	"misimportd/cmd/misimportd/manual"
)

// commandLine is the command line as kong knows it.
func commandLine(t *testing.T) *kong.Application {
	t.Helper()
	parser, err := newParser(&commands{})
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model
}

// told is the text of a topic, or of all of them.
func told(t *testing.T, name string) string {
	t.Helper()
	var all strings.Builder
	for _, topic := range manual.Topics() {
		if name == "" || topic.Name == name {
			all.WriteString(topic.Text)
		}
	}
	if all.Len() == 0 {
		t.Fatalf("there is no topic %q", name)
	}
	return all.String()
}

// codes are the stretches of code in a text: its code spans, and the lines of its blocks.
func codes(source string) (found []string) {
	bytes := []byte(source)
	walk := func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.CodeSpan:
			if entering {
				said := ""
				for part := n.FirstChild(); part != nil; part = part.NextSibling() {
					said += string(part.(*ast.Text).Value(bytes))
				}
				found = append(found, strings.ReplaceAll(said, "\n", " "))
			}
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			if entering {
				found = append(found, strings.Split(string(n.Lines().Value(bytes)), "\n")...)
			}
		}
		return ast.WalkContinue, nil
	}
	md := goldmark.New(goldmark.WithExtensions(extension.Table))
	_ = ast.Walk(md.Parser().Parse(text.NewReader(bytes)), walk)
	return found
}

// tellsOf asks whether a word stands in the code of a text, as a whole.
func tellsOf(source, word string) bool {
	whole := regexp.MustCompile(`(^|[^a-z_-])` + regexp.QuoteMeta(word) + `($|[^a-z_-])`)
	return slices.ContainsFunc(codes(source), whole.MatchString)
}

// untold lists the commands and flags of a command line that the topics do not tell of: a command in the
// topic that its help ends with, its flags there too, and those of all commands in their own topic.
func untold(t *testing.T, model *kong.Application) (faults []string) {
	for _, leaf := range model.Leaves(true) {
		words := leaf.Name
		flags := slices.Clone(leaf.Flags)
		for p := leaf.Parent; p.Type == kong.CommandNode; p = p.Parent {
			words, flags = p.Name+" "+words, append(flags, p.Flags...)
		}
		topic := topicFor(leaf)
		if !tellsOf(told(t, topic), words) {
			faults = append(faults, fmt.Sprintf("topic %s: %s", topic, words))
		}
		for _, flag := range flags {
			if !flag.Hidden && !tellsOf(told(t, topic), "--"+flag.Name) {
				faults = append(faults, fmt.Sprintf("topic %s: --%s of %s", topic, flag.Name, words))
			}
		}
	}
	for _, flag := range model.Flags {
		if !tellsOf(told(t, "commands"), "--"+flag.Name) {
			faults = append(faults, "topic commands: --"+flag.Name)
		}
		for _, env := range flag.Envs {
			if !tellsOf(told(t, "commands"), env) {
				faults = append(faults, "topic commands: "+env)
			}
		}
	}
	return faults
}

func TestTheManualTellsOfEachCommandAndFlag(t *testing.T) {
	for _, fault := range untold(t, commandLine(t)) {
		t.Errorf("not told: %s", fault)
	}
	for _, command := range commandLine(t).Children {
		if name := topicOf[command.Name]; name == "" {
			t.Errorf("%s has no topic: topicOf in help.go says which", command.Name)
		}
	}
	for command := range topicOf {
		if !isCommand(commandLine(t).Node, []string{command}) {
			t.Errorf("topicOf names %s, which is no command", command)
		}
	}
}

// typed is the commands of this program in the code of a text, without its name.
func typed(source string) (found []string) {
	begins := regexp.MustCompile(`^(sudo -u misimportd )?misimportd? `)
	for _, code := range codes(source) {
		if at := begins.FindStringIndex(code); at != nil {
			found = append(found, code[at[1]:])
		}
	}
	return found
}

// strange tells what of a command is no command or no flag, "" for nothing.
func strange(model *kong.Application, command string) string {
	node, flags := model.Node, slices.Clone(model.Flags)
	named, isValue, hasSchool := false, false, false
	words := strings.Fields(command)
	for i, word := range words {
		said, isFlag := strings.CutPrefix(word, "--")
		name, _, isWhole := strings.Cut(said, "=")
		flag := slices.IndexFunc(flags, func(f *kong.Flag) bool { return f.Name == name })
		switch {
		case slices.Contains([]string{"#", "|", ">", "&&", ";"}, word):
			return ""
		case isFlag && flag < 0:
			return word
		case isFlag:
			isValue = !isWhole && !flags[flag].IsBool()
			continue
		case named && !isValue && node.Name == "at": // a school of a fleet, and a command for it
			if hasSchool {
				return strange(model, strings.Join(words[i:], " "))
			}
			hasSchool = true
			continue
		case isValue, named, strings.ToUpper(word) == word:
			isValue = false
			continue
		}
		child := slices.IndexFunc(node.Children, func(n *kong.Node) bool { return n.Name == word })
		if child < 0 {
			return word
		}
		node = node.Children[child]
		flags, named = append(flags, node.Flags...), len(node.Children) == 0
		if usual := node.DefaultCmd; usual != nil {
			flags = append(flags, usual.Flags...)
		}
	}
	return ""
}

// TestCommandsOfTheManualCanBeTyped finds every command in README and the topics among those that there
// are, with its flags.
func TestCommandsOfTheManualCanBeTyped(t *testing.T) {
	model, seen := commandLine(t), 0
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range typed(told(t, "") + string(readme)) {
		if seen++; strange(model, command) != "" {
			t.Errorf("%q: there is no %s", command, strange(model, command))
		}
	}
	if seen < 80 {
		t.Errorf("only %d commands were found", seen)
	}
	for command, want := range map[string]string{
		"fly": "fly", "run --fast": "--fast", "era roll --plan --next": "--next", "runs --limit 3": "",
		"members X --csv > --fast": "", "COMMAND --help": "", "plan --era=x y": "", "era fly": "fly",
		"era --state x roll": "", "--json fly": "fly",
		"fleet at st-anne fly": "fly", "fleet at --secrets x st-anne plan --fetch": "",
		"fleet at st-anne plan --x": "--x",
	} {
		if got := strange(model, command); got != want {
			t.Errorf("misimportd %s: %q, want %q", command, got, want)
		}
	}
}
