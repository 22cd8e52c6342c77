package people

import (
	"strings"
	"unicode/utf8"
)

// A term is one thing that users are found by, in found_by: one to three letters
// in a row of what a search looks through, a role, an entity, or a state.
const (
	lettersTerm = "g"
	roleTerm    = "r"
	entityTerm  = "e"
	everywhere  = "*" // a role over all entities of the account
	came        = "s:in"
	shut        = "s:out"
	idle        = "s:idle" // locked by inactivity
	old         = "s:old"  // their password is, as of accounts.old_since
)

// longest is how many letters in a row are a term. Whatever is not longer is
// found exactly; of a longer word the terms that it has, and then it is compared.
const longest = 3

// letterTerms adds the letters in a row that a text has, some of them twice: all
// that a search for any part of any of its words could ask for.
func letterTerms(text string, add func(letters string)) {
	for word := range strings.FieldsSeq(text) {
		var begins []int // of the last letters
		for at := 0; at < len(word); {
			_, width := utf8.DecodeRuneInString(word[at:])
			if begins = append(begins, at); len(begins) > longest {
				begins = begins[1:]
			}
			at += width
			for _, begin := range begins {
				add(word[begin:at])
			}
		}
	}
}

// wordTerms are terms that all users have in whom a word occurs: those that
// cover it first, then the ones between.
func wordTerms(word string) []string {
	letters := []rune(word)
	if len(letters) <= longest {
		return []string{lettersTerm + word}
	}
	var cover, between []string
	last := len(letters) - longest
	for i := 0; i <= last; i++ {
		term := lettersTerm + string(letters[i:i+longest])
		if i%longest == 0 || i == last {
			cover = append(cover, term)
		} else {
			between = append(between, term)
		}
	}
	return append(cover, between...)
}
