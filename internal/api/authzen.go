package api

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/signin"
	"countersign/internal/snapshot"
	"countersign/internal/web"
)

const (
	evaluationPath  = "/access/v1/evaluation"
	evaluationsPath = "/access/v1/evaluations"
	metadataPath    = "/.well-known/authzen-configuration"

	evaluationLimit  = 256 << 10 // bytes
	evaluationsLimit = 1 << 20   // bytes; as the edge has it
	evaluationsMost  = 1000      // in one request

	codeTokenRefused = "token_refused"
)

func (a *API) authzenRoutes() []web.Route {
	return []web.Route{
		{Pattern: "POST " + evaluationPath, Needs: web.Token, Handle: func(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
			return a.evaluate(w, r, v, evaluationLimit, (*asking).one)
		}},
		{Pattern: "POST " + evaluationsPath, Needs: web.Token, Handle: func(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
			return a.evaluate(w, r, v, evaluationsLimit, (*asking).many)
		}},
		{Pattern: "GET " + metadataPath, Needs: web.Anybody, Handle: a.metadata},
	}
}

// metadata tells where decisions are asked for (section 9). What is not listed
// is not there.
func (a *API) metadata(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	at := a.Edge.PublicURL()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, err := io.WriteString(w, `{"policy_decision_point":"`+at+`","access_evaluation_endpoint":"`+at+evaluationPath+
		`","access_evaluations_endpoint":"`+at+evaluationsPath+`"}`)
	_ = err // the caller went away
	return nil
}

// asking is one request for decisions, reused.
type asking struct {
	decoder
	body     bytes.Buffer
	out      []byte
	api      *API
	r        *http.Request
	v        *web.Visit
	token    snapshot.Token
	snapshot *access.Snapshot
	stale    bool
	sessions map[string]signin.Session // by reference
}

var askings = sync.Pool{New: func() any { return new(asking) }}

// evaluate reads a request whole, decides, and answers.
func (a *API) evaluate(w http.ResponseWriter, r *http.Request, v *web.Visit, limit int64, answer func(*asking) error) error {
	q := askings.Get().(*asking)
	defer func() {
		if q.body.Cap() > 64<<10 || cap(q.out) > 64<<10 {
			return // one large request must not be kept for ever
		}
		q.r, q.v, q.snapshot, q.sessions = nil, nil, nil, nil
		askings.Put(q)
	}()
	q.api, q.r, q.v, q.snapshot, q.stale, q.sessions = a, r, v, a.Edge.Live.Load(), a.Keeper.Stale(), nil
	q.token = snapshot.Token{}
	if q.snapshot == nil {
		q.stale = true // nothing can be looked up, the token neither: everybody is told "deny"
	} else if err := a.bearer(r, v, &q.token); err != nil {
		return err
	}
	if err := q.read(r, limit); err != nil {
		return err
	}
	if err := answer(q); err != nil {
		return err
	}
	h := w.Header()
	h["Content-Type"] = contentJSON
	w.Write(q.out)
	return nil
}

var contentJSON = []string{"application/json"}

func (q *asking) read(r *http.Request, limit int64) error {
	if kind := r.Header.Get("Content-Type"); kind != "application/json" && kind != "" {
		if plain, _, err := mime.ParseMediaType(kind); err != nil || plain != "application/json" {
			return fault.New(fault.WrongType, "content_type")
		}
	}
	q.body.Reset()
	if r.ContentLength > limit {
		return fault.New(fault.TooLarge, "too_large", "limit", limit)
	}
	if _, err := q.body.ReadFrom(io.LimitReader(r.Body, limit+1)); err != nil {
		if _, tooLarge := err.(*http.MaxBytesError); tooLarge {
			return err
		}
		return fault.New(fault.Malformed, "body_cut").Because(err)
	}
	if int64(q.body.Len()) > limit {
		return fault.New(fault.TooLarge, "too_large", "limit", limit)
	}
	return nil
}

// one answers a single evaluation.
func (q *asking) one() error {
	if err := q.decode(&q.body, false); err != nil {
		return err
	}
	return q.single()
}

func (q *asking) single() error {
	if err := q.whole.missing(); err != nil {
		return err
	}
	q.lookUp()
	q.out = q.decide(q.out[:0], &q.whole)
	return nil
}

// many answers several evaluations; without any it is a single one (7.1).
func (q *asking) many() error {
	if err := q.decode(&q.body, true); err != nil {
		return err
	}
	if len(q.items) == 0 {
		return q.single()
	}
	for i := range q.items {
		q.items[i].inherit(&q.whole)
	}
	q.lookUp()
	q.out = append(q.out[:0], `{"evaluations":[`...)
	for i := range q.items {
		if i > 0 {
			q.out = append(q.out, ',')
		}
		from := len(q.out)
		if err := q.items[i].missing(); err != nil {
			q.out = q.failed(q.out, err)
		} else {
			q.out = q.decide(q.out, &q.items[i])
		}
		allowed := bytes.HasPrefix(q.out[from:], []byte(`{"decision":true`))
		if q.semantic == denyOnFirstDeny && !allowed || q.semantic == permitOnFirstPermit && allowed {
			break
		}
	}
	q.out = append(q.out, "]}"...)
	return nil
}

// decide answers one evaluation by model.md's mapping.
func (q *asking) decide(out []byte, x *question) []byte {
	p, _ := access.Lookup(x.resourceType, x.action)
	ask := access.Question{User: x.subject, Permission: p, Within: q.token.AccountID, Entity: x.entity, Location: x.location, Now: q.v.Begun.UnixMicro(),
		IP: x.ip, Owner: x.owner, State: x.state, Currency: x.currency, Amount: x.amount, HasAmount: x.hasAmount}
	if x.subjectType != "user" {
		ask.User = ""
	}
	if s, ok := q.sessions[x.session]; ok && s.UserID == x.subject {
		ask.SecondFactor, ask.Fresh = s.SecondFactor, s.Fresh
	}
	return q.append(out, access.Decide(q.snapshot, ask), x)
}

// lookUp reads the sessions that the request names, all in one view. What cannot
// be read is no session: it is lost for decisions that need one.
func (q *asking) lookUp() {
	refs := map[string]bool{}
	note := func(x *question) {
		if x.session != "" && len(x.session) <= 100 && lang.Storable(x.session) {
			refs[x.session] = true
		}
	}
	note(&q.whole)
	for i := range q.items {
		note(&q.items[i])
	}
	if len(refs) == 0 {
		return
	}
	q.sessions = make(map[string]signin.Session, len(refs))
	err := q.api.Edge.DB.View(q.r.Context(), func(tx *db.Tx) error {
		for ref := range refs {
			s, alive, err := q.api.Edge.Door.ByRef(tx, ref)
			if err != nil {
				return err
			}
			if alive {
				q.sessions[ref] = s
			}
		}
		return nil
	})
	if err != nil {
		clear(q.sessions)
		q.stale = true
	}
}

// bearer finds the service token that a request brings (RFC 6750, 2.1).
func (a *API) bearer(r *http.Request, v *web.Visit, token *snapshot.Token) error {
	headers := r.Header["Authorization"]
	if len(headers) == 0 {
		return fault.New(fault.Unauthenticated, "token_missing")
	}
	scheme, text, _ := strings.Cut(headers[0], " ")
	now := v.Begun.UnixMicro()
	t, ok := snapshot.Token{}, false
	if len(headers) == 1 && strings.EqualFold(scheme, "Bearer") {
		t, ok = a.Keeper.Token(text, now)
	}
	if !ok || t.Kind != org.Decisions {
		return a.Edge.Audit.Refuse(r.Context(), v.Who, audit.Entry{Action: audit.TokenRefused, Kind: "service_token"},
			fault.New(fault.Unauthenticated, codeTokenRefused))
	}
	*token = t
	v.Who.Kind, v.Who.ID, v.Who.AccountID = db.Service, t.ID, t.AccountID
	a.seen.note(a.Edge.DB, t.ID, now)
	return nil
}
