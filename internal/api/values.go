package api

import (
	"bytes"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"

	"countersign/internal/access"
	"countersign/internal/lang"
	"countersign/internal/resource"
)

// values are those of properties in a body, by name: texts, whole numbers, and true
// or false. Whether they fit what is registered, the use case says.
type values map[string]resource.Given

// Schema describes them in the document.
func (values) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Examples: []any{map[string]any{}}}
}

// noValue is what something comes in as that is no value of any kind.
const noValue = access.ValueKind(255)

// readValues reads an object of values; null is none.
func readValues(raw jsontext.Value) (values, string) {
	out := values{}
	d := jsontext.NewDecoder(bytes.NewReader(raw))
	if _, err := d.ReadToken(); err != nil {
		return nil, "want_object"
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, "want_object"
		}
		key := name.String()
		v, err := d.ReadValue()
		if err != nil {
			return nil, "want_object"
		}
		switch v.Kind() {
		case 'n':
		case '"':
			text, err := jsontext.AppendUnquote(nil, v)
			if err != nil || !lang.Storable(string(text)) {
				return nil, "not_text"
			}
			out[key] = resource.Given{Kind: access.Text, Text: string(text)}
		case '0':
			out[key] = resource.Given{Kind: access.Number, Text: string(v)}
		case 't', 'f':
			out[key] = resource.Given{Kind: access.YesNo, Text: string(v)}
		default:
			out[key] = resource.Given{Kind: noValue}
		}
	}
	return out, ""
}

// valueOut is a stored value as JSON has it.
func valueOut(kind access.ValueKind, text string) any {
	switch kind {
	case access.Number:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	case access.YesNo:
		return text == "true"
	}
	return text
}
