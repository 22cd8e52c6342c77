package lang

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/internal/fault"
)

var place = regexp.MustCompile(`\{[a-z_]+\}`)

func TestBothLanguagesSayTheSame(t *testing.T) {
	all, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if len(all[English]) < 10 {
		t.Fatal("messages are missing")
	}
	for _, pair := range [][2]Tag{{English, French}, {French, English}} {
		for key, text := range all[pair[0]] {
			other, ok := all[pair[1]][key]
			if !ok {
				t.Errorf("%s: %s is missing", pair[1], key)
				continue
			}
			a, b := place.FindAllString(text, -1), place.FindAllString(other, -1)
			slices.Sort(a)
			slices.Sort(b)
			if !slices.Equal(slices.Compact(a), slices.Compact(b)) {
				t.Errorf("%s: places %v in %s, %v in %s", key, a, pair[0], b, pair[1])
			}
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s: empty", key)
			}
		}
	}
}

func TestSentence(t *testing.T) {
	e := fault.Missing("users:create")
	for tag, want := range map[Tag]string{English: "You need the permission users:create", French: "Il vous faut l’autorisation users:create"} {
		if got := Sentence(tag, e); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q", tag, got)
		}
	}
	if got := Sentence(English, fault.New(fault.Conflict, "no_such_code")); got != T(English, "error.internal") {
		t.Errorf("a code without words shows %q", got)
	}
	if got := T(French, "no.such.key"); got != "[no.such.key]" {
		t.Error(got)
	}
}

func TestNumbersAndDates(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 0, 0, time.UTC)
	for got, want := range map[string]string{
		Number(English, -1234567): "-1,234,567", Number(French, 1234): "1\u202f234", Number(English, 999): "999", Number(French, 0): "0",
		Date(English, at): "3 Feb 2026", DateTime(French, at): "3 févr. 2026 à 04:05",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAccept(t *testing.T) {
	for header, want := range map[string]Tag{
		"": English, "fr-CH, fr;q=0.9, en;q=0.8": French, "de, en;q=0.5": English, "xx": English, strings.Repeat("fr,", 5000): English, "\xff": English,
	} {
		if got := Accept(header); got != want {
			t.Errorf("%.20q: got %s", header, got)
		}
	}
}

func TestLine(t *testing.T) {
	for _, c := range []struct{ in, clean, problem string }{
		{"  Zoë ", "Zoë", ""}, {"Zoe\u0308", "Zoë", ""}, {"", "", "required"}, {"\u200b\u200d", "", "required"}, {"a\nb", "", "not_text"},
		{"a\x00b", "", "not_text"}, {"a\u202eb", "", "not_text"}, {"\xff", "", "not_text"}, {"abcdef", "", "too_long"}, {"日本語名前", "日本語名前", ""},
	} {
		clean, problem := Line(c.in, 5)
		if clean != c.clean || problem != c.problem {
			t.Errorf("%q: got %q, %q", c.in, clean, problem)
		}
	}
}

func TestSkeleton(t *testing.T) {
	for _, twin := range []string{"Administrator ", "ADMINISTRATOR", "Аdministrator", "Admin\u200bistrator", "Ａdministrator", "Admínistrator", "administrаtοr", "AdmlnIstrator"} {
		if Skeleton(twin) != Skeleton("Administrator") {
			t.Errorf("%q passes beside Administrator: %q", twin, Skeleton(twin))
		}
	}
	if Skeleton("Support") == Skeleton("Supports") {
		t.Error("different names fold into one")
	}
}

// TestApostrophes holds that words are set as a book sets them, in both languages.
func TestApostrophes(t *testing.T) {
	straight := regexp.MustCompile(`\p{L}'\p{L}`)
	for tag, messages := range catalogue() {
		for key, text := range messages {
			if straight.MatchString(text) {
				t.Errorf("%s: %s has a straight apostrophe: %s", tag, key, text)
			}
		}
	}
}

func TestMoney(t *testing.T) {
	for _, c := range []struct {
		tag   Tag
		minor int64
		code  string
		want  string
	}{
		{English, 125_050, "EUR", "1,250.50\u00a0EUR"}, {French, 125_050, "EUR", "1\u202f250,50\u00a0EUR"}, {English, 5, "EUR", "0.05\u00a0EUR"},
		{English, 1_200, "JPY", "1,200\u00a0JPY"}, {English, 1_234, "KWD", "1.234\u00a0KWD"}, {English, 42, "", "42"}, {English, 42, "?", "42 ?"},
	} {
		if got := Money(c.tag, c.minor, c.code); got != c.want {
			t.Errorf("%d %s in %s: %q", c.minor, c.code, c.tag, got)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		name, search string
		want         bool
	}{{"Éclair & Fils", "eclair", true}, {"Éclair & Fils", "ÉCLAIR fils", true}, {"Eclair", "éclair", false}, {"Straße", "strasse", true}, {"Activity", "", false}, {"Activity", "  ", false}, {"Activity", "tivi act", true}, {"Activity", "activities", false}} {
		if got := Matches(c.name, c.search); got != c.want {
			t.Errorf("%q in %q: %v", c.search, c.name, got)
		}
	}
}
