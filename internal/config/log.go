package config

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"
)

var levels = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}

// Log makes the log that the options ask for, on the standard error output; see LogTo.
func (c Common) Log() (log *slog.Logger, end func()) { return c.LogTo(os.Stderr) }

// LogTo makes the log that the options ask for. Under load its lines are written
// many at a time; end writes those that wait.
func (c Common) LogTo(w io.Writer) (log *slog.Logger, end func()) {
	to := &gathered{to: w}
	return slog.New(urgent{c.handler(to), to}), to.flush
}

func (c Common) handler(to io.Writer) slog.Handler {
	o := &slog.HandlerOptions{Level: levels[c.LogLevel]}
	if c.LogFormat == "json" {
		return quick{slog.NewJSONHandler(to, o), to, true}
	}
	return quick{slog.NewTextHandler(to, o), to, false}
}

const (
	logPause = 2 * time.Millisecond // from one write of the log to the next, at the least
	logMost  = 64 << 10             // bytes of lines that wait
)

// gathered writes a line at once when none has been written for a while. Those
// that follow closely wait, and are written together: each write costs as much as
// several decisions, and a reader at the other end of a pipe is woken by each. A
// process that is killed loses what came in its last two milliseconds.
type gathered struct {
	to io.Writer

	writing sync.Mutex // keeps the order; held while the lines of waiting are written
	spare   []byte     // the next waiting; under writing

	mu      sync.Mutex
	waiting []byte
	due     bool // a flush will come
}

// Write takes in whole lines. It never fails: there is nowhere to tell it.
func (g *gathered) Write(lines []byte) (int, error) {
	g.mu.Lock()
	g.waiting = append(g.waiting, lines...)
	first := !g.due
	g.due = true
	full := len(g.waiting) > logMost
	g.mu.Unlock()
	if first || full {
		g.flush()
	}
	if first {
		time.AfterFunc(logPause, g.rest)
	}
	return len(lines), nil
}

// rest writes what has come since the last flush. When nothing has, the next line goes out at once.
func (g *gathered) rest() {
	g.mu.Lock()
	g.due = len(g.waiting) > 0
	again := g.due
	g.mu.Unlock()
	if again {
		g.flush()
		time.AfterFunc(logPause, g.rest)
	}
}

func (g *gathered) flush() {
	g.writing.Lock()
	defer g.writing.Unlock()
	g.mu.Lock()
	lines := g.waiting
	g.waiting = g.spare[:0]
	g.mu.Unlock()
	for rest := lines; len(rest) > 0; {
		n := wholeLines(rest)
		_, _ = g.to.Write(rest[:n]) // a log that cannot be written stops nobody's work
		rest = rest[n:]
	}
	if g.spare = lines; cap(lines) > 2*logMost {
		g.spare = nil
	}
}

// wholeLines is how many bytes of lines go out at once: whole lines, as many as a pipe takes in
// without another process's in between (POSIX, PIPE_BUF), or one that is longer.
func wholeLines(lines []byte) int {
	const most = 4096
	if len(lines) <= most {
		return len(lines)
	}
	if n := bytes.LastIndexByte(lines[:most], '\n') + 1; n > 0 {
		return n
	}
	return most + bytes.IndexByte(lines[most:], '\n') + 1
}

// urgent has warnings and errors written before what caused them goes on.
type urgent struct {
	slog.Handler
	to *gathered
}

// Handle writes the line, or has it wait.
func (u urgent) Handle(ctx context.Context, r slog.Record) error {
	err := u.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		u.to.flush()
	}
	return err
}

// WithAttrs is for slog.
func (u urgent) WithAttrs(attrs []slog.Attr) slog.Handler {
	return urgent{u.Handler.WithAttrs(attrs), u.to}
}

// WithGroup is for slog.
func (u urgent) WithGroup(name string) slog.Handler { return urgent{u.Handler.WithGroup(name), u.to} }
