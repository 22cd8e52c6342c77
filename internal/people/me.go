package people

import (
	"context"
	"fmt"
	"time"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/roles"
)

// Details are what a person keeps of themselves. The address is not among them
// (features.md, U7; see ChangeOwnEmail).
type Details struct {
	FirstName, LastName string
	Phone               *string // nil stays as it is
	Language, TimeZone  string
}

// SetDetails changes the details of the person who acts. version is the one that
// they saw (Person.DetailsVersion); another is refused as stale.
func (p *People) SetDetails(ctx context.Context, who db.Who, version int64, in Details) error {
	var f fault.Fields
	Mandatory{FirstName: true}.names(&f, &in.FirstName, &in.LastName)
	if in.Phone != nil {
		phone := optional(&f, "phone", *in.Phone, phoneMax, false)
		in.Phone = &phone
	}
	tag := languageField(&f, in.Language)
	if _, err := time.LoadLocation(in.TimeZone); err != nil || in.TimeZone == "" || in.TimeZone == "Local" {
		f.Add("time_zone", "time_zone")
	}
	if err := f.Err(); err != nil {
		return err
	}
	return p.self(ctx, who, func(tx *db.Tx, me Person) ([]audit.Change, error) {
		if version != me.DetailsVersion {
			return nil, fault.New(fault.Stale, "stale")
		}
		phone := me.Phone
		if in.Phone != nil {
			phone = *in.Phone
		}
		changes := []audit.Change{
			{Field: "first_name", Before: me.FirstName, After: in.FirstName, Personal: true},
			{Field: "last_name", Before: me.LastName, After: in.LastName, Personal: true},
			{Field: "phone", Before: me.Phone, After: phone, Personal: true},
			{Field: "language", Before: string(me.Lang), After: string(tag)},
			{Field: "time_zone", Before: me.TimeZone, After: in.TimeZone},
		}
		me.FirstName, me.LastName, me.Phone, me.Lang, me.TimeZone = in.FirstName, in.LastName, phone, tag, in.TimeZone
		return changes, saveDetails(tx, me, Member{})
	})
}

// SetLanguage changes the language of the person who acts.
func (p *People) SetLanguage(ctx context.Context, who db.Who, tag lang.Tag) error {
	return p.self(ctx, who, func(tx *db.Tx, me Person) ([]audit.Change, error) {
		_, err := tx.Exec(`UPDATE users SET language = $1, version = version + 1 WHERE id = $2`, string(tag), me.ID)
		if err == nil {
			err = raise(tx, me.ID, Member{})
		}
		return []audit.Change{{Field: "language", Before: string(me.Lang), After: string(tag)}}, err
	})
}

// SetTheme changes how the portal looks to the person who acts: auto, light or dark.
func (p *People) SetTheme(ctx context.Context, who db.Who, theme string) error {
	if theme != "auto" && theme != "light" && theme != "dark" {
		return fault.In("theme", "theme")
	}
	return p.self(ctx, who, func(tx *db.Tx, me Person) ([]audit.Change, error) {
		_, err := tx.Exec(`UPDATE users SET theme = $1 WHERE id = $2`, theme, me.ID)
		return []audit.Change{{Field: "theme", Before: me.Theme, After: theme}}, err
	})
}

// self changes the person who acts and records what changed.
func (p *People) self(ctx context.Context, who db.Who, change func(*db.Tx, Person) ([]audit.Change, error)) error {
	return p.db.Update(ctx, who, func(tx *db.Tx) error {
		me, found, err := PersonByID(tx, who.ID)
		if err != nil {
			return err
		}
		if who.Kind != db.User || !found {
			return fault.New(fault.Unauthenticated, "sign_in_first")
		}
		changes, err := change(tx, me)
		if err != nil {
			return fmt.Errorf("change own details: %w", err)
		}
		return audit.Record(tx, audit.Entry{Action: audit.ProfileChanged, AccountID: who.AccountID, Kind: "user", ID: me.ID, PersonID: me.ID, Changes: changes})
	})
}

// Administrators names up to limit active administrators of an account
// (roles.Administrators).
func Administrators(tx *db.Tx, accountID string, limit int) ([]string, error) {
	ids, err := roles.Administrators(tx, accountID)
	if err != nil {
		return nil, err
	}
	ids = ids[:min(len(ids), limit)]
	byID, err := Names(tx, ids)
	var names []string
	for _, id := range ids {
		if byID[id] != "" {
			names = append(names, byID[id])
		}
	}
	return names, err
}
