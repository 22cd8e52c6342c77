package portal

import (
	"net/http"
	"slices"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/people"
	"countersign/internal/roles"
	"countersign/internal/web"
)

func (p *Portal) homeRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET /a/{customer}/{$}", Handle: p.home},
		{Pattern: "GET /a/{customer}", Handle: func(w http.ResponseWriter, r *http.Request, _ *web.Visit) error {
			return to(w, r, InAccount(r.PathValue("customer")).Home())
		}},
	}
}

// home greets, and shows what the viewer may do here.
func (p *Portal) home(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionHome, "")
	if err != nil {
		return err
	}
	view := HomeView{Page: i.page}
	err = p.reading(r, func(tx *db.Tx) error {
		if err := p.homeAccess(tx, i, v, &view); err != nil {
			return err
		}
		if i.may("users:view") {
			if err := p.homePeople(tx, i, &view); err != nil {
				return err
			}
		}
		if i.may("audit:view") {
			view.Activity, err = p.entries(tx, i, v, "audit:view", audit.Query{Limit: 5})
		}
		return err
	})
	if err != nil {
		return err
	}
	return p.show(w, view)
}

// homeAccess lists what the viewer may do, in the portal and elsewhere.
func (p *Portal) homeAccess(tx *db.Tx, i inside, v *web.Visit, view *HomeView) error {
	sources := map[access.Permission][]AccessSource{}
	if m, found, err := people.MemberOf(tx, i.account.ID, v.Who.ID); err != nil {
		return err
	} else if found {
		c, err := p.choices(tx, i.account, v.Lang, m.ID)
		if err != nil {
			return err
		}
		given, err := roles.Of(tx, i.account.ID, m.ID)
		if err != nil {
			return err
		}
		sources = user{choices: c, given: given[m.ID]}.sources(i.snapshot, tx.Now)
	}
	ever := i.everHeld()
	for _, s := range accessSections(i, sources, ever, i.held) {
		if s.Elsewhere {
			view.Elsewhere = append(view.Elsewhere, s)
		} else {
			view.Sections = append(view.Sections, s)
		}
	}
	if !v.Who.SecondFactor {
		for lost := range ever.Minus(i.held).All() {
			if lost.Info().NeedsTwoFactor {
				view.LostWithout2F = append(view.LostWithout2F, lost.String())
			}
		}
		view.NoFactor = len(view.LostWithout2F) > 0
	}
	return nil
}

func (p *Portal) homePeople(tx *db.Tx, i inside, view *HomeView) error {
	counts, err := p.People.Counts(tx, i.account)
	if err != nil {
		return err
	}
	view.People = &PeopleCounts{Active: int(counts[people.Active]), Invited: int(counts[people.Invited]), Expired: int(counts[people.ExpiredInvitation]),
		InvitationOff: int(counts[people.DeactivatedInvitation]), Locked: int(counts[people.LockedAttempts] + counts[people.LockedInactivity]),
		PasswordExpired: int(counts[people.PasswordExpired]), Deactivated: int(counts[people.Deactivated])}
	for _, status := range []people.Status{people.Invited, people.ExpiredInvitation} {
		page, err := p.People.List(tx, i.account, people.Query{Status: status, Limit: 5})
		if err != nil {
			return err
		}
		for _, row := range page.Rows {
			view.Invitations = append(view.Invitations, InvitationRow{UserID: row.ID(), Name: row.Name(), Identifier: identifier(row.Email, row.Username),
				Status: Status(row.Status), Expires: moment(row.InvitedUntil)})
		}
	}
	slices.SortFunc(view.Invitations, func(a, b InvitationRow) int { return a.Expires.Compare(b.Expires) })
	return nil
}
