package db

import (
	"errors"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	driver "modernc.org/sqlite"
)

// The codes of PostgreSQL (appendix A) and SQLite (rescode.html) that mean something here.
const (
	postgresUnique        = "23505"
	postgresCheck         = "23514"
	postgresSerialization = "40001"
	postgresDeadlock      = "40P01"

	sqliteBusy       = 5
	sqliteCheck      = 275
	sqliteUnique     = 2067
	sqlitePrimaryKey = 1555
)

// keyColumns finds the columns in PostgreSQL's detail, in whatever language the
// server speaks: Key (account_id, user_id)=(acc_1, usr_1) already exists.
var keyColumns = regexp.MustCompile(`\(([^()=]*)\)=\(`)

// Violates tells whether err breaks a constraint: a named CHECK by its name, or
// a UNIQUE or a primary key by "table.column" of its last column.
func Violates(err error, constraint string) bool {
	table, column, unique := strings.Cut(constraint, ".")
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		if !unique {
			return e.Code == postgresCheck && e.ConstraintName == constraint
		}
		m := keyColumns.FindStringSubmatch(e.Detail)
		return e.Code == postgresUnique && e.TableName == table && m != nil && lastOf(m[1]) == column
	}
	if e, ok := errors.AsType[*driver.Error](err); ok {
		_, what, _ := strings.Cut(e.Error(), " constraint failed: ")
		what, _, _ = strings.Cut(what, " (")
		if !unique {
			return e.Code() == sqliteCheck && what == constraint
		}
		return (e.Code() == sqliteUnique || e.Code() == sqlitePrimaryKey) && lastOf(what) == constraint
	}
	return false
}

func lastOf(list string) string { return list[strings.LastIndex(list, " ")+1:] }

// passing tells whether trying again may help: a deadlock or a serialization
// failure on PostgreSQL, a busy SQLite file (another process writes).
func passing(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == postgresSerialization || e.Code == postgresDeadlock
	}
	e, ok := errors.AsType[*driver.Error](err)
	return ok && e.Code()&0xff == sqliteBusy
}
