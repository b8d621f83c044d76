package pages

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEveryLinkGoesBelowThePrefix, also on pages that are seldom shown: a template writes no path from the top, but
// those of the fleet's own pages.
func TestEveryLinkGoesBelowThePrefix(t *testing.T) {
	links := regexp.MustCompile(`\b(?:href|action|src)="([^"]*)"`)
	ofTheFleet := []string{"/login", "/logout", "/login?then={{.Path}}", "/fleet"}
	names, err := fs.Glob(embedded, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, name := range names {
		text, err := fs.ReadFile(embedded, name)
		if err != nil {
			t.Fatal(err)
		}
		if name == "templates/fleet.html" { // which is at the top
			continue
		}
		for _, found := range links.FindAllStringSubmatch(string(text), -1) {
			to := found[1]
			count++
			isBelow := strings.HasPrefix(to, "{{$.Prefix}}") || strings.HasPrefix(to, "{{.At.Prefix}}") ||
				strings.HasPrefix(to, "?") || strings.HasPrefix(to, "#")
			if !isBelow && !slices.Contains(ofTheFleet, to) {
				t.Errorf("%s leads to %s", name, to)
			}
		}
	}
	if count < 50 {
		t.Errorf("only %d links were found", count)
	}
}
