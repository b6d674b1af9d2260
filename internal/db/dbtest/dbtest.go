// Package dbtest gives tests a real, migrated and empty database: SQLite in the
// test's own folder, or a schema of its own on the PostgreSQL server that the
// environment variable DESKBRIDGE_TEST_POSTGRES names.
package dbtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx"

	"github.com/deskbridge/deskbridge/internal/db"
)

// variable names the server that tests use instead of SQLite.
const variable = "DESKBRIDGE_TEST_POSTGRES"

// New returns a fresh, migrated database, which the test's cleanup closes.
func New(t testing.TB) *db.DB {
	t.Helper()
	return Open(t, URL(t))
}

// Open opens and migrates the database at address. Two nodes on one PostgreSQL
// database are two calls with one address.
func Open(t testing.TB, address string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), db.Config{URL: address, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatalf("open the test database: %v", err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close the test database: %v", err)
		}
	})
	if err := d.Migrate(context.Background()); err != nil {
		t.Fatalf("migrate the test database: %v", err)
	}
	return d
}

// OnPostgres reports whether New gives PostgreSQL.
func OnPostgres() bool { return os.Getenv(variable) != "" }

// URL returns the address of a database that does not exist yet, or of an empty
// schema that the test's cleanup drops.
func URL(t testing.TB) string {
	t.Helper()
	if !OnPostgres() {
		return "sqlite:" + filepath.Join(t.TempDir(), "deskbridge.db")
	}
	u, err := url.Parse(os.Getenv(variable))
	if err != nil {
		t.Fatalf("%s is not a URL", variable)
	}
	schema := "test_" + strings.ToLower(rand.Text())
	run(t, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { run(t, "DROP SCHEMA "+schema+" CASCADE") })
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

func run(t testing.TB, statement string) {
	t.Helper()
	c, err := sql.Open("pgx", os.Getenv(variable))
	if err != nil {
		t.Fatalf("open %s: %v", variable, err)
	}
	defer c.Close()
	if _, err := c.ExecContext(context.Background(), statement); err != nil {
		t.Fatalf("prepare the test schema: %v", err)
	}
}
