package guard

import _ "embed"

// Manual is what people are told of held runs and of limits, in Markdown.
//
//go:embed guard.md
var Manual string
