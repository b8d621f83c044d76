package main

import (
	"cmp"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"misimportd/cmd/misimportd/manual"
	"misimportd/era/hint"
)

// topicOf is the topic of the manual that tells of a command, by the command's first word.
var topicOf = map[string]string{
	"serve": "service", "healthcheck": "service", "run": "run", "plan": "run", "fetch": "fetch", "archive": "folder",
	"runs": "run", "approve": "guard", "reject": "guard", "undo": "undo", "pin": "pins", "pins": "pins", "era": "year",
	"datasource": "convert", "adopt": "convert", "trim": "convert", "rekey": "convert", "merge": "convert",
	"check-database": "database", "pause": "calendar", "resume": "calendar", "suspension": "calendar",
	"groups": "questions", "members": "questions", "lessons": "questions", "pupil": "questions", "staff": "questions",
	"room": "questions", "history": "questions", "why": "questions", "problems": "questions", "sanity": "questions",
	"check-config": "configuration", "notify": "messages", "simulate": "demo", "demo": "demo", "version": "commands",
	"help": "commands", "fleet": "fleet",
}

type helpCommand struct {
	About []string `arg:"" optional:"" name:"topic or command" help:"${help_about}"`
	Man   string   `hidden:"" placeholder:"PAGE" help:"Write a man page."`
}

func (c helpCommand) Run(a *app, k *kong.Kong) error {
	if c.Man != "" {
		return c.man(a, k)
	}
	said := strings.Join(c.About, " ")
	isCommand := len(c.About) == 0 || isCommand(k.Model.Node, c.About)
	topic, isTopic := manual.Find(said)
	switch {
	case a.JSON && said == "":
		return a.listTopics()
	case isTopic:
		return a.showTopic(topic, isCommand)
	case isCommand:
		traced, err := kong.Trace(k, c.About)
		if err != nil {
			return err
		}
		return traced.PrintUsage(false)
	}
	return usagef("there is no topic or command %q%s; \"%s\" lists them", said, nearestTo(said, k.Model),
		hint.Command("help"))
}

// toldTopic is a topic as programs are told it.
type toldTopic struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Summary string `json:"summary"`
	Text    string `json:"text,omitempty"`
}

// listTopics writes the topics for programs.
func (a *app) listTopics() error {
	var list []toldTopic
	for _, t := range manual.Topics() {
		list = append(list, toldTopic{Name: t.Name, Title: t.Title, Summary: t.Summary})
	}
	return a.print(list, nil)
}

// showTopic writes a topic, and where the flags of a command of that name are told.
func (a *app) showTopic(topic manual.Topic, isCommand bool) error {
	if a.JSON {
		return a.print(toldTopic(topic), nil)
	}
	const usual, easy = 80, 100 // columns: where there is no terminal, and no wider than is easy to read
	style := a.style(false)
	width := min(cmp.Or(style.Width, usual), easy)
	if err := manual.WriteTerminal(a.out, topic, width, style.Colour); err != nil {
		return fmt.Errorf("writing the topic: %w", err)
	}
	if isCommand {
		fmt.Fprintf(a.out, "\nFlags: %s\n", hint.Command("%s --help", topic.Name))
	}
	return nil
}

// man writes a man page. Its day is that of the sources, so that two builds of them are the same.
func (c helpCommand) man(a *app, k *kong.Kong) error {
	day, err := sourceDay()
	if err != nil {
		return err
	}
	if err := manual.WriteMan(a.out, c.Man, k.Model, manual.Edition{Version: version(), Day: day}); err != nil {
		return usageError{err}
	}
	return nil
}

// sourceDay is the day of the sources: what SOURCE_DATE_EPOCH says (reproducible-builds.org), else
// when they were committed, else today.
func sourceDay() (time.Time, error) {
	if said := os.Getenv("SOURCE_DATE_EPOCH"); said != "" {
		seconds, err := strconv.ParseInt(said, 10, 64)
		if err != nil {
			return time.Time{}, usagef("SOURCE_DATE_EPOCH: %q is no number of seconds", said)
		}
		return time.Unix(seconds, 0), nil
	}
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, s := range build.Settings {
			if at, err := time.Parse(time.RFC3339, s.Value); err == nil && s.Key == "vcs.time" {
				return at, nil
			}
		}
	}
	return time.Now(), nil
}

// isCommand tells whether words name a command, or several that begin alike.
func isCommand(n *kong.Node, words []string) bool {
	if len(words) == 0 {
		return true
	}
	for _, child := range n.Children {
		if child.Name == words[0] {
			return isCommand(child, words[1:])
		}
	}
	return false
}

// nearestTo asks whether one of the names was meant that are most like what was said.
func nearestTo(said string, model *kong.Application) string {
	var names []string
	for _, t := range manual.Topics() {
		names = append(names, t.Name)
	}
	for _, child := range model.Children {
		if _, both := manual.Find(child.Name); !both {
			names = append(names, child.Name)
		}
	}
	near := manual.Nearest(said, names)
	if len(near) == 0 {
		return ""
	}
	return ": did you mean " + strings.Join(near, ", ") + "?"
}

// printHelp is kong's help, with the way to the manual below.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	if of := ctx.Selected(); of != nil && (of.Name == "fleet" || of.Parent != nil && of.Parent.Name == "fleet") {
		helpOfFleet(ctx.Model.Flags)
	}
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	if selected := ctx.Selected(); selected != nil {
		_, err := fmt.Fprintf(ctx.Stdout, "\nTopic: %s\n", hint.Command("help %s", topicFor(selected)))
		return err
	}
	list := fmt.Sprintf("\nTopics of the manual, each shown by \"%s TOPIC\":\n", hint.Command("help"))
	for _, t := range manual.Topics() {
		list += fmt.Sprintf("  %-14s %s\n", t.Name, t.Title)
	}
	_, err := fmt.Fprint(ctx.Stdout, list)
	return err
}

// helpOfFleet leaves flags out that a fleet's commands do not heed, and says of the others what they mean there.
func helpOfFleet(flags []*kong.Flag) {
	for _, flag := range flags {
		switch flag.Name {
		case "database", "timezone", "years", "as-of":
			flag.Hidden = true
		case "config":
			flag.Help = "The machine's settings for a fleet (default /etc/misimportd/fleet.yml, or none)."
		case "state":
			flag.Help = "A worker's folder for what is under way (default one that systemd gives, or a temporary one)."
		}
	}
}

// topicFor is the topic that tells of a command.
func topicFor(n *kong.Node) string {
	for n.Parent != nil && n.Parent.Type == kong.CommandNode {
		n = n.Parent
	}
	return cmp.Or(topicOf[n.Name], "commands")
}
