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

	"countersign/internal/lang"
)

//go:embed templates
var templates embed.FS

// Renderer writes pages. It parses every template once for each language and is
// safe for concurrent use.
type Renderer struct {
	pages map[lang.Tag]map[string]*template.Template
}

// shared holds the frame and the parts; every other file is a page of its own.
func shared(name string) bool { return name == "layout" || strings.HasPrefix(name, "part_") }

// NewRenderer parses all templates. It fails when one does not parse or asks for
// an asset that does not exist and is not another project's.
func NewRenderer(assets *Assets) (*Renderer, error) {
	names, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return nil, err
	}
	r := &Renderer{pages: map[lang.Tag]map[string]*template.Template{}}
	for _, tag := range lang.All() {
		base := template.New("").Option("missingkey=error").Funcs(words{tag, assets}.funcs())
		for _, file := range names {
			if shared(pageName(file)) {
				if err := parse(base, file); err != nil {
					return nil, err
				}
			}
		}
		r.pages[tag] = map[string]*template.Template{}
		for _, file := range names {
			if shared(pageName(file)) {
				continue
			}
			page, err := base.Clone()
			if err != nil {
				return nil, err
			}
			if err := parse(page, file); err != nil {
				return nil, err
			}
			r.pages[tag][pageName(file)] = page
		}
	}
	return r, nil
}

func pageName(file string) string { return strings.TrimSuffix(path.Base(file), ".html") }

func parse(t *template.Template, file string) error {
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
	page, ok := r.pages[tag][v.name()]
	if !ok {
		return fmt.Errorf("render %s: no such template", v.name())
	}
	var b bytes.Buffer
	if err := page.ExecuteTemplate(&b, "layout", v); err != nil {
		return fmt.Errorf("render %s: %w", v.name(), err)
	}
	_, err := b.WriteTo(w)
	return err
}
