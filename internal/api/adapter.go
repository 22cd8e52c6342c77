package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/go-json-experiment/json"

	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/web"
)

// call is one request of an operation, between the edge and huma: huma fills in
// the parameters and writes what is answered; the body is read here, strictly,
// and a refusal goes back to the edge, so that nothing of huma's own is shown.
type call struct {
	request
	ctx  context.Context
	r    *http.Request
	w    http.ResponseWriter
	v    *web.Visit
	body []byte
	sent bool // the function wrote its answer itself
	err  error
}

type request = huma.Context

type callKey struct{}

// Context is what the operation's function gets.
func (c *call) Context() context.Context { return context.WithValue(c.ctx, callKey{}, c) }

// SetStatus begins the answer, unless the function refused.
func (c *call) SetStatus(status int) {
	if c.err == nil && status >= 400 {
		c.err = fmt.Errorf("api: huma answered %d by itself", status)
	}
	if c.err == nil && !c.sent {
		c.request.SetStatus(status)
	}
}

// sends is the answer of a function that wrote a file by itself.
func (c *call) sends(err error) (*struct{}, error) {
	c.sent = err == nil
	return nil, err
}

// BodyWriter takes the answer, unless the function refused.
func (c *call) BodyWriter() io.Writer {
	if c.err != nil {
		return io.Discard
	}
	return c.w
}

// BodyReader gives huma something to read where it wants a body; what it is was decoded here.
func (c *call) BodyReader() io.Reader { return strings.NewReader("{}") }

// SetReadDeadline leaves the server's own limits as they are.
func (c *call) SetReadDeadline(time.Time) error { return nil }

// adapter collects huma's operations as routes of the edge.
type adapter struct{ api *API }

// Handle is called by huma for each operation.
func (ad adapter) Handle(op *huma.Operation, handler func(huma.Context)) {
	var queries []string
	for _, p := range op.Parameters {
		if p.In == "query" {
			name := p.Name
			if p.Schema.Type == huma.TypeArray {
				name += "[]" // it may come again
			}
			queries = append(queries, name)
		}
	}
	need, reads := op.Metadata["body"].(bool)
	ad.api.routes = append(ad.api.routes, web.Route{Pattern: op.Method + " " + op.Path, Needs: op.Metadata["needs"].(web.Needs),
		Handle: func(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
			if op.Metadata["needs"] == web.Either {
				if err := ad.api.either(r, v); err != nil {
					return err
				}
			}
			c := &call{request: humago.NewContext(op, r, w), ctx: r.Context(), r: r, w: w, v: v}
			if err := c.read(op, queries, reads, need); err != nil {
				return err
			}
			handler(c)
			return c.err
		}})
}

// ServeHTTP is not used: the routes are on the edge's mux.
func (adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }

// read checks what huma would not: the address, the query, the body, which may
// be left out where no field of it is required.
func (c *call) read(op *huma.Operation, queries []string, body, required bool) error {
	for _, p := range op.Parameters {
		if v := c.r.PathValue(p.Name); p.In == "path" && (!lang.Storable(v) || len(v) > 200) {
			return fault.None("page")
		}
	}
	if _, err := web.Query(c.r, queries...); err != nil {
		return err
	}
	if !body {
		if n, _ := io.ReadFull(c.r.Body, make([]byte, 1)); n > 0 {
			return fault.New(fault.Malformed, "no_body")
		}
		return nil
	}
	if !required && c.r.ContentLength == 0 && c.r.Header.Get("Content-Type") == "" {
		c.body = []byte("{}")
		return nil
	}
	var err error
	c.body, err = readBody(c.r)
	return err
}

// readBody reads a whole body that must be JSON.
func readBody(r *http.Request) ([]byte, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset := params["charset"]; err != nil || kind != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") ||
		r.Header.Get("Content-Encoding") != "" || len(r.Header.Values("Content-Type")) > 1 {
		return nil, fault.New(fault.WrongType, "content_type")
	}
	data, err := io.ReadAll(r.Body)
	if err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return nil, err
		}
		return nil, fault.New(fault.Malformed, "body_cut").Because(err)
	}
	return data, nil
}

// about is what the document says of an operation.
type about struct {
	id, tag, summary string
	text             string   // beyond the summary; may be empty
	status           int      // of success; 0 is 200, or 204 without a body
	kinds            []string // of the file that it sends; nil for JSON
}

// operation adds one method of one address.
func operation[I, O any](a *API, o Operation, d about, handle func(*call, *I) (*O, error)) {
	body, reads := reflect.TypeFor[I]().FieldByName("Body")
	o.Body = reads
	op := huma.Operation{OperationID: d.id, Method: o.Method, Path: o.Path, Tags: []string{d.tag}, Summary: d.summary, Description: d.text,
		DefaultStatus: d.status, MaxBodyBytes: -1, SkipValidateParams: true, SkipValidateBody: true,
		Metadata: map[string]any{"needs": o.Needs}, Responses: a.refusals(o), Extensions: extensions(o), Security: security(o.Needs)}
	for _, kind := range d.kinds {
		if op.DefaultStatus = http.StatusOK; op.Responses["200"] == nil {
			op.Responses["200"] = &huma.Response{Description: http.StatusText(http.StatusOK), Content: map[string]*huma.MediaType{}}
		}
		op.Responses["200"].Content[kind] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	}
	if reads {
		op.Metadata["body"] = slices.ContainsFunc(fieldsOf(body.Type), func(f bodyField) bool { return f.required })
	}
	a.operations = append(a.operations, o)
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		c := ctx.Value(callKey{}).(*call)
		var out *O
		if reads {
			c.err = decode(c.body, reflect.ValueOf(in).Elem().FieldByIndex(body.Index).Addr().Interface())
		}
		if c.err == nil {
			out, c.err = handle(c, in)
		}
		return out, nil
	})
}

// newHuma makes huma's part: no documentation pages, no links to schemas, and
// answers in JSON whatever is asked for.
func newHuma(a *API, publicURL string) huma.API {
	config := huma.Config{OpenAPI: outline(publicURL), DefaultFormat: "application/json", Formats: map[string]huma.Format{
		"application/json": {
			Marshal: func(w io.Writer, v any) error { return json.MarshalWrite(w, v, json.Deterministic(true)) },
			Unmarshal: func([]byte, any) error {
				return nil // see call: decode reads the body
			},
		},
	}}
	return huma.NewAPI(config, adapter{a})
}

// otherwise answers the methods that an address does not take, and all other
// addresses: the JSON API's below prefix, or with without all that are not.
func (a *API) otherwise(prefix string, without bool) []web.Route {
	var routes []web.Route
	methods := map[string][]string{}
	var paths []string
	for _, o := range a.operations {
		if strings.HasPrefix(o.Path, prefix) == without {
			continue
		}
		if methods[o.Path] == nil {
			paths = append(paths, o.Path)
		}
		methods[o.Path] = append(methods[o.Path], o.Method)
		if o.Method == http.MethodGet {
			methods[o.Path] = append(methods[o.Path], http.MethodHead)
		}
	}
	for _, path := range paths {
		if slices.ContainsFunc(paths, func(wider string) bool { return covers(wider, path) }) {
			continue // its other methods are those of the wider one, for something of that name
		}
		allow := strings.Join(methods[path], ", ")
		routes = append(routes, web.Route{Pattern: path, Needs: web.Anybody, Handle: func(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
			w.Header().Set("Allow", allow)
			return fault.New(fault.WrongMethod, "wrong_method", "allow", allow)
		}})
	}
	catch := []string{"/api/"}
	if without {
		catch = []string{"/access/"}
	}
	for _, pattern := range catch {
		routes = append(routes, web.Route{Pattern: pattern, Needs: web.Anybody, Handle: func(http.ResponseWriter, *http.Request, *web.Visit) error {
			return fault.None("page")
		}})
	}
	return routes
}

// covers tells whether a path with names in it stands for another one too:
// users/{id} for users/export.
func covers(wider, path string) bool {
	a, b := strings.Split(wider, "/"), strings.Split(path, "/")
	if wider == path || len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && !strings.HasPrefix(a[i], "{") {
			return false
		}
	}
	return true
}

func extensions(o Operation) map[string]any {
	needs := map[web.Needs]string{web.SignedIn: "session", web.Anybody: "nothing", web.Token: "token", web.Either: "session or token"}
	out := map[string]any{"x-needs": needs[o.Needs]}
	if o.Permission != "" {
		out["x-permission"] = o.Permission
	}
	return out
}

func security(n web.Needs) []map[string][]string {
	switch n {
	case web.SignedIn:
		return []map[string][]string{{"session": {}}}
	case web.Token:
		return []map[string][]string{{"token": {}}}
	case web.Either:
		return []map[string][]string{{"session": {}}, {"token": {}}}
	}
	return []map[string][]string{}
}

// refusals are the answers that an operation may give beside success.
func (a *API) refusals(o Operation) map[string]*huma.Response {
	codes := []int{400, 413, 500, 503}
	if o.Needs == web.SignedIn || o.Needs == web.Either {
		codes = append(codes, 401)
	}
	if strings.Contains(o.Path, "{") {
		codes = append(codes, 404)
	}
	if o.Permission != "" {
		codes = append(codes, 403)
	}
	if o.Body {
		codes = append(codes, 409, 415, 422)
	}
	out := map[string]*huma.Response{}
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	for _, code := range codes {
		out[strconv.Itoa(code)] = &huma.Response{Description: http.StatusText(code), Content: map[string]*huma.MediaType{"application/problem+json": {Schema: schema}}}
	}
	return out
}
