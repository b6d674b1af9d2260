package bridge

import (
	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
)

// ledgerLine is a row of the ledger with what it belongs to.
type ledgerLine struct {
	ID             int64
	Direction      string
	Status         string
	Reason         string
	Log            string
	Author         string
	HTML           string `gorm:"column:html"`
	PartHTML       string `gorm:"column:part_html"`
	Attempts       int
	Error          string
	RemoteID       string
	ConversationID string
	TicketClass    string
	TicketID       string
	TicketRef      string
	SaidAt         db.Time
	CreatedAt      db.Time
	UpdatedAt      db.Time
}

// LedgerFilter narrows a listing of the ledger; zero fields do not narrow.
type LedgerFilter struct {
	Status, Direction    string
	Conversation, Ticket string // Intercom's id; the ticket's ref
	Before               int64  // rows with a smaller id, for the next page
	Limit                int
}

// listLedger returns rows of a workspace, newest first.
func listLedger(tx *gorm.DB, workspaceID int64, f LedgerFilter) ([]ledgerLine, error) {
	q := tx.Table("bridge_ledger g").
		Joins("JOIN bridge_links l ON l.id = g.link_id").Joins("JOIN bridge_conversations c ON c.id = l.conversation_id").
		Joins("LEFT JOIN bridge_parts p ON g.direction = 'in' AND p.conversation_id = c.id AND p.remote_id = g.source").
		Where("g.workspace_id = ?", workspaceID)
	narrow := func(column, v string) {
		if v != "" {
			q = q.Where(column+" = ?", v)
		}
	}
	narrow("g.status", f.Status)
	narrow("g.direction", f.Direction)
	narrow("c.remote_id", f.Conversation)
	narrow("l.ticket_ref", f.Ticket)
	if f.Before > 0 {
		q = q.Where("g.id < ?", f.Before)
	}
	var rows []ledgerLine
	err := q.Select(`g.id, g.direction, g.status, g.reason, g.log, g.author, g.html, p.html AS part_html, g.attempts, g.error, g.remote_id,
c.remote_id AS conversation_id, l.ticket_class, l.ticket_id, l.ticket_ref, g.said_at, g.created_at, g.updated_at`).
		Order("g.id DESC").Limit(f.Limit).Scan(&rows).Error
	return rows, err
}

func tally(tx *gorm.DB, workspaceID int64) (Tally, error) {
	var t Tally
	if err := tx.Raw("SELECT COUNT(*) FROM bridge_links WHERE workspace_id = ?", workspaceID).Scan(&t.Links).Error; err != nil {
		return t, err
	}
	var rows []struct {
		Status string
		N      int64
	}
	err := tx.Raw("SELECT status, COUNT(*) AS n FROM bridge_ledger WHERE workspace_id = ? GROUP BY status", workspaceID).Scan(&rows).Error
	for _, r := range rows {
		switch r.Status {
		case statusPending:
			t.Pending = r.N
		case statusDone:
			t.Done = r.N
		case statusFailed:
			t.Failed = r.N
		case statusSkipped:
			t.Skipped = r.N
		}
	}
	return t, err
}
