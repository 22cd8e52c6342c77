//go:build testclock

package main

import (
	"os"
	"strings"
	"time"
)

// clockFlags lets tests move the time of a running server. Release builds do not have it.
type clockFlags struct {
	ClockOffsetFile string `name:"clock-offset-file" placeholder:"FILE" help:"TEST BUILDS ONLY: a file that holds how far to move the clock, such as 72h; read at each use."`
}

func (c clockFlags) clock() func() time.Time { return clock(c.ClockOffsetFile) }

// clock is the system's, moved by what the file says at that moment.
func clock(file string) func() time.Time {
	return func() time.Time {
		now := time.Now()
		if file == "" {
			return now
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return now
		}
		offset, err := time.ParseDuration(strings.TrimSpace(string(text)))
		if err != nil {
			return now
		}
		return now.Add(offset)
	}
}
