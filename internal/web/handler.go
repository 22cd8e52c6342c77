package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"countersign/internal/fault"
	"countersign/internal/seal"
)

// Handler wraps what is served; see the package comment for the order. otherwise
// answers what goes wrong before a route has been found.
func (e *Edge) Handler(next http.Handler, otherwise Answer) http.Handler {
	origin := http.NewCrossOriginProtection()
	if err := origin.AddTrustedOrigin(e.o.PublicURL); err != nil {
		e.o.Log.Error("public URL is no origin", "error", err)
	}
	next, err := compressing(next)
	if err != nil {
		panic(err) // options that are written here
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := e.requestID(r)
		v := e.begin(r, id)
		v.wrote.ResponseWriter = w
		v.answer = otherwise
		v.ctx = context.WithValue(r.Context(), visitKey{}, v)
		r = r.WithContext(v.ctx)
		defer e.told(r, v)
		defer e.recovered(r, v)
		e.headers(v.wrote.Header(), id)
		if e.toLocalhost(&v.wrote, r) {
			return
		}
		if err := e.maintenance(r); err != nil {
			e.Fail(&v.wrote, r, err)
			return
		}
		if err := origin.Check(r); err != nil {
			e.Fail(&v.wrote, r, fault.New(fault.Forbidden, "cross_origin").Because(err))
			return
		}
		r.Body = http.MaxBytesReader(&v.wrote, r.Body, e.o.BodyLimit)
		if !strings.HasPrefix(r.URL.Path, "/assets/") && !strings.HasPrefix(r.URL.Path, "/access/") {
			e.recognise(r, v)
		}
		next.ServeHTTP(&v.wrote, r)
	})
}

var goodRequestID = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`)

// requestID is ours, except where AuthZEN lets the caller name its own
// (Authorization API 1.0, 10.1.2).
func (e *Edge) requestID(r *http.Request) string {
	if id := r.Header.Get("X-Request-ID"); strings.HasPrefix(r.URL.Path, "/access/") && goodRequestID.MatchString(id) {
		return id
	}
	id, err := seal.ID(e.DB.Random(), "req")
	if err != nil {
		return "req_unknown"
	}
	return id
}

const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

func (e *Edge) headers(h http.Header, id string) {
	h.Set("X-Request-ID", id)
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), microphone=(), geolocation=()")
	h.Set("Cache-Control", "no-store")
	if e.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
}

// toLocalhost leads a person who typed a loopback address to the name in the
// public URL, where cookies and security keys work.
func (e *Edge) toLocalhost(w http.ResponseWriter, r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil || r.Method != http.MethodGet || !strings.HasPrefix(e.host, "localhost") {
		return false
	}
	if a, err := netip.ParseAddr(host); err != nil || !a.IsLoopback() || strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/access/") {
		return false
	}
	if r.URL.Path == "" || r.URL.Path[0] != '/' || strings.HasPrefix(r.URL.Path, "//") {
		return false
	}
	http.Redirect(w, r, e.o.PublicURL+r.URL.RequestURI(), http.StatusTemporaryRedirect)
	return true
}

func (e *Edge) recovered(r *http.Request, v *Visit) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler {
		panic(p)
	}
	err := fmt.Errorf("panic: %v", p)
	e.o.Log.Error("panic", "request_id", v.Who.RequestID, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	v.fault, v.cause = fault.From(err), err
	if !v.wrote.begun {
		v.answer(&v.wrote, r, v, v.fault)
	}
}

// told writes the request's one log line and counts it. The pattern stands for
// the path, which may hold a link's token; the query is never written.
func (e *Edge) told(r *http.Request, v *Visit) {
	took := time.Duration(e.DB.Now()-v.Begun.UnixMicro()) * time.Microsecond
	pattern := r.Pattern
	if pattern == "" {
		pattern = "none"
	}
	status := v.wrote.status
	if status == 0 {
		status = http.StatusOK
	}
	e.metrics.count(methodOf(r), pattern, status, took)
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("method", methodOf(r)), slog.String("route", pattern), slog.Int("status", status), slog.Int64("bytes", v.wrote.bytes),
		slog.Duration("took", took), slog.String("ip", v.Who.IP.String()), slog.String("request_id", v.Who.RequestID),
	}
	if v.Who.ID != "" {
		attrs = append(attrs, slog.String("who", v.Who.ID), slog.String("session", v.Who.Ref))
	}
	if v.Account != "" {
		attrs = append(attrs, slog.String("account", v.Account))
	}
	if v.fault != nil {
		attrs = append(attrs, slog.String("refused", v.fault.Code))
		switch {
		case errors.Is(v.cause, context.Canceled) && r.Context().Err() != nil:
			attrs = append(attrs, slog.Bool("gone", true)) // whoever asked has not waited
		case v.fault.Kind == fault.Internal || v.fault.Code == "database_away":
			level = slog.LevelError
			attrs = append(attrs, slog.String("cause", v.cause.Error()))
		}
	}
	e.o.Log.LogAttrs(r.Context(), level, "request", attrs...)
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	begun  bool
}

// WriteHeader notes the status.
func (w *recorder) WriteHeader(status int) {
	if !w.begun {
		w.status, w.begun = status, true
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes.
func (w *recorder) Write(p []byte) (int, error) {
	w.begun = true
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func seconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }
