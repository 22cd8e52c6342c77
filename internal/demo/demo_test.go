package demo_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/demo"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/roles"
	"countersign/internal/signin"
	"countersign/internal/test/testdb"
)

func TestFill(t *testing.T) {
	h := filled(t, testdb.SQLite, present, demo.Options{Seed: 1})
	t.Run("some three hundred people in sixteen accounts", h.counts)
	t.Run("every role is had", h.roles)
	t.Run("a year of activity", h.year)
	h.checks(t)
}

// TestFillSmall plays the story of those who have a name in it, on both databases: the same seed makes the same world on
// each, another seed another.
func TestFillSmall(t *testing.T) {
	told := map[testdb.Dialect][]string{}
	for _, dialect := range testdb.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			h := filled(t, dialect, present, demo.Options{Seed: 1, Small: true})
			told[dialect] = h.told(t)
			h.checks(t)
		})
	}
	for dialect, other := range told {
		if diff := cmp.Diff(told[testdb.SQLite], other); diff != "" {
			t.Errorf("%s tells another story: %s", dialect, diff)
		}
	}
	if other := filled(t, testdb.SQLite, present, demo.Options{Seed: 8, Small: true}).told(t); slices.Equal(told[testdb.SQLite], other) {
		t.Error("another seed made the same world")
	}
}

// checks are what holds at every size.
func (h *house) checks(t *testing.T) {
	t.Run("every status that has data", h.statuses)
	t.Run("one mail is still to be sent", h.mails)
	t.Run("every login comes in with password and code", h.logins)
	t.Run("nobody has more than they were given", h.rights)
	t.Run("K2 a small order of one's own team can be approved, and no other", h.orders)
	t.Run("the administrators are counted right", h.administrators)
	t.Run("the log tells every change", h.entries)
	t.Run("a second filling is refused", h.again)
}

func (h *house) counts(t *testing.T) {
	for query, want := range map[string]int{
		`SELECT COUNT(*) FROM entities WHERE kind = 'platform'`:       1,
		`SELECT COUNT(*) FROM entities WHERE kind = 'facilitator'`:    1,
		`SELECT COUNT(*) FROM entities WHERE kind = 'partner'`:        2,
		`SELECT COUNT(*) FROM entities WHERE kind = 'merchant'`:       12,
		`SELECT COUNT(*) FROM entities WHERE kind = 'legal_entity'`:   25,
		`SELECT COUNT(*) FROM locations`:                              43,
		`SELECT COUNT(*) FROM accounts WHERE NOT is_open`:             0,
		`SELECT COUNT(*) FROM accounts WHERE environment = 'test'`:    2,
		`SELECT COUNT(*) FROM service_tokens`:                         16,
		`SELECT COUNT(DISTINCT password_hash) FROM users`:             1,
		`SELECT COUNT(*) FROM users WHERE email NOT LIKE '%.example'`: 0,
		`SELECT COUNT(*) FROM memberships m WHERE m.activated_at IS NOT NULL AND m.user_id NOT IN (SELECT user_id FROM factors)
			AND m.user_id NOT IN (SELECT target_id FROM audit_entries WHERE action = 'factor.reset')`: 0,
	} {
		if got := h.count(t, query); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	for query, least := range map[string]int{
		`SELECT COUNT(*) FROM users WHERE left_at IS NULL`:                                           290,
		`SELECT COUNT(*) FROM users WHERE language = 'fr'`:                                           60,
		`SELECT COUNT(DISTINCT time_zone) FROM users`:                                                7,
		`SELECT COUNT(*) FROM outbox WHERE state = 'bounced'`:                                        3,
		`SELECT COUNT(*) FROM outbox WHERE state = 'refused'`:                                        1,
		`SELECT COUNT(*) FROM membership_ips`:                                                        2,
		`SELECT COUNT(*) FROM audit_entries WHERE action = 'user.deleted'`:                           4,
		`SELECT COUNT(*) FROM audit_entries WHERE action = 'user.reactivated'`:                       1,
		`SELECT COUNT(*) FROM audit_entries WHERE action = 'signin.unlocked'`:                        2,
		`SELECT COUNT(*) FROM audit_entries WHERE action = 'password.reset'`:                         6,
		`SELECT COUNT(*) FROM audit_entries WHERE action = 'factor.reset'`:                           8,
		`SELECT COUNT(*) FROM audit_entries WHERE action = 'user.email_changed'`:                     4,
		`SELECT COUNT(*) FROM service_tokens WHERE revoked_at IS NOT NULL`:                           4,
		`SELECT COUNT(*) FROM audit_entries WHERE action = 'signin.failed'`:                          60,
		`SELECT COUNT(*) FROM audit_entries WHERE outcome = 'refused' AND action <> 'signin.failed'`: 6,
	} {
		if got := h.count(t, query); got < least {
			t.Errorf("%s: %d, want %d or more", query, got, least)
		}
	}
	if people := h.count(t, `SELECT COUNT(*) FROM users`); h.world.Accounts != 16 || h.world.Persons < 300 || h.world.Persons > people {
		t.Errorf("it says %d accounts and %d people, of %d", h.world.Accounts, h.world.Persons, people)
	}
	h.view(t, func(tx *db.Tx) error {
		marked, err := demo.Marked(tx)
		if !marked {
			t.Error("the database is not marked as a demo")
		}
		return err
	})
}

func (h *house) orders(t *testing.T) {
	var finance, account, member string
	var from netip.Addr
	h.view(t, func(tx *db.Tx) error {
		_, err := db.One(tx, []any{&finance, &account, &member}, `SELECT m.user_id, m.account_id, m.id FROM memberships m JOIN membership_properties x ON x.membership_id = m.id AND x.value = 'Shops'
			JOIN assignments a ON a.membership_id = m.id JOIN roles r ON r.id = a.role_id AND r.name = 'Terminal desk'`)
		if err != nil {
			return err
		}
		list, err := people.Networks(tx, account, member)
		if len(list) > 0 {
			from = list[0].Addr()
		}
		return err
	})
	for id, want := range map[string]bool{"TO-1041": false, "TO-1057": true, "TO-1058": false, "TO-1060": false, "TO-9": false} {
		q := access.Question{User: finance, Within: account, Permission: access.MustParse("terminal_orders:approve"), Resource: id, IP: from, Now: h.DB.Now(), SecondFactor: true, Fresh: true}
		if d := access.Decide(h.Live.Load(), q); d.Allowed != want {
			t.Errorf("approving %s is allowed: %v, %v", id, d.Allowed, d.Reasons.Codes())
		}
	}
}

func (h *house) statuses(t *testing.T) {
	got := map[people.Status]int64{}
	for _, a := range h.accounts(t) {
		h.view(t, func(tx *db.Tx) error {
			counts, err := h.People.Counts(tx, a)
			for s, n := range counts {
				if n > 0 {
					got[s] += n
				}
			}
			return err
		})
	}
	for s, least := range map[people.Status]int64{people.Active: 40, people.Invited: 2, people.ExpiredInvitation: 1, people.DeactivatedInvitation: 1,
		people.Deactivated: 2, people.LockedAttempts: 1, people.LockedInactivity: 1} {
		if got[s] < least {
			t.Errorf("%d are %s", got[s], s)
		}
	}
}

// roles looks for somebody in each role of the profile.
func (h *house) roles(t *testing.T) {
	pr, _ := h.Profiles.Get(profile.Standard)
	for _, r := range pr.Roles {
		if h.count(t, `SELECT COUNT(*) FROM assignments s JOIN roles r ON r.account_id = s.account_id AND r.id = s.role_id WHERE r.predefined = $1`, r.Key) == 0 {
			t.Errorf("nobody is %s", r.Key)
		}
	}
}

// year checks that the log reads like a company's year: thousands of entries, in every month, at working hours.
func (h *house) year(t *testing.T) {
	months, early, late, weekend, all := map[string]int{}, 0, 0, 0, 0
	h.view(t, func(tx *db.Tx) error {
		times, err := db.Column(tx, `SELECT CAST(at AS text) FROM audit_entries`)
		for _, text := range times {
			us, _ := strconv.ParseInt(text, 10, 64)
			at := time.UnixMicro(us).UTC()
			months[at.Format("2006-01")]++
			all++
			switch {
			case at.Hour() < 5:
				early++
			case at.Hour() == 23:
				late++
			}
			if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
				weekend++
			}
		}
		return err
	})
	if all < 8000 {
		t.Errorf("%d entries", all)
	}
	if len(months) < 12 {
		t.Errorf("%d months: %v", len(months), months)
	}
	if weekend*6 > all || early*20 > all || late*20 > all {
		t.Errorf("of %d entries %d are of weekends, %d of early mornings, %d of late evenings", all, weekend, early, late)
	}
}

func (h *house) mails(t *testing.T) {
	if n := h.count(t, `SELECT COUNT(*) FROM outbox WHERE state = 'sent' AND sealed IS NULL`); n < 40 {
		t.Errorf("%d mails were sent", n)
	}
	if n := h.count(t, `SELECT COUNT(*) FROM outbox WHERE state = 'queued'`); n != 1 {
		t.Errorf("%d mails wait", n)
	}
	due, err := h.DB.Lease(t.Context(), 10, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if len(due) != 1 || due[0].Kind != "invitation" || due[0].Data["customer_id"] != "400310" {
		t.Errorf("what waits is not the newest invitation: %d, %+v", len(due), due)
	}
}

func (h *house) logins(t *testing.T) {
	var keys []string
	for _, l := range h.world.Logins {
		keys = append(keys, l.Key)
		code, err := demo.Code(l.Secret, h.Clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		step, err := h.door.Start(t.Context(), db.Who{}, l.Identifier, l.Password)
		if err != nil || step.Next != signin.NextCode {
			t.Errorf("%s: next is %q, %v", l.Key, step.Next, err)
			continue
		}
		if step, err = h.door.Prove(t.Context(), db.Who{}, step.Challenge, signin.Proof{Code: code}); err != nil {
			t.Errorf("%s: %v", l.Key, err)
			continue
		}
		s, err := h.door.Session(t.Context(), step.Session)
		if err != nil || s.AccountID != l.AccountID || s.UserID != l.UserID || !s.SecondFactor || s.Name() != l.Name {
			t.Errorf("%s: came in as %s of %s, %v", l.Key, s.Name(), s.AccountID, err)
		}
		if l.FirstPage != "/a/"+l.CustomerID+"/" || !strings.Contains(l.URI, l.Secret) {
			t.Errorf("%s: %+v", l.Key, l)
		}
		h.holds(t, l)
	}
	want := []string{"platform.owner", "partner.administrator", "northwind.owner", "northwind.access", "northwind.support", "northwind.auditor", "petrichor.owner"}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Error(diff)
	}
}

// holds checks that a login's role is the one that is printed, and no other.
func (h *house) holds(t *testing.T, l demo.Login) {
	t.Helper()
	h.view(t, func(tx *db.Tx) error {
		a, _, err := org.AccountByID(tx, l.AccountID)
		if err != nil {
			return err
		}
		row, err := h.People.Get(tx, a, l.UserID)
		if err != nil {
			return err
		}
		pr, _ := h.Profiles.Get(profile.Standard)
		list, err := roles.List(tx, a.ID, pr)
		i := slices.IndexFunc(list, func(r roles.Role) bool { return r.Key == l.RoleKey })
		if i < 0 || !slices.Equal(row.Roles, []string{list[i].ID}) || list[i].Title("en") != l.Role || row.Status != people.Active {
			t.Errorf("%s: is %s with %v, not %s", l.Key, row.Status, row.Roles, l.Role)
		}
		return err
	})
}

func (h *house) again(t *testing.T) {
	_, err := demo.Fill(t.Context(), h.Deps, demo.Options{Seed: 2})
	if f := fault.From(err); f == nil || f.Kind != fault.Conflict || f.Code != "not_empty" {
		t.Errorf("got %v", err)
	}
	if got := h.count(t, `SELECT COUNT(*) FROM accounts`); got != 16 {
		t.Errorf("%d accounts", got)
	}
	if got := h.count(t, `SELECT COUNT(*) FROM audit_entries WHERE outcome = 'refused' AND action = 'platform.demo_filled' AND at >= $1`, present.UnixMicro()); got != 1 {
		t.Errorf("the refusal was recorded %d times at the present time", got)
	}
	if !h.Clock.Now().Equal(present) {
		t.Errorf("the clock shows %v", h.Clock.Now())
	}
}

func TestFillRefusesAPlatform(t *testing.T) {
	for _, dialect := range testdb.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			h := build(t, dialect, present)
			_, err := h.People.Initialise(t.Context(), people.Founding{Name: "Real", CustomerID: "REAL", Environment: org.Live, FirstName: "Ada", Email: "ada@example.com"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := demo.Fill(t.Context(), h.Deps, demo.Options{}); fault.CodeOf(err) != "not_empty" {
				t.Errorf("got %v", err)
			}
			h.view(t, func(tx *db.Tx) error {
				marked, err := demo.Marked(tx)
				if marked {
					t.Error("a real platform is marked as a demo")
				}
				return err
			})
		})
	}
}

// told is all that must not depend on chance: people with their access, and the log.
func (h *house) told(t *testing.T) (out []string) {
	t.Helper()
	for _, a := range h.accounts(t) {
		h.view(t, func(tx *db.Tx) error {
			page, err := h.People.List(tx, a, people.Query{Limit: 200})
			var of []string
			for _, r := range page.Rows {
				of = append(of, fmt.Sprint(a.Name, " ", r.Name(), " ", r.Email, " ", r.Lang, " ", r.Status, " ", r.Since, " ", r.LastSignInAt, " ", len(r.Roles), r.Entities))
			}
			slices.Sort(of)
			out = append(out, of...)
			return err
		})
	}
	h.view(t, func(tx *db.Tx) error {
		log, err := db.Column(tx, `SELECT e.seq || ' ' || e.at || ' ' || e.action || ' ' || e.outcome || ' ' || e.ip || ' ' || COALESCE(u.email, u.first_name || ' ' || u.last_name, e.actor_id)
			FROM audit_entries e LEFT JOIN users u ON u.id = e.actor_id ORDER BY e.seq`)
		out = append(out, log...)
		return err
	})
	return out
}

func TestAnyHourAndSeed(t *testing.T) {
	for i, at := range []time.Time{time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(2028, 2, 29, 9, 30, 0, 0, time.UTC), time.Date(2026, 3, 29, 18, 1, 0, 0, time.FixedZone("", 7200))} {
		t.Run(at.Format(time.DateTime), func(t *testing.T) {
			h := filled(t, testdb.SQLite, at, demo.Options{Seed: uint64(i)*1000 + 3, Small: true})
			h.statuses(t)
			h.logins(t)
			if n := h.count(t, `SELECT COUNT(*) FROM audit_entries WHERE at > $1`, at.UnixMicro()); n != 0 {
				t.Errorf("%d entries are of the future", n)
			}
		})
	}
}

func TestCode(t *testing.T) {
	at := time.Unix(59, 0)
	code, err := demo.Code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", at) // RFC 6238, appendix B, the last six digits
	if err != nil || code != "287082" {
		t.Errorf("got %q, %v", code, err)
	}
	for _, bad := range []string{"", "XX", "nokey", "GEZDGNBVGY3TQOJ!"} {
		if code, err := demo.Code(bad, at); fault.From(err).Kind != fault.Invalid || code != "" {
			t.Errorf("%q: got %q, %v", bad, code, err)
		}
	}
}

func TestPrint(t *testing.T) {
	w := demo.World{Accounts: 6, Persons: 30, Logins: []demo.Login{
		{Name: "Ada Okafor", Identifier: "ada.okafor@northwind.example", Secret: "GEZDGNBV", Role: "Owner", Account: "Northwind Outfitters"},
		{Name: "Tomás Rezende", Identifier: "tomas.rezende@oxbowlane.example", Secret: "GY3TQOJQ", Role: "Administrator", Account: "Oxbow Lane Commerce"},
	}}
	var out strings.Builder
	if err := w.Print(&out, "http://localhost:8080"); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, want := range []string{"This is a demo", "30 people work in 6 accounts", demo.Password, "http://localhost:8080", "bin/countersign code KEY",
		"Ada Okafor, owner at Northwind Outfitters", "ada.okafor@northwind.example", "GEZDGNBV", "tomas.rezende@oxbowlane.example", "GY3TQOJQ"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not told", want)
		}
	}
	for line := range strings.Lines(text) {
		if n := len([]rune(line)); n > 100 {
			t.Errorf("a line of %d characters: %s", n, line)
		}
	}
}
