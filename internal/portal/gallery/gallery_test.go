package gallery_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"countersign/internal/lang"
	"countersign/internal/portal"
	"countersign/internal/portal/gallery"
)

func renderer(t *testing.T) *portal.Renderer {
	t.Helper()
	assets, err := portal.LoadAssets()
	if err != nil {
		t.Fatal(err)
	}
	r, err := portal.NewRenderer(assets)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestEveryPage renders every sample in both languages with plain and hostile
// names, and holds what must be true of each page.
func TestEveryPage(t *testing.T) {
	r := renderer(t)
	for _, tag := range lang.All() {
		for kind, names := range map[string]gallery.Names{"plain": gallery.Plain(), "hostile": gallery.Hostile()} {
			for _, s := range gallery.Samples(portal.Page{Lang: tag, Theme: portal.Dark}, names) {
				t.Run(fmt.Sprintf("%s %s %s", s.Name, tag, kind), func(t *testing.T) {
					var b bytes.Buffer
					if err := r.Render(&b, s.View); err != nil {
						t.Fatal(err)
					}
					checkText(t, b.String())
					root, err := html.Parse(bytes.NewReader(b.Bytes()))
					if err != nil {
						t.Fatal(err)
					}
					p := page{t: t, ids: map[string]int{}, labelled: map[string]bool{}}
					p.collect(root)
					p.check(root, nil)
					p.finish(tag)
				})
			}
		}
	}
}

var missing = regexp.MustCompile(`\[(portal|matrix|error|field|event|target|action|value)\.[^\]]*\]`)

func checkText(t *testing.T, text string) {
	t.Helper()
	if m := missing.FindString(text); m != "" {
		t.Errorf("no message for %s", m)
	}
	for _, bad := range []string{"ZgotmplZ", "%!", "&lt;no value", "<no value", "{count}", "{name}", "{email}", "<script>alert", "<img src=x"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
	for _, word := range []string{"membership", "assignment", "appartenance"} {
		if strings.Contains(strings.ToLower(text), word) {
			t.Errorf("the page says %q, a word of ours", word)
		}
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	io.WriteString(w, text)
	w.Close()
	if got := packed.Len(); got > 16_000 {
		t.Errorf("the page has %d bytes as it travels", got)
	}
	checkBalance(t, text)
}

// checkBalance finds elements that are opened and not closed, or closed in the
// wrong order, which a browser would silently mend.
func checkBalance(t *testing.T, text string) {
	t.Helper()
	void := []string{"meta", "link", "input", "img", "br", "wbr", "path", "circle", "rect"}
	var open []string
	z := html.NewTokenizer(strings.NewReader(text))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				t.Errorf("not closed: %v", open)
			}
			return
		case html.StartTagToken:
			name, _ := z.TagName()
			if !slices.Contains(void, string(name)) {
				open = append(open, string(name))
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if len(open) == 0 || open[len(open)-1] != string(name) {
				t.Errorf("</%s> closes %v", name, open)
				return
			}
			open = open[:len(open)-1]
		}
	}
}

type page struct {
	t        *testing.T
	ids      map[string]int
	labelled map[string]bool
	refs     []string
	h1, main int
	language string
	asks     bool // for parts of pages, as htmx is told to
	htmx     bool // is loaded
}

func attr(n *html.Node, key string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val, true
		}
	}
	return "", false
}

func (p *page) collect(n *html.Node) {
	if id, ok := attr(n, "id"); ok && n.Type == html.ElementNode {
		p.ids[id]++
	}
	if n.Data == "label" {
		id, _ := attr(n, "for")
		p.labelled[id] = true
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		p.collect(c)
	}
}

func (p *page) check(n *html.Node, form *html.Node) {
	if n.Type == html.ElementNode {
		p.element(n, form)
	}
	if n.Data == "form" {
		if form != nil {
			p.t.Error("a form within a form")
		}
		form = n
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		p.check(c, form)
	}
}

func (p *page) element(n, form *html.Node) {
	for _, a := range n.Attr {
		if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
			p.t.Errorf("<%s %s=…>: the policy forbids it", n.Data, a.Key)
		}
		if strings.HasPrefix(a.Val, "javascript:") && a.Key != "value" {
			p.t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
		}
		if strings.HasPrefix(a.Key, "data-hx-") {
			p.part(n, form, a)
		}
		switch a.Key {
		case "aria-describedby", "aria-labelledby", "aria-controls", "popovertarget", "for":
			p.refs = append(p.refs, strings.Fields(a.Val)...)
		}
	}
	switch n.Data {
	case "html":
		p.language, _ = attr(n, "lang")
	case "h1":
		p.h1++
	case "main":
		p.main++
	case "style":
		p.t.Error("an inline style sheet")
	case "script":
		if src, _ := attr(n, "src"); src == "" {
			p.t.Error("an inline script")
		} else if strings.Contains(src, "/htmx.") {
			p.htmx = true
		}
	case "img":
		if alt, _ := attr(n, "alt"); alt == "" {
			p.t.Error("an image without words")
		}
	case "a":
		p.link(n)
	case "form":
		action, _ := attr(n, "action")
		method, _ := attr(n, "method")
		if !strings.HasPrefix(action, "/") || method != "get" && method != "post" {
			p.t.Errorf("<form action=%q method=%q>", action, method)
		}
	case "input", "select", "textarea":
		p.field(n, form)
	case "button":
		kind, _ := attr(n, "type")
		if kind != "submit" && kind != "button" {
			p.t.Errorf("<button type=%q>", kind)
		}
		if aria, _ := attr(n, "aria-label"); aria == "" && strings.TrimSpace(words(n)) == "" {
			p.t.Error("a button without words")
		}
	}
}

// part holds that what is asked for with script stands at the address that the element leads to without, and that
// nothing needs a script within an attribute.
func (p *page) part(n, form *html.Node, a html.Attribute) {
	p.asks = true
	switch a.Key {
	case "data-hx-get", "data-hx-post":
		want, ok := attr(n, "href")
		if !ok && n.Data != "form" {
			n = form
		}
		if !ok {
			want, _ = attr(n, "action")
		}
		if a.Val != want {
			p.t.Errorf("with script it asks for %q, without for %q", a.Val, want)
		}
	case "data-hx-trigger", "data-hx-target", "data-hx-select", "data-hx-select-oob", "data-hx-swap", "data-hx-sync", "data-hx-validate", "data-hx-replace-url":
		if strings.ContainsAny(a.Val, "[{") || strings.Contains(a.Val, "js:") {
			p.t.Errorf("%s=%q: the policy forbids scripts in attributes", a.Key, a.Val)
		}
	default:
		p.t.Errorf("%s: whatever is asked of htmx is listed here, as the policy forbids scripts in attributes", a.Key)
	}
}

func words(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(words(c))
	}
	return b.String()
}

func (p *page) link(n *html.Node) {
	href, _ := attr(n, "href")
	if strings.TrimSpace(words(n)) == "" {
		p.t.Errorf("the link to %q has no words", href)
	}
	if id, inside := strings.CutPrefix(href, "#"); inside {
		p.refs = append(p.refs, id)
	} else if !strings.HasPrefix(href, "/") || strings.HasPrefix(href, "//") {
		p.t.Errorf("<a href=%q>", href)
	}
}

func (p *page) field(n, form *html.Node) {
	kind, _ := attr(n, "type")
	if kind == "hidden" {
		return
	}
	id, _ := attr(n, "id")
	name, _ := attr(n, "name")
	if aria, _ := attr(n, "aria-label"); aria == "" && !p.labelled[id] {
		p.t.Errorf("the field %q (%q) has no label", name, id)
	}
	if form != nil && name == "" && kind != "search" {
		if _, readonly := attr(n, "readonly"); !readonly {
			p.t.Errorf("the field %q is not sent", id)
		}
	}
	if value, _ := attr(n, "value"); kind == "password" && value != "" {
		p.t.Errorf("the password field %q is filled in", id)
	}
}

func (p *page) finish(tag lang.Tag) {
	if p.asks != p.htmx {
		p.t.Errorf("htmx is used: %v; it is loaded: %v", p.asks, p.htmx)
	}
	for id, n := range p.ids {
		if n > 1 {
			p.t.Errorf("id %q stands %d times", id, n)
		}
	}
	for _, id := range p.refs {
		if p.ids[id] == 0 {
			p.t.Errorf("there is no element %q", id)
		}
	}
	if p.h1 != 1 || p.main != 1 {
		p.t.Errorf("%d h1 and %d main", p.h1, p.main)
	}
	if p.language != string(tag) {
		p.t.Errorf("lang is %q, not %q", p.language, tag)
	}
}

// TestGallery opens every page by its address.
func TestGallery(t *testing.T) {
	handler, err := gallery.Handler()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range gallery.Samples(portal.Page{}, gallery.Plain()) {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/p/"+s.Name+"?lang=fr&names=hostile", nil))
		if w.Code != 200 || w.Header().Get("Content-Security-Policy") != gallery.Policy {
			t.Errorf("%s: %d", s.Name, w.Code)
		}
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/p/nothing", nil))
	if w.Code != 404 {
		t.Errorf("an unknown page: %d", w.Code)
	}
}

// TestEveryTemplateHasASample holds the gallery's rule.
func TestEveryTemplateHasASample(t *testing.T) {
	files, err := filepath.Glob("../templates/*.html")
	if err != nil || len(files) < 20 {
		t.Fatal(len(files), err)
	}
	seen := map[string]bool{}
	for _, s := range gallery.Samples(portal.Page{}, gallery.Plain()) {
		seen[portal.NameOf(s.View)] = true
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".html")
		if name != "layout" && !strings.HasPrefix(name, "part_") && !seen[name] {
			t.Errorf("the page %s has no sample", name)
		}
	}
}
