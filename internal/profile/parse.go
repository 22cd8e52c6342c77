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
}

type fileRole struct {
	Key           string            `yaml:"key"`
	Name          map[string]string `yaml:"name"`
	Description   map[string]string `yaml:"description"`
	Administrator bool              `yaml:"administrator"`
	Deprecated    bool              `yaml:"deprecated"`
	Permissions   map[string]any    `yaml:"permissions"`
	MayGrant      *fileMayGrant     `yaml:"may_grant"`
}

// fileMayGrant has one of the two.
type fileMayGrant struct {
	Only   []string `yaml:"only"`
	AllBut []string `yaml:"all_but"`
}

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
	p.Settings = readSettings(f.Settings, &wrong)
	p.check(&wrong)
	if err := errors.Join(wrong.errs...); err != nil {
		return nil, err
	}
	return p, nil
}

func (r *fileRole) read(wrong *problems) Role {
	for _, language := range []string{"en", "fr"} {
		if r.Name[language] == "" || r.Description[language] == "" {
			wrong.add("role %s: name or description is missing in %s", r.Key, language)
		}
	}
	return Role{
		Key: r.Key, Names: r.Name, Descriptions: r.Description, Administrator: r.Administrator, Deprecated: r.Deprecated,
		Permissions: readPermissions(r.Key, r.Permissions, wrong),
	}
}

func readPermissions(role string, m map[string]any, wrong *problems) access.Set {
	var set access.Set
	for _, key := range slices.Sorted(maps.Keys(m)) {
		switch value := m[key]; key {
		case "except":
		case "everything":
			if value != true {
				wrong.add("role %s: everything is true or left out", role)
			}
			set = set.Union(access.Everything())
		case "every":
			for _, action := range listed(role, key, value, wrong) {
				set = set.Union(matching(role, "every "+action, wrong, func(i access.Info) bool { return i.Action == action && i.Resource != "page" }))
			}
		default:
			if value == "all" {
				set = set.Union(matching(role, key, wrong, func(i access.Info) bool { return i.Resource == key }))
				continue
			}
			for _, action := range listed(role, key, value, wrong) {
				set = set.With(permission(role, key+":"+action, wrong))
			}
		}
	}
	if m["except"] == nil {
		return set
	}
	for _, name := range listed(role, "except", m["except"], wrong) {
		p := permission(role, name, wrong)
		if p != 0 && !set.Has(p) {
			wrong.add("role %s: except %s, which it does not hold", role, name)
		}
		set = set.Minus(access.SetOf(p))
	}
	return set
}

func permission(role, name string, wrong *problems) access.Permission {
	p, ok := access.Parse(name)
	if !ok {
		wrong.add("role %s: there is no permission %s", role, name)
	}
	return p
}

func matching(role, what string, wrong *problems, fits func(access.Info) bool) access.Set {
	var set access.Set
	for _, p := range access.Permissions() {
		if fits(p.Info()) {
			set = set.With(p)
		}
	}
	if set.Empty() {
		wrong.add("role %s: no permission fits %q", role, what)
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

func (r *fileRole) mayGrant(p *Profile, wrong *problems) []string {
	if r.MayGrant == nil {
		return nil
	}
	if r.MayGrant.Only != nil && r.MayGrant.AllBut != nil {
		wrong.add("role %s: may_grant has either only or all_but", r.Key)
	}
	for _, key := range slices.Concat(r.MayGrant.Only, r.MayGrant.AllBut) {
		if _, ok := p.Role(key); !ok {
			wrong.add("role %s: may_grant names %s, which is no role", r.Key, key)
		}
	}
	if r.MayGrant.AllBut == nil {
		return r.MayGrant.Only
	}
	var keys []string
	for _, o := range p.Roles {
		if !o.Deprecated && !slices.Contains(r.MayGrant.AllBut, o.Key) {
			keys = append(keys, o.Key)
		}
	}
	return keys
}

// check is what holds between the parts of a profile.
func (p *Profile) check(wrong *problems) {
	assign := access.MustParse("users:assign_roles")
	seen := map[string]bool{}
	administrators := 0
	for i := range p.Roles {
		r := &p.Roles[i]
		if r.Key == "" || strings.ToLower(r.Key) != r.Key || strings.ContainsAny(r.Key, " :-") {
			wrong.add("role %q: a key is lower case with underscores", r.Key)
		}
		if seen[r.Key] {
			wrong.add("role %s is there twice", r.Key)
		}
		seen[r.Key] = true
		if r.Permissions.Empty() != r.Deprecated {
			wrong.add("role %s: a role holds something, a deprecated one nothing", r.Key)
		}
		if len(r.MayGrant) > 0 && !r.Permissions.Has(assign) {
			wrong.add("role %s: may_grant without %s", r.Key, assign)
		}
		if r.Administrator {
			administrators++
		}
	}
	if administrators == 0 {
		wrong.add("no role has the administrator flag")
	}
	for setting, key := range map[string]string{"default_role": p.Settings.DefaultRole, "fallback_role": p.Settings.FallbackRole} {
		r, ok := p.Role(key)
		if key == "" && setting == "default_role" {
			continue
		}
		if !ok || r.Deprecated {
			wrong.add("%s names %q, which is no role that can be given", setting, key)
		}
	}
}
