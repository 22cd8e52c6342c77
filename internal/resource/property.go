package resource

import (
	"context"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
)

// userPropertiesMost is how many properties of users there may be, retired ones included.
const userPropertiesMost = 50

// RegisterUserProperty adds a property of users; in.Part is not read. Restrictions
// can ask for it at once, and nobody has a value yet.
func (r *Resources) RegisterUserProperty(ctx context.Context, who db.Who, in Property) error {
	e := audit.Entry{Action: audit.UserPropertyRegistered, AccountID: who.AccountID, Kind: "user_property", ID: in.Name}
	return r.refusing(ctx, who, &e, func(tx *db.Tx) error {
		if _, err := r.platform(tx, who, &e); err != nil {
			return err
		}
		list, err := UserProperties(tx)
		if err != nil {
			return err
		}
		var f fault.Fields
		in.Part = access.OfUser
		in.check(&f, "")
		for _, p := range list {
			if p.Name == in.Name {
				f.Add("name", "name_taken")
			}
			if in.SubjectType != "" && p.SubjectType == in.SubjectType {
				f.Add("subject_type", "subject_type_taken", "property", p.Name)
			}
		}
		if err := f.Err(); err != nil {
			return err
		}
		if len(list) >= userPropertiesMost {
			return fault.New(fault.Conflict, "too_many_user_properties", "max", userPropertiesMost)
		}
		if err := insertUserProperty(tx, in); err != nil {
			return err
		}
		tx.ChangedTypes()
		e.Changes = []audit.Change{{Field: "title", After: in.Title}, {Field: "kind", After: in.Kind.String()}, {Field: "vouched", After: in.Vouched.String()},
			{Field: "subject_type", After: in.SubjectType}}
		return audit.Record(tx, e)
	})
}

// ChangeUserProperty changes what a property of users is called. Its kind and who
// vouches for it stay.
func (r *Resources) ChangeUserProperty(ctx context.Context, who db.Who, name string, version int64, text string) (now int64, err error) {
	err = r.onUserProperty(ctx, who, audit.UserPropertyChanged, name, version, func(tx *db.Tx, p UserProperty, e *audit.Entry) error {
		var f fault.Fields
		title(&f, "title", &text)
		if err := f.Err(); err != nil {
			return err
		}
		if now = p.Version; text == p.Title {
			return nil
		}
		now++
		if err := renameUserProperty(tx, name, text); err != nil {
			return err
		}
		tx.ChangedTypes() // what it is called is read where decisions are
		e.Changes = []audit.Change{{Field: "title", Before: p.Title, After: text}}
		return audit.Record(tx, *e)
	})
	return now, err
}

// RetireUserProperty ends a property of users: nobody has a value any more, so that
// restrictions that ask for it hold for nobody. The values are kept.
func (r *Resources) RetireUserProperty(ctx context.Context, who db.Who, name string, version int64) (now int64, err error) {
	return r.turnUserProperty(ctx, who, audit.UserPropertyRetired, name, version, false)
}

// ReinstateUserProperty ends what RetireUserProperty did: the values count again.
func (r *Resources) ReinstateUserProperty(ctx context.Context, who db.Who, name string, version int64) (now int64, err error) {
	return r.turnUserProperty(ctx, who, audit.UserPropertyReinstated, name, version, true)
}

func (r *Resources) turnUserProperty(ctx context.Context, who db.Who, action, name string, version int64, in bool) (now int64, err error) {
	err = r.onUserProperty(ctx, who, action, name, version, func(tx *db.Tx, p UserProperty, e *audit.Entry) error {
		switch {
		case in && p.RetiredAt == 0:
			return fault.New(fault.Conflict, "not_retired")
		case !in && p.RetiredAt != 0:
			return fault.New(fault.Conflict, "already_retired")
		}
		now = p.Version + 1
		if err := retire(tx, "user_properties", name, in); err != nil {
			return err
		}
		tx.ChangedTypes()
		return audit.Record(tx, *e)
	})
	return now, err
}

// onUserProperty has something done to one property of users, by whoever may.
func (r *Resources) onUserProperty(ctx context.Context, who db.Who, action, name string, version int64, f func(*db.Tx, UserProperty, *audit.Entry) error) error {
	e := audit.Entry{Action: action, AccountID: who.AccountID, Kind: "user_property", ID: name}
	return r.refusing(ctx, who, &e, func(tx *db.Tx) error {
		if _, err := r.platform(tx, who, &e); err != nil {
			return err
		}
		p, found, err := UserPropertyByName(tx, name)
		if err == nil && !found {
			err = fault.None("user_property")
		}
		if err == nil {
			err = org.Fresh(p.Version, version)
		}
		if err != nil {
			return err
		}
		return f(tx, p, &e)
	})
}
