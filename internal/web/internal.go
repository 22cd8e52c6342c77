package web

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"countersign/internal/signin"
)

type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	known    sync.Map // outcome to its series: finding one by labels costs more than counting
}

// outcome is what requests are counted by; there are as many as routes have statuses.
type outcome struct {
	method, route string
	status        int
}

type series struct {
	requests prometheus.Counter
	seconds  prometheus.Observer
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "countersign_http_requests_total", Help: "Requests answered, by route and status."},
			[]string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "countersign_http_request_seconds", Help: "Time to answer, by route.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}, []string{"route"}),
	}
	m.registry.MustRegister(m.requests, m.seconds, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) count(method, route string, status int, took time.Duration) {
	of := outcome{method, route, status}
	found, ok := m.known.Load(of)
	if !ok {
		found, _ = m.known.LoadOrStore(of, series{m.requests.WithLabelValues(method, route, strconv.Itoa(status)), m.seconds.WithLabelValues(route)})
	}
	s := found.(series)
	s.requests.Inc()
	s.seconds.Observe(took.Seconds())
}

// methodOf is a request's method as metrics and the log name it: a made-up one
// must not make a new series, nor a line of any length.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

// Health is what the internal listener needs to know beside the database.
type Health struct {
	Passwords *signin.Passwords
	Stale     func() bool // the access snapshot is older than the last look
}

// Internal serves /healthz (the process lives), /readyz (it can answer: the
// schema is right, the platform is set up, decisions are current) and /metrics,
// for those who run the server; it has no sign-in and belongs on an address of
// its own.
func (e *Edge) Internal(h Health) http.Handler {
	e.gauges(h)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if why := e.unready(r.Context(), h); why != "" {
			http.Error(w, why, http.StatusServiceUnavailable)
			return
		}
		w.Write([]byte("ready\n"))
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(e.metrics.registry, promhttp.HandlerOpts{}))
	return mux
}

func (e *Edge) unready(ctx context.Context, h Health) string {
	ctx, stop := context.WithTimeout(ctx, 2*time.Second)
	defer stop()
	switch {
	case e.DB.Ready(ctx) != nil:
		return "the database does not answer, or its schema is not this release's"
	case e.ready(ctx) != nil:
		return "the platform is not set up: run 'countersign init'"
	case e.Live.Load() == nil:
		return "no access snapshot yet"
	case h.Stale():
		return "the access snapshot is stale"
	}
	return ""
}

func (e *Edge) gauges(h Health) {
	gauge := func(name, help string, value func() float64) {
		e.metrics.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	gauge("countersign_access_revision", "Revision of the access snapshot that answers.", func() float64 {
		if s := e.Live.Load(); s != nil {
			return float64(s.Revision())
		}
		return 0
	})
	gauge("countersign_access_stale", "1 while the access snapshot may be old.", func() float64 {
		if h.Stale() {
			return 1
		}
		return 0
	})
	gauge("countersign_hashing_running", "Passwords being checked.", func() float64 { return float64(h.Passwords.Load().Hashing) })
	gauge("countersign_hashing_waiting", "Sign-ins that wait for a place.", func() float64 { return float64(h.Passwords.Load().Waiting) })
}
