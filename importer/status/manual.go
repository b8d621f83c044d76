package status

import _ "embed"

// Manual is what people are told of metrics and alerts, in Markdown.
//
//go:embed metrics.md
var Manual string

// Runbook is what to do about each alert, in Markdown.
var Runbook = runbookText
