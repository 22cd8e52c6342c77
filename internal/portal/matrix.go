package portal

import (
	"net/http"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/find"
	"countersign/internal/lang"
	"countersign/internal/roles"
	"countersign/internal/web"
)

func (p *Portal) matrixRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET /a/{customer}/matrix", Handle: p.matrix},
		{Pattern: "GET /a/{customer}/matrix/export", Handle: p.exportMatrix},
	}
}

var matrixFields = []string{"q", "role[]", "differ", "page"}

// matrix shows all roles across and all permissions down (R7).
func (p *Portal) matrix(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionMatrix, "page:matrix")
	if err != nil {
		return err
	}
	q, err := web.Query(r, matrixFields...)
	if err != nil {
		return err
	}
	var list []roles.Role
	err = p.reading(r, func(tx *db.Tx) (err error) {
		list, err = roles.Matrix(tx, i.account.ID, p.profile(i))
		return err
	})
	if err != nil {
		return err
	}
	return p.show(w, matrixOf(i, list, ReadMatrixFilter(q), v.Lang, matrixColumns))
}

// among leaves out chosen roles that are not in a list.
func (f MatrixFilter) among(list []roles.Role) MatrixFilter {
	f.Roles = slices.DeleteFunc(slices.Clone(f.Roles), func(id string) bool {
		return !slices.ContainsFunc(list, func(r roles.Role) bool { return r.ID == id })
	})
	return f
}

// matrixOf is the table as a filter leaves it, up to so many roles at once.
func matrixOf(i inside, list []roles.Role, f MatrixFilter, tag lang.Tag, columns int) MatrixView {
	view := MatrixView{Page: i.page, Filter: f.among(list), MayRoles: i.may("roles:view")}
	for _, r := range list {
		view.Options = append(view.Options, Option{Value: r.ID, Label: r.Title(tag)})
	}
	if len(view.Filter.Roles) > 0 {
		list = slices.DeleteFunc(slices.Clone(list), func(r roles.Role) bool { return !slices.Contains(view.Filter.Roles, r.ID) })
	}
	view.Total = len(list)
	view.Filter.Page = min(view.Filter.Page, max((len(list)+columns-1)/columns, 1))
	from := (view.Filter.Page - 1) * columns
	view.First, list = from+1, list[from:min(from+columns, len(list))]
	var gives []func(access.Permission) roles.Given
	all := slices.Collect(i.snapshot.Known().All())
	for _, r := range list {
		view.Roles = append(view.Roles, MatrixRole{ID: r.ID, Name: r.Title(tag), Predefined: !r.Custom()})
		gives = append(gives, r.Gives())
	}
	w := words{tag: tag}
	for _, s := range sectionsIn(all) {
		section := MatrixSection{Section: s.Key, Elsewhere: true}
		for _, p := range all {
			info := p.Info()
			if info.Section != s.Key {
				continue
			}
			section.Elsewhere = section.Elsewhere && !info.Built
			text := w.section(s.Key) + " " + w.permission(p.String()) + " " + p.String()
			if q := strings.TrimSpace(f.Query); q != "" && !find.Matches(text, q) {
				continue
			}
			row := MatrixRow{Permission: p.String(), Dangerous: info.Dangerous, Cells: marks(gives, p)}
			for _, r := range list {
				row.Limits = append(row.Limits, strings.Join(r.Restrictions(i.snapshot, tag, p), " "+lang.T(tag, "portal.or")+" "))
			}
			if !f.Differ || differ(row.Cells) {
				section.Rows = append(section.Rows, row)
			}
		}
		if len(section.Rows) > 0 {
			view.Sections = append(view.Sections, section)
		}
	}
	return view
}

// marks are what roles say to a permission.
func marks(gives []func(access.Permission) roles.Given, p access.Permission) []string {
	out := make([]string, len(gives))
	for n, given := range gives {
		out[n] = map[roles.Given]string{roles.NotGiven: MarkNone, roles.GivenForSome: MarkSome, roles.GivenForAll: MarkAll}[given(p)]
	}
	return out
}

func differ(cells []string) bool {
	return slices.ContainsFunc(cells, func(c string) bool { return c != cells[0] })
}

// exportMatrix is the table as a file, with all roles unless some are chosen.
func (p *Portal) exportMatrix(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionMatrix, "page:matrix")
	if err != nil {
		return err
	}
	q, err := web.Query(r, matrixFields...)
	if err != nil {
		return err
	}
	f := ReadMatrixFilter(q)
	err = p.reading(r, func(tx *db.Tx) error {
		list, err := roles.Matrix(tx, i.account.ID, p.profile(i))
		if err != nil {
			return err
		}
		return understood(q, f.among(list).Values()) // before it is recorded that a file was taken out
	})
	if err != nil {
		return err
	}
	list, err := p.Roles.TakeMatrix(r.Context(), v.Who, i.account.ID, p.profile(i))
	if err != nil {
		return err
	}
	view := matrixOf(i, list, f, v.Lang, max(len(list), 1))
	return web.SendCSV(w, "matrix-"+strings.ToLower(i.account.CustomerID)+".csv", func(c *web.CSV) error { return view.write(c) })
}

// write makes the file: a line a permission.
func (v MatrixView) write(c *web.CSV) error {
	say := words{tag: v.Lang}
	head := []string{say.t("portal.matrix.section"), say.t("portal.matrix.permission"), say.t("portal.matrix.name")}
	for _, r := range v.Roles {
		head = append(head, r.Name)
	}
	if err := c.Row(head...); err != nil {
		return err
	}
	for _, s := range v.Sections {
		for _, row := range s.Rows {
			cells := []string{say.section(s.Section), say.permission(row.Permission), row.Permission}
			for _, mark := range row.Cells {
				cells = append(cells, say.t("portal.matrix.mark."+mark))
			}
			if err := c.Row(cells...); err != nil {
				return err
			}
		}
	}
	return nil
}
