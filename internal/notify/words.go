package notify

import (
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/bidi"

	"countersign/internal/db"
	"countersign/internal/lang"
)

// words are what a letter is filled with.
type words struct {
	lang  lang.Tag
	kind  string
	name  string
	data  map[string]string    // as queued: a token among it
	shown map[string]string    // as people may see it
	times map[string]time.Time // UTC
}

// read takes a message apart; every value that people will see is made harmless.
func read(q db.Queued) (*words, error) {
	tag, _ := lang.Parse(string(q.Lang))
	w := &words{lang: tag, kind: q.Kind, name: isolate(clean(q.Name)), data: q.Data, shown: map[string]string{}, times: map[string]time.Time{"at": q.Created}}
	for _, key := range []string{"account", "customer_id", "roles", "inviter", "by", "ip", "address", "factor_name", "left", "device"} {
		w.shown[key] = isolate(clean(q.Data[key]))
	}
	for _, key := range []string{"expires", "at", "until"} {
		if q.Data[key] == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, q.Data[key])
		if err != nil {
			return nil, &Refused{Code: CodeLetter, Reason: fmt.Sprintf("the time %q of the message cannot be read", key)}
		}
		w.times[key] = t.UTC()
	}
	for _, who := range []string{"inviter", "by"} { // the command line has no name
		if w.shown[who] == "" {
			w.shown[who] = lang.T(tag, "mail.administrator", "account", w.shown["account"])
		}
	}
	return w, nil
}

// say is a sentence of this kind of letter.
func (w *words) say(key string) string {
	return lang.T(w.lang, "mail."+w.kind+"."+key, "account", w.shown["account"], "inviter", w.shown["inviter"], "by", w.shown["by"])
}

func (w *words) all(keys []string) []string {
	var out []string
	for _, key := range keys {
		out = append(out, w.say(key))
	}
	return out
}

// fact is a label and its value, "" when there is none.
func (w *words) fact(name string) (label, value string) {
	label = lang.T(w.lang, "mail.fact."+name)
	switch name {
	case "account":
		if w.shown["customer_id"] == "" {
			return label, w.shown["account"]
		}
		return label, lang.T(w.lang, "mail.fact.account_value", "account", w.shown["account"], "customer_id", w.shown["customer_id"])
	case "until":
		return label, w.time("expires")
	case "locked", "locks":
		return label, w.time("until")
	case "at":
		return label, w.time("at")
	case "change":
		return label, w.change()
	}
	return label, w.shown[name]
}

// change says what was changed about a second factor; "" when that is not known.
func (w *words) change() string {
	key, factor := "mail.change."+w.data["change"], "mail.factor."+w.data["factor"]
	if !lang.Has(key) {
		return ""
	}
	what := ""
	if lang.Has(factor) {
		what = lang.T(w.lang, factor)
	}
	if name := w.shown["factor_name"]; name != "" {
		what = lang.T(w.lang, "mail.factor.named", "kind", what, "name", name)
	}
	return lang.T(w.lang, key, "factor", what)
}

func (w *words) time(key string) string {
	t, ok := w.times[key]
	if !ok {
		return ""
	}
	return lang.T(w.lang, "mail.utc", "time", t)
}

// longest is how much of a name a mail shows, in code points.
const longest = 120

var harmless = strings.NewReplacer("://", ": ", "=?", "= ?")

// clean makes one harmless line of what somebody typed: nothing that ends a
// header, that turns the direction of what follows, that reads as an encoded
// word (RFC 2047: it would be decoded to a header's end after all), or that a
// mail program would make a link of (who invites could otherwise send people
// anywhere).
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029':
			return ' '
		case r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\u200e' || r == '\u200f' || r == '\u061c' || r == '\ufeff':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	s = strings.Join(strings.Fields(harmless.Replace(s)), " ")
	if utf8.RuneCountInString(s) > longest {
		s = string([]rune(s)[:longest]) + "…"
	}
	return s
}

// isolate keeps a name written from right to left from turning what stands
// beside it (Unicode TR 9, FSI and PDI).
func isolate(s string) string {
	for _, r := range s {
		p, _ := bidi.LookupString(string(r))
		if c := p.Class(); c == bidi.R || c == bidi.AL {
			return "\u2068" + s + "\u2069"
		}
	}
	return s
}

// recipient is the address with a harmless name and the domain in its ASCII form.
func recipient(name, address string) (mail.Address, error) {
	if !oneAddress(address) {
		return mail.Address{}, &Refused{Code: CodeAddress, Reason: "the recipient's address is none"}
	}
	at := strings.LastIndexByte(address, '@')
	domain, err := idna.Lookup.ToASCII(address[at+1:])
	if err != nil {
		return mail.Address{}, &Refused{Code: CodeAddress, Reason: "the recipient's address has no domain that could be looked up"}
	}
	return mail.Address{Name: clean(name), Address: address[:at+1] + domain}, nil
}

// oneAddress tells whether s is one plain address (RFC 5322, addr-spec, without
// quotes) and nothing else.
func oneAddress(s string) bool {
	a, err := mail.ParseAddress("<" + s + ">")
	return err == nil && a.Address == s && !strings.ContainsFunc(s, unicode.IsSpace)
}
