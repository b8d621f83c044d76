package schoolfiles

import _ "embed"

// Manual is what people are told of the school's own events, in Markdown.
//
//go:embed events.md
var Manual string
