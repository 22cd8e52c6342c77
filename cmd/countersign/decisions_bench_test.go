package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"countersign/internal/test/figures"
	"countersign/internal/test/server"
)

// BenchmarkDecisions has wrk ask the real program for decisions, its log written to a file, in turns with a program that
// reads the body whole and answers fixed JSON: requests a second over 16 and 64 connections; and in milliseconds the
// percentiles at about half of that, once over many connections that pause after an answer, whose requests come in bursts
// because wrk's pauses are whole milliseconds, and once over two that do not. Medians over the turns, ratios too. wrk works
// on the same processors.
func BenchmarkDecisions(b *testing.B) {
	wrk, err := exec.LookPath("wrk")
	if err != nil {
		b.Skip("there is no wrk here: install it to measure decisions over HTTP")
	}
	s := server.Start(b, server.Options{Flags: []string{"--clock-offset-file="}}) // the clock of test builds reads a file at each use
	owner := s.Client()
	owner.Activate(s.Link, "a quiet harbour at noon")
	var token struct {
		Token string `json:"token"`
	}
	owner.JSON(http.MethodPost, "/api/v1/accounts/PLATFORM/service-tokens", map[string]any{"name": "gateway"}).Decode(b, &token)
	s.Secret("a service token", token.Token)
	var me struct {
		ID string `json:"id"`
	}
	owner.JSON(http.MethodGet, "/api/v1/me", nil).Decode(b, &me)
	body, err := json.Marshal(map[string]any{"subject": map[string]any{"type": "user", "id": me.ID}, "action": map[string]any{"name": "view"},
		"resource": map[string]any{"type": "transactions", "id": "1", "properties": map[string]any{"entity": "PLATFORM", "amount": 12550, "currency": "CHF", "state": "open"}},
		"context":  map[string]any{"ip": "192.0.2.7"}})
	if err != nil {
		b.Fatal(err)
	}
	script := filepath.Join(b.TempDir(), "ask.lua")
	text := fmt.Sprintf("wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\nwrk.headers['Authorization'] = 'Bearer %s'\nwrk.body = %q\n"+
		"local pause = tonumber(os.getenv('PAUSE'))\nif pause > 0 then function delay() return math.random(0, 2 * pause) end end\n", token.Token, body)
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	sides := []*struct {
		name, url                          string
		rates, many, p50, p99, two, twoP99 []float64
	}{{name: "ours", url: s.URL + "/access/v1/evaluation"}, {name: "bare", url: bare(b)}}
	const turns, connections = 9, 64
	for range turns {
		for _, x := range sides {
			x.rates = append(x.rates, ask(b, wrk, script, x.url, 16, 0).rate)
			x.many = append(x.many, ask(b, wrk, script, x.url, connections, 0).rate)
		}
	}
	const pause, answer = 4, 0.5 // milliseconds: between two requests of a connection, and about what an answer takes
	half := int(figures.Median(sides[0].rates) / 2 * (pause + answer) / 1000)
	for range turns {
		for _, x := range sides {
			told := ask(b, wrk, script, x.url, half, pause)
			x.p50, x.p99 = append(x.p50, told.p50), append(x.p99, told.p99)
			b.ReportMetric(told.rate, x.name+"-half/s")
			told = ask(b, wrk, script, x.url, 2, 0)
			x.two, x.twoP99 = append(x.two, told.rate), append(x.twoP99, told.p99)
		}
	}
	for _, x := range sides {
		b.ReportMetric(figures.Median(x.rates), x.name+"/s")
		b.ReportMetric(figures.Median(x.many), x.name+"-64/s")
		b.ReportMetric(figures.Median(x.p50), x.name+"-at-half-p50-ms")
		b.ReportMetric(figures.Median(x.p99), x.name+"-at-half-p99-ms")
		b.ReportMetric(figures.Median(x.two), x.name+"-two/s")
		b.ReportMetric(figures.Median(x.twoP99), x.name+"-two-p99-ms")
	}
	b.ReportMetric(100*figures.Ratio(sides[0].rates, sides[1].rates), "of-bare-%")
	b.ReportMetric(100*figures.Ratio(sides[0].many, sides[1].many), "of-bare-64-%")
	b.ReportMetric(0, "ns/op")
}

type asked struct{ rate, p50, p99 float64 }

var (
	perSecond  = regexp.MustCompile(`Requests/sec:\s+([\d.]+)`)
	percentile = regexp.MustCompile(`\s(50|99)%\s+([\d.]+)(us|ms|s)`)
	refusedAny = regexp.MustCompile(`Non-2xx|Socket errors`)
)

// ask has wrk ask for a while; pause is the mean of what each connection waits between two requests, in milliseconds.
func ask(b *testing.B, wrk, script, url string, connections, pause int) (out asked) {
	b.Helper()
	c := exec.Command(wrk, "-t1", "-c"+strconv.Itoa(connections), "-d4s", "--latency", "-s", script, url)
	c.Env = append(os.Environ(), "PAUSE="+strconv.Itoa(pause))
	text, err := c.CombinedOutput()
	rate := perSecond.FindSubmatch(text)
	if err != nil || rate == nil || refusedAny.Match(text) {
		b.Fatalf("wrk: %v\n%s", err, text)
	}
	out.rate, _ = strconv.ParseFloat(string(rate[1]), 64)
	for _, m := range percentile.FindAllSubmatch(text, -1) {
		ms, _ := strconv.ParseFloat(string(m[2]), 64)
		ms *= map[string]float64{"us": 1e-3, "ms": 1, "s": 1e3}[string(m[3])]
		if string(m[1]) == "50" {
			out.p50 = ms
		} else {
			out.p99 = ms
		}
	}
	return out
}

// bareAt has this program answer fixed JSON at an address, until its input ends.
const bareAt = "COUNTERSIGN_BARE_AT"

func init() {
	address := os.Getenv(bareAt)
	if address == "" {
		return
	}
	go http.ListenAndServe(address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			http.Error(w, "", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"decision":true,"context":{"revision":90}}`)
	}))
	io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

// bare starts it, and gives its address.
func bare(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), bareAt+"="+address)
	in, err := c.StdinPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); c.Wait() })
	for range 100 {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return "http://" + address
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.Fatal("the bare program does not answer")
	return ""
}
