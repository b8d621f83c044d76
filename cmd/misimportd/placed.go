package main

import (
	"fmt"

	"misimportd/cmd/misimportd/config"
)

// placed is a school of a fleet that was laid out in a folder of this machine, to be worked with.
type placed struct {
	name    string
	config  string // its configuration
	state   string // for what is under way; nothing in it is kept
	secrets string // where this machine has them, "" for the credentials of the service alone
	flag    string // with which they were named at the command line, "" for none
}

func (p placed) given() config.Given {
	return config.Given{File: p.config, State: p.state, Secrets: p.secrets, InFleet: true}
}

// toldError is what went wrong and was told already.
type toldError struct{ status int }

func (e toldError) Error() string { return fmt.Sprintf("it ended with status %d", e.status) }
