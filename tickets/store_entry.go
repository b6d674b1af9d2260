package tickets

import (
	"database/sql"
	"errors"
	"fmt"
	"regexp"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
)

const entryColumns = "id, ticket_id, log, at, COALESCE(person_id, 0) AS person_id, author_name, html, COALESCE(marker, '') AS marker, source, synced, by_desk"

// insertEntry stores an entry once for each marker; with a marker that is there
// already, *e becomes the stored one and the result is false.
func insertEntry(tx *gorm.DB, e *Entry, now db.Time) (bool, error) {
	err := db.QueryRow(tx, []any{&e.ID}, `INSERT INTO ticket_entries (ticket_id, log, at, person_id, author_name, html, marker, source, synced, by_desk, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`,
		e.TicketID, string(e.Log), e.At, orNull(e.PersonID), e.Author, e.HTML, textOrNull(e.Marker), e.Source, e.Synced, e.ByDesk, now)
	if err == nil {
		return true, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return false, fmt.Errorf("store an entry: %w", err)
	}
	var rows []Entry
	if err := tx.Raw("SELECT "+entryColumns+" FROM ticket_entries WHERE ticket_id = ? AND marker = ?", e.TicketID, e.Marker).Scan(&rows).Error; err != nil {
		return false, fmt.Errorf("read an entry: %w", err)
	}
	if len(rows) == 0 {
		return false, fmt.Errorf("tickets: an entry of ticket %d was neither stored nor found", e.TicketID)
	}
	*e = rows[0]
	return false, nil
}

func entriesOf(tx *gorm.DB, ticketID int64, log Log) ([]Entry, error) {
	q, args := "SELECT "+entryColumns+" FROM ticket_entries WHERE ticket_id = ?", []any{ticketID}
	if log != "" {
		q, args = q+" AND log = ?", append(args, string(log))
	}
	out := []Entry{}
	if err := tx.Raw(q+" ORDER BY id", args...).Scan(&out).Error; err != nil {
		return nil, fmt.Errorf("read a log: %w", err)
	}
	return out, nil
}

// eachText calls fn with the HTML of every entry of a log.
func eachText(tx *gorm.DB, ticketID int64, log Log, fn func(html string)) error {
	var list []string
	if err := tx.Raw("SELECT html FROM ticket_entries WHERE ticket_id = ? AND log = ? ORDER BY id", ticketID, string(log)).Scan(&list).Error; err != nil {
		return fmt.Errorf("read a log: %w", err)
	}
	for _, html := range list {
		fn(html)
	}
	return nil
}

const attachmentColumns = "id, ticket_id, log, name, type, size, sha256, COALESCE(marker, '') AS marker, COALESCE(person_id, 0) AS person_id, author_name, created_at"

func insertAttachment(tx *gorm.DB, f *Attachment) (bool, error) {
	n, err := db.Exec(tx, `INSERT INTO ticket_attachments (id, ticket_id, log, name, type, size, sha256, marker, person_id, author_name, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		f.ID, f.TicketID, string(f.Log), f.Name, f.Type, f.Size, f.SHA256, textOrNull(f.Marker), orNull(f.PersonID), f.Author, f.CreatedAt)
	if err != nil {
		return false, fmt.Errorf("store an attachment: %w", err)
	}
	return n > 0, nil
}

func attachmentsOf(tx *gorm.DB, ticketID int64, log Log) ([]Attachment, error) {
	q, args := "SELECT "+attachmentColumns+" FROM ticket_attachments WHERE ticket_id = ?", []any{ticketID}
	if log != "" {
		q, args = q+" AND log = ?", append(args, string(log))
	}
	out := []Attachment{}
	if err := tx.Raw(q+" ORDER BY created_at, id", args...).Scan(&out).Error; err != nil {
		return nil, fmt.Errorf("read attachments: %w", err)
	}
	return out, nil
}

// attachmentWhere returns the one attachment that a condition finds, nil for none.
func attachmentWhere(tx *gorm.DB, where string, args ...any) (*Attachment, error) {
	var rows []Attachment
	if err := tx.Raw("SELECT "+attachmentColumns+" FROM ticket_attachments WHERE "+where, args...).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("read an attachment: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return &rows[0], nil
}

// attachmentLink finds addresses of attachments in an entry.
var attachmentLink = regexp.MustCompile(`/attachments/([0-9a-f]{32})\b`)

// publishAttachments shows the end user those attachments of the ticket that a
// public entry links to.
func publishAttachments(tx *gorm.DB, ticketID int64, html string) error {
	for _, m := range attachmentLink.FindAllStringSubmatch(html, 100) {
		if _, err := db.Exec(tx, "UPDATE ticket_attachments SET log = ? WHERE id = ? AND ticket_id = ?", string(Public), m[1], ticketID); err != nil {
			return fmt.Errorf("publish an attachment: %w", err)
		}
	}
	return nil
}
