package world

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/org"
)

// State is every row of every table as text, by table, without the audit log
// and its counter: two states are equal when nothing was done in between.
func (w *World) State() map[string][]string {
	w.t.Helper()
	out := map[string][]string{}
	w.View(func(tx *db.Tx) error {
		tables := `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`
		if w.DB.IsSQLite() {
			tables = `SELECT name FROM sqlite_master WHERE type = 'table'`
		}
		names, err := db.Column(tx, tables)
		if err != nil {
			return err
		}
		for _, name := range names {
			columns := "*"
			switch {
			case name == "audit_entries" || strings.HasPrefix(name, "sqlite_"):
				continue
			case name == "ledger":
				columns = "revision"
			}
			if out[name], err = db.All(tx, row, `SELECT `+columns+` FROM `+name); err != nil {
				return err
			}
			slices.Sort(out[name])
		}
		return nil
	})
	return out
}

// Raw is every row of one table as text.
func (w *World) Raw(table string) (out []string) {
	w.t.Helper()
	w.View(func(tx *db.Tx) (err error) {
		out, err = db.All(tx, row, `SELECT * FROM `+table)
		return err
	})
	return out
}

func row(r *sql.Rows) (string, error) {
	columns, err := r.Columns()
	if err != nil {
		return "", err
	}
	values, dest := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i]
	}
	if err := r.Scan(dest...); err != nil {
		return "", err
	}
	var b strings.Builder
	for i, v := range values {
		if bytes, ok := v.([]byte); ok {
			v = string(bytes)
		}
		fmt.Fprintf(&b, "%s=%v ", columns[i], v)
	}
	return b.String(), nil
}

// Entries is the audit log of the whole platform, the newest first.
func (w *World) Entries() []audit.Found {
	w.t.Helper()
	return w.newest(1000)
}

func (w *World) newest(limit int) (out []audit.Found) {
	w.t.Helper()
	w.View(func(tx *db.Tx) error {
		p, found, err := org.Platform(tx)
		if err != nil || !found {
			return err
		}
		out, err = audit.Search(tx, audit.Query{Reach: []access.Reach{{Paths: []string{p.Path}, AllLocations: true}}, Limit: limit})
		return err
	})
	return out
}

// Last is the newest entry of the audit log.
func (w *World) Last() audit.Found {
	w.t.Helper()
	list := w.newest(1)
	if len(list) == 0 {
		w.t.Fatal("the audit log is empty")
	}
	return list[0]
}
