package roles

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/currency"

	"countersign/internal/access"
	"countersign/internal/fault"
	"countersign/internal/lang"
)

// Permit is a permission as it is chosen for a role or a policy, by name, perhaps
// restricted to some of its records. The zero restriction is none.
type Permit struct {
	Permission string
	OwnOnly    bool     // records of the person's own
	MaxAmount  int64    // minor units of Currency, inclusive; 0 is no limit
	Currency   string   // ISO 4217; "" is any
	States     []string // of the record; none is any

	Clauses []access.Clause // on a registered type's properties, which has none of the others
}

// What a role, a policy and an account hold at most.
const (
	permitsMost  = 300 // permissions of a role or a policy
	statesMost   = 20  // states in one restriction
	policiesMost = 100 // shared policies of an account; policies of a role, its own among them
	rolesMost    = 500 // custom roles of an account
	nameMax      = 100 // code points
	aboutMax     = 500 // code points
)

var stateWord = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// Restricted tells whether it is for some records only.
func (p Permit) Restricted() bool {
	return p.OwnOnly || p.MaxAmount != 0 || p.Currency != "" || len(p.States) > 0 || len(p.Clauses) > 0
}

// String is the permit in an audit entry.
func (p Permit) String() string {
	var parts []string
	if p.OwnOnly {
		parts = append(parts, "own")
	}
	switch {
	case p.MaxAmount != 0:
		parts = append(parts, fmt.Sprintf("max %d %s", p.MaxAmount, p.Currency))
	case p.Currency != "":
		parts = append(parts, p.Currency)
	}
	if len(p.States) > 0 {
		parts = append(parts, strings.Join(p.States, "|"))
	}
	for _, c := range p.Clauses {
		parts = append(parts, clauseText(c))
	}
	if len(parts) == 0 {
		return p.Permission
	}
	return p.Permission + " (" + strings.Join(parts, ", ") + ")"
}

// condition is the restriction as decisions read it.
func (p Permit) condition() access.Condition {
	c := access.Condition{OwnOnly: p.OwnOnly, MaxAmount: p.MaxAmount, Currency: p.Currency, Clauses: p.Clauses}
	if len(p.States) > 0 {
		c.States = p.States
	}
	return c
}

// stored is how a restriction stands in the database; "" is none.
type stored struct {
	OwnOnly   bool     `json:"own_only,omitempty"`
	MaxAmount int64    `json:"max_amount,omitempty"`
	Currency  string   `json:"currency,omitempty"`
	States    []string `json:"states,omitempty"`

	Clauses []storedClause `json:"clauses,omitempty"`
}

func (p Permit) stored() string {
	if !p.Restricted() {
		return ""
	}
	text, err := json.Marshal(stored{p.OwnOnly, p.MaxAmount, p.Currency, p.States, storedClauses(p.Clauses)})
	if err != nil {
		return "?" // cannot be: ReadCondition grants nothing for it
	}
	return string(text)
}

// ReadCondition reads a restriction as it is stored; "" is none. false for
// anything else than this release writes: whoever gets that must grant nothing.
func ReadCondition(text string) (access.Condition, bool) {
	if text == "" {
		return access.Condition{}, true
	}
	var s stored
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil || d.More() {
		return access.Condition{}, false
	}
	p := Permit{OwnOnly: s.OwnOnly, MaxAmount: s.MaxAmount, Currency: s.Currency, States: s.States, Clauses: readClauses(s.Clauses)}
	return p.condition(), p.Restricted() && p.restriction() == ""
}

// readPermit is a row; ok is false where nothing is granted by it.
func readPermit(permission, condition string) (p Permit, ok bool) {
	c, ok := ReadCondition(condition)
	return Permit{permission, c.OwnOnly, c.MaxAmount, c.Currency, c.States, c.Clauses}, ok
}

// restriction says what is wrong with the restriction by itself: a code, or "".
func (p Permit) restriction() string {
	switch {
	case p.MaxAmount < 0:
		return "restriction_amount"
	case p.MaxAmount > 0 && p.Currency == "":
		return "restriction_currency_missing"
	case p.Currency != "" && !isCurrency(p.Currency):
		return "restriction_currency"
	case len(p.States) > statesMost || slices.ContainsFunc(p.States, func(s string) bool { return !stateWord.MatchString(s) }):
		return "restriction_states"
	}
	return clausesWrong(p.Clauses)
}

func isCurrency(code string) bool {
	_, err := currency.ParseISO(code)
	return err == nil && code == strings.ToUpper(code)
}

// limits are what an account's custom roles may hold at all.
type limits struct {
	level       access.Kind      // the account's
	ungrantable access.Set       // by the profile; those of the catalogue are never granted
	snapshot    *access.Snapshot // knows the registered types
}

// holds says why nobody may give a permission in a custom role of the account: a code, or "".
func (l limits) holds(p access.Permission) string {
	info := p.Info()
	switch {
	case info.Registered && !l.snapshot.Registered().Has(p):
		return "unknown_permission"
	case info.Ungrantable || l.ungrantable.Has(p):
		return "permission_ungrantable"
	case info.MinLevel != 0 && l.level > info.MinLevel:
		return "permission_above_level"
	}
	return ""
}

// checkPermits cleans what was chosen and notes all that is wrong with it.
func (l limits) checkPermits(f *fault.Fields, list []Permit) []Permit {
	const field = "permissions"
	if len(list) > permitsMost {
		f.Add(field, "too_many", "max", permitsMost)
		return nil
	}
	seen := map[string]bool{}
	out := make([]Permit, 0, len(list))
	for _, p := range list {
		p.Permission = strings.TrimSpace(p.Permission)
		p.Currency = strings.ToUpper(strings.TrimSpace(p.Currency))
		p.Clauses = cleanClauses(p.Clauses)
		if p.States = slices.Compact(slices.Sorted(slices.Values(p.States))); len(p.States) == 0 {
			p.States = nil
		}
		if code := l.wrong(p, seen); code != "" {
			f.Add(field, code, "permission", shown(p.Permission), "max", most(code))
			continue
		}
		if l.unfit(f, field, p) {
			continue
		}
		seen[p.Permission] = true
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Permit) int { return strings.Compare(a.Permission, b.Permission) })
	return out
}

func (l limits) wrong(p Permit, seen map[string]bool) string {
	known, ok := access.Parse(p.Permission)
	if !ok {
		return "unknown_permission"
	}
	if code := l.holds(known); code != "" {
		return code
	}
	switch info := known.Info(); {
	case seen[p.Permission]:
		return "permission_twice"
	case info.Registered:
		if p.OwnOnly || p.MaxAmount != 0 || p.Currency != "" || len(p.States) > 0 {
			return "restriction_not_here" // a registered type has properties instead
		}
		if len(p.Clauses) > ClausesMost {
			return "restriction_clauses"
		}
		return "" // each clause is looked at for itself
	case len(p.Clauses) > 0, p.Restricted() && !info.Located: // only records of the desk have an owner, an amount and a state
		return "restriction_not_here"
	}
	return p.restriction()
}

// unfit notes what is wrong with each clause of a registered permission, and which it is.
func (l limits) unfit(f *fault.Fields, field string, p Permit) (wrong bool) {
	known, _ := access.Parse(p.Permission)
	for n, c := range p.Clauses {
		if code := clauseUnfit(l.snapshot, known.Info().Resource, c); code != "" {
			f.Add(field, code, "permission", p.Permission, "max", most(code), "clause", n+1)
			wrong = true
		}
	}
	return wrong
}

// most is how many of something there may be, for the sentence of a code.
func most(code string) int {
	switch code {
	case "restriction_clauses":
		return ClausesMost
	case "restriction_values":
		return valuesMost
	}
	return statesMost
}

// shown is a name that somebody sent, fit for a sentence.
func shown(name string) string {
	clean, problem := lang.Line(name, 60)
	if problem != "" {
		return "?"
	}
	return clean
}

// grants are what decisions read of permits: nothing of what is unknown here, or in no custom role.
func grants(list []Permit) []access.Grant {
	var out []access.Grant
	for _, p := range list {
		if known, ok := access.Parse(p.Permission); ok && !known.Info().Ungrantable {
			out = append(out, access.Grant{Permission: known, Condition: p.condition()})
		}
	}
	return out
}

// textOf is a list of permits in an audit entry, in a stable order.
func textOf(list []Permit) []string {
	var out []string
	for _, p := range list {
		out = append(out, p.String())
	}
	slices.Sort(out)
	return out
}
