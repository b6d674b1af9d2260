package bridge

import (
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/db"
)

// Reasons of skipped rows, as the ledger shows them.
const (
	reasonPaused = "paused"
	reasonBefore = "before the link"
	reasonOurs   = "written by Deskbridge"
	reasonGone   = "redacted"
	reasonOff    = "switched off for this workspace"
)

// planIn gives every part that has none yet a ledger row on a link.
func planIn(tx *gorm.DB, l *linkRow, now time.Time) error {
	var parts []partRow
	err := tx.Where("conversation_id = ? AND id > ?", l.ConversationID, l.Planned).Order("id").Find(&parts).Error
	if err != nil || len(parts) == 0 {
		return err
	}
	pauses, err := pausesOf(tx, l.ID)
	if err != nil {
		return err
	}
	for _, p := range parts {
		row := ledgerRow{
			WorkspaceID: l.WorkspaceID, LinkID: l.ID, Direction: dirIn, Source: p.RemoteID, Position: p.position(),
			Log: p.Log, Author: p.AuthorName, SaidAt: p.SaidAt, Status: statusPending,
			CreatedAt: db.TimeOf(now), UpdatedAt: db.TimeOf(now),
		}
		if why := skipIn(*l, pauses, p); why != "" {
			row.Status, row.Reason = statusSkipped, why
		}
		if _, err := addLedger(tx, row); err != nil {
			return err
		}
		l.Planned = p.ID
	}
	return tx.Exec("UPDATE bridge_links SET planned = ? WHERE id = ?", l.Planned, l.ID).Error
}

// skipIn says why a part is not mirrored, or "".
//
// Intercom's clock has whole seconds and ours does not, so "before" asks both:
// when it was said and when it reached us.
func skipIn(l linkRow, pauses []pauseRow, p partRow) string {
	switch {
	case p.Ours:
		return reasonOurs
	case p.Redacted:
		return reasonGone
	case !l.CopyBefore && before(p, l.CreatedAt.Time):
		return reasonBefore
	}
	for _, z := range pauses {
		if !before(p, z.FromAt.Time) && (z.UntilAt.IsZero() || before(p, z.UntilAt.Time)) {
			return reasonPaused
		}
	}
	return ""
}

// before reports whether a part belongs to the time before a moment of our
// clock: it reached us before, or was said in an earlier second.
func before(p partRow, at time.Time) bool {
	return p.ReceivedAt.Before(at) || p.SaidAt.Before(at.Truncate(time.Second))
}

// skipOut says why an entry or a state change of the ticket is not told to the
// conversation, or "".
func skipOut(l linkRow, pauses []pauseRow, at time.Time) string {
	if at.Before(l.CreatedAt.Truncate(time.Second)) {
		return reasonBefore
	}
	for _, z := range pauses {
		if !at.Before(z.FromAt.Truncate(time.Second)) && (z.UntilAt.IsZero() || at.Before(z.UntilAt.Time)) {
			return reasonPaused
		}
	}
	return ""
}

// byContact begins the speaker of a row that the end user says.
const byContact = "contact:"

// byCaller reports whether an entry is the end user's own: what they answer in
// the portal they say in the conversation too, whatever agents' entries become.
func byCaller(t desk.Ticket, e desk.Entry) bool {
	return t.CallerID != "" && e.Author.PersonID == t.CallerID
}

// planOut gives the ticket's new public entries and its change of state their
// ledger rows. contact is the conversation's end user, seen the change count that
// was read before the ticket was.
func planOut(tx *gorm.DB, l *linkRow, contact string, back backRules, t desk.Ticket, entries []desk.Entry, seen int64, now time.Time) error {
	pauses, err := pausesOf(tx, l.ID)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Marker != "" || e.Log != desk.Public {
			continue
		}
		row := l.outRow("entry:"+e.ID, back.entries, e.At, now)
		row.Author, row.HTML = e.Author.Name, entryMessage(back.entries, t, e)
		if byCaller(t, e) && contact != "" && back.entries != asOff {
			row.Log, row.Speaker, row.HTML = string(desk.Public), byContact+contact, clean(e.HTML)
		}
		if why := skipOut(*l, pauses, e.At); why != "" {
			row.Status, row.Reason = statusSkipped, why
		}
		if _, err := addLedger(tx, row); err != nil {
			return err
		}
	}
	if l.TicketStatus != "" && t.Status != l.TicketStatus {
		if err := planStatus(tx, l, back, pauses, t, now); err != nil {
			return err
		}
	}
	l.TicketStatus, l.DeskSeen = t.Status, seen
	return tx.Exec("UPDATE bridge_links SET ticket_status = ?, ticket_ref = ?, desk_seen = ?, updated_at = ? WHERE id = ?",
		t.Status, t.Ref, seen, db.TimeOf(now), l.ID).Error
}

func planStatus(tx *gorm.DB, l *linkRow, back backRules, pauses []pauseRow, t desk.Ticket, now time.Time) error {
	how := back.status
	if how != asOff && !back.tells(t.Status) {
		how = asOff
	}
	at := t.Updated
	if at.IsZero() {
		at = now
	}
	row := l.outRow("status:"+position(at, t.Status), how, at, now)
	row.HTML = statusMessage(t)
	if why := skipOut(*l, pauses, at); why != "" && row.Status == statusPending {
		row.Status, row.Reason = statusSkipped, why
	}
	_, err := addLedger(tx, row)
	return err
}

// outRow returns a row that tells the conversation something.
func (l linkRow) outRow(source string, how sendAs, at, now time.Time) ledgerRow {
	row := ledgerRow{
		WorkspaceID: l.WorkspaceID, LinkID: l.ID, Direction: dirOut, Source: source, Position: position(at, source),
		Log: string(desk.Public), SaidAt: db.TimeOf(at), Status: statusPending,
		CreatedAt: db.TimeOf(now), UpdatedAt: db.TimeOf(now),
	}
	switch how {
	case asNote:
		row.Log = string(desk.Private)
	case asOff:
		row.Status, row.Reason = statusSkipped, reasonOff
	}
	return row
}
