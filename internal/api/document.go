package api

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"reflect"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"

	"countersign/internal/web"
)

const documentPath = "/api/openapi.json"

// outline is the document before the operations.
func outline(publicURL string) *huma.OpenAPI {
	return &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{Title: "Countersign", Version: "1",
			Description: "Who may do what on a payment platform. Every operation says in x-needs whether it wants a session (a person), a token (a service) or nothing, and in x-permission which permission it asks for. Refusals are problems (RFC 9457); those of AuthZEN are plain texts."},
		Servers: []*huma.Server{{URL: publicURL}},
		Components: &huma.Components{
			Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"session": {Type: "apiKey", In: "cookie", Name: web.SessionCookie, Description: "Set by signing in."},
				"token":   {Type: "http", Scheme: "bearer", Description: "A service token, made by an administrator."},
			},
		},
	}
}

// documentRoute adds the document itself, last, when all operations are known.
func (a *API) documentRoute() {
	o := Operation{Method: http.MethodGet, Path: documentPath, Needs: web.Anybody}
	a.operations = append(a.operations, o)
	a.huma.OpenAPI().AddOperation(&huma.Operation{OperationID: "get-document", Method: o.Method, Path: o.Path, Tags: []string{"Document"},
		Summary: "This document", Extensions: extensions(o), Security: security(o.Needs), Responses: map[string]*huma.Response{
			"200": {Description: "OK", Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: huma.TypeObject}}}},
			"304": {Description: "Not Modified"},
		}})
	made := sync.OnceValues(func() ([]byte, error) { return a.document() })
	a.routes = append(a.routes, web.Route{Pattern: o.Method + " " + o.Path, Needs: o.Needs, Handle: func(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
		if _, err := web.Query(r); err != nil {
			return err
		}
		text, err := made()
		if err != nil {
			return err
		}
		sum := sha256.Sum256(text)
		etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
		w.Header().Set("ETag", etag)
		w.Header().Set("Cache-Control", "no-cache")
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(text)
		return nil
	}})
}

// document writes the OpenAPI document: huma's, without its error types, and
// with bodies that may be left out where no field is required.
func (a *API) document() ([]byte, error) {
	text, err := a.huma.OpenAPI().MarshalJSON()
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	schemas := doc["components"].(map[string]any)["schemas"].(map[string]any)
	delete(schemas, "ErrorModel")
	delete(schemas, "ErrorDetail")
	for _, item := range doc["paths"].(map[string]any) {
		for _, op := range item.(map[string]any) {
			body, ok := op.(map[string]any)["requestBody"].(map[string]any)
			if !ok {
				continue
			}
			body["required"] = needsBody(body, schemas)
		}
	}
	return json.Marshal(doc, json.Deterministic(true))
}

func needsBody(body map[string]any, schemas map[string]any) bool {
	schema := body["content"].(map[string]any)["application/json"].(map[string]any)["schema"].(map[string]any)
	if ref, ok := schema["$ref"].(string); ok {
		schema = schemas[ref[len("#/components/schemas/"):]].(map[string]any)
	}
	list, _ := schema["required"].([]any)
	return len(list) > 0
}

// plainOperation documents an operation that huma does not serve.
func plainOperation[I, O any](a *API, o Operation, d about, refusals ...string) {
	a.operations = append(a.operations, o)
	schemas := a.huma.OpenAPI().Components.Schemas
	op := &huma.Operation{OperationID: d.id, Method: o.Method, Path: o.Path, Tags: []string{d.tag}, Summary: d.summary, Description: d.text,
		Extensions: extensions(o), Security: security(o.Needs), Responses: map[string]*huma.Response{}}
	if o.Body {
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(reflect.TypeFor[I](), true, d.id)}}}
	}
	op.Responses["200"] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(reflect.TypeFor[O](), true, d.id)}}}
	for _, code := range refusals {
		op.Responses[code] = &huma.Response{Description: "A plain text that says why.", Content: map[string]*huma.MediaType{"text/plain": {Schema: &huma.Schema{Type: huma.TypeString}}}}
	}
	a.huma.OpenAPI().AddOperation(op)
}
