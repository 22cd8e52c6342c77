package roles_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/roles"
	"countersign/internal/test/testdb"
	"countersign/internal/test/world"
)

func TestList(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		w := world.New(t, d)
		a := w.Account("M1")
		p, _ := w.Profiles.Get("standard")
		list := func() (out []roles.Role) {
			w.View(func(tx *db.Tx) (err error) {
				out, err = roles.List(tx, a.ID, p)
				return err
			})
			return out
		}
		t.Run("predefined roles in the profile's order, with what it says", func(t *testing.T) {
			got := list()
			if len(got) != len(p.Roles) {
				t.Fatalf("%d roles", len(got))
			}
			for i, r := range got {
				want := p.Roles[i]
				if r.Key != want.Key || r.Permissions != want.Permissions || r.Administrator != want.Administrator || cmp.Diff(want.MayGrant, r.MayGrant) != "" {
					t.Errorf("%d is %s, want %s", i, r.Key, want.Key)
				}
				if r.Title(lang.French) != want.Name("fr") || r.About(lang.English) != want.Description("en") {
					t.Errorf("%s is called %s", r.Key, r.Title(lang.French))
				}
			}
		})
		t.Run("R9 dangerous permissions are named", func(t *testing.T) {
			for _, r := range list() {
				want := map[string]bool{"owner": true, "administrator": true, "access_administrator": true}[r.Key]
				if got := len(r.Dangerous()) > 0; got != want {
					t.Errorf("%s: %v", r.Key, r.Dangerous())
				}
			}
		})
		t.Run("R9 a role that is given with a warning is acknowledged, whatever it holds", func(t *testing.T) {
			warned := *p
			warned.Roles = slices.Clone(p.Roles)
			i := slices.IndexFunc(warned.Roles, func(r profile.Role) bool { return r.Key == "read_only" })
			warned.Roles[i].Warnings = map[string]string{"en": "Beware.", "fr": "Attention."}
			w.View(func(tx *db.Tx) error {
				got, err := roles.List(tx, a.ID, &warned)
				for _, r := range got {
					if want := r.Key == "read_only" || len(r.Dangerous()) > 0; r.Acknowledged() != want {
						t.Errorf("%s: %v", r.Key, r.Acknowledged())
					}
					if r.Key == "read_only" && r.Warning(lang.French) != "Attention." {
						t.Errorf("%q", r.Warning(lang.French))
					}
				}
				return err
			})
		})
		t.Run("holders are counted", func(t *testing.T) {
			for _, r := range list() {
				if want := (map[string]int64{"owner": 1, "administrator": 2, "read_only": 7, "support": 0}); r.Key == "support" || want[r.Key] > 0 {
					if r.Holders != want[r.Key] {
						t.Errorf("%s has %d", r.Key, r.Holders)
					}
				}
			}
		})
		t.Run("a custom role has what its policies give, and stands behind", func(t *testing.T) {
			w.Do(func(tx *db.Tx) error {
				for _, q := range []string{
					`INSERT INTO roles (account_id, id, name, name_key, created_at) VALUES ($1, 'rol_c', 'Aardvark', 'aardvark', 1)`,
					`INSERT INTO policies (account_id, id, name, name_key, created_at) VALUES ($1, 'pol_c', 'P', 'p', 1)`,
					`INSERT INTO policy_permissions (account_id, policy_id, permission) VALUES ($1, 'pol_c', 'users:view')`,
					`INSERT INTO policy_permissions (account_id, policy_id, permission) VALUES ($1, 'pol_c', 'no:such')`,
					`INSERT INTO role_policies (account_id, role_id, policy_id) VALUES ($1, 'rol_c', 'pol_c')`,
				} {
					if _, err := tx.Exec(q, a.ID); err != nil {
						return err
					}
				}
				tx.ChangedAccess()
				return nil
			})
			got := list()
			last := got[len(got)-1]
			if last.ID != "rol_c" || last.Title(lang.French) != "Aardvark" || last.Permissions.Len() != 1 {
				t.Errorf("%+v", last)
			}
		})
	})
}

// TestForeignKeys shows that what belongs to another account cannot be stored at all.
func TestForeignKeys(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		w := world.New(t, d)
		a, m := w.Account("M1").ID, w.Row("m1.reader").Member.ID
		before := w.State()
		for name, c := range map[string]struct {
			account, member string
			give            roles.Assignment
		}{
			"another account's role":       {a, m, roles.Assignment{RoleID: w.Role("M2", "support"), AllEntities: true}},
			"another account's membership": {a, w.Row("m2.reader").Member.ID, roles.Assignment{RoleID: w.Role("M1", "support"), AllEntities: true}},
			"an entity that is none":       {a, m, roles.Assignment{RoleID: w.Role("M1", "support"), Entities: []string{"ent_nosuch"}}},
			"the same role twice":          {a, m, roles.Assignment{RoleID: "twice"}},
		} {
			t.Run(name, func(t *testing.T) {
				list := []roles.Assignment{c.give}
				if c.give.RoleID == "twice" {
					r := roles.Assignment{RoleID: w.Role("M1", "support"), AllEntities: true}
					list = []roles.Assignment{r, r}
				}
				err := d.Update(t.Context(), w.Who("m1.owner"), func(tx *db.Tx) error {
					tx.Seq()
					return roles.Replace(tx, c.account, c.member, list)
				})
				if err == nil {
					t.Error("stored")
				}
				if diff := cmp.Diff(before, w.State()); diff != "" {
					t.Error(diff)
				}
			})
		}
	})
}

func TestCount(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		w := world.New(t, d)
		a := w.Account("M1").ID
		roleOf := func(label string) string { return w.Row(label).Roles[0] }
		now := d.Now()
		for name, c := range map[string]struct {
			give roles.Assignment
			want string
		}{
			"for good":        {roles.Assignment{RoleID: roleOf("m1.owner"), AllEntities: true}, "done"},
			"begun":           {roles.Assignment{RoleID: roleOf("m1.owner"), AllEntities: true, From: now - 1}, "done"},
			"for a time":      {roles.Assignment{RoleID: roleOf("m1.owner"), AllEntities: true, Until: now + 1e12}, "last_administrator"},
			"from later on":   {roles.Assignment{RoleID: roleOf("m1.owner"), AllEntities: true, From: now + 1e12}, "last_administrator"},
			"over a part":     {roles.Assignment{RoleID: roleOf("m1.owner"), Entities: []string{w.Entity("M1-A").ID}}, "last_administrator"},
			"something other": {roles.Assignment{RoleID: roleOf("m1.reader"), AllEntities: true}, "last_administrator"},
		} {
			t.Run("U14 the only one holds the role "+name, func(t *testing.T) {
				err := d.Update(t.Context(), w.Who("m1.owner"), func(tx *db.Tx) error {
					tx.Seq()
					for _, label := range []string{"m1.owner", "m1.administrator", "m1.limited"} {
						m, _, err := people.MemberOf(tx, a, w.User(label))
						if err != nil {
							return err
						}
						give := []roles.Assignment{c.give}
						if label != "m1.owner" {
							give = nil
						}
						if err := roles.Replace(tx, a, m.ID, give); err != nil {
							return err
						}
					}
					if err := roles.Count(tx, a); err != nil {
						return err
					}
					return errUndo
				})
				got := fault.CodeOf(err)
				if err == errUndo {
					got = "done"
				}
				if got != c.want {
					t.Errorf("%s (%v)", got, err)
				}
			})
		}
	})
}

var errUndo = fault.New(fault.Conflict, "undo")

func TestText(t *testing.T) {
	x := roles.Assignment{RoleID: "rol_b", Entities: []string{"ent_2", "ent_1"}, Until: 5}
	y := roles.Assignment{RoleID: "rol_a", AllEntities: true}
	if got := roles.Text([]roles.Assignment{x, y}); got != "rol_a over all entities; rol_b over ent_1 ent_2 until 5" {
		t.Error(got)
	}
	z := roles.Assignment{RoleID: "rol_b", Entities: []string{"ent_1", "ent_2"}, Until: 5}
	if roles.Text([]roles.Assignment{y, z}) != roles.Text([]roles.Assignment{x, y}) {
		t.Error("the order makes a difference")
	}
}
