package portal

import (
	"net/url"
	"strings"
)

// ExplainFilter is a question about what somebody may do, as its address has it
// and as it was typed.
type ExplainFilter struct {
	Permission string
	Entity     string // id, customer ID, or a part of a name
	Location   string // id
	Owner      string // "self", "other"
	Amount     string // in units of the currency
	Currency   string
	State      string
	Factor     string // "yes", "no"; "" is as they are
	Fresh      string // "no"; "" is yes
	IP         string
	Resource   string // of a registered type: the id under which it is stored

	Said map[string]string // what a service would say of a registered type's properties, by "said.PART.NAME"
}

// saidOf begins the names of the fields in Said.
const saidOf = "said."

var explainFields = []string{"permission", "entity", "location", "owner", "amount", "currency", "state", "factor", "fresh", "ip", "resource"}

// ReadExplain reads an address.
func ReadExplain(q url.Values) ExplainFilter {
	f := ExplainFilter{q.Get("permission"), q.Get("entity"), q.Get("location"), oneOf(q.Get("owner"), "self", "other"), q.Get("amount"), q.Get("currency"), q.Get("state"),
		oneOf(q.Get("factor"), "yes", "no"), oneOf(q.Get("fresh"), "no"), q.Get("ip"), q.Get("resource"), map[string]string{}}
	for name := range q {
		if strings.HasPrefix(name, saidOf) && q.Get(name) != "" {
			f.Said[name] = q.Get(name)
		}
	}
	return f
}

// Values write it into an address.
func (f ExplainFilter) Values() url.Values {
	v := pairs("permission", f.Permission, "entity", f.Entity, "location", f.Location, "owner", f.Owner, "amount", f.Amount, "currency", f.Currency, "state", f.State,
		"factor", f.Factor, "fresh", f.Fresh, "ip", f.IP, "resource", f.Resource)
	for name, value := range f.Said {
		v.Set(name, value)
	}
	return v
}

// More tells whether it says anything beside what and where.
func (f ExplainFilter) More() bool {
	f.Permission, f.Entity = "", ""
	return len(f.Values()) > 0
}

// SaidField is a property that the service which asks vouches for.
type SaidField struct {
	Field            string // "said.resource.amount"
	Type, Part, Name string
	Kind             string // "text", "number", "boolean", "user"
	Value            string // as it was typed
}

// PermissionChoice is a permission to ask about.
type PermissionChoice struct {
	Permission string
	Section    string
	Page       bool
}

// ExplainView asks why somebody may do something, or may not, and answers (R13).
// Fields: those of ExplainFilter, in the address.
type ExplainView struct {
	Page
	Form
	UserID      string
	Name        string
	Self        bool
	Back        string
	Filter      ExplainFilter
	Permissions []PermissionChoice
	Entities    []Option // that are suggested
	Unclear     bool     // several entities are called what was typed
	Locations   []Option
	Types       bool           // there are registered resource types
	Said        []SaidField    // of the type that is asked about
	Answer      *ExplainAnswer // nil before anything was asked
}

func (ExplainView) name() string { return "explain" }

// Action is where the question goes.
func (v ExplainView) Action() string { return v.To().Explain(v.UserID, ExplainFilter{}) }

// ExplainAnswer is the answer. Its sentences are in the viewer's language already.
type ExplainAnswer struct {
	Allowed    bool
	Sentence   string
	Why        []string // of a deny
	Elsewhere  bool
	Permission string
	Entity     PersonLink
	Asked      []string // what else was asked
	Checks     []CheckRow
	Places     []PlacePath
	Ways       []ExplainWay
	Ask        []string // names of who can give roles
	Links      bool     // some step has a page
}

// CheckRow is a rule with what became of it: holds, fails or not_reached.
type CheckRow struct {
	State string
	Text  string
	Bound string // what a restriction asks for
	Asked string // what was asked about
}

// PlacePath is what comes through one account.
type PlacePath struct {
	Account string
	Checks  []CheckRow
	Roles   []RolePath
}

// RolePath is what comes through one role.
type RolePath struct {
	Role     PersonLink
	From     Moment
	Until    Moment
	Over     []OverRow
	Checks   []CheckRow
	Policies []PolicyPath
	Has      bool
	Allows   bool
}

// OverRow is an entity that a role is given over.
type OverRow struct {
	Name    string
	Reaches bool
	Same    bool // it is the very one
}

// PolicyPath is what comes through one policy.
type PolicyPath struct {
	Policy       PersonLink // without a name: the role's own
	Allows       bool
	Free         bool
	Restrictions [][]CheckRow
}

// ExplainWay is one way to an allow.
type ExplainWay struct{ Steps []ExplainStep }

// ExplainStep is one thing that has to happen.
type ExplainStep struct {
	Text string
	Href string // where one does it; "" when the viewer cannot, or there is no page for it
}
