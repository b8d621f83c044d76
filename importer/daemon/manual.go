package daemon

import _ "embed"

// Manual is what people are told of the service, in Markdown.
//
//go:embed service.md
var Manual string
