package manual

import _ "embed"

//go:embed start.md
var start string

//go:embed commands.md
var commands string

//go:embed trouble.md
var trouble string
