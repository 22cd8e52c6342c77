// Command lighthouse has Lighthouse look at the pages of a demo world as people of it see them, on a phone and on a desktop:
//
//	go run ./tools/lighthouse -node NODE_MODULES [-only users] [-out build/lighthouse.txt]
//
// It writes a line per page and device: the four scores (0 to 100), how much the layout shifts while loading, and the
// weight, compressed: of everything the first time, and of what is fetched again afterwards. The rest lies in the browser
// by then, for the address of each file changes with it.
//
// One audit is left out: that search engines may list the page. They may not, and each page says so.
//
// Its one rule: a page that misses what ux asks of it (95 in every category, 150 kB the first time and 30 kB after, no
// shift) ends the command with an error, after all pages.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"countersign/internal/test/browser"
	"countersign/tools/internal/stage"
)

func main() {
	log.SetFlags(0)
	modules := flag.String("node", "tools/lighthouse/node_modules", "where npm put lighthouse")
	only := flag.String("only", "", "look only at pages with this in their name")
	out := flag.String("out", "build/lighthouse.txt", "the file that gets the table, which is printed too")
	flag.Parse()
	if err := run(*modules, *only, *out); err != nil {
		log.Fatal(err)
	}
}

func run(modules, only, out string) error {
	folder, err := os.MkdirTemp("", "countersign-lighthouse-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	table, err := os.Create(out)
	if err != nil {
		return err
	}
	defer table.Close()
	program, err := stage.Start(folder)
	if err != nil {
		return err
	}
	defer program.Stop()
	l := lookout{modules: modules, report: filepath.Join(folder, "report.json"), out: io.MultiWriter(os.Stdout, table)}
	fmt.Fprintf(l.out, "%-20s %-8s %5s %5s %5s %5s  %6s %9s %9s\n", "page", "on", "speed", "a11y", "best", "seo", "shift", "first kB", "again kB")
	err = stage.Hold("pages", func(t testing.TB) {
		for _, p := range pages(browser.New(t), program) {
			if !strings.Contains(p.name, only) {
				continue
			}
			for _, device := range []string{"phone", "desktop"} {
				if err := l.look(p, device); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
	if err == nil && l.missed > 0 {
		err = fmt.Errorf("%d times a page is below what is asked of it", l.missed)
	}
	return err
}

// page is one that is looked at, as whoever has the session sees it.
type page struct{ name, address, session string }

// pages are the ones that people see most, and the heaviest of each kind.
func pages(b *browser.Browser, p *stage.Program) []page {
	list := []page{{"sign-in", p.URL + "/signin", ""}, {"help", p.URL + "/help", ""}}
	p.SignIn(b, "ada.okafor@northwind.example")
	session := b.Cookie("__Host-session")
	home := strings.TrimSuffix(b.URL(), "/")
	b.Goto(home + "/users")
	user := p.URL + browser.Eval[string](b, `document.querySelector("tbody a").getAttribute("href")`)
	b.Goto(home + "/roles?all=yes")
	role := p.URL + browser.Eval[string](b, `document.querySelector("tbody a").getAttribute("href")`)
	for _, x := range [][2]string{{"home", home + "/"}, {"users", home + "/users"}, {"invite", home + "/users/new"}, {"user", user}, {"user-access", user + "/access"},
		{"user-edit", user + "/edit"}, {"roles", home + "/roles"}, {"role", role}, {"role-new", home + "/roles/new"}, {"matrix", home + "/matrix"}, {"policies", home + "/policies"},
		{"policy-new", home + "/policies/new"}, {"explanation", user + "/explanation"}, {"toxic", home + "/toxic-combinations"}, {"records", home + "/records/terminal_orders"}, {"activity", home + "/activity"}, {"your-account", p.URL + "/me"}} {
		list = append(list, page{x[0], x[1], session})
	}
	return list
}

type lookout struct {
	modules, report string
	out             io.Writer
	missed          int
}

// look runs Lighthouse on one page and writes what it says.
func (l *lookout) look(p page, device string) error {
	arguments := []string{filepath.Join(l.modules, "lighthouse", "cli", "index.js"), p.address, "--quiet", "--output=json", "--output-path=" + l.report,
		"--only-categories=performance,accessibility,best-practices,seo", "--skip-audits=is-crawlable",
		"--chrome-flags=--headless --no-sandbox --disable-gpu --disable-background-networking"}
	if device == "desktop" {
		arguments = append(arguments, "--preset=desktop")
	}
	if p.session != "" {
		arguments = append(arguments, `--extra-headers={"Cookie":"__Host-session=`+p.session+`"}`)
	}
	for try := 1; ; try++ { // on a busy machine it loses its trace now and then
		command := exec.Command("node", arguments...)
		command.Env = append(os.Environ(), "CHROME_PATH="+browser.Program())
		out, err := command.CombinedOutput()
		if err == nil {
			break
		}
		if try == 3 {
			return fmt.Errorf("lighthouse on %s: %w\n%s", p.name, err, out)
		}
	}
	text, err := os.ReadFile(l.report)
	if err != nil {
		return err
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		return err
	}
	row, missed, err := r.row(p.name, device)
	l.missed += missed
	fmt.Fprint(l.out, row)
	return err
}

// report is what is read of Lighthouse's.
type report struct {
	Categories map[string]struct {
		Score     float64
		AuditRefs []struct {
			ID     string
			Weight float64
		}
	}
	Audits map[string]struct {
		Title        string
		Score        *float64 // 0 to 1; nil where there is nothing to score
		NumericValue float64
		Details      json.RawMessage
	}
}

// shift is the cumulative layout shift.
func (r report) shift() float64 { return r.Audits["cumulative-layout-shift"].NumericValue }

var categories = []string{"performance", "accessibility", "best-practices", "seo"}

// weight is in bytes, of everything and of what a second visit fetches.
func (r report) weight() (first, again int, err error) {
	var requests struct {
		Items []struct {
			TransferSize int
			ResourceType string
		}
	}
	err = json.Unmarshal(r.Audits["network-requests"].Details, &requests)
	for _, x := range requests.Items {
		first += x.TransferSize
		if x.ResourceType == "Document" || x.ResourceType == "Fetch" {
			again += x.TransferSize
		}
	}
	return first, again, err
}

// row is a page's line, and lines of what costs it points; and how often it misses what is asked of it. Speed is left to the
// reader: on a busy machine it says nothing.
func (r report) row(name, device string) (text string, missed int, err error) {
	first, again, err := r.weight()
	text = fmt.Sprintf("%-20s %-8s", name, device)
	for _, c := range categories {
		text += fmt.Sprintf(" %5.0f", 100*r.Categories[c].Score)
	}
	text += fmt.Sprintf("  %6.3f %9.1f %9.1f\n", r.shift(), float64(first)/1000, float64(again)/1000)
	misses := []bool{first > 150_000, again > 30_000, first == 0, r.shift() > 0.01}
	for _, c := range categories[1:] {
		misses = append(misses, r.Categories[c].Score < 0.95)
		for _, a := range r.Categories[c].AuditRefs {
			if audit := r.Audits[a.ID]; a.Weight > 0 && audit.Score != nil && *audit.Score < 1 {
				text += fmt.Sprintf("    %s: %s (%s)%s\n", c, audit.Title, a.ID, places(audit.Details))
			}
		}
	}
	for _, miss := range misses {
		if miss {
			missed++
		}
	}
	return text, missed, err
}

// places are the first elements that an audit complains of.
func places(details json.RawMessage) (text string) {
	var list struct {
		Items []struct{ Node struct{ Snippet string } }
	}
	if json.Unmarshal(details, &list) != nil {
		return "" // it complains of no element
	}
	for _, x := range list.Items[:min(3, len(list.Items))] {
		text += "\n        " + x.Node.Snippet
	}
	return text
}
