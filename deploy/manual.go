// Package deploy is what puts the program onto a server: units, alerts, a dashboard, a Debian package. What of it is
// Go is the manual's topic alone.
package deploy

import _ "embed"

// Manual is the topic of the manual that tells of the Debian package.
//
//go:embed package.md
var Manual string
