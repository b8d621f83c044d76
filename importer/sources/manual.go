package sources

import _ "embed"

// Manual is what people are told of a change of MIS, in Markdown.
//
//go:embed convert.md
var Manual string
