package roles

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
)

// PolicyEdit is what is to be different of a policy; nil leaves a part as it is.
type PolicyEdit struct {
	Name, Description *string
	Permits           *[]Permit
	Acknowledged      []string // the dangerous permissions that are known to be given
}

// PolicyDraft is a policy as it is to be.
type PolicyDraft struct {
	Name, Description string
	Permits           []Permit
	Acknowledged      []string
}

// CreatePolicy makes a shared policy, which gives nothing until a role has it, and
// returns its id.
func (r *Roles) CreatePolicy(ctx context.Context, who db.Who, accountID string, in PolicyDraft) (id string, err error) {
	e := audit.Entry{Action: audit.PolicyCreated, AccountID: accountID, Kind: "account", ID: accountID}
	err = r.refusing(ctx, who, e, func(tx *db.Tx) error {
		m, err := r.manage(tx, who, accountID, managePolicies)
		if err != nil {
			return err
		}
		if id, err = tx.ID("pol"); err != nil {
			return err
		}
		var n int64
		if _, err = db.One(tx, []any{&n}, `SELECT COUNT(*) FROM policies WHERE account_id = $1 AND role_id IS NULL`, accountID); err != nil {
			return err
		}
		if n >= policiesMost {
			return fault.New(fault.Conflict, "too_many_policies", "max", policiesMost)
		}
		p := Policy{AccountID: accountID, ID: id}
		next, key, _, err := m.editedPolicy(p, PolicyEdit{&in.Name, &in.Description, &in.Permits, in.Acknowledged})
		if err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO policies (account_id, id, name, name_key, description, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			accountID, id, next.Name, key, next.Description, tx.Now)
		if err := named(err, "create policy", "policies.name_key"); err != nil {
			return err
		}
		return m.savePolicy(audit.PolicyCreated, p, next, "")
	})
	return id, err
}

// EditPolicy changes a shared policy for every role that has it, and returns the
// version that there is now. The roles' versions grow too: who edits one of them
// has seen something else.
func (r *Roles) EditPolicy(ctx context.Context, who db.Who, accountID, policyID string, version int64, in PolicyEdit) (now int64, err error) {
	e := audit.Entry{Action: audit.PolicyChanged, AccountID: accountID, Kind: "policy", ID: policyID}
	err = r.refusing(ctx, who, e, func(tx *db.Tx) error {
		m, err := r.manage(tx, who, accountID, managePolicies)
		if err != nil {
			return err
		}
		p, err := m.policy(policyID, version)
		if err != nil {
			return err
		}
		next, key, flagged, err := m.editedPolicy(p, in)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE policies SET name = $1, name_key = $2, description = $3, version = version + 1 WHERE account_id = $4 AND id = $5`,
			next.Name, key, next.Description, accountID, policyID)
		if err := named(err, "change policy", "policies.name_key"); err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE roles SET version = version + 1 WHERE account_id = $1 AND id IN (SELECT role_id FROM role_policies WHERE account_id = $1 AND policy_id = $2)`, accountID, policyID)
		if err != nil {
			return fmt.Errorf("change roles of a policy: %w", err)
		}
		now = p.Version + 1
		return m.savePolicy(audit.PolicyChanged, p, next, flagged)
	})
	return now, err
}

// savePolicy writes what a policy holds and records it.
func (m *managing) savePolicy(action string, before, after Policy, flagged string) error {
	if err := savePermits(m.tx, "policy_permissions", "policy_id", after.AccountID, after.ID, before.Permits, after.Permits); err != nil {
		return err
	}
	if !slices.Equal(textOf(before.Permits), textOf(after.Permits)) {
		changed(m.tx, before.Roles...)
	}
	changes := []audit.Change{{Field: "name", Before: before.Name, After: after.Name}, {Field: "description", Before: before.Description, After: after.Description}}
	changes = append(changes, permitDifferences(before.Permits, after.Permits)...)
	return audit.Record(m.tx, audit.Entry{Action: action, AccountID: after.AccountID, Kind: "policy", ID: after.ID,
		Changes: append(changes, audit.Change{Field: "toxic_combinations", After: flagged})})
}

// policy finds a shared policy that is to be changed.
func (m *managing) policy(policyID string, version int64) (Policy, error) {
	p, found, err := PolicyByID(m.tx, m.account.ID, policyID)
	if err == nil && !found {
		err = fault.None("policy")
	}
	if err == nil {
		err = fresh(p.Version, version)
	}
	return p, err
}

// editedPolicy is a policy as an edit leaves it, checked in every way with all roles that have it.
func (m *managing) editedPolicy(p Policy, in PolicyEdit) (next Policy, key, flagged string, err error) {
	if err = Acknowledge(in.Acknowledged); err != nil {
		return next, "", "", err
	}
	var f fault.Fields
	if next, key, err = m.applyPolicy(&f, p, in); err != nil {
		return next, "", "", err
	}
	c, err := m.changeOfPolicy(&f, p, next)
	if err != nil {
		return next, "", "", err
	}
	if flagged, err = m.judged(&f, c, in.Acknowledged); err == nil {
		err = m.ceiling(rightsOf(grants(p.Permits)).all().Union(rightsOf(grants(next.Permits)).all()))
	}
	if err == nil {
		err = m.allow(c)
	}
	return next, key, flagged, err
}

func (m *managing) applyPolicy(f *fault.Fields, p Policy, in PolicyEdit) (next Policy, key string, err error) {
	next = p
	name := p.Name
	if in.Name != nil {
		name = *in.Name
	}
	if next.Name, key, err = m.name(f, "policies", name, p.ID); err != nil {
		return next, "", err
	}
	if in.Description != nil {
		next.Description = about(f, *in.Description)
	}
	if in.Permits != nil {
		next.Permits = *in.Permits
	}
	next.Permits = m.limits().checkPermits(f, next.Permits)
	if !f.Any() && len(next.Permits) == 0 {
		f.Add("permissions", "choose_permission")
	}
	return next, key, nil
}

// changeOfPolicy is what an edit of a policy changes: every role that has it. A
// policy that no role has yet is held to the same as one that a role has alone.
func (m *managing) changeOfPolicy(f *fault.Fields, p, next Policy) (change, error) {
	c := change{before: map[string]rights{}, after: map[string]rights{}}
	if len(p.Roles) == 0 {
		c.unused = p.ID
		c.before[p.ID], c.after[p.ID] = rightsOf(grants(p.Permits)), rightsOf(grants(next.Permits))
	}
	for _, id := range p.Roles {
		r, found, err := RoleByID(m.tx, m.account.ID, id, m.profile)
		if err != nil || !found {
			return c, err
		}
		c.before[id] = r.rights()
		for i := range r.Policies {
			if r.Policies[i].ID == p.ID {
				r.Policies[i] = next
			}
		}
		r.refresh()
		if c.after[id] = r.rights(); r.Template {
			m.whole(f, r)
		}
	}
	return c, nil
}

// DeletePolicy deletes a shared policy that no role has.
func (r *Roles) DeletePolicy(ctx context.Context, who db.Who, accountID, policyID string, version int64) error {
	e := audit.Entry{Action: audit.PolicyDeleted, AccountID: accountID, Kind: "policy", ID: policyID}
	return r.refusing(ctx, who, e, func(tx *db.Tx) error {
		m, err := r.manage(tx, who, accountID, managePolicies)
		if err != nil {
			return err
		}
		p, err := m.policy(policyID, version)
		if err != nil {
			return err
		}
		if len(p.Roles) > 0 {
			return m.inUse(p)
		}
		if err := m.ceiling(p.Permissions()); err != nil {
			return err
		}
		if err := dropPolicy(tx, accountID, policyID); err != nil {
			return err
		}
		e.Changes = append([]audit.Change{{Field: "name", Before: p.Name}, {Field: "description", Before: p.Description}}, permitDifferences(p.Permits, nil)...)
		return audit.Record(tx, e)
	})
}

// inUse refuses to delete a policy, naming the roles that have it.
func (m *managing) inUse(p Policy) error {
	const namedMost = 10
	var titles []string
	for _, id := range p.Roles[:min(len(p.Roles), namedMost)] {
		r, _, err := RoleByID(m.tx, m.account.ID, id, m.profile)
		if err != nil {
			return err
		}
		titles = append(titles, r.Title(m.who.Lang))
	}
	list := strings.Join(titles, ", ")
	if len(p.Roles) > namedMost {
		list += ", …"
	}
	return fault.New(fault.Conflict, "policy_in_use", "roles", list, "count", len(p.Roles))
}
