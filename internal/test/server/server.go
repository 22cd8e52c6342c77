// Package server runs the real program for tests: init, serve, and what a person or a program would send to it.
//
//	s := server.Start(t, server.Options{Postgres: true}) // init and serve; ready when it returns
//	s.Link                                               // the first administrator's, as init printed it
//	c := s.Client()                                      // somebody's browser without a screen
//	key := c.Activate(s.Link, "a long password")         // password and authenticator app
//	mail := s.Mail("ada@example.com", 1)                 // from the spool
//	s.Advance(72 * time.Hour)                            // moves the program's clock
//	s.Kill(); s.Serve()                                  // kill -9, and again on the same data
//	other := s.Beside()                                  // a second node on the same PostgreSQL
//
// The program is built with the tag testclock, once a test process. It runs on loopback ports under
// http://localhost:PORT, writes mail to a folder unless SMTP names a server, and goes with its test.
//
// Its one rule: no secret that it handed out during the test (links, passwords, keys of authenticator apps, session
// cookies, service tokens) may stand in its log or, as it is, in its database. Every test that uses it checks that at
// its end.
package server

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"countersign/internal/test/postgres"
)

// Options change what Start does. The zero value is SQLite and mail into a folder.
type Options struct {
	Postgres bool
	SMTP     string   // host:port of a mail server without TLS
	Language string   // of init's administrator; "" is English
	Flags    []string // more for serve
}

// Administrator is whom init makes.
const Administrator = "olga@platform.example"

// Server is one running program.
type Server struct {
	URL      string // http://localhost:PORT
	Internal string // http://127.0.0.1:PORT, of health and metrics
	Database string // as --database takes it
	KeyFile  string
	Link     string // of the first administrator; "" on a second node

	t       testing.TB
	o       Options
	folder  string
	mails   string
	clock   string
	log     string
	public  int
	private int
	secrets *secrets
	process *exec.Cmd
	ended   chan struct{}
}

// patience is how long anything is waited for.
const patience = time.Minute

// Start makes a platform on a fresh database and serves it.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	folder := t.TempDir()
	s := &Server{t: t, o: o, folder: folder, Database: filepath.Join(folder, "countersign.db"), KeyFile: filepath.Join(folder, "key"),
		mails: filepath.Join(folder, "mail"), clock: filepath.Join(folder, "clock"), secrets: &secrets{seen: map[string]string{}}}
	if o.Postgres {
		s.Database = postgres.New(t)
	}
	s.place()
	s.initialise()
	s.Serve()
	t.Cleanup(s.verdict)
	return s
}

// place finds ports and a log for the node.
func (s *Server) place() {
	s.public, s.private = freePort(s.t), freePort(s.t)
	s.URL = "http://localhost:" + strconv.Itoa(s.public)
	s.Internal = "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(s.private))
	s.log = filepath.Join(s.folder, "log-"+strconv.Itoa(s.public))
}

var linkIn = regexp.MustCompile(`http://\S+/(?:activate|email|reset)/\S+`)

func (s *Server) initialise() {
	s.t.Helper()
	language := s.o.Language
	if language == "" {
		language = "en"
	}
	out, err := s.Run("init", "--public-url", s.URL, "--platform", "Platform", "--email", Administrator, "--first-name", "Olga", "--last-name", "Platform", "--language", language)
	if err != nil {
		s.t.Fatalf("init: %v\n%s", err, out)
	}
	if s.Link = linkIn.FindString(out); s.Link == "" {
		s.t.Fatalf("init printed no link: %s", out)
	}
	s.Secret("the link of init", tokenOf(s.Link))
}

// Run runs a command of the program on the server's database and gives what it printed on standard output; what it
// printed on the other goes into the log.
func (s *Server) Run(command string, arguments ...string) (string, error) {
	s.t.Helper()
	c := exec.Command(Program(s.t), append([]string{command, "--database", s.Database, "--key-file", s.KeyFile}, arguments...)...)
	var out, complaints bytes.Buffer
	c.Stdout, c.Stderr = &out, &complaints
	err := c.Run()
	s.append(complaints.Bytes())
	if err != nil {
		err = fmt.Errorf("%w: %s", err, complaints.String())
	}
	return out.String(), err
}

func (s *Server) append(text []byte) {
	f, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(text); err != nil {
		s.t.Fatal(err)
	}
}

// Serve starts the program, after Stop or Kill once more, and returns when it is ready.
func (s *Server) Serve() {
	s.t.Helper()
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	arguments := []string{"serve", "--database", s.Database, "--key-file", s.KeyFile, "--log-format", "json", "--listen", "127.0.0.1:" + strconv.Itoa(s.public),
		"--internal-listen", "127.0.0.1:" + strconv.Itoa(s.private), "--public-url", s.URL, "--clock-offset-file", s.clock}
	if s.o.SMTP == "" {
		arguments = append(arguments, "--mail-dir", s.mails)
	} else {
		host, port, _ := strings.Cut(s.o.SMTP, ":")
		arguments = append(arguments, "--mail-from", "Countersign <no-reply@platform.example>", "--smtp-host", host, "--smtp-port", port, "--smtp-tls", "none")
	}
	s.process = exec.Command(Program(s.t), append(arguments, s.o.Flags...)...)
	s.process.Stdout, s.process.Stderr = log, log
	s.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	ended, process := make(chan struct{}), s.process
	s.ended = ended
	go func() {
		// The system kills the child when the thread that started it ends, not only when the whole process does.
		runtime.LockOSThread()
		err := process.Start()
		started <- err
		if err == nil {
			process.Wait()
		}
		close(ended)
	}()
	if err := <-started; err != nil {
		s.t.Fatal(err)
	}
	s.ready()
}

// ready waits for /readyz.
func (s *Server) ready() {
	s.t.Helper()
	late := time.After(patience)
	for {
		if answer, err := http.Get(s.Internal + "/readyz"); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-s.ended:
			state := s.process.ProcessState
			s.process = nil
			s.t.Fatalf("the server ended (%v) before it was ready:\n%s", state, s.Log())
		case <-late:
			s.t.Fatalf("the server is not ready:\n%s", s.Log())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Beside starts a second node on the same database, with the same key and clock. It goes with the test as well.
func (s *Server) Beside() *Server {
	s.t.Helper()
	other := *s
	other.Link, other.process = "", nil
	other.place()
	other.Serve()
	s.t.Cleanup(other.Stop)
	return &other
}

// PID is the running program's.
func (s *Server) PID() int { return s.process.Process.Pid }

// Terminate asks the program to stop (SIGTERM) and does not wait.
func (s *Server) Terminate() {
	s.t.Helper()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
}

// Stop ends the program in good order, and fails the test if it does not end well.
func (s *Server) Stop() {
	s.t.Helper()
	if s.process == nil {
		return
	}
	s.process.Process.Signal(syscall.SIGTERM)
	s.Wait()
	if code := s.process.ProcessState.ExitCode(); code != 0 {
		s.t.Errorf("the server ended with %d:\n%s", code, s.Log())
	}
	s.process = nil
}

// Kill ends it with kill -9, as a machine that loses its power would.
func (s *Server) Kill() {
	s.t.Helper()
	s.process.Process.Kill()
	s.Wait()
	s.process = nil
}

// Wait returns when the program has ended.
func (s *Server) Wait() {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(patience):
		s.process.Process.Kill()
		s.t.Fatalf("the server does not end:\n%s", s.Log())
	}
}

// Advance moves the program's clock on. It is for one test's goroutine.
func (s *Server) Advance(by time.Duration) {
	s.t.Helper()
	next := s.clock + ".next"
	if err := os.WriteFile(next, []byte((s.Offset() + by).String()), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(next, s.clock); err != nil { // never half written
		s.t.Fatal(err)
	}
}

// Offset is how far the clock has been moved.
func (s *Server) Offset() time.Duration {
	s.t.Helper()
	text, err := os.ReadFile(s.clock)
	if os.IsNotExist(err) {
		return 0
	}
	offset, bad := time.ParseDuration(string(text))
	if err != nil || bad != nil {
		s.t.Fatalf("read the clock: %v, %v", err, bad)
	}
	return offset
}

// Now is the program's time.
func (s *Server) Now() time.Time { return time.Now().Add(s.Offset()) }

// Log is what this node has written so far.
func (s *Server) Log() string {
	text, err := os.ReadFile(s.log)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

type secrets struct {
	sync.Mutex
	seen map[string]string
}

// Secret notes what must not be found afterwards. Short ones would be found anywhere and are left out.
func (s *Server) Secret(what, value string) {
	if len(value) < 12 {
		return
	}
	s.secrets.Lock()
	defer s.secrets.Unlock()
	s.secrets.seen[value] = what
}
