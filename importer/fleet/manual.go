package fleet

import _ "embed"

// Manual is what people are told of running a fleet, in Markdown.
//
//go:embed fleet.md
var Manual string
