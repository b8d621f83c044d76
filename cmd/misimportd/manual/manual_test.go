package manual_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"misimportd/cmd/misimportd/manual"
)

// TestEachTopicIsWhole has a title, a summary that a list has room for, and a name of its own.
func TestEachTopicIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, topic := range manual.Topics() {
		if seen[topic.Name] {
			t.Errorf("two topics are called %s", topic.Name)
		}
		seen[topic.Name] = true
		if topic.Title == "" || topic.Summary == "" || utf8.RuneCountInString(topic.Title) > 50 ||
			utf8.RuneCountInString(topic.Summary) > 110 {
			t.Errorf("%s: title %q, summary %q", topic.Name, topic.Title, topic.Summary)
		}
		if !strings.HasPrefix(topic.Text, "# "+topic.Title+"\n") {
			t.Errorf("%s does not begin with its title", topic.Name)
		}
		if found, ok := manual.Find(topic.Name); !ok || found != topic {
			t.Errorf("%s is not found", topic.Name)
		}
	}
	if _, ok := manual.Find("nothing"); ok {
		t.Error("a topic that there is not was found")
	}
}

func TestNearest(t *testing.T) {
	names := []string{"guard", "groups", "undo", "configuration", "era"}
	for word, want := range map[string][]string{
		"gurad": {"guard"}, "group": {"groups"}, "config": {"configuration"}, "unod": {"undo"}, "eras": {"era"},
		"x": nil, "": nil, "weather": nil,
	} {
		if got := manual.Nearest(word, names); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func terminal(t *testing.T, text string, width int, colour bool) string {
	t.Helper()
	var out bytes.Buffer
	if err := manual.WriteTerminal(&out, manual.Topic{Text: text}, width, colour); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestATerminalShowsATopic(t *testing.T) {
	const text = "# Title\n\nA `plan` of `two\nwords` **what** is \\*to come\\*, see [the year](../years/year.md) or " +
		"[undo](undo.md).\n\n## More\n\n- one that is longer than the line of the terminal\n- two\n\n3. three\n\n" +
		"```sh\na command that is longer than the line is wide\n```\n\n| a | b |\n| --- | --- |\n| c | d |\n\n" +
		"| flag | meaning | without it |\n| --- | --- | --- |\n| `--x` | what is meant by it, and more | nothing |\n" +
		"| `--y` | another | |\n\n<b>raw</b>\n"
	const want = "Title\n=====\n\nA plan of \"two words\" what is *to\ncome*, see the year (help year) or\nundo.\n\n" +
		"More\n----\n\n" +
		"• one that is longer than the line of\n  the terminal\n• two\n3. three\n\n" +
		"    a command that is longer than the line is wide\n\na  b\nc  d\n\n" +
		"--x\n    what is meant by it, and more\n    without it: nothing\n--y\n    another\n\nraw\n"
	if got := terminal(t, text, 38, false); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if got := terminal(t, "A **b** `c`\n", 80, true); got != "A \x1b[1mb\x1b[0m \x1b[36mc\x1b[0m\n" {
		t.Errorf("in colour: %q", got)
	}
}

// TestTopicsAreWrapped keeps every line that may be broken within the terminal.
func TestTopicsAreWrapped(t *testing.T) {
	for _, topic := range manual.Topics() {
		for _, width := range []int{40, 80} {
			for line := range strings.Lines(terminal(t, topic.Text, width, false)) {
				words := strings.Fields(line)
				isCode := strings.Contains(topic.Text, strings.TrimSpace(line))
				if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > width && len(words) > 1 && !isCode {
					t.Errorf("%s, %d columns: %q", topic.Name, width, line)
				}
			}
		}
	}
}

func html(t *testing.T, topic manual.Topic) string {
	t.Helper()
	page, err := manual.HTML(topic)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

func TestAPageShowsATopic(t *testing.T) {
	page := html(t, manual.Topic{Text: "# A title\n\n[in](../guard/guard.md#the-limits), " +
		"[out](../../deploy/config.yml), [away](https://example.org/x), [bad](javascript:alert(1)), " +
		"<script>alert(2)</script>\n\n<div onclick='x'>\n\n" +
		"| a | b |\n| :-- | --: |\n| `c|d` | e |\n"})
	for _, want := range []string{`<h1 id="a-title">`, `<a href="/manual/guard#the-limits">in</a>, out, `,
		`<a href="https://example.org/x">away</a>, bad, `, "<table>"} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is missing in:\n%s", want, page)
		}
	}
	for _, refused := range []string{"<script", "<div", "style=", "javascript:", "config.yml"} {
		if strings.Contains(page, refused) {
			t.Errorf("%s is in:\n%s", refused, page)
		}
	}
}

var (
	reference = regexp.MustCompile(`href="([^"]*)"`)
	place     = regexp.MustCompile(`id="([^"]*)"`)
)

// TestLinksOfPagesLeadSomewhere follows each link of each page: to a page that there is, and a
// heading on it.
func TestLinksOfPagesLeadSomewhere(t *testing.T) {
	there := map[string]bool{}
	pages := map[string]string{}
	for _, topic := range manual.Topics() {
		address := "/manual/" + topic.Name
		pages[address], there[address] = html(t, topic), true
		for _, id := range place.FindAllStringSubmatch(pages[address], -1) {
			there[address+"#"+id[1]] = true
		}
	}
	followed := 0
	for address, page := range pages {
		for _, link := range reference.FindAllStringSubmatch(page, -1) {
			to := link[1]
			if strings.HasPrefix(to, "#") {
				to = address + to
			}
			followed++
			if !there[to] && !strings.HasPrefix(to, "https://") && !strings.HasPrefix(to, "http://127.0.0.1") {
				t.Errorf("%s: %s leads nowhere", address, link[1])
			}
		}
	}
	if followed < 20 {
		t.Errorf("only %d links were found", followed)
	}
}
