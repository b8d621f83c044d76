package years

import _ "embed"

// Manual is what people are told of the school year's end, in Markdown.
//
//go:embed year.md
var Manual string
