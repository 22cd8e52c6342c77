// Package find finds things by what people know of them, and tells what ids
// stand for.
//
//	Finder.Find   one search over users, accounts, entities, roles and policies
//	Names         the names of whatever entries of the audit log are about
//
// Both read across rooms, for the portal and the API alike.
//
// The one rule: nothing is found and nothing named beyond what whoever asks may
// see: an access scope goes into every query.
package find

import (
	"slices"
	"strings"
	"unicode/utf8"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/roles"
)

// Kind is what sort of thing was found.
type Kind string

// The kinds, in the order in which they are shown.
const (
	User    Kind = "user"
	Account Kind = "account"
	Entity  Kind = "entity"
	Role    Kind = "role"
	Policy  Kind = "policy"
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{User, Account, Entity, Role, Policy} }

// Hit is one thing that was found.
type Hit struct {
	Kind       Kind
	ID         string
	Name       string
	Detail     string // an address, a customer ID, or nothing
	Level      string // of an account or entity: "merchant"
	AccountID  string // the account that it is, of an account or an entity that is one
	CustomerID string // of the account in which it is looked at
	Exact      bool   // what was looked for is its id, customer ID or address, whole
}

// Result is what a search found.
type Result struct {
	Hits []Hit         // by kind, in the order of Kinds
	More map[Kind]bool // there are more of a kind than are given
}

// One is the single thing that was meant; false when it could be several.
func (r Result) One() (Hit, bool) {
	i := slices.IndexFunc(r.Hits, func(h Hit) bool { return h.Exact })
	if i < 0 || slices.ContainsFunc(r.Hits[i+1:], func(h Hit) bool { return h.Exact }) {
		return Hit{}, false
	}
	return r.Hits[i], true
}

// Of are the hits of a kind.
func (r Result) Of(k Kind) (list []Hit) {
	for _, h := range r.Hits {
		if h.Kind == k {
			list = append(list, h)
		}
	}
	return list
}

// Asking is who looks, and from inside which account.
type Asking struct {
	Account  org.Account
	Snapshot *access.Snapshot
	Question access.Question // of whoever looks; its permission is not read
	Lang     lang.Tag
}

// Finder searches. All parts must be given.
type Finder struct {
	People   *people.People
	Profiles profile.Profiles
}

const textMax = 200 // code points

// Find looks for a text in names, addresses, aliases, customer IDs and ids, at
// most limit of each kind that whoever looks may see.
func (f Finder) Find(tx *db.Tx, a Asking, text string, limit int) (Result, error) {
	return f.find(tx, a, text, limit, (*searching).users, (*searching).accounts, (*searching).entities, (*searching).roles, (*searching).policies)
}

// Users is Find for users alone.
func (f Finder) Users(tx *db.Tx, a Asking, text string, limit int) (Result, error) {
	return f.find(tx, a, text, limit, (*searching).users)
}

func (f Finder) find(tx *db.Tx, a Asking, text string, limit int, looks ...func(*searching) error) (Result, error) {
	out := Result{More: map[Kind]bool{}}
	if !lang.Storable(text) || utf8.RuneCountInString(text) > textMax {
		return out, fault.In("q", "too_long", "max", textMax)
	}
	s := &searching{Finder: f, tx: tx, asking: a, text: strings.TrimSpace(text), limit: limit, out: &out}
	if lang.Fold(s.text) == "" {
		return out, nil
	}
	for _, look := range looks {
		if err := look(s); err != nil {
			return out, err
		}
	}
	return out, nil
}

type searching struct {
	Finder
	tx     *db.Tx
	asking Asking
	text   string
	limit  int
	out    *Result
}

// reach is how far whoever looks holds a permission.
func (s *searching) reach(permission string) []access.Reach {
	q := s.asking.Question
	q.Permission = access.MustParse(permission)
	return access.Scope(s.asking.Snapshot, q)
}

// may tells whether they hold it in the account in which they are.
func (s *searching) may(permission string) bool {
	q := s.asking.Question
	q.Permission = access.MustParse(permission)
	return access.May(s.asking.Snapshot, q).Allowed
}

// add takes hits in, without those that are there already.
func (s *searching) add(hits ...Hit) {
	for _, h := range hits {
		if !slices.ContainsFunc(s.out.Hits, func(o Hit) bool { return o.Kind == h.Kind && o.ID == h.ID && o.CustomerID == h.CustomerID }) {
			s.out.Hits = append(s.out.Hits, h)
		}
	}
}

// users are those of the account by name or address, and by a whole address or
// an id also those of accounts below that may be seen.
func (s *searching) users() error {
	if err := s.userByKey(); err != nil || !s.may("users:view") {
		return err
	}
	page, err := s.People.List(s.tx, s.asking.Account, people.Query{Search: s.text, Limit: s.limit})
	if fault.From(err) != nil && fault.From(err).Kind == fault.Invalid {
		return nil // what is no line is nobody's name
	}
	if err != nil {
		return err
	}
	for _, row := range page.Rows {
		s.add(s.user(row, s.asking.Account.CustomerID))
	}
	s.out.More[User] = page.Next != ""
	return nil
}

func (s *searching) user(row people.Row, customerID string) Hit {
	detail := row.Email
	if detail == "" {
		detail = row.Username
	}
	key, _ := people.EmailKey(s.text)
	its, _ := people.EmailKey(row.Email)
	return Hit{Kind: User, ID: row.ID(), Name: row.Name(), Detail: detail, CustomerID: customerID, Exact: s.text == row.ID() || key != "" && key == its}
}

// accounts are those that an operator may see.
func (s *searching) accounts() error {
	reach := s.reach("accounts:view")
	exact, found, err := s.exact(reach)
	if err != nil {
		return err
	}
	if found && exact.IsAccount() {
		s.add(Hit{Kind: Account, ID: exact.AccountID, AccountID: exact.AccountID, Name: exact.Name, Detail: exact.CustomerID, Level: exact.Kind.String(), CustomerID: s.asking.Account.CustomerID, Exact: true})
	}
	page, err := org.Accounts(s.tx, org.AccountQuery{Reach: reach, Search: s.text, Limit: s.limit})
	if err != nil {
		return err
	}
	for _, a := range page.Rows {
		s.add(Hit{Kind: Account, ID: a.ID, AccountID: a.ID, Name: a.Name, Detail: a.CustomerID, Level: a.Kind.String(), CustomerID: s.asking.Account.CustomerID})
	}
	s.out.More[Account] = page.Next != ""
	return nil
}

// exact is the entity within reach whose id or customer ID was typed, or the id
// of the account that it is; the customer ID in whatever case.
func (s *searching) exact(reach []access.Reach) (org.Node, bool, error) {
	id := s.text
	if strings.HasPrefix(id, "acc_") {
		a, _, err := org.AccountByID(s.tx, id)
		if err != nil {
			return org.Node{}, false, err
		}
		id = a.EntityID
	}
	return org.NodeTyped(s.tx, reach, id)
}

// entities are the nodes of the tree that may be seen; those that are found as
// accounts are not given twice.
func (s *searching) entities() error {
	reach := s.reach("entities:view")
	exact, found, err := s.exact(reach)
	if err != nil {
		return err
	}
	page, err := org.SearchTree(s.tx, reach, s.text, "", s.limit)
	if err != nil {
		return err
	}
	list := page.Nodes
	if found {
		list = append([]org.Node{exact}, list...)
	}
	for _, n := range list {
		if n.IsAccount() && slices.ContainsFunc(s.out.Hits, func(h Hit) bool { return h.Kind == Account && h.ID == n.AccountID }) {
			continue
		}
		h := Hit{Kind: Entity, ID: n.ID, Name: n.Name, Detail: n.CustomerID, Level: n.Kind.String(), CustomerID: s.asking.Account.CustomerID, Exact: found && n.ID == exact.ID}
		if n.IsAccount() {
			h.AccountID = n.AccountID
		}
		s.add(h)
	}
	s.out.More[Entity] = page.Next != ""
	return nil
}

// roles are those of the account, by their name in the language of whoever looks.
func (s *searching) roles() error {
	p, ok := s.Profiles.Get(s.asking.Account.Profile)
	if !ok || !s.may("roles:view") {
		return nil
	}
	list, err := roles.List(s.tx, s.asking.Account.ID, p)
	if err != nil {
		return err
	}
	n := 0
	for _, r := range list {
		if r.ID != s.text && !lang.Matches(r.Title(s.asking.Lang), s.text) {
			continue
		}
		if n++; n > s.limit {
			s.out.More[Role] = true
			break
		}
		s.add(Hit{Kind: Role, ID: r.ID, Name: r.Title(s.asking.Lang), CustomerID: s.asking.Account.CustomerID, Exact: r.ID == s.text})
	}
	return nil
}

// policies are the shared ones of the account.
func (s *searching) policies() error {
	if !s.may("policies:view") {
		return nil
	}
	list, err := roles.Policies(s.tx, s.asking.Account.ID)
	if err != nil {
		return err
	}
	n := 0
	for _, p := range list {
		if p.ID != s.text && !lang.Matches(p.Name, s.text) {
			continue
		}
		if n++; n > s.limit {
			s.out.More[Policy] = true
			break
		}
		s.add(Hit{Kind: Policy, ID: p.ID, Name: p.Name, CustomerID: s.asking.Account.CustomerID, Exact: p.ID == s.text})
	}
	return nil
}
