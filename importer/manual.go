package importer

import _ "embed"

// Manual is what people are told of a run, in Markdown.
//
//go:embed run.md
var Manual string
