package portal

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/web"
)

// activityRows is how many entries a page shows.
const activityRows = 50

// activity is the audit log of the account (L1). Looking at it is recorded itself.
func (p *Portal) activity(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionActivity, "audit:view")
	if err != nil {
		return err
	}
	q, err := web.Query(r, "person", "kind", "outcome", "from", "until", "cursor")
	if err != nil {
		return err
	}
	view := ActivityView{Page: i.page, Filter: ReadActivityFilter(q)}
	for _, action := range audit.Actions {
		view.Kinds = append(view.Kinds, Option{Value: action, Label: lang.T(v.Lang, "action."+action)})
	}
	search, err := p.activityQuery(r, i, view.Filter)
	if err != nil {
		return err
	}
	bound := view.Filter
	bound.Cursor = ""
	if search.Limit > 0 {
		view.Rows, view.Pager, err = p.entryPage(r, i, v, "audit:view", search, "activity "+bound.Values().Encode())
		if err != nil {
			return err
		}
	}
	p.Audit.Note(r.Context(), v.Who, audit.Entry{Action: audit.AuditSearched, AccountID: i.account.ID, Kind: "account", ID: i.account.ID})
	return p.show(w, view)
}

// activityQuery turns the filter into a search. A limit of 0 tells that nothing can match.
func (p *Portal) activityQuery(r *http.Request, i inside, f ActivityFilter) (audit.Query, error) {
	q := audit.Query{Limit: activityRows, Outcome: f.Outcome, From: day(f.From, i.page.Zone, 0), Until: day(f.Until, i.page.Zone, 1)}
	if slices.Contains(audit.Actions, f.Kind) {
		q.Action = f.Kind
	}
	if f.Outcome == string(FailedSignIn) {
		q.Outcome, q.Action = audit.Refused, audit.SignInFailed
	}
	if f.Person == "" {
		return q, nil
	}
	err := p.reading(r, func(tx *db.Tx) error {
		if strings.HasPrefix(f.Person, "usr_") {
			q.Person = f.Person
			return nil
		}
		page, err := p.People.List(tx, i.account, people.Query{Search: f.Person, Limit: 1})
		if err != nil || len(page.Rows) == 0 {
			q.Limit = 0
			return err
		}
		q.Person = page.Rows[0].ID()
		return nil
	})
	return q, err
}

// day reads a date in the viewer's zone; later adds days. What is none does not narrow.
func day(text string, zone *time.Location, later int) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil || t.Year() < 2000 || t.Year() > 2999 {
		return time.Time{}
	}
	return t.AddDate(0, 0, later)
}

// entryPage reads a page of entries that begins at the address's cursor.
func (p *Portal) entryPage(r *http.Request, i inside, v *web.Visit, permission string, q audit.Query, about string) (rows []ActivityRow, pager Pager, err error) {
	about = i.account.ID + " " + about
	after, err := web.After(p.DB, v.Who, about, r.URL.Query().Get("cursor"))
	if err != nil {
		return nil, pager, err
	}
	if after != "" {
		if q.Before, err = strconv.ParseInt(after, 10, 64); err != nil {
			return nil, pager, err
		}
	}
	var last int64
	if err := p.reading(r, func(tx *db.Tx) error {
		rows, last, err = p.entries(tx, i, v, permission, q)
		return err
	}); err != nil {
		return nil, pager, err
	}
	if last > 1 && len(rows) == q.Limit {
		pager.Next, err = web.Cursor(p.DB, v.Who, about, strconv.FormatInt(last, 10))
	}
	return rows, pager, err
}

// entries reads entries within the viewer's reach and joins the names; last is
// the number of the oldest of them.
func (p *Portal) entries(tx *db.Tx, i inside, v *web.Visit, permission string, q audit.Query) (rows []ActivityRow, last int64, err error) {
	q.Reach = access.Scope(i.snapshot, i.asks(permission))
	found, err := audit.Search(tx, q)
	if err != nil {
		return nil, 0, err
	}
	n := naming{tx: tx, lang: v.Lang, to: i.page.To(), people: map[string]string{}}
	var ids []string
	for _, f := range found {
		ids = append(ids, f.ActorID, f.ID)
		for _, c := range f.Changes {
			if c.Field == "user" {
				ids = append(ids, c.Before, c.After)
			}
		}
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	if n.people, err = people.NamesBeside(tx, i.account.Path, ids); err != nil {
		return nil, 0, err
	}
	if n.gone, err = people.DeletedNames(tx, i.account.Path, slices.DeleteFunc(ids, func(id string) bool { return n.people[id] != "" })); err != nil {
		return nil, 0, err
	}
	if n.choices, err = p.choices(tx, i.account, v.Lang); err != nil {
		return nil, 0, err
	}
	for _, f := range found {
		row, err := n.row(f)
		if err != nil {
			return nil, 0, err
		}
		rows, last = append(rows, row), f.Seq
	}
	return rows, last, nil
}

// naming joins names to entries, which hold ids.
type naming struct {
	tx      *db.Tx
	lang    lang.Tag
	to      Addresses
	people  map[string]string
	gone    map[string]string // who were deleted: they have no page
	choices choices
}

// person is what somebody is called; "" for whoever has no name here.
func (n naming) person(id string) string {
	if name := n.people[id]; name != "" {
		return name
	}
	if name := n.gone[id]; name != "" {
		return lang.T(n.lang, "portal.activity.deleted", "name", name)
	}
	return ""
}

func (n naming) row(f audit.Found) (ActivityRow, error) {
	row := ActivityRow{ID: strconv.FormatInt(f.Seq, 10), Number: f.Seq, At: f.At, Text: lang.T(n.lang, "action."+f.Action), From: f.IP,
		Outcome: Outcome(f.Outcome), Reason: f.Reason, Erased: f.Erased, Times: int(f.Repeats)}
	if f.Outcome == audit.Refused {
		row.Reason = n.reason(f.Reason)
	}
	switch {
	case f.Action == audit.SignInFailed:
		row.Outcome = FailedSignIn
	case f.Outcome == audit.Refused && f.Action != audit.PageRefused && f.Action != audit.TokenRefused:
		row.Text = lang.T(n.lang, "portal.activity.tried", "what", row.Text)
	}
	row.Actor = n.actor(f)
	if f.ActorKind == db.User && n.people[f.ActorID] != "" {
		row.ActorID = f.ActorID
	}
	var err error
	if row.On, row.OnHref, err = n.target(f); err != nil {
		return row, err
	}
	if f.Kind == "user" && f.ActorID == f.ID {
		row.On, row.OnHref = "", ""
	}
	for _, c := range f.Changes {
		row.Changes = append(row.Changes, Change{Label: known(n.lang, "change."+c.Field, c.Field), Before: n.value(c.Field, c.Before), After: n.value(c.Field, c.After)})
	}
	return row, nil
}

// reason gives the sentence of a refusal's code, which may carry a permission.
func (n naming) reason(text string) string {
	code, permission, _ := strings.Cut(text, " ")
	for _, key := range []string{"cause." + code, "error." + code} {
		if lang.Has(key) {
			return lang.T(n.lang, key, "permission", permission, "role", "", "max", "", "name", "")
		}
	}
	return text
}

func (n naming) actor(f audit.Found) string {
	if name := n.person(f.ActorID); name != "" {
		return name
	}
	return known(n.lang, "actor."+f.ActorKind, f.ActorKind)
}

func (n naming) target(f audit.Found) (name, href string, err error) {
	switch f.Kind {
	case "user":
		if n.people[f.ID] != "" {
			href = n.to.User(f.ID)
		}
		return n.person(f.ID), href, nil
	case "account":
		a, found, err := org.AccountByID(n.tx, f.ID)
		if found {
			name = a.Name
		}
		return name, "", err
	case "entity":
		e, found, err := org.EntityByID(n.tx, f.ID)
		if found {
			name = e.Name
		}
		return name, "", err
	case "service_token":
		t, found, err := org.TokenByID(n.tx, f.AccountID, f.ID)
		if found {
			name = t.Name
		}
		return name, "", err
	case "page":
		return f.ID, "", nil
	}
	return "", "", nil
}

// value makes ids in a change readable.
func (n naming) value(field, text string) string {
	switch field {
	case "roles":
		return n.assigned(text)
	case "user":
		return cmp.Or(n.person(text), text)
	case "two_factor_required", "two_factor_actions", "language", "theme", "environment", "kind", "all_locations":
		return known(n.lang, "value."+field+"."+text, text)
	}
	return text
}

// assigned reads roles.Text: "rol_… over ent_… ent_…; rol_… over all entities".
func (n naming) assigned(text string) string {
	if text == "" {
		return ""
	}
	var out []string
	for _, one := range strings.Split(text, "; ") {
		role, over, _ := strings.Cut(one, " over ")
		if r, ok := n.choices.role(role); ok {
			role = r.Title(n.lang)
		}
		if over == "all entities" {
			over = lang.T(n.lang, "portal.all_entities")
		} else {
			over = strings.Join(n.choices.entityNames(strings.Fields(over)), ", ")
		}
		out = append(out, role+" ("+over+")")
	}
	return strings.Join(out, " · ")
}

func known(tag lang.Tag, key, otherwise string) string {
	if lang.Has(key) {
		return lang.T(tag, key)
	}
	return otherwise
}
