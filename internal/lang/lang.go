// Package lang makes every word that a person reads: messages in English and
// French, dates, numbers.
//
// Messages stand in messages/ROOM.en.yaml and messages/ROOM.fr.yaml as flat
// "key: text" pairs, with {name} where a value goes. A message that counts has
// the keys KEY.one and KEY.other and takes the value {count}; French says "one"
// for 0 and 1, English for 1 only (Unicode CLDR plural rules). A refusal's
// sentence has the key "error.CODE", a field's "field.CODE". What people registered
// has the words that they gave it (Learn).
//
// The one rule: both languages have the same keys and the same places for
// values; a test holds it, and another that every key used in Go exists.
package lang

import (
	"embed"
	"fmt"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"
	"golang.org/x/text/language"

	"countersign/internal/fault"
)

// Tag is a language of the product.
type Tag string

// The languages there are.
const (
	English Tag = "en"
	French  Tag = "fr"
)

// All lists the languages, the default first.
func All() []Tag { return []Tag{English, French} }

// Parse gives the language with that code, and whether there is one.
func Parse(code string) (Tag, bool) {
	for _, t := range All() {
		if string(t) == code {
			return t, true
		}
	}
	return English, false
}

var matcher = language.NewMatcher([]language.Tag{language.English, language.French})

// Accept chooses the language for an Accept-Language header (RFC 9110, 12.5.4).
func Accept(header string) Tag {
	if len(header) > 1000 {
		return English
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return English
	}
	_, i, _ := matcher.Match(tags...)
	return All()[i]
}

//go:embed messages
var files embed.FS

var catalogue = sync.OnceValue(func() map[Tag]map[string]string {
	all, err := load()
	if err != nil {
		panic(err) // the files are part of the program; a test loads them
	}
	return all
})

func load() (map[Tag]map[string]string, error) {
	all := map[Tag]map[string]string{English: {}, French: {}}
	entries, err := files.ReadDir("messages")
	if err != nil {
		return nil, err
	}
	for _, f := range entries {
		parts := strings.Split(f.Name(), ".")
		if len(parts) != 3 || parts[2] != "yaml" {
			return nil, fmt.Errorf("messages/%s: want ROOM.LANGUAGE.yaml", f.Name())
		}
		tag, ok := Parse(parts[1])
		if !ok {
			return nil, fmt.Errorf("messages/%s: unknown language", f.Name())
		}
		text, err := files.ReadFile(path.Join("messages", f.Name()))
		if err != nil {
			return nil, err
		}
		var pairs map[string]string
		if err := yaml.UnmarshalWithOptions(text, &pairs, yaml.Strict()); err != nil {
			return nil, fmt.Errorf("messages/%s: %w", f.Name(), err)
		}
		for key, text := range pairs {
			if _, twice := all[tag][key]; twice {
				return nil, fmt.Errorf("messages/%s: %s stands in another file too", f.Name(), key)
			}
			all[tag][key] = text
		}
	}
	return all, nil
}

// Has tells whether there is a message with that key, of the files or learned.
func Has(key string) bool {
	_, ok := catalogue()[English][key]
	if !ok {
		_, ok = learnedText(key)
	}
	return ok
}

// T is the message of a key, its places filled from pairs of name and value.
// A key without a message comes back as itself in brackets, which a test looks for on every page.
func T(tag Tag, key string, pairs ...any) string {
	if len(pairs) == 0 {
		return fill(tag, key, nil)
	}
	args := make(fault.Args, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		if name, ok := pairs[i].(string); ok {
			args[name] = pairs[i+1]
		}
	}
	return fill(tag, key, args)
}

func fill(tag Tag, key string, args fault.Args) string {
	messages, ok := catalogue()[tag]
	if !ok {
		tag, messages = English, catalogue()[English]
	}
	text, ok := messages[key]
	if !ok {
		if n, counted := args["count"]; counted {
			text, ok = messages[key+plural(tag, n)]
		}
		if !ok {
			if text, ok = learnedText(key); ok {
				return text // as somebody wrote it: its braces are no places
			}
			return "[" + key + "]"
		}
	}
	if !strings.ContainsRune(text, '{') {
		return text
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			b.WriteString("{" + rest)
			return b.String()
		}
		if v, ok := args[name]; ok {
			b.WriteString(show(tag, v))
		} else {
			b.WriteString("{" + name + "}")
		}
		text = after
	}
}

func plural(tag Tag, n any) string {
	i, ok := whole(n)
	if ok && (i == 1 || tag == French && i == 0) {
		return ".one"
	}
	return ".other"
}

func whole(n any) (int64, bool) {
	switch v := n.(type) {
	case int:
		return int64(v), true
	case int64:
		return v, true
	}
	return 0, false
}

func show(tag Tag, v any) string {
	switch x := v.(type) {
	case string:
		return x
	case time.Time:
		return DateTime(tag, x)
	}
	if i, ok := whole(v); ok {
		return Number(tag, i)
	}
	return fmt.Sprint(v)
}

// Sentence is what a person reads of a refusal.
func Sentence(tag Tag, e *fault.Error) string {
	key := "error." + e.Code
	if !Has(key) && !Has(key+".other") { // a sentence that counts has two forms
		key = "error.internal"
	}
	return fill(tag, key, e.Args)
}

// FieldSentence is what a person reads beside a wrong field.
func FieldSentence(tag Tag, f fault.Field) string {
	key := "field." + f.Code
	if !Has(key) && !Has(key+".other") {
		key = "field.invalid"
	}
	return fill(tag, key, f.Args)
}

// Number writes a whole number with the language's grouping: 12,345 and 12 345
// (a narrow no-break space in French).
func Number(tag Tag, n int64) string {
	sep := ","
	if tag == French {
		sep = "\u202f"
	}
	s := fmt.Sprint(n)
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + sep + s[i:]
	}
	return sign + s
}

var months = map[Tag][12]string{
	English: {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
	French:  {"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."},
}

// Date writes a day, in the zone t is in: "4 Mar 2026", "4 mars 2026".
func Date(tag Tag, t time.Time) string {
	m, ok := months[tag]
	if !ok {
		m = months[English]
	}
	return fmt.Sprintf("%d %s %d", t.Day(), m[t.Month()-1], t.Year())
}

// DateTime writes a minute, in the zone t is in: "4 Mar 2026, 15:04".
func DateTime(tag Tag, t time.Time) string {
	sep := ", "
	if tag == French {
		sep = " à "
	}
	return Date(tag, t) + sep + t.Format("15:04")
}
