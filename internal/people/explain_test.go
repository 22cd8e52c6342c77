//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package people_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/people"
	"countersign/internal/roles"
)

// why asks about somebody of M1.
func (h house) why(t *testing.T, who, label string, in people.Asked) people.Explained {
	t.Helper()
	w := h.Who(who)
	x, err := h.People.Explain(t.Context(), w, w.AccountID, h.User(label), in)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestExplain(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		refund := people.Asked{Permission: "payments:refund", Entity: "M1-A", SecondFactor: yes(true), Amount: 4000, HasAmount: true, Currency: "EUR"}
		desk := h.desk(t, "Till", roles.Permit{Permission: "payments:refund", MaxAmount: 5000, Currency: "EUR"})
		t.Run("R13 the answer is the decision, with the chain that leads to it", func(t *testing.T) {
			h.gives(t, "m1.reader_a", people.Access{Roles: []string{desk}, Entities: []string{"M1-A"}})
			x := h.why(t, "m1.owner", "m1.reader_a", refund)
			if !x.Decision.Allowed || x.Elsewhere || len(x.Ways) > 0 || len(x.Memberships) != 1 {
				t.Fatalf("%+v", x)
			}
			a := x.Memberships[0].Assignments[0]
			if a.Role != desk || !a.Has || !a.InScope || len(a.Over) != 1 || x.Entities[a.Over[0].Entity].CustomerID != "M1-A" || len(a.Policies) != 1 || !a.Policies[0].Allowed {
				t.Errorf("%+v", a)
			}
			if title := x.Places[x.Account.ID].Roles[desk].Name; title != "Till" {
				t.Errorf("the role is called %q", title)
			}
			got := states(x)
			want := "user_active:holds membership_active:holds account_active:holds permission:holds scope:holds second_factor:holds amount:holds currency:holds"
			if got != want {
				t.Errorf("%s\nwanted %s", got, want)
			}
		})
		t.Run("R13 each rule that stops it is named, and what it would take", func(t *testing.T) {
			for _, c := range []struct {
				name, who, label string
				in               people.Asked
				reasons, ways    string
			}{
				{"the amount", "m1.owner", "m1.reader_a", with(refund, func(a *people.Asked) { a.Amount = 5001 }), "condition_amount", "amount_most"},
				{"the currency", "m1.owner", "m1.reader_a", with(refund, func(a *people.Asked) { a.Currency = "usd" }), "condition_currency", "in_currency"},
				{"the second factor", "m1.owner", "m1.reader_a", with(refund, func(a *people.Asked) { a.SecondFactor = yes(false) }), "needs_2fa", "second_factor"},
				{"the scope", "m1.owner", "m1.reader_a", with(refund, func(a *people.Asked) { a.Entity = "M1-B" }), "out_of_scope", "give_role"},
				{"no role", "m1.owner", "m1.reader_b", refund, "no_grant", "give_role"},
				{"somebody who could not give it", "m1.auditor", "m1.reader_b", refund, "no_grant", ""},
				{"a permission of a higher level", "m1.owner", "m1.reader_b", with(refund, func(a *people.Asked) { a.Permission = "accounts:create" }), "no_grant", ""},
				{"somebody who is shut out", "m1.owner", "m1.deactivated", people.Asked{Permission: "transactions:search", Entity: "M1"}, "inactive_membership", "activate_membership"},
			} {
				t.Run(c.name, func(t *testing.T) {
					x := h.why(t, c.who, c.label, c.in)
					var first []string
					if len(x.Ways) > 0 {
						for _, s := range x.Ways[0].Steps {
							first = append(first, s.Do)
						}
					}
					if got := strings.Join(x.Decision.Codes(), " "); got != c.reasons || strings.Join(first, " ") != c.ways {
						t.Errorf("%q, ways %+v; wanted %q, %q", got, x.Ways, c.reasons, c.ways)
					}
					if c.who == "m1.auditor" && (x.MayGive || len(x.Ask) == 0) {
						t.Errorf("may give %v, ask %q", x.MayGive, x.Ask)
					}
				})
			}
		})
		t.Run("R13 whoever is given the role that is advised may do it", func(t *testing.T) {
			ask := people.Asked{Permission: "disputes:accept", Entity: "M1-B", SecondFactor: yes(true)}
			x := h.why(t, "m1.owner", "m1.reader_b", ask)
			tried := 0
			for _, way := range x.Ways {
				if way.Steps[0].Do != access.GiveRole {
					continue
				}
				tried++
				h.gives(t, "m1.reader_b", people.Access{Roles: []string{way.Steps[0].Role}, Entities: []string{way.Steps[0].Entity}, Acknowledged: true})
				if after := h.why(t, "m1.owner", "m1.reader_b", ask); !after.Decision.Allowed {
					t.Errorf("%+v is done, and it is %v", way, after.Decision.Codes())
				}
				h.gives(t, "m1.reader_b", h.access("M1", "read_only", "M1-B"))
			}
			if tried == 0 {
				t.Errorf("no role is advised: %+v", x.Ways)
			}
		})
		t.Run("R13 everybody may ask about themselves, and learns whom to ask", func(t *testing.T) {
			for _, label := range []string{"m1.reader_a", "m1.operations"} {
				x := h.why(t, label, label, people.Asked{Permission: "keys:manage", Entity: "M1"})
				if !x.Self || x.Decision.Allowed || x.MayGive || len(x.Ask) == 0 {
					t.Errorf("%s: %+v", label, x)
				}
			}
		})
		t.Run("R13 a question tells nothing of others", func(t *testing.T) { h.explainAttacks(t, refund) })
	})
}

func (h house) explainAttacks(t *testing.T, refund people.Asked) {
	ask := func(who, label string, in people.Asked) func() error {
		return func() error {
			w := h.Who(who)
			_, err := h.People.Explain(t.Context(), w, w.AccountID, h.User(label), in)
			return err
		}
	}
	for _, c := range []struct {
		name, who, label, want string
		in                     people.Asked
	}{
		{"A02 of another account's user", "m1.owner", "m2.reader", "not_found", refund},
		{"of somebody else, without the permission", "m1.operations", "m1.reader_a", "missing_permission", refund},
		{"A09 of an entity above", "m1.owner", "m1.reader_a", "invalid entity:unknown_entity", with(refund, func(a *people.Asked) { a.Entity = "PARTNER" })},
		{"A01 of another account's entity", "m1.owner", "m1.reader_a", "invalid entity:unknown_entity", with(refund, func(a *people.Asked) { a.Entity = "M2-A" })},
		{"of one's own, outside one's reach", "m1.limited", "m1.reader_a", "invalid entity:unknown_entity", with(refund, func(a *people.Asked) { a.Entity = "M1-B" })},
		{"A12 of a location elsewhere", "m1.owner", "m1.reader_a", "invalid location:unknown_location", with(refund, func(a *people.Asked) { a.Location = h.shop("M2-A") })},
		{"of a location of another entity", "m1.owner", "m1.reader_a", "invalid location:unknown_location", with(refund, func(a *people.Asked) { a.Location = h.shop("M1-B") })},
		{"of nothing", "m1.owner", "m1.reader_a", "invalid permission:required entity:required", people.Asked{}},
		{"of what does not exist", "m1.owner", "m1.reader_a", "invalid permission:unknown_permission entity:unknown_entity", people.Asked{Permission: "payments:\u202eeat", Entity: "\x00"}},
		{"with what is none", "m1.owner", "m1.reader_a", "invalid owner:invalid state:invalid amount:invalid currency:invalid ip:ip_address",
			with(refund, func(a *people.Asked) {
				a.Owner, a.State, a.Amount, a.Currency, a.IP = "\u202e", strings.Repeat("x", 10_000), -1, "euro", "fe80::1%eth0"
			})},
	} {
		t.Run(c.name, func(t *testing.T) { h.refused(t, c.want, audit.PageRefused, h.Who(c.who), ask(c.who, c.label, c.in)) })
	}
	t.Run("A07 what somebody has in another account", func(t *testing.T) {
		x := h.why(t, "m1.owner", "m1.both", people.Asked{Permission: "payments:refund", Entity: "M1", SecondFactor: yes(true)})
		if len(x.Memberships) != 1 || x.Memberships[0].Account != h.Account("M1").ID || len(x.Places) != 1 {
			t.Errorf("%+v", x.Memberships)
		}
	})
	t.Run("what a partner's person does in a merchant's account is not the merchant's to see", func(t *testing.T) {
		id := h.join(t, "M1", "partner.administrator@example.com")
		w := h.Who("m1.owner")
		in := people.Asked{Permission: "transactions:search", Entity: "M1-A", SecondFactor: yes(true)}
		x, err := h.People.Explain(t.Context(), w, w.AccountID, id, in)
		if err != nil || !x.Decision.Allowed || !x.Elsewhere || len(x.Memberships) != 1 {
			t.Errorf("%+v %v", x, err)
		}
		w = h.Who("partner.owner")
		if x, err = h.People.Explain(t.Context(), w, h.Account("M1").ID, id, in); err != nil || x.Elsewhere || len(x.Memberships) != 2 {
			t.Errorf("to the partner: %+v %v", x.Memberships, err)
		}
	})
}

// join invites somebody who is known elsewhere.
func (h house) join(t *testing.T, account, email string) string {
	t.Helper()
	in := h.invitee("read_only")
	in.Email = email
	w := h.Who(strings.ToLower(account) + ".owner")
	id, err := h.People.Invite(t.Context(), w, w.AccountID, in)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// shop is the location of an entity.
func (h house) shop(customerID string) (id string) {
	e := h.Entity(customerID)
	h.View(func(tx *db.Tx) error {
		_, err := db.One(tx, []any{&id}, `SELECT id FROM locations WHERE entity_id = $1`, e.ID)
		return err
	})
	return id
}

func with(a people.Asked, change func(*people.Asked)) people.Asked {
	change(&a)
	return a
}

// desk makes a custom role in M1.
func (h house) desk(t *testing.T, name string, permits ...roles.Permit) string {
	t.Helper()
	w := h.Who("m1.owner")
	id, err := h.Roles.Create(t.Context(), w, w.AccountID, roles.Draft{Name: name, Permits: permits})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// gives changes what somebody of M1 has.
func (h house) gives(t *testing.T, label string, in people.Access) {
	t.Helper()
	w := h.Who("m1.owner")
	if err := h.People.ChangeAccess(t.Context(), w, w.AccountID, h.User(label), h.Version(label), in); err != nil {
		t.Fatal(err)
	}
}

// states are all rules of an answer with what became of them.
func states(x people.Explained) string {
	var out []string
	add := func(list []people.Check) {
		for _, c := range list {
			out = append(out, c.Rule+":"+c.State)
		}
	}
	add(x.UserChecks())
	for _, m := range x.Memberships {
		add(x.MembershipChecks(m))
		for _, a := range m.Assignments {
			add(x.AssignmentChecks(m, a))
			for _, p := range a.Policies {
				for _, g := range p.Grants {
					for _, c := range people.ConditionChecks(g) {
						add([]people.Check{c.Check})
					}
				}
			}
		}
	}
	return strings.Join(out, " ")
}

func TestWhatIf(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		owner := h.Who("m1.owner")
		account := owner.AccountID
		t.Run("R13 what a change is said to do is what it does, over every entity", func(t *testing.T) {
			in := people.Access{Roles: []string{h.Role("M1", "operations"), h.Role("M1", "auditor")}, Entities: []string{"M1-A"}, Acknowledged: true}
			h.gives(t, "m1.reader", in)
			for _, next := range []people.Access{h.access("M1", "read_only"), h.access("M1", "operations", "M1-A-1", "M1-B"), h.access("M1", "support"), in, {Roles: in.Roles, AllEntities: true, Acknowledged: true}} {
				before, unseen := h.can("m1.reader"), h.State()
				e, err := h.People.PreviewAccess(t.Context(), owner, account, h.User("m1.reader"), next)
				if err != nil {
					t.Fatal(err)
				}
				if !cmp.Equal(h.State(), unseen) {
					t.Error("the preview changed something")
				}
				h.gives(t, "m1.reader", next)
				after := h.can("m1.reader")
				for what := range after {
					gained, lost := !before[what] && after[what], before[what] && !after[what]
					if got := h.told(e.Gains, what); got != gained {
						t.Errorf("%s: said to be gained %v, is %v", what, got, gained)
					}
					if got := h.told(e.Loses, what); got != lost {
						t.Errorf("%s: said to be lost %v, is %v", what, got, lost)
					}
				}
			}
		})
		t.Run("R13 R12 what will be refused or reported is told", func(t *testing.T) {
			both := people.Access{Roles: []string{h.Role("M1", "first_approver"), h.Role("M1", "second_approver")}, AllEntities: true}
			e, err := h.People.PreviewAccess(t.Context(), owner, account, h.User("m1.reader_b"), both)
			if err != nil || len(e.Blocked) != 1 || e.Blocked[0].Key != "both_approvals" {
				t.Errorf("%+v %v", e, err)
			}
			e, err = h.People.PreviewAccess(t.Context(), owner, account, h.User("m1.reader_b"), people.Access{Roles: []string{h.Role("M1", "administrator")}, AllEntities: true})
			if err != nil || !slices.Contains(e.Serious, h.Role("M1", "administrator")) {
				t.Errorf("%+v %v", e, err)
			}
			e, err = h.People.PreviewInvitation(t.Context(), owner, account, h.access("M1", "support", "M1-A"))
			if err != nil || len(e.Gains) == 0 || len(e.Loses) > 0 || e.Gains[0].AllEntities {
				t.Errorf("%+v %v", e, err)
			}
		})
		t.Run("R13 whoever may not make a change learns nothing of it", func(t *testing.T) {
			preview := func(who, label string, in people.Access) func() error {
				return func() error {
					w := h.Who(who)
					_, err := h.People.PreviewAccess(t.Context(), w, account, h.User(label), in)
					return err
				}
			}
			for _, c := range []struct {
				name, who, label, want string
				in                     people.Access
			}{
				{"A02 another account's user", "m1.owner", "m2.reader", "not_found", h.access("M1", "support")},
				{"B01 oneself", "m1.administrator", "m1.administrator", "own_access", h.access("M1", "support")},
				{"B05 another account's role", "m1.owner", "m1.reader_b", "invalid roles:unknown_role", h.access("M2", "support")},
				{"B06 entities not held", "m1.limited", "m1.reader_a", "entities_not_held entities:entities_not_held", h.access("M1", "support", "M1-B")},
				{"B07 a role above", "m1.access", "m1.reader_b", "role_not_yours_to_give roles:role_not_yours_to_give", h.access("M1", "administrator")},
				{"B09 the first administrator", "m1.administrator", "m1.owner", "person_above_you", h.access("M1", "support")},
				{"without the permission", "m1.auditor", "m1.reader_b", "missing_permission", h.access("M1", "support")},
			} {
				t.Run(c.name, func(t *testing.T) {
					h.refused(t, c.want, audit.UserAccessChanged, h.Who(c.who), preview(c.who, c.label, c.in))
				})
			}
		})
	})
}

// can is all that somebody of M1 can do, by permission and entity.
func (h house) can(label string) map[string]bool {
	out := map[string]bool{}
	for _, e := range []string{"M1", "M1-A", "M1-A-1", "M1-B"} {
		for _, p := range access.Permissions() {
			if info := p.Info(); info.DirectPayment || info.OwnAccount {
				continue // ask for more than what was given
			}
			out[fmt.Sprint(p, " ", e)] = h.Decide(label, p.String(), e).Allowed
		}
	}
	return out
}

// told tells whether a list names a permission over an entity.
func (h house) told(list []roles.Moved, what string) bool {
	permission, customerID, _ := strings.Cut(what, " ")
	path := h.Entity(customerID).Path
	nearest, is := -1, false
	for _, m := range list {
		if m.Permission.String() != permission {
			continue
		}
		if m.AllEntities {
			nearest, is = max(nearest, 0), true
		}
		for _, id := range slices.Concat(m.Entities, m.Save) {
			if at := h.pathOf(id); strings.HasPrefix(path, at) && len(at) > nearest {
				nearest, is = len(at), slices.Contains(m.Entities, id)
			}
		}
	}
	return is
}

func (h house) pathOf(id string) string {
	for _, e := range []string{"M1", "M1-A", "M1-A-1", "M1-B"} {
		if x := h.Entity(e); x.ID == id {
			return x.Path
		}
	}
	return "?"
}
