package portal

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/roles"
	"countersign/internal/web"
)

var (
	personFields = []string{"first_name", "last_name", "phone", "language"}
	factorFields = []string{"two_factor_required", "two_factor_actions", "allowed_ips"}
	accessFields = []string{"roles[]", "entities[]", "all_entities", "acknowledge", "find_entities", "find"}
)

func readAccess(f map[string][]string) people.Access {
	return people.Access{Roles: f["roles"], Entities: f["entities"], AllEntities: slices.Contains(f["all_entities"], "yes"), Acknowledged: slices.Contains(f["acknowledge"], "yes")}
}

func readFactor(f form) people.TwoFactor {
	t := people.TwoFactor{Actions: f.Get("two_factor_actions")}
	switch f.Get("two_factor_required") {
	case "":
	case "no":
		t.Required = new(bool)
	default: // what is odd is the stricter of the two
		required := true
		t.Required = &required
	}
	return t
}

// form is what was sent.
type form interface{ Get(string) string }

// typedLines are the lines of a text as it was typed.
func typedLines(text string) []string {
	return strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
}

// factorFieldsOf asks what an account may ask of somebody's second factor.
func factorFieldsOf(s profile.Settings, t people.TwoFactor) FactorFields {
	must := people.MandatoryOf(s)
	out := FactorFields{ForAll: s.TwoFactor == "required", MustSay: must.TwoFactor, MustAct: must.Actions, Actions: people.ActionsOf(s), Action: t.Actions}
	if t.Required != nil {
		out.Required = map[bool]string{true: "yes", false: "no"}[*t.Required]
	}
	return out
}

func networksFieldOf(s profile.Settings, text string) NetworksField {
	return NetworksField{Offered: slices.Contains(s.IPRules, "user_allow"), Text: text}
}

func networkLines(list []netip.Prefix) string {
	var out []string
	for _, n := range list {
		out = append(out, people.NetworkText(n))
	}
	return strings.Join(out, "\n")
}

// invite is the form (U2). The account's usual role is chosen already.
func (p *Portal) invite(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionUsers, "users:create")
	if err != nil {
		return err
	}
	in := people.Invitee{Language: string(v.Lang)}
	err = p.reading(r, func(tx *db.Tx) error {
		s, err := org.Settings(tx, p.Profiles, i.account.ID)
		if err != nil || s.DefaultRole == "" {
			return err
		}
		id, found, err := roles.IDByKey(tx, i.account.ID, s.DefaultRole)
		if found {
			in.Roles = []string{id}
		}
		return err
	})
	if err != nil {
		return err
	}
	typed, err := p.typed(r, v)
	if err != nil {
		return err
	}
	if typed != nil {
		in = readInvitee(typed)
	}
	view, err := p.inviteForm(r, v, i, in, "")
	if err != nil {
		return err
	}
	view.Kept = typed != nil
	return p.show(w, view)
}

func readInvitee(f url.Values) people.Invitee {
	return people.Invitee{FirstName: f.Get("first_name"), LastName: f.Get("last_name"), Email: f.Get("email"), Phone: f.Get("phone"), Language: f.Get("language"),
		TwoFactor: readFactor(f), AllowedIPs: typedLines(f.Get("allowed_ips")), Access: readAccess(f)}
}

func (p *Portal) inviteForm(r *http.Request, v *web.Visit, i inside, in people.Invitee, find string) (InviteView, error) {
	view := InviteView{Page: i.page, FirstName: in.FirstName, LastName: in.LastName, Email: in.Email, Phone: in.Phone, Language: in.Language}
	err := p.reading(r, func(tx *db.Tx) error {
		s, err := org.Settings(tx, p.Profiles, i.account.ID)
		if err != nil {
			return err
		}
		view.Must, view.LifetimeHours = people.MandatoryOf(s), int(s.InvitationLifetime.Hours())
		view.Factor, view.Networks = factorFieldsOf(s, in.TwoFactor), networksFieldOf(s, strings.Join(in.AllowedIPs, "\n"))
		view.AccessPicker, err = p.picker(tx, i, v, s, people.Row{}, in.Access, find)
		return err
	})
	return view, err
}

func (p *Portal) doInvite(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionUsers, "users:create")
	if err != nil {
		return err
	}
	f, err := web.Form(r, slices.Concat([]string{"email", "foresee"}, personFields, factorFields, accessFields)...)
	if err != nil {
		return err
	}
	in := readInvitee(f)
	var id string
	var moves *Moves
	switch {
	case f.Get("find") != "":
	case f.Get("foresee") != "":
		moves, err = p.invitedWith(r, v, i, in.Access)
	default:
		id, err = p.People.Invite(r.Context(), v.Who, i.account.ID, in)
	}
	if err != nil || id == "" {
		view, problem := p.inviteForm(r, v, i, in, f.Get("find_entities"))
		if problem != nil {
			return problem
		}
		view.Moves = moves
		if err == nil {
			return p.show(w, view)
		}
		return p.again(w, err, func(form Form) View { view.Form = form; return view })
	}
	p.flash(w, v, Done, "invited", "email", in.Email)
	return to(w, r, i.page.To().User(id))
}

// editAccess is the form that changes a user's roles and entities.
func (p *Portal) editAccess(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, u, err := p.enterUser(w, r, v, "users:assign_roles")
	if err != nil {
		return err
	}
	if err := u.mayEdit(u.head.MayChangeAccess); err != nil {
		return p.refused(r, v, i, u, err)
	}
	typed, err := p.typed(r, v)
	if err != nil {
		return err
	}
	chosen := u.access()
	if typed != nil {
		chosen = readAccess(typed)
	}
	view, err := p.accessForm(r, v, i, u, chosen, "")
	if err != nil {
		return err
	}
	if typed != nil {
		view.Kept, view.Revision, view.Seen = true, typed.Get("revision"), typed.Get("seen")
	}
	return p.show(w, view)
}

// access is what a user has.
func (u user) access() people.Access {
	return people.Access{Roles: u.row.Roles, AllEntities: u.row.AllEntities, Entities: u.row.Entities}
}

// mayEdit refuses a form to whoever could not send it.
func (u user) mayEdit(may bool) error {
	switch {
	case may:
		return nil
	case u.head.Self:
		return fault.New(fault.Forbidden, "own_access")
	case u.head.FirstAdministrator:
		return fault.New(fault.Forbidden, "first_administrator")
	}
	return fault.New(fault.Forbidden, "person_above_you")
}

func (p *Portal) accessForm(r *http.Request, v *web.Visit, i inside, u user, chosen people.Access, find string) (EditAccessView, error) {
	view := EditAccessView{Page: i.page, User: u.head, Revision: u.revision(), Seen: remember(u.access())}
	err := p.reading(r, func(tx *db.Tx) (err error) {
		view.AccessPicker, err = p.picker(tx, i, v, u.settings, u.row, chosen, find)
		return err
	})
	return view, err
}

// revision is the version under which the user is seen.
func (u user) revision() string { return strconv.FormatInt(u.row.Member.Version, 10) }

func (p *Portal) doEditAccess(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, u, err := p.enterUser(w, r, v, "users:assign_roles")
	if err != nil {
		return err
	}
	f, err := web.Form(r, append([]string{"revision", "seen", "step"}, accessFields...)...)
	if err != nil {
		return err
	}
	chosen := readAccess(f)
	done := false
	switch {
	case f.Get("find") != "" || f.Get("step") == stepBack:
	case f.Get("step") == stepSave:
		err = p.People.ChangeAccess(r.Context(), v.Who, i.account.ID, u.row.ID(), revision(f.Get("revision")), chosen)
		done = err == nil
	default:
		if err = p.showForeseen(w, r, v, i, u, f); err == nil {
			return nil
		}
	}
	if !done {
		view, problem := p.accessForm(r, v, i, u, chosen, f.Get("find_entities"))
		if problem != nil {
			return problem
		}
		if fault.CodeOf(err) == "stale" {
			if view.Changed, problem = p.accessChanged(r, i, u, f.Get("seen")); problem != nil {
				return problem
			}
		} else {
			view.Revision, view.Seen = f.Get("revision"), f.Get("seen") // what was seen stays what was seen
		}
		if err == nil {
			return p.show(w, view)
		}
		return p.again(w, err, func(form Form) View { view.Form = form; return view })
	}
	p.flash(w, v, Done, "access_changed", "name", u.row.Name())
	return to(w, r, i.page.To().UserTab(u.row.ID(), "access"))
}

// accessChanged tells what is different from what a form was made from.
func (p *Portal) accessChanged(r *http.Request, i inside, u user, seen string) ([]Difference, error) {
	var was people.Access
	if !recall(seen, &was) {
		return nil, nil
	}
	err := p.reading(r, func(tx *db.Tx) error {
		return u.choices.include(tx, i.account, was.Entities[:min(len(was.Entities), pickerMost)]) // the rest is called by its customer ID
	})
	now := u.access()
	return differences([]Difference{
		{"portal.field.roles", join(u.choices.roleNames(was.Roles)), join(u.choices.roleNames(now.Roles))},
		{"portal.field.entities", u.over(was), u.over(now)},
	}), err
}

// over is a scope as a person reads it.
func (u user) over(a people.Access) string {
	if a.AllEntities {
		return lang.T(u.choices.lang, "portal.all_entities")
	}
	return join(u.choices.entityNames(a.Entities))
}

func join(list []string) string { return strings.Join(list, ", ") }

// differences leaves out what is the same.
func differences(list []Difference) []Difference {
	return slices.DeleteFunc(list, func(d Difference) bool { return d.Before == d.Now })
}

// remember writes what a form is made from into the form, so that it can tell
// what somebody else changed meanwhile. Whoever changes it fools themselves.
func remember(seen any) string {
	text, err := json.Marshal(seen)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func recall(text string, into any) bool {
	plain, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && json.Unmarshal(plain, into) == nil
}

// revision reads the version that a form was made from; what is none matches none.
func revision(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return -1
	}
	return n
}
