package signin

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
)

//go:embed common.txt
var commonText string

// commonWords are the words of common.txt.
var commonWords = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for line := range strings.Lines(commonText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for word := range strings.FieldsSeq(line) {
			words[word] = true
		}
	}
	return words
})

// common tells whether a folded password is one that guessers try first: a
// listed word, up to three of them in a row, or a repeated one, in leet or not,
// with some numbers and signs around it.
func common(folded string) bool {
	for _, core := range cores(folded) {
		for _, plain := range plainForms(core) {
			letters := onlyLetters(plain)
			if isListed(letters, 3) || isListed(string(pieceOf([]rune(letters))), 3) {
				return true
			}
		}
	}
	return false
}

// cores are the password without what people put around a word.
func cores(s string) []string {
	notLetter := func(r rune) bool { return !unicode.IsLetter(r) }
	out := []string{s}
	for _, core := range []string{strings.TrimRightFunc(s, notLetter), strings.TrimLeftFunc(s, notLetter), strings.TrimFunc(s, notLetter)} {
		if n := len([]rune(s)) - len([]rune(core)); core != "" && n > 0 && n <= decorationMax {
			out = append(out, core)
		}
	}
	return out
}

// plainForms undo leet; the figure 1 stands for two letters.
func plainForms(s string) []string {
	return []string{leetI.Replace(s), leetL.Replace(s)}
}

var (
	leetI = strings.NewReplacer("0", "o", "1", "i", "!", "i", "3", "e", "€", "e", "4", "a", "@", "a", "5", "s", "$", "s", "7", "t", "+", "t", "8", "b")
	leetL = strings.NewReplacer("0", "o", "1", "l", "!", "l", "3", "e", "€", "e", "4", "a", "@", "a", "5", "s", "$", "s", "7", "t", "+", "t", "8", "b")
)

// onlyLetters takes out what separates words, so that "pass-word" is one.
func onlyLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsPunct(r) || unicode.IsSymbol(r) {
			return -1
		}
		return r
	}, s)
}

// isListed tells whether s is a listed word or at most parts of them in a row;
// in a row, words of fewer than four letters do not count.
func isListed(s string, parts int) bool {
	words := commonWords()
	if words[s] {
		return true
	}
	if parts <= 1 {
		return false
	}
	for i := 4; i <= len(s)-4; i++ {
		if words[s[:i]] && isListed(s[i:], parts-1) {
			return true
		}
	}
	return false
}
