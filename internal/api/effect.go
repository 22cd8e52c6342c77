package api

import (
	"countersign/internal/db"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/roles"
)

// Effect is who gains and who loses what by a change, before it is made.
type Effect struct {
	Holders      int64    `json:"holders" doc:"Users who have a role that changes, whatever their status."`
	Gain         int64    `json:"gain" doc:"Of them, who would gain anything."`
	Lose         int64    `json:"lose" doc:"Who would lose anything."`
	FallBack     int64    `json:"fall_back" doc:"Who would be left with the fallback role."`
	More         bool     `json:"more" doc:"There are so many holders that these three and the permissions are counted of the first 10,000."`
	Permissions  []Shift  `json:"permissions" nullable:"false"`
	People       []Gains  `json:"users" nullable:"false" doc:"One page of those whose access would change."`
	NextCursor   string   `json:"next_cursor,omitempty" doc:"For the next page of users; left out on the last."`
	Roles        []string `json:"roles" nullable:"false" doc:"Ids of the roles that would change."`
	FallbackRole string   `json:"fallback_role,omitempty" doc:"Its id, where a role would be deleted."`
	Dangerous    []string `json:"dangerous" nullable:"false" doc:"Permissions that must be acknowledged."`
	Blocked      []string `json:"blocked" nullable:"false" doc:"Keys of toxic combinations for which the change would be refused."`
	Flagged      []string `json:"flagged" nullable:"false" doc:"Keys of toxic combinations that it would give, and that are reported."`
	OwnRole      bool     `json:"own_role" doc:"It would give the caller more, so it would be refused."`
}

// Shift is how many users would gain a permission and how many lose it.
type Shift struct {
	Permission string `json:"permission" example:"payments:refund"`
	Gain       int64  `json:"gain"`
	Lose       int64  `json:"lose"`
}

// Gains is what would change for one user.
type Gains struct {
	ID       string   `json:"id" doc:"Of the user."`
	Name     string   `json:"name"`
	Gains    []string `json:"gains" nullable:"false" doc:"Permissions, somewhere or for some records."`
	Loses    []string `json:"loses" nullable:"false"`
	FallBack bool     `json:"fall_back"`
}

type effectOut struct{ Body Effect }

// preview answers what a change would do, with the names of those whom it concerns.
func (a *API) preview(c *call, in InAccount, paging Paging, of func(accountID, after string, limit int) (roles.Effect, error)) (*effectOut, error) {
	account, err := a.account(c, in.CustomerID)
	if err != nil {
		return nil, err
	}
	after, limit, err := paging.open(a, c)
	if err != nil {
		return nil, err
	}
	e, err := of(account.ID, after, limit)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, p := range e.People {
		ids = append(ids, p.UserID)
	}
	var called map[string]string
	err = a.view(c, func(tx *db.Tx) (err error) {
		called, err = people.NamesBeside(tx, account.Path, ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := Effect{Holders: e.Holders, Gain: e.Gain, Lose: e.Lose, FallBack: e.Fall, More: e.More, Roles: e.Roles, FallbackRole: e.FallbackRole,
		Dangerous: e.Dangerous, Blocked: keysOf(e.Blocked), Flagged: keysOf(e.Flagged), OwnRole: e.OwnRole}
	for _, s := range e.Shifts {
		out.Permissions = append(out.Permissions, Shift{s.Permission.String(), s.Gain, s.Lose})
	}
	for _, p := range e.People {
		out.People = append(out.People, Gains{p.UserID, called[p.UserID], names(p.Gains), names(p.Loses), p.Falls})
	}
	if e.Next != "" {
		out.NextCursor, err = a.cursor(c, e.Next)
	}
	return &effectOut{out}, err
}

func keysOf(list []profile.Combination) []string {
	keys := []string{}
	for _, c := range list {
		keys = append(keys, c.Key)
	}
	return keys
}
