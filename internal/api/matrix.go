package api

import (
	"net/http"
	"slices"
	"strings"

	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/profile"
	"countersign/internal/roles"
	"countersign/internal/web"
)

const matrixPath = accountPath + "/matrix"

func (a *API) matrixRoutes() {
	const group = "Roles"
	operation(a, Operation{Method: http.MethodGet, Path: matrixPath, Permission: "page:matrix"},
		about{id: "get-matrix", tag: group, summary: "All roles across and all permissions down", text: "Roles that are no longer given are left out."}, a.matrix)
	operation(a, Operation{Method: http.MethodGet, Path: matrixPath + "/export", Permission: "page:matrix"},
		about{id: "export-matrix", tag: group, summary: "The matrix as a file for spreadsheets", kinds: []string{"text/csv"},
			text: "In the reader's language. Taking it is recorded. A cell that a spreadsheet would take for a formula begins with an apostrophe."}, a.exportMatrix)
}

type matrixIn struct {
	InAccount
	Role   string `query:"role" maxLength:"2000" doc:"Ids of the roles to show, with commas between; left out: all." example:"rol_355c06m61fbe6bnepsk8mvrwym"`
	Search string `query:"search" maxLength:"200" doc:"Words of a permission's name, of what it is called or of its section."`
	Differ string `query:"differ" enum:"true,false" doc:"Only permissions about which these roles differ."`
}

// narrowed opens the matrix of an account, as the caller wants it.
func (a *API) narrowed(c *call, in *matrixIn) (account inside, p *profile.Profile, f roles.MatrixFilter, err error) {
	if account, err = a.enter(c, in.CustomerID, "page:matrix"); err != nil {
		return account, nil, f, err
	}
	p, _ = a.Profiles.Get(account.Profile)
	f = roles.MatrixFilter{Search: in.Search, Differ: in.Differ == "true"}
	if in.Role != "" {
		f.Roles = slices.Compact(slices.Sorted(strings.SplitSeq(in.Role, ",")))
	}
	return account, p, f, oneOf("differ", in.Differ, "true", "false")
}

// Matrix is what each role gives.
type Matrix struct {
	Roles       []MatrixRole `json:"roles" nullable:"false"`
	Permissions []MatrixLine `json:"permissions" nullable:"false"`
}

// MatrixRole is a column of the matrix.
type MatrixRole struct {
	ID   string `json:"id" example:"rol_355c06m61fbe6bnepsk8mvrwym"`
	Key  string `json:"key,omitempty" doc:"Of a predefined role in the profile; a custom one has none."`
	Name string `json:"name"`
}

// MatrixLine is a line of the matrix.
type MatrixLine struct {
	Permission   string   `json:"permission" example:"payments:refund"`
	Title        string   `json:"title"`
	Section      string   `json:"section"`
	Given        []string `json:"given" nullable:"false" enum:"all,some,none" doc:"By each role, in their order; some: for some records only."`
	Restrictions []string `json:"restrictions" nullable:"false" doc:"By each role that gives it for some records only: for which, in words; else nothing."`
}

type matrixOut struct{ Body Matrix }

func (a *API) matrix(c *call, in *matrixIn) (*matrixOut, error) {
	account, p, f, err := a.narrowed(c, in)
	if err != nil {
		return nil, err
	}
	var list []roles.Role
	err = a.view(c, func(tx *db.Tx) error {
		all, err := roles.Matrix(tx, account.ID, p)
		if err == nil {
			list, err = f.Chosen(all)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &matrixOut{Matrix{Roles: []MatrixRole{}, Permissions: []MatrixLine{}}}
	for _, r := range list {
		out.Body.Roles = append(out.Body.Roles, MatrixRole{r.ID, r.Key, r.Title(c.v.Lang)})
	}
	for _, l := range f.Lines(account.snapshot, c.v.Lang, list) {
		line := MatrixLine{Permission: l.Permission.String(), Title: lang.Permission(c.v.Lang, l.Permission.String()), Section: l.Permission.Info().Section,
			Given: []string{}, Restrictions: l.Limits}
		for _, g := range l.Given {
			line.Given = append(line.Given, g.Mark())
		}
		out.Body.Permissions = append(out.Body.Permissions, line)
	}
	return out, nil
}

func (a *API) exportMatrix(c *call, in *matrixIn) (*struct{}, error) {
	account, p, f, err := a.narrowed(c, in)
	if err != nil {
		return nil, err
	}
	list, err := a.Roles.TakeMatrix(c.ctx, c.v.Who, account.ID, p, f)
	if err != nil {
		return nil, err
	}
	return c.sends(web.SendTable(c.w, "matrix-"+strings.ToLower(account.CustomerID)+".csv", f.File(account.snapshot, c.v.Lang, list)))
}
