package api

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"countersign/internal/fault"
)

// FuzzDecode reads a request as each kind, beside a decoder that builds
// everything: both take the same, and find the same in it.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{sample, `{"evaluations":[` + sample + `,{"resource":"x"},{}],"options":{"evaluations_semantic":"deny_on_first_deny"},"subject":{"id":"a"}}`,
		`{"page":{"token":"abc","limit":5,"properties":{}},` + sample[1:], `{"page":{"limit":99999999999999999999},"subject":{"type":"u","id":7},"action":3}`, `{"subject":{"typ\u0065":"\ud83d\ude00"}}`,
		`{}`, `[]`, ``, `null`, `{"a":{"b":1,"b":2}}`, `{"resource":{"properties":{"amount":1e3}}}`, `{"context":{"ip":"fe80::1%eth0","session":"s"}}`, "{\"a\":\"\xff\"}",
		`{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"i":1}`, `{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"a":1}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for k := oneEvaluation; k <= actionSearch; k++ {
			fuzzed(t, text, k)
		}
	})
}

func fuzzed(t *testing.T, text []byte, k kind) {
	var r decoder
	err := r.decode(string(text), k)
	if err != nil && fault.From(err).Kind != fault.Malformed {
		t.Fatalf("%q as %d: %v", text, k, err)
	}
	valid := jsontext.Value(bytes.Clone(text)).IsValid() && bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{"))
	if !valid {
		if err == nil {
			t.Fatalf("%q is no JSON object, and is taken as %d", text, k)
		}
		return
	}
	if err != nil {
		if code := fault.CodeOf(err); code != "json_deep" && !strings.HasPrefix(code, "authzen_") {
			t.Fatalf("%q as %d: %s, and it is JSON", text, k, code)
		}
		return
	}
	var whole map[string]any
	mustRead(t, text, &whole)
	r.whole.same(t, partsOf(whole, k), k)
	if k.searches() {
		token, _ := in(whole, "page")["token"].(string)
		if r.page.token != token || r.page.limit < 0 || r.page.limit > searchMost {
			t.Fatalf("%q: page %+v", text, r.page)
		}
		again(t, text, k, &r)
	}
	list, _ := whole["evaluations"].([]any)
	if k == manyEvaluations && len(list) != len(r.items) {
		t.Fatalf("%q: %d evaluations, not %d", text, len(r.items), len(list))
	}
	for i := range r.items {
		if x := &r.items[i]; x.wrong == nil {
			x.same(t, partsOf(list[i].(map[string]any), k), k)
		}
	}
}

// parts are a question as a decoder builds it that knows names by their letters alone.
type parts struct{ subject, action, resource, properties, context map[string]any }

func in(of map[string]any, name string) map[string]any {
	m, _ := of[name].(map[string]any)
	return m
}

func partsOf(whole map[string]any, k kind) parts {
	p := parts{subject: in(whole, "subject"), action: in(whole, "action"), resource: in(whole, "resource"), context: in(whole, "context")}
	p.properties = in(p.resource, "properties")
	switch k {
	case subjectSearch:
		delete(p.subject, "id")
	case resourceSearch:
		delete(p.resource, "id")
	case actionSearch:
		p.action = nil
	}
	return p
}

func mustRead(t *testing.T, text []byte, into any) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
}

func (x *question) same(t *testing.T, p parts, k kind) {
	for _, c := range []struct {
		got  string
		of   map[string]any
		name string
	}{{x.subjectType, p.subject, "type"}, {x.subject, p.subject, "id"}, {x.action, p.action, "name"}, {x.resourceType, p.resource, "type"}, {x.resourceID, p.resource, "id"},
		{x.entity, p.properties, "entity"}, {x.location, p.properties, "location"}, {x.owner, p.properties, "owner"}, {x.state, p.properties, "state"}, {x.currency, p.properties, "currency"}, {x.session, p.context, "session"}} {
		if want, _ := c.of[c.name].(string); c.got != want || !utf8.ValidString(c.got) {
			t.Fatalf("as %d, %s is %q, not %q", k, c.name, c.got, want)
		}
	}
	number, sent := p.properties["amount"].(json.Number)
	if n, err := number.Int64(); sent != x.hasAmount || sent && (err != nil || n != x.amount) {
		t.Fatalf("the amount is %d %v, not %s", x.amount, x.hasAmount, number)
	}
	ip, _ := p.context["ip"].(string)
	if at, err := netip.ParseAddr(ip); (err == nil) != x.ip.IsValid() || err == nil && at.Unmap().WithZone("") != x.ip {
		t.Fatalf("the address is %v, not %q", x.ip, ip)
	}
	for name, part := range map[string]given{"type": subjectType, "id": subjectID} {
		if _, sent := p.subject[name]; sent != (x.has&part != 0) {
			t.Fatalf("subject.%s: %v, and it is said to be there: %v", name, sent, !sent)
		}
	}
}

// again: the same search, written in another way, is the same search.
func again(t *testing.T, text []byte, k kind, r *decoder) {
	want, err := r.page.name()
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	other := jsontext.Value(bytes.Clone(text))
	if err := other.Format(jsontext.ReorderRawObjects(true), jsontext.WithIndent("\t")); err != nil {
		t.Fatal(err)
	}
	var second decoder
	if err := second.decode(string(other), k); err != nil {
		t.Fatalf("%q: %v", other, err)
	}
	if got, err := second.page.name(); err != nil || got != want {
		t.Fatalf("%q and %q are not the same: %v", text, other, err)
	}
}
