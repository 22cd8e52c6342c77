package web

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/seal"
	"countersign/internal/signin"
)

// Visit is one request: who it is, from where, in which language.
type Visit struct {
	Who     db.Who
	Session *signin.Session // nil when nobody is signed in
	Lang    lang.Tag
	Begun   time.Time

	Account string // customer ID of the account that the request is about, for the log

	ctx    context.Context
	ended  bool  // a session cookie came, and is good no more
	failed error // the session could not be looked up
	answer Answer

	callerID string // what the caller named the request; "" is nothing

	fault *fault.Error
	cause error
	wrote recorder
}

type visitKey struct{}

// VisitOf finds the visit that Handler began.
func VisitOf(r *http.Request) *Visit {
	v, _ := r.Context().Value(visitKey{}).(*Visit)
	return v
}

// The cookies. The __Host- prefix binds a cookie to this host, its root path and
// secure transport (RFC 6265bis, 4.1.3.2).
const (
	SessionCookie   = "__Host-session"
	ChallengeCookie = "__Host-challenge"
	LinkCookie      = "__Host-link"
	EmailCookie     = "__Host-email"
	ResetCookie     = "__Host-reset"
	LangCookie      = "__Host-language"
	ThemeCookie     = "__Host-theme"
	FlashCookie     = "__Host-flash"
	DraftCookie     = "__Host-draft"
)

// SetCookie sets a cookie until the browser closes; cookies carry no expiry,
// because the clock that counts is the server's. strict keeps it out of every
// request that another site causes; the session's is lax, so that a link in a
// mail or a chat opens signed in.
func SetCookie(w http.ResponseWriter, name, value string, strict bool) {
	c := &http.Cookie{Name: name, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if strict {
		c.SameSite = http.SameSiteStrictMode
	}
	http.SetCookie(w, c)
}

// StartSession sets the cookie of a session that has just begun. The one that
// this browser brought, whoever's it was, ends: nothing of it stays open behind
// the new one (OWASP ASVS 5.0, 7.2.4).
func (e *Edge) StartSession(w http.ResponseWriter, r *http.Request, v *Visit, session seal.Secret) error {
	if v.Session != nil {
		if err := e.Door.SignOut(r.Context(), v.Who, seal.Secret(Cookie(r, SessionCookie))); err != nil {
			return err
		}
	}
	SetCookie(w, SessionCookie, session.Reveal(), false)
	return nil
}

// DropCookie removes a cookie.
func DropCookie(w http.ResponseWriter, name string) {
	http.SetCookie(w, &http.Cookie{Name: name, Path: "/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// Cookie reads a cookie; "" when there is none, or more than one of that name.
func Cookie(r *http.Request, name string) string {
	found := r.CookiesNamed(name)
	if len(found) != 1 || len(found[0].Value) > 4096 {
		return ""
	}
	return found[0].Value
}

func (e *Edge) begin(r *http.Request, requestID string) *Visit {
	v := &Visit{Begun: time.UnixMicro(e.DB.Now()), Lang: e.language(r)}
	v.Who = db.Who{Kind: db.Nobody, IP: e.client(r), UserAgent: r.UserAgent(), RequestID: requestID, Lang: v.Lang}
	return v
}

// SessionTimePath tells how long the session still is. Pages ask it by
// themselves, so it alone is no use of the session (PCI DSS 8.2.8).
const SessionTimePath = "/session/time"

// recognise looks up whose session the cookie is.
func (e *Edge) recognise(r *http.Request, v *Visit) {
	value := Cookie(r, SessionCookie)
	if value == "" || e.ready(r.Context()) != nil {
		return
	}
	find := e.Door.Session
	if r.URL.Path == SessionTimePath {
		find = e.Door.Peek
	}
	s, err := find(r.Context(), seal.Secret(value))
	switch f := fault.From(err); {
	case err == nil:
		v.Enter(s)
	case f.Kind == fault.Unauthenticated:
		v.ended = true
	default:
		v.failed = err
	}
}

// Enter makes the visit that of a session's person.
func (v *Visit) Enter(s signin.Session) {
	v.Session = &s
	v.Who.Kind, v.Who.ID, v.Who.AccountID, v.Who.Ref = db.User, s.UserID, s.AccountID, s.Ref
	v.Who.SecondFactor, v.Who.Fresh = s.SecondFactor, s.Fresh
	v.Lang = s.Lang
	v.Who.Lang = v.Lang
}

// EnterAs makes the visit that of a service, whatever session came with it.
func (v *Visit) EnterAs(tokenID, accountID string) {
	v.Session = nil
	v.Who = db.Who{Kind: db.Service, ID: tokenID, AccountID: accountID, IP: v.Who.IP, UserAgent: v.Who.UserAgent, RequestID: v.Who.RequestID, Lang: v.Who.Lang}
}

// language is what somebody who is not signed in reads: what they chose, else
// what their browser asks for.
func (e *Edge) language(r *http.Request) lang.Tag {
	if tag, ok := lang.Parse(Cookie(r, LangCookie)); ok {
		return tag
	}
	if header := r.Header.Get("Accept-Language"); header != "" {
		return lang.Accept(header)
	}
	if e.o.Lang != "" {
		return e.o.Lang
	}
	return lang.English
}

// client is the address that the request came from. X-Forwarded-For is read
// from its right end, as far as trusted proxies wrote it.
func (e *Edge) client(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := at.Addr().Unmap().WithZone("")
	if !e.trusted(addr) {
		return addr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && e.trusted(addr); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = next.Unmap().WithZone("")
	}
	return addr
}

func (e *Edge) trusted(a netip.Addr) bool {
	for _, p := range e.o.Proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
