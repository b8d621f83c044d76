package text

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"misimportd/era/hint"
	"misimportd/importer/words"
	"misimportd/mis/cache"
)

// WriteManifest writes what was fetched.
func WriteManifest(w io.Writer, m cache.Manifest, style Style) error {
	p := &printer{Style: style, w: w}
	p.line("%s", p.paint(bold, fmt.Sprintf("Fetched %s from %s, sha256 %s…", words.BytesText(m.Bytes), m.From,
		m.SHA256[:12])))
	p.line("Its sections, and how many records (or groups of records) each has:")
	for _, section := range slices.Sorted(maps.Keys(m.Sections)) {
		if !slices.Contains(m.Missing, section) {
			p.line("  %-32s %6d", words.Clean(section), m.Sections[section])
		}
	}
	for _, section := range m.Missing {
		p.line("  %-32s %s", words.Clean(section),
			p.paint(amber, "missing, and there last time: check what the key is allowed"))
	}
	p.line("")
	p.line("\"%s\" shows what it would change, \"%s\" imports it.", hint.Command("plan"), hint.Command("run"))
	return p.err
}

// WriteArchive writes a list of archived documents, one a line.
func WriteArchive(w io.Writer, list []cache.Archived) error {
	p := &printer{w: w}
	if len(list) == 0 {
		p.line("The archive is empty.")
	}
	for _, a := range list {
		p.line("%s  run %-6d %9s  sha256 %.12s…  %s", a.Day, a.Run, words.BytesText(a.Bytes), a.Whole(),
			words.Clean(a.From))
	}
	return p.err
}
