package main

import (
	"github.com/alecthomas/kong"
	"github.com/posener/complete"
	"github.com/willabides/kongplete"
)

// completeLine answers a shell that asks what may come next on the line in COMP_LINE: commands, flags, the
// values of an enum, files and folders. Without that variable it does nothing.
func completeLine(parser *kong.Kong) {
	kongplete.Complete(parser,
		kongplete.WithPredictor("file", complete.PredictFiles("*")),
		kongplete.WithPredictor("folder", complete.PredictDirs("*")))
}
