package audit

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// Entry is one change. Old and New become JSON; nil means that there was or is
// nothing. Subject is "<kind>:<id>", such as "user:7"; Action is a verb with a
// dot, such as "user.disabled".
type Entry struct {
	DeskID  int64
	Actor   string // "user:7", "key:3", "setup", "cli", "system"
	Action  string
	Subject string
	Old     any
	New     any
	Address string // remote address without port, "" when there is none
}

// reader gives the pool for reading; package db has one.
type reader interface {
	Read(ctx context.Context) *gorm.DB
}

// Log records and lists. It is safe for concurrent use.
type Log struct {
	db  reader
	now func() time.Time
}

// Config holds what tests change.
type Config struct {
	Now func() time.Time // time.Now when nil
}

// New returns a log that lists through db.
func New(db reader, c Config) *Log {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Log{db: db, now: c.Now}
}

// Record adds an entry in the caller's transaction, so that a change and its
// record are committed together or not at all.
func (l *Log) Record(tx *gorm.DB, e Entry) error {
	r, err := toRow(e, l.now())
	if err != nil {
		return err
	}
	return insert(tx, r)
}
