package mis

import _ "embed"

// Manual is what people are told of covers, in Markdown.
//
//go:embed covers.md
var Manual string
