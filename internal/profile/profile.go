// Package profile holds the profiles: a catalogue of predefined roles and the
// settings an account starts from, as YAML, one file a profile.
//
//	NAME.yaml     the profile; standard.yaml explains the form
//	Load          reads and checks all of them
//	Role          a predefined role; Settings: what an account may change later
//	Definitions   the settings there are, with their types, for forms
//	check.go      what must hold within a profile
//	toxic/*.yaml  combinations of permissions that nobody should hold, and Settings.Toxic:
//	              what each is to an account
//
// A further profile is a further file and nothing else. A role's permissions
// are as written; access.Closed adds what they bring along.
//
// The one rule: a profile with anything wrong in it is not loaded, and all that
// is wrong is told at once.
package profile

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"countersign/internal/access"
)

// Standard is the name of the profile that an account gets when none is chosen.
const Standard = "standard"

// Profile is a role catalogue and the settings that go with it.
type Profile struct {
	Name        string
	Version     int // grows when what a role holds changes
	Roles       []Role
	Ungrantable access.Set // in no custom role of its accounts, beside what is in none ever
	Settings    Settings
}

// Role is a predefined role.
type Role struct {
	Key           string
	Names         map[string]string // by language: "en", "fr"
	Descriptions  map[string]string
	Permissions   access.Set
	MayGrant      []string // keys
	Administrator bool     // its active holders count for the last-administrator rule
	Deprecated    bool     // is not given any more, and allows nothing

	Warnings map[string]string // by language: what is acknowledged when it is given, beside its dangerous permissions
	Needs    []string          // keys of the roles without which it is not given
	Level    access.Kind       // the lowest level of account in which it is given; 0 is any
	Template bool              // whoever is given it gets a copy of their own (features.md, R18)
}

// Name is the role's name in a language; in English when it has none in that one.
func (r *Role) Name(language string) string { return in(r.Names, language) }

// Description is one line about the role in a language.
func (r *Role) Description(language string) string { return in(r.Descriptions, language) }

// Warning is what whoever gives the role must have read, in a language; "" for none.
func (r *Role) Warning(language string) string { return in(r.Warnings, language) }

// At tells whether the role is given in accounts of that level.
func (r *Role) At(kind access.Kind) bool { return r.Level == 0 || kind <= r.Level }

// holds tells whether people of the role's level may hold a permission at all.
func (r *Role) holds(p access.Permission) bool {
	least := p.Info().MinLevel
	return least == 0 || r.Level == 0 || r.Level <= least
}

func in(texts map[string]string, language string) string {
	if t := texts[language]; t != "" {
		return t
	}
	return texts["en"]
}

// Role finds a role by its key.
func (p *Profile) Role(key string) (*Role, bool) {
	i := slices.IndexFunc(p.Roles, func(r Role) bool { return r.Key == key })
	if i < 0 {
		return nil, false
	}
	return &p.Roles[i], true
}

// Profiles are those that were loaded. The zero value has none.
type Profiles struct {
	list  []*Profile
	toxic []Combination
}

// Combinations lists the toxic combinations, in the order in which people read
// them. They are shared: read them only.
func (ps Profiles) Combinations() []Combination { return ps.toxic }

// Get finds a profile by its name. It is shared: read it only.
func (ps Profiles) Get(name string) (*Profile, bool) {
	i := slices.IndexFunc(ps.list, func(p *Profile) bool { return p.Name == name })
	if i < 0 {
		return nil, false
	}
	return ps.list[i], true
}

// Names lists the profiles, standard first.
func (ps Profiles) Names() []string {
	var names []string
	for _, p := range ps.list {
		names = append(names, p.Name)
	}
	return names
}

//go:embed *.yaml
var shipped embed.FS

// Load reads the profiles that ship with the program.
func Load() (Profiles, error) {
	toxic, err := loadToxic(shippedToxic)
	if err != nil {
		return Profiles{}, err
	}
	ps, err := LoadFrom(shipped)
	ps.toxic = toxic
	return ps, err
}

// LoadFrom reads every *.yaml at the top of a file system as a profile.
func LoadFrom(files fs.FS) (Profiles, error) {
	var ps Profiles
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return ps, err
	}
	var errs []error
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return ps, err
		}
		p, err := parse(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
			continue
		}
		if p.Name+".yaml" != name {
			errs = append(errs, fmt.Errorf("%s: the name in it is %q", name, p.Name))
			continue
		}
		ps.list = append(ps.list, p)
	}
	if err := errors.Join(errs...); err != nil {
		return Profiles{}, err
	}
	slices.SortStableFunc(ps.list, func(a, b *Profile) int {
		switch Standard {
		case b.Name:
			return 1
		case a.Name:
			return -1
		}
		return 0
	})
	return ps, nil
}
