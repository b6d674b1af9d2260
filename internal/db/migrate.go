package db

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/deskbridge/deskbridge/internal/errs"
)

//go:embed migrations/*.sql
var embedded embed.FS

// lockPoll is how often a node asks whether another has finished migrating.
const lockPoll = 50 * time.Millisecond

// migration is one numbered step of the schema, in one dialect.
type migration struct {
	number   int
	name     string
	text     string
	checksum string // of both dialects' texts
}

var migrationName = regexp.MustCompile(`^([0-9]{4})_([a-z0-9_]+)\.(sqlite|postgres)\.sql$`)

// migrationsOf reads the steps of one dialect from a folder, in the order of
// their numbers. Numbers may be missing, but no step may lack its twin in the
// other dialect, and no number may be given twice.
func migrationsOf(files fs.FS, dialect Dialect) ([]migration, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	type twins struct {
		name string
		text map[Dialect]string
	}
	byNumber := map[int]*twins{}
	for _, e := range entries {
		m := migrationName.FindStringSubmatch(e.Name())
		if m == nil {
			return nil, fmt.Errorf("migration %s: the name is not NNNN_name.sqlite.sql or NNNN_name.postgres.sql", e.Name())
		}
		text, err := fs.ReadFile(files, e.Name())
		if err != nil {
			return nil, fmt.Errorf("read migration %s: %w", e.Name(), err)
		}
		n, _ := strconv.Atoi(m[1])
		t := byNumber[n]
		if t == nil {
			t = &twins{name: m[2], text: map[Dialect]string{}}
			byNumber[n] = t
		}
		if t.name != m[2] {
			return nil, fmt.Errorf("migration %04d has two names, %s and %s", n, t.name, m[2])
		}
		t.text[Dialect(m[3])] = string(text)
	}
	var steps []migration
	for n, t := range byNumber {
		for _, want := range []Dialect{SQLite, Postgres} {
			if _, ok := t.text[want]; !ok {
				return nil, fmt.Errorf("migration %04d_%s has no file for %s", n, t.name, want)
			}
		}
		sum := sha256.Sum256([]byte(t.text[SQLite] + "\x00" + t.text[Postgres]))
		steps = append(steps, migration{number: n, name: t.name, text: t.text[dialect], checksum: hex.EncodeToString(sum[:])})
	}
	slices.SortFunc(steps, func(a, b migration) int { return a.number - b.number })
	return steps, nil
}

// Migrate brings the schema up to date: every step that is missing, in the
// order of the numbers, each in one transaction with its row in
// schema_migrations. It may be interrupted anywhere and run again. Nodes that
// start together on PostgreSQL wait for each other.
//
// It refuses a database whose schema is newer than this program, or whose
// applied steps had another text, before it changes anything.
func (d *DB) Migrate(ctx context.Context) error {
	files, err := fs.Sub(embedded, "migrations")
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	steps, err := migrationsOf(files, d.dialect)
	if err != nil {
		return err
	}
	return d.migrate(ctx, steps, func(string) {})
}

// migrate is Migrate with its steps, and a function that is told about each
// point where a crash could fall.
func (d *DB) migrate(ctx context.Context, steps []migration, at func(point string)) error {
	s := d.writer.sessions[0]
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.connect(ctx); err != nil {
		return unavailable(err)
	}
	unlock, err := d.lockSchema(ctx, s.conn)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := s.conn.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS schema_migrations (
		number BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)`); err != nil {
		return refuse(fmt.Errorf("make schema_migrations: %w", err))
	}
	applied, err := appliedSteps(ctx, s.conn)
	if err != nil {
		return err
	}
	if err := compare(steps, applied); err != nil {
		return err
	}
	changed := false
	for _, m := range steps {
		if _, ok := applied[m.number]; ok {
			continue
		}
		if d.dialect == SQLite && d.lock == nil {
			return errs.E(errs.Conflict, "The running Deskbridge has an older database than this program. Stop it first, or use its own program.")
		}
		if err := d.step(ctx, s, m, at); err != nil {
			return fmt.Errorf("migration %04d_%s: %w", m.number, m.name, unavailable(err))
		}
		changed = true
		d.conf.Log.Info("migrated", "number", m.number, "name", m.name)
	}
	if !changed {
		return nil
	}
	for _, each := range d.writer.sessions[1:] {
		each.mu.Lock()
		each.forget() // their plans are of the old schema
		each.mu.Unlock()
	}
	s.forget()
	return nil
}

// lockSchema keeps other nodes from migrating the same schema. SQLite's file
// has one process anyway.
func (d *DB) lockSchema(ctx context.Context, c *sql.Conn) (func(), error) {
	if d.dialect == SQLite {
		return func() {}, nil
	}
	const key = "hashtextextended('deskbridge.schema_migrations.' || current_schema(), 0)"
	for {
		var mine bool
		if err := c.QueryRowContext(ctx, "SELECT pg_try_advisory_lock("+key+")").Scan(&mine); err != nil {
			return nil, unavailable(fmt.Errorf("lock the schema: %w", err))
		}
		if mine {
			return func() {
				_, _ = c.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock("+key+")")
			}, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for another node to migrate: %w", context.Cause(ctx))
		case <-time.After(lockPoll):
		}
	}
}

func appliedSteps(ctx context.Context, c *sql.Conn) (map[int]migration, error) {
	rows, err := c.QueryContext(ctx, "SELECT number, name, checksum FROM schema_migrations")
	if err != nil {
		return nil, refuse(fmt.Errorf("read schema_migrations: %w", err))
	}
	defer rows.Close()
	applied := map[int]migration{}
	for rows.Next() {
		var m migration
		if err := rows.Scan(&m.number, &m.name, &m.checksum); err != nil {
			return nil, refuse(fmt.Errorf("read schema_migrations: %w", err))
		}
		applied[m.number] = m
	}
	return applied, refuse(rows.Err())
}

// compare refuses a database that this program does not know.
func compare(steps []migration, applied map[int]migration) error {
	known := map[int]migration{}
	for _, m := range steps {
		known[m.number] = m
	}
	for n, a := range applied {
		m, ok := known[n]
		switch {
		case !ok:
			return errs.Wrap(fmt.Errorf("step %04d_%s is not known", n, a.name), errs.Conflict,
				"The database was made by a newer version of Deskbridge. Run that version, or put back a copy made before the upgrade. "+restoreHint)
		case m.checksum != a.checksum:
			return errs.Wrap(fmt.Errorf("step %04d_%s was applied with another text", n, a.name), errs.Conflict,
				"The database was made by another build of Deskbridge, whose schema differs. "+restoreHint)
		}
	}
	return nil
}

// step applies one migration in one transaction.
func (d *DB) step(ctx context.Context, s *session, m migration, at func(string)) error {
	point := func(p string) { at(fmt.Sprintf("%04d %s", m.number, p)) }
	begin := "BEGIN"
	if d.dialect == SQLite {
		begin = "BEGIN IMMEDIATE"
	}
	run := func(text string) error {
		if d.dialect == Postgres {
			return simple(ctx, s.conn, text)
		}
		_, err := s.conn.ExecContext(ctx, text)
		return err
	}
	point("begin")
	if err := run(begin); err != nil {
		return err
	}
	err := run(m.text)
	point("applied")
	if err == nil {
		_, err = s.conn.ExecContext(ctx, bindFor(d.dialect, "INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES (?, ?, ?, ?)"),
			m.number, m.name, m.checksum, d.conf.Now().UnixMicro())
	}
	point("recorded")
	if err == nil {
		err = run("COMMIT")
	}
	if err != nil {
		return errors.Join(err, run("ROLLBACK"))
	}
	point("committed")
	return nil
}
