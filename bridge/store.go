package bridge

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

type conversationRow struct {
	ID              int64
	WorkspaceID     int64
	RemoteID        string
	AppID           string
	State           string
	ContactID       string
	ContactName     string
	ContactEmail    string
	PersonClass     string
	PersonID        string
	RemoteUpdatedAt db.Time
	Recheck         bool // the job must read the conversation again
	CreatedAt       db.Time
	UpdatedAt       db.Time
}

func (conversationRow) TableName() string { return "bridge_conversations" }

type partRow struct {
	ID             int64
	ConversationID int64
	RemoteID       string
	Log            string
	AuthorType     string
	AuthorID       string
	AuthorName     string
	AuthorEmail    string
	HTML           string `gorm:"column:html"`
	Attachments    string
	Exact          bool
	Redacted       bool
	Ours           bool
	SaidAt         db.Time
	ReceivedAt     db.Time
}

func (partRow) TableName() string { return "bridge_parts" }

func (p partRow) files() []Attachment {
	var a []Attachment
	if json.Unmarshal([]byte(p.Attachments), &a) != nil {
		return nil
	}
	return a
}

// position sorts parts of one conversation as they were said: by second, then
// by Intercom's growing numeric id.
func (p partRow) position() string { return position(p.SaidAt.Time, p.RemoteID) }

// position orders by time, then a conversation's first message, then ids by
// length and text, which for numbers is by value.
func position(at time.Time, id string) string {
	n := len(id)
	if id == sourcePart {
		n = 0
	}
	return fmt.Sprintf("%020d/%03d/%s", at.UnixMicro(), n, id)
}

// sourcePart is the id of the message that began a conversation.
const sourcePart = "source"

type linkRow struct {
	ID             int64
	WorkspaceID    int64
	ConversationID int64
	Place          string
	TicketClass    string
	TicketID       string
	TicketRef      string
	TicketStatus   string
	Active         bool
	CopyBefore     bool  // what was said before the link is mirrored too
	Planned        int64 // the last part that has its ledger row
	DeskChanges    int64 // counts up when the desk says that the ticket changed
	DeskSeen       int64 // the count that the bridge has looked at
	FlagPending    bool
	CreatedBy      string
	CreatedAt      db.Time
	UpdatedAt      db.Time
}

func (linkRow) TableName() string { return "bridge_links" }

func (l linkRow) key() desk.Key { return desk.Key{Class: l.TicketClass, ID: l.TicketID} }

type pauseRow struct {
	ID      int64
	LinkID  int64
	FromAt  db.Time
	UntilAt db.Time
}

func (pauseRow) TableName() string { return "bridge_pauses" }

// Directions and states of a ledger row.
const (
	dirIn  = "in"  // conversation to ticket
	dirOut = "out" // ticket to conversation

	statusPending = "pending"
	statusDone    = "done"
	statusFailed  = "failed"
	statusSkipped = "skipped"
)

type ledgerRow struct {
	ID          int64
	WorkspaceID int64
	LinkID      int64
	Direction   string
	Source      string // part id, or "entry:<id>", "status:<n>:<status>", "created:<token>"
	Position    string
	Log         string
	Author      string
	Speaker     string // teammate who says an outgoing message; empty: the workspace's
	HTML        string `gorm:"column:html"`
	SaidAt      db.Time
	Status      string
	Reason      string
	Attempts    int
	Error       string
	RemoteID    string
	TriedAt     db.Time
	CreatedAt   db.Time
	UpdatedAt   db.Time
}

func (ledgerRow) TableName() string { return "bridge_ledger" }

type receiptRow struct {
	ID             int64
	WorkspaceID    int64
	NotificationID string
	Conversation   string
	Topic          string
	Body           []byte
	Error          string
	ReceivedAt     db.Time
	AbsorbedAt     db.Time
}

func (receiptRow) TableName() string { return "bridge_receipts" }

type formRow struct {
	Token          string `gorm:"primaryKey"`
	WorkspaceID    int64
	ConversationID int64
	Admin          string
	ValuesJSON     string `gorm:"column:values_json"`
	State          string
	Error          string
	FieldsJSON     string `gorm:"column:fields_json"`
	TicketClass    string
	TicketID       string
	TicketRef      string
	CreatedAt      db.Time
	UpdatedAt      db.Time
}

func (formRow) TableName() string { return "bridge_forms" }

// States of a form.
const (
	formWaiting = "waiting"
	formDone    = "done"
	formFailed  = "failed"
)

// insertReceipt stores a notification once; it reports whether it was new.
func insertReceipt(tx *gorm.DB, r receiptRow) (bool, error) {
	n, err := db.Exec(tx, `INSERT INTO bridge_receipts (workspace_id, notification_id, conversation, topic, body, received_at)
VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (workspace_id, notification_id) DO NOTHING`,
		r.WorkspaceID, r.NotificationID, r.Conversation, r.Topic, r.Body, r.ReceivedAt)
	return n > 0, err
}

// waitingReceipts returns receipts of a conversation that no job has absorbed.
func waitingReceipts(tx *gorm.DB, workspaceID int64, conversation string, limit int) ([]receiptRow, error) {
	var rows []receiptRow
	err := tx.Where("workspace_id = ? AND conversation = ? AND absorbed_at = 0", workspaceID, conversation).
		Order("id").Limit(limit).Find(&rows).Error
	return rows, err
}

func absorbReceipt(tx *gorm.DB, id int64, at time.Time, problem string) error {
	_, err := db.Exec(tx, "UPDATE bridge_receipts SET absorbed_at = ?, error = ? WHERE id = ?", db.TimeOf(at), problem, id)
	return err
}

func deleteOldReceipts(tx *gorm.DB, before time.Time) error {
	return tx.Exec("DELETE FROM bridge_receipts WHERE id IN (SELECT id FROM bridge_receipts WHERE received_at < ? AND absorbed_at > 0 ORDER BY received_at LIMIT ?)",
		db.TimeOf(before), forgetAtOnce).Error
}

// deleteForgottenParts removes what was said before a moment in conversations
// that no ticket is linked to: nobody asked for them to be kept.
func deleteForgottenParts(tx *gorm.DB, before time.Time) error {
	return tx.Exec(`DELETE FROM bridge_parts WHERE id IN (SELECT p.id FROM bridge_parts p WHERE p.received_at < ?
AND NOT EXISTS (SELECT 1 FROM bridge_links l WHERE l.conversation_id = p.conversation_id) LIMIT ?)`, db.TimeOf(before), forgetAtOnce).Error
}

// forgetAtOnce is how many rows are removed in one transaction, so that nobody
// waits long behind it; the next run removes more.
const forgetAtOnce = 5000

// conversation returns the row of a conversation, or nil.
func findConversation(tx *gorm.DB, workspaceID int64, remoteID string) (*conversationRow, error) {
	var row conversationRow
	err := tx.Where("workspace_id = ? AND remote_id = ?", workspaceID, remoteID).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	return &row, err
}

func conversationByID(tx *gorm.DB, id int64) (conversationRow, error) {
	var row conversationRow
	err := tx.Where("id = ?", id).Take(&row).Error
	return row, err
}

// ensureConversation returns the row of a conversation, made when missing.
func ensureConversation(tx *gorm.DB, workspaceID int64, appID, remoteID string, now time.Time) (conversationRow, error) {
	row, err := findConversation(tx, workspaceID, remoteID)
	if err != nil || row != nil {
		if row != nil {
			return *row, err
		}
		return conversationRow{}, err
	}
	fresh := conversationRow{WorkspaceID: workspaceID, RemoteID: remoteID, AppID: appID, State: "open",
		CreatedAt: db.TimeOf(now), UpdatedAt: db.TimeOf(now)}
	return fresh, tx.Create(&fresh).Error
}

// saveConversation stores all but Recheck, which others may set meanwhile.
func saveConversation(tx *gorm.DB, row *conversationRow) error {
	return tx.Model(row).Select("*").Omit("recheck", "created_at").Updates(row).Error
}

func setRecheck(tx *gorm.DB, id int64, on bool) error {
	return tx.Exec("UPDATE bridge_conversations SET recheck = ? WHERE id = ?", on, id).Error
}

func partsOf(tx *gorm.DB, conversationID int64) ([]partRow, error) {
	var rows []partRow
	err := tx.Where("conversation_id = ?", conversationID).Find(&rows).Error
	slices.SortFunc(rows, func(a, b partRow) int { return cmp.Compare(a.position(), b.position()) })
	return rows, err
}

func partByRemote(tx *gorm.DB, conversationID int64, remoteID string) (*partRow, error) {
	var row partRow
	err := tx.Where("conversation_id = ? AND remote_id = ?", conversationID, remoteID).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	return &row, err
}

// partState returns of a stored part what decides about one that comes again,
// or nil.
func partState(tx *gorm.DB, conversationID int64, remoteID string) (*partRow, error) {
	row := partRow{ConversationID: conversationID, RemoteID: remoteID}
	err := db.QueryRow(tx, []any{&row.ID, &row.Exact, &row.Redacted, &row.SaidAt},
		"SELECT id, exact, redacted, said_at FROM bridge_parts WHERE conversation_id = ? AND remote_id = ?", conversationID, remoteID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &row, err
}

func insertPart(tx *gorm.DB, p partRow) error {
	_, err := db.Exec(tx, `INSERT INTO bridge_parts (conversation_id, remote_id, log, author_type, author_id, author_name, author_email,
html, attachments, exact, redacted, ours, said_at, received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.ConversationID, p.RemoteID, p.Log, p.AuthorType, p.AuthorID, p.AuthorName, p.AuthorEmail,
		p.HTML, p.Attachments, p.Exact, p.Redacted, p.Ours, p.SaidAt, p.ReceivedAt)
	return err
}

// partsByRemote returns the parts of a conversation with the given ids, by id.
func partsByRemote(tx *gorm.DB, conversationID int64, remoteIDs []string) (map[string]partRow, error) {
	var rows []partRow
	err := tx.Where("conversation_id = ? AND remote_id IN ?", conversationID, remoteIDs).Find(&rows).Error
	out := make(map[string]partRow, len(rows))
	for _, p := range rows {
		out[p.RemoteID] = p
	}
	return out, err
}

func linksOf(tx *gorm.DB, conversationID int64) ([]linkRow, error) {
	var rows []linkRow
	err := tx.Where("conversation_id = ?", conversationID).Order("id").Find(&rows).Error
	return rows, err
}

func linkByTicket(tx *gorm.DB, place string, key desk.Key) (*linkRow, error) {
	var row linkRow
	err := tx.Where("place = ? AND ticket_class = ? AND ticket_id = ?", place, key.Class, key.ID).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	return &row, err
}

func linksOfWorkspace(tx *gorm.DB, workspaceID int64) ([]linkRow, error) {
	var rows []linkRow
	err := tx.Where("workspace_id = ?", workspaceID).Order("id").Find(&rows).Error
	return rows, err
}

func pausesOf(tx *gorm.DB, linkID int64) ([]pauseRow, error) {
	var rows []pauseRow
	err := tx.Where("link_id = ?", linkID).Order("id").Find(&rows).Error
	return rows, err
}

// addLedger stores a row once per (link, direction, source); it reports whether
// it was new.
func addLedger(tx *gorm.DB, r ledgerRow) (bool, error) {
	n, err := db.Exec(tx, `INSERT INTO bridge_ledger (workspace_id, link_id, direction, source, position, log, author, speaker, html, said_at, status, reason, remote_id, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (link_id, direction, source) DO NOTHING`,
		r.WorkspaceID, r.LinkID, r.Direction, r.Source, r.Position, r.Log, r.Author, r.Speaker, r.HTML, r.SaidAt,
		r.Status, r.Reason, r.RemoteID, r.CreatedAt, r.UpdatedAt)
	return n > 0, err
}

func pendingLedger(tx *gorm.DB, linkID int64, direction string, limit int) ([]ledgerRow, error) {
	var rows []ledgerRow
	err := tx.Where("link_id = ? AND direction = ? AND status = 'pending'", linkID, direction).
		Order("position").Limit(limit).Find(&rows).Error
	return rows, err
}

// postedByUs reports whether a part of a conversation is one that the ledger
// says we posted.
func postedByUs(tx *gorm.DB, conversationID int64, remoteID string) (bool, error) {
	var n int64
	err := tx.Raw(`SELECT COUNT(*) FROM bridge_ledger WHERE direction = 'out' AND remote_id = ?
AND link_id IN (SELECT id FROM bridge_links WHERE conversation_id = ?)`, remoteID, conversationID).Row().Scan(&n)
	return n > 0, err
}

func ledgerDone(tx *gorm.DB, id int64, remoteID string, at time.Time) error {
	_, err := db.Exec(tx, `UPDATE bridge_ledger SET status = 'done', remote_id = ?, error = '', reason = '', attempts = attempts + 1, updated_at = ? WHERE id = ?`,
		remoteID, db.TimeOf(at), id)
	return err
}

// ledgerTried notes a failed try; final says that no further one is made
// without a person asking for it.
func ledgerTried(tx *gorm.DB, id int64, problem string, final bool, at time.Time) error {
	status := statusPending
	if final {
		status = statusFailed
	}
	return tx.Exec(`UPDATE bridge_ledger SET status = ?, error = ?, attempts = attempts + 1, updated_at = ? WHERE id = ?`,
		status, problem, db.TimeOf(at), id).Error
}

// ledgerSending notes that a post is about to be made, so that a crash between
// the post and its record is found by looking for it in the conversation.
func ledgerSending(tx *gorm.DB, id int64, at time.Time) error {
	return tx.Exec(`UPDATE bridge_ledger SET tried_at = ? WHERE id = ?`, db.TimeOf(at), id).Error
}

// renderings counts the parts of a conversation that must be mirrored and are
// known from a webhook alone.
func renderings(tx *gorm.DB, conversationID int64) (int64, error) {
	var n int64
	err := tx.Raw(`SELECT COUNT(*) FROM bridge_parts p WHERE p.conversation_id = ? AND NOT p.exact AND NOT p.redacted AND NOT p.ours
AND EXISTS (SELECT 1 FROM bridge_links l WHERE l.conversation_id = p.conversation_id AND (p.id > l.planned
OR EXISTS (SELECT 1 FROM bridge_ledger g WHERE g.link_id = l.id AND g.direction = 'in' AND g.source = p.remote_id AND g.status = 'pending')))`,
		conversationID).Scan(&n).Error
	return n, err
}

func formByToken(tx *gorm.DB, token string) (*formRow, error) {
	var row formRow
	err := tx.Where("token = ?", token).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	return &row, err
}

func waitingForms(tx *gorm.DB, conversationID int64) ([]formRow, error) {
	var rows []formRow
	err := tx.Where("conversation_id = ? AND state = 'waiting'", conversationID).Order("created_at").Find(&rows).Error
	return rows, err
}

// notFound is the one answer for what does not exist and for what belongs to
// somebody else.
func notFound(what string) error { return errs.E(errs.NotFound, "There is no such %s.", what) }

// failedOf returns the failed rows of a conversation, newest first.
func failedOf(tx *gorm.DB, workspaceID, conversationID int64, limit int) ([]ledgerRow, error) {
	var rows []ledgerRow
	err := tx.Where(`workspace_id = ? AND status = 'failed' AND link_id IN (SELECT id FROM bridge_links WHERE conversation_id = ?)`,
		workspaceID, conversationID).Order("id DESC").Limit(limit).Find(&rows).Error
	return rows, err
}
