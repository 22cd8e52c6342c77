package portal

import (
	"net/http"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/find"
	"countersign/internal/lang"
	"countersign/internal/web"
)

// activityEntry is one entry's page.
func (p *Portal) activityEntry(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionActivity, "audit:view")
	if err != nil {
		return err
	}
	view := EntryView{Page: i.page}
	var f audit.Found
	found := false
	err = p.reading(r, func(tx *db.Tx) error {
		if f, found, err = audit.One(tx, access.Scope(i.snapshot, i.asks("audit:view")), r.PathValue("entry")); err != nil || !found {
			return err
		}
		return p.fillEntry(tx, i, v, f, &view)
	})
	if err == nil && !found {
		err = p.none(r, v, i.account.ID, "audit_entry", cut(r.PathValue("entry")), "audit_entry")
	}
	if err != nil {
		return err
	}
	p.noteReading(r, v, i)
	return p.show(w, view)
}

func (p *Portal) fillEntry(tx *db.Tx, i inside, v *web.Visit, f audit.Found, view *EntryView) error {
	names, err := find.Names(tx, p.Profiles, v.Lang, i.account.Path, []audit.Found{f})
	if err != nil {
		return err
	}
	n := naming{Words: find.Words{Lang: v.Lang, Zone: i.page.Zone, Names: names}, i: i, open: map[string]bool{}}
	view.Entry = n.row(f)
	view.Entry.On, view.Entry.OnHref = n.Target(f), n.href(f.Kind, f.ID, f.AccountID)
	view.Browser, view.Request = f.UserAgent, f.RequestID
	if lang.Has("target." + f.Kind) {
		view.Kind = f.Kind
	}
	view.In = names[f.AccountID].Name
	if f.EntityID != "" && names[f.EntityID].Name != view.In {
		view.Over = names[f.EntityID].Name
	}
	same := func(f ActivityFilter) string {
		if f == (ActivityFilter{}) {
			return ""
		}
		return i.page.To().Activity(f)
	}
	person := ""
	if f.ActorKind == db.User && names[f.ActorID].Name != "" {
		person = f.ActorID
	}
	about := ""
	if names[f.ID].Name != "" {
		about = f.ID
	}
	view.SameActor, view.SameTarget = same(ActivityFilter{Person: person}), same(ActivityFilter{About: about})
	view.SameAddress, view.SameRequest = same(ActivityFilter{Address: f.IP}), same(ActivityFilter{Request: f.RequestID})
	return nil
}
