package portal

import (
	"reflect"
	"testing"

	"countersign/internal/access"
	"countersign/internal/lang"
	"countersign/internal/roles"
)

func TestAmount(t *testing.T) {
	for _, c := range []struct {
		name, text, currency string
		minor                int64
		shown                string
	}{
		{"whole", "50", "EUR", 5000, "50"},
		{"with a point", "50.25", "EUR", 5025, "50.25"},
		{"with a comma", "50,5", "EUR", 5050, "50.50"},
		{"with spaces", "1 250\u00a0000.00", "CHF", 125000000, "1250000"},
		{"below one", "0.07", "EUR", 7, "0.07"},
		{"without minor units", "5000", "JPY", 5000, "5000"},
		{"with three digits", "1.250", "KWD", 1250, "1.250"},
		{"nothing", "", "EUR", -1, ""},
		{"zero", "0", "EUR", -1, ""},
		{"less than zero", "-5", "EUR", -1, ""},
		{"too many digits", "1.005", "EUR", -1, ""},
		{"thousands by a comma", "1,000", "EUR", -1, ""},
		{"two points", "1.000.00", "EUR", -1, ""},
		{"a lone point", "5.", "EUR", -1, ""},
		{"minor units that there are not", "5.5", "JPY", -1, ""},
		{"words", "lots", "EUR", -1, ""},
		{"beyond what can be counted", "99999999999999999999", "EUR", -1, ""},
	} {
		t.Run("R3 "+c.name, func(t *testing.T) {
			got := amount(c.text, c.currency)
			if got != c.minor {
				t.Errorf("%q %s is %d, wanted %d", c.text, c.currency, got, c.minor)
			}
			if shown := roles.AmountText(lang.English, got, c.currency); shown != c.shown {
				t.Errorf("%d is shown as %q, wanted %q", got, shown, c.shown)
			}
		})
	}
	if got := roles.AmountText(lang.French, 5025, "EUR"); got != "50,25" || amount(got, "EUR") != 5025 {
		t.Errorf("in French it is %q", got)
	}
}

func TestPermitForm(t *testing.T) {
	t.Run("R3 what a form is made from comes back as it was", func(t *testing.T) {
		held := []roles.Permit{{Permission: "payments:capture", OwnOnly: true, MaxAmount: 5025, Currency: "EUR", States: []string{"authorised", "waiting"}}, {Permission: "users:view"}}
		if got := formOf(nil, held, lang.French).permits(); !reflect.DeepEqual(got, []roles.Permit{held[0], {Permission: "users:view", States: []string{}}}) {
			t.Errorf("it is %+v", got)
		}
	})
	t.Run("R3 a restriction that cannot be read is not lifted by saving the form", func(t *testing.T) {
		if got := formOf(nil, []roles.Permit{{Permission: "payments:refund", MaxAmount: -1}}, lang.English).permits(); len(got) != 0 {
			t.Errorf("the form would give %+v", got)
		}
	})
}

// TestSectionsHaveNames: whatever is grouped by section stands under a heading that is a name, and not a key.
func TestSectionsHaveNames(t *testing.T) {
	s, err := access.Build(access.World{})
	if err != nil {
		t.Fatal(err)
	}
	named := func(list ...string) {
		t.Helper()
		for _, section := range list {
			if !lang.Has("section." + section) {
				t.Errorf("a heading is %q", section)
			}
		}
	}
	for p := range access.Everything().All() {
		for _, one := range sectionsOf(s, access.SetOf(p), nil) {
			named(one.Section)
		}
		for _, one := range accessSections(inside{snapshot: s}, nil, access.SetOf(p), access.Set{}) {
			named(one.Section)
		}
		for _, one := range movedSections([]roles.Moved{{Permission: p}}, choices{}) {
			named(one.Section)
		}
	}
	for _, place := range places() {
		if place.section != SectionRecords { // of registered types
			named(string(place.section))
		}
	}
}
