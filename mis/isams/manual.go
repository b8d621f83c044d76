package isams

import _ "embed"

// Manual is what people are told of the timetable, in Markdown.
//
//go:embed timetable.md
var Manual string
