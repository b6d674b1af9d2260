package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// walLimit is the size, in bytes, to which SQLite cuts the write-ahead log once
// a long reader that made it grow has gone.
const walLimit = 64 << 20

// restoreHint ends every message about a file that cannot be used.
const restoreHint = `Nothing was changed. Keep the file, and put back the last copy made with "deskbridge backup"; see docs/guides/backup-and-restore.md.`

func (d *DB) openSQLite(ctx context.Context) error {
	if d.file == "" || d.file == ":memory:" || strings.ContainsRune(d.file, 0) {
		return errs.E(errs.Invalid, "The database needs the path of a file after sqlite:.")
	}
	path, err := filepath.Abs(d.file)
	if err != nil {
		return fmt.Errorf("place the database file: %w", err)
	}
	d.file = path
	if err := prepareFile(path); err != nil {
		return err
	}
	if d.lock, err = lockFile(path + ".lock"); err != nil && !(d.conf.Guest && errs.Is(err, errs.Conflict)) {
		return err
	}
	if err := d.checkFile(ctx); err != nil {
		return err
	}
	d.writes, err = sql.Open(sqlite.DriverName, d.dsn("_txlock=immediate"))
	if err != nil {
		return fmt.Errorf("open the writer: %w", err)
	}
	d.writes.SetMaxOpenConns(1)
	d.writer, err = newWriter(ctx, d, func(c gorm.ConnPool) gorm.Dialector { return sqlite.New(sqlite.Config{Conn: c}) })
	if err != nil {
		return refuse(err)
	}
	d.readers, err = sql.Open(sqlite.DriverName, d.dsn("_query_only=true"))
	if err != nil {
		return fmt.Errorf("open the readers: %w", err)
	}
	d.readers.SetMaxOpenConns(d.conf.Readers)
	d.readers.SetMaxIdleConns(d.conf.Readers)
	conf := d.gormConfig()
	conf.PrepareStmt = true
	d.read, err = gorm.Open(sqlite.New(sqlite.Config{Conn: d.readers}), conf)
	return refuse(err)
}

// dsn returns the file's address with the settings that every connection has.
func (d *DB) dsn(extra string) string {
	u := (&url.URL{Path: d.file}).EscapedPath()
	return fmt.Sprintf("file:%s?_journal_mode=WAL&_synchronous=FULL&_foreign_keys=on&_busy_timeout=%d&%s",
		u, d.conf.BusyTimeout.Milliseconds(), extra)
}

// prepareFile makes the folder (0700) and the file (0600) where they are
// missing, and takes a file's rights away from everybody else. SQLite gives its
// -wal and -shm files the mode of the database.
func prepareFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return errs.Wrap(err, errs.Unavailable, "The folder of the database cannot be made.")
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return errs.Wrap(err, errs.Unavailable, "The database file cannot be opened for writing. Check its path, its owner and that the disk is not read-only.")
	}
	defer f.Close()
	if err := f.Chmod(0o600); err != nil {
		return errs.Wrap(err, errs.Unavailable, "The database file cannot be made private (mode 0600).")
	}
	for _, p := range []string{path + "-wal", path + "-shm"} {
		if err := os.Chmod(p, 0o600); err != nil && !errors.Is(err, os.ErrNotExist) {
			return errs.Wrap(err, errs.Unavailable, "The database's log cannot be made private (mode 0600).")
		}
	}
	return nil
}

// lockFile takes the lock that keeps a second process off the file. The kernel
// drops it when the process ends, however it ends; the file stays.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, errs.Wrap(err, errs.Unavailable, "The database's lock file cannot be made.")
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, errs.Wrap(err, errs.Conflict, "Another Deskbridge process has this database open. Stop it first, or use PostgreSQL to run several.")
	}
	return f, nil
}

// refuse gives an error at start a text for operators when the file itself is
// at fault.
func refuse(err error) error {
	if err == nil {
		return nil
	}
	if isCorrupt(err) {
		return errs.Wrap(err, errs.Unavailable, "The database file is damaged or is not a Deskbridge database. "+restoreHint)
	}
	return unavailable(err)
}

// checkFile opens the file once, before anything else does, and looks for
// damage: a wrong header, a file shorter than its header says, and, up to
// CheckLimit, every page. It never repairs.
func (d *DB) checkFile(ctx context.Context) error {
	info, err := os.Stat(d.file)
	if err != nil {
		return fmt.Errorf("look at the database file: %w", err)
	}
	c, err := sql.Open(sqlite.DriverName, d.dsn("_txlock=immediate"))
	if err != nil {
		return fmt.Errorf("open the database to check it: %w", err)
	}
	defer c.Close()
	c.SetMaxOpenConns(1)
	if _, err := c.ExecContext(ctx, fmt.Sprintf("PRAGMA journal_size_limit = %d", walLimit)); err != nil {
		return refuse(err)
	}
	var pages, size int64
	if err := c.QueryRowContext(ctx, "SELECT page_count, page_size FROM pragma_page_count, pragma_page_size").Scan(&pages, &size); err != nil {
		return refuse(err)
	}
	if d.conf.CheckLimit < 0 || pages*size > d.conf.CheckLimit || info.Size() == 0 {
		var n int
		return refuse(c.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&n))
	}
	var verdict string
	if err := c.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return refuse(err)
	}
	if verdict != "ok" {
		return errs.Wrap(errors.New(verdict), errs.Unavailable, "The database file is damaged. "+restoreHint)
	}
	return nil
}
