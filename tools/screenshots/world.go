package main

import (
	"os"
	"strings"
	"testing"

	"countersign/internal/test/browser"
	"countersign/tools/internal/stage"
)

// world pictures the pages of a demo world, served by the program itself.
func (c *camera) world() error {
	folder, err := os.MkdirTemp("", "countersign-screenshots-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	p, err := stage.Start(folder)
	if err != nil {
		return err
	}
	defer p.Stop()
	return stage.Hold("world", func(t testing.TB) {
		c.ada(browser.New(t), p)
		c.freja(browser.New(t), p)
		c.miriam(browser.New(t), p)
		c.mathilde(browser.New(t), p)
		c.nobody(browser.New(t), p)
	})
}

// ada owns a merchant's account.
func (c *camera) ada(b *browser.Browser, p *stage.Program) {
	p.SignIn(b, "ada.okafor@northwind.example")
	home := strings.TrimSuffix(b.URL(), "/")
	page := func(name, path string) {
		c.picture(b, "world/owner-"+name, func() { b.Goto(home + path) })
	}
	for _, path := range []string{"/users", "/users/new", "/users?status=invited", "/users?q=nobody-is-called-so", "/roles", "/roles?all=yes", "/roles/new", "/policies", "/policies/new", "/matrix", "/toxic-combinations", "/activity", "/activity?outcome=refused", "/service-tokens", "/service-tokens/new",
		"/search?q=freja", "/search?q=nordic", "/entities", "/settings"} {
		page(strings.Trim(strings.NewReplacer("/", "-", "?", "-", "=", "-").Replace(path), "-"), path)
	}
	page("home", "/")
	b.Goto(home + "/users")
	user := browser.Eval[string](b, `[...document.querySelectorAll("tr")].find(r => r.innerText.includes("Freja")).querySelector("a").getAttribute("href")`)
	for _, tab := range []string{"", "/access", "/security", "/activity", "/edit", "/details", "/email", "/deletion", "/deactivation", "/second-factor-reset", "/second-factor-renewal", "/password-reset", "/password-renewal"} {
		c.picture(b, "world/owner-user"+strings.ReplaceAll(tab, "/", "-"), func() { b.Goto(p.URL + user + tab) })
	}
	b.Goto(home + "/roles?all=yes")
	role := browser.Eval[string](b, `document.querySelector("table a").getAttribute("href")`)
	c.picture(b, "world/owner-role", func() { b.Goto(p.URL + role) })
	c.picture(b, "world/owner-me", func() { b.Goto(p.URL + "/me") })
	c.picture(b, "world/owner-users-ticked", func() {
		b.Goto(home + "/users")
		browser.Eval[int](b, `[...document.querySelectorAll('input[name="users"]')].slice(2, 5).forEach(i => i.click()), 1`)
	})
	for _, of := range []string{"activity", "entities"} {
		b.Goto(home + "/" + of)
		one := browser.Eval[string](b, `document.querySelector("main #results a[href*='/`+of+`/']:not([href*=export])").getAttribute("href")`)
		c.picture(b, "world/owner-"+of+"-one", func() { b.Goto(p.URL + one) })
	}
	for _, page := range []string{"confirm", "password", "email", "factors/app", "factors/key", "recovery-codes"} {
		c.picture(b, "world/owner-me-"+strings.ReplaceAll(page, "/", "-"), func() { b.Goto(p.URL + "/me/" + page) })
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
func (c *camera) freja(b *browser.Browser, p *stage.Program) {
	p.SignIn(b, "freja.kjaergaard@northwind.example")
	home := strings.TrimSuffix(b.URL(), "/")
	c.picture(b, "world/support-home", func() { b.Goto(home + "/") })
	c.picture(b, "world/support-forbidden", func() { b.Expect("status of 403"); b.Goto(home + "/users") })
}

// miriam runs the platform.
func (c *camera) miriam(b *browser.Browser, p *stage.Program) {
	p.SignIn(b, "miriam.castellanos@larkmoor.example")
	home := strings.TrimSuffix(b.URL(), "/")
	for name, path := range map[string]string{"home": "/", "accounts": "/accounts", "account-new": "/accounts/new", "activity": "/activity", "tree": "/entities", "search": "/search?q=pelican"} {
		c.picture(b, "world/operator-"+name, func() { b.Goto(home + path) })
	}
	b.Goto(home + "/accounts")
	account := browser.Eval[string](b, `[...document.querySelectorAll("tr")].find(r => r.innerText.includes("Northwind")).querySelector("a").getAttribute("href")`)
	for _, tab := range []string{"", "/edit", "/deactivation"} {
		c.picture(b, "world/operator-account"+strings.ReplaceAll(tab, "/", "-"), func() { b.Goto(p.URL + account + tab) })
	}
}

// mathilde owns a café and speaks French.
func (c *camera) mathilde(b *browser.Browser, p *stage.Program) {
	b.Goto(p.URL + "/signin")
	p.SignIn(b, "mathilde.rousselot@petrichor.example")
	home := strings.TrimSuffix(b.URL(), "/")
	for name, path := range map[string]string{"home": "/", "users": "/users", "invite": "/users/new", "activity": "/activity", "entities": "/entities"} {
		c.picture(b, "world/french-"+name, func() { b.Goto(home + path) })
	}
	c.picture(b, "world/french-me", func() { b.Goto(p.URL + "/me") })
}

// nobody is not signed in.
func (c *camera) nobody(b *browser.Browser, p *stage.Program) {
	for _, path := range []string{"signin", "forgotten", "help", "reset/done"} {
		c.picture(b, "world/outside-"+strings.ReplaceAll(path, "/", "-"), func() { b.Goto(p.URL + "/" + path) })
	}
}
