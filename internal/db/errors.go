package db

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"
	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// ErrClosed is the cause of a write's error after Close.
var ErrClosed = errors.New("db: closed")

// errFull is the cause of a write's error while the queue is full.
var errFull = errors.New("db: too many writes wait")

// IsUnique reports whether err says that a unique constraint was violated, on
// either dialect, through gorm or not.
func IsUnique(err error) bool {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return true
	}
	var s sqlite3.Error
	if errors.As(err, &s) {
		return s.ExtendedCode == sqlite3.ErrConstraintUnique || s.ExtendedCode == sqlite3.ErrConstraintPrimaryKey
	}
	var p *pgconn.PgError
	return errors.As(err, &p) && p.Code == "23505"
}

// isCorrupt reports whether err says that SQLite's file is damaged.
func isCorrupt(err error) bool {
	var s sqlite3.Error
	return errors.As(err, &s) && (s.Code == sqlite3.ErrCorrupt || s.Code == sqlite3.ErrNotADB)
}

// isFatal reports whether after err nobody can say what is on SQLite's disk: a
// failed fsync or write must not be tried again, as the kernel may have dropped
// the pages (REL-05).
func isFatal(err error) bool {
	var s sqlite3.Error
	if !errors.As(err, &s) {
		return false
	}
	switch s.ExtendedCode {
	case sqlite3.ErrIoErrFsync, sqlite3.ErrIoErrDirFsync, sqlite3.ErrIoErrWrite:
		return true
	}
	return isCorrupt(err)
}

// isRetry reports whether PostgreSQL gave up a transaction that may succeed
// when it is run again: a deadlock or a serialization failure.
func isRetry(err error) bool {
	var p *pgconn.PgError
	return errors.As(err, &p) && (p.Code == "40P01" || p.Code == "40001")
}

// isDown reports whether err says that the store, and not the statement, is at
// fault: disk full, I/O error, locked, connection lost, server stopping.
func isDown(err error) bool {
	var s sqlite3.Error
	if errors.As(err, &s) {
		switch s.Code {
		case sqlite3.ErrFull, sqlite3.ErrIoErr, sqlite3.ErrReadonly, sqlite3.ErrCantOpen,
			sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrNomem, sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
			return true
		}
		return false
	}
	var p *pgconn.PgError
	if errors.As(err, &p) {
		switch {
		case strings.HasPrefix(p.Code, "08"), strings.HasPrefix(p.Code, "53"),
			strings.HasPrefix(p.Code, "57P"), strings.HasPrefix(p.Code, "58"):
			return true
		case p.Code == "55P03", p.Code == "57014", p.Code == "25P03", p.Code == "25006": // lock and statement timeouts, idle in transaction, a read-only standby
			return true
		}
		return isRetry(err)
	}
	return isLost(err) || errors.Is(err, ErrClosed) || errors.Is(err, errFull)
}

// isStopping reports whether PostgreSQL ended the connection with a last word.
func isStopping(err error) bool {
	var p *pgconn.PgError
	return errors.As(err, &p) && p.Severity == "FATAL"
}

// isLost reports whether the connection to PostgreSQL is gone.
func isLost(err error) bool {
	var c *pgconn.ConnectError
	var n net.Error
	return errors.As(err, &c) || errors.As(err, &n) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, sql.ErrConnDone) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		strings.HasSuffix(err.Error(), "conn closed")
}

// unavailable gives err the kind errs.Unavailable when the store is at fault,
// which answers 503, and returns any other error as it is.
func unavailable(err error) error {
	if err == nil || !isDown(err) || errs.Is(err, errs.Unavailable) {
		return err
	}
	return errs.Wrap(err, errs.Unavailable, "The database cannot take this now. Try again in a moment.")
}
