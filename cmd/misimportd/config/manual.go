package config

import _ "embed"

// Manual is what people are told of the configuration, in Markdown.
//
//go:embed configuration.md
var Manual string
