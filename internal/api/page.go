package api

import (
	"net/url"
	"regexp"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/resource"
	"countersign/internal/web"
)

const (
	limitDefault = 50
	limitMost    = 200
)

// Paging is what every list takes.
type Paging struct {
	Cursor string    `query:"cursor" doc:"next_cursor of the page before; it is good for the same list, filter and caller only."`
	Limit  pageLimit `query:"limit" doc:"Most items on a page."`
}

// pageLimit is a number that is checked here, so that its refusal has our words.
type pageLimit string

// Schema describes it in the document.
func (pageLimit) Schema(huma.Registry) *huma.Schema {
	least, most := 1.0, float64(limitMost)
	return &huma.Schema{Type: huma.TypeInteger, Minimum: &least, Maximum: &most, Default: limitDefault}
}

func (l pageLimit) number() (int, error) {
	if l == "" {
		return limitDefault, nil
	}
	n, err := strconv.Atoi(string(l))
	if err != nil || n < 1 || n > limitMost {
		return 0, ofKind(fault.Malformed, fault.In("limit", "limit", "max", limitMost))
	}
	return n, nil
}

// List is one page of a list.
type List[T any] struct {
	Items      []T    `json:"items" nullable:"false"`
	NextCursor string `json:"next_cursor,omitempty" doc:"For the next page; left out on the last."`
	Total      *int64 `json:"total,omitempty" doc:"Of all that match, where it is counted." nullable:"false"`

	TotalAtLeast *int64 `json:"total_at_least,omitempty" doc:"In place of total, where there may be more than could be counted at once." nullable:"false"`
}

// listed is the answer that holds a page.
type listed[T any] struct{ Body List[T] }

// open reads limit and cursor. The cursor belongs to the caller and to the
// list with its Filters, which is the address without these two.
func (p Paging) open(a *API, c *call) (after string, limit int, err error) {
	if limit, err = p.Limit.number(); err != nil {
		return "", 0, err
	}
	after, err = web.After(a.Edge.DB, c.v.Who, listName(c), p.Cursor)
	return after, limit, err
}

// cursor seals where the next page begins; "" where there is none.
func (a *API) cursor(c *call, after string) (string, error) {
	return web.Cursor(a.Edge.DB, c.v.Who, listName(c), after)
}

func listName(c *call) string {
	q := url.Values{}
	for name, values := range c.r.URL.Query() {
		if name != "cursor" && name != "limit" {
			q[name] = values
		}
	}
	return c.r.URL.Path + "?" + q.Encode()
}

// Matching is what a write to something that exists must send.
type Matching struct {
	IfMatch string `header:"If-Match" required:"true" doc:"The ETag under which it was read." example:"\"3\""`
}

var strongTag = regexp.MustCompile(`^"([!#-~]{0,40})"$`)

// version is the one that the caller saw. Something else than one strong tag is
// refused: "*" and weak ones do not say what was seen (RFC 9110, 13.1.1).
func (c *call) version() (int64, error) {
	sent := c.r.Header.Values("If-Match")
	if len(sent) == 0 {
		return 0, fault.New(fault.NoPrecondition, "precondition")
	}
	m := strongTag.FindStringSubmatch(sent[0])
	if len(sent) > 1 || m == nil {
		return 0, fault.New(fault.Malformed, "if_match")
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil || n < 1 || tag(n) != sent[0] {
		return 0, fault.New(fault.Stale, "stale")
	}
	return n, nil
}

func tag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// InAccount is the account that an address names.
type InAccount struct {
	CustomerID string `path:"customerID" doc:"The account's customer ID." example:"SHOP-42"`
}

// inside is an account for somebody who may do in it what an operation is for.
type inside struct {
	org.Account
	snapshot *access.Snapshot
	q        access.Question
}

// account finds the account that an address names. One that the caller has
// nothing in is refused as one that is not there, and both are recorded alike:
// in the log of the caller's own account, by the address that was asked for.
func (a *API) account(c *call, customerID string) (found org.Account, err error) {
	ok := false
	err = a.view(c, func(tx *db.Tx) error {
		if found, ok, err = org.AccountByCustomerID(tx, customerID); err == nil && ok && c.v.Who.Kind == db.Service {
			ok, err = resource.Reaches(tx, c.v.Who, found)
		}
		return err
	})
	if err != nil {
		return found, err
	}
	if !ok || c.v.Who.Kind != db.Service && org.Outside(a.Edge.Live.Load(), org.Asks(c.v.Who, a.Edge.DB.Now(), found.ID)) {
		return found, a.none(c, c.v.Who.AccountID, "page", c.r.URL.EscapedPath(), "account")
	}
	c.v.Account = found.CustomerID
	return found, nil
}

// none refuses what is not there for the caller, and records that it was asked for.
func (a *API) none(c *call, accountID, kind, id, what string) error {
	e := audit.Entry{Action: audit.PageRefused, AccountID: accountID, Kind: kind, ID: id}
	return a.Edge.Audit.Refuse(c.ctx, c.v.Who, e, fault.None(what))
}

// enter finds the account for reading in it: whoever does not hold the permission
// is refused, and that is recorded. permission "" asks for nothing but that the
// caller has anything there.
func (a *API) enter(c *call, customerID, permission string) (inside, error) {
	account, err := a.account(c, customerID)
	if err != nil {
		return inside{}, err
	}
	return a.inside(c, account, permission)
}

// inside is enter for an account that was found.
func (a *API) inside(c *call, account org.Account, permission string) (in inside, err error) {
	in.Account = account
	in.snapshot = a.Edge.Live.Load()
	in.q = org.Asks(c.v.Who, a.Edge.DB.Now(), in.ID)
	if permission == "" {
		q := in.q
		q.SecondFactor, q.Fresh = true, true
		if !access.Held(in.snapshot, q).Empty() {
			return in, nil
		}
		permission = "home:view"
	}
	in.q.Permission = access.MustParse(permission)
	if d := access.May(in.snapshot, in.q); !d.Allowed {
		e := audit.Entry{Action: audit.PageRefused, AccountID: in.ID, Kind: "page", ID: c.r.Pattern}
		return in, a.Edge.Audit.Refuse(c.ctx, c.v.Who, e, org.Refusal(in.snapshot, in.q, d))
	}
	return in, nil
}

func (a *API) view(c *call, f func(*db.Tx) error) error {
	return a.Edge.DB.View(c.ctx, f)
}

// page makes the answer of a list that was read with one more than fits.
func page[S, T any](a *API, c *call, list []S, limit int, show func(S) T, key func(S) string) (*listed[T], error) {
	out := &listed[T]{}
	var err error
	if len(list) > limit {
		list = list[:limit]
		out.Body.NextCursor, err = a.cursor(c, key(list[limit-1]))
	}
	for _, x := range list {
		out.Body.Items = append(out.Body.Items, show(x))
	}
	return out, err
}

func oneOf(field, word string, words ...string) error {
	for _, w := range append(words, "") {
		if w == word {
			return nil
		}
	}
	return fault.In(field, "one_of_those")
}
