package portal

import (
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"countersign/internal/access"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/resource"
	"countersign/internal/roles"
)

// registered is a snapshot that knows a type of a platform's own, and its words.
func registered(t *testing.T) *access.Snapshot {
	t.Helper()
	typ := access.Type{Name: "parcels", From: access.FromStore, Actions: []access.Action{{Name: "open"}, {Name: "burn", Dangerous: true, NeedsTwoFactor: true}},
		Properties: []access.Property{
			{Part: access.OfResource, Name: "owner", Kind: access.UserID, Vouched: access.ByStore}, {Part: access.OfResource, Name: "state", Kind: access.Text, Vouched: access.ByStore},
			{Part: access.OfResource, Name: "weight", Kind: access.Number, Vouched: access.ByCaller}, {Part: access.OfResource, Name: "fragile", Kind: access.YesNo, Vouched: access.ByStore},
			{Part: access.OfResource, Name: "team", Kind: access.Text, Vouched: access.ByStore}}}
	gone := access.Type{Name: "pigeons", From: access.FromStore, Retired: true, Actions: []access.Action{{Name: "send"}}}
	users := []access.Property{{Part: access.OfUser, Name: "department", Kind: access.Text, Vouched: access.ByStore}}
	lang.Learn(resource.Words([]resource.Type{{Type: typ, Title: "Parcels", Titles: map[string]string{"open": "Open", "burn": "Burn {to} ashes", "resource.owner": "Owner", "resource.state": "Status", "resource.weight": "Weight", "resource.fragile": "Fragile", "resource.team": "Team"}}},
		[]resource.UserProperty{{Property: users[0], Title: "Department"}}))
	s, err := access.Build(access.World{Revision: 1, Types: []access.Type{typ, gone}, UserProperties: users})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func clause(name string, op access.Op, values ...string) access.Clause {
	return access.Clause{Part: access.OfResource, Name: name, Op: op, Values: values}
}

func TestClauses(t *testing.T) {
	s := registered(t)
	most := access.Clause{Part: access.OfResource, Name: "weight", Op: access.AtMost, Most: 12500}
	same := access.Clause{Part: access.OfResource, Name: "team", Op: access.SameAs, Other: "department"}
	sales := access.Clause{Part: access.OfUser, Name: "department", Op: access.OneOf, Values: []string{"Sales"}}
	for _, c := range []struct {
		name   string
		clause access.Clause
		en, fr string
	}{
		{"own", clause("owner", access.Own), "only where Owner is the person themselves", "seulement si Owner est la personne elle-même"},
		{"equal", clause("state", access.OneOf, "active"), "only where Status is active", "seulement si Status vaut active"},
		{"one of", clause("state", access.OneOf, "active", "a, b", `"quoted"`), `only where Status is one of active, a, b, "quoted"`, `seulement si Status est parmi active, a, b, "quoted"`},
		{"at most", most, "only where Weight is at most 12,500", "seulement si Weight vaut au plus 12\u202f500"},
		{"yes or no", clause("fragile", access.OneOf, "false"), "only where Fragile is no", "seulement si Fragile vaut non"},
		{"same as", same, "only where Team is the same as the person’s Department", "seulement si Team est identique à Department de la personne"},
		{"of the person", sales, "only where the person’s Department is Sales", "seulement si Department de la personne vaut Sales"},
		{"odd values", clause("state", access.OneOf, "x; payments:refund", "%2C", "(a)", "b|c"), "only where Status is one of x; payments:refund, %2C, (a), b|c", "seulement si Status est parmi x; payments:refund, %2C, (a), b|c"},
	} {
		t.Run("K2 "+c.name, func(t *testing.T) {
			permit := roles.Permit{Permission: "parcels:open", Clauses: []access.Clause{c.clause}}
			for tag, want := range map[lang.Tag]string{lang.English: c.en, lang.French: c.fr} {
				if got := (words{tag: tag}).limit(limitOf(s, permit)); got != want {
					t.Errorf("it reads %q, wanted %q", got, want)
				}
				if got := formOf(s, []roles.Permit{permit}, tag).permits(); !reflect.DeepEqual(got[0].Clauses, permit.Clauses) {
					t.Errorf("the form gives back %+v", got)
				}
			}
			if strings.Contains(permit.String(), ";") {
				t.Errorf("the log's text %q reads as two permissions", permit)
			}
			if back, ok := roles.ReadText(permit.String()); !ok || !reflect.DeepEqual(back, permit) {
				t.Errorf("the log's text %q reads as %+v", permit, back)
			}
		})
	}
}

func TestClauseForm(t *testing.T) {
	s := registered(t)
	open, _ := access.Parse("parcels:open")
	read := func(fields ...string) permitForm {
		f := url.Values{"permissions": {"parcels:open"}}
		for n := 0; n < len(fields); n += 2 {
			f.Set(fields[n]+".parcels:open", fields[n+1])
		}
		return readPermits(f, []access.Permission{open})
	}
	t.Run("K2 rows are read where they stand, empty ones between them left out", func(t *testing.T) {
		form := read("property.1", "resource.weight", "compare.1", "at_most", "value.1", "12 500", "property.3", "resource.fragile", "compare.3", "one_of", "value.3", "No, yes")
		want := []access.Clause{{Part: access.OfResource, Name: "weight", Op: access.AtMost, Most: 12500}, clause("fragile", access.OneOf, "false", "true")}
		if got := form.permits()[0].Clauses; !reflect.DeepEqual(got, want) {
			t.Errorf("they are %+v", got)
		}
		if rows := form.limits["parcels:open"].open(true).Clauses; len(rows) != 5 || rows[3].Value != "No, yes" || rows[0].Any() {
			t.Errorf("the form shows %+v", rows)
		}
		if got := readPermits(url.Values{"permissions": {"parcels:open"}}, []access.Permission{open}).limits["parcels:open"].open(true); len(got.Clauses) != clauseOpen {
			t.Errorf("an empty form has %d rows", len(got.Clauses))
		}
	})
	t.Run("K2 what stands on the page of who is affected comes back as it was typed", func(t *testing.T) {
		form := read("property.1", "resource.weight", "compare.1", "at_most", "value.1", "lots", "compare.2", "own")
		f := url.Values{}
		for _, typed := range form.typed() {
			f.Add(typed.Name, typed.Value)
		}
		if got := readPermits(f, []access.Permission{open}); !reflect.DeepEqual(got, form) {
			t.Errorf("it is %+v", got)
		}
	})
	t.Run("K2 what is wrong stands at its row, and the summary leads there", func(t *testing.T) {
		form := read("property.1", "resource.weight", "compare.1", "at_most", "value.1", "lots", "compare.2", "own", "property.4", "resource.state", "compare.4", "same_as.nothing")
		var fields fault.Fields
		for n, code := range []string{"restriction_most", "restriction_property", "restriction_same"} {
			fields.Add("permissions", code, "permission", "parcels:open", "clause", n+1)
		}
		v := MakerView{Permits: form.picker(s, []access.Permission{open}, func(access.Permission) bool { return false })}
		f := fault.From(fields.Err())
		v.place(f)
		rows := v.Permits.choice("parcels:open").Limit.Clauses
		if got := []string{rows[0].Problem, rows[1].Problem, rows[2].Problem, rows[3].Problem, rows[4].Problem}; !slices.Equal(got, []string{"", "most", "no_property", "", "same"}) {
			t.Errorf("the problems are %q", got)
		}
		if problems := (words{tag: lang.English}).problems(Form{Refusal: f}); problems[2].Anchor != "#f-compare.4.parcels:open" || problems[2].Label != "Parcels – Open" {
			t.Errorf("the summary is %+v", problems)
		}
	})
	t.Run("K2 a row that says nothing readable is never no restriction", func(t *testing.T) {
		for _, row := range [][]string{{"compare.0", "own"}, {"value.0", "x"}, {"property.0", "resource.state"}, {"property.0", "odd", "compare.0", "odd"}, {"property.0", "resource.state", "compare.0", "same_as"}, {"property.0", "resource.state", "compare.0", "one_of"}} {
			permit := read(row...).permits()[0]
			if !permit.Restricted() || roles.Readable(s, permit) {
				t.Errorf("%q is sent as %+v", row, permit)
			}
		}
	})
	t.Run("K2 what cannot be read or is retired is told, not ticked, and not widened by saving", func(t *testing.T) {
		list := []roles.Permit{{Permission: "parcels:open", Clauses: []access.Clause{clause("colour", access.OneOf, "red")}}, {Permission: "pigeons:send"}, {Permission: "parcels:burn", MaxAmount: -1}}
		if got := formOf(s, list, lang.English).permits(); len(got) != 0 {
			t.Errorf("the form would give %+v", got)
		}
		var told []string
		for _, l := range nothing(s, list) {
			told = append(told, l.Limit.Permission+" "+(words{tag: lang.English}).limit(l.Limit))
		}
		if want := []string{"parcels:open has a restriction that cannot be read: it gives nothing", "pigeons:send is of a retired resource type: it gives nothing", "parcels:burn has a restriction that cannot be read: it gives nothing"}; !slices.Equal(told, want) {
			t.Errorf("it tells %q", told)
		}
	})
	t.Run("K2 a registered type is a section with its own words", func(t *testing.T) {
		burn, _ := access.Parse("parcels:burn")
		pick := PickPermits(s, []access.Permission{access.MustParse("users:view"), open, burn}, nil, nil, func(access.Permission) bool { return false })
		last := pick.Groups[len(pick.Groups)-1]
		section := last.Sections[0]
		if last.Group != access.RegisteredGroup || section.Section != "parcels" || len(section.Choices) != 2 || !section.Elsewhere || !section.Choices[1].Dangerous || !section.Choices[1].NeedsTwo || !section.Choices[0].Limited {
			t.Errorf("it is %+v", last)
		}
		w := words{tag: lang.French}
		if w.section("parcels") != "Parcels" || w.deed("parcels:burn") != "Burn {to} ashes" || w.permission("parcels:burn") != "Parcels – Burn {to} ashes" {
			t.Errorf("it is called %q, %q, %q", w.section("parcels"), w.deed("parcels:burn"), w.permission("parcels:burn"))
		}
	})
}
