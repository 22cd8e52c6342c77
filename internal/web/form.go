package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"countersign/internal/fault"
)

const formFields = 1000 // values in one form

// Form reads what a page's form sent. fields are the names it may hold; a name
// that ends in [] may come several times and is asked for without it. Anything
// else in it, a field that comes twice, or bytes that are no text, is malformed.
func Form(r *http.Request, fields ...string) (url.Values, error) {
	if t := r.Header.Get("Content-Type"); !strings.HasPrefix(t, "application/x-www-form-urlencoded") {
		return nil, malformed("form_type")
	}
	if err := r.ParseForm(); err != nil {
		if e := fault.From(err); e.Kind != fault.Internal {
			return nil, err
		}
		return nil, wrapBody(err)
	}
	return r.PostForm, checkValues(r.PostForm, fields)
}

// Query reads an address's query in the same way.
func Query(r *http.Request, fields ...string) (url.Values, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, malformed("query")
	}
	return q, checkValues(q, fields)
}

func checkValues(values url.Values, fields []string) error {
	n := 0
	for name, list := range values {
		n += len(list)
		switch {
		case slices.Contains(fields, name+"[]"):
		case !slices.Contains(fields, name):
			return malformed("unknown_field").With("name", cut(name))
		case len(list) > 1:
			return malformed("field_twice").With("name", cut(name))
		}
		for _, v := range list {
			if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
				return malformed("not_text").With("name", cut(name))
			}
		}
	}
	if n > formFields {
		return malformed("too_many_fields")
	}
	return nil
}

func malformed(code string) *fault.Error { return fault.New(fault.Malformed, code) }

// wrapBody keeps "too large" what it is; all else about a body is malformed.
func wrapBody(err error) error {
	if _, ok := err.(*http.MaxBytesError); ok {
		return err
	}
	return malformed("form_type").Because(err)
}

// cut keeps a name that somebody made up short and printable.
func cut(name string) string {
	name = strings.ToValidUTF8(name, "?")
	if r := []rune(name); len(r) > 40 {
		name = string(r[:40]) + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, name)
}
