package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"countersign/internal/fault"
	"countersign/internal/lang"
)

const depthMost = 32 // of a body; ours have two

// decode reads a body into a struct of texts, yes-or-noes, whole numbers, lists of
// texts, lists of such structs, times, values of properties, and whole objects, which
// are passed on as they came; a pointer tells whether it was sent. What cannot be read, a name that is not
// known or stands twice, and bytes that are no UTF-8 are malformed, and so are values
// of another kind; each missing or wrong field is named, all at once: one within a
// list as "permissions[2].currency". A field without omitzero or omitempty is
// required; a pointer that stays nil was not sent. Texts hold no NUL, save those
// tagged text:"any", and no more code points than maxLength says.
func decode(data []byte, into any) error {
	if err := wellFormed(data); err != nil {
		return err
	}
	o := decoding{kind: fault.Invalid}
	if err := o.object(data, reflect.ValueOf(into).Elem(), ""); err != nil {
		return err
	}
	return ofKind(o.kind, o.wrong.Err())
}

// decoding is a body that is being read, with what is wrong with it so far.
type decoding struct {
	wrong fault.Fields
	kind  fault.Kind
}

// object reads an object into a struct; before is what its fields' names begin with.
func (o *decoding) object(data []byte, value reflect.Value, before string) error {
	d := jsontext.NewDecoder(bytes.NewReader(data))
	if _, err := d.ReadToken(); err != nil {
		return malformed(err)
	}
	known := fieldsOf(value.Type())
	values := map[string]jsontext.Value{}
	for d.PeekKind() == '"' {
		token, err := d.ReadToken()
		if err != nil {
			return malformed(err)
		}
		name := token.String()
		raw, err := d.ReadValue()
		if err != nil {
			return malformed(err)
		}
		if !hasField(known, name) {
			return fault.New(fault.Malformed, "unknown_field", "name", short(name))
		}
		values[name] = raw.Clone()
	}
	for _, f := range known {
		raw, sent := values[f.name]
		switch {
		case !sent && !f.required:
		case !sent || f.required && raw.Kind() == 'n':
			o.wrong.Add(before+f.name, "required")
		default:
			if err := o.field(f, value.Field(f.index), raw, before); err != nil {
				return err
			}
		}
	}
	return nil
}

// field reads one value, and notes what is wrong with it.
func (o *decoding) field(f bodyField, to reflect.Value, raw jsontext.Value, before string) error {
	t := to.Type()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	code := ""
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct {
		list, err := o.objects(t, raw, before+f.name)
		if err != nil {
			return err
		}
		if code = "want_objects"; list.IsValid() {
			code = ""
			if to.Kind() == reflect.Pointer {
				to.Set(reflect.New(t))
				to = to.Elem()
			}
			to.Set(list)
		}
	} else {
		code = f.set(to, raw)
	}
	if code != "" {
		o.wrong.Add(before+f.name, code, "max", f.most)
	}
	if strings.HasPrefix(code, "want_") {
		o.kind = fault.Malformed
	}
	return nil
}

// objects reads a list of objects; the zero Value when it is none.
func (o *decoding) objects(t reflect.Type, raw jsontext.Value, name string) (none reflect.Value, err error) {
	if raw.Kind() != '[' {
		return none, nil
	}
	d := jsontext.NewDecoder(bytes.NewReader(raw))
	if _, err := d.ReadToken(); err != nil {
		return none, malformed(err)
	}
	list := reflect.MakeSlice(t, 0, 8)
	for d.PeekKind() != ']' {
		item, err := d.ReadValue()
		if err != nil {
			return none, malformed(err)
		}
		if item.Kind() != '{' {
			return none, nil
		}
		one := reflect.New(t.Elem()).Elem()
		if err := o.object(item, one, fmt.Sprintf("%s[%d].", name, list.Len())); err != nil {
			return none, err
		}
		list = reflect.Append(list, one)
	}
	return list, nil
}

// ofKind makes an error about fields malformed, when one of them is not even of
// the kind of value that it must be: a text for yes, a list for a text.
func ofKind(kind fault.Kind, err error) error {
	if err != nil && kind == fault.Malformed {
		return &fault.Error{Kind: kind, Code: "malformed_fields", Fields: fault.From(err).Fields}
	}
	return err
}

// wellFormed refuses whatever is not one JSON object and nothing more.
func wellFormed(data []byte) error {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return fault.New(fault.Malformed, "body_missing")
	case !utf8.Valid(data):
		return fault.New(fault.Malformed, "json_text")
	}
	d := jsontext.NewDecoder(bytes.NewReader(data))
	object := d.PeekKind() == '{'
	for first := true; first || d.StackDepth() > 0; first = false {
		if _, err := d.ReadToken(); err != nil {
			return malformed(err)
		}
		if d.StackDepth() > depthMost {
			return fault.New(fault.Malformed, "json_deep", "max", depthMost)
		}
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return fault.New(fault.Malformed, "json_trailing")
	}
	if !object {
		return fault.New(fault.Malformed, "json_object")
	}
	return nil
}

// malformed says what is wrong with the text of a body.
func malformed(err error) error {
	at, ok := errors.AsType[*jsontext.SyntacticError](err)
	switch {
	case ok && errors.Is(err, jsontext.ErrDuplicateName):
		return fault.New(fault.Malformed, "field_twice", "name", short(at.JSONPointer.LastToken()))
	case ok:
		return fault.New(fault.Malformed, "json_malformed", "at", at.ByteOffset)
	}
	return fault.New(fault.Malformed, "json_malformed", "at", int64(0)).Because(err)
}

// short keeps a name that somebody made up fit for a sentence.
func short(name string) string {
	clean, problem := lang.Line(name, 40)
	if problem != "" {
		return "?"
	}
	return clean
}

// bodyField is a field of a body's struct.
type bodyField struct {
	name     string
	index    int
	required bool
	anyText  bool
	most     int // code points; 0 is no limit
}

func fieldsOf(t reflect.Type) []bodyField {
	var list []bodyField
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		most, _ := strconv.Atoi(t.Field(i).Tag.Get("maxLength"))
		list = append(list, bodyField{name, i, options == "", t.Field(i).Tag.Get("text") == "any", most})
	}
	return list
}

func hasField(list []bodyField, name string) bool {
	for _, f := range list {
		if f.name == name {
			return true
		}
	}
	return false
}

// set puts a value in its place, or says what it should have been.
func (f bodyField) set(to reflect.Value, raw jsontext.Value) (problem string) {
	if to.Kind() == reflect.Pointer {
		sent := reflect.New(to.Type().Elem())
		if problem = f.set(sent.Elem(), raw); problem == "" {
			to.Set(sent)
		}
		return problem
	}
	switch p := to.Addr().Interface().(type) {
	case *string:
		*p, problem = f.text(raw, "want_text")
	case **string:
		var text string
		if text, problem = f.text(raw, "want_text"); problem == "" {
			*p = &text
		}
	case *bool:
		if raw.Kind() != 't' && raw.Kind() != 'f' {
			return "want_yes_no"
		}
		*p = raw.Kind() == 't'
	case *int64:
		n, err := strconv.ParseInt(string(raw), 10, 64)
		if raw.Kind() != '0' || err != nil {
			return "want_number"
		}
		*p = n
	case *[]string:
		*p, problem = f.texts(raw)
	case *object:
		if raw.Kind() != '{' {
			return "want_object"
		}
		*p = object(raw)
	case *values:
		if raw.Kind() != '{' {
			return "want_object"
		}
		*p, problem = readValues(raw)
	case *moment:
		text, wrong := f.text(raw, "time")
		if t, err := readTime(text); wrong != "" || err != nil {
			problem = "time"
		} else {
			*p = moment(t.UnixMicro())
		}
	default:
		panic("api: a body cannot hold " + to.Type().String())
	}
	return problem
}

func (f bodyField) text(raw jsontext.Value, want string) (text, problem string) {
	if raw.Kind() != '"' {
		return "", want
	}
	out, err := jsontext.AppendUnquote(nil, raw)
	if err != nil {
		return "", "not_text"
	}
	text = string(out)
	if !f.anyText && !lang.Storable(text) {
		return "", "not_text"
	}
	if f.most > 0 && utf8.RuneCountInString(text) > f.most {
		return "", "too_long"
	}
	return text, ""
}

func (f bodyField) texts(raw jsontext.Value) (list []string, problem string) {
	if raw.Kind() != '[' {
		return nil, "want_texts"
	}
	d := jsontext.NewDecoder(bytes.NewReader(raw))
	if _, err := d.ReadToken(); err != nil {
		return nil, "want_texts"
	}
	for d.PeekKind() != ']' {
		item, err := d.ReadValue()
		if err != nil {
			return nil, "want_texts"
		}
		text, problem := f.text(item, "want_texts")
		if problem != "" {
			return nil, problem
		}
		list = append(list, text)
	}
	return list, ""
}
