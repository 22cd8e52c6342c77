package db

import (
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Each is the table of a list that a query takes as one argument (List), for
// after FROM: its rows are each.value, as text or, cast, as numbers.
func Each(tx *Tx, argument string) string {
	if tx.db.dialect == postgres {
		return `json_array_elements_text(CAST(` + argument + ` AS json)) AS each(value)`
	}
	return `json_each(` + argument + `) AS each`
}

// List writes a list as the argument of Each.
func List[T int64 | string](values []T) string {
	text, err := json.Marshal(values)
	if err != nil || len(values) == 0 { // numbers and text can be written
		return "[]"
	}
	return string(text)
}

// Literal writes a text so that it stands for itself in a pattern of LIKE … ESCAPE '\'.
func Literal(text string) string { return literals.Replace(text) }

var literals = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// Blocks reads rows of two columns, a BIGINT and bytes, and copies neither: take
// must not keep the bytes, nor run a statement. Of thousands of rows with some
// hundred bytes, copies and what clears them away cost more than reading.
func Blocks(tx *Tx, take func(number int64, bytes []byte), query string, args ...any) error {
	if tx.db.dialect == sqlite {
		return tx.each(query, args, func(r *sql.Rows) (bool, error) {
			var number int64
			var bytes sql.RawBytes
			err := r.Scan(&number, &bytes)
			if err == nil {
				take(number, bytes)
			}
			return true, err
		})
	}
	ctx, err := tx.queries(query)
	if err != nil {
		return err
	}
	tx.reading = true
	defer func() { tx.reading = false }()
	err = tx.line.conn.Raw(func(driver any) error {
		rows, err := driver.(*stdlib.Conn).Conn().Query(ctx, query, plain(args)...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			raw := rows.RawValues()
			if len(raw) != 2 || len(raw[0]) != 8 {
				return fmt.Errorf("db: not a BIGINT and bytes: %.60q", query)
			}
			take(int64(binary.BigEndian.Uint64(raw[0])), raw[1])
		}
		return rows.Err()
	})
	if err != nil {
		return tx.fail(err)
	}
	return nil
}

// ExecEach runs one statement once for each list of arguments, on PostgreSQL in
// one round trip for some hundred of them.
func (tx *Tx) ExecEach(query string, lists [][]any) error {
	if tx.db.dialect == sqlite || tx.mode != update {
		for _, args := range lists {
			if _, err := tx.Exec(query, args...); err != nil {
				return err
			}
		}
		return nil
	}
	for chunk := range slices.Chunk(lists, 500) {
		ctx, err := tx.ready()
		if err != nil {
			return err
		}
		tx.wrote = true
		var b pgx.Batch
		for _, args := range chunk {
			b.Queue(query, plain(args)...)
		}
		if err := tx.send(ctx, &b); err != nil {
			return tx.fail(err)
		}
	}
	return nil
}

// Fill adds many rows to a table, faster than one statement for each: on
// PostgreSQL by COPY. Every row has a value for each of the columns.
func (tx *Tx) Fill(table string, columns []string, rows [][]any) error {
	if tx.mode != update {
		return fmt.Errorf("db: only an update may fill %s", table)
	}
	if tx.db.dialect == sqlite {
		return tx.fillSQLite(table, columns, rows)
	}
	ctx, err := tx.ready()
	if err != nil || len(rows) == 0 {
		return err
	}
	tx.wrote = true
	for _, row := range rows {
		plain(row)
	}
	err = tx.line.conn.Raw(func(driver any) error {
		_, err := driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromRows(rows))
		return err
	})
	if err != nil {
		return tx.fail(err)
	}
	return nil
}

// fillSQLite adds rows some at a time: what a statement costs is spread over them.
func (tx *Tx) fillSQLite(table string, columns []string, rows [][]any) error {
	one := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ") + ")"
	for chunk := range slices.Chunk(rows, 40) {
		var args []any
		for _, row := range chunk {
			args = append(args, row...)
		}
		query := `INSERT INTO ` + table + ` (` + strings.Join(columns, ", ") + `) VALUES ` + strings.TrimSuffix(strings.Repeat(one+", ", len(chunk)), ", ")
		if _, err := tx.Exec(query, args...); err != nil {
			return err
		}
	}
	return nil
}

// DropIndexes takes those indexes of a table away that no constraint needs, before
// very many rows come in, and gives the statements that make them again. Until
// they ran, lists of the table are slow: it is for a database that is being
// filled, and is thrown away when that fails.
func (tx *Tx) DropIndexes(table string) (again []string, err error) {
	query := `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = $1 AND sql LIKE 'CREATE INDEX%' ORDER BY name`
	if tx.db.dialect == postgres {
		query = `SELECT indexname, indexdef FROM pg_indexes WHERE tablename = $1 AND indexdef LIKE 'CREATE INDEX%' ORDER BY indexname`
	}
	list, err := All(tx, func(r *sql.Rows) (x [2]string, err error) { return x, r.Scan(&x[0], &x[1]) }, query, table)
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		if _, err := tx.Exec(`DROP INDEX ` + x[0]); err != nil {
			return nil, err
		}
		again = append(again, x[1])
	}
	return again, nil
}

// Analyze has the database look at its tables again, after many rows came in,
// so that it finds the best way to them.
func (tx *Tx) Analyze() error {
	_, err := tx.Exec(`ANALYZE`)
	return err
}
