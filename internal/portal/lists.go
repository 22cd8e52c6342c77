package portal

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"

	"countersign/internal/fault"
	"countersign/internal/web"
)

// What the lists have in common.

// understood refuses a file whose address narrows it by what the list could not
// read. On the page one sees that such a filter is off; the file would be of
// everything.
func understood(asked, read url.Values) error {
	var wrong fault.Fields
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		switch name {
		case "order", "cursor", "page", "format": // do not narrow
		default:
			typed := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(asked[name]))), func(s string) bool { return strings.TrimSpace(s) == "" })
			if len(typed) > len(read[name]) {
				wrong.Add(name, "invalid")
			}
		}
	}
	return wrong.Err()
}

// unreadable tells whether a list was asked for what nothing can be called: then
// it finds nothing.
func unreadable(err error) bool {
	f := fault.From(err)
	return f != nil && f.Kind == fault.Invalid
}

// listCursor opens the cursor of a list in an account; about is which list, and
// how it is narrowed.
func (p *Portal) listCursor(i inside, v *web.Visit, about, cursor string) (string, error) {
	return web.After(p.DB, v.Who, i.account.ID+" "+about, cursor)
}

// listPager seals where the pages beside a page of such a list begin.
func (p *Portal) listPager(i inside, v *web.Visit, about, previous, next string) (pager Pager, err error) {
	if pager.Next, err = web.Cursor(p.DB, v.Who, i.account.ID+" "+about, next); err == nil {
		pager.Previous, err = web.Cursor(p.DB, v.Who, i.account.ID+" "+about, previous)
	}
	return pager, err
}

// chips collects the filters of a list that are on.
type chips[F any] struct {
	filter F // on the first page
	at     func(F) string
	list   []Chip
}

// add adds one, unless it is off; word is a message key for value, instead of it.
func (c *chips[F]) add(key, value, word string, without func(*F)) {
	if value == "" {
		return
	}
	f := c.filter
	without(&f)
	c.list = append(c.list, Chip{Key: key, Value: value, Word: word, Href: c.at(f)})
}

// order is how a list is sorted.
type order struct {
	by         string // a column; "" is the usual one
	descending bool
}

// head is the head of a column, which turns the order; usual is the column of a
// list that was not asked for another.
func (o order) head(column, usual, label string, at func(order) string) Head {
	h := Head{Label: label + column, Order: "none"}
	if cmp.Or(o.by, usual) == column {
		h.Order = map[bool]string{false: "ascending", true: "descending"}[o.descending]
	}
	next := order{column, h.Order == "ascending"}
	if column == usual {
		next.by = ""
	}
	h.Href = at(next)
	return h
}
