package api

import (
	"bytes"
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

	body  []byte // of the whole request
	query []said // what the search is about, as it was sent
}

// said is one part of a request: body[from:to] is its value.
type said struct {
	name     string
	from, to int64
}

func (p *pageAsked) reset(body []byte) { *p = pageAsked{body: body, query: p.query[:0]} }

// searched reads what stands at the top of a search.
func (r *decoder) searched(name []byte) error {
	switch string(name) {
	case "page":
		return r.object("page", r.paging)
	case "action":
		if r.kind == actionSearch { // has none
			return syntax(r.d.SkipValue())
		}
	case "subject", "resource", "context":
	default:
		return syntax(r.d.SkipValue())
	}
	return r.noted(string(name), func() error { return r.part(&r.whole, name) })
}

// noted reads a value that belongs to what the search is about.
func (r *decoder) noted(name string, read func() error) error {
	from := r.d.InputOffset()
	if err := read(); err != nil {
		return err
	}
	r.page.query = append(r.page.query, said{name, from, r.d.InputOffset()})
	return nil
}

func (r *decoder) paging(name []byte) error {
	switch string(name) {
	case "token":
		return r.text("page.token", &r.page.token)
	case "limit":
		return r.limit()
	case "properties": // we have none
		return r.noted("page.properties", func() error { return r.ignored("page.properties") })
	}
	return syntax(r.d.SkipValue())
}

// limit reads the most results that a page may have. More than we give at once
// is no error: it is the most, and the next page follows.
func (r *decoder) limit() error {
	if r.d.PeekKind() != '0' {
		return r.want("page.limit", "limit")
	}
	raw, err := r.d.ReadValue()
	if err != nil {
		return malformed(err)
	}
	if strings.Trim(string(raw), "0123456789") != "" {
		return fault.New(fault.Malformed, "authzen_limit")
	}
	n, err := strconv.Atoi(string(raw))
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
			value := jsontext.Value(bytes.Clone(bytes.TrimLeft(p.body[part.from:part.to], ": \t\r\n")))
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
