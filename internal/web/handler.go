package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
		v := e.begin(r, e.requestID())
		v.wrote.ResponseWriter = w
		v.answer = otherwise
		v.ctx = context.WithValue(r.Context(), visitKey{}, v)
		r = r.WithContext(v.ctx)
		defer e.told(r, v)
		defer e.recovered(r, v)
		e.headers(v.wrote.Header(), r, v.Who.RequestID)
		if err := v.named(r); err != nil {
			e.Fail(&v.wrote, r, err)
			return
		}
		if roundabout(r.URL.EscapedPath()) {
			e.Fail(&v.wrote, r, fault.None("page"))
			return
		}
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

// roundabout tells whether a path goes up, stays or has an empty part. The router
// would answer with a redirect to where it leads, body and all: an id that somebody
// made of dots and slashes would send a service's request to another address.
func roundabout(path string) bool {
	for part := range strings.SplitSeq(strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/"), "/") {
		if part == ".." || part == "." || part == "" && path != "/" {
			return true
		}
	}
	return false
}

// requestID names a request in the log and in the audit log. It is always ours:
// what a caller sends is its own to choose, and may be somebody else's.
func (e *Edge) requestID() string {
	id, err := seal.ID(e.DB.Random(), "req")
	if err != nil {
		return "req_unknown"
	}
	return id
}

// callerIDMost is how many bytes a caller's own name of a request may have.
const callerIDMost = 1024

// named answers a request for decisions under the name that its caller gave it,
// byte by byte (Authorization API 1.0, "Request Identification"). One that could not be
// given back as it came is refused, not changed. Elsewhere the header says nothing.
func (v *Visit) named(r *http.Request) error {
	sent := r.Header["X-Request-Id"]
	if len(sent) == 0 || !Deciding(r) {
		return nil
	}
	control := func(c rune) bool { return c < ' ' || c == 0x7f }
	if len(sent) > 1 || len(sent[0]) > callerIDMost || strings.IndexFunc(sent[0], control) >= 0 {
		return fault.New(fault.Malformed, "request_id", "max", callerIDMost)
	}
	if v.callerID = sent[0]; v.callerID != "" {
		v.wrote.Header()["X-Request-Id"] = sent
	}
	return nil
}

// Deciding tells whether a request is one for decisions (AuthZEN), or asks where
// these are to be had: such requests are answered in that standard's own ways.
func Deciding(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/access/") || r.URL.Path == "/.well-known/authzen-configuration"
}

var plainID = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`)

// callerIDInLog is how a caller's name of a request stands in the log, so that
// each side finds the other's line: as it is when it is plain, and by its hash
// when it could be taken for something else. Nobody writes a text of theirs there.
func callerIDInLog(id string) string {
	if plainID.MatchString(id) {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "sha256:" + hex.EncodeToString(sum[:8])
}

const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

type header struct {
	name   string
	values []string
}

// pageHeaders are of every answer that a browser may show; decisionHeaders of those
// to services, whom the rest tells nothing: it would cost them a tenth of their rate.
// The values are shared by all answers, so nobody adds to them.
var (
	pageHeaders = []header{
		{"Content-Security-Policy", []string{contentPolicy}},
		{"X-Content-Type-Options", []string{"nosniff"}},
		{"X-Frame-Options", []string{"DENY"}},
		{"Referrer-Policy", []string{"no-referrer"}},
		{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
		{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
		{"Permissions-Policy", []string{"publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), microphone=(), geolocation=()"}},
		{"Cache-Control", []string{"no-store"}},
	}
	decisionHeaders = []header{
		{"Content-Security-Policy", []string{"default-src 'none'; frame-ancestors 'none'"}},
		{"X-Content-Type-Options", []string{"nosniff"}},
		{"Cache-Control", []string{"no-store"}},
	}
	strictTransport = []string{"max-age=31536000; includeSubDomains"}
)

func (e *Edge) headers(h http.Header, r *http.Request, id string) {
	h["X-Request-Id"] = []string{id}
	all := pageHeaders
	if Deciding(r) {
		all = decisionHeaders
	}
	for _, x := range all {
		h[x.name] = x.values
	}
	if e.secure {
		h["Strict-Transport-Security"] = strictTransport
	}
}

// toLocalhost leads a person who typed a loopback address to the name in the
// public URL, where cookies and security keys work.
func (e *Edge) toLocalhost(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet || !strings.HasPrefix(e.host, "localhost") {
		return false
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		return false
	}
	if a, err := netip.ParseAddr(host); err != nil || !a.IsLoopback() || strings.HasPrefix(r.URL.Path, "/api/") || Deciding(r) {
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
	now := e.DB.Now()
	took := time.Duration(now-v.Begun.UnixMicro()) * time.Microsecond
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
	attrs := append(make([]slog.Attr, 0, 16), // as many as there can be
		slog.String("method", methodOf(r)), slog.String("route", pattern), slog.Int("status", status), slog.Int64("bytes", v.wrote.bytes),
		slog.Duration("took", took), slog.String("ip", v.Who.IP.String()), slog.String("request_id", v.Who.RequestID))
	if v.callerID != "" {
		attrs = append(attrs, slog.String("caller_id", callerIDInLog(v.callerID)))
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
	if h := e.o.Log.Handler(); h.Enabled(r.Context(), level) { // by itself the logger would look up which line of ours this is
		line := slog.NewRecord(time.UnixMicro(now), level, "request", 0)
		line.AddAttrs(attrs...)
		_ = h.Handle(r.Context(), line)
	}
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
