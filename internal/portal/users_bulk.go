package portal

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/web"
)

// manyKept is the page of a form whose session ran out: it asks again, with what
// was ticked and typed. Without that there is nothing to ask.
func (p *Portal) manyKept(act Act) web.Handle {
	return func(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
		i, err := p.enter(w, r, v, SectionUsers, actPermissions[act])
		if err != nil {
			return err
		}
		kept, err := p.typed(r, v)
		if err != nil {
			return err
		}
		_, ids := chosenOf(kept["users"])
		back := i.page.To().Users(i.listAt(kept.Get("back")))
		if len(ids) == 0 || len(ids) > people.ManyMost {
			return to(w, r, back)
		}
		view, err := p.bulkView(r, v, i, act, ids)
		if err != nil {
			return err
		}
		view.Back, view.Reason, view.Kept = back, kept.Get("reason"), true
		return p.show(w, view)
	}
}

// many shows who was ticked, and what would become of each (U21 as far as the
// list has it). It changes nothing.
func (p *Portal) many(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "users[]", "act", "back")
	if err != nil {
		return err
	}
	act := Act(f.Get("act"))
	if !slices.Contains(bulkActs(), act) {
		return fault.In("act", "invalid")
	}
	i, err := p.enter(w, r, v, SectionUsers, actPermissions[act])
	if err != nil {
		return err
	}
	back := i.page.To().Users(i.listAt(f.Get("back")))
	ids := slices.Compact(slices.Sorted(slices.Values(f["users"])))
	switch {
	case len(ids) == 0:
		p.flash(w, v, Note, "nobody_ticked")
		return to(w, r, back)
	case len(ids) > people.ManyMost:
		return fault.In("users", "too_many", "max", people.ManyMost)
	}
	view, err := p.bulkView(r, v, i, act, ids)
	if err != nil {
		return err
	}
	view.Back = back
	return p.show(w, view)
}

// bulkView looks at each of some users as an act would.
func (p *Portal) bulkView(r *http.Request, v *web.Visit, i inside, act Act, ids []string) (BulkView, error) {
	view := BulkView{Page: i.page, Act: act}
	err := p.reading(r, func(tx *db.Tx) error {
		rows, err := p.People.Some(tx, i.account, ids)
		if err != nil {
			return err
		}
		settings, err := org.Settings(tx, p.Profiles, i.account.ID)
		if err != nil {
			return err
		}
		if act == ResendInvitation {
			view.Hours = int(settings.InvitationLifetime.Hours())
		}
		for _, row := range rows {
			u := user{row: row, settings: settings}
			u.head = userHead(i, u, v.Who.ID, nil)
			line := bulkRow(u)
			if !u.head.May(act) {
				line.Refused = lang.Sentence(v.Lang, fault.From(u.mayNot(act)))
			}
			view.Rows = append(view.Rows, line)
		}
		return nil
	})
	if err != nil {
		return view, err
	}
	if len(view.Rows) == 0 { // all of another account, or of none
		return view, p.none(r, v, i.account.ID, "user", "", "user")
	}
	view.Missing = len(ids) - len(view.Rows)
	return view, nil
}

func bulkRow(u user) BulkRow {
	return BulkRow{ID: u.row.ID(), Name: u.row.Name(), Identifier: u.head.Identifier, Status: u.head.Status, Value: u.row.ID() + "." + strconv.FormatInt(u.row.Member.Version, 10)}
}

// doMany does what was confirmed to each, by the use case of one.
func (p *Portal) doMany(act Act) web.Handle {
	return func(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
		i, err := p.enter(w, r, v, SectionUsers, actPermissions[act])
		if err != nil {
			return err
		}
		f, err := web.Form(r, "users[]", "reason", "back")
		if err != nil {
			return err
		}
		chosen, ids := chosenOf(f["users"])
		back := i.page.To().Users(i.listAt(f.Get("back")))
		if len(chosen) == 0 {
			return to(w, r, back)
		}
		view, err := p.bulkView(r, v, i, act, ids)
		if err != nil {
			return err
		}
		view.Back, view.Reason = back, f.Get("reason")
		reason := strings.TrimSpace(view.Reason)
		errs, err := people.Many(r.Context(), chosen, func(c people.Chosen) error {
			return p.carryOut(r, v, i, c.UserID, act, c.Version, reason)
		})
		if err != nil {
			return p.again(w, err, func(form Form) View { view.Form = form; return view })
		}
		return p.show(w, BulkDoneView{Page: i.page, Act: act, Rows: outcomes(v, view.Rows, chosen, errs), Missing: view.Missing, Back: view.Back})
	}
}

// chosenOf reads what the form sent of each user: id and version.
func chosenOf(values []string) (chosen []people.Chosen, ids []string) {
	for _, value := range slices.Compact(slices.Sorted(slices.Values(values))) {
		id, version, _ := strings.Cut(value, ".")
		if slices.Contains(ids, id) {
			continue
		}
		chosen, ids = append(chosen, people.Chosen{UserID: id, Version: revision(version)}), append(ids, id)
	}
	return chosen, ids
}

// outcomes says of each what became of them.
func outcomes(v *web.Visit, rows []BulkRow, chosen []people.Chosen, errs []error) []BulkRow {
	out := slices.Clone(rows)
	for i := range out {
		at := slices.IndexFunc(chosen, func(c people.Chosen) bool { return c.UserID == out[i].ID })
		out[i].Refused = ""
		if err := errs[at]; err != nil {
			out[i].Refused = lang.Sentence(v.Lang, fault.From(err))
		}
	}
	return out
}
