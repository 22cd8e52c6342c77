package postgres

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"countersign/internal/test/machine"
)

// Server is one test's own, to stop, kill and start again on the same port. Make one with Own.
type Server struct {
	Address string // of the maintenance database, which is empty and the test's own as well

	server  *server
	port    int
	process *os.Process
	ended   chan error
}

// Own makes a cluster and starts its server; both go with the test.
func Own(t testing.TB) *Server {
	t.Helper()
	if programs() == "" {
		machine.Missing(t, "PostgreSQL is not installed: install the package postgresql")
	}
	made, err := prepare()
	if err != nil {
		t.Fatal(err)
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Address: made.address(port), server: made, port: port}
	s.Start(t)
	t.Cleanup(func() {
		s.Stop(t)
		os.RemoveAll(made.folder)
	})
	return s
}

// Start starts the server. What a killed one has left (children that still end, its shared memory) is waited for.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	for patience := time.Now().Add(time.Minute); ; {
		var err error
		if s.process, s.ended, err = s.server.startOn(s.port); err == nil {
			return
		}
		if !strings.Contains(err.Error(), "shared memory") || time.Now().After(patience) {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Stop ends the server and all its connections in good order, and waits for it. A stopped one stays so.
func (s *Server) Stop(t testing.TB) { s.end(t, syscall.SIGINT) }

// Kill ends the server with kill -9, as a machine that loses its power would.
func (s *Server) Kill(t testing.TB) { s.end(t, syscall.SIGKILL) }

func (s *Server) end(t testing.TB, signal os.Signal) {
	t.Helper()
	if s.process == nil {
		return
	}
	if err := s.process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	<-s.ended
	s.process = nil
}
