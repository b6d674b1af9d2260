package db

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// Dialect is the database system behind a DB.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Config says which database to open and how much may wait for it. Every zero
// field but URL has a default.
type Config struct {
	// URL is "sqlite:" and a path, or a PostgreSQL URL ("postgres://...").
	URL string
	// Readers is the size of the pool of readers. The default is the number of
	// cores (at least 2), on PostgreSQL four times that: on SQLite more readers
	// than cores only take time from the writer.
	Readers int
	// Writers is the number of connections that commit groups. SQLite has
	// always one; the default on PostgreSQL is 4 (docs/adr/0001).
	Writers int
	// QueueSize is how many closures may wait for the writer; one more is
	// refused at once with errs.Unavailable. The default is 4096.
	QueueSize int
	// GroupSize is how many closures share one commit at most. The default is
	// 256, on PostgreSQL 64: there, more subtransactions slow every snapshot.
	GroupSize int
	// BusyTimeout is how long SQLite waits for a lock that another program
	// holds, and PostgreSQL for a row lock. The default is 5 s.
	BusyTimeout time.Duration
	// CheckLimit is the largest SQLite file, in bytes, that is checked whole
	// when it is opened; of a larger one only size, header and schema are. The
	// default is 128 MiB, negative means never.
	CheckLimit int64
	// Guest opens a SQLite file although another process has it, for a command
	// beside a running server: both write in short transactions, and SQLite
	// keeps them apart. Without the lock a guest migrates nothing.
	Guest bool
	// Log receives what operators should know. The default is slog.Default().
	Log *slog.Logger
	// Now is the clock, for schema_migrations and for measured durations.
	Now func() time.Time
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	conf    Config
	dialect Dialect
	file    string   // SQLite's file
	lock    *os.File // held for as long as the file is open
	readers *sql.DB
	read    *gorm.DB
	writes  *sql.DB
	writer  *writer
}

// Open opens the database and makes an empty one where there is none; it does
// not migrate. It refuses, with a text that says what to do, a SQLite file that
// another process has open and one that is damaged.
func Open(ctx context.Context, c Config) (*DB, error) {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.QueueSize <= 0 {
		c.QueueSize = 4096
	}
	if c.BusyTimeout <= 0 {
		c.BusyTimeout = 5 * time.Second
	}
	if c.CheckLimit == 0 {
		c.CheckLimit = 128 << 20
	}
	d := &DB{conf: c}
	var err error
	switch {
	case strings.HasPrefix(c.URL, "sqlite:"):
		d.dialect, d.file = SQLite, strings.TrimPrefix(c.URL, "sqlite:")
		d.conf.Writers = 1
		d.conf.Readers = orDefault(c.Readers, max(2, runtime.NumCPU()))
		d.conf.GroupSize = orDefault(c.GroupSize, 256)
		err = d.openSQLite(ctx)
	case strings.HasPrefix(c.URL, "postgres://"), strings.HasPrefix(c.URL, "postgresql://"):
		d.dialect = Postgres
		d.conf.Writers = orDefault(c.Writers, 4)
		d.conf.Readers = orDefault(c.Readers, max(4, 4*runtime.NumCPU()))
		d.conf.GroupSize = orDefault(c.GroupSize, 64)
		err = d.openPostgres(ctx)
	default:
		return nil, errs.E(errs.Invalid, "The database must be given as sqlite:PATH or postgres://...")
	}
	if err != nil {
		_ = d.closeAll() // why it did not open is the error to tell
		return nil, err
	}
	return d, nil
}

func orDefault(n, def int) int {
	if n <= 0 {
		return def
	}
	return n
}

// gormConfig is what all handles share. Errors are returned, and logged once at
// the top; gorm itself logs nothing, as its log would hold people's data.
func (d *DB) gormConfig() *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		TranslateError:         true,
		DisableAutomaticPing:   true,
		Logger:                 logger.Discard,
		NowFunc:                func() time.Time { return d.conf.Now().UTC().Truncate(time.Microsecond) },
	}
}

// Dialect says which database system this is.
func (d *DB) Dialect() Dialect { return d.dialect }

// Read returns a handle on the pool of readers, which sees what is committed.
// Its connections are read-only: a write through it fails. The context ends its
// statements.
func (d *DB) Read(ctx context.Context) *gorm.DB { return d.read.WithContext(ctx) }

// Ready reports whether the database can be read and written, for /readyz. It
// waits no longer than ctx.
func (d *DB) Ready(ctx context.Context) error {
	if err := d.writer.failed(); err != nil {
		return err
	}
	var one int
	if err := d.readers.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
		return unavailable(err)
	}
	return nil
}

// Close answers what already waits, stops the writer and closes every
// connection. Later writes fail.
func (d *DB) Close() error {
	if err := d.closeAll(); err != nil {
		return fmt.Errorf("close the database: %w", err)
	}
	return nil
}

func (d *DB) closeAll() error {
	var first error
	keep := func(err error) {
		if first == nil {
			first = err
		}
	}
	if d.writer != nil {
		d.writer.close()
	}
	if d.readers != nil {
		keep(d.readers.Close())
	}
	if d.writes != nil {
		keep(d.writes.Close())
	}
	if d.lock != nil {
		keep(d.lock.Close())
		d.lock = nil
	}
	return first
}
