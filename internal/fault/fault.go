// Package fault holds the one error that may be shown to a person or a program.
//
// A room that refuses returns a *Error; everything else that goes wrong is an
// ordinary error, which the edge logs and shows as "internal". An Error carries
// a kind (what sort of refusal, hence the HTTP status), a stable code (the key
// of its sentence in package lang and the tail of its RFC 9457 type), the values
// the sentence needs, and the fields it is about. It carries no words: those are
// made at the border, in the caller's language.
//
// The one rule: a cause (Because) is for the log and is never shown.
package fault

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"
)

// Kind sorts refusals by what the caller can do about them.
type Kind uint8

// The kinds, each with the HTTP status the edge answers (RFC 9110, RFC 6585).
const (
	Internal        Kind = iota // 500: ours to mend; the zero value, so that a forgotten kind hides nothing
	Malformed                   // 400: cannot be read at all
	Unauthenticated             // 401: sign in first
	Forbidden                   // 403: signed in, and may not
	NotFound                    // 404: not there, or not yours to know of
	Conflict                    // 409: the state of things forbids it
	Gone                        // 410: a link that was used, replaced or has expired
	Stale                       // 412: somebody else changed it meanwhile
	TooLarge                    // 413: the body is over the limit
	Invalid                     // 422: readable, and a field is wrong
	NoPrecondition              // 428: the write needs If-Match
	TooMany                     // 429: slow down
	Busy                        // 503: try again after RetryAfter
	WrongMethod                 // 405: the address does not take this method; Allow says which
	WrongType                   // 415: the body is of another type than the one that is read
)

var statuses = [...]int{500, 400, 401, 403, 404, 409, 410, 412, 413, 422, 428, 429, 503, 405, 415}

// Status is the HTTP status of the kind.
func (k Kind) Status() int {
	if int(k) < len(statuses) {
		return statuses[k]
	}
	return 500
}

// Args are the values a sentence needs, by the name of their place in it.
type Args map[string]any

// Field says what is wrong with one field of the input.
type Field struct {
	Name string // as the API and the form call it: "email", "entities"
	Code string // the sentence's key in lang, without the "field." before it
	Args Args
}

// Error is a refusal that may be shown. The zero value is an internal error without a code.
type Error struct {
	Kind       Kind
	Code       string        // stable, lower case with underscores: "last_administrator"
	Args       Args          // for the sentence
	Fields     []Field       // for Invalid
	Permission string        // for Forbidden: the permission that is missing, "users:create"
	RetryAfter time.Duration // for Busy and TooMany; whole seconds are sent
	cause      error
}

// New makes an error of a kind; args come in pairs of name and value.
func New(kind Kind, code string, args ...any) *Error {
	e := &Error{Kind: kind, Code: code}
	return e.With(args...)
}

// Missing refuses for want of a permission.
func Missing(permission string) *Error {
	return &Error{Kind: Forbidden, Code: "missing_permission", Permission: permission, Args: Args{"permission": permission}}
}

// None is the answer for whatever does not exist or is not the caller's to know of.
// It names the kind of thing only, so that both answers are equal.
func None(what string) *Error { return New(NotFound, "not_found", "what", what) }

// In makes an Invalid error about one field; args come in pairs.
func In(field, code string, args ...any) *Error {
	var fs Fields
	fs.Add(field, code, args...)
	return fs.Err().(*Error)
}

// With adds values for the sentence, in pairs of name and value.
func (e *Error) With(args ...any) *Error {
	if len(args) > 0 {
		e.Args = merged(e.Args, args)
	}
	return e
}

// Because adds the cause, which is logged and never shown.
func (e *Error) Because(err error) *Error {
	e.cause = err
	return e
}

// Error is for the log; people see the sentence of lang instead.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code)
	for _, f := range e.Fields {
		fmt.Fprintf(&b, " [%s: %s]", f.Name, f.Code)
	}
	if e.Permission != "" {
		fmt.Fprintf(&b, " (%s)", e.Permission)
	}
	if e.cause != nil {
		fmt.Fprintf(&b, ": %v", e.cause)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is(err, fault.New(kind, code)) true for the same kind and code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind && t.Code == e.Code
}

// From finds the Error in err, or wraps err as an internal one. From(nil) is nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Kind: Internal, Code: "internal", cause: err}
}

// CodeOf is the code of the Error in err, or "" when there is none.
func CodeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// Fields collects what is wrong with an input, so that all of it is told at once.
// The zero value is ready.
type Fields struct{ list []Field }

// Add notes one wrong field; args come in pairs.
func (f *Fields) Add(name, code string, args ...any) {
	f.list = append(f.list, Field{Name: name, Code: code, Args: merged(nil, args)})
}

// Any tells whether a field was noted.
func (f *Fields) Any() bool { return len(f.list) > 0 }

// Err is nil when nothing was noted, else the Invalid error with all fields.
func (f *Fields) Err() error {
	if len(f.list) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Code: "invalid", Fields: f.list}
}

func merged(old Args, pairs []any) Args {
	if len(pairs) == 0 {
		return old
	}
	out := make(Args, len(old)+len(pairs)/2)
	maps.Copy(out, old)
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}
