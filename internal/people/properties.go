package people

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/resource"
)

// Properties are the values of registered properties of a member of an account, by
// name; of retired ones too, which count for nothing.
func Properties(tx *db.Tx, accountID, membershipID string) (map[string]string, error) {
	type row struct{ name, value string }
	list, err := db.All(tx, func(r *sql.Rows) (x row, err error) { return x, r.Scan(&x.name, &x.value) },
		`SELECT name, value FROM membership_properties WHERE account_id = $1 AND membership_id = $2`, accountID, membershipID)
	if err != nil {
		return nil, fmt.Errorf("read properties: %w", err)
	}
	out := map[string]string{}
	for _, x := range list {
		out[x.name] = x.value
	}
	return out, nil
}

// SetProperties makes these the values of a member's registered properties; of what
// is not among them they have none from then on, save that values of retired
// properties stay. Restrictions are decided by them, so a value can raise somebody:
// it is set by whoever may edit them and could give all their roles, which is the
// most that a value can make of these, and by nobody for themselves. What a caller
// may say in a question (vouched by the caller) can be set too: it is what counts
// while the caller says nothing.
func (p *People) SetProperties(ctx context.Context, who db.Who, accountID, userID string, version int64, in map[string]resource.Given) error {
	e := audit.Entry{Action: audit.PropertiesChanged, AccountID: accountID, Kind: "user", ID: userID, PersonID: userID}
	return p.refusing(ctx, who, e, func(tx *db.Tx) error {
		a, settings, err := p.account(tx, who, accountID, "users:edit")
		if err != nil {
			return err
		}
		m, err := p.changes(tx, who, a, settings, "users:edit", userID, version)
		if err != nil {
			return err
		}
		before, err := Properties(tx, a.ID, m.ID)
		if err != nil {
			return err
		}
		after, err := checkProperties(tx, before, in)
		if err != nil {
			return err
		}
		if err := saveProperties(tx, m, after); err != nil {
			return err
		}
		tx.ChangedUser(userID)
		e.Changes = []audit.Change{propertyChange(before, after)}
		return audit.Record(tx, e)
	})
}

// checkProperties are the values that somebody will have, with those of retired
// properties that they have.
func checkProperties(tx *db.Tx, before map[string]string, in map[string]resource.Given) (map[string]string, error) {
	list, err := resource.UserProperties(tx)
	if err != nil {
		return nil, err
	}
	var f fault.Fields
	after, known := map[string]string{}, map[string]bool{}
	for _, x := range list {
		if x.RetiredAt != 0 {
			if value, has := before[x.Name]; has {
				after[x.Name] = value
			}
			continue
		}
		known[x.Name] = true
		value, given := in[x.Name]
		if !given {
			continue
		}
		if text, code := resource.Fit(x.Kind, value); code != "" {
			f.Add("properties."+x.Name, code)
		} else if text != "" {
			after[x.Name] = text
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if !known[name] {
			clean, problem := lang.Line(name, 40)
			if problem != "" {
				clean = "?"
			}
			f.Add("properties."+clean, "property_unknown")
		}
	}
	return after, f.Err()
}

// saveProperties makes values the whole of what a member has.
func saveProperties(tx *db.Tx, m Member, values map[string]string) error {
	if _, err := tx.Exec(`DELETE FROM membership_properties WHERE account_id = $1 AND membership_id = $2`, m.AccountID, m.ID); err != nil {
		return fmt.Errorf("clear properties: %w", err)
	}
	var rows [][]any
	for _, name := range slices.Sorted(maps.Keys(values)) {
		rows = append(rows, []any{m.AccountID, m.ID, name, values[name]})
	}
	if err := tx.ExecEach(`INSERT INTO membership_properties (account_id, membership_id, name, value) VALUES ($1, $2, $3, $4)`, rows); err != nil {
		return fmt.Errorf("set properties: %w", err)
	}
	return nil
}

// propertyChange is what is recorded of properties: details of the person, under their key.
func propertyChange(before, after map[string]string) audit.Change {
	c := resource.Difference(before, after)
	c.Personal = true
	return c
}
