package people

import (
	"fmt"

	"countersign/internal/db"
)

// What a person is called and how they are reached stands in two places: with
// the person, and with a membership as it was typed, until they come in. Both are
// written here and nowhere else, with the keys that order and find them.

// saveDetails stores a person's names, phone, language and time zone, and raises
// the versions under which they and their memberships are seen, but for the one
// that a use case has raised already.
func saveDetails(tx *db.Tx, p Person, raised Member) error {
	err := Relist(tx, p.ID, func() error {
		_, err := tx.Exec(`UPDATE users SET first_name = $1, last_name = $2, sort_key = $3, search_key = $4, phone = $5, language = $6, time_zone = $7, version = version + 1
			WHERE id = $8`, p.FirstName, p.LastName, SortKey(p), SearchKey(p), p.Phone, string(p.Lang), p.TimeZone, p.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("save details: %w", err)
	}
	return raise(tx, p.ID, raised)
}

// saveAddress gives a person the address under which they sign in. Its refusal
// is db.Violates(err, "users.email_key") when somebody else has it.
func saveAddress(tx *db.Tx, p Person, emailKey string) error {
	err := Relist(tx, p.ID, func() error {
		_, err := tx.Exec(`UPDATE users SET email = $1, email_key = $2, search_key = $3, version = version + 1 WHERE id = $4`, p.Email, emailKey, SearchKey(p), p.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("save address: %w", err)
	}
	return raise(tx, p.ID, Member{})
}

// raise raises the versions of a person's memberships, in which accounts see of
// them what has changed.
func raise(tx *db.Tx, userID string, raised Member) error {
	_, err := tx.Exec(`UPDATE memberships SET version = version + 1 WHERE user_id = $1 AND activated_at IS NOT NULL AND id <> $2`, userID, raised.ID)
	if err != nil {
		return fmt.Errorf("raise versions: %w", err)
	}
	return nil
}

// typedOf is what stands with a membership: how whoever invited them called them.
func typedOf(tx *db.Tx, m Member) (Person, error) {
	p := Person{ID: m.UserID}
	_, err := db.One(tx, []any{&p.FirstName, &p.LastName, &p.Email, &p.Phone, &p.Lang},
		`SELECT first_name, last_name, email, phone, language FROM memberships WHERE account_id = $1 AND id = $2`, m.AccountID, m.ID)
	return p, err
}

// saveTyped corrects it. The person is called so too while they have come in
// nowhere and this account is the one that made them.
func saveTyped(tx *db.Tx, m Member, typed Person) error {
	err := Relist(tx, m.UserID, func() error {
		_, err := tx.Exec(`UPDATE memberships SET first_name = $1, last_name = $2, phone = $3, language = $4, sort_key = $5, search_key = $6 WHERE account_id = $7 AND id = $8`,
			typed.FirstName, typed.LastName, typed.Phone, string(typed.Lang), SortKey(typed), SearchKey(typed), m.AccountID, m.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("save details: %w", err)
	}
	list, err := Memberships(tx, m.UserID)
	if err != nil || list[0].ID != m.ID {
		return err
	}
	for _, other := range list {
		if other.ActivatedAt != 0 {
			return nil
		}
	}
	p, _, err := PersonByID(tx, m.UserID)
	if err != nil {
		return err
	}
	p.FirstName, p.LastName, p.Phone, p.Lang = typed.FirstName, typed.LastName, typed.Phone, typed.Lang
	return saveDetails(tx, p, m)
}
