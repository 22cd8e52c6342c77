package api_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"countersign/internal/api"
	"countersign/internal/config"
	"countersign/internal/test/figures"
	"countersign/internal/test/testdb"
	"countersign/internal/web"
)

// BenchmarkEvaluation measures decisions over HTTP, keep-alive on loopback, with
// the load on the same processors, beside a handler of net/http that reads the
// body and answers fixed JSON; "edge" is what stands before every route. All take
// turns within a run, and ratios are the medians over the turns. The load writes
// bytes made beforehand, so that it costs little beside what is measured. It takes
// its own time, whatever -benchtime says. "logged" writes the log line of each
// request into a file, the others nowhere. "hundred" has what is the same for all
// at the top, as the specification advises; "hundred-whole" says it a hundred times.
// How long answers take is measured on the real program (BenchmarkDecisions in
// cmd/countersign).
func BenchmarkEvaluation(b *testing.B) {
	h := build(b, testdb.Open(b, testdb.SQLite, testdb.Options{}))
	service, _ := h.service("M1")
	ask := question(h.User("m1.reader"), "transactions", "view", "M1")
	ask["resource"].(part)["properties"] = part{"entity": "M1", "amount": 12550, "currency": "CHF", "state": "open"}
	ask["context"] = part{"ip": "192.0.2.7"}
	one := text(b, ask)
	deny := strings.Replace(one, `"view"`, `"export"`, 1)
	whole := `{"evaluations":[` + strings.Join(hundredOf(one), ",") + `]}`
	parts := text(b, with(without(ask, "resource"), "evaluations", slices.Repeat([]part{{"resource": ask["resource"]}}, 100)))
	people := text(b, with(whoMay("transactions", "view", "M1"), "page", part{"limit": 10}))
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
	file, err := os.Create(filepath.Join(b.TempDir(), "log"))
	h.must(err)
	defer file.Close()
	log, end := config.Common{LogLevel: "info"}.LogTo(file)
	defer end()
	telling, err := web.New(h.DB, h.door, h.Live, h.Log, web.Options{PublicURL: h.origin, Log: log})
	h.must(err)
	logged := httptest.NewServer(telling.Handler(h.mux, api.Answer))
	defer logged.Close()
	ours := h.server.Listener.Addr().String()
	cases := []*load{
		{name: "bare", address: bare.Listener.Addr().String(), path: evaluation, body: one, want: `{"decision":true`},
		{name: "edge", address: edged.Listener.Addr().String(), path: evaluation, body: one, want: `{"decision":true`},
		{name: "allow", address: ours, path: evaluation, body: one, want: `{"decision":true`},
		{name: "deny", address: ours, path: evaluation, body: deny, want: `{"decision":false`},
		{name: "hundred", address: ours, path: evaluations, body: parts, want: `{"evaluations":[{"decision":true`},
		{name: "hundred-whole", address: ours, path: evaluations, body: whole, want: `{"evaluations":[{"decision":true`},
		{name: "bare-whole", address: bare.Listener.Addr().String(), path: evaluations, body: whole, want: `{"decision":true`},
		{name: "logged", address: logged.Listener.Addr().String(), path: evaluation, body: one, want: `{"decision":true`},
		{name: "people", address: ours, path: searches[0], body: people, want: `{"page":{"next_token":`},
	}
	const rounds = 15
	for range rounds {
		for _, c := range cases {
			c.bearer = service.bearer
			rate, busy := c.run(b, 16, 400*time.Millisecond)
			c.rates, c.busy = append(c.rates, rate), append(c.busy, busy)
		}
	}
	bare1, allow := cases[0], cases[2]
	for _, c := range cases {
		b.ReportMetric(figures.Median(c.rates), c.name+"/s")
		b.ReportMetric(figures.Median(c.busy), c.name+"-cpu-us")
		b.ReportMetric(100*figures.Ratio(c.rates, bare1.rates), c.name+"-of-bare-%")
		b.ReportMetric(100*figures.Ratio(bare1.busy, c.busy), c.name+"-of-bare-by-cpu-%")
	}
	for _, many := range cases[4:6] {
		b.ReportMetric(100*figures.Ratio(many.rates, allow.rates), many.name+"-decisions-x")
		b.ReportMetric(100*figures.Ratio(allow.busy, many.busy), many.name+"-decisions-by-cpu-x")
	}
}

// busy is the processor time, in microseconds, that this process has had.
func busy() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Sec+u.Stime.Sec)*1e6 + float64(u.Utime.Usec+u.Stime.Usec)
}

// hundredOf are a hundred questions about as many records.
func hundredOf(one string) (list []string) {
	for i := range 100 {
		list = append(list, strings.NewReplacer(`"id":"1"`, fmt.Sprintf(`"id":"txn_%d"`, i), "12550", strconv.Itoa(12550+i)).Replace(one))
	}
	return list
}

// load is one request, sent over and over.
type load struct {
	name, address, path, body, want, bearer string

	rates, busy []float64 // by turn: requests a second; processor time of a request in microseconds, the load's own included
}

// line is one connection of a load.
type line struct {
	net.Conn
	in      *bufio.Reader
	request []byte
	answer  []byte
}

func (l *load) dial(b *testing.B) *line {
	c, err := net.Dial("tcp", l.address)
	if err != nil {
		b.Fatal(err)
	}
	return &line{Conn: c, in: bufio.NewReaderSize(c, 64<<10), request: fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s", l.path, l.bearer, len(l.body), l.body)}
}

// ask sends the request and reads its answer, whose length must be told or which comes in chunks.
func (c *line) ask(want string) error {
	if _, err := c.Write(c.request); err != nil {
		return err
	}
	length := -1
	for first := true; ; first = false {
		text, err := c.in.ReadSlice('\n')
		switch {
		case err != nil:
			return err
		case first && !bytes.HasPrefix(text, []byte("HTTP/1.1 200 ")):
			return fmt.Errorf("answered %s", text)
		case bytes.HasPrefix(text, []byte("Content-Length: ")):
			length, err = strconv.Atoi(string(bytes.TrimSpace(text[16:])))
			if err != nil {
				return err
			}
		}
		if len(text) == 2 {
			break
		}
	}
	chunked := length < 0
	for {
		if chunked {
			text, err := c.in.ReadSlice('\n')
			if err != nil {
				return err
			}
			n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 16, 32)
			if err != nil {
				return err
			}
			length = int(n) + 2
		}
		c.answer = slices.Grow(c.answer[:0], length)[:length]
		if _, err := io.ReadFull(c.in, c.answer); err != nil {
			return err
		}
		if chunked && length == 2 {
			return nil
		}
		if want != "" && !bytes.HasPrefix(c.answer, []byte(want)) {
			return fmt.Errorf("answered %.300s", c.answer)
		}
		if want = ""; !chunked {
			return nil
		}
	}
}

// run sends as fast as answers come, over so many connections.
func (l *load) run(b *testing.B, connections int, during time.Duration) (rate, each float64) {
	before := busy()
	var count atomic.Int64
	var all sync.WaitGroup
	begun := time.Now()
	for range connections {
		c := l.dial(b)
		all.Go(func() {
			defer c.Close()
			n := int64(0)
			for ; time.Since(begun) < during; n++ {
				if err := c.ask(l.want); err != nil {
					b.Errorf("%s: %v", l.name, err)
					return
				}
			}
			count.Add(n)
		})
	}
	all.Wait()
	n := float64(count.Load())
	return n / time.Since(begun).Seconds(), (busy() - before) / n
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
