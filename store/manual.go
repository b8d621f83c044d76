package store

import _ "embed"

// Manual is what people are told of the tables and views, in Markdown.
//
//go:embed database.md
var Manual string
