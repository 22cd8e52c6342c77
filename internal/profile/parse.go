package profile

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"countersign/internal/access"
)

// file is a profile as it is written.
type file struct {
	Name     string         `yaml:"name"`
	Version  int            `yaml:"version"`
	Roles    []fileRole     `yaml:"roles"`
	Settings map[string]any `yaml:"settings"`

	Ungrantable []string `yaml:"ungrantable"`
}

type fileRole struct {
	Key           string            `yaml:"key"`
	Name          map[string]string `yaml:"name"`
	Description   map[string]string `yaml:"description"`
	Administrator bool              `yaml:"administrator"`
	Deprecated    bool              `yaml:"deprecated"`
	Permissions   map[string]any    `yaml:"permissions"`
	MayGrant      *fileMayGrant     `yaml:"may_grant"`
	Warning       map[string]string `yaml:"warning"`
	Needs         []string          `yaml:"needs"`
	Level         string            `yaml:"level"`
	Template      bool              `yaml:"template"`
}

// fileMayGrant has one of the two.
type fileMayGrant struct {
	Only   []string `yaml:"only"`
	AllBut []string `yaml:"all_but"`
}

// languages are those in which a role must be written.
var languages = []string{"en", "fr"}

// problems collects what is wrong with a file.
type problems struct{ errs []error }

func (p *problems) add(format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf(format, args...))
}

func parse(text []byte) (*Profile, error) {
	var f file
	if err := yaml.UnmarshalWithOptions(text, &f, yaml.Strict()); err != nil {
		return nil, err
	}
	var wrong problems
	p := &Profile{Name: f.Name, Version: f.Version}
	if f.Name == "" || f.Version < 1 {
		wrong.add("name and version are missing")
	}
	for _, r := range f.Roles {
		p.Roles = append(p.Roles, r.read(&wrong))
	}
	for i, r := range f.Roles {
		p.Roles[i].MayGrant = r.mayGrant(p, &wrong)
	}
	for _, name := range f.Ungrantable {
		p.Ungrantable = p.Ungrantable.With(permission("ungrantable", name, &wrong))
	}
	p.Settings = readSettings(f.Settings, &wrong)
	p.check(&wrong)
	if err := errors.Join(wrong.errs...); err != nil {
		return nil, err
	}
	return p, nil
}

func (r *fileRole) read(wrong *problems) Role {
	for _, language := range languages {
		if r.Name[language] == "" || r.Description[language] == "" {
			wrong.add("role %s: name or description is missing in %s", r.Key, language)
		}
		if r.Warning != nil && r.Warning[language] == "" {
			wrong.add("role %s: the warning is missing in %s", r.Key, language)
		}
	}
	role := Role{Key: r.Key, Names: r.Name, Descriptions: r.Description, Administrator: r.Administrator, Deprecated: r.Deprecated,
		Warnings: r.Warning, Needs: r.Needs, Template: r.Template}
	if r.Level != "" {
		var ok bool
		if role.Level, ok = access.ParseKind(r.Level); !ok || role.Level == access.LegalEntity {
			wrong.add("role %s: %s is no level of an account", r.Key, r.Level)
		}
	}
	role.Permissions = role.readPermissions(r.Permissions, wrong)
	return role
}

// readPermissions reads what a role holds. The shorthands stop at the role's level.
func (r *Role) readPermissions(m map[string]any, wrong *problems) access.Set {
	var set access.Set
	for _, key := range slices.Sorted(maps.Keys(m)) {
		switch value := m[key]; key {
		case "except":
		case "everything":
			if value != true {
				wrong.add("role %s: everything is true or left out", r.Key)
			}
			set = set.Union(r.matching(key, wrong, func(access.Info) bool { return true }))
		case "every":
			for _, action := range listed(r.Key, key, value, wrong) {
				set = set.Union(r.matching("every "+action, wrong, func(i access.Info) bool { return i.Action == action && i.Resource != "page" }))
			}
		default:
			if value == "all" {
				set = set.Union(r.matching(key, wrong, func(i access.Info) bool { return i.Resource == key }))
				continue
			}
			for _, action := range listed(r.Key, key, value, wrong) {
				set = set.With(permission("role "+r.Key, key+":"+action, wrong))
			}
		}
	}
	if m["except"] == nil {
		return set
	}
	return set.Minus(r.except(set, m["except"], wrong))
}

// except reads what is taken out of a set again.
func (r *Role) except(set access.Set, value any, wrong *problems) access.Set {
	var out access.Set
	for _, name := range listed(r.Key, "except", value, wrong) {
		var these access.Set
		if resource, all := strings.CutSuffix(name, ":all"); all {
			these = r.matching(name, wrong, func(i access.Info) bool { return i.Resource == resource })
		} else {
			these = access.SetOf(permission("role "+r.Key, name, wrong))
		}
		if !these.Minus(set).Empty() {
			wrong.add("role %s: except %s, which it does not hold", r.Key, name)
		}
		out = out.Union(these)
	}
	return out
}

func permission(where, name string, wrong *problems) access.Permission {
	p, ok := access.Parse(name)
	if !ok {
		wrong.add("%s: there is no permission %s", where, name)
	}
	return p
}

// matching are the permissions that fit, of those that people of the role's level may hold.
func (r *Role) matching(what string, wrong *problems, fits func(access.Info) bool) access.Set {
	var set access.Set
	for _, p := range access.Permissions() {
		if fits(p.Info()) && r.holds(p) {
			set = set.With(p)
		}
	}
	if set.Empty() {
		wrong.add("role %s: no permission fits %q", r.Key, what)
	}
	return set
}

// listed reads a list of words; anything else, also an empty one, is wrong.
func listed(role, key string, value any, wrong *problems) []string {
	out, ok := words(value)
	if !ok || len(out) == 0 {
		wrong.add("role %s: %s is not a list of words: %v", role, key, value)
	}
	return out
}

// words reads a list of words; false for anything else.
func words(value any) ([]string, bool) {
	list, ok := value.([]any)
	if !ok {
		return nil, false
	}
	out := make([]string, len(list))
	for i, v := range list {
		if out[i], ok = v.(string); !ok {
			return nil, false
		}
	}
	return out, true
}
