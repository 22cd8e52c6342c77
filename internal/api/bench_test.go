package api_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"countersign/internal/api"
	"countersign/internal/test/testdb"
	"countersign/internal/web"
)

// BenchmarkEvaluation measures a decision over HTTP, keep-alive on loopback,
// with the load on the same processors, beside a handler of net/http that reads
// the body and answers fixed JSON. "edge" is what stands before every route.
func BenchmarkEvaluation(b *testing.B) {
	h := build(b, testdb.Open(b, testdb.SQLite, testdb.Options{}))
	service, _ := h.service("M1")
	ask := question(h.User("m1.reader"), "transactions", "view", "M1")
	ask["resource"].(part)["properties"] = part{"entity": "M1", "amount": 12550, "currency": "CHF", "state": "open"}
	ask["context"] = part{"ip": "192.0.2.7"}
	one := text(b, ask)
	deny := strings.Replace(one, `"view"`, `"export"`, 1)
	items := make([]string, 100)
	for i := range items {
		items[i] = one
	}
	hundred := `{"evaluations":[` + strings.Join(items, ",") + `]}`
	fixed := func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			http.Error(w, "", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"decision":true,"context":{"revision":90}}`)
	}
	bare := httptest.NewServer(http.HandlerFunc(fixed))
	defer bare.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+evaluation, fixed)
	edge, err := web.New(h.DB, h.door, h.Live, h.Log, web.Options{PublicURL: bare.URL})
	h.must(err)
	edged := httptest.NewServer(edge.Handler(mux, api.Answer))
	defer edged.Close()
	for _, c := range []struct{ name, url, path, body, want string }{
		{"bare", bare.URL, evaluation, one, `"decision":true`},
		{"edge", edged.URL, evaluation, one, `"decision":true`},
		{"allow", h.server.URL, evaluation, one, `"decision":true`},
		{"deny", h.server.URL, evaluation, deny, `"decision":false`},
		{"hundred", h.server.URL, evaluations, hundred, `"decision":true`},
	} {
		b.Run(c.name, func(b *testing.B) {
			load := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
			b.SetParallelism(8)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r, _ := http.NewRequest(http.MethodPost, c.url+c.path, strings.NewReader(c.body))
					r.Header.Set("Content-Type", "application/json")
					r.Header.Set("Authorization", "Bearer "+service.bearer)
					res, err := load.Do(r)
					if err != nil {
						b.Error(err)
						return
					}
					body, err := io.ReadAll(res.Body)
					res.Body.Close()
					if err != nil || !bytes.Contains(body, []byte(c.want)) {
						b.Errorf("%d %.200s %v", res.StatusCode, body, err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
		})
	}
}

// BenchmarkEvaluationHandler is the same without a network.
func BenchmarkEvaluationHandler(b *testing.B) {
	h := build(b, testdb.Open(b, testdb.SQLite, testdb.Options{}))
	service, _ := h.service("M1")
	one := text(b, question(h.User("m1.reader"), "transactions", "view", "M1"))
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, evaluation, strings.NewReader(one))
		r.Header.Set("Authorization", "Bearer "+service.bearer)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.server.Config.Handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body.String())
		}
	}
}
