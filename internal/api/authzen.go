package api

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"

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
	subjectsPath    = "/access/v1/search/subject"
	resourcesPath   = "/access/v1/search/resource"
	actionsPath     = "/access/v1/search/action"
	metadataPath    = "/.well-known/authzen-configuration"

	evaluationLimit  = 256 << 10 // bytes
	evaluationsLimit = 1 << 20   // bytes; as the edge has it
	evaluationsMost  = 1000      // in one request

	codeTokenRefused = "token_refused"
	codeTokenKind    = "token_kind"
)

func (a *API) authzenRoutes() []web.Route {
	routes := []web.Route{{Pattern: "GET " + metadataPath, Needs: web.Anybody, Handle: a.metadata}}
	for _, d := range []struct {
		path   string
		limit  int64
		answer func(*asking) error
	}{
		{evaluationPath, evaluationLimit, (*asking).one},
		{evaluationsPath, evaluationsLimit, (*asking).many},
		{subjectsPath, evaluationLimit, (*asking).subjects},
		{resourcesPath, evaluationLimit, (*asking).resources},
		{actionsPath, evaluationLimit, (*asking).actions},
	} {
		routes = append(routes, web.Route{Pattern: "POST " + d.path, Needs: web.Token, Handle: func(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
			return a.evaluate(w, r, v, d.limit, d.answer)
		}})
	}
	return routes
}

// metadata tells where decisions are asked for (section 9). What is not listed
// is not there; no capability is registered that we would have.
func (a *API) metadata(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	at := a.Edge.PublicURL()
	text, err := json.Marshal(Metadata{at, at + evaluationPath, at + evaluationsPath, at + subjectsPath, at + resourcesPath, at + actionsPath})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.Write(text)
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
		if q.body.Cap() > 64<<10 || cap(q.out) > 64<<10 || cap(q.whole.claims) > 256 {
			return // one large request must not be kept for ever
		}
		q.r, q.v, q.snapshot, q.sessions = nil, nil, nil, nil
		askings.Put(q)
	}()
	q.api, q.r, q.v, q.snapshot, q.stale, q.sessions = a, r, v, a.Edge.Live.Load(), a.Keeper.Stale(), nil
	q.token = snapshot.Token{}
	q.claims = len(q.snapshot.Types())+len(q.snapshot.UserProperties()) > 0
	if q.snapshot == nil {
		q.stale = true // nothing can be looked up, the token neither: everybody is told "deny"
	} else if err := a.bearer(r, v, org.Decisions, &q.token); err != nil {
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
	if len(q.out) > 2<<10 { // shorter ones net/http measures itself; longer ones would go in chunks
		h["Content-Length"] = []string{strconv.Itoa(len(q.out))}
	}
	w.Write(q.out)
	return nil
}

var contentJSON = []string{"application/json"}

// read takes in the body. A type that is none of JSON is a bad request like any
// other: the standard knows no 415.
func (q *asking) read(r *http.Request, limit int64) error {
	if !plainJSON(r.Header) {
		return fault.New(fault.Malformed, "content_type")
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

// plainJSON tells whether the headers say that the body is JSON in UTF-8, not compressed.
func plainJSON(h http.Header) bool {
	kinds := h["Content-Type"]
	if len(kinds) != 1 || h["Content-Encoding"] != nil {
		return false
	}
	if kinds[0] == "application/json" {
		return true
	}
	kind, params, err := mime.ParseMediaType(kinds[0])
	charset := params["charset"]
	return err == nil && kind == "application/json" && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

// one answers a single evaluation.
func (q *asking) one() error {
	if err := q.decode(q.body.String(), oneEvaluation); err != nil {
		return err
	}
	return q.single()
}

func (q *asking) single() error {
	if err := q.whole.lacking(everyPart); err != nil {
		return err
	}
	q.lookUp()
	q.out = q.decide(q.out[:0], &q.whole)
	return nil
}

// many answers several evaluations; without any it is a single one (7.1).
func (q *asking) many() error {
	if err := q.decode(q.body.String(), manyEvaluations); err != nil {
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
		x := &q.items[i]
		if x.wrong == nil {
			x.wrong = x.lacking(everyPart)
		}
		if x.wrong != nil {
			q.out = q.failed(q.out, x.wrong)
		} else {
			q.out = q.decide(q.out, x)
		}
		allowed := bytes.HasPrefix(q.out[from:], []byte(`{"decision":true`))
		if q.semantic == denyOnFirstDeny && !allowed || q.semantic == permitOnFirstPermit && allowed {
			break
		}
	}
	q.out = append(q.out, "]}"...)
	return nil
}

// decide answers one evaluation.
func (q *asking) decide(out []byte, x *question) []byte {
	return q.append(out, access.Decide(q.snapshot, q.signedIn(q.ask(x), x)), x)
}

const userType = "user" // the type of subject whose ids are ours

// user is whom a question is about. A registered subject type names the token's
// account's own members by what is stored of them; an id of ours is never one of another kind.
func (q *asking) user(x *question) string {
	if x.subjectType == userType && strings.HasPrefix(x.subject, userPrefix) {
		return x.subject
	}
	if id, found := q.snapshot.Subject(q.token.AccountID, x.subjectType, x.subject); found {
		return id
	}
	if x.subjectType == userType {
		return x.subject
	}
	return ""
}

const userPrefix = "usr_"

// ask is the question by model.md's mapping, save what the session tells. What a
// caller says of a person is for the properties that callers vouch for alone
// (access.ByCaller), and the time is ours.
func (q *asking) ask(x *question) access.Question {
	p, _ := access.Lookup(x.resourceType, x.action)
	return access.Question{User: q.user(x), Permission: p, Within: q.token.AccountID, Entity: x.entity, Location: x.location, Now: q.v.Begun.UnixMicro(),
		IP: x.ip, Owner: x.owner, State: x.state, Currency: x.currency, Amount: x.amount, HasAmount: x.hasAmount,
		Resource: x.resourceID, Claims: x.claims}
}

// signedIn adds what the session tells, when it is the person's own.
func (q *asking) signedIn(ask access.Question, x *question) access.Question {
	if s, ok := q.sessions[x.session]; ok && s.UserID == ask.User {
		ask.SecondFactor, ask.Fresh = s.SecondFactor, s.Fresh
	}
	return ask
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

// bearer finds the service token that a request brings (RFC 6750, 2.1), which must
// be of a kind: another is good and may not do this.
func (a *API) bearer(r *http.Request, v *web.Visit, kind string, token *snapshot.Token) error {
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
	if !ok {
		return a.Edge.Audit.Refuse(r.Context(), v.Who, audit.Entry{Action: audit.TokenRefused, Kind: "service_token"},
			fault.New(fault.Unauthenticated, codeTokenRefused))
	}
	v.EnterAs(t.ID, t.AccountID)
	if t.Kind != kind {
		return a.Edge.Audit.Refuse(r.Context(), v.Who, audit.Entry{Action: audit.TokenRefused, AccountID: t.AccountID, Kind: "service_token", ID: t.ID},
			fault.New(fault.Forbidden, codeTokenKind))
	}
	*token = t
	a.seen.note(a.Edge.DB, t.ID, now)
	return nil
}
