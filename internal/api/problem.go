package api

import (
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"

	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/web"
)

// Problem is how a refusal is answered (RFC 9457).
type Problem struct {
	Type       string       `json:"type" doc:"Stable name of the problem." example:"urn:countersign:problem:not_found"`
	Title      string       `json:"title" doc:"What sort of problem this is, in the caller's language."`
	Status     int          `json:"status" doc:"The HTTP status." example:"404"`
	Detail     string       `json:"detail" doc:"What is wrong and what to do, in the caller's language."`
	RequestID  string       `json:"request_id" doc:"Under which the request stands in the log."`
	Permission string       `json:"permission,omitempty" doc:"The permission that is missing, with status 403." example:"users:create"`
	Errors     []FieldError `json:"errors,omitempty" doc:"What is wrong with the fields, one by one."`
}

// FieldError is what is wrong with one field.
type FieldError struct {
	Name   string `json:"name" doc:"The field or parameter." example:"email"`
	Code   string `json:"code" doc:"Stable name of what is wrong." example:"required"`
	Detail string `json:"detail" doc:"The same as a sentence, in the caller's language."`
}

const problemType = "urn:countersign:problem:"

// problem answers a refusal of the JSON API. It names nothing that was asked
// for, so that what is not there and what is not the caller's read the same.
func problem(w http.ResponseWriter, r *http.Request, v *web.Visit, f *fault.Error) {
	status := f.Kind.Status()
	p := Problem{Type: problemType + f.Code, Title: lang.T(v.Lang, "problem."+strconv.Itoa(status)), Status: status,
		Detail: lang.Sentence(v.Lang, f), RequestID: v.Who.RequestID, Permission: f.Permission}
	for _, field := range f.Fields {
		p.Errors = append(p.Errors, FieldError{Name: field.Name, Code: field.Code, Detail: lang.FieldSentence(v.Lang, field)})
	}
	body, err := json.Marshal(p)
	if err != nil {
		body = []byte(`{"type":"about:blank","title":"Internal Server Error","status":500}`)
		status = http.StatusInternalServerError
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Language", string(v.Lang))
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Cookie realm="countersign", cookie-name="`+web.SessionCookie+`"`) // RFC 9110, 11.6.1 wants one
	}
	w.WriteHeader(status)
	w.Write(append(body, '\n'))
}

// sentence answers a refusal of AuthZEN: a plain text and nothing else
// (Authorization API 1.0, "Error Responses").
func sentence(w http.ResponseWriter, r *http.Request, v *web.Visit, f *fault.Error) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Language", string(v.Lang))
	const realm = `Bearer realm="countersign"`
	switch {
	case f.Code == codeTokenRefused: // RFC 6750, 3.1
		h.Set("WWW-Authenticate", realm+`, error="invalid_token"`)
	case f.Code == codeTokenKind:
		h.Set("WWW-Authenticate", realm+`, error="insufficient_scope"`)
	case f.Kind == fault.Unauthenticated:
		h.Set("WWW-Authenticate", realm)
	}
	w.WriteHeader(f.Kind.Status())
	w.Write([]byte(lang.Sentence(v.Lang, f) + "\n"))
}
