//go:build !testclock

package main

import "time"

// clockFlags has nothing in a release build: its clock is the system's.
type clockFlags struct{}

func (clockFlags) clock() func() time.Time { return time.Now }

func clock(string) func() time.Time { return time.Now }
