package people

import (
	"cmp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"countersign/internal/access"
	"countersign/internal/lang"
	"countersign/internal/roles"
)

// Telling puts an explanation into words of a language, with times in a zone.
type Telling struct {
	Explained
	Lang lang.Tag
	Zone *time.Location // nil is UTC
}

func (t Telling) t(key string, args ...any) string { return lang.T(t.Lang, key, args...) }

// own is a key's form for who asks about themselves.
func (t Telling) own(key string) string {
	if t.Self {
		return key + ".self"
	}
	return key
}

// isolated is a name in a sentence, which keeps its own direction of writing.
func isolated(name string) string { return "\u2068" + name + "\u2069" }

// Answer says in plain words whether they may, and for an allow through what.
func (t Telling) Answer() string {
	verdict := "explain.denied"
	if t.Decision.Allowed {
		verdict = "explain.allowed"
	}
	out := t.t(t.own(verdict), "name", isolated(t.User.Name()), "permission", t.doing(), "entity", isolated(t.Entity.Name))
	if !t.Decision.Allowed {
		return out
	}
	if t.Elsewhere {
		return out + " " + t.t("explain.elsewhere")
	}
	role, policy, over := t.source()
	if policy != "" {
		return out + " " + t.t("explain.through.policy", "role", isolated(role), "policy", isolated(policy), "over", isolated(over))
	}
	return out + " " + t.t("explain.through", "role", isolated(role), "over", isolated(over))
}

// permission is what is asked about.
func (t Telling) permission() string {
	return lang.Permission(t.Lang, t.Question.Permission.String())
}

// doing is the permission within a sentence: what a platform calls its own stands
// in quotes, for it may be any words.
func (t Telling) doing() string {
	if t.Question.Permission.Info().Registered {
		return "“" + isolated(t.permission()) + "”"
	}
	return lowered(t.permission())
}

func lowered(text string) string {
	r, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToLower(r)) + text[n:]
}

// source names the first path that allows.
func (t Telling) source() (role, policy, over string) {
	for _, m := range t.Memberships {
		for _, s := range m.Assignments {
			for _, p := range s.Policies {
				if !p.Allowed {
					continue
				}
				for _, o := range s.Over {
					if o.Reaches {
						return t.Role(m.Account, s.Role), t.Places[m.Account].Policies[p.ID], t.Entities[o.Entity].Name
					}
				}
			}
		}
	}
	return "", "", ""
}

// Role is a role's name.
func (t Telling) Role(accountID, roleID string) string {
	return cmp.Or(t.Places[accountID].Roles[roleID].Title(t.Lang), roleID)
}

// Asked says what was asked beside the permission and the entity.
func (t Telling) Asked() (out []string) {
	q := t.Question
	if q.Location != "" {
		out = append(out, t.t("explain.asked.location", "location", isolated(t.Shops[q.Location].Name)))
	}
	if q.HasAmount {
		out = append(out, lang.Money(t.Lang, q.Amount, q.Currency))
	} else if q.Currency != "" {
		out = append(out, q.Currency)
	}
	if q.State != "" {
		out = append(out, t.t("explain.asked.state", "state", isolated(q.State)))
	}
	if q.Owner != "" {
		out = append(out, t.t(map[bool]string{true: "explain.asked.own", false: "explain.asked.other"}[q.Owner == q.User]))
	}
	for _, c := range q.Claims {
		typ := q.Permission.Info().Resource
		out = append(out, t.t("explain.asked.said", "property", roles.PropertyTitle(t.Lang, typ, c.Part, c.Name), "value", roles.ValueWords(t.Lang, access.KindOf(typ, c.Part, c.Name), c.Text)))
	}
	out = append(out, t.t(map[bool]string{true: "explain.asked.factor", false: "explain.asked.no_factor"}[q.SecondFactor]))
	if !q.Fresh {
		out = append(out, t.t("explain.asked.not_fresh"))
	}
	if q.IP.IsValid() {
		out = append(out, t.t("explain.asked.ip", "ip", q.IP.String()))
	}
	return out
}

// Why says each reason of a deny in a sentence.
func (t Telling) Why() []string {
	out := []string{}
	for _, code := range t.Decision.Codes() {
		out = append(out, t.t("explain.why."+code))
	}
	return out
}

// Check says what became of a rule.
func (t Telling) Check(c Check) string {
	if c.State == NotReached {
		return t.t("rule.not_reached", "rule", t.t("rule."+c.Rule))
	}
	return t.t("rule." + c.Rule + "." + c.State)
}

// Compared says of a part of a restriction what it asks for, and what was asked about.
func (t Telling) Compared(c ConditionCheck) (bound, asked string) {
	q := t.Question
	switch c.Rule {
	case "property":
		bound = roles.Permit{Permission: q.Permission.String(), Clauses: c.Only.Clauses}.Words(t.Lang)
		if c.Clause.Known {
			kind := access.KindOf(q.Permission.Info().Resource, c.Clause.Part, c.Clause.Name)
			asked = isolated(roles.ValueWords(t.Lang, kind, c.Clause.Value))
			if kind == access.UserID && c.Clause.Value == q.User {
				asked = t.t("explain.owner.self")
			}
		}
	case "own_record":
		bound, asked = t.t("explain.bound.own"), map[bool]string{true: t.t("explain.owner.self"), false: t.t("explain.owner.other")}[q.Owner == q.User]
		if q.Owner == "" {
			asked = ""
		}
	case "amount":
		bound = t.t("explain.bound.amount", "amount", lang.Money(t.Lang, c.Only.MaxAmount, c.Only.Currency))
		if q.HasAmount {
			asked = lang.Money(t.Lang, q.Amount, q.Currency)
		}
	case "currency":
		bound, asked = t.t("explain.bound.currency", "currency", c.Only.Currency), q.Currency
	case "state":
		bound, asked = t.t("explain.bound.state", "states", strings.Join(c.Only.States, ", ")), q.State
	}
	return bound, cmp.Or(asked, t.t("explain.unknown"))
}

// Step says what has to happen.
func (t Telling) Step(s access.Step) string {
	zone := t.Zone
	if zone == nil {
		zone = time.UTC
	}
	account := t.Places[s.Account].Account
	if s.Do == access.MeetClause {
		return t.meeting(s)
	}
	return t.t("advice."+s.Do, "name", isolated(t.User.Name()), "account", isolated(cmp.Or(account.Alias, account.Name)), "role", isolated(t.Role(s.Account, s.Role)),
		"entity", isolated(t.Entities[s.Entity].Name), "location", isolated(t.Shops[s.Location].Name), "time", lang.DateTime(t.Lang, time.UnixMicro(s.At).In(zone)),
		"amount", lang.Money(t.Lang, s.Amount, s.Currency), "currency", s.Currency, "states", strings.Join(s.States, ", "))
}

// meeting says how a property comes to be what a restriction asks for.
func (t Telling) meeting(s access.Step) string {
	c, typ := s.Clause, t.Question.Permission.Info().Resource
	value := func(text string) string {
		if kind := access.KindOf(typ, c.Part, c.Name); kind != access.UserID || text != t.Question.User {
			return roles.ValueWords(t.Lang, kind, text)
		}
		return isolated(t.User.Name())
	}
	property := roles.PropertyTitle(t.Lang, typ, c.Part, c.Name)
	what := t.t("advice.what.equal", "property", property, "value", value(s.Value))
	switch {
	case c.Op == access.AtMost:
		what = t.t("advice.what.at_most", "property", property, "most", lang.Number(t.Lang, c.Most))
	case c.Op == access.OneOf && len(c.Values) > 1:
		var list []string
		for _, v := range c.Values {
			list = append(list, value(v))
		}
		what = t.t("advice.what.one_of", "property", property, "values", strings.Join(list, ", "))
	}
	key := "advice.meet_clause." + c.Part.String()
	if c.Part == access.OfUser && s.Vouched == access.ByCaller {
		key = "advice.meet_clause.said"
	}
	return t.t(key, "what", what, "name", isolated(t.User.Name()))
}
