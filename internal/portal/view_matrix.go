package portal

import (
	"net/url"
	"slices"
	"strconv"
)

// MatrixFilter narrows the matrix; it is all in the address.
type MatrixFilter struct {
	Query  string
	Roles  []string // ids, at most matrixChosen: those that are shown
	Differ bool     // only where they differ
	Page   int      // of the roles, from 1
}

// matrixChosen is how many roles can be chosen to be compared: as many as a phone shows.
const matrixChosen = 3

// matrixColumns is how many roles a page of the matrix shows.
const matrixColumns = 40

// ReadMatrixFilter reads an address; what is odd counts as not asked.
func ReadMatrixFilter(q url.Values) MatrixFilter {
	f := MatrixFilter{Query: q.Get("q"), Differ: q.Get("differ") == "yes", Page: 1}
	for _, id := range q["role"] {
		if id != "" && !slices.Contains(f.Roles, id) && len(f.Roles) < matrixChosen {
			f.Roles = append(f.Roles, id)
		}
	}
	if n, err := strconv.Atoi(q.Get("page")); err == nil && n > 1 && n < 1000 {
		f.Page = n
	}
	return f
}

// Values writes it.
func (f MatrixFilter) Values() url.Values {
	v := pairs("q", f.Query)
	if len(f.Roles) > 0 {
		v["role"] = f.Roles
	}
	if f.Differ {
		v.Set("differ", "yes")
	}
	if f.Page > 1 {
		v.Set("page", strconv.Itoa(f.Page))
	}
	return v
}

// MatrixRole is a column.
type MatrixRole struct {
	ID, Name   string
	Predefined bool
}

// MatrixRow is a permission and what each role shown says to it.
type MatrixRow struct {
	Permission string
	Dangerous  bool
	Cells      []string // roles.Given.Mark
	Limits     []string // of a cell for some records, which; as many as Cells
}

// Limit are the restrictions behind a cell in words; "" for none that are known.
func (r MatrixRow) Limit(n int) string {
	if n < len(r.Limits) {
		return r.Limits[n]
	}
	return ""
}

// MatrixSection is the permissions of a section.
type MatrixSection struct {
	Section   string
	Elsewhere bool
	Rows      []MatrixRow
}

// MatrixView is all roles across and all permissions down (R7).
type MatrixView struct {
	Page
	Filter   MatrixFilter
	Options  []Option // all roles
	Roles    []MatrixRole
	Sections []MatrixSection
	First    int // of the roles shown, from 1
	Total    int // roles that there are to show
	MayRoles bool
}

func (MatrixView) name() string { return "matrix" }

// Choices are the fields in which roles are chosen, each with what stands in it.
func (v MatrixView) Choices() []string {
	out := make([]string, matrixChosen)
	copy(out, v.Filter.Roles)
	return out
}

// Last is the number of the last role shown.
func (v MatrixView) Last() int { return v.First + len(v.Roles) - 1 }

// Paged tells whether not all roles are shown at once.
func (v MatrixView) Paged() bool { return len(v.Roles) < v.Total }

// Narrowed tells whether anything is left out.
func (v MatrixView) Narrowed() bool {
	return v.Filter.Query != "" || v.Filter.Differ || len(v.Filter.Roles) > 0
}

// Cleared is the whole matrix.
func (MatrixView) Cleared() MatrixFilter { return MatrixFilter{} }

// ExportHref is the file.
func (v MatrixView) ExportHref() string { return v.To().MatrixExport(v.Filter) }

// PreviousPage and NextPage turn over the roles.
func (v MatrixView) PreviousPage() string {
	if v.First <= 1 {
		return ""
	}
	f := v.Filter
	f.Page--
	return v.To().Matrix(f)
}

// NextPage is the address of the roles after these, or "".
func (v MatrixView) NextPage() string {
	if v.Last() >= v.Total {
		return ""
	}
	f := v.Filter
	f.Page++
	return v.To().Matrix(f)
}

// ToxicRow is a combination that nobody should hold, and how many do.
type ToxicRow struct {
	Key, Name, Reason string
	Left, Right       []string // permissions
	Mode              string   // "portal.toxic.mode.MODE"
	Count             Count
}

// ToxicView is the report on all of them (R12).
type ToxicView struct {
	Page
	Rows    []ToxicRow
	MaySee  bool // who has them
	Setting string
}

func (ToxicView) name() string { return "toxic" }

// Held are those that somebody has.
func (v ToxicView) Held() (n int) {
	for _, r := range v.Rows {
		if r.Count.N > 0 {
			n++
		}
	}
	return n
}

// ToxicPerson is somebody who has a combination, and by which roles.
type ToxicPerson struct {
	PersonLink
	Left, Right []PersonLink
}

// ToxicPeopleView lists who has a combination today.
type ToxicPeopleView struct {
	Page
	Toxic  ToxicRow
	People []ToxicPerson
	Pager  Pager
	Cursor string // this page begins behind it; "" for the first
}

func (ToxicPeopleView) name() string { return "toxic_people" }

// PreviousPage is the beginning, from any page but the first.
func (v ToxicPeopleView) PreviousPage() string {
	if v.Cursor == "" {
		return ""
	}
	return v.To().ToxicPeople(v.Toxic.Key, "")
}

// NextPage is the address of the page after, or "".
func (v ToxicPeopleView) NextPage() string {
	if v.Pager.Next == "" {
		return ""
	}
	return v.To().ToxicPeople(v.Toxic.Key, v.Pager.Next)
}
