// Package stage is what the tools that look at the running portal share: the program with a demo world, and the browser's
// helpers outside of a test.
//
// Its one rule: what is looked at is what the program serves, with nothing put in its place.
package stage

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"countersign/internal/demo"
	"countersign/internal/test/browser"
)

// Program is the running server with a demo world.
type Program struct {
	URL     string
	keys    map[string]string // of who can sign in, by e-mail
	process *exec.Cmd
}

var login = regexp.MustCompile(`(\S+@\S+)\s+key ([A-Z2-7]+)`)

// Start builds the program, fills a demo world in the folder and serves it on two free ports of this machine. It ends with
// this process, or by Stop.
func Start(folder string) (*Program, error) {
	binary := filepath.Join(folder, "countersign")
	if out, err := exec.Command("go", "build", "-o", binary, "./cmd/countersign").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build: %w\n%s", err, out)
	}
	public, private, err := twoPorts()
	if err != nil {
		return nil, err
	}
	p := &Program{URL: "http://localhost:" + public, keys: map[string]string{}}
	common := []string{"--database", filepath.Join(folder, "world.db"), "--key-file", filepath.Join(folder, "key"), "--mail-dir", filepath.Join(folder, "mail"), "--public-url", p.URL}
	out, err := exec.Command(binary, append([]string{"demo"}, common...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	for _, found := range login.FindAllStringSubmatch(string(out), -1) {
		p.keys[found[1]] = found[2]
	}
	p.process = exec.Command(binary, append([]string{"serve", "--listen", "127.0.0.1:" + public, "--internal-listen", "127.0.0.1:" + private, "--log-level", "warn"}, common...)...)
	p.process.Stderr = os.Stderr
	p.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the child dies with the thread that started it
		started <- p.process.Start()
		p.process.Wait()
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	for range 600 {
		if answer, err := http.Get("http://127.0.0.1:" + private + "/readyz"); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return p, nil
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.Stop()
	return nil, fmt.Errorf("the server is not ready")
}

// Stop ends it.
func (p *Program) Stop() { p.process.Process.Signal(syscall.SIGTERM) }

func twoPorts() (a, b string, err error) {
	for _, port := range []*string{&a, &b} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", "", err
		}
		defer l.Close()
		_, *port, _ = net.SplitHostPort(l.Addr().String())
	}
	return a, b, nil
}

// SignIn brings somebody in.
func (p *Program) SignIn(b *browser.Browser, email string) {
	b.Goto(p.URL + "/signin")
	b.Fill("E-mail or username", email)
	b.Fill("Password", demo.Password)
	b.Click("Continue")
	code, err := totp.GenerateCode(p.keys[email], time.Now())
	if err != nil {
		panic(fmt.Sprintf("the demo printed no key for %s", email))
	}
	b.Fill("Six-digit code", code)
	b.Click("Sign in")
	if !b.Has(".cs-side") {
		panic(email + " did not come in")
	}
}

// Hold lets the browser's helpers, which are made for tests, work outside of one: a failure ends the work as an error.
func Hold(name string, work func(testing.TB)) error {
	h := &holder{name: name}
	done := make(chan struct{})
	go func() { // a failure ends this goroutine
		defer close(done)
		defer h.cleanUp()
		work(h)
	}()
	<-done
	if h.failed != "" {
		return fmt.Errorf("%s: %s", name, h.failed)
	}
	return nil
}

type holder struct {
	testing.TB // nil: only what stands below is used
	name       string
	failed     string
	cleanups   []func()
}

func (h *holder) cleanUp() {
	for i := len(h.cleanups) - 1; i >= 0; i-- {
		h.cleanups[i]()
	}
}

func (h *holder) Helper()                  {}
func (h *holder) Name() string             { return h.name }
func (h *holder) Failed() bool             { return h.failed != "" }
func (h *holder) Cleanup(f func())         { h.cleanups = append(h.cleanups, f) }
func (h *holder) Context() context.Context { return context.Background() }
func (h *holder) Logf(f string, a ...any)  { log.Printf(f, a...) }
func (h *holder) Log(a ...any)             { log.Println(a...) }

func (h *holder) Errorf(f string, a ...any) { h.failed = fmt.Sprintf(f, a...) }
func (h *holder) Error(a ...any)            { h.failed = fmt.Sprintln(a...) }
func (h *holder) Fatalf(f string, a ...any) { h.Errorf(f, a...); h.end() }
func (h *holder) Fatal(a ...any)            { h.Error(a...); h.end() }
func (h *holder) Skip(a ...any)             { h.Fatal(a...) }

// end stops the work, as FailNow does in a test.
func (h *holder) end() { runtime.Goexit() }
