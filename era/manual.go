package era

import _ "embed"

// Manual is what people are told of suspensions, gaps and pauses, in Markdown.
//
//go:embed calendar.md
var Manual string
