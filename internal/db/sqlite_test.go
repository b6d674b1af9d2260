package db_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/db/dbtest"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// onSQLite skips a test about the file, and returns a path for one.
func onSQLite(t testing.TB) string {
	t.Helper()
	if dbtest.OnPostgres() {
		t.Skip("about SQLite's file")
	}
	return filepath.Join(t.TempDir(), "new", "deskbridge.db")
}

func open(path string) (*db.DB, error) {
	return db.Open(context.Background(), db.Config{URL: "sqlite:" + path, Log: slog.New(slog.DiscardHandler), BusyTimeout: 50 * time.Millisecond})
}

// filled makes a database of some hundred pages, closes it and returns its path.
func filled(t testing.TB) string {
	t.Helper()
	path := onSQLite(t)
	d, err := open(path)
	must(t, err)
	makeItems(t, d)
	must(t, d.Write(context.Background(), func(tx *gorm.DB) error {
		for i := range 3000 {
			if err := insert(fmt.Sprintf("%d %s", i, strings.Repeat("x", 200)))(tx); err != nil {
				return err
			}
		}
		return nil
	}))
	must(t, d.Close())
	return path
}

func TestFilesArePrivate(t *testing.T) {
	path := onSQLite(t)
	d, err := open(path)
	must(t, err)
	defer d.Close()
	makeItems(t, d)
	for name, want := range map[string]os.FileMode{"": 0o600, "-wal": 0o600, "-shm": 0o600, ".lock": 0o600} {
		info, err := os.Stat(path + name)
		must(t, err)
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o", name, info.Mode().Perm())
		}
	}
	info, err := os.Stat(filepath.Dir(path))
	must(t, err)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %o", info.Mode().Perm())
	}
	var level, keys int
	var mode string
	must(t, d.Write(context.Background(), func(tx *gorm.DB) error {
		return errors.Join(tx.Raw("PRAGMA synchronous").Scan(&level).Error, tx.Raw("PRAGMA foreign_keys").Scan(&keys).Error, tx.Raw("PRAGMA journal_mode").Scan(&mode).Error)
	}))
	if level != 2 || keys != 1 || mode != "wal" {
		t.Errorf("synchronous %d, foreign keys %d, journal %s; want 2 (FULL), 1, wal", level, keys, mode)
	}
}

// REL-15
func TestREL15_SecondProcessIsRefused(t *testing.T) {
	path := onSQLite(t)
	d, err := open(path)
	must(t, err)
	_, err = open(path)
	if !errs.Is(err, errs.Conflict) || !strings.Contains(errs.Text(err), "Another Deskbridge process") {
		t.Errorf("second Open = %v", err)
	}
	must(t, d.Close())
	d, err = open(path)
	must(t, err)
	must(t, d.Close())
}

// REL-36
func TestREL36_DamageIsRefused(t *testing.T) {
	damage := map[string]func(f *os.File, size int64) error{
		"wrong magic":   func(f *os.File, _ int64) error { _, err := f.WriteAt([]byte("not a database"), 0); return err },
		"cut in half":   func(f *os.File, size int64) error { return f.Truncate(size / 2 / 4096 * 4096) },
		"cut in a page": func(f *os.File, size int64) error { return f.Truncate(size - 1000) },
		"page of zeroes": func(f *os.File, size int64) error {
			_, err := f.WriteAt(make([]byte, 4096), size/2/4096*4096)
			return err
		},
		"page of noise": func(f *os.File, size int64) error {
			_, err := f.WriteAt([]byte(strings.Repeat("noise", 800)), size/2/4096*4096)
			return err
		},
	}
	for name, harm := range damage {
		t.Run(name, func(t *testing.T) {
			path := filled(t)
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			must(t, err)
			info, err := f.Stat()
			must(t, err)
			must(t, harm(f, info.Size()))
			must(t, f.Close())
			before, err := os.ReadFile(path)
			must(t, err)
			_, err = open(path)
			if !errs.Is(err, errs.Unavailable) || !strings.Contains(errs.Text(err), `"deskbridge backup"`) {
				t.Fatalf("Open = %v", err)
			}
			after, err := os.ReadFile(path)
			must(t, err)
			if string(before) != string(after) {
				t.Error("the damaged file was changed")
			}
		})
	}
}

// childVariable names the database for a child process that stores rows until
// it is killed, and says on its output which were acknowledged.
const childVariable = "DESKBRIDGE_TEST_DB_CHILD"

// killed runs a child that stores rows from several goroutines, kills it at a
// random time and returns the names that were acknowledged.
func killed(t *testing.T, path string, round int) []string {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestREL01_KilledWhileWriting$")
	child.Env = append(os.Environ(), childVariable+"="+path, fmt.Sprintf("DESKBRIDGE_TEST_DB_ROUND=%d", round))
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	lines := bufio.NewReader(out)
	var acked []string
	killAfter := 50 + rand.IntN(2000)
	for {
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) {
			break // a line without its end was not acknowledged
		}
		must(t, err)
		acked = append(acked, strings.TrimSpace(line))
		if len(acked) == killAfter {
			must(t, child.Process.Kill())
		}
	}
	_ = child.Wait()
	if len(acked) < killAfter {
		t.Fatalf("the child ended after %d of %d: %q", len(acked), killAfter, acked[max(0, len(acked)-3):])
	}
	return acked
}

// REL-01
func TestREL01_KilledWhileWriting(t *testing.T) {
	if path := os.Getenv(childVariable); path != "" {
		writeUntilKilled(t, path)
	}
	path := onSQLite(t)
	stored := map[string]bool{}
	var acked []string
	for round := range 5 {
		acked = append(acked, killed(t, path, round)...)
		if round == 2 {
			cutTail(t, path+"-wal") // REL-37
		}
		d, err := open(path)
		must(t, err)
		clear(stored)
		for _, n := range names(t, d) {
			stored[n] = true
		}
		var verdict string
		must(t, d.Read(context.Background()).Raw("PRAGMA integrity_check").Scan(&verdict).Error)
		if verdict != "ok" {
			t.Errorf("integrity: %s", verdict)
		}
		must(t, d.Close())
	}
	lost := 0
	for _, n := range acked {
		if !stored[n] {
			lost++
		}
	}
	t.Logf("acked=%d stored=%d lost=%d", len(acked), len(stored), lost)
	if lost > 0 {
		t.Errorf("%d acknowledged rows are lost", lost)
	}
	for n := range stored {
		if !strings.HasSuffix(n, " whole") {
			t.Errorf("half a transaction was stored: %q", n)
			break
		}
	}
}

// cutTail leaves a write-ahead log with half a frame at its end, as a crash in
// the middle of a write does.
func cutTail(t *testing.T, wal string) {
	t.Helper()
	f, err := os.OpenFile(wal, os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = f.Write([]byte(strings.Repeat("half a frame", 100)))
	must(t, err)
	must(t, f.Close())
}

func writeUntilKilled(t *testing.T, path string) {
	d, err := open(path)
	must(t, err)
	_ = d.Write(context.Background(), func(tx *gorm.DB) error {
		return tx.Exec("CREATE TABLE IF NOT EXISTS items (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)").Error
	})
	var out sync.Mutex
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%s/%d/%d", os.Getenv("DESKBRIDGE_TEST_DB_ROUND"), g, i)
				err := d.Write(context.Background(), func(tx *gorm.DB) error {
					if err := insert(name)(tx); err != nil {
						return err
					}
					_, err := db.Exec(tx, "UPDATE items SET name = ? WHERE name = ?", name+" whole", name)
					return err
				})
				if err != nil {
					return
				}
				out.Lock()
				fmt.Println(name + " whole")
				out.Unlock()
			}
		})
	}
	wg.Wait()
	os.Exit(1)
}

// A full disk refuses writes, keeps answering reads, and recovers by itself. A
// closure that goes on after the error must not store its second half alone.
// REL-06
func TestREL06_DiskFull(t *testing.T) {
	path := onSQLite(t)
	d, err := open(path)
	must(t, err)
	defer d.Close()
	makeItems(t, d)
	limit := func(pages int) {
		must(t, d.Write(context.Background(), func(tx *gorm.DB) error {
			var n int
			return tx.Raw(fmt.Sprintf("PRAGMA max_page_count = %d", pages)).Scan(&n).Error
		}))
	}
	must(t, d.Write(context.Background(), insert("before")))
	limit(20)
	big := strings.Repeat("x", 200<<10)
	got := together(t, d,
		func(tx *gorm.DB) error { return insert("in the group that fails")(tx) },
		func(tx *gorm.DB) error {
			first := insert(big)(tx)
			second := insert("the half that must not stay")(tx)
			if first == nil {
				t.Error("the disk was not full")
			}
			return second
		},
	)
	for i, o := range got {
		if i == 1 && !errs.Is(o.err, errs.Unavailable) {
			t.Errorf("closure %d: %v, want unavailable", i, o.err)
		}
	}
	if n := names(t, d); strings.Contains(strings.Join(n, ","), "must not stay") {
		t.Errorf("stored %q", n)
	}
	stored := names(t, d)
	if (got[0].err == nil) != (len(stored) == 2) {
		t.Errorf("answered %v, but stored %q", got[0].err, stored)
	}
	must(t, d.Ready(context.Background()))
	limit(100000)
	must(t, d.Write(context.Background(), insert(big)))
}

// Another program's lock answers 503 after the busy timeout, and a long reader
// does not stop writes or let the log grow for ever.
// REL-31
func TestREL31_OtherPrograms(t *testing.T) {
	path := onSQLite(t)
	d, err := open(path)
	must(t, err)
	defer d.Close()
	makeItems(t, d)
	other, err := sql.Open("sqlite3", "file:"+path+"?_txlock=immediate")
	must(t, err)
	defer other.Close()
	tx, err := other.Begin()
	must(t, err)
	if err := d.Write(context.Background(), insert("refused")); !errs.Is(err, errs.Unavailable) {
		t.Errorf("Write under another's lock = %v", err)
	}
	must(t, tx.Rollback())

	reader, err := other.Conn(context.Background())
	must(t, err)
	_, err = reader.ExecContext(context.Background(), "BEGIN DEFERRED")
	must(t, err)
	var n int
	must(t, reader.QueryRowContext(context.Background(), "SELECT count(*) FROM items").Scan(&n))
	fill := func(name string) {
		for i := range 40 {
			must(t, d.Write(context.Background(), insert(fmt.Sprint(name, i, strings.Repeat("y", 1<<20)))))
		}
	}
	fill("during ")
	fill("still ")
	grown, err := os.Stat(path + "-wal")
	must(t, err)
	_, err = reader.ExecContext(context.Background(), "ROLLBACK")
	must(t, err)
	must(t, reader.Close())
	must(t, d.Write(context.Background(), insert("after 1")))
	must(t, d.Write(context.Background(), insert("after 2")))
	cut, err := os.Stat(path + "-wal")
	must(t, err)
	if grown.Size() < 70<<20 || cut.Size() > 64<<20 {
		t.Errorf("the log grew to %d and is %d now", grown.Size(), cut.Size())
	}
}

// A copy made under load opens, is whole, and holds what was answered before.
// REL-40
func TestREL40_BackupUnderLoad(t *testing.T) {
	path := onSQLite(t)
	d, err := open(path)
	must(t, err)
	defer d.Close()
	must(t, d.Migrate(context.Background()))
	makeItems(t, d)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var mu sync.Mutex
	var acked []string
	for g := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				name := fmt.Sprintf("%d/%d", g, i)
				if err := d.Write(context.Background(), insert(name)); err != nil {
					t.Errorf("Write during a backup: %v", err)
					return
				}
				mu.Lock()
				acked = append(acked, name)
				mu.Unlock()
			}
		})
	}
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(acked) }
	until(t, "500 rows", func() bool { return count() > 500 })
	mu.Lock()
	before := append([]string(nil), acked...)
	mu.Unlock()
	copied := filepath.Join(t.TempDir(), "copy.db")
	must(t, d.Backup(context.Background(), copied))
	until(t, "writes after the copy", func() bool { return count() > len(before)+100 })
	close(stop)
	wg.Wait()

	if err := d.Backup(context.Background(), copied); !errs.Is(err, errs.Conflict) {
		t.Errorf("a second Backup to the same path = %v", err)
	}
	left, err := filepath.Glob(copied + "*")
	must(t, err)
	info, err := os.Stat(copied)
	must(t, err)
	if len(left) != 1 || info.Mode().Perm() != 0o600 {
		t.Errorf("left %v, mode %o", left, info.Mode().Perm())
	}
	c, err := open(copied)
	must(t, err)
	defer c.Close()
	must(t, c.Migrate(context.Background()))
	stored := map[string]bool{}
	for _, n := range names(t, c) {
		stored[n] = true
	}
	for _, n := range before {
		if !stored[n] {
			t.Errorf("%s was answered before the backup and is not in it", n)
		}
	}
	var verdict string
	var broken []string
	must(t, c.Read(context.Background()).Raw("PRAGMA integrity_check").Scan(&verdict).Error)
	must(t, c.Read(context.Background()).Raw("SELECT \"table\" FROM pragma_foreign_key_check").Scan(&broken).Error)
	if verdict != "ok" || len(broken) != 0 {
		t.Errorf("integrity %s, foreign keys %v", verdict, broken)
	}
}
