package roles

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/profile"
)

// Full is a role with all that it is made of.
type Full struct {
	Role
	Permits      []Permit // of its own policy; of a legacy role those that it holds itself
	Policies     []Policy // shared ones that it has
	ownPolicy    string   // id; "" for none
	MembershipID string   // whose personal copy it is; "" for none
}

// rights are what the role gives, closed.
func (r Full) rights() rights {
	if r.Key != "" {
		return rightsIn(r.Permissions)
	}
	list := grants(r.Permits)
	for _, p := range r.Policies {
		list = append(list, grants(p.Permits)...)
	}
	return rightsOf(list)
}

// refresh sets what follows from what the role is made of.
func (r *Full) refresh() {
	if r.Key != "" {
		return
	}
	r.Permissions, r.Restricted = access.Set{}, access.Set{}
	held := rights{}
	for _, list := range append([][]Permit{r.Permits}, permitsOf(r.Policies)...) {
		for _, g := range grants(list) {
			held[g.Permission] = append(held[g.Permission], g.Condition)
		}
	}
	r.fill(nil, map[string]rights{r.ID: held})
}

func permitsOf(list []Policy) (out [][]Permit) {
	for _, p := range list {
		out = append(out, p.Permits)
	}
	return out
}

// RoleByID reads a role of an account, a personal copy too; false when it has none of that id.
func RoleByID(tx *db.Tx, accountID, roleID string, p *profile.Profile) (r Full, found bool, err error) {
	if !lang.Storable(roleID) {
		return r, false, nil
	}
	found, err = db.One(tx, append(r.dest(), &r.MembershipID), `SELECT `+roleFields+`, COALESCE(r.membership_id, '') FROM roles r WHERE r.account_id = $1 AND r.id = $2`, accountID, roleID)
	if err != nil || !found {
		return r, false, err
	}
	if r.Key != "" {
		r.fill(p, nil)
		return r, true, nil
	}
	if err = r.readParts(tx); err != nil {
		return r, false, err
	}
	r.refresh()
	return r, true, nil
}

// readParts reads what a custom role is made of.
func (r *Full) readParts(tx *db.Tx) (err error) {
	if r.Legacy {
		r.Permits, err = db.All(tx, scanPermit, `SELECT permission, condition FROM role_permissions WHERE account_id = $1 AND role_id = $2 ORDER BY permission`, r.AccountID, r.ID)
		return err
	}
	list, err := db.All(tx, scanPolicy, `SELECT `+policyColumns+` JOIN role_policies rp ON rp.account_id = p.account_id AND rp.policy_id = p.id
		WHERE rp.account_id = $1 AND rp.role_id = $2 ORDER BY p.name_key`, r.AccountID, r.ID)
	if err != nil {
		return fmt.Errorf("read policies of a role: %w", err)
	}
	if err := addPermits(tx, r.AccountID, list); err != nil {
		return err
	}
	for _, p := range list {
		if p.roleID == r.ID {
			r.Permits, r.ownPolicy = p.Permits, p.ID
		} else {
			r.Policies = append(r.Policies, p)
		}
	}
	return nil
}

func scanPermit(r *sql.Rows) (p Permit, err error) {
	var permission, condition string
	if err = r.Scan(&permission, &condition); err != nil {
		return p, err
	}
	p, ok := readPermit(permission, condition)
	if !ok { // nobody is given it by decisions; it is kept to be seen, and refused where it would be written again
		p = Permit{Permission: permission, MaxAmount: -1}
	}
	return p, nil
}

// Popular orders a list by how many have each role, those that most have first (R19).
func Popular(list []Role) []Role {
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b Role) int { return cmp.Compare(b.Holders, a.Holders) })
	return out
}
