package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"countersign/internal/test/server"
)

// BenchmarkStorm is what people who are in feel of 200 who sign in at once, over and over, waiting out Retry-After: the
// real program on its own, on the same processors as both; the 200 stand back, as others' machines would. It reports the median and the 99th percentile of a page in
// milliseconds, quiet and in the storm, their ratio (aim: at most 2), and how many sign-ins were checked a second.
func BenchmarkStorm(b *testing.B) {
	const span = 20 * time.Second
	s := server.Start(b, server.Options{Flags: []string{"--hashing-workers", "1"}})
	in := s.Client()
	in.Activate(s.Link, "a quiet harbour at noon")
	cookie := &http.Cookie{Name: "__Host-session", Value: in.Cookie("__Host-session")}
	for b.Loop() {
		calm := visits(b, s, cookie, span)
		checked, end := storm(b, s.URL)
		time.Sleep(2 * time.Second) // until the queue is full
		before := checked.Load()
		rough := visits(b, s, cookie, span)
		b.ReportMetric(float64(checked.Load()-before)/span.Seconds(), "sign-ins/s")
		end()
		b.ReportMetric(calm.at(50), "quiet-p50-ms")
		b.ReportMetric(calm.at(99), "quiet-p99-ms")
		b.ReportMetric(rough.at(50), "storm-p50-ms")
		b.ReportMetric(rough.at(99), "storm-p99-ms")
		b.ReportMetric(rough.at(99)/calm.at(99), "p99-ratio")
	}
	b.ReportMetric(0, "ns/op")
}

type latencies []time.Duration

func (l latencies) at(percent int) float64 {
	slices.Sort(l)
	return float64(l[(len(l)-1)*percent/100]) / float64(time.Millisecond)
}

// visits are ten people who open a page every tenth of a second.
func visits(b *testing.B, s *server.Server, cookie *http.Cookie, span time.Duration) (all latencies) {
	var mu sync.Mutex
	var people sync.WaitGroup
	end := time.Now().Add(span)
	for i := range 10 {
		people.Go(func() {
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
			time.Sleep(time.Duration(i) * 10 * time.Millisecond)
			tick := time.NewTicker(100 * time.Millisecond)
			defer tick.Stop()
			for time.Now().Before(end) {
				began := time.Now()
				status, _ := send(b.Context(), client, http.MethodGet, s.URL+"/a/PLATFORM/users", "", cookie)
				took := time.Since(began)
				if status != http.StatusOK {
					b.Errorf("a page answers %d", status)
					return
				}
				mu.Lock()
				all = append(all, took)
				mu.Unlock()
				<-tick.C
			}
		})
	}
	people.Wait()
	return all
}

// stormAt has this program be the two hundred who sign in, at an address.
const stormAt = "COUNTERSIGN_STORM_AT"

func init() {
	address := os.Getenv(stormAt)
	if address == "" {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	var crowd sync.WaitGroup
	for i := range 200 {
		crowd.Go(func() { storming(ctx, address, i, func() { os.Stdout.WriteString(".") }) })
	}
	io.Copy(io.Discard, os.Stdin) // until whoever began it has had enough
	stop()
	crowd.Wait()
	os.Exit(0)
}

// storm has two hundred people sign in again and again, from a process of its own:
// they stand for people at other machines, so they must not be in the way of those
// whose time is measured here. checked counts whose password was compared.
func storm(b *testing.B, address string) (checked *atomic.Int64, end func()) {
	c := exec.Command("nice", "-n", "19", os.Args[0])
	c.Env = append(os.Environ(), stormAt+"="+address)
	in, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	checked = &atomic.Int64{}
	counted := make(chan struct{})
	go func() {
		defer close(counted)
		dots := make([]byte, 512)
		for {
			n, err := out.Read(dots)
			if checked.Add(int64(n)); err != nil {
				return
			}
		}
	}()
	return checked, func() {
		in.Close()
		<-counted
		c.Wait()
	}
}

// storming is one of those who sign in: a wrong name costs the same work as a right one.
func storming(ctx context.Context, address string, i int, checked func()) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
	for n := 0; ctx.Err() == nil; n++ {
		form := url.Values{"identifier": {fmt.Sprintf("nobody%d-%d@storm.example", i, n)}, "password": {"thirty grey herons asleep"}, "next": {""}}
		status, wait := send(ctx, client, http.MethodPost, address+"/signin", form.Encode(), nil)
		if status == http.StatusUnauthorized {
			checked()
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

func send(ctx context.Context, client *http.Client, method, address, body string, cookie *http.Cookie) (status int, retry time.Duration) {
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return 0, time.Second
	}
	if cookie != nil {
		r.AddCookie(cookie)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := client.Do(r)
	if err != nil {
		return 0, time.Second
	}
	defer answer.Body.Close()
	buffer := make([]byte, 32<<10)
	for err == nil {
		_, err = answer.Body.Read(buffer)
	}
	seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
	return answer.StatusCode, time.Duration(max(seconds, 1)) * time.Second
}
