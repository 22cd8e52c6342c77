package profile_test

import (
	"slices"
	"strings"
	"testing"

	"countersign/internal/access"
	"countersign/internal/lang"
	"countersign/internal/profile"
)

func TestToxic(t *testing.T) {
	ps, err := profile.Load()
	if err != nil {
		t.Fatal(err)
	}
	combinations := ps.Combinations()
	var keys []string
	for _, c := range combinations {
		keys = append(keys, c.Key)
		if c.Name("fr") == c.Name("en") || c.Reason("fr") == c.Reason("en") || !strings.HasSuffix(c.Reason("en"), ".") {
			t.Errorf("R12 %s: %q %q", c.Key, c.Names, c.Reasons)
		}
		if text := lang.T(lang.French, "setting.toxic_off."+c.Key); text != c.Name("fr") {
			t.Errorf("R12 the settings call %s %q", c.Key, text)
		}
	}
	for _, d := range profile.Definitions() {
		if strings.HasPrefix(d.Key, "toxic_") && d.Type == profile.List && !slices.Equal(d.Options, keys) {
			t.Errorf("R12 %s has the options %q, and there are %q", d.Key, d.Options, keys)
		}
	}
	for _, name := range ps.Names() {
		t.Run("R12 no role of "+name+" is itself what is blocked there", func(t *testing.T) {
			p, _ := ps.Get(name)
			for _, r := range p.Roles {
				for i := range combinations {
					if c := &combinations[i]; !r.Administrator && c.In(access.Closed(r.Permissions)) && p.Settings.Toxic(c) == profile.Blocked {
						t.Errorf("%s has %s", r.Key, c.Key)
					}
				}
			}
		})
	}
	both := combinations[slices.Index(keys, "both_approvals")]
	for name, c := range map[string]struct {
		s    profile.Settings
		want string
	}{
		"as all are":                      {profile.Settings{ToxicCombinations: "blocked"}, "blocked"},
		"flagged alone":                   {profile.Settings{ToxicCombinations: "blocked", ToxicFlagged: []string{both.Key}}, "flagged"},
		"off alone":                       {profile.Settings{ToxicCombinations: "blocked", ToxicOff: []string{both.Key}}, "off"},
		"blocked alone":                   {profile.Settings{ToxicCombinations: "off", ToxicBlocked: []string{both.Key}}, "blocked"},
		"in all lists, the strictest":     {profile.Settings{ToxicCombinations: "off", ToxicBlocked: keys, ToxicFlagged: keys, ToxicOff: keys}, "blocked"},
		"in two lists, the stricter":      {profile.Settings{ToxicCombinations: "off", ToxicFlagged: keys, ToxicOff: keys}, "flagged"},
		"the same person may, so it goes": {profile.Settings{ToxicCombinations: "blocked", ToxicBlocked: keys, SamePersonTwice: true}, "off"},
	} {
		t.Run("R12 B20 "+name, func(t *testing.T) {
			if got := c.s.Toxic(&both); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
