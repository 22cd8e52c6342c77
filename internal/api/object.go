package api

import "github.com/danielgtaylor/huma/v2"

// object is a whole JSON object that is passed on as it is, between a browser's
// WebAuthn and the door: what stands in it is theirs.
type object []byte

// MarshalJSON writes it as it is.
func (o object) MarshalJSON() ([]byte, error) { return o, nil }

// UnmarshalJSON keeps it as it is.
func (o *object) UnmarshalJSON(text []byte) error {
	*o = append((*o)[:0], text...)
	return nil
}

// Schema describes it in the document.
func (object) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Examples: []any{map[string]any{"id": "Y3JlZGVudGlhbA"}}}
}
