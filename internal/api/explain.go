package api

import (
	"net/http"
	"strconv"
	"strings"

	"countersign/internal/access"
	"countersign/internal/fault"
	"countersign/internal/people"
)

func (a *API) explainRoutes() {
	const group = "Users"
	operation(a, Operation{Method: http.MethodGet, Path: userPath + "/explanation", Permission: "users:view"},
		about{id: "explain-access", tag: group, summary: "Why a user may do something, or may not, and what would change that",
			text: "Everybody may ask about themselves. What is left out of the record is unknown, and what a restriction needs and does not know, does not hold. Memberships of accounts whose users the caller may not see are left out."}, a.explain)
	operation(a, Operation{Method: http.MethodPost, Path: userPath + "/access/preview", Permission: "users:assign_roles"},
		about{id: "preview-access", tag: group, summary: "What a user would gain and lose by a change of their access", text: "Takes what set-access takes, and changes nothing."}, a.previewAccess)
	operation(a, Operation{Method: http.MethodPost, Path: usersPath + "/preview", Permission: "users:create"},
		about{id: "preview-invitation", tag: group, summary: "What somebody who is invited with this access could do", text: "Changes nothing and sends nothing. Needs users:assign_roles too."}, a.previewInvitation)
}

type explainIn struct {
	OneUser
	Permission   string   `query:"permission" required:"true" maxLength:"100" example:"payments:refund"`
	Entity       string   `query:"entity" required:"true" maxLength:"100" doc:"The record's: id or customer ID." example:"SHOP-42"`
	Resource     string   `query:"resource" maxLength:"200" doc:"Of a registered resource type: the id under which the account has stored it, which says the entity and the location." example:"ORDER-17"`
	Location     string   `query:"location" maxLength:"100" doc:"The record's: an id."`
	Owner        string   `query:"owner" maxLength:"100" doc:"The record's: a user id."`
	Amount       string   `query:"amount" pattern:"^[0-9]{1,18}$" doc:"The record's, in minor units of the currency." example:"4200"`
	Currency     string   `query:"currency" maxLength:"3" doc:"The record's: ISO 4217." example:"EUR"`
	State        string   `query:"state" maxLength:"100" doc:"The record's."`
	SecondFactor string   `query:"second_factor" enum:"true,false" doc:"As if signed in with a second factor, or without; left out: with one if they have one."`
	Fresh        string   `query:"fresh" enum:"true,false" doc:"As if signed in just now; left out: true."`
	IP           string   `query:"ip" maxLength:"50" doc:"As if from this network address; left out: from one that they may work from."`
	Said         []string `query:"said,explode" maxItems:"100" nullable:"false" doc:"Of a registered resource type: what the service that asks would say of a property that it vouches for, as PART.NAME=VALUE." example:"[\"resource.amount=4200\"]"`
}

func (in *explainIn) asked() (people.Asked, error) {
	out := people.Asked{Permission: in.Permission, Entity: in.Entity, Resource: in.Resource, Location: in.Location, Owner: in.Owner, State: in.State, Currency: in.Currency, IP: in.IP}
	for _, text := range in.Said {
		name, value, _ := strings.Cut(text, "=")
		out.Said = append(out.Said, people.Said{Name: name, Value: value})
	}
	var f fault.Fields
	for _, x := range []struct {
		name, word string
		to         **bool
	}{{"second_factor", in.SecondFactor, &out.SecondFactor}, {"fresh", in.Fresh, &out.Fresh}} {
		switch x.word {
		case "":
		case "true", "false":
			is := x.word == "true"
			*x.to = &is
		default:
			f.Add(x.name, "one_of_those")
		}
	}
	if in.Amount != "" {
		n, err := strconv.ParseUint(in.Amount, 10, 63)
		if err != nil {
			f.Add("amount", "invalid")
		}
		out.Amount, out.HasAmount = int64(n), true
	}
	return out, f.Err()
}

// Explanation is why a user may do something, or may not.
type Explanation struct {
	Allowed     bool             `json:"allowed"`
	Answer      string           `json:"answer" doc:"In plain words."`
	Revision    int64            `json:"revision" doc:"Of the data that was decided by."`
	Reasons     []string         `json:"reasons" nullable:"false" doc:"Why not: codes, those of the decision API."`
	Sentences   []string         `json:"sentences" nullable:"false" doc:"The same in words."`
	Elsewhere   bool             `json:"elsewhere" doc:"It is allowed by what the user has in an account that the caller does not see."`
	Asked       ExplainedAs      `json:"asked"`
	Checks      []CheckMade      `json:"checks" nullable:"false" doc:"The rules about the person."`
	Memberships []MembershipPath `json:"memberships" nullable:"false"`
	Ways        []Way            `json:"ways" nullable:"false" doc:"What would make it allowed, the shortest first: all steps of any one of them suffice. Roles are named where the caller may give them."`
	Ask         []string         `json:"ask" nullable:"false" doc:"Names of users who can give roles here, when the caller cannot."`
}

// ExplainedAs is the question as it was answered.
type ExplainedAs struct {
	Permission   string          `json:"permission"`
	Entity       Named           `json:"entity"`
	Resource     string          `json:"resource,omitempty" doc:"The stored resource, when it is known here."`
	Location     *Named          `json:"location,omitempty"`
	Owner        string          `json:"owner,omitempty"`
	Amount       *int64          `json:"amount,omitempty"`
	Currency     string          `json:"currency,omitempty"`
	State        string          `json:"state,omitempty"`
	Said         []ExplainedSaid `json:"said,omitempty" nullable:"false" doc:"What the service would say."`
	SecondFactor bool            `json:"second_factor"`
	Fresh        bool            `json:"fresh"`
	IP           string          `json:"ip,omitempty"`
	At           moment          `json:"at"`
}

// ExplainedSaid is what a service would say of a property.
type ExplainedSaid struct {
	Of       string `json:"of" enum:"resource,action,user"`
	Property string `json:"property" example:"amount"`
	Value    string `json:"value" doc:"Digits of numbers, true or false." example:"4200"`
}

// Named is something with its name.
type Named struct {
	ID         string `json:"id"`
	CustomerID string `json:"customer_id,omitempty" doc:"Of an entity or account."`
	Name       string `json:"name"`
}

// CheckMade is one rule and what became of it.
type CheckMade struct {
	Rule     string   `json:"rule" example:"scope"`
	Result   string   `json:"result" enum:"holds,fails,not_reached"`
	Reasons  []string `json:"reasons" nullable:"false"`
	Sentence string   `json:"sentence" doc:"The rule and its result in words."`
}

// MembershipPath is what comes through one of the user's accounts.
type MembershipPath struct {
	Account     Named            `json:"account"`
	Checks      []CheckMade      `json:"checks" nullable:"false"`
	Assignments []AssignmentPath `json:"assignments" nullable:"false"`
}

// AssignmentPath is what comes through one role.
type AssignmentPath struct {
	Role     Named        `json:"role"`
	From     moment       `json:"from,omitzero"`
	Until    moment       `json:"until,omitzero"`
	Entities []ScopePath  `json:"entities" nullable:"false"`
	Checks   []CheckMade  `json:"checks" nullable:"false"`
	Policies []PolicyPath `json:"policies" nullable:"false" doc:"Those that have the permission."`
}

// ScopePath is one entity that the role was given over, with all below it.
type ScopePath struct {
	Named
	Reaches bool `json:"reaches" doc:"It is the record's entity, or stands above it."`
}

// PolicyPath is what comes through one policy.
type PolicyPath struct {
	ID           string            `json:"id,omitempty" doc:"Left out where the role itself holds it."`
	Name         string            `json:"name,omitempty" doc:"Of a shared policy."`
	Allows       bool              `json:"allows" doc:"The whole path to here allows."`
	Restrictions []RestrictionPath `json:"restrictions" nullable:"false" doc:"Any one of them is enough; none: it is given without."`
}

// RestrictionPath is one restriction under which a policy gives the permission.
type RestrictionPath struct {
	OwnOnly   bool        `json:"own_only,omitzero"`
	MaxAmount int64       `json:"max_amount,omitzero" doc:"Minor units."`
	Currency  string      `json:"currency,omitzero"`
	States    []string    `json:"states,omitzero"`
	Checks    []CheckMade `json:"checks" nullable:"false"`
}

// Way is a list of steps that together make it allowed.
type Way struct {
	Steps []WayStep `json:"steps" nullable:"false"`
}

// WayStep is one thing that has to happen.
type WayStep struct {
	Do       string   `json:"do" enum:"unlock_user,activate_membership,activate_account,activate_parent,give_role,wait,name_location,add_location,allowed_address,second_factor,fresh_sign_in,own_record,amount_most,in_currency,in_state,meet_clause"`
	Account  *Named   `json:"account,omitempty"`
	Role     *Named   `json:"role,omitempty"`
	Entity   *Named   `json:"entity,omitempty"`
	Location *Named   `json:"location,omitempty"`
	At       moment   `json:"at,omitzero"`
	Amount   int64    `json:"amount,omitzero"`
	Currency string   `json:"currency,omitempty"`
	States   []string `json:"states,omitempty"`
	Clause   *Clause  `json:"clause,omitempty" doc:"Of a registered resource type: what a property has to meet, for which value is enough."`
	Value    string   `json:"value,omitempty"`
	Vouched  string   `json:"vouched,omitempty" enum:"store,caller" doc:"Who says what the property is."`
	Sentence string   `json:"sentence" doc:"The same in words."`
}

type explainOut struct{ Body Explanation }

func (a *API) explain(c *call, in *explainIn) (*explainOut, error) {
	account, err := a.account(c, in.CustomerID)
	if err != nil {
		return nil, err
	}
	asked, err := in.asked()
	if err != nil {
		return nil, err
	}
	x, err := a.People.Explain(c.ctx, c.v.Who, account.ID, in.ID, asked)
	if err != nil {
		return nil, err
	}
	t := telling{people.Telling{Explained: x, Lang: c.v.Lang}}
	out := Explanation{Allowed: x.Decision.Allowed, Answer: t.Answer(), Revision: x.Decision.Revision, Reasons: x.Decision.Codes(), Sentences: t.Why(), Elsewhere: x.Elsewhere,
		Asked: t.asked(), Checks: t.checks(x.UserChecks()), Ask: x.Ask}
	for _, m := range x.Memberships {
		out.Memberships = append(out.Memberships, t.membership(m))
	}
	for _, w := range x.Ways {
		var way Way
		for _, s := range w.Steps {
			way.Steps = append(way.Steps, t.step(s))
		}
		out.Ways = append(out.Ways, way)
	}
	return &explainOut{out}, nil
}

// telling puts names and words to an explanation.
type telling struct{ people.Telling }

func (t telling) asked() ExplainedAs {
	q := t.Question
	out := ExplainedAs{Permission: q.Permission.String(), Entity: t.entity(q.Entity), Resource: q.Resource, Owner: q.Owner, Currency: q.Currency, State: q.State, SecondFactor: q.SecondFactor, Fresh: q.Fresh, At: moment(q.Now)}
	for _, c := range q.Claims {
		out.Said = append(out.Said, ExplainedSaid{c.Part.String(), c.Name, c.Text})
	}
	if q.HasAmount {
		out.Amount = &q.Amount
	}
	if q.Location != "" {
		out.Location = t.location(q.Location)
	}
	if q.IP.IsValid() {
		out.IP = q.IP.String()
	}
	return out
}

func (t telling) entity(id string) Named {
	e := t.Entities[id]
	return Named{id, e.CustomerID, e.Name}
}

func (t telling) location(id string) *Named { return &Named{ID: id, Name: t.Shops[id].Name} }

func (t telling) account(id string) Named {
	a := t.Places[id].Account
	return Named{id, a.CustomerID, a.Name}
}

func (t telling) role(account, id string) Named {
	return Named{ID: id, Name: t.Role(account, id)}
}

func (t telling) checks(list []people.Check) []CheckMade {
	out := []CheckMade{}
	for _, k := range list {
		reasons := k.Reasons.Codes()
		if reasons == nil {
			reasons = []string{}
		}
		out = append(out, CheckMade{k.Rule, k.State, reasons, t.Check(k)})
	}
	return out
}

func (t telling) membership(m access.MembershipStep) MembershipPath {
	out := MembershipPath{Account: t.account(m.Account), Checks: t.checks(t.MembershipChecks(m))}
	for _, s := range m.Assignments {
		path := AssignmentPath{Role: t.role(m.Account, s.Role), From: moment(s.From), Until: moment(s.Until), Checks: t.checks(t.AssignmentChecks(m, s))}
		for _, over := range s.Over {
			if over.Entity != "" {
				path.Entities = append(path.Entities, ScopePath{t.entity(over.Entity), over.Reaches})
			}
		}
		for _, p := range s.Policies {
			path.Policies = append(path.Policies, t.policy(m.Account, p))
		}
		out.Assignments = append(out.Assignments, path)
	}
	return out
}

func (t telling) policy(account string, p access.PolicyStep) PolicyPath {
	out := PolicyPath{ID: p.ID, Name: t.Places[account].Policies[p.ID], Allows: p.Allowed}
	for _, g := range p.Grants {
		made := people.ConditionChecks(g)
		if len(made) == 0 {
			continue
		}
		r := RestrictionPath{OwnOnly: g.Condition.OwnOnly, MaxAmount: g.Condition.MaxAmount, Currency: g.Condition.Currency, States: g.Condition.States}
		for _, k := range made {
			r.Checks = append(r.Checks, t.checks([]people.Check{k.Check})...)
		}
		out.Restrictions = append(out.Restrictions, r)
	}
	return out
}

func (t telling) step(s access.Step) WayStep {
	out := WayStep{Do: s.Do, At: moment(s.At), Amount: s.Amount, Currency: s.Currency, States: s.States, Sentence: t.Step(s)}
	if s.Clause != nil {
		out.Clause, out.Value, out.Vouched = &clausesOut([]access.Clause{*s.Clause})[0], s.Value, s.Vouched.String()
	}
	if s.Account != "" {
		n := t.account(s.Account)
		out.Account = &n
	}
	if s.Role != "" {
		n := t.role(s.Account, s.Role)
		out.Role = &n
	}
	if s.Entity != "" {
		n := t.entity(s.Entity)
		out.Entity = &n
	}
	if s.Location != "" {
		out.Location = t.location(s.Location)
	}
	return out
}
