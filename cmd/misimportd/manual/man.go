package manual

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// The names of the man pages.
const (
	CommandsPage      = "misimportd.1"
	ConfigurationPage = "misimportd.yml.5"
	RestPage          = "misimportd.7"
)

// Pages lists the names of the man pages.
func Pages() []string { return []string{CommandsPage, ConfigurationPage, RestPage} }

// onPages are the topics that stand on another page than misimportd(7).
var onPages = map[string][]string{
	CommandsPage:      {"commands"},
	ConfigurationPage: {"configuration"},
}

// Edition is which version of the program a man page is of, and from which day.
type Edition struct {
	Version string
	Day     time.Time
}

// WriteMan writes the man page of a name as roff: the command line from its model, the configuration, or
// the rest of the manual. A name that is not one of Pages is an error, and so is a fault of w.
func WriteMan(w io.Writer, name string, model *kong.Application, e Edition) error {
	r := &roff{}
	switch name {
	case CommandsPage:
		r.commands(model, e)
	case ConfigurationPage:
		r.top("misimportd.yml", "5", "configuration of misimportd", e)
		r.topics(onPages[name], 0)
	case RestPage:
		r.top("misimportd", "7", "what misimportd does, and how to live with it", e)
		r.topics(rest(), 0)
	default:
		return fmt.Errorf("there is no man page %q: there are %s", name, strings.Join(Pages(), ", "))
	}
	r.seeAlso(name)
	_, err := io.WriteString(w, r.out.String())
	return err
}

// rest is the topics that stand on no other page.
func rest() (names []string) {
	for _, t := range topics() {
		if !slices.Contains(onPages[CommandsPage], t.Name) && !slices.Contains(onPages[ConfigurationPage], t.Name) {
			names = append(names, t.Name)
		}
	}
	return names
}

func (r *roff) top(name, section, does string, e Edition) {
	r.macro("TH", strings.ToUpper(name), section, e.Day.UTC().Format(time.DateOnly), "misimportd "+e.Version)
	r.section(1, "Name")
	r.line(escaped(name, upright) + ` \- ` + escaped(does, upright))
}

func (r *roff) topics(names []string, lower int) {
	for _, name := range names {
		t, _ := Find(name)
		r.blocks(parse(t.Text), lower)
	}
}

// commands is the page of the command line.
func (r *roff) commands(model *kong.Application, e Edition) {
	r.top("misimportd", "1", "keep a school scheduler's database in step with its MIS", e)
	r.section(1, "Synopsis")
	r.text([]span{{"misimportd", code}, {" command", emphasis}, {" [arguments] [flags]", upright}})
	r.section(1, "Description")
	r.text([]span{{model.Help, upright}})
	r.topics(onPages[CommandsPage], 0)
	r.section(1, "Each command")
	for _, leaf := range model.Leaves(true) {
		r.section(2, command(leaf))
		r.text([]span{{leaf.Help, upright}})
		for _, argument := range leaf.Positional {
			r.entry([]span{{argument.Summary(), emphasis}}, []span{{argument.Help, upright}})
		}
		for _, flag := range own(leaf) {
			r.flag(flag)
		}
	}
}

// command is how a command is typed, without the program's name.
func command(n *kong.Node) string {
	words := []string{n.Name}
	for p := n.Parent; p != nil && p.Type == kong.CommandNode; p = p.Parent {
		words = append([]string{p.Name}, words...)
	}
	return strings.Join(words, " ")
}

// own is the flags of a command that not all have.
func own(n *kong.Node) (flags []*kong.Flag) {
	for ; n != nil && n.Type == kong.CommandNode; n = n.Parent {
		for _, flag := range n.Flags {
			if !flag.Hidden {
				flags = append(flags, flag)
			}
		}
	}
	return flags
}

func (r *roff) flag(f *kong.Flag) {
	term := []span{{"--" + f.Name, code}}
	if f.Short != 0 {
		term = append([]span{{"-" + string(f.Short), code}, {", ", upright}}, term...)
	}
	if !f.IsBool() {
		term = append(term, span{"=", upright}, span{strings.Trim(f.FormatPlaceHolder(), `"`), emphasis})
	}
	meaning := f.Help
	if len(f.Envs) > 0 {
		meaning += " Or by the environment: " + strings.Join(f.Envs, ", ") + "."
	}
	r.entry(term, []span{{meaning, upright}})
}

func (r *roff) seeAlso(name string) {
	r.section(1, "See also")
	var others []string
	for _, other := range Pages() {
		if other == name {
			continue
		}
		i := strings.LastIndexByte(other, '.')
		others = append(others, fmt.Sprintf(`\fB%s\fR(%s)`, other[:i], other[i+1:]))
	}
	r.line(strings.Join(others, ", "))
}
