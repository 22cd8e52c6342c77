package portal

import (
	"net/http"
	"strings"
	"time"

	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/people"
	"countersign/internal/web"
)

// exportUsers is the list as a file: all that the filter leaves, in the columns
// that are shown (U1).
func (p *Portal) exportUsers(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionUsers, "users:view")
	if err != nil {
		return err
	}
	q, err := web.Query(r, usersFields...)
	if err != nil {
		return err
	}
	view := UsersView{Page: i.page, Filter: ReadUsersFilter(q)}
	view.Columns = ReadColumns(view.Filter.Columns)
	if err := understood(q, view.Filter.Values()); err != nil {
		return err
	}
	list := view.Filter.query()
	var names listNames
	err = p.reading(r, func(tx *db.Tx) (err error) {
		if list.EntityID, err = p.askedEntity(tx, i, &view); err != nil {
			return err
		}
		names, err = p.listNames(tx, i.account, v.Lang)
		return err
	})
	if err != nil {
		return err
	}
	if list.EntityID == noEntity {
		return to(w, r, i.page.To().Users(view.Filter)) // where one can be chosen
	}
	file := usersFile{names: names, columns: view.Shown(), page: i.page}
	return p.writeUsers(w, r, v, i, list, &file)
}

// writeUsers sends the file. What fails once it has begun cuts it off.
func (p *Portal) writeUsers(w http.ResponseWriter, r *http.Request, v *web.Visit, i inside, list people.Query, file *usersFile) error {
	all, err := p.People.Export(r.Context(), v.Who, i.account, list)
	if err != nil {
		return err
	}
	return web.SendCSV(w, "users-"+strings.ToLower(i.account.CustomerID)+".csv", func(c *web.CSV) error {
		if err := c.Row(file.heads()...); err != nil {
			return err
		}
		return all.Each(r.Context(), func(rows []people.Row) error {
			if err := p.reading(r, func(tx *db.Tx) error { return file.names.of(tx, i.account, rows) }); err != nil {
				return err
			}
			for _, row := range rows {
				if err := c.Row(file.cells(userRow(row, file.names, ""))...); err != nil {
					return err
				}
			}
			return c.Flush()
		})
	})
}

// usersFile is the file being written.
type usersFile struct {
	names   listNames
	columns []Column
	page    Page
}

func (f *usersFile) word(key string, args ...any) string { return lang.T(f.page.Lang, key, args...) }

// heads are the words of the columns; the name and the identifier are two.
func (f *usersFile) heads() []string {
	var out []string
	for _, c := range f.columns {
		out = append(out, f.word("portal.users.column."+string(c)))
		if c == NameColumn {
			out = append(out, f.word("portal.field.identifier"))
		}
	}
	return out
}

func (f *usersFile) cells(row UserRow) []string {
	var out []string
	for _, c := range f.columns {
		switch c {
		case NameColumn:
			out = append(out, row.Name, row.Identifier)
		case EmailColumn:
			out = append(out, row.Email)
		case PhoneColumn:
			out = append(out, row.Phone)
		case LanguageColumn:
			out = append(out, row.Language)
		case RolesColumn:
			out = append(out, strings.Join(row.Roles, "; "))
		case EntitiesColumn:
			entities := strings.Join(row.Entities, "; ")
			if row.AllEntities {
				entities = f.word("portal.all_entities")
			}
			out = append(out, entities)
		case StatusColumn:
			out = append(out, f.word("portal.status."+string(row.Status)))
		case FactorColumn:
			out = append(out, f.word("portal.factor."+string(row.Factor)))
		case LastSignInColumn:
			out = append(out, f.moment(row.LastSignIn))
		case CreatedColumn:
			out = append(out, f.moment(row.Created))
		}
	}
	return out
}

// moment is a time as spreadsheets read it, in the viewer's zone.
func (f *usersFile) moment(at Moment) string {
	if at.IsZero() {
		return ""
	}
	return at.In(f.page.Zone).Format(time.DateTime)
}
