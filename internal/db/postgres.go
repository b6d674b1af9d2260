package db

import (
	"context"
	"database/sql"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/errs"
)

func (d *DB) openPostgres(ctx context.Context) error {
	c, err := pgx.ParseConfig(d.conf.URL)
	if err != nil {
		// pgx's own text may hold the password.
		return errs.E(errs.Invalid, "The PostgreSQL URL cannot be read.")
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = d.conf.BusyTimeout
	}
	set(c, "application_name", "deskbridge")
	set(c, "lock_timeout", strconv.FormatInt(d.conf.BusyTimeout.Milliseconds(), 10))
	set(c, "statement_timeout", "60000")
	set(c, "idle_in_transaction_session_timeout", "60000")

	w := c.Copy()
	w.RuntimeParams["synchronous_commit"] = "on"
	d.writes = stdlib.OpenDB(*w)
	d.writes.SetMaxOpenConns(d.conf.Writers + 1) // one more for WriteAlone
	d.writes.SetMaxIdleConns(d.conf.Writers + 1)
	d.writer, err = newWriter(ctx, d, func(p gorm.ConnPool) gorm.Dialector { return postgres.New(postgres.Config{Conn: p}) })
	if err != nil {
		return unavailable(err)
	}

	r := c.Copy()
	r.RuntimeParams["default_transaction_read_only"] = "on"
	d.readers = stdlib.OpenDB(*r)
	d.readers.SetMaxOpenConns(d.conf.Readers)
	d.readers.SetMaxIdleConns(d.conf.Readers)
	d.read, err = gorm.Open(postgres.New(postgres.Config{Conn: d.readers}), d.gormConfig())
	if err != nil {
		return unavailable(err)
	}
	return unavailable(d.readers.PingContext(ctx))
}

// set gives a connection a setting, unless the URL did.
func set(c *pgx.ConnConfig, name, value string) {
	if _, ok := c.RuntimeParams[name]; !ok {
		c.RuntimeParams[name] = value
	}
}

// simple runs statements that take no values, in one round trip.
func simple(ctx context.Context, c *sql.Conn, text string) error {
	return c.Raw(func(raw any) error {
		_, err := raw.(*stdlib.Conn).Conn().PgConn().Exec(ctx, text).ReadAll()
		return err
	})
}
