// Package smtpd is a mail server for tests: a real listener on loopback that keeps what it accepts.
//
//	server := smtpd.Start(t)          // server.Addr is host:port
//	mails := server.Wait(t, 1)        // until one mail is there
//
// It speaks the part of RFC 5321 that a sender needs (EHLO, HELO, MAIL, RCPT, DATA, RSET, NOOP, QUIT; SIZE and 8BITMIME),
// without TLS and without authentication. Behave makes it refuse, as servers do.
//
// Its one rule: a message is kept only when the sender has been told 250, and the sender is told 250 only when it is kept.
package smtpd

import (
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// MaxSize is the largest message accepted, in bytes.
const MaxSize = 1 << 20

// Behaviour is how the server answers from now on.
type Behaviour int

const (
	Accept       Behaviour = iota
	Refuse                 // 550 to every recipient: the sender should give up
	RefuseForNow           // 451 to every recipient: the sender should try again later
	Vanish                 // the connection closes after DATA without an answer
)

// Message is one accepted mail.
type Message struct {
	From string   // of the envelope, without angle brackets
	To   []string // of the envelope, in order
	Data string   // headers and body as sent, dots unstuffed, lines ending in CRLF
}

// Server is the listener of one test.
type Server struct {
	Addr string

	lock      sync.Mutex
	behaviour Behaviour
	accepted  []Message
	arrived   chan struct{} // closed and replaced when a message is accepted
	open      map[net.Conn]bool
}

// Start listens on a free loopback port until the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Addr: listener.Addr().String(), arrived: make(chan struct{}), open: map[net.Conn]bool{}}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return // closed by the cleanup
			}
			serving.Go(func() { s.serve(connection) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		s.hangUp()
		serving.Wait()
	})
	return s
}

// Behave sets how the server answers the recipients that come after this call.
func (s *Server) Behave(b Behaviour) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.behaviour = b
}

// Messages returns what has been accepted so far, oldest first.
func (s *Server) Messages() []Message {
	s.lock.Lock()
	defer s.lock.Unlock()
	return slices.Clone(s.accepted)
}

// Wait returns all messages as soon as there are at least n of them. It fails the test after half a minute.
func (s *Server) Wait(t testing.TB, n int) []Message {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		s.lock.Lock()
		messages, arrived := slices.Clone(s.accepted), s.arrived
		s.lock.Unlock()
		if len(messages) >= n {
			return messages
		}
		select {
		case <-arrived:
		case <-late:
			t.Fatalf("%d of %d mails came: %+v", len(messages), n, messages)
		case <-t.Context().Done():
			t.Fatal("the test ended while it waited for mail")
		}
	}
}

func (s *Server) keep(m Message) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.accepted = append(s.accepted, m)
	close(s.arrived)
	s.arrived = make(chan struct{})
}

func (s *Server) mood() Behaviour {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.behaviour
}

func (s *Server) hangUp() {
	s.lock.Lock()
	defer s.lock.Unlock()
	for connection := range s.open {
		connection.Close()
	}
}

func (s *Server) note(connection net.Conn, open bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if open {
		s.open[connection] = true
	} else {
		delete(s.open, connection)
	}
}
