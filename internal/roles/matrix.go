package roles

import (
	"context"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/profile"
)

// Given is how a role gives a permission.
type Given uint8

// The ways.
const (
	NotGiven Given = iota
	GivenForSome
	GivenForAll
)

// Gives answers whether whoever has the role has a permission, with what comes along.
func (r Role) Gives() func(access.Permission) Given {
	all, whole := access.Closed(r.Permissions), access.Closed(r.Permissions.Minus(r.Restricted))
	return func(p access.Permission) Given {
		switch {
		case !all.Has(p):
			return NotGiven
		case whole.Has(p), p.Info().Resource == "page":
			return GivenForAll
		}
		return GivenForSome
	}
}

// Mark names a way, for doors and for the messages "matrix.mark.MARK".
func (g Given) Mark() string { return [...]string{"none", "some", "all"}[g] }

// Matrix lists the roles that stand in the matrix of an account (R7): all but those
// that are given to nobody any more.
func Matrix(tx *db.Tx, accountID string, p *profile.Profile) ([]Role, error) {
	list, err := List(tx, accountID, p)
	return slices.DeleteFunc(list, func(r Role) bool { return r.Deprecated }), err
}

// MatrixFilter narrows the matrix.
type MatrixFilter struct {
	Roles  []string // ids of those that stand in it; all when there are none
	Search string   // every word of it is part of a permission's name, of what it is called or of its section
	Differ bool     // only permissions about which these roles differ
}

// Chosen are the roles of a list that the filter leaves, in the list's order. One
// that is not there is refused, in the field "role".
func (f MatrixFilter) Chosen(list []Role) ([]Role, error) {
	if len(f.Roles) == 0 {
		return list, nil
	}
	var out []Role
	for _, r := range list {
		if slices.Contains(f.Roles, r.ID) {
			out = append(out, r)
		}
	}
	for _, id := range f.Roles {
		if !slices.ContainsFunc(out, func(r Role) bool { return r.ID == id }) {
			return nil, fault.In("role", "unknown_role")
		}
	}
	return out, nil
}

// narrowedBy is the filter in the log; of a search only that there was one, as
// everywhere.
func (f MatrixFilter) narrowedBy() []audit.Change {
	yes := map[bool]string{true: "true"}
	return []audit.Change{{Field: "filter_search", After: yes[f.Search != ""]}, {Field: "filter_role", After: strings.Join(f.Roles, " ")},
		{Field: "filter_differ", After: yes[f.Differ]}}
}

// MatrixLine is a permission and what some roles say to it, in their order.
type MatrixLine struct {
	Permission access.Permission
	Given      []Given
	Limits     []string // where a role gives it for some records only: for which, in words
}

// Lines are the matrix of some roles, a line a permission: those of the catalogue
// and those of the types registered in s, section by section.
func (f MatrixFilter) Lines(s *access.Snapshot, tag lang.Tag, list []Role) (out []MatrixLine) {
	var gives []func(access.Permission) Given
	for _, r := range list {
		gives = append(gives, r.Gives())
	}
	all := slices.Collect(s.Known().All())
	for _, section := range access.SectionsOf(all) {
		for _, p := range all {
			if p.Info().Section != section.Key || !f.takes(tag, p) {
				continue
			}
			line := MatrixLine{Permission: p}
			for n, r := range list {
				line.Given = append(line.Given, gives[n](p))
				line.Limits = append(line.Limits, strings.Join(r.Restrictions(s, tag, p), " "+lang.T(tag, "limit.or")+" "))
			}
			if !f.Differ || slices.ContainsFunc(line.Given, func(g Given) bool { return g != line.Given[0] }) {
				out = append(out, line)
			}
		}
	}
	return out
}

func (f MatrixFilter) takes(tag lang.Tag, p access.Permission) bool {
	return strings.TrimSpace(f.Search) == "" || lang.Matches(lang.Section(tag, p.Info().Section)+" "+lang.Permission(tag, p.String())+" "+p.String(), f.Search)
}

// File is the matrix of some roles as a table for spreadsheets: heads, and a line a permission.
func (f MatrixFilter) File(s *access.Snapshot, tag lang.Tag, list []Role) [][]string {
	head := []string{lang.T(tag, "matrix.section"), lang.T(tag, "matrix.permission"), lang.T(tag, "matrix.name")}
	for _, r := range list {
		head = append(head, r.Title(tag))
	}
	out := [][]string{head}
	for _, line := range f.Lines(s, tag, list) {
		cells := []string{lang.Section(tag, line.Permission.Info().Section), lang.Permission(tag, line.Permission.String()), line.Permission.String()}
		for _, g := range line.Given {
			cells = append(cells, lang.T(tag, "matrix.mark."+g.Mark()))
		}
		out = append(out, cells)
	}
	return out
}

// TakeMatrix gives the roles for a file of the matrix, and records that it was
// taken out and how it was narrowed.
func (r *Roles) TakeMatrix(ctx context.Context, who db.Who, accountID string, p *profile.Profile, f MatrixFilter) (list []Role, err error) {
	e := audit.Entry{Action: audit.MatrixExported, AccountID: accountID, Kind: "account", ID: accountID}
	err = r.refusing(ctx, who, e, func(tx *db.Tx) error {
		if err := r.guard.May(tx, who, accountID, access.MustParse("page:matrix")); err != nil {
			return err
		}
		if list, err = Matrix(tx, accountID, p); err != nil {
			return err
		}
		if list, err = f.Chosen(list); err != nil {
			return err
		}
		e.Changes = f.narrowedBy()
		return audit.Record(tx, e)
	})
	return list, err
}
