// Package portal makes the pages that people see.
//
// Each page is a template in templates/ and a view struct here (view_*.go): the
// struct is all the template may use, so a handler parses its request, calls one
// use case, fills the struct and hands it to Renderer.Render. Every view embeds
// Page, the frame around it: who looks, in which account, language and zone.
//
//	view*.go     what each page shows; enumerations and filters with it
//	address.go   every address of the portal, in one place
//	render.go    Renderer: parses once per language, writes whole pages only
//	words.go     what templates may call: words, times, icons, fields
//	assets.go    the files under /assets/, named by their content
//	gallery/     every page with believable data, for eyes and for tests
//
// The one rule: views carry data, templates make the words (in the viewer's
// language) and Go makes the addresses; html/template alone does the escaping.
package portal

import (
	"strings"
	"time"
	"unicode/utf8"

	"countersign/internal/fault"
	"countersign/internal/lang"
)

// View is a page that can be rendered: a struct of this package that embeds Page.
type View interface {
	name() string // of its file in templates/, without ".html"
	frame() Page
}

// NameOf is a view's name: that of its file in templates/, without ".html".
func NameOf(v View) string { return v.name() }

// Theme is light, dark, or what the device prefers (the zero value).
type Theme string

// The themes.
const (
	Auto  Theme = ""
	Light Theme = "light"
	Dark  Theme = "dark"
)

// Page is the frame around every page. The zero value is a page for nobody, in
// English and UTC.
type Page struct {
	Lang      lang.Tag
	Zone      *time.Location // of the viewer; nil is UTC
	Theme     Theme
	Here      string // path and query of this page; the language and theme forms come back to it
	RequestID string
	Me        *Viewer     // nil when nobody is signed in: the page has no menu then
	Account   *AccountRef // nil on pages outside an account
	Accounts  []AccountRef
	Menu      []MenuGroup
	Flash     *Flash // what just happened; nil for nothing
	IdleIn    int    // seconds until the session ends if nothing more comes
	EndsIn    int    // seconds until it ends in any case
}

func (p Page) frame() Page { return p }

// To gives the addresses of the page's account.
func (p Page) To() Addresses {
	if p.Account == nil {
		return Addresses{}
	}
	return InAccount(p.Account.CustomerID)
}

// MaySearch tells whether the top bar has its search: for people whose menu
// leads further than to their first page.
func (p Page) MaySearch() bool {
	n := 0
	for _, g := range p.Menu {
		n += len(g.Items)
	}
	return n > 1
}

// Viewer is the person who looks.
type Viewer struct {
	ID         string
	Name       string
	Identifier string // what they sign in with
}

// Initials are one or two letters for the round picture in the name menu.
func (v Viewer) Initials() string {
	var out string
	for _, word := range strings.Fields(v.Name) {
		r, _ := utf8.DecodeRuneInString(word)
		if out += strings.ToUpper(string(r)); utf8.RuneCountInString(out) == 2 {
			break
		}
	}
	return out
}

// Environment is where an account's data belongs.
type Environment string

// The environments.
const (
	Live Environment = "live"
	Test Environment = "test"
)

// AccountRef is an account as the top bar names it.
type AccountRef struct {
	CustomerID  string
	Name        string
	Alias       string // may be empty
	Environment Environment
	Current     bool // in the switcher
}

// Home is the address of the account's first page.
func (a AccountRef) Home() string { return InAccount(a.CustomerID).Home() }

// Label is the alias, or the name where there is none.
func (a AccountRef) Label() string {
	if a.Alias != "" {
		return a.Alias
	}
	return a.Name
}

// Mood says how a message is meant; each has an icon and a word, never a colour alone.
type Mood string

// The moods.
const (
	Done    Mood = "done"
	Note    Mood = "note"
	Warning Mood = "warning"
	Refused Mood = "refused"
)

// Flash tells what just happened. Its words are the message "portal.flash.CODE"
// with Args, in pairs of name and value.
type Flash struct {
	Mood Mood
	Code string
	Args []any
}

// Form is what went wrong with what was sent: nil Refusal before anything was.
// A refusal with fields is summed up above the form with links, and told beside
// each field; the field names are those of the inputs.
type Form struct {
	Refusal *fault.Error
	Kept    bool // what was typed before the session ran out stands in it again
}

// Count is how many there are: N, or at least N when More are there than were counted.
type Count struct {
	N    int64
	More bool
}

// Option is one choice of a list.
type Option struct {
	Value    string
	Label    string
	Selected bool
}

// Pager holds the cursors of the neighbouring pages; empty means there is none.
type Pager struct {
	Previous string
	Next     string
}
