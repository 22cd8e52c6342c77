package api

import (
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/roles"
)

// AccessEffect is what a change of somebody's access does, before it is made.
type AccessEffect struct {
	Gains       []MovedPermission `json:"gains" nullable:"false" doc:"In the order of the catalogue."`
	Loses       []MovedPermission `json:"loses" nullable:"false"`
	Acknowledge []string          `json:"acknowledge" nullable:"false" doc:"Ids of roles that are given only with acknowledged."`
	Blocked     []string          `json:"blocked" nullable:"false" doc:"Keys of toxic combinations for which the change would be refused."`
	Flagged     []string          `json:"flagged" nullable:"false" doc:"Keys of toxic combinations that it would give, and that are reported."`
}

// MovedPermission is a permission that is gained or lost.
type MovedPermission struct {
	Permission  string  `json:"permission" example:"payments:refund"`
	Section     string  `json:"section"`
	Some        bool    `json:"some_records" doc:"For some records only."`
	AllEntities bool    `json:"all_entities"`
	Entities    []Named `json:"entities" nullable:"false" doc:"Each with all below it, as far as these two lists say nothing else of what is below."`
	Save        []Named `json:"except" nullable:"false" doc:"Below those: where nothing changes, or something else does."`
}

// accessEffectOut carries the version of the user who was looked at.
type accessEffectOut struct {
	ETag string `header:"ETag"`
	Body AccessEffect
}

type previewAccessIn struct {
	OneUser
	Body AccessChange
}

func (a *API) previewAccess(c *call, in *previewAccessIn) (*accessEffectOut, error) {
	return a.whatIf(c, in.CustomerID, func(accountID string) (people.AccessEffect, error) {
		return a.People.PreviewAccess(c.ctx, c.v.Who, accountID, in.ID, in.Body.access())
	})
}

type previewInvitationIn struct {
	InAccount
	Body AccessChange
}

func (a *API) previewInvitation(c *call, in *previewInvitationIn) (*accessEffectOut, error) {
	return a.whatIf(c, in.CustomerID, func(accountID string) (people.AccessEffect, error) {
		return a.People.PreviewInvitation(c.ctx, c.v.Who, accountID, in.Body.access())
	})
}

func (a *API) whatIf(c *call, customerID string, of func(accountID string) (people.AccessEffect, error)) (*accessEffectOut, error) {
	account, err := a.account(c, customerID)
	if err != nil {
		return nil, err
	}
	e, err := of(account.ID)
	if err != nil {
		return nil, err
	}
	named, err := a.movedNames(c, account, e.Exchange)
	if err != nil {
		return nil, err
	}
	out := &accessEffectOut{Body: AccessEffect{Acknowledge: e.Serious, Blocked: keysOf(e.Blocked), Flagged: keysOf(e.Flagged)}}
	if e.Version != 0 {
		out.ETag = tag(e.Version)
	}
	for _, list := range []struct {
		from []roles.Moved
		to   *[]MovedPermission
	}{{e.Gains, &out.Body.Gains}, {e.Loses, &out.Body.Loses}} {
		for _, m := range list.from {
			*list.to = append(*list.to, MovedPermission{m.Permission.String(), m.Permission.Info().Section, m.Some, m.AllEntities, named(m.Entities), named(m.Save)})
		}
	}
	return out, nil
}

// movedNames reads the names of the entities that an exchange names.
func (a *API) movedNames(c *call, account org.Account, x roles.Exchange) (func(ids []string) []Named, error) {
	known := map[string]Named{}
	err := a.view(c, func(tx *db.Tx) error {
		list, err := org.EntitiesIn(tx, account, x.EntityIDs())
		for _, e := range list {
			known[e.ID] = Named{e.ID, e.CustomerID, e.Name}
		}
		return err
	})
	return func(ids []string) []Named {
		out := []Named{}
		for _, id := range ids {
			out = append(out, known[id])
		}
		return out
	}, err
}
