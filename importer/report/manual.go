package report

import _ "embed"

// Manual is what people are told of output for programs, in Markdown.
//
//go:embed json.md
var Manual string
