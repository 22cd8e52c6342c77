package main

import (
	"os"
	"os/exec"
	"runtime"

	"countersign/internal/signin"
)

// hashCommand is the process in which a server has passwords hashed; nobody else
// has a use for it.
type hashCommand struct{}

// Run hashes until its standard input ends, as it does with the server, however that ends.
func (hashCommand) Run() error { return signin.HashFor(os.Stdin, os.Stdout) }

// hasher starts this program as the process that hashes. It is told nothing but what
// to hash: no options, no environment.
func hasher() *exec.Cmd {
	self, err := os.Executable()
	if runtime.GOOS == "linux" {
		self = "/proc/self/exe" // this very program, also when another has taken its place on the disk
	} else if err != nil {
		self = os.Args[0]
	}
	c := exec.Command(self, "hash")
	c.Env = []string{}
	c.Stderr = os.Stderr
	return c
}
