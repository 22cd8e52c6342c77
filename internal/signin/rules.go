package signin

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"countersign/internal/fault"
	"countersign/internal/profile"
)

// Rules say what a new password must be: the strictest of the accounts that the
// person is in. There is none on which kinds of characters to mix unless an
// account's profile asks for it (NIST SP 800-63B-4, 3.1.1.2).
type Rules struct {
	Length  int  // code points at least
	Alone   bool // the password is the only factor
	Classes int  // of lower case, upper case, digits, signs; 0: not asked
	History int  // how many earlier passwords may not come back
}

// RulesOf makes the rules from the settings of all accounts a person is in.
// alone says that the password is their only factor: then it must be longer.
func RulesOf(all []profile.Settings, alone bool) Rules {
	r := Rules{Alone: alone}
	for _, s := range all {
		r.Length = max(r.Length, s.PasswordLength)
		if alone {
			r.Length = max(r.Length, s.PasswordLengthAlone)
		}
		r.Classes = max(r.Classes, s.PasswordClasses)
		r.History = max(r.History, s.PasswordHistory)
	}
	return r
}

// Product is a word that no password may hold, beside the person's own.
const Product = "countersign"

const (
	ownWordLeast  = 4  // shorter names are inside too many honest words
	patternMost   = 63 // code points; in longer passwords no pattern is looked for
	decorationMax = 8  // numbers and signs around a common word
)

// Check notes under field everything that is wrong with a password, each with
// its own code: password_not_text, password_too_long, password_short or
// password_short_alone, password_repeats, password_sequence, password_common,
// password_own_word, password_classes. own are the person's names, e-mail and
// user name. History is not looked at here: it costs hashes.
func (r Rules) Check(f *fault.Fields, field, password string, own ...string) {
	switch {
	case password == "":
		f.Add(field, "required")
		return
	case !utf8.ValidString(password) || strings.ContainsRune(password, 0):
		f.Add(field, "password_not_text")
		return
	case tooLong(field, password) != nil:
		f.Add(field, "password_too_long", "max", passwordMax)
		return
	}
	text := norm.NFKC.String(password)
	n := utf8.RuneCountInString(text)
	if n < r.Length {
		code := "password_short"
		if r.Alone {
			code = "password_short_alone"
		}
		f.Add(field, code, "min", r.Length)
	}
	folded := fold(text)
	runes := []rune(folded)
	switch {
	case len(runes) > patternMost:
	case repeats(runes, r.Length):
		f.Add(field, "password_repeats")
	case sequence(runes):
		f.Add(field, "password_sequence")
	case common(folded):
		f.Add(field, "password_common")
	}
	if word := ownWord(folded, own); word != "" {
		f.Add(field, "password_own_word", "word", word)
	}
	if r.Classes > 0 && classes(text) < r.Classes {
		f.Add(field, "password_classes", "classes", r.Classes)
	}
}

// fold is the form in which passwords are compared with words.
func fold(s string) string { return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s))) }

// repeats finds a short piece written again and again, and few different
// characters: what is left of either is shorter than it looks.
func repeats(s []rune, least int) bool {
	different := map[rune]bool{}
	for _, r := range s {
		different[r] = true
	}
	if len(s) >= 8 && len(different) < 5 {
		return true
	}
	piece := pieceOf(s)
	return len(piece)*2 <= len(s) && len(piece) < least
}

// pieceOf is the shortest piece whose repetition begins with s.
func pieceOf(s []rune) []rune {
	for p := 1; p < len(s); p++ {
		if slices.Equal(s[p:], s[:len(s)-p]) {
			return s[:p]
		}
	}
	return s
}

// rows are how keys lie beside and below each other, on English, French and
// German keyboards.
var rows = []string{
	"1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn", "qwertzuiop", "yxcvbnm",
	"&é\"'(-è_çà)", "!@#$%^&*()", "1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "1aqw", "2zsx",
}

// sequence tells whether s consists of runs (abcd, 4321, qwerty, aaa) that are
// three characters long or more on average.
func sequence(s []rune) bool {
	runs, open := 0, direction(0)
	for i := range s {
		if i > 0 {
			if d := between(s[i-1], s[i]) & open; d != 0 {
				open = d
				continue
			}
		}
		runs++
		open = ^direction(0)
	}
	return len(s) >= 6 && runs*3 <= len(s)
}

type direction uint8

const (
	same direction = 1 << iota
	up
	down
	along
	back
)

func between(a, b rune) direction {
	var d direction
	switch b - a {
	case 0:
		d |= same
	case 1:
		d |= up
	case -1:
		d |= down
	}
	for _, row := range rows {
		if strings.Contains(row, string([]rune{a, b})) {
			d |= along
		}
		if strings.Contains(row, string([]rune{b, a})) {
			d |= back
		}
	}
	return d
}

// ownWord finds one of the person's own words, or the product's, in a password.
func ownWord(folded string, own []string) string {
	words := []string{Product}
	for _, o := range own {
		o, _, _ = strings.Cut(fold(o), "@")
		words = append(words, o)
		words = append(words, strings.FieldsFunc(o, func(r rune) bool { return !unicode.IsLetter(r) })...)
	}
	forms := append(plainForms(folded), folded)
	for _, w := range words {
		if utf8.RuneCountInString(w) < ownWordLeast {
			continue
		}
		for _, form := range forms {
			if strings.Contains(form, w) {
				return w
			}
		}
	}
	return ""
}

func classes(s string) int {
	var lower, upper, digit, sign int
	for _, r := range s {
		switch {
		case unicode.IsLower(r):
			lower = 1
		case unicode.IsUpper(r):
			upper = 1
		case unicode.IsDigit(r):
			digit = 1
		default:
			sign = 1
		}
	}
	return lower + upper + digit + sign
}
