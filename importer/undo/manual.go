package undo

import _ "embed"

// Manual is what people are told of taking a run back, in Markdown.
//
//go:embed undo.md
var Manual string
