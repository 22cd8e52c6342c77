package people

import (
	"context"
	"fmt"
	"strconv"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/profile"
)

// Edits are what is to change of a member; nil stays as it is.
type Edits struct {
	FirstName, LastName, Phone, Language *string // of the person: of this account alone, or not come in yet

	TwoFactor  TwoFactor
	AllowedIPs *[]string // the whole of it
}

// Edit changes what an account keeps of a member: what it asks of their second
// factor and from where they may act; and of people of this account alone, or who
// have not come in yet, names, phone and language. Those of whoever works in
// other accounts too are theirs alone to change (U7). What is asked of second
// factors takes users:manage_2fa besides.
func (p *People) Edit(ctx context.Context, who db.Who, accountID, userID string, version int64, in Edits) error {
	e := audit.Entry{Action: audit.UserEdited, AccountID: accountID, Kind: "user", ID: userID, PersonID: userID}
	return p.refusing(ctx, who, e, func(tx *db.Tx) error {
		a, settings, err := p.account(tx, who, accountID, "users:edit")
		if err != nil {
			return err
		}
		m, err := p.changes(tx, who, a, settings, "users:edit", userID, version)
		if err != nil {
			return err
		}
		var f fault.Fields
		personal, err := editPerson(tx, m, settings, in, &f)
		if err != nil {
			return err
		}
		factor := in.editFactor(tx, m, settings, &f)
		networks, err := editNetworks(tx, m, settings, in, &f)
		if err == nil {
			err = f.Err()
		}
		if err != nil {
			return err
		}
		for _, part := range []part{personal, factor, networks} {
			if len(part.changes) == 0 {
				continue
			}
			if part.permission != "" {
				if err := p.guard.May(tx, who, a.ID, access.MustParse(part.permission)); err != nil {
					return err
				}
				if err := p.mayManage(tx, who, a, part.permission, m); err != nil {
					return err
				}
			}
			if err := part.save(); err != nil {
				return err
			}
			e.Changes = append(e.Changes, part.changes...)
		}
		return audit.Record(tx, e)
	})
}

// part is one part of what is edited: what changes, and how it is saved.
type part struct {
	changes    []audit.Change // none: nothing to save
	permission string         // beyond users:edit; "" is none
	save       func() error
}

// add notes a change, if it is one.
func (p *part) add(field, before, after string, personal bool) {
	if before != after {
		p.changes = append(p.changes, audit.Change{Field: field, Before: before, After: after, Personal: personal})
	}
}

// editPerson is the part about names, phone and language. That of somebody who
// works in several accounts is refused when it would change anything.
func editPerson(tx *db.Tx, m Member, settings profile.Settings, in Edits, f *fault.Fields) (out part, err error) {
	if in.FirstName == nil && in.LastName == nil && in.Phone == nil && in.Language == nil {
		return out, nil
	}
	before, err := seenOf(tx, m)
	if err != nil {
		return out, err
	}
	must, after := MandatoryOf(settings), before
	if in.FirstName != nil {
		after.FirstName = optional(f, "first_name", *in.FirstName, nameMax, must.FirstName)
	}
	if in.LastName != nil {
		after.LastName = optional(f, "last_name", *in.LastName, nameMax, must.LastName)
	}
	if in.Phone != nil {
		after.Phone = optional(f, "phone", *in.Phone, phoneMax, must.Phone)
	}
	if in.Language != nil {
		after.Lang = languageField(f, *in.Language)
	}
	out.add("first_name", before.FirstName, after.FirstName, true)
	out.add("last_name", before.LastName, after.LastName, true)
	out.add("phone", before.Phone, after.Phone, true)
	out.add("language", string(before.Lang), string(after.Lang), false)
	out.save = func() error {
		if m.ActivatedAt == 0 {
			return saveTyped(tx, m, after)
		}
		return saveDetails(tx, after, m)
	}
	if len(out.changes) > 0 && m.ActivatedAt != 0 {
		err = Alone(tx, m, "details_of_several_accounts")
	}
	return out, err
}

// seenOf is a person as an account sees them: as it was typed until they come in.
func seenOf(tx *db.Tx, m Member) (Person, error) {
	if m.ActivatedAt == 0 {
		return typedOf(tx, m)
	}
	p, _, err := PersonByID(tx, m.UserID)
	return p, err
}

// editFactor is the part about what is asked of their second factor.
func (in Edits) editFactor(tx *db.Tx, m Member, settings profile.Settings, f *fault.Fields) (out part) {
	if in.TwoFactor == (TwoFactor{}) {
		return out
	}
	required, actions := m.TwoFactorRequired, m.TwoFactorActions
	if in.TwoFactor.Required != nil {
		required = in.TwoFactor.required(f, settings)
	}
	if in.TwoFactor.Actions != "" {
		actions = in.TwoFactor.actions(f, settings)
	}
	out.permission = "users:manage_2fa"
	out.add("two_factor_required", strconv.FormatBool(m.TwoFactorRequired), strconv.FormatBool(required), false)
	out.add("two_factor_actions", m.TwoFactorActions, actions, false)
	out.save = func() error {
		_, err := tx.Exec(`UPDATE memberships SET two_factor_required = $1, two_factor_actions = $2 WHERE account_id = $3 AND id = $4`, required, actions, m.AccountID, m.ID)
		if err != nil {
			return fmt.Errorf("change what is asked of second factors: %w", err)
		}
		return nil
	}
	return out
}

// editNetworks is the part about from where they may act.
func editNetworks(tx *db.Tx, m Member, settings profile.Settings, in Edits, f *fault.Fields) (out part, err error) {
	if in.AllowedIPs == nil {
		return out, nil
	}
	before, err := Networks(tx, m.AccountID, m.ID)
	if err != nil {
		return out, err
	}
	after := networksField(f, settings, *in.AllowedIPs)
	out.add("allowed_ips", networkTexts(before), networkTexts(after), false)
	out.save = func() error {
		tx.ChangedUser(m.UserID)
		return setNetworks(tx, m, after)
	}
	return out, nil
}
