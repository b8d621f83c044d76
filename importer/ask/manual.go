package ask

import _ "embed"

// Manual is what people are told of the questions that commands answer, in Markdown.
//
//go:embed questions.md
var Manual string
