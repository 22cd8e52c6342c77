package api

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"countersign/internal/fault"
	"countersign/internal/web"
)

const (
	searchDefault = 100  // results on a page
	searchMost    = 1000 // and at most, however many are asked for
)

// pageAsked is the page of a search that a request asks for, and of which search.
type pageAsked struct {
	token    string
	limit    int
	hasLimit bool

	query []said // what the search is about
}

// said is one part of a request, as it was sent.
type said struct{ name, value string }

// searched reads what stands at the top of a search.
func (r *decoder) searched(name string) error {
	switch name {
	case "page":
		return r.object("page", r.paging)
	case "action":
		if r.kind == actionSearch { // has none
			return r.skip()
		}
	case "subject", "resource", "context":
	default:
		return r.skip()
	}
	return r.noted(name, func() error { return r.part(&r.whole, name) })
}

// noted reads a value that belongs to what the search is about.
func (r *decoder) noted(name string, read func() error) error {
	from := r.at
	if err := read(); err != nil {
		return err
	}
	r.page.query = append(r.page.query, said{name, r.text[from:r.at]})
	return nil
}

func (r *decoder) paging(name string) error {
	switch name {
	case "token":
		return r.textOf("page.token", &r.page.token)
	case "limit":
		return r.limit()
	case "properties": // we have none
		return r.noted("page.properties", func() error { return r.ignored("page.properties") })
	}
	return r.skip()
}

// limit reads the most results that a page may have. More than we give at once
// is no error: it is the most, and the next page follows.
func (r *decoder) limit() error {
	raw, err := r.integer("authzen_limit")
	if err != nil {
		return err
	}
	if raw[0] == '-' {
		return fault.New(fault.Malformed, "authzen_limit")
	}
	n, err := strconv.Atoi(raw)
	if err != nil || n > searchMost { // more digits than fit are more, too
		n = searchMost
	}
	r.page.limit, r.page.hasLimit = n, true
	return nil
}

// name is the same for requests that say the same, whatever blanks, order of
// names and escapes they are written with, and says nothing of what they say.
func (p *pageAsked) name() (string, error) {
	sum := sha256.New()
	for _, name := range [...]string{"subject", "action", "resource", "context", "page.properties"} {
		for _, part := range p.query {
			if part.name != name {
				continue
			}
			value := jsontext.Value(part.value)
			if err := value.Format(jsontext.ReorderRawObjects(true)); err != nil {
				return "", malformed(err)
			}
			sum.Write([]byte(name + "\x00" + strconv.Itoa(len(value)) + "\x00"))
			sum.Write(value)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// open finds where the page begins and how many results it may have. A token
// holds both, sealed, and opens for its service token and its search alone; it may
// be sent without the limit, as the specification does in its examples.
func (q *asking) open() (after string, limit int, err error) {
	if limit = searchDefault; q.page.hasLimit {
		limit = q.page.limit
	}
	if q.page.token == "" {
		return "", limit, nil
	}
	name, err := q.page.name()
	if err != nil {
		return "", 0, err
	}
	text, err := web.After(q.api.Edge.DB, q.v.Who, q.r.URL.Path+"\x00"+name, q.page.token)
	if err != nil {
		return "", 0, fault.New(fault.Malformed, "authzen_token").Because(err)
	}
	number, after, _ := strings.Cut(text, " ")
	first, err := strconv.Atoi(number)
	if err != nil || q.page.hasLimit && first != limit {
		return "", 0, fault.New(fault.Malformed, "authzen_token")
	}
	return after, first, nil
}

// nextToken is what leads to the page after a position.
func (q *asking) nextToken(after string, limit int) (string, error) {
	name, err := q.page.name()
	if err != nil {
		return "", err
	}
	return web.Cursor(q.api.Edge.DB, q.v.Who, q.r.URL.Path+"\x00"+name, strconv.Itoa(limit)+" "+after)
}
