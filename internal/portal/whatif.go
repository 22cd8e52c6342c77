package portal

import (
	"net/http"
	"net/url"
	"slices"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/people"
	"countersign/internal/roles"
	"countersign/internal/web"
)

// foreseen is what a change of access would do; a refusal that the change would
// meet as well is one here.
func (p *Portal) foreseen(r *http.Request, v *web.Visit, i inside, u user, revisionSeen int64, chosen people.Access) (Moves, error) {
	e, err := p.People.PreviewAccess(r.Context(), v.Who, i.account.ID, u.row.ID(), chosen)
	switch {
	case err != nil:
		return Moves{}, err
	case e.Version != revisionSeen:
		return Moves{}, fault.New(fault.Stale, "stale")
	}
	var f fault.Fields
	for _, id := range e.Serious {
		if role, known := u.choices.role(id); known && !chosen.Acknowledged {
			f.Add("acknowledged", "acknowledge", "role", role.Title(v.Lang))
		}
	}
	if err := f.Err(); err != nil {
		return Moves{}, err
	}
	return p.moves(r, v, i, e)
}

// moves puts names to what a preview tells.
func (p *Portal) moves(r *http.Request, v *web.Visit, i inside, e people.AccessEffect) (out Moves, err error) {
	c := choices{lang: v.Lang}
	err = p.reading(r, func(tx *db.Tx) error { return c.include(tx, i.account, e.EntityIDs()) })
	out.Gains, out.Loses = movedSections(e.Gains, c), movedSections(e.Loses, c)
	out.Blocked, out.Flagged = toxicNotes(e.Blocked, v.Lang), toxicNotes(e.Flagged, v.Lang)
	return out, err
}

// movedSections groups what is gained or lost by section, and there by over what.
func movedSections(list []roles.Moved, c choices) (out []MovedSection) {
	for _, m := range list {
		info := m.Permission.Info()
		if info.Resource == "page" && slices.ContainsFunc(list, func(o roles.Moved) bool {
			other := o.Permission.Info()
			return other.Section == info.Section && other.Resource != "page"
		}) {
			continue // it comes along
		}
		n := slices.IndexFunc(out, func(s MovedSection) bool { return s.Section == info.Section })
		if n < 0 {
			n, out = len(out), append(out, MovedSection{Section: info.Section})
		}
		g := MovedGroup{AllEntities: m.AllEntities, Entities: c.entityNames(m.Entities), Save: c.entityNames(m.Save), Some: m.Some}
		at := slices.IndexFunc(out[n].Groups, func(o MovedGroup) bool {
			return o.AllEntities == g.AllEntities && o.Some == g.Some && slices.Equal(o.Entities, g.Entities) && slices.Equal(o.Save, g.Save)
		})
		if at < 0 {
			at, out[n].Groups = len(out[n].Groups), append(out[n].Groups, g)
		}
		group := &out[n].Groups[at]
		group.Permissions = append(group.Permissions, MovedLine{m.Permission.String(), info.Dangerous})
		out[n].Count++
	}
	return out
}

// showForeseen is the page between the form of access and its saving.
func (p *Portal) showForeseen(w http.ResponseWriter, r *http.Request, v *web.Visit, i inside, u user, f url.Values) error {
	moves, err := p.foreseen(r, v, i, u, revision(f.Get("revision")), readAccess(f))
	if err != nil {
		return err
	}
	view := AccessEffectView{Page: i.page, Moves: moves, User: u.head}
	for _, name := range []string{"revision", "seen", "all_entities", "acknowledge"} {
		if text := f.Get(name); text != "" {
			view.Typed = append(view.Typed, Typed{name, text})
		}
	}
	for _, name := range []string{"roles", "entities"} {
		for _, id := range f[name] {
			view.Typed = append(view.Typed, Typed{name, id})
		}
	}
	return p.show(w, view)
}

// invitedWith is what somebody who is invited with this access could do; nothing
// where the account has nobody like that.
func (p *Portal) invitedWith(r *http.Request, v *web.Visit, i inside, in people.Access) (*Moves, error) {
	e, err := p.People.PreviewInvitation(r.Context(), v.Who, i.account.ID, in)
	if err != nil {
		return nil, err
	}
	m, err := p.moves(r, v, i, e)
	return &m, err
}
