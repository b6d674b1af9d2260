package db

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/mattn/go-sqlite3"
	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/errs"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// steps are migrations that run on both dialects; the third needs the second.
func steps(t testing.TB, dialect Dialect) []migration {
	t.Helper()
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"0001_one":   "CREATE TABLE one (a BIGINT); INSERT INTO one VALUES (1);",
		"0004_four":  "CREATE TABLE four (a BIGINT); INSERT INTO four SELECT a FROM one;",
		"0007_seven": "ALTER TABLE four ADD COLUMN b TEXT; UPDATE four SET b = 'x'; INSERT INTO one VALUES (7);",
	} {
		files[name+".sqlite.sql"] = &fstest.MapFile{Data: []byte(text)}
		files[name+".postgres.sql"] = &fstest.MapFile{Data: []byte(text)}
	}
	s, err := migrationsOf(files, dialect)
	check(t, err)
	return s
}

func openFile(t testing.TB, path string) *DB {
	t.Helper()
	d, err := Open(context.Background(), Config{URL: "sqlite:" + path, Log: slog.New(slog.DiscardHandler)})
	check(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}

func TestMigrationFiles(t *testing.T) {
	file := &fstest.MapFile{Data: []byte("SELECT 1")}
	for want, files := range map[string]fstest.MapFS{
		"0002_b has no file for postgres": {"0001_a.sqlite.sql": file, "0001_a.postgres.sql": file, "0002_b.sqlite.sql": file},
		"0002_b has no file for sqlite":   {"0002_b.postgres.sql": file},
		"0001 has two names":              {"0001_a.sqlite.sql": file, "0001_b.postgres.sql": file},
		"the name is not":                 {"1_a.sqlite.sql": file},
	} {
		if _, err := migrationsOf(files, SQLite); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	var order []int
	for _, m := range steps(t, SQLite) {
		order = append(order, m.number)
	}
	if !slices.Equal(order, []int{1, 4, 7}) {
		t.Errorf("order %v", order)
	}
	ours, err := fs.Sub(embedded, "migrations")
	check(t, err)
	for _, dialect := range []Dialect{SQLite, Postgres} {
		if _, err := migrationsOf(ours, dialect); err != nil {
			t.Errorf("our own migrations: %v", err)
		}
	}
}

// REL-36
func TestREL36_NewerOrOtherSchemaIsRefused(t *testing.T) {
	d := openFile(t, filepath.Join(t.TempDir(), "d.db"))
	all := steps(t, SQLite)
	none := func(string) {}
	check(t, d.migrate(context.Background(), all, none))
	check(t, d.migrate(context.Background(), all, none))
	err := d.migrate(context.Background(), all[:2], none)
	if !errs.Is(err, errs.Conflict) || !strings.Contains(errs.Text(err), "newer version") || !strings.Contains(errs.Text(err), `"deskbridge backup"`) {
		t.Errorf("an older program: %v", err)
	}
	changed := slices.Clone(all)
	changed[1].checksum = "other"
	if err := d.migrate(context.Background(), changed, none); !errs.Is(err, errs.Conflict) {
		t.Errorf("another text: %v", err)
	}
	late := append(slices.Clone(all), migration{number: 2, name: "late", text: "CREATE TABLE late (a BIGINT)"})
	check(t, d.migrate(context.Background(), late, none)) // a number below the last is no reason to stop
}

func TestFailedMigrationLeavesNothing(t *testing.T) {
	d := openFile(t, filepath.Join(t.TempDir(), "d.db"))
	all := steps(t, SQLite)
	bad := slices.Clone(all)
	bad[1].text = "CREATE TABLE half (a BIGINT); INSERT INTO nowhere VALUES (1);"
	if err := d.migrate(context.Background(), bad, func(string) {}); err == nil || !strings.Contains(err.Error(), "0004_four") {
		t.Errorf("err = %v", err)
	}
	check(t, d.migrate(context.Background(), all, func(string) {}))
	complete(t, d)
	var n int
	check(t, d.Read(context.Background()).Raw("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").Scan(&n).Error)
	if n != 0 {
		t.Error("half of the failed migration stayed")
	}
}

// complete checks that every step was applied once.
func complete(t testing.TB, d *DB) {
	t.Helper()
	var sum, rows, applied int
	check(t, d.Read(context.Background()).Raw("SELECT sum(a) FROM one").Scan(&sum).Error)
	check(t, d.Read(context.Background()).Raw("SELECT count(*) FROM four WHERE b = 'x'").Scan(&rows).Error)
	check(t, d.Read(context.Background()).Raw("SELECT count(*) FROM schema_migrations").Scan(&applied).Error)
	if sum != 8 || rows != 1 || applied != 3 {
		t.Errorf("sum %d, rows %d, applied %d; want 8, 1, 3", sum, rows, applied)
	}
}

// killVariable is "path|point" for a child that dies at a point of migrating.
const killVariable = "DESKBRIDGE_TEST_DB_KILL"

// REL-38
func TestREL38_KilledWhileMigrating(t *testing.T) { // REL-02
	if v := os.Getenv(killVariable); v != "" {
		path, point, _ := strings.Cut(v, "|")
		d := openFile(t, path)
		check(t, d.migrate(context.Background(), steps(t, SQLite), func(at string) {
			if at == point {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}))
		return
	}
	for _, step := range []string{"0001", "0004", "0007"} {
		for _, at := range []string{"begin", "applied", "recorded", "committed"} {
			point := step + " " + at
			t.Run(point, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "d.db")
				child := exec.Command(os.Args[0], "-test.run=^TestREL38_KilledWhileMigrating$")
				child.Env = append(os.Environ(), killVariable+"="+path+"|"+point)
				var exit *exec.ExitError
				if err := child.Run(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
					t.Fatalf("the child ended with %v", err)
				}
				d := openFile(t, path)
				check(t, d.migrate(context.Background(), steps(t, SQLite), func(string) {}))
				complete(t, d)
			})
		}
	}
}

// After a failed fsync nothing is acknowledged any more, whatever the disk says
// later.
// REL-05
func TestREL05_FailedSyncStopsWrites(t *testing.T) {
	for code, stops := range map[sqlite3.ErrNoExtended]bool{
		sqlite3.ErrIoErrFsync: true, sqlite3.ErrIoErrWrite: true, sqlite3.ErrIoErrDirFsync: true,
		sqlite3.ErrIoErrSHMSize: false, sqlite3.ErrIoErrLock: false,
	} {
		err := sqlite3.Error{Code: sqlite3.ErrIoErr, ExtendedCode: code}
		if isFatal(fmt.Errorf("commit: %w", err)) != stops {
			t.Errorf("isFatal(%d) = %v", code, !stops)
		}
		if !errs.Is(unavailable(err), errs.Unavailable) {
			t.Errorf("code %d is not unavailable", code)
		}
	}
	d := openFile(t, filepath.Join(t.TempDir(), "d.db"))
	d.writer.stop(sqlite3.Error{Code: sqlite3.ErrIoErr, ExtendedCode: sqlite3.ErrIoErrFsync})
	ran := false
	err := d.Write(context.Background(), func(*gorm.DB) error { ran = true; return nil })
	if !errs.Is(err, errs.Unavailable) || ran {
		t.Errorf("Write = %v, ran %v", err, ran)
	}
	if err := d.Ready(context.Background()); !errs.Is(err, errs.Unavailable) {
		t.Errorf("Ready = %v", err)
	}
	var one int
	check(t, d.Read(context.Background()).Raw("SELECT 1").Scan(&one).Error)
}

func TestMigrateTogetherOnPostgres(t *testing.T) {
	base := os.Getenv("DESKBRIDGE_TEST_POSTGRES")
	if base == "" {
		t.Skip("needs DESKBRIDGE_TEST_POSTGRES")
	}
	admin, err := Open(context.Background(), Config{URL: base, Writers: 1, Readers: 1})
	check(t, err)
	defer admin.Close()
	run := func(statement string) {
		check(t, admin.Write(context.Background(), func(tx *gorm.DB) error { return tx.Exec(statement).Error }))
	}
	schema := "test_" + strings.ToLower(rand.Text())
	run("CREATE SCHEMA " + schema)
	defer run("DROP SCHEMA " + schema + " CASCADE")
	address := base + "?search_path=" + schema
	if strings.Contains(base, "?") {
		address = base + "&search_path=" + schema
	}
	var wg sync.WaitGroup
	var nodes []*DB
	for range 4 {
		d, err := Open(context.Background(), Config{URL: address, Writers: 1, Readers: 1, Log: slog.New(slog.DiscardHandler)})
		check(t, err)
		defer d.Close()
		nodes = append(nodes, d)
	}
	for _, d := range nodes {
		wg.Go(func() {
			if err := d.migrate(context.Background(), steps(t, Postgres), func(string) {}); err != nil {
				t.Errorf("migrate: %v", err)
			}
		})
	}
	wg.Wait()
	complete(t, nodes[0])
}
