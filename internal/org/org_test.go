package org_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/test/testdb"
	"countersign/internal/test/world"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func each(t *testing.T, test func(t *testing.T, w *world.World, clock *testdb.Clock)) {
	t.Helper()
	for _, dialect := range testdb.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			clock := testdb.NewClock(start)
			test(t, world.New(t, testdb.Open(t, dialect, testdb.Options{Clock: clock})), clock)
		})
	}
}

var told = world.Told

func TestServiceToken(t *testing.T) {
	each(t, func(t *testing.T, w *world.World, clock *testdb.Clock) {
		ctx, who := t.Context(), w.Who("m1.administrator")
		a := who.AccountID
		token, secret, err := w.Org.CreateToken(ctx, who, a, org.Decisions, " Checkout\u00a0 ", start.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		byID := func(id string) (out org.Token, found bool) {
			w.View(func(tx *db.Tx) (err error) {
				out, found, err = org.TokenByID(tx, a, id)
				return err
			})
			return out, found
		}
		t.Run("it is shown once and kept as a hash", func(t *testing.T) {
			want := org.Token{AccountID: a, ID: token.ID, Kind: org.Decisions, Name: "Checkout", CreatedAt: start.UnixMicro(), CreatedBy: who.ID, ExpiresAt: start.Add(time.Hour).UnixMicro()}
			if diff := cmp.Diff(want, token); diff != "" {
				t.Error(diff)
			}
			if got, _ := byID(token.ID); cmp.Diff(want, got) != "" {
				t.Error(cmp.Diff(want, got))
			}
			if len(secret.Reveal()) != 43 {
				t.Errorf("the secret has %d characters", len(secret.Reveal()))
			}
			for _, table := range []string{"service_tokens", "audit_entries", "outbox", "access_changes"} {
				if strings.Contains(strings.Join(w.Raw(table), "\n"), secret.Reveal()) {
					t.Errorf("%s holds the secret", table)
				}
			}
			last := w.Last()
			if diff := cmp.Diff([]string{audit.TokenCreated, audit.Done, who.ID, a, token.ID}, []string{last.Action, last.Outcome, last.ActorID, last.AccountID, last.ID}); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("it works until its time", func(t *testing.T) {
			for after, want := range map[time.Duration]bool{0: true, time.Hour - time.Microsecond: true, time.Hour: false} {
				now := start.Add(after).UnixMicro()
				got, ok := w.Keeper.Token(secret.Reveal(), now)
				if ok != want || ok && (got.ID != token.ID || got.AccountID != a || got.Kind != org.Decisions) || token.Works(now) != want {
					t.Errorf("after %s: %v %+v", after, ok, got)
				}
			}
			for _, wrong := range []string{"", secret.Reveal()[:42], secret.Reveal() + "A", strings.ToLower(secret.Reveal()), token.ID, "\x00\xff", strings.Repeat("A", 1<<20)} {
				if _, ok := w.Keeper.Token(wrong, start.UnixMicro()); ok {
					t.Errorf("%.20q works too", wrong)
				}
			}
		})
		t.Run("revoked, the very next use is refused", func(t *testing.T) {
			if err := w.Org.RevokeToken(ctx, who, a, token.ID); err != nil {
				t.Fatal(err)
			}
			if _, ok := w.Keeper.Token(secret.Reveal(), start.UnixMicro()); ok {
				t.Error("it still works")
			}
			if got, _ := byID(token.ID); got.RevokedAt != start.UnixMicro() || got.RevokedBy != who.ID {
				t.Errorf("%+v", got)
			}
			if last := w.Last(); last.Action != audit.TokenRevoked || last.ID != token.ID || last.ActorID != who.ID {
				t.Errorf("%+v", last)
			}
		})
		t.Run("refused", func(t *testing.T) { refusedTokens(t, w, clock, token) })
		t.Run("a list has them all, of this account", func(t *testing.T) {
			w.View(func(tx *db.Tx) error {
				mine, err := org.Tokens(tx, a)
				other, _ := org.Tokens(tx, w.Account("M2").ID)
				if len(mine) != 1 || len(other) != 0 {
					t.Errorf("%d and %d", len(mine), len(other))
				}
				return err
			})
		})
		t.Run("a hundred and no more, raced", func(t *testing.T) {
			var made, refused atomic.Int64
			var group sync.WaitGroup
			for i := range 110 {
				group.Go(func() {
					_, _, err := w.Org.CreateToken(context.WithoutCancel(ctx), who, a, org.Decisions, fmt.Sprintf("token %d", i), time.Time{})
					switch told(err) {
					case "done":
						made.Add(1)
					case "too_many_tokens":
						refused.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			group.Wait()
			if made.Load() != 100 || refused.Load() != 10 {
				t.Errorf("%d made, %d refused", made.Load(), refused.Load())
			}
			w.Do(func(tx *db.Tx) error {
				_, err := tx.Exec(`UPDATE service_tokens SET expires_at = $1 WHERE account_id = $2 AND id = (SELECT MIN(id) FROM service_tokens WHERE account_id = $2 AND revoked_at IS NULL)`, tx.Now, a)
				return err
			})
			if _, _, err := w.Org.CreateToken(ctx, who, a, org.Decisions, "in place of one that ended", time.Time{}); err != nil {
				t.Error(err)
			}
		})
	})
}

func refusedTokens(t *testing.T, w *world.World, clock *testdb.Clock, revoked org.Token) {
	administrator, m1 := w.Who("m1.administrator"), w.Account("M1").ID
	weak := administrator
	weak.SecondFactor = false
	type try struct {
		name string
		who  db.Who
		want string
		do   func(who db.Who) error
	}
	create := func(account, name string, after time.Duration) func(db.Who) error {
		return func(who db.Who) error {
			expires := time.Time{}
			if after != 0 {
				expires = clock.Now().Add(after)
			}
			_, secret, err := w.Org.CreateToken(t.Context(), who, account, org.Decisions, name, expires)
			if secret != "" {
				t.Error("a secret came with the refusal")
			}
			return err
		}
	}
	revoke := func(account, id string) func(db.Who) error {
		return func(who db.Who) error { return w.Org.RevokeToken(t.Context(), who, account, id) }
	}
	tries := []try{
		{"by a reader", w.Who("m1.reader"), "missing_permission", create(m1, "x", 0)},
		{"by an access administrator", w.Who("m1.access"), "missing_permission", create(m1, "x", 0)},
		{"by an administrator of a part", w.Who("m1.limited"), "entities_not_held", create(m1, "x", 0)},
		{"without a second factor", weak, "needs_two_factor", create(m1, "x", 0)},
		{"in another account", administrator, "not_found", create(w.Account("M2").ID, "x", 0)},
		{"in an unknown account", administrator, "not_found", create("acc_\x00", "x", 0)},
		{"in the account above", administrator, "not_found", create(w.Account("PARTNER").ID, "x", 0)},
		{"by an operator in a live account", w.Who("platform.owner"), "live_account", create(m1, "x", 0)},
		{"by a service", db.Who{Kind: db.Service, ID: "tok_1"}, "sign_in_first", create(m1, "x", 0)},
		{"without a name", administrator, "invalid name:required", create(m1, " ", 0)},
		{"with a name too long", administrator, "invalid name:too_long", create(m1, strings.Repeat("x", 101), 0)},
		{"with a name that is no text", administrator, "invalid name:not_text", create(m1, "a\x00\xff", 0)},
		{"with a taken name, of a revoked one", administrator, "invalid name:name_taken", create(m1, "CHECKOUT", 0)},
		{"with a name that looks like a taken one", administrator, "invalid name:name_taken", create(m1, "Сhесkоut", 0)},
		{"that ended already", administrator, "invalid expires_at:token_expiry", create(m1, "x", -time.Second)},
		{"for more than five years", administrator, "invalid expires_at:token_expiry", create(m1, "x", 5*365*24*time.Hour+time.Second)},
		{"revoked twice", administrator, "already_revoked", revoke(m1, revoked.ID)},
		{"revoked by an administrator of a part", w.Who("m1.limited"), "entities_not_held", revoke(m1, revoked.ID)},
		{"revoked by a reader", w.Who("m1.reader"), "missing_permission", revoke(m1, revoked.ID)},
		{"another account's, revoked from here", w.Who("m2.administrator"), "not_found", revoke(w.Account("M2").ID, revoked.ID)},
		{"an unknown one revoked", administrator, "not_found", revoke(m1, "tok_nosuch")},
		{"one revoked that is no text", administrator, "not_found", revoke(m1, "tok_\x00\xff")},
	}
	for _, c := range tries {
		t.Run(c.name, func(t *testing.T) {
			clock.Advance(2 * time.Minute)
			before := w.State()
			if got := told(c.do(c.who)); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			if diff := cmp.Diff(before, w.State()); diff != "" {
				t.Error(diff)
			}
			if last := w.Last(); last.Outcome != audit.Refused || !last.At.Equal(clock.Now()) || last.ActorID != c.who.ID {
				t.Errorf("the last entry: %+v", last)
			}
		})
	}
	foreign, unknown := revoke(w.Account("M2").ID, revoked.ID)(w.Who("m2.administrator")), revoke(w.Account("M2").ID, "tok_00000000000000000000000000")(w.Who("m2.administrator"))
	if diff := cmp.Diff(fault.From(foreign), fault.From(unknown), cmp.AllowUnexported(fault.Error{})); diff != "" {
		t.Errorf("a foreign token is answered otherwise than an unknown one: %s", diff)
	}
}

func TestTree(t *testing.T) {
	each(t, func(t *testing.T, w *world.World, _ *testdb.Clock) {
		m1, m2 := w.Account("M1"), w.Account("M2")
		t.Run("an entity and all below it is a range of paths", func(t *testing.T) {
			w.View(func(tx *db.Tx) error {
				p, _, err := org.Platform(tx)
				if err != nil {
					return err
				}
				all, err := org.Entities(tx, p, 1000)
				if err != nil {
					return err
				}
				for _, above := range all {
					from, until := org.Below(above.Path)
					for _, e := range all {
						if got, want := e.Path >= from && e.Path < until, strings.HasPrefix(e.Path, above.Path); got != want {
							t.Errorf("%s below %s: %v", e.CustomerID, above.CustomerID, got)
						}
					}
				}
				var mine []string
				list, err := org.Entities(tx, m1, 1000)
				for _, e := range list {
					mine = append(mine, e.CustomerID)
				}
				if diff := cmp.Diff([]string{"M1", "M1-A", "M1-A-1", "M1-B"}, mine); diff != "" {
					t.Error(diff)
				}
				return err
			})
		})
		t.Run("what lies outside is as what does not exist", func(t *testing.T) {
			w.View(func(tx *db.Tx) error {
				got, err := org.EntitiesIn(tx, m1, []string{"M2-A", w.Entity("M2-A").ID, "PARTNER", "nosuch", "\x00", "\xff", "", "m1-a"})
				if len(got) != 0 {
					t.Errorf("%+v", got)
				}
				for _, id := range []string{"", "\x00", "acc_\xff", "nosuch", m2.EntityID} {
					if _, found, err := org.AccountByID(tx, id); found || err != nil {
						t.Errorf("%q: %v %v", id, found, err)
					}
					if _, found, err := org.AccountByCustomerID(tx, id); found || err != nil {
						t.Errorf("%q: %v %v", id, found, err)
					}
				}
				for _, id := range []string{"", "\x00", "M1"} {
					if _, found, err := org.EntityByID(tx, id); found || err != nil {
						t.Errorf("%q: %v %v", id, found, err)
					}
				}
				return err
			})
		})
		t.Run("forty children have paths of their own, in order", func(t *testing.T) {
			var last string
			w.Do(func(tx *db.Tx) error {
				for i := range 40 {
					e, err := org.CreateEntity(tx, org.New{Kind: access.LegalEntity, ParentID: w.Entity("M2-B").ID, Name: "n", CustomerID: fmt.Sprintf("C-%d", i)})
					if err != nil || e.AccountID != m2.ID || e.Path <= last || len(e.Path) != len(w.Entity("M2-B").Path)+access.PathPart {
						return fmt.Errorf("%+v after %s: %w", e, last, err)
					}
					last = e.Path
				}
				return nil
			})
		})
		t.Run("locations belong to their account", func(t *testing.T) {
			w.View(func(tx *db.Tx) error {
				list, err := org.Locations(tx, m1.ID)
				if err != nil || len(list) != 2 || list[0].Name != "M1-A shop" || list[0].EntityID != w.Entity("M1-A").ID {
					t.Errorf("%+v %v", list, err)
				}
				return nil
			})
		})
	})
}

func TestSettings(t *testing.T) {
	each(t, func(t *testing.T, w *world.World, _ *testdb.Clock) {
		w.Set("M1", "invitation_lifetime", "168h")
		for _, id := range []string{"M1", "PARTNER"} {
			w.Set(id, "two_factor_methods", "totp,sms")
			w.Set(id, "two_factor_sms", "merchants")
		}
		w.View(func(tx *db.Tx) error {
			for id, want := range map[string]time.Duration{"M1": 168 * time.Hour, "M2": 72 * time.Hour} {
				s, err := org.Settings(tx, w.Profiles, w.Account(id).ID)
				if err != nil || s.InvitationLifetime != want {
					t.Errorf("%s: %s, %v", id, s.InvitationLifetime, err)
				}
			}
			for id, want := range map[string]string{"M1": "totp,sms", "PARTNER": "totp"} {
				if s, err := org.Settings(tx, w.Profiles, w.Account(id).ID); err != nil || s.Value("two_factor_methods") != want {
					t.Errorf("%s allows %v: %v", id, s.TwoFactorMethods, err)
				}
			}
			for id, want := range map[string]string{"M1": org.Live, "M3": org.Test} {
				if s, err := org.Settings(tx, w.Profiles, w.Account(id).ID); err != nil || s.Environment != want {
					t.Errorf("%s is %s: %v", id, s.Environment, err)
				}
			}
			if _, err := org.Settings(tx, w.Profiles, "acc_nosuch"); err == nil {
				t.Error("an unknown account has settings")
			}
			return nil
		})
	})
}

// TestRefusalsHaveWords asks for the sentence of every code that this room and package people answer with.
func TestRefusalsHaveWords(t *testing.T) {
	for _, code := range []string{"sign_in_first", "live_account", "needs_two_factor", "needs_fresh", "address_not_allowed", "level_too_low", "missing_permission", "not_found",
		"entities_not_held", "role_not_yours_to_give", "own_access", "person_above_you", "first_administrator", "last_administrator", "stale", "cursor",
		"too_many_tokens", "already_revoked", "already_deactivated", "not_deactivated", "deactivated_user", "already_active", "no_open_invitation", "no_second_factor",
		"platform_stays", "account_from_inside", "active_already", "inactive_already", "entity_is_account",
		"person_of_several_accounts", "link_used", "link_replaced", "link_deactivated", "link_expired", "initialised", "not_initialised", "administrator_active"} {
		for _, tag := range lang.All() {
			if strings.HasPrefix(lang.T(tag, "error."+code), "[") {
				t.Errorf("%s has no words in %s", code, tag)
			}
		}
	}
}
