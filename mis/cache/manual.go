package cache

import _ "embed"

// Manual is what people are told of the state folder, in Markdown.
//
//go:embed folder.md
var Manual string
