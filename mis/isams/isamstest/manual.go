package isamstest

import _ "embed"

// Manual is what people are told of the pretend school, in Markdown.
//
//go:embed demo.md
var Manual string
