package want

import _ "embed"

// Manual is what people are told of groups of every kind, in Markdown.
//
//go:embed groups.md
var Manual string
