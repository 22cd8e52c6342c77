//go:build !race

// One goroutine, many rows: the race detector sees nothing here and takes eleven times as long.

package people_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/seal"
)

// TestStatus walks one person through the moments at which their status changes.
func TestStatus(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		a := h.Account("M1")
		owner := h.Who("m1.owner")
		in := h.invitee("read_only")
		id, err := h.People.Invite(t.Context(), owner, a.ID, in)
		if err != nil {
			t.Fatal(err)
		}
		h.Add("m1.ada", id)
		link := h.Messages()[0].Data["token"]
		from := h.clock.Now()
		member := h.Row("m1.ada").Member.ID
		exec := func(query string, args ...any) func() {
			return func() { h.Do(func(tx *db.Tx) error { _, err := tx.Exec(query, args...); return err }) }
		}
		check := func(name string, after time.Duration, do func(), want people.Status, since time.Duration) {
			t.Run(fmt.Sprintf("U8 %s: %s", want, name), func(t *testing.T) {
				h.clock.Set(from.Add(after))
				if do != nil {
					do()
				}
				r := h.Row("m1.ada")
				if r.Status != want {
					t.Errorf("%s", r.Status)
				}
				if since >= 0 && r.Since != from.Add(since).UnixMicro() {
					t.Errorf("since %s, want %s", time.UnixMicro(r.Since).UTC(), from.Add(since))
				}
				h.View(func(tx *db.Tx) error {
					for _, s := range people.Statuses() {
						page, err := h.People.List(tx, a, people.Query{Status: s, Search: "ada lovelace"})
						if err != nil {
							return err
						}
						if found := len(page.Rows) == 1; found != (s == want) || int(page.Total.N) != len(page.Rows) {
							t.Errorf("the list of %s has %d of %v", s, len(page.Rows), page.Total)
						}
					}
					return nil
				})
			})
		}
		const hour, day = time.Hour, 24 * time.Hour
		µ := time.Microsecond
		spend := func() {
			h.Do(func(tx *db.Tx) error {
				i, _, err := people.InvitationByHash(tx, seal.HashToken(people.LinkPurpose, link))
				if err != nil {
					return err
				}
				return people.Spend(tx, i)
			})
		}
		invitation := func(deactivated any) func() {
			return exec(`UPDATE invitations SET deactivated_at = $1 WHERE account_id = $2 AND membership_id = $3`, deactivated, a.ID, member)
		}
		shut := func(at any) func() {
			return exec(`UPDATE memberships SET deactivated_at = $1 WHERE account_id = $2 AND id = $3`, at, a.ID, member)
		}
		lock := func(until time.Duration) func() {
			return exec(`INSERT INTO signin_attempts (user_id, failed, locked_until, updated_at) VALUES ($1, 6, $2, 0)
				ON CONFLICT (user_id) DO UPDATE SET locked_until = $2`, id, from.Add(until).UnixMicro())
		}
		inactive := func(at any) func() {
			return exec(`UPDATE users SET inactive_locked_at = $1 WHERE id = $2`, at, id)
		}
		days := func(n string) func() { return func() { h.Set("M1", "password_days", n) } }

		check("the link was sent", 0, nil, people.Invited, 0)
		check("the last moment", 72*hour-µ, nil, people.Invited, 0)
		check("72 hours are over", 72*hour, nil, people.ExpiredInvitation, 72*hour)
		check("deactivated goes before expired", 72*hour, invitation(1), people.DeactivatedInvitation, -1)
		check("the user deactivated goes before both", 72*hour, shut(from.UnixMicro()), people.Deactivated, 0)
		check("and back", 72*hour-µ, func() { shut(nil)(); invitation(nil)() }, people.Invited, 0)
		check("the password was chosen in time", 72*hour-µ, spend, people.Invited, 0)
		check("the set-up is half finished, and the link's time over", 72*hour+29*time.Minute, nil, people.Invited, 0)
		check("the last moment of thirty minutes", 72*hour+30*time.Minute-2*µ, nil, people.Invited, 0)
		check("thirty minutes are over", 72*hour+30*time.Minute-µ, nil, people.ExpiredInvitation, 72*hour+30*time.Minute-µ)
		check("activated", 73*hour, func() {
			h.Do(func(tx *db.Tx) error {
				_, err := tx.Exec(`UPDATE users SET password_hash = 'none', password_set_at = $1 WHERE id = $2`, tx.Now, id)
				if err != nil {
					return err
				}
				return people.Activate(tx, a.ID, member)
			})
		}, people.Active, 73*hour)
		check("what happened to the invitation does not matter any more", 73*hour, invitation(1), people.Active, 73*hour)
		check("locked", 74*hour, lock(74*hour+30*time.Minute), people.LockedAttempts, -1)
		check("the lock's last moment", 74*hour+30*time.Minute-µ, nil, people.LockedAttempts, -1)
		check("the lock is over", 74*hour+30*time.Minute, nil, people.Active, 73*hour)
		check("the password never ends", 73*hour+3650*day, nil, people.Active, 73*hour)
		check("the account lets passwords end: the last moment", 73*hour+90*day-µ, days("90"), people.Active, 73*hour)
		check("the account lets passwords end", 73*hour+90*day, nil, people.PasswordExpired, -1)
		check("inactive goes before it", 73*hour+90*day, inactive(1), people.LockedInactivity, -1)
		check("attempts go before that", 73*hour+90*day, lock(74*hour+90*day), people.LockedAttempts, -1)
		check("deactivated goes before all", 73*hour+90*day, shut(from.UnixMicro()), people.Deactivated, 0)
		check("back through all of them", 73*hour+90*day, shut(nil), people.LockedAttempts, -1)
		check("back through all of them", 74*hour+90*day, nil, people.LockedInactivity, -1)
		check("back through all of them", 74*hour+90*day, inactive(nil), people.PasswordExpired, -1)
		check("back through all of them", 74*hour+90*day, days("0"), people.Active, 73*hour)
	})
}

// crowd adds people without the use cases, a thousand of them at once, and says what each is like.
func (h house) crowd(n int) {
	a := h.Account("M1").ID
	h.Do(func(tx *db.Tx) error {
		for i := range n {
			p := people.Person{ID: fmt.Sprintf("usr_crowd%04d", i), FirstName: fmt.Sprintf("First%d", i%7), LastName: fmt.Sprintf("Last%d", i%13), Email: fmt.Sprintf("crowd%d@example.net", i)}
			var last any
			if i%3 == 0 {
				last = int64(i%11) * 1000
			}
			_, err := tx.Exec(`INSERT INTO users (id, first_name, last_name, sort_key, search_key, email, email_key, last_sign_in_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $6, $7, 1)`,
				p.ID, p.FirstName, p.LastName, people.SortKey(p), people.SearchKey(p), p.Email, last)
			if err != nil {
				return err
			}
			var active any
			if i%2 == 0 {
				active = tx.Now
			}
			_, err = tx.Exec(`INSERT INTO memberships (account_id, id, user_id, activated_at, all_locations, created_at, created_by) VALUES ($1, $2, $3, $4, TRUE, 1, 'test')`,
				a, fmt.Sprintf("mem_crowd%04d", n-i), p.ID, active)
			if err == nil {
				err = people.Relist(tx, p.ID, func() error { return nil })
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func TestListPages(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.crowd(1000)
		a := h.Account("M1")
		before := map[string]func(x, y people.Row) int{
			"name": func(x, y people.Row) int { return cmp.Compare(people.SortKey(x.Person), people.SortKey(y.Person)) },
			"email": func(x, y people.Row) int {
				return cmp.Compare(strings.ToLower(x.Email), strings.ToLower(y.Email))
			},
			"status":       func(x, y people.Row) int { return cmp.Compare(x.Status, y.Status) },
			"last_sign_in": func(x, y people.Row) int { return cmp.Compare(x.LastSignInAt, y.LastSignInAt) },
		}
		for _, sort := range people.Sorts {
			t.Run("U1 every row exactly once, in the order of "+sort, func(t *testing.T) {
				h.View(func(tx *db.Tx) error {
					name, down := strings.CutPrefix(sort, "-")
					seen := map[string]bool{}
					var all []people.Row
					var back []string
					q := people.Query{Sort: sort, Limit: 37}
					for {
						page, err := h.People.List(tx, a, q)
						if err != nil {
							return err
						}
						for _, r := range page.Rows {
							if seen[r.ID()] {
								t.Fatalf("%s twice", r.ID())
							}
							seen[r.ID()] = true
						}
						all = append(all, page.Rows...)
						if int(page.Total.N) != 1013 {
							t.Fatalf("total %v", page.Total)
						}
						if q.After = page.Next; page.Next == "" {
							back = append(back, page.Previous)
							break
						}
					}
					if len(all) != 1013 {
						t.Errorf("%d rows", len(all))
					}
					if !slices.IsSortedFunc(all, func(x, y people.Row) int {
						if down {
							x, y = y, x
						}
						return before[name](x, y)
					}) {
						t.Error("not in order")
					}
					// And back again from the last page, to the first.
					i := len(all) - (len(all)-1)%37 - 1
					for q.After = back[0]; q.After != ""; {
						page, err := h.People.List(tx, a, q)
						if err != nil {
							return err
						}
						i -= len(page.Rows)
						if i < 0 || page.Rows[0].ID() != all[i].ID() || page.Next == "" {
							t.Fatalf("on the way back, at %d", i)
						}
						q.After = page.Previous
					}
					if i != 0 {
						t.Errorf("the way back ends at %d", i)
					}
					return nil
				})
			})
		}
		t.Run("U1 a cursor belongs to its list", func(t *testing.T) {
			h.View(func(tx *db.Tx) error {
				page, err := h.People.List(tx, a, people.Query{})
				if err != nil {
					return err
				}
				good := page.Next
				if len(page.Rows) != 50 {
					t.Errorf("%d rows without a limit", len(page.Rows))
				}
				flipped := []byte(good)
				flipped[len(flipped)/2] ^= 1
				for name, q := range map[string]people.Query{
					"flipped": {After: string(flipped)}, "cut": {After: good[:20]}, "words": {After: "last\x1fmem_1"}, "odd": {After: "\x00\xff"}, "long": {After: strings.Repeat("A", 1<<20)},
					"another order": {After: good, Sort: "email"}, "another search": {After: good, Search: "a"}, "another status": {After: good, Status: people.Active},
				} {
					_, err := h.People.List(tx, a, q)
					if f := fault.From(err); err == nil || f.Kind != fault.Malformed || f.Code != "cursor" {
						t.Errorf("%s: %v", name, err)
					}
				}
				if _, err := h.People.List(tx, h.Account("M2"), people.Query{After: good}); told(err) != "cursor" {
					t.Errorf("another account: %v", err)
				}
				_, err = h.People.List(tx, a, people.Query{After: good, Limit: 1 << 40})
				return err
			})
		})
	})
}

func TestListNarrows(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		a := h.Account("M1")
		for _, p := range [][3]string{{"Élodie", "Brontë-Süß", "elodie.b@exämple.example"}, {"per%cent", "under_score", "p_%d@example.com"}, {`back\slash`, "", "x.y+z@example.com"}, {"İpek", "ŁUKASZ", "ipek@example.com"}, {"ＦＵＬＬ", "Ｗｉｄｔｈ", "wide@example.com"}} {
			in := h.invitee("support", "M1-B")
			in.FirstName, in.LastName, in.Email = p[0], p[1], p[2]
			if _, err := h.People.Invite(t.Context(), h.Who("m1.administrator"), a.ID, in); err != nil {
				t.Fatal(err)
			}
		}
		list := func(t *testing.T, q people.Query) (names []string) {
			h.View(func(tx *db.Tx) error {
				page, err := h.People.List(tx, a, q)
				for _, r := range page.Rows {
					names = append(names, r.Name())
				}
				if int(page.Total.N) != len(names) {
					t.Errorf("total %v of %d", page.Total, len(names))
				}
				return err
			})
			slices.Sort(names)
			return names
		}
		elodie, percent, back, ipek, wide := "Élodie Brontë-Süß", "per%cent under_score", `back\slash`, "İpek ŁUKASZ", "ＦＵＬＬ Ｗｉｄｔｈ"
		for search, want := range map[string][]string{
			"élodie": {elodie}, "ÉLODIE": {elodie}, "e\u0301lod": {elodie}, "elodie": {elodie}, "bronte suss": {elodie}, "bronte-suss": {elodie}, "SÜSS": {elodie},
			"lod ront": {elodie}, "EXÄMPLE": {elodie}, "elodie.b@": {elodie},
			"%": {percent}, "r%c": {percent}, "_": slices.Sorted(slices.Values([]string{percent, "Reader_a M1", "Reader_b M1"})), "r_s": {percent}, "p_%d": {percent},
			`\`: {back}, `k\s`: {back}, "x.y+z": {back}, "pek": {ipek}, "łukasz": {ipek}, "full width": {wide}, "ｗｉｄｅ@": {wide},
			"'": nil, `" OR 1=1 --`: nil, "zzz": nil, "m1.auditor@example.com": {"Auditor M1"},
		} {
			t.Run(fmt.Sprintf("U1 search %q", search), func(t *testing.T) {
				if diff := gocmp.Diff(want, list(t, people.Query{Search: search})); diff != "" {
					t.Error(diff)
				}
			})
		}
		for name, q := range map[string]people.Query{
			"search:too_long": {Search: strings.Repeat("a ", 10<<20)}, "search:not_text": {Search: "a\x00"}, "status:status": {Status: "nosuch"}, "sort:sort": {Sort: "users.id; --"},
			"entity:unknown_entity": {EntityID: "M2-A"}, "role:unknown_role": {RoleID: "rol_\x00"},
		} {
			t.Run("U1 refused "+name, func(t *testing.T) {
				err := h.DB.View(t.Context(), func(tx *db.Tx) error {
					_, err := h.People.List(tx, a, q)
					return err
				})
				if got := told(err); got != "invalid "+name {
					t.Error(got)
				}
			})
		}
		t.Run("U1 by role", func(t *testing.T) {
			if diff := gocmp.Diff([]string{"Auditor M1"}, list(t, people.Query{RoleID: h.Role("M1", "auditor")})); diff != "" {
				t.Error(diff)
			}
			if got := list(t, people.Query{RoleID: h.Role("M2", "auditor")}); got != nil {
				t.Errorf("another account's role finds %v", got)
			}
		})
		t.Run("U1 by entity: whoever has it or one above", func(t *testing.T) {
			all := list(t, people.Query{})
			not := func(names ...string) (out []string) {
				for _, n := range all {
					if !slices.Contains(names, n) {
						out = append(out, n)
					}
				}
				return out
			}
			b := []string{elodie, percent, back, ipek, wide, "Reader_b M1"}
			for entity, want := range map[string][]string{
				"M1-A": not(b...), "M1-A-1": not(b...), h.Entity("M1-B").ID: not("Limited M1", "Reader_a M1"),
				"M1": not(append(b, "Limited M1", "Reader_a M1")...),
			} {
				if diff := gocmp.Diff(want, list(t, people.Query{EntityID: entity})); diff != "" {
					t.Errorf("%s: %s", entity, diff)
				}
			}
		})
		t.Run("U8 counts are those of the lists", func(t *testing.T) {
			h.View(func(tx *db.Tx) error {
				counts, err := h.People.Counts(tx, a)
				if err != nil {
					return err
				}
				for _, s := range people.Statuses() {
					page, err := h.People.List(tx, a, people.Query{Status: s})
					if err != nil || page.Total != (people.Count{N: counts[s]}) {
						t.Errorf("%s: %v and %v, %v", s, page.Total, counts[s], err)
					}
				}
				return nil
			})
		})
		t.Run("U1 accents do not make a place of their own", func(t *testing.T) {
			if people.SortKey(people.Person{LastName: "Éa"}) != people.SortKey(people.Person{LastName: "ea"}) {
				t.Error("É stands after z")
			}
		})
		t.Run("names by id", func(t *testing.T) {
			h.View(func(tx *db.Tx) error {
				got, err := people.Names(tx, []string{h.User("m2.reader"), "usr_\x00", "usr_nosuch", "tok_1", ""})
				if diff := gocmp.Diff(map[string]string{h.User("m2.reader"): "Reader M2"}, got); diff != "" {
					t.Error(diff)
				}
				return err
			})
		})
	})
}

// TestNothingBelowOpensAbove: what somebody holds in a merchant's account gives
// them nothing in the partner's, not even a look at its people.
func TestNothingBelowOpensAbove(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		for _, label := range []string{"m1.owner", "m1.auditor", "m3.owner"} {
			for _, account := range []string{"PARTNER", "FAC", "PLATFORM", "M2"} {
				who := h.Who(label)
				a := h.Account(account)
				in := h.invitee("read_only")
				in.Access = people.Access{Roles: []string{h.Role(account, "read_only")}, Entities: []string{strings.ToUpper(label[:2]) + "-A"}}
				if _, err := h.People.Invite(t.Context(), who, a.ID, in); told(err) != "not_found" {
					t.Errorf("U23 %s invites into %s: %v", label, account, err)
				}
				h.View(func(tx *db.Tx) error {
					q := org.Question(tx, who, a.ID)
					for _, permission := range []string{"users:view", "audit:view", "roles:view", "accounts:view"} {
						q.Permission = access.MustParse(permission)
						if access.May(h.Live.Load(), q).Allowed {
							t.Errorf("%s may %s in %s", label, permission, account)
						}
					}
					if held := access.Held(h.Live.Load(), q); !held.Empty() {
						t.Errorf("%s holds something in %s", label, account)
					}
					return nil
				})
			}
		}
		t.Run("U23 also for somebody of both", func(t *testing.T) {
			who := h.Who("partner.administrator")
			in := h.invitee("read_only")
			in.Email, in.Access = "m1.owner@example.com", people.Access{Roles: []string{h.Role("PARTNER", "read_only")}, AllEntities: true}
			id, err := h.People.Invite(t.Context(), who, who.AccountID, in)
			if err != nil {
				t.Fatal(err)
			}
			h.Add("partner.guest", id)
			if err := h.Follow(seal.Secret(h.Messages()[0].Data["token"]), h.Who("partner.guest")); err != nil {
				t.Fatal(err)
			}
			guest := h.Who("partner.guest")
			in.Email = "another@example.com"
			if _, err := h.People.Invite(t.Context(), guest, guest.AccountID, in); told(err) != "missing_permission" {
				t.Error(err)
			}
		})
	})
}
