package main

import (
	"context"
	"io"
	"log/slog"
	"os"
)

// inJournal tells whether what is logged goes to systemd's journal.
func inJournal() bool { return os.Getenv("JOURNAL_STREAM") != "" }

// logHandler writes the log as text or JSON. The journal has the time already, and is
// told how grave each line is, in its own way: "journalctl -p warning" finds the graver.
func logHandler(w io.Writer, format string, level slog.Level) slog.Handler {
	options := &slog.HandlerOptions{Level: level}
	write := func(w io.Writer) slog.Handler {
		if format == "json" {
			return slog.NewJSONHandler(w, options)
		}
		return slog.NewTextHandler(w, options)
	}
	if !inJournal() {
		return write(w)
	}
	options.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	return journal{write(prefixed{w, "<7>"}), write(prefixed{w, "<6>"}), write(prefixed{w, "<4>"}),
		write(prefixed{w, "<3>"})}
}

// prefixed writes a prefix before each line; slog's handlers write a line at a time.
type prefixed struct {
	to     io.Writer
	prefix string
}

func (p prefixed) Write(line []byte) (int, error) {
	_, err := p.to.Write(append([]byte(p.prefix), line...))
	return len(line), err
}

// journal hands each record to the handler of its level: debug, info, warning, error.
type journal [4]slog.Handler

func (j journal) of(level slog.Level) slog.Handler {
	switch {
	case level < slog.LevelInfo:
		return j[0]
	case level < slog.LevelWarn:
		return j[1]
	case level < slog.LevelError:
		return j[2]
	}
	return j[3]
}

func (j journal) Enabled(ctx context.Context, level slog.Level) bool {
	return j.of(level).Enabled(ctx, level)
}

func (j journal) Handle(ctx context.Context, r slog.Record) error {
	return j.of(r.Level).Handle(ctx, r)
}

func (j journal) WithAttrs(attrs []slog.Attr) slog.Handler {
	for i := range j {
		j[i] = j[i].WithAttrs(attrs)
	}
	return j
}

func (j journal) WithGroup(name string) slog.Handler {
	for i := range j {
		j[i] = j[i].WithGroup(name)
	}
	return j
}
