package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"
)

// File is the option --config: a YAML file whose keys are the names of the
// flags without the dashes. A key that no command has is a problem, as is a
// value that its option cannot take; Validate tells them with the others.
type File struct {
	Name string
	read *contents
}

// contents is behind a pointer because kong copies the option's value.
type contents struct {
	values   map[string]string
	problems Problems
}

// String is the file's name.
func (f File) String() string { return f.Name }

// Decode is called by kong with the file's name.
func (f *File) Decode(ctx *kong.DecodeContext) error {
	f.read = &contents{}
	return ctx.Scan.PopValueInto("file", &f.Name)
}

// BeforeResolve is called by kong before it asks the file: it reads it.
func (f *File) BeforeResolve(k *kong.Kong, ctx *kong.Context, trace *kong.Path) error {
	chosen := ctx.FlagValue(trace.Flag).(File)
	if chosen.Name == "" {
		return nil
	}
	options := map[string]*kong.Flag{}
	collect(k.Model.Node, options)
	chosen.read.load(chosen.Name, options)
	ctx.AddResolver(chosen.read)
	return nil
}

func collect(n *kong.Node, into map[string]*kong.Flag) {
	for _, f := range n.Flags {
		into[f.Name] = f
	}
	for _, child := range n.Children {
		collect(child, into)
	}
}

func (c *contents) load(name string, options map[string]*kong.Flag) {
	*c = contents{values: map[string]string{}}
	raw, err := parse(name)
	if err != nil {
		c.problems.add("--config", "%v", err)
		return
	}
	keys := make([]string, 0, len(raw))
	for key := range raw {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		where := name + ", " + key
		option, known := options[key]
		value, err := plain(raw[key])
		switch {
		case key == "key" || key == "smtp-password":
			c.problems.add(where, "a secret does not stand here: use %s-file, or the environment variable COUNTERSIGN_%s", key, strings.ToUpper(strings.ReplaceAll(key, "-", "_")))
		case !known || key == "config" || key == "help" || key == "version":
			c.problems.add(where, "there is no such option; 'countersign serve --help' lists them")
		case err != nil:
			c.problems.add(where, "%v", err)
		default:
			if err := try(option, value); err != nil {
				c.problems.add(where, "%v", err)
				continue
			}
			c.values[key] = value
		}
	}
}

func parse(name string) (map[string]any, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	decoder := yaml.NewDecoder(f)
	var raw map[string]any
	if err := decoder.Decode(&raw); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var more any
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: only one document, please", name)
	}
	return raw, nil
}

// plain is a value as it would be typed on the command line.
func plain(v any) (string, error) {
	switch x := v.(type) {
	case nil:
		return "", errors.New(`there is no value; write "" for none`)
	case string:
		return x, nil
	case bool, int, int64, uint64, float64:
		return fmt.Sprint(x), nil
	case []any:
		var parts []string
		for _, one := range x {
			s, ok := one.(string)
			if !ok || strings.Contains(s, ",") {
				return "", errors.New("this list may hold words only")
			}
			parts = append(parts, s)
		}
		return strings.Join(parts, ","), nil
	}
	return "", errors.New("one value is wanted here, not a group of them")
}

// try tells whether the option can take the value.
func try(option *kong.Flag, value string) error {
	target := reflect.New(option.Target.Type()).Elem()
	scan := kong.ScanFromTokens(kong.Token{Type: kong.FlagValueToken, Value: value})
	return option.Mapper.Decode(&kong.DecodeContext{Value: option.Value, Scan: scan}, target)
}

// Validate is kong's; the problems are told by the options' own Validate.
func (c *contents) Validate(*kong.Application) error { return nil }

// Resolve gives the file's value, unless the environment has one.
func (c *contents) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil
		}
	}
	if value, ok := c.values[flag.Name]; ok {
		return value, nil
	}
	return nil, nil
}
