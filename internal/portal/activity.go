package portal

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/find"
	"countersign/internal/lang"
	"countersign/internal/web"
)

func (p *Portal) activityRoutes() []web.Route {
	const activity = "/a/{customer}/activity"
	return []web.Route{
		{Pattern: "GET " + activity, Handle: p.activity},
		{Pattern: "GET " + activity + "/export", Handle: p.exportActivity},
		{Pattern: "GET " + activity + "/{entry}", Handle: p.activityEntry},
	}
}

// activityRows is how many entries a page shows.
const activityRows = 50

var activityFields = []string{"person", "about", "kind", "outcome", "from", "until", "address", "request", "cursor"}

// activity is the audit log of the account (L1). Looking at it is recorded itself.
func (p *Portal) activity(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionActivity, "audit:view")
	if err != nil {
		return err
	}
	q, err := web.Query(r, activityFields...)
	if err != nil {
		return err
	}
	view := ActivityView{Page: i.page, Filter: ReadActivityFilter(q), Kinds: kindGroups(v.Lang), MayExport: i.may("audit:export"), Below: i.account.Kind != access.Merchant}
	search, err := p.activityQuery(r, i, v, &view)
	if err != nil {
		return err
	}
	view.Quick = quickTimes(view, time.UnixMicro(p.DB.Now()).In(i.page.Zone))
	if view.Meant == nil && view.Wrong.Refusal == nil {
		page, err := p.logPage(r, i, v, "audit:view", search, "activity "+view.Filter.first().Values().Encode(), audit.Look)
		if err != nil {
			return err
		}
		view.Rows, view.Pager, view.Reached = page.rows, page.pager, page.reached
	}
	p.noteReading(r, v, i)
	return p.show(w, view)
}

func (p *Portal) noteReading(r *http.Request, v *web.Visit, i inside) {
	p.Audit.Note(r.Context(), v.Who, audit.Entry{Action: audit.AuditSearched, AccountID: i.account.ID, Kind: "account", ID: i.account.ID})
}

func kindGroups(tag lang.Tag) (groups []KindGroup) {
	for _, name := range audit.Groups() {
		g := KindGroup{Label: lang.T(tag, "action.group."+name), Options: []Option{{Value: "group:" + name, Label: lang.T(tag, "action.group.all", "group", lang.T(tag, "action.group."+name))}}}
		for _, action := range audit.Group(name) {
			g.Options = append(g.Options, Option{Value: action, Label: lang.T(tag, "action."+action)})
		}
		groups = append(groups, g)
	}
	return groups
}

// quickTimes are the times that are chosen most: until now, from some days ago.
func quickTimes(v ActivityView, now time.Time) (out []QuickTime) {
	for _, q := range []struct {
		label string
		days  int
	}{{"today", 0}, {"week", 6}, {"month", 29}} {
		f := v.Filter.first()
		f.From, f.Until = now.AddDate(0, 0, -q.days).Format(time.DateOnly), ""
		out = append(out, QuickTime{Label: q.label, Href: v.To().Activity(f), On: v.Filter.From == f.From && v.Filter.Until == ""})
	}
	return out
}

// activityQuery turns the view's filter into a search, and notes in the view what
// the filter's parts stand for, may stand for, or lack.
func (p *Portal) activityQuery(r *http.Request, i inside, v *web.Visit, view *ActivityView) (audit.Query, error) {
	f := &view.Filter
	q := audit.Query{Outcome: f.Outcome, RequestID: f.Request}
	if q.From = day(f.From, i.page.Zone, 0); q.From.IsZero() {
		f.From = ""
	}
	if q.Until = day(f.Until, i.page.Zone, 1); q.Until.IsZero() {
		f.Until = ""
	}
	group, isGroup := strings.CutPrefix(f.Kind, "group:")
	switch {
	case isGroup && audit.Group(group) != nil:
		q.Actions = audit.Group(group)
	case slices.Contains(audit.Actions, f.Kind):
		q.Action = f.Kind
	default:
		f.Kind = ""
	}
	if f.Outcome == string(FailedSignIn) {
		q.Outcome, q.Action, q.Actions = audit.Refused, audit.SignInFailed, nil
	}
	if f.Address != "" {
		address, err := netip.ParseAddr(strings.TrimSpace(f.Address))
		if err != nil {
			view.Wrong = Form{Refusal: fault.From(fault.In("address", "ip_address"))}
			return q, nil
		}
		q.IP = address.Unmap().WithZone("").String()
	}
	return q, p.reading(r, func(tx *db.Tx) (err error) {
		if q.Person, view.Person, err = p.meant(tx, i, v, view, "person", f.Person, p.finder().Users); err != nil || view.Meant != nil {
			return err
		}
		q.Target, view.About, err = p.meant(tx, i, v, view, "about", f.About, p.finder().Find)
		return err
	})
}

func (p *Portal) finder() find.Finder { return find.Finder{People: p.People, Profiles: p.Profiles} }

func (i inside) asking(tag lang.Tag) find.Asking {
	return find.Asking{Account: i.account, Snapshot: i.snapshot, Question: i.q, Lang: tag}
}

// meantMost is how many are offered of those that somebody may have meant.
const meantMost = 10

// meant finds the one whom a part of the filter is about: by its id, or by what
// was typed, when that finds nothing else. Of several, one must be chosen.
func (p *Portal) meant(tx *db.Tx, i inside, v *web.Visit, view *ActivityView, field, typed string,
	look func(*db.Tx, find.Asking, string, int) (find.Result, error)) (id, name string, err error) {
	if typed = strings.TrimSpace(typed); typed == "" {
		return "", "", nil
	}
	if find.IsID(typed) {
		names, err := find.Names(tx, p.Profiles, v.Lang, i.account.Path, []audit.Found{{ID: typed}})
		return typed, names[typed].Name, err
	}
	found, err := look(tx, i.asking(v.Lang), typed, meantMost)
	if err != nil {
		if unreadable(err) {
			view.Wrong = Form{Refusal: fault.From(fault.In(field, "too_long", "max", 200))}
			return "", "", nil
		}
		return "", "", err
	}
	if one, ok := found.One(); ok {
		return target(one), one.Name, nil
	}
	if len(found.Hits) == 1 {
		return target(found.Hits[0]), found.Hits[0].Name, nil
	}
	view.Meant = &Meant{Field: field, Typed: typed}
	for _, h := range found.Hits {
		f := view.Filter.first()
		if field == "person" {
			f.Person = target(h)
		} else {
			f.About = target(h)
		}
		detail := h.Detail
		if h.Kind != find.User {
			detail = strings.TrimSpace(lang.T(v.Lang, "target."+string(h.Kind)) + " " + detail)
		}
		view.Meant.Choices = append(view.Meant.Choices, MeantChoice{Name: h.Name, Detail: detail, Href: i.page.To().Activity(f)})
	}
	for _, more := range found.More {
		view.Meant.More = view.Meant.More || more
	}
	return "", "", nil
}

// target is the id under which entries are about what was found.
func target(h find.Hit) string {
	if h.AccountID != "" {
		return h.AccountID
	}
	return h.ID
}

// day reads a date in the viewer's zone; later adds days. What is none does not narrow.
func day(text string, zone *time.Location, later int) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil || t.Year() < 2000 || t.Year() > 2999 {
		return time.Time{}
	}
	return t.AddDate(0, 0, later)
}

// exportActivity sends what the filter finds as a file.
func (p *Portal) exportActivity(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionActivity, "audit:export")
	if err != nil {
		return err
	}
	values, err := web.Query(r, append([]string{"format"}, activityFields...)...)
	if err != nil {
		return err
	}
	format := oneOf(values.Get("format"), web.FormatCSV, web.FormatLines)
	if format == "" {
		return fault.In("format", "one_of_those")
	}
	view := ActivityView{Page: i.page, Filter: ReadActivityFilter(values)}
	q, err := p.activityQuery(r, i, v, &view)
	if err == nil {
		err = understood(values, view.Filter.Values())
	}
	if err != nil {
		return err
	}
	if view.Meant != nil || view.Wrong.Refusal != nil {
		return to(w, r, i.page.To().Activity(view.Filter)) // where one can be chosen
	}
	return p.Edge.ExportLog(w, r, v, web.LogExport{Account: i.account, Profiles: p.Profiles, Query: q, Format: format, Lang: v.Lang, Heads: format == web.FormatCSV})
}
