package profile

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/goccy/go-yaml"

	"countersign/internal/access"
)

// Combination is a pair of things that nobody should be able to do both
// (features.md, R12): whoever holds one permission of Left and one of Right has it.
type Combination struct {
	Key         string
	Names       map[string]string // by language: "en", "fr"
	Reasons     map[string]string // why, in one sentence
	Left, Right access.Set
	Unless      string // the setting that allows it: "same_person_twice"; "" for none
}

// Name is what the combination is called in a language.
func (c *Combination) Name(language string) string { return in(c.Names, language) }

// Reason is what somebody who holds it could do, in a language.
func (c *Combination) Reason(language string) string { return in(c.Reasons, language) }

// In tells whether somebody who holds a set has the combination.
func (c *Combination) In(held access.Set) bool {
	return !held.And(c.Left).Empty() && !held.And(c.Right).Empty()
}

// What a combination is to an account.
const (
	Blocked = "blocked" // no door gives it
	Flagged = "flagged" // it is given, said and recorded
	Off     = "off"
)

// Toxic is what a combination is to an account with these settings. What stands in
// several lists of exceptions is what is strictest.
func (s Settings) Toxic(c *Combination) string {
	switch {
	case c.Unless == "same_person_twice" && s.SamePersonTwice:
		return Off
	case slices.Contains(s.ToxicBlocked, c.Key):
		return Blocked
	case slices.Contains(s.ToxicFlagged, c.Key):
		return Flagged
	case slices.Contains(s.ToxicOff, c.Key):
		return Off
	}
	return s.ToxicCombinations
}

// toxicKeys are those of the combinations that ship, as settings name them.
var toxicKeys = []string{"force_and_redirect", "both_approvals", "payouts_and_approval", "payouts_and_accounts", "people_and_payouts",
	"people_and_approval", "rules_and_approval", "identity_and_payouts", "masked_and_export"}

//go:embed toxic/*.yaml
var shippedToxic embed.FS

type fileCombination struct {
	Key    string            `yaml:"key"`
	Name   map[string]string `yaml:"name"`
	Reason map[string]string `yaml:"reason"`
	Left   []string          `yaml:"left"`
	Right  []string          `yaml:"right"`
	Unless string            `yaml:"unless"`
}

// loadToxic reads every toxic/*.yaml of a file system.
func loadToxic(files fs.FS) ([]Combination, error) {
	names, err := fs.Glob(files, "toxic/*.yaml")
	if err != nil {
		return nil, err
	}
	var all []Combination
	var errs []error
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		list, err := parseToxic(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
		all = append(all, list...)
	}
	return all, errors.Join(errs...)
}

func parseToxic(text []byte) ([]Combination, error) {
	var list []fileCombination
	if err := yaml.UnmarshalWithOptions(text, &list, yaml.Strict()); err != nil {
		return nil, err
	}
	var wrong problems
	var out []Combination
	seen := map[string]bool{}
	for _, f := range list {
		c := Combination{Key: f.Key, Names: f.Name, Reasons: f.Reason, Unless: f.Unless,
			Left: permissionSet(f.Key, f.Left, &wrong), Right: permissionSet(f.Key, f.Right, &wrong)}
		for _, language := range languages {
			if f.Name[language] == "" || f.Reason[language] == "" {
				wrong.add("combination %s: name or reason is missing in %s", f.Key, language)
			}
		}
		switch {
		case f.Key == "" || seen[f.Key]:
			wrong.add("combination %q: a key is missing or there twice", f.Key)
		case c.Left.Empty() || c.Right.Empty() || !c.Left.And(c.Right).Empty():
			wrong.add("combination %s: left and right hold something each, and nothing both", f.Key)
		case c.Unless != "" && c.Unless != "same_person_twice":
			wrong.add("combination %s: %s allows no combination", f.Key, c.Unless)
		}
		seen[f.Key] = true
		out = append(out, c)
	}
	return out, errors.Join(wrong.errs...)
}

func permissionSet(key string, names []string, wrong *problems) access.Set {
	var set access.Set
	for _, name := range names {
		p, ok := access.Parse(name)
		if !ok {
			wrong.add("combination %s: there is no permission %s", key, name)
		}
		set = set.With(p)
	}
	return set
}
