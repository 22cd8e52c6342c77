package access_test

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/lang"
)

// infoLine writes an Info as a line of testdata/catalogue.txt.
func infoLine(p access.Permission) string {
	i := p.Info()
	var words []string
	for _, f := range []struct {
		word string
		on   bool
	}{
		{"needs_2fa", i.NeedsTwoFactor}, {"dangerous", i.Dangerous}, {"ungrantable", i.Ungrantable}, {"step_up", i.StepUp},
		{"direct_payment", i.DirectPayment}, {"located", i.Located}, {"own_account", i.OwnAccount}, {"built", i.Built},
	} {
		if f.on {
			words = append(words, f.word)
		}
	}
	if i.MinLevel != 0 {
		words = append(words, "min_level="+i.MinLevel.String())
	}
	return strings.TrimSpace(fmt.Sprintf("%s [%s] %s", p, i.Section, strings.Join(words, " ")))
}

func TestCatalogue(t *testing.T) {
	want := readLines(t, "testdata/catalogue.txt")
	var got []string
	for _, p := range access.Permissions() {
		if p.Info().Resource != "page" {
			got = append(got, infoLine(p))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the catalogue and its decision table differ (-table +catalogue):\n%s", d)
	}
}

func readLines(t *testing.T, file string) []string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	for s := bufio.NewScanner(f); s.Scan(); {
		if text := strings.TrimSpace(s.Text()); text != "" && text[0] != '#' {
			out = append(out, strings.Join(strings.Fields(text), " "))
		}
	}
	if len(out) == 0 {
		t.Fatalf("%s is empty", file)
	}
	return out
}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range access.Permissions() {
		name := p.String()
		if back, ok := access.Parse(name); !ok || back != p || seen[name] {
			t.Errorf("%s: parsed as %v %v, seen %v", name, back, ok, seen[name])
		}
		seen[name] = true
	}
	for _, bad := range []string{"", ":", "transactions", "transactions:", ":view", "transactions:View", "transactions:view ", "transactions:view:x", "page:sensitive"} {
		if p, ok := access.Parse(bad); ok {
			t.Errorf("%q is read as %v", bad, p)
		}
	}
	if got := access.Permission(9999).String() + access.Permission(0).String(); got != "" {
		t.Errorf("a permission that does not exist is called %q", got)
	}
}

// TestPages: one page permission for each section that has a page, and any permission of a section brings it along.
func TestPages(t *testing.T) {
	for _, s := range access.Sections() {
		if _, ok := access.Lookup("page", s.Key); ok != s.Page {
			t.Errorf("section %s: page %v, permission %v", s.Key, s.Page, ok)
		}
	}
	for _, p := range access.Permissions() {
		i := p.Info()
		closed := access.Closed(access.SetOf(p))
		if page, ok := access.Lookup("page", i.Section); ok && !closed.Has(page) {
			t.Errorf("%s does not bring page:%s along", p, i.Section)
		}
		if i.Section != "sensitive" && !slices.ContainsFunc(access.Sections(), func(s access.Section) bool { return s.Page && s.Key == i.Section }) {
			t.Errorf("%s is in the section %q, which has no page", p, i.Section)
		}
		if page, _ := access.Lookup("page", i.Section); page.Info().MinLevel != 0 && (i.MinLevel == 0 || i.MinLevel > page.Info().MinLevel) {
			t.Errorf("people of the level of %s cannot open its page", p)
		}
		if again := access.Closed(closed); again != closed {
			t.Errorf("%s: what it brings along brings more along", p)
		}
	}
	for name, want := range map[string]access.Kind{"page:resource_types": access.Platform, "page:accounts": access.Partner, "page:entities": 0, "page:matrix": 0} {
		if got := access.MustParse(name).Info().MinLevel; got != want {
			t.Errorf("%s is from level %v on, want %v", name, got, want)
		}
	}
	full, search := access.MustParse("transactions:search_full"), access.MustParse("transactions:search")
	if !access.Closed(access.SetOf(full)).Has(search) || access.Closed(access.SetOf(search)).Has(full) {
		t.Error("search_full includes search, and not the other way round")
	}
}

func TestWords(t *testing.T) {
	var keys []string
	for _, p := range access.Permissions() {
		keys = append(keys, "permission."+p.String(), "permission."+p.String()+".help")
	}
	for _, s := range access.Sections() {
		keys = append(keys, "section."+s.Key, "section."+s.Key+".help", "section.group."+s.Group)
	}
	for _, code := range access.ReasonCodes() {
		keys = append(keys, "reason."+code)
	}
	for _, code := range []string{access.RefusedUnknownRole, access.RefusedDeprecatedRole, access.RefusedNoEntity, access.RefusedUnknownEntity, access.RefusedCeiling, access.RefusedOwnAccess, access.RefusedUnknownMember} {
		keys = append(keys, "reason."+code)
	}
	for _, key := range keys {
		for _, tag := range lang.All() {
			if got := lang.T(tag, key, "permission", "p"); strings.ContainsAny(got, "[{") || got == "" {
				t.Errorf("%s in %s: %q", key, tag, got)
			}
		}
	}
}

func TestSet(t *testing.T) {
	a, b := access.MustParse("home:view"), access.MustParse("page:accounts")
	s := access.SetOf(a, b)
	if s.Len() != 2 || !s.Has(a) || !s.Has(b) || s.Has(0) || s.Empty() {
		t.Errorf("set of two: %v", s)
	}
	if got := slices.Collect(s.All()); !slices.Equal(got, []access.Permission{a, b}) {
		t.Errorf("all: %v", got)
	}
	if got := s.Minus(access.SetOf(a)); got != access.SetOf(b) || s.And(got) != got || got.Union(access.SetOf(a)) != s {
		t.Errorf("minus: %v", got)
	}
	if none := (access.Set{}).With(0).With(9999); !none.Empty() || none.Has(9999) {
		t.Error("a permission that does not exist is in a set")
	}
	if n := access.Everything().Len(); n != len(access.Permissions()) {
		t.Errorf("everything holds %d", n)
	}
}

func TestKind(t *testing.T) {
	for _, word := range []string{"platform", "facilitator", "partner", "merchant", "legal_entity"} {
		if k, ok := access.ParseKind(word); !ok || k.String() != word {
			t.Errorf("%s: %v %v", word, k, ok)
		}
	}
	for _, bad := range []string{"", "Platform", "shop"} {
		if k, ok := access.ParseKind(bad); ok {
			t.Errorf("%q is read as %v", bad, k)
		}
	}
}
