package pages

import _ "embed"

// Text is the topic of the manual that tells of the pages.
//
//go:embed pages.md
var Text string
