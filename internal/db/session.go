package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strconv"
	"strings"
	"sync"

	"github.com/mattn/go-sqlite3"
	"gorm.io/gorm"
)

// maxStatements is how many prepared statements a session keeps; one more
// empties the cache. Only SQL built from values (long IN lists) gets there.
const maxStatements = 512

// errOutside is the error of a transaction function given a handle that no
// Write made.
var errOutside = errors.New("db: this handle does not come from Write")

// session is the writing side of one connection, as a gorm.ConnPool: it keeps
// prepared statements and knows the request whose closure runs. Only the
// goroutine that holds mu uses it.
//
// Statements ignore the context they are given: SQLite rolls back the whole
// group when one statement of it is interrupted, and pgx closes the connection.
type session struct {
	d     *DB
	base  *gorm.DB
	queue chan *request
	limit int // closures in one group

	mu     sync.Mutex
	conn   *sql.Conn
	stmts  map[string]*sql.Stmt
	cur    *request
	broken error // the transaction is gone; every statement fails with it
}

// connect takes a connection when there is none.
func (s *session) connect(ctx context.Context) error {
	if s.conn != nil {
		return nil
	}
	c, err := s.d.writes.Conn(ctx)
	if err != nil {
		return err
	}
	s.conn, s.stmts = c, map[string]*sql.Stmt{}
	if s.d.dialect == SQLite {
		_, err = c.ExecContext(ctx, "PRAGMA journal_size_limit = "+strconv.Itoa(walLimit))
	}
	return err
}

// disconnect gives the connection up; the next group takes a new one.
func (s *session) disconnect() {
	if s.conn == nil {
		return
	}
	s.forget()
	_ = s.conn.Raw(func(any) error { return driver.ErrBadConn }) // so that the pool drops it
	_ = s.conn.Close()
	s.conn, s.stmts = nil, nil
}

// forget closes the prepared statements.
func (s *session) forget() {
	for _, st := range s.stmts {
		_ = st.Close()
	}
	clear(s.stmts)
}

// control runs BEGIN, SAVEPOINT and their like: on PostgreSQL in one round trip.
func (s *session) control(statements ...string) error {
	if s.broken != nil {
		return s.broken
	}
	if s.d.dialect == Postgres {
		return simple(context.Background(), s.conn, strings.Join(statements, ";"))
	}
	for _, q := range statements {
		st, err := s.prepare(q)
		if err == nil {
			_, err = st.ExecContext(context.Background())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *session) prepare(query string) (*sql.Stmt, error) {
	if s.broken != nil {
		return nil, s.broken
	}
	if st, ok := s.stmts[query]; ok {
		return st, nil
	}
	if len(s.stmts) >= maxStatements {
		s.forget()
	}
	st, err := s.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, s.note(err)
	}
	s.stmts[query] = st
	return st, nil
}

// note looks at a failed statement. SQLite ends the whole transaction by itself
// after some errors (disk full, I/O); what the closure ran after that would be
// committed alone, so the session refuses it.
func (s *session) note(err error) error {
	if err == nil || s.cur == nil || s.broken != nil {
		return err
	}
	if s.d.dialect == Postgres {
		if isLost(err) || isStopping(err) {
			s.broken = err
		}
		return err
	}
	alone := false
	_ = s.conn.Raw(func(c any) error {
		alone = c.(*sqlite3.SQLiteConn).AutoCommit()
		return nil
	})
	if alone {
		s.broken = err
	}
	return err
}

// PrepareContext implements gorm.ConnPool.
func (s *session) PrepareContext(_ context.Context, query string) (*sql.Stmt, error) {
	return s.prepare(query)
}

// ExecContext implements gorm.ConnPool.
func (s *session) ExecContext(_ context.Context, query string, args ...any) (sql.Result, error) {
	st, err := s.prepare(query)
	if err != nil {
		return nil, err
	}
	res, err := st.ExecContext(context.Background(), args...)
	return res, s.note(err)
}

// QueryContext implements gorm.ConnPool.
func (s *session) QueryContext(_ context.Context, query string, args ...any) (*sql.Rows, error) {
	st, err := s.prepare(query)
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(context.Background(), args...)
	return rows, s.note(err)
}

// QueryRowContext implements gorm.ConnPool.
func (s *session) QueryRowContext(_ context.Context, query string, args ...any) *sql.Row {
	st, err := s.prepare(query)
	switch {
	case err == nil:
		return st.QueryRowContext(context.Background(), args...)
	case s.broken != nil:
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		return s.conn.QueryRowContext(ended, query, args...)
	default: // says itself what is wrong with the query
		return s.conn.QueryRowContext(context.Background(), query, args...)
	}
}

// Commit makes gorm see a transaction, so that tx.Transaction in a closure uses
// a savepoint. The commit itself is the writer's.
func (s *session) Commit() error { return errors.New("db: the writer commits, not the closure") }

// Rollback is refused like Commit; return an error from the closure instead.
func (s *session) Rollback() error { return errors.New("db: return an error to roll back") }

func sessionOf(tx *gorm.DB) *session {
	if s, ok := tx.Statement.ConnPool.(*session); ok && s.cur != nil {
		return s
	}
	return nil
}

// OnCommit has fn run after the commit that makes tx durable, on the goroutine
// that called Write and in the order of the calls. It never runs when the
// closure or the commit fails. It panics when tx is not the handle of a Write.
func OnCommit(tx *gorm.DB, fn func()) {
	s := sessionOf(tx)
	if s == nil {
		panic(errOutside)
	}
	s.cur.hooks = append(s.cur.hooks, fn)
}

// BeforeCommit has fn run in the transaction of tx just before its commit, if
// the closure of tx succeeds. What the closures of a group leave is run in the
// order of the texts, and only once for equal ones: fn must do the same for all
// who use its text. So rows that many transactions touch are locked last and in
// one order, and two groups cannot deadlock over them. An error of fn fails the
// whole group; fn must therefore check its values beforehand.
func BeforeCommit(tx *gorm.DB, order string, fn func(tx *gorm.DB) error) {
	s := sessionOf(tx)
	if s == nil {
		panic(errOutside)
	}
	s.cur.last = append(s.cur.last, lastStep{order, fn})
}

// Exec runs one statement of a hot path in the transaction of tx and returns
// how many rows it changed. It goes straight to a prepared statement, without
// what gorm does per call, which about halves the cost of a small insert. The
// SQL is constant text with "?" for values on both dialects; values are basic
// types, []byte or driver.Valuer. A "?" in a literal is not understood.
func Exec(tx *gorm.DB, query string, args ...any) (int64, error) {
	s := sessionOf(tx)
	if s == nil {
		return 0, errOutside
	}
	res, err := s.ExecContext(context.Background(), s.bind(query), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Query is Exec for a statement that returns rows. The caller closes them
// before it runs the next statement.
func Query(tx *gorm.DB, query string, args ...any) (*sql.Rows, error) {
	s := sessionOf(tx)
	if s == nil {
		return nil, errOutside
	}
	return s.QueryContext(context.Background(), s.bind(query), args...)
}

// QueryRow is Exec for a statement that returns one row ("RETURNING id", say),
// which it scans into dest. No row is sql.ErrNoRows.
func QueryRow(tx *gorm.DB, dest []any, query string, args ...any) error {
	s := sessionOf(tx)
	if s == nil {
		return errOutside
	}
	return s.note(s.QueryRowContext(context.Background(), s.bind(query), args...).Scan(dest...))
}

var bound sync.Map // query with "?" to query with "$1"

// bind turns "?" into "$1" and so on for PostgreSQL.
func (s *session) bind(query string) string { return bindFor(s.d.dialect, query) }

func bindFor(dialect Dialect, query string) string {
	if dialect == SQLite {
		return query
	}
	if q, ok := bound.Load(query); ok {
		return q.(string)
	}
	var b strings.Builder
	n := 0
	for _, r := range query {
		if r != '?' {
			b.WriteRune(r)
			continue
		}
		n++
		b.WriteString("$" + strconv.Itoa(n))
	}
	bound.Store(query, b.String())
	return b.String()
}
