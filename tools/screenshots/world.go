package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"countersign/internal/demo"
	"countersign/internal/test/browser"
)

// world pictures the pages of a demo world, served by the program itself.
func (c *camera) world() error {
	folder, err := os.MkdirTemp("", "countersign-screenshots-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	p, err := start(folder)
	if err != nil {
		return err
	}
	defer p.stop()
	return hold("world", func(t testing.TB) {
		c.ada(browser.New(t), p)
		c.freja(browser.New(t), p)
		c.miriam(browser.New(t), p)
	})
}

// program is the running server, and the keys of those who can sign in to it.
type program struct {
	url     string
	keys    map[string]string // by e-mail
	process *exec.Cmd
}

var login = regexp.MustCompile(`(\S+@\S+)\s+key ([A-Z2-7]+)`)

func start(folder string) (*program, error) {
	binary := filepath.Join(folder, "countersign")
	if out, err := exec.Command("go", "build", "-o", binary, "./cmd/countersign").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build: %w\n%s", err, out)
	}
	public, private, err := twoPorts()
	if err != nil {
		return nil, err
	}
	p := &program{url: "http://localhost:" + public, keys: map[string]string{}}
	common := []string{"--database", filepath.Join(folder, "world.db"), "--key-file", filepath.Join(folder, "key"), "--mail-dir", filepath.Join(folder, "mail"), "--public-url", p.url}
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
	p.stop()
	return nil, fmt.Errorf("the server is not ready")
}

func (p *program) stop() { p.process.Process.Signal(syscall.SIGTERM) }

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

// signIn brings somebody in.
func (p *program) signIn(b *browser.Browser, email string) {
	b.Goto(p.url + "/signin")
	b.Fill("E-mail or username", email)
	b.Fill("Password", demo.Password)
	b.Click("Continue")
	code, err := totp.GenerateCode(p.keys[email], time.Now())
	if err != nil {
		panic(fmt.Sprintf("the demo printed no key for %s", email))
	}
	b.Fill("Six-digit code", code)
	b.Click("Sign in")
	b.Sees("Home")
}

// ada owns a merchant's account.
func (c *camera) ada(b *browser.Browser, p *program) {
	p.signIn(b, "ada.okafor@northwind.example")
	home := strings.TrimSuffix(b.URL(), "/")
	page := func(name, path string) {
		c.picture(b, "world/owner-"+name, func() { b.Goto(home + path) })
	}
	for _, path := range []string{"/users", "/users/new", "/users?status=invited", "/users?q=nobody-is-called-so", "/roles", "/activity", "/activity?outcome=refused", "/service-tokens", "/service-tokens/new"} {
		page(strings.Trim(strings.NewReplacer("/", "-", "?", "-", "=", "-").Replace(path), "-"), path)
	}
	page("home", "/")
	b.Goto(home + "/users")
	user := browser.Eval[string](b, `[...document.querySelectorAll("tr")].find(r => r.innerText.includes("Freja")).querySelector("a").getAttribute("href")`)
	for _, tab := range []string{"", "/access", "/security", "/activity", "/edit", "/deactivation", "/second-factor-reset", "/second-factor-renewal"} {
		c.picture(b, "world/owner-user"+strings.ReplaceAll(tab, "/", "-"), func() { b.Goto(p.url + user + tab) })
	}
	b.Goto(home + "/roles")
	role := browser.Eval[string](b, `document.querySelector("table a").getAttribute("href")`)
	c.picture(b, "world/owner-role", func() { b.Goto(p.url + role) })
	c.picture(b, "world/owner-me", func() { b.Goto(p.url + "/me") })
	for _, page := range []string{"confirm", "factors/app", "factors/key", "recovery-codes"} {
		c.picture(b, "world/owner-me-"+strings.ReplaceAll(page, "/", "-"), func() { b.Goto(p.url + "/me/" + page) })
	}
	c.picture(b, "world/owner-invite-wrong", func() {
		b.Expect("status of 422")
		b.Goto(home + "/users/new")
		browser.Eval[int](b, `document.querySelector("main form").noValidate = true, 1`)
		b.Click("Send invitation")
	})
	c.picture(b, "world/owner-nothing-here", func() { b.Expect("status of 404"); b.Goto(home + "/nothing") })
}

// freja answers questions: little is open to her.
func (c *camera) freja(b *browser.Browser, p *program) {
	p.signIn(b, "freja.kjaergaard@northwind.example")
	home := strings.TrimSuffix(b.URL(), "/")
	c.picture(b, "world/support-home", func() { b.Goto(home + "/") })
	c.picture(b, "world/support-forbidden", func() { b.Expect("status of 403"); b.Goto(home + "/users") })
}

// miriam runs the platform.
func (c *camera) miriam(b *browser.Browser, p *program) {
	p.signIn(b, "miriam.castellanos@larkmoor.example")
	home := strings.TrimSuffix(b.URL(), "/")
	for name, path := range map[string]string{"home": "/", "accounts": "/accounts", "account-new": "/accounts/new", "activity": "/activity"} {
		c.picture(b, "world/operator-"+name, func() { b.Goto(home + path) })
	}
	b.Goto(home + "/accounts")
	account := browser.Eval[string](b, `[...document.querySelectorAll("tr")].find(r => r.innerText.includes("Northwind")).querySelector("a").getAttribute("href")`)
	c.picture(b, "world/operator-account", func() { b.Goto(p.url + account) })
}
