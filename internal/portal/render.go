package portal

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"
	"text/template/parse"

	"countersign/internal/lang"
)

//go:embed templates
var templates embed.FS

// Renderer writes pages. The frame and the parts are parsed when it is made, a page
// when somebody first opens it in their language: all of them would be most of what a server
// holds in memory, and one that only answers decisions needs none. It is safe for concurrent use.
type Renderer struct {
	pages map[lang.Tag]map[string]func() (*template.Template, error)
}

// strict makes a name that a map does not hold an error.
const strict = "missingkey=error"

// shared holds the frame and the parts; every other file is a page of its own.
func shared(name string) bool { return name == "layout" || strings.HasPrefix(name, "part_") }

// NewRenderer parses what pages share. It fails when one of these does not parse or asks for
// an asset that does not exist and is not another project's.
func NewRenderer(assets *Assets) (*Renderer, error) {
	names, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return nil, err
	}
	r := &Renderer{pages: map[lang.Tag]map[string]func() (*template.Template, error){}}
	for _, tag := range lang.All() {
		funcs := words{tag, assets}.funcs()
		base := template.New("").Option(strict).Funcs(funcs)
		r.pages[tag] = map[string]func() (*template.Template, error){}
		for _, file := range names {
			if !shared(pageName(file)) {
				r.pages[tag][pageName(file)] = sync.OnceValues(func() (*template.Template, error) { return page(base, file, funcs) })
			} else if err := read(base, file); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// page puts a page into the frame.
func page(base *template.Template, file string, funcs template.FuncMap) (*template.Template, error) {
	whole, err := base.Clone()
	if err != nil {
		return nil, err
	}
	if err := read(whole, file); err != nil {
		return nil, err
	}
	return reached(whole, funcs)
}

// reached is a page with only the parts that its layout comes to: every page has
// templates of its own.
func reached(whole *template.Template, funcs template.FuncMap) (*template.Template, error) {
	page := template.New("").Option(strict).Funcs(funcs)
	var add func(name string) error
	add = func(name string) error {
		if page.Lookup(name) != nil {
			return nil
		}
		t := whole.Lookup(name)
		if t == nil || t.Tree == nil {
			return fmt.Errorf("no template %q", name)
		}
		if _, err := page.AddParseTree(name, t.Tree); err != nil {
			return err
		}
		for _, called := range calls(t.Tree.Root) {
			if err := add(called); err != nil {
				return err
			}
		}
		return nil
	}
	return page, add("layout")
}

// calls are the names of the templates that a part of one calls.
func calls(n parse.Node) (out []string) {
	within := func(b *parse.BranchNode) {
		out = append(out, calls(b.List)...)
		out = append(out, calls(b.ElseList)...)
	}
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return nil
		}
		for _, one := range n.Nodes {
			out = append(out, calls(one)...)
		}
	case *parse.TemplateNode:
		out = append(out, n.Name)
	case *parse.IfNode:
		within(&n.BranchNode)
	case *parse.RangeNode:
		within(&n.BranchNode)
	case *parse.WithNode:
		within(&n.BranchNode)
	}
	return out
}

func pageName(file string) string { return strings.TrimSuffix(path.Base(file), ".html") }

func read(t *template.Template, file string) error {
	text, err := templates.ReadFile(file)
	if err != nil {
		return err
	}
	if _, err := t.New(path.Base(file)).Parse(string(text)); err != nil {
		return fmt.Errorf("parse template: %w", err)
	}
	return nil
}

// Render writes the page of a view, whole or not at all: an error comes before
// the first byte is written, or is w's own.
func (r *Renderer) Render(w io.Writer, v View) error {
	tag := v.frame().Lang
	if _, ok := r.pages[tag]; !ok {
		tag = lang.English
	}
	parsed, ok := r.pages[tag][v.name()]
	if !ok {
		return fmt.Errorf("render %s: no such template", v.name())
	}
	page, err := parsed()
	if err != nil {
		return fmt.Errorf("render %s: %w", v.name(), err)
	}
	var b bytes.Buffer
	if err := page.ExecuteTemplate(&b, "layout", v); err != nil {
		return fmt.Errorf("render %s: %w", v.name(), err)
	}
	_, err = b.WriteTo(w)
	return err
}
