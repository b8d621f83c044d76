// Command misimportd keeps a school scheduler's database in step with the school's
// management information system. This package reads flags and the configuration and
// wires the parts together; no rule of the import lives here.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// garbage is how many per cent of what is in use may lie about uncollected. Much of what a night
// reads lives until its end: half the usual value saves a seventh of the memory of a large first
// import, for some 3 per cent of its time.
const garbage = 50

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	os.Exit(run(os.Args[1:], terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// run is the whole program; it returns the exit status. The first SIGINT or SIGTERM
// rolls back what is under way, the second ends the process at once.
func run(args []string, t terminal) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return execute(ctx, args, t)
}
