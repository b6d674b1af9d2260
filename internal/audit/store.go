package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// maxPage is the longest page that List returns.
const maxPage = 200

// maxValue is how many bytes of an old or new value are kept. A longer one is
// cut to a note of its length: the log is for reading, not a second copy.
const maxValue = 16 << 10

type row struct {
	ID      int64
	DeskID  int64
	At      db.Time
	Actor   string
	Action  string
	Subject string
	Old     *string
	New     *string
	Address string
}

// Filter narrows a listing. Empty fields match everything.
type Filter struct {
	Subject string // exact: "user:7"
	Actor   string // exact: "user:1"
	Action  string // exact: "user.disabled"
	Before  int64  // only records with a smaller id: the cursor, 0 for the newest
	Limit   int    // 1 to 200; 50 when 0
}

// Record is a stored entry.
type Record struct {
	ID      int64
	At      time.Time
	Actor   string
	Action  string
	Subject string
	Old     json.RawMessage // nil when there was nothing
	New     json.RawMessage
	Address string
}

// Page is a part of the log, newest first. Total counts all that the filter
// matches, whatever the cursor; Next is the cursor of the next page, 0 at the end.
type Page struct {
	Items []Record
	Total int64
	Next  int64
}

// List returns the records of a desk, newest first.
func (l *Log) List(ctx context.Context, deskID int64, f Filter) (Page, error) {
	if f.Limit < 0 || f.Limit > maxPage {
		return Page{}, errs.InvalidField("limit", "must be between 1 and %d", maxPage)
	}
	if f.Limit == 0 {
		f.Limit = 50
	}
	where, args := []string{"desk_id = ?"}, []any{deskID}
	for _, c := range []struct{ column, value string }{{"subject", f.Subject}, {"actor", f.Actor}, {"action", f.Action}} {
		if c.value != "" {
			where, args = append(where, c.column+" = ?"), append(args, c.value)
		}
	}
	tx := l.db.Read(ctx)
	var p Page
	cond := strings.Join(where, " AND ")
	if err := tx.Raw("SELECT COUNT(*) FROM audit_log WHERE "+cond, args...).Scan(&p.Total).Error; err != nil {
		return Page{}, fmt.Errorf("audit: count: %w", err)
	}
	if f.Before > 0 {
		cond, args = cond+" AND id < ?", append(args, f.Before)
	}
	var rows []row
	q := "SELECT id, desk_id, at, actor, action, subject, old, new, address FROM audit_log WHERE " + cond + " ORDER BY id DESC LIMIT ?"
	if err := tx.Raw(q, append(args, f.Limit+1)...).Scan(&rows).Error; err != nil {
		return Page{}, fmt.Errorf("audit: list: %w", err)
	}
	if len(rows) > f.Limit {
		rows = rows[:f.Limit]
		p.Next = rows[f.Limit-1].ID
	}
	p.Items = make([]Record, 0, len(rows))
	for _, r := range rows {
		p.Items = append(p.Items, r.record())
	}
	return p, nil
}

func (r row) record() Record {
	rec := Record{ID: r.ID, At: r.At.Time, Actor: r.Actor, Action: r.Action, Subject: r.Subject, Address: r.Address}
	if r.Old != nil {
		rec.Old = json.RawMessage(*r.Old)
	}
	if r.New != nil {
		rec.New = json.RawMessage(*r.New)
	}
	return rec
}

func insert(tx *gorm.DB, r row) error {
	err := tx.Exec("INSERT INTO audit_log (desk_id, at, actor, action, subject, old, new, address) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		r.DeskID, r.At, r.Actor, r.Action, r.Subject, r.Old, r.New, r.Address).Error
	if err != nil {
		return fmt.Errorf("audit: record %s: %w", r.Action, err)
	}
	return nil
}

// Forget removes what happened before a moment, in the caller's transaction.
func (l *Log) Forget(tx *gorm.DB, before time.Time) error {
	return tx.Exec("DELETE FROM audit_log WHERE at < ?", db.TimeOf(before)).Error
}
