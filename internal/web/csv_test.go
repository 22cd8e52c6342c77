package web_test

import (
	"encoding/csv"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/web"
)

func TestCSV(t *testing.T) {
	b := httptest.NewRecorder()
	c, err := web.NewCSV(b, "people.csv")
	if err != nil {
		t.Fatal(err)
	}
	rows := [][]string{{"name", "note"}, {"Zoë O'Hara", `she said "no", twice`}, {"", "名前"}}
	for _, r := range rows {
		if err := c.Row(r...); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := b.Header().Get("Content-Disposition"); got != `attachment; filename="people.csv"` {
		t.Errorf("it is sent as %s", got)
	}
	text, marked := strings.CutPrefix(b.Body.String(), "\ufeff")
	if !marked {
		t.Error("Excel does not see that it is UTF-8")
	}
	got, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || cmp.Diff(rows, got) != "" {
		t.Errorf("%v: %s", err, cmp.Diff(rows, got))
	}
}

// TestAttackFormulas writes what spreadsheets run into every kind of cell.
func TestAttackFormulas(t *testing.T) {
	for cell, want := range map[string]string{
		"=1+1":                      "'=1+1",
		"+41 44 555 01 02":          "'+41 44 555 01 02",
		"-2":                        "'-2",
		"@SUM(A1)":                  "'@SUM(A1)",
		"＝1+1":                      "'＝1+1",
		"\t=1":                      " '=1",
		"\r=1":                      " '=1",
		"\n@x":                      " '@x",
		"  =1":                      "  '=1",
		"a;=cmd|' /C calc'!A0;":     "a;'=cmd|' /C calc'!A0;",
		"a,=1":                      "a,'=1",
		`a"=1`:                      `a"'=1`,
		"'=1":                       "''=1",
		"1-2":                       "1-2",
		"ada@example.com":           "ada@example.com",
		"M1-A":                      "M1-A",
		"https://x.example/?a=b;+c": "https://x.example/?a=b;'+c",
		"":                          "",
	} {
		if got := web.Plain(cell); got != want {
			t.Errorf("%q becomes %q, want %q", cell, got, want)
		}
	}
}

type full struct{ *httptest.ResponseRecorder }

func (full) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestCSVTellsOfFailure(t *testing.T) {
	c, err := web.NewCSV(full{httptest.NewRecorder()}, "people.csv")
	if err != nil {
		t.Fatal(err)
	}
	for range 10_000 {
		if err = c.Row(strings.Repeat("x", 100)); err != nil {
			break
		}
	}
	if err == nil || c.Flush() == nil {
		t.Error("a row that was not written went unnoticed")
	}
}
