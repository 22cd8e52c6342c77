//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package signin_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/profile"
	"countersign/internal/signin"
)

// The candidates of standards.md, section 2, and more; each must give exactly
// the reasons named.
func TestRules(t *testing.T) {
	profiles, err := profile.Load()
	if err != nil {
		t.Fatal(err)
	}
	standard, _ := profiles.Get(profile.Standard)
	with := signin.RulesOf([]profile.Settings{standard.Settings}, false)
	alone := signin.RulesOf([]profile.Settings{standard.Settings}, true)
	mixed := with
	mixed.Classes = 3
	own := []string{"Maxime", "Delacroix", "m.delacroix@northwind.example", ""}

	for _, c := range []struct {
		name     string
		rules    signin.Rules
		password string
		want     string
	}{
		{"nothing", with, "", "required"},
		{"one letter twelve times", with, "aaaaaaaaaaaa", "password_repeats"},
		{"11 characters", with, "vj4Kd82mQzt", "password_short"},
		{"12 letters", with, "vjtkdlwmqzrh", ""},
		{"12 letters and a digit", with, "vjtkdlwmqzrh7", ""},
		{"14 alone", alone, "vjtkdlwmqzrhbx", "password_short_alone"},
		{"15 letters alone", alone, "vjtkdlwmqzrhbxp", ""},
		{"15 with spaces", alone, "oak tin six map", ""},
		{"64 characters", with, strings.Repeat("vjtkdlwm", 8), ""},
		{"65 characters", with, strings.Repeat("vjtkdlwm", 8) + "x", ""},
		{"200 emoji, counted as characters", with, strings.Repeat("🔑", 200), ""},
		{"12 different emoji", with, "🍇🐳🚲🎺🧊🪁🥁🌵🧵🛶🦉🍋", ""},
		{"11 emoji", with, "🍇🐳🚲🎺🧊🪁🥁🌵🧵🛶🦉", "password_short"},
		{"wide letters of a listed word", with, "Ａｄｍｉｎｉｓｔｒａｔｏｒ", "password_common"},
		{"wide letters, short", with, "Ａｄｍｉｎ", "password_short password_common"},
		{"last name inside", with, "xk-DELACROIX-42", "password_own_word"},
		{"first name in leet", with, "xk-m4x1m3-4279q", "password_own_word"},
		{"the address's own part", with, "zz m.delacroix zz", "password_own_word"},
		{"product name", with, "my countersign pw", "password_own_word"},
		{"trailing space is a character", with, "vj4Kd82mQzt ", ""},
		{"NUL byte", with, "vj4Kd82mQzt\x00abc", "password_not_text"},
		{"invalid UTF-8", with, "vj4Kd82mQzt\xffabc", "password_not_text"},
		{"1,000 code points", with, strings.Repeat("vjtkdlwmqz", 100), ""},
		{"1,001 code points", with, strings.Repeat("vjtkdlwmqz", 100) + "x", "password_too_long"},
		{"10 MB", with, strings.Repeat("vjtkdlwmqz", 1_000_000), "password_too_long"},
		{"common word and a year", with, "Password2026!", "password_common"},
		{"common word in leet", with, "P@ssw0rd!2026", "password_common"},
		{"common word twice", with, "letmeinLETMEIN", "password_repeats"},
		{"common words in a row", with, "dragonsunshine", "password_common"},
		{"famous sentence", with, "correct horse battery staple", "password_common"},
		{"French", with, "M0tDePasse2026", "password_common"},
		{"months", with, "Septembre-2026", "password_common"},
		{"alphabet", with, "abcdefghijkl", "password_sequence"},
		{"digits backwards", with, "210987654321", "password_sequence"},
		{"keyboard row", with, "qwertyuiopas", "password_sequence"},
		{"keyboard columns", with, "1qaz2wsx3edc", "password_sequence"},
		{"French keyboard", with, "azertyuiopqs", "password_sequence"},
		{"a piece again and again", with, "abz7abz7abz7", "password_repeats"},
		{"few characters", with, "ababbabaabba", "password_repeats"},
		{"short and common, both told", with, "welcome1", "password_short password_common"},
		{"a sentence of ordinary words", with, goodPassword, ""},
		{"a common word among others", with, "seven dragon kayaks", ""},
		{"many digits beside a common word", with, "password 8391746205", ""},
		{"classes where a profile asks", mixed, "vjtkdlwmqzrh", "password_classes"},
		{"classes given", mixed, "Vjtkdlwmqzrh7", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var f fault.Fields
			c.rules.Check(&f, "password", c.password, own...)
			var got []string
			if f.Any() {
				for _, field := range fault.From(f.Err()).Fields {
					got = append(got, field.Code)
					for _, tag := range lang.All() {
						if s := lang.FieldSentence(tag, field); s == "" || strings.ContainsAny(s, "{}") {
							t.Errorf("%s says %q for %s", tag, s, field.Code)
						}
					}
				}
			}
			if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
