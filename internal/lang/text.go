package lang

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Line cleans one line that a person typed: NFC, spaces trimmed. problem is ""
// or the code of what is wrong: "required" (nothing is left), "too_long" (more
// than max code points), "not_text" (invalid UTF-8, control characters, or
// marks that turn the direction of writing, which hide what a name really is).
func Line(s string, max int) (clean, problem string) {
	if !utf8.ValidString(s) {
		return "", "not_text"
	}
	clean = strings.TrimFunc(norm.NFC.String(s), unicode.IsSpace)
	for _, r := range clean {
		if unicode.IsControl(r) || turnsDirection(r) || r == utf8.RuneError || r == '\u2028' || r == '\u2029' {
			return "", "not_text"
		}
	}
	switch {
	case clean == "" || invisible(clean):
		return "", "required"
	case utf8.RuneCountInString(clean) > max:
		return "", "too_long"
	}
	return clean, ""
}

// Storable tells whether every database can hold a text and look it up: valid
// UTF-8 without NUL, which PostgreSQL refuses. What is not is nobody's id.
func Storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

func turnsDirection(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\u200e' || r == '\u200f'
}

func invisible(s string) bool {
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.In(r, unicode.Cf) }) == ""
}

// Fold is the form in which text is searched and sorted: NFKC, case folded,
// spaces trimmed and run together.
func Fold(s string) string {
	folded := norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
	return strings.Join(strings.Fields(folded), " ")
}

// Bare takes accents off a folded text, for sorting, and for those who search
// without typing any.
func Bare(folded string) string {
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(folded)))
}

// Skeleton is the form in which names must differ (roles, usernames): Fold, and
// letters that look alike made one (after Unicode TR 39, for the scripts that
// imitate Latin), marks that do not show removed. It is never shown.
func Skeleton(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(Fold(s)) {
		if unicode.In(r, unicode.Cf, unicode.Mn) {
			continue
		}
		if like, ok := lookAlike[r]; ok {
			r = like
		}
		b.WriteRune(r)
	}
	return b.String()
}

var lookAlike = func() map[rune]rune {
	pairs := map[rune]string{
		'a': "аɑα", 'b': "ьƅ", 'c': "сϲᴄ", 'd': "ԁ", 'e': "еҽє", 'g': "ɡց", 'h': "һհ", 'i': "іιıӏɩ", 'j': "јϳ",
		'k': "кκ", 'l': "ⅼǀ1|", 'm': "мⅿ", 'n': "ոп", 'o': "оοօσ०০0", 'p': "рρ", 'q': "ԛգ", 'r': "гᴦ",
		's': "ѕꜱ", 't': "тτ", 'u': "υսᴜ", 'v': "νѵᴠ", 'w': "ѡԝᴡω", 'x': "хχ", 'y': "уүγ", 'z': "ᴢ", '-': "‐‑‒–—−", '\'': "’‘ʼ`",
	}
	m := map[rune]rune{}
	for latin, others := range pairs {
		for _, r := range others {
			m[r] = latin
		}
	}
	m['i'], m['l'] = 'l', 'l' // capital i and small L are one line
	for r, like := range m {
		if like == 'i' {
			m[r] = 'l'
		}
	}
	return m
}()

// Matches tells whether every word of a search is part of a name; accents count
// only where they were typed.
func Matches(name, search string) bool {
	written := Fold(name)
	keys := written + " " + Bare(written)
	words := strings.Fields(Fold(search))
	return len(words) > 0 && !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(keys, w) })
}
