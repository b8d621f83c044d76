package entry

import _ "embed"

// Manual is what people are told of pins, in Markdown.
//
//go:embed pins.md
var Manual string
