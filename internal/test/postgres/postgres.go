// Package postgres gives tests a real PostgreSQL.
//
// One server per test process, started when the first test asks and gone when the process is, however it ends; several
// processes run side by side, each with a server, a folder and a port of its own. Every test gets a fresh database:
//
//	address := postgres.New(t) // postgres://…, dropped at the end of the test
//
// The server writes durably (fsync on), sorts in the C locale as the product demands, and listens on loopback with a
// random password. COUNTERSIGN_TEST_POSTGRES, the address of a server on which databases may be created, is used
// instead of one of our own when it is set.
//
// Its one rule: tests never share a database.
package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"countersign/internal/test/machine"
)

// own is the server of this process.
var own = sync.OnceValues(launch)

// Start returns the address of the server's maintenance database, with the right to create others.
func Start(t testing.TB) string {
	t.Helper()
	if given := os.Getenv("COUNTERSIGN_TEST_POSTGRES"); given != "" {
		return given
	}
	if programs() == "" {
		machine.Missing(t, "PostgreSQL is not installed: install the package postgresql, or set COUNTERSIGN_TEST_POSTGRES to the address of a server on which databases may be created")
	}
	address, err := own()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// New returns the address of an empty database (UTF-8, C locale), which is dropped when the test ends, together with
// whatever connections are still open.
func New(t testing.TB) string {
	t.Helper()
	return create(t, Start(t), empty)
}

// Copy returns the address of a database with all that the one at the given address holds, to which nobody may be
// connected. It is dropped when the test ends.
func Copy(t testing.TB, address string) string {
	t.Helper()
	from, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return create(t, Start(t), "TEMPLATE "+strings.TrimPrefix(from.Path, "/"))
}

// Lasting returns the address of an empty database that lasts as long as this process, to be filled once and copied by
// many tests; "" where the server is not our own and the database would stay behind.
func Lasting() (string, error) {
	if os.Getenv("COUNTERSIGN_TEST_POSTGRES") != "" || programs() == "" {
		return "", nil
	}
	server, err := own()
	if err != nil {
		return "", err
	}
	name := "lasting_" + strings.ToLower(rand.Text())
	return beside(server, name), run(server, `CREATE DATABASE `+name+` `+empty)
}

const empty = `TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`

func create(t testing.TB, server, options string) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	Exec(t, server, `CREATE DATABASE `+name+` `+options)
	t.Cleanup(func() { Exec(t, server, `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`) })
	return beside(server, name)
}

// beside is the address of another database of the same server.
func beside(server, name string) string {
	address, err := url.Parse(server)
	if err != nil {
		panic("COUNTERSIGN_TEST_POSTGRES is not an address") // a connection to it has just been made
	}
	address.Path = "/" + name
	return address.String()
}

// Exec runs one statement on a connection of its own, at the given address.
func Exec(t testing.TB, address, statement string) {
	t.Helper()
	if err := run(address, statement); err != nil {
		t.Fatal(err)
	}
}

func run(address, statement string) error {
	// Not the test's context: it has ended when cleanups run.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	connection, err := pgx.Connect(ctx, address)
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer connection.Close(ctx)
	if _, err := connection.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// Cut ends every connection to the database at the address but its own, as a restarting server or a broken network
// would.
func Cut(t testing.TB, address string) {
	t.Helper()
	Exec(t, address, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
}
