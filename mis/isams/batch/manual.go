package batch

import _ "embed"

// Manual is what people are told of asking iSAMS, in Markdown.
//
//go:embed fetch.md
var Manual string
