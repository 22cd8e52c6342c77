package api

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"countersign/internal/fault"
)

// scanner reads JSON from front to back and builds nothing: texts are parts of
// what it reads, save those that are written with escapes. It is strict: RFC 8259,
// with names that are unique in their object and valid UTF-8 (I-JSON, RFC 7493), and
// no deeper than requestDepth. A general decoder takes three times as long, which
// is most of what a request for many decisions costs (BenchmarkDecode).
type scanner struct {
	text  string
	at    int
	depth int
}

const requestDepth = 100

func (s *scanner) malformed() error { return fault.New(fault.Malformed, "json_malformed", "at", s.at) }

// peek is the first byte of what comes next, behind blanks; 0 at the end.
func (s *scanner) peek() byte {
	if s.at < len(s.text) && s.text[s.at] > ' ' {
		return s.text[s.at]
	}
	return s.behindBlanks()
}

func (s *scanner) behindBlanks() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// take reads one byte that must come next.
func (s *scanner) take(c byte) error {
	if s.peek() == c && s.at < len(s.text) {
		s.at++
		return nil
	}
	return s.malformed()
}

// into goes into an object or a list; the caller comes out of it by s.depth--.
func (s *scanner) into() error {
	s.at++
	if s.depth++; s.depth > requestDepth {
		return fault.New(fault.Malformed, "json_deep", "max", requestDepth)
	}
	return nil
}

// memberNames are those of one object so far. Most have few.
type memberNames struct {
	first [8]string
	count int
	more  map[string]bool
}

func (n *memberNames) add(name string) error {
	for i := range min(n.count, len(n.first)) {
		if n.first[i] == name {
			return fault.New(fault.Malformed, "field_twice", "name", short(name))
		}
	}
	if n.count < len(n.first) {
		n.first[n.count] = name
	} else {
		if n.more[name] {
			return fault.New(fault.Malformed, "field_twice", "name", short(name))
		}
		if n.more == nil {
			n.more = map[string]bool{}
		}
		n.more[name] = true
	}
	n.count++
	return nil
}

// members reads an object, which must come next; each reads the value of one name.
func (s *scanner) members(each func(name string) error) error {
	if err := s.into(); err != nil {
		return err
	}
	var seen memberNames
	for s.peek() != '}' {
		if seen.count > 0 {
			if err := s.take(','); err != nil {
				return err
			}
		}
		if s.peek() != '"' {
			return s.malformed()
		}
		name, err := s.string()
		if err != nil {
			return err
		}
		if err := seen.add(name); err != nil {
			return err
		}
		if err := s.take(':'); err != nil {
			return err
		}
		s.peek()
		if err := each(name); err != nil {
			return err
		}
	}
	s.at++
	s.depth--
	return nil
}

// elements reads a list, which must come next; each reads one of its values.
func (s *scanner) elements(each func() error) error {
	if err := s.into(); err != nil {
		return err
	}
	for first := true; s.peek() != ']'; first = false {
		if !first {
			if err := s.take(','); err != nil {
				return err
			}
			s.peek()
		}
		if err := each(); err != nil {
			return err
		}
	}
	s.at++
	s.depth--
	return nil
}

// skip reads any value and takes nothing from it.
func (s *scanner) skip() error {
	switch c := s.peek(); {
	case c == '"':
		_, err := s.string()
		return err
	case c == '{':
		return s.members(func(string) error { return s.skip() })
	case c == '[':
		return s.elements(s.skip)
	case c == '-' || '0' <= c && c <= '9':
		_, err := s.number()
		return err
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(s.text[s.at:], word) {
			s.at += len(word)
			return nil
		}
	}
	return s.malformed()
}

// plain are the bytes that stand in a text for themselves: not its end, no escape,
// no control character, none of a longer letter.
var plain = func() (t [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// string reads a text, which must come next.
func (s *scanner) string() (string, error) {
	begin := s.at
	i, text := begin+1, s.text
	for i < len(text) && plain[text[i]] {
		i++
	}
	if i < len(text) && text[i] == '"' {
		s.at = i + 1
		return text[begin+1 : i], nil
	}
	return s.letters(i)
}

// letters reads the rest of a text that has an escape or a letter of another
// alphabet, or that is none.
func (s *scanner) letters(i int) (string, error) {
	begin, escaped := s.at, false
	for ; ; i++ {
		if s.at = i; i >= len(s.text) || s.text[i] < ' ' {
			return "", s.malformed()
		}
		switch s.text[i] {
		case '\\':
			escaped = true
			i++
			continue
		case '"':
		default:
			continue
		}
		break
	}
	raw := s.text[begin : i+1]
	if s.at = begin; !utf8.ValidString(raw) {
		return "", fault.New(fault.Malformed, "json_text")
	}
	if escaped {
		text, err := jsontext.AppendUnquote(nil, raw)
		if err != nil {
			return "", s.malformed()
		}
		s.at = i + 1
		return string(text), nil
	}
	s.at = i + 1
	return raw[1 : len(raw)-1], nil
}

// number reads a number, which must come next, as it is written.
func (s *scanner) number() (string, error) {
	begin := s.at
	digits := func() bool {
		from := s.at
		for s.at < len(s.text) && '0' <= s.text[s.at] && s.text[s.at] <= '9' {
			s.at++
		}
		return s.at > from
	}
	is := func(any string) bool {
		if s.at < len(s.text) && strings.IndexByte(any, s.text[s.at]) >= 0 {
			s.at++
			return true
		}
		return false
	}
	is("-")
	if !is("0") && !digits() {
		return "", s.malformed()
	}
	if is(".") && !digits() {
		return "", s.malformed()
	}
	if is("eE") {
		is("+-")
		if !digits() {
			return "", s.malformed()
		}
	}
	return s.text[begin:s.at], nil
}

// What follows reads values that must be of a kind. A value of another kind is
// read as far as it goes, so that its error comes only when it is JSON.

func (s *scanner) want(what, kind string) error {
	if err := s.skip(); err != nil {
		return err
	}
	return fault.New(fault.Malformed, "authzen_"+kind, "name", what)
}

func (s *scanner) object(what string, each func(name string) error) error {
	if s.peek() != '{' {
		return s.want(what, "object")
	}
	return s.members(each)
}

// ignored reads an object that nothing is taken from.
func (s *scanner) ignored(what string) error {
	if s.peek() != '{' {
		return s.want(what, "object")
	}
	return s.skip()
}

func (s *scanner) textOf(what string, to *string) (err error) {
	if s.peek() != '"' {
		return s.want(what, "text")
	}
	*to, err = s.string()
	return err
}

// integer reads a whole number that is written as one: no 1.0, and no 1e3. code is
// of the refusal of any other.
func (s *scanner) integer(code string) (text string, err error) {
	if c := s.peek(); c != '-' && (c < '0' || c > '9') {
		if err := s.skip(); err != nil {
			return "", err
		}
		return "", fault.New(fault.Malformed, code)
	}
	if text, err = s.number(); err != nil {
		return "", err
	}
	if strings.ContainsAny(text, ".eE") {
		return "", fault.New(fault.Malformed, code)
	}
	return text, nil
}

func parsed(text, code string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fault.New(fault.Malformed, code)
	}
	return n, nil
}
