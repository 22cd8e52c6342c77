// Package web is the edge that the portal and the API share.
//
// Edge.Handler wraps the whole of what is served:
//
//	request id → log line → recover → headers → maintenance → cross-origin check
//	→ body limit → who is this? (session cookie) → the route
//
// A route is a Handle: it gets a Visit (who, from where, in which language) and
// returns an error. Edge answers errors in one place, as a page or as a problem
// (RFC 9457), whichever Answer the route's group has; nothing is written twice,
// no stack or cause is ever shown, and one wide log line tells each request.
//
// Sessions live in the database under the hash of the cookie's value. The cookie
// is __Host-session: this host alone, not for scripts, not from other sites.
// Addresses in mails and redirects are built from the public URL, never from
// what the request says its host is.
//
// The one rule: a handler never writes an error itself.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/signin"
)

// Options of the Edge.
type Options struct {
	PublicURL string // scheme, host and port; no slash at the end
	Proxies   []netip.Prefix
	Lang      lang.Tag
	Log       *slog.Logger
	BodyLimit int64 // bytes; 0 is 1 MiB

	// Maintenance is the name of a file: while it is there, pages and the JSON
	// API answer that work is under way; decisions are answered as always. "" is none.
	Maintenance string
}

// Edge is what stands between the network and the use cases. Make it with New.
type Edge struct {
	DB    *db.DB
	Door  *signin.Door
	Live  *access.Live
	Audit *audit.Log

	o       Options
	host    string // of the public URL, with its port
	secure  bool   // the public URL is https
	metrics *metrics
	setUp   atomic.Bool

	looking  sync.Mutex
	looked   int64 // when setUp was last asked for, µs; under looking
	notReady error // what the answer was; under looking
}

// New makes the edge.
func New(d *db.DB, door *signin.Door, live *access.Live, log *audit.Log, o Options) (*Edge, error) {
	u, err := url.Parse(o.PublicURL)
	if err != nil || u.Host == "" {
		return nil, errors.New("web: the public URL must have a scheme and a host")
	}
	if o.BodyLimit == 0 {
		o.BodyLimit = 1 << 20
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Edge{DB: d, Door: door, Live: live, Audit: log, o: o, host: u.Host, secure: u.Scheme == "https", metrics: newMetrics()}, nil
}

// PublicURL is what links begin with.
func (e *Edge) PublicURL() string { return e.o.PublicURL }

// Handle serves one route. A returned error is answered by the group's Answer.
type Handle func(w http.ResponseWriter, r *http.Request, v *Visit) error

// Answer shows a refusal to a person or a program.
type Answer func(w http.ResponseWriter, r *http.Request, v *Visit, f *fault.Error)

// Needs says who may come to a route at all; what they may do there is decided
// by the use case.
type Needs uint8

// What a route needs.
const (
	SignedIn Needs = iota // a session; the zero value, so that a forgotten one lets nobody in
	Anybody               // nothing: sign-in, links, assets
	Token                 // a service token; the handler checks it
	Either                // one of both; the handler checks the token, where one is sent, and the session where none is
)

// Route is one address with a method, as http.ServeMux writes it.
type Route struct {
	Pattern string // "POST /a/{customer}/users"
	Needs   Needs
	Handle  Handle

	// Form says which page holds the form that is sent to this route; nil: none
	// whose values are worth keeping when the session has run out meanwhile.
	Form func(*http.Request) string
}

// Routes puts a group of routes on a mux, with one way of answering refusals.
func (e *Edge) Routes(mux *http.ServeMux, answer Answer, routes []Route) {
	for _, route := range routes {
		mux.HandleFunc(route.Pattern, func(w http.ResponseWriter, r *http.Request) {
			v := VisitOf(r)
			v.answer = answer
			err := e.admit(route.Needs, v)
			if err == nil {
				err = route.Handle(w, r, v)
			}
			e.Fail(w, r, err)
		})
	}
}

func (e *Edge) admit(needs Needs, v *Visit) error {
	if err := e.ready(v.ctx); err != nil {
		return err
	}
	if v.failed != nil { // before the next: who could not be looked up is not signed out
		return v.failed
	}
	if needs == SignedIn {
		return v.SignedIn()
	}
	return nil
}

// SignedIn refuses a visit without a session.
func (v *Visit) SignedIn() error {
	switch {
	case v.Session != nil:
		return nil
	case v.ended:
		return fault.New(fault.Unauthenticated, "session_ended")
	}
	return fault.New(fault.Unauthenticated, "sign_in_first")
}

// Fail answers an error with the group's Answer and notes it for the log line.
// A nil error is none. An answer that has begun cannot take it back: it is cut
// off, so that nobody takes a part for the whole.
func (e *Edge) Fail(w http.ResponseWriter, r *http.Request, err error) {
	if err == nil {
		return
	}
	v := VisitOf(r)
	f := e.translate(r.Context(), err)
	v.fault, v.cause = f, err
	if v.wrote.begun {
		panic(http.ErrAbortHandler)
	}
	w.Header().Del("Content-Disposition") // of a file that came to nothing
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", seconds(f.RetryAfter))
	}
	v.answer(w, r, v, f)
}

// translate makes any error one that may be shown.
func (e *Edge) translate(ctx context.Context, err error) *fault.Error {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fault.New(fault.TooLarge, "too_large", "limit", tooLarge.Limit)
	}
	f := fault.From(err)
	if f.Kind != fault.Internal {
		if f.Kind == fault.Busy && f.RetryAfter == 0 {
			f.RetryAfter = 5 * time.Second
		}
		return f
	}
	ping, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer stop()
	if e.DB.Ping(ping) != nil {
		away := fault.New(fault.Busy, "database_away").Because(err)
		away.RetryAfter = 5 * time.Second
		return away
	}
	return f
}

// ready refuses while the database is not set up, or cannot be asked whether it
// is. It looks at most once a second until it is set up, and then never again.
func (e *Edge) ready(ctx context.Context) error {
	if e.setUp.Load() {
		return nil
	}
	e.looking.Lock()
	defer e.looking.Unlock()
	now := e.DB.Now()
	if now >= e.looked && now-e.looked < 1e6 && !e.setUp.Load() {
		return e.notReady
	}
	found := false
	err := e.DB.View(ctx, func(tx *db.Tx) (err error) {
		_, found, err = org.Platform(tx)
		return err
	})
	if err == nil && !found {
		err = fault.New(fault.Busy, "not_set_up")
	}
	e.looked, e.notReady = now, err
	e.setUp.Store(err == nil)
	return err
}
