package tickets

import (
	"database/sql"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
)

const ticketColumns = `t.id, t.desk_id, t.class, t.ref, t.title, t.description, t.status, t.urgency, t.impact, t.priority, t.origin,
  t.org_id, COALESCE(t.caller_id, 0) AS caller_id, COALESCE(t.agent_id, 0) AS agent_id, COALESCE(t.team_id, 0) AS team_id,
  COALESCE(t.service_id, 0) AS service_id, COALESCE(t.servicesubcategory_id, 0) AS servicesubcategory_id,
  o.name AS org_name, COALESCE(c.friendlyname, '') AS caller_name, COALESCE(g.friendlyname, '') AS agent_name,
  COALESCE(m.name, '') AS team_name, COALESCE(v.name, '') AS service_name, COALESCE(u.name, '') AS servicesubcategory_name,
  t.intercom_ref, t.intercom_url, t.intercom_sync_activated, t.solution, t.resolution_code, t.pending_reason, t.custom,
  t.start_date, t.last_update, t.assignment_date, t.resolution_date, t.close_date, t.version, t.change_seq`

const ticketJoins = ` FROM tickets t JOIN organisations o ON o.id = t.org_id
  LEFT JOIN persons c ON c.id = t.caller_id LEFT JOIN persons g ON g.id = t.agent_id LEFT JOIN teams m ON m.id = t.team_id
  LEFT JOIN services v ON v.id = t.service_id LEFT JOIN service_subcategories u ON u.id = t.servicesubcategory_id`

const ticketSelect = "SELECT " + ticketColumns + ticketJoins

// ticketOf returns the ticket by an expression on t, NotFound when there is none.
func ticketOf(tx *gorm.DB, deskID int64, where string, arg any) (*Ticket, error) {
	var rows []Ticket
	err := tx.Raw(ticketSelect+" WHERE t.desk_id = ? AND "+where, deskID, arg).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read a ticket: %w", err)
	}
	if len(rows) == 0 {
		return nil, errNoTicket()
	}
	return &rows[0], nil
}

// ticketsOf returns tickets in the order of ids; those that are not there are
// left out.
func ticketsOf(tx *gorm.DB, deskID int64, ids []int64) ([]Ticket, error) {
	if len(ids) == 0 {
		return []Ticket{}, nil
	}
	var rows []Ticket
	if err := tx.Raw(ticketSelect+" WHERE t.desk_id = ? AND t.id IN ?", deskID, ids).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("read tickets: %w", err)
	}
	byID := make(map[int64]*Ticket, len(rows))
	for i := range rows {
		byID[rows[i].ID] = &rows[i]
	}
	out := make([]Ticket, 0, len(rows))
	for _, id := range ids {
		if t := byID[id]; t != nil {
			out = append(out, *t)
		}
	}
	return out, nil
}

// bump takes the desk's next change number. Every write begins with it: on
// PostgreSQL its row lock puts the writers of a desk in one order, so that a
// smaller number is always committed first and no two wait for each other.
func bump(tx *gorm.DB, deskID int64) (int64, error) {
	var seq int64
	err := db.QueryRow(tx, []any{&seq}, "UPDATE desks SET change_seq = change_seq + 1 WHERE id = ? RETURNING change_seq", deskID)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, errNothing()
	}
	if err != nil {
		return 0, fmt.Errorf("take a change number: %w", err)
	}
	return seq, nil
}

// nextRef counts the tickets of a class in a desk.
func nextRef(tx *gorm.DB, deskID int64, c Class) (string, error) {
	var n int64
	err := db.QueryRow(tx, []any{&n}, `INSERT INTO desk_counters (desk_id, class, last) VALUES (?, ?, 1)
		ON CONFLICT (desk_id, class) DO UPDATE SET last = desk_counters.last + 1 RETURNING last`, deskID, string(c))
	if err != nil {
		return "", fmt.Errorf("take a ref: %w", err)
	}
	return fmt.Sprintf("%s-%06d", c.refLetter(), n), nil
}

// orNull stores 0 as NULL, as foreign keys need it.
func orNull(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

func textOrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func insertTicket(tx *gorm.DB, t *Ticket, tokenText string) error {
	err := db.QueryRow(tx, []any{&t.ID}, `INSERT INTO tickets (desk_id, class, ref, token, title, description, status, urgency, impact, priority, origin,
		org_id, caller_id, agent_id, team_id, service_id, servicesubcategory_id, intercom_ref, intercom_url, intercom_sync_activated,
		solution, resolution_code, pending_reason, custom, start_date, last_update, assignment_date, resolution_date, close_date, version, change_seq)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		t.DeskID, string(t.Class), t.Ref, textOrNull(tokenText), t.Title, t.Description, string(t.Status), t.Urgency, t.Impact, t.Priority, string(t.Origin),
		t.OrgID, orNull(t.CallerID), orNull(t.AgentID), orNull(t.TeamID), orNull(t.ServiceID), orNull(t.ServiceSubcategoryID),
		t.IntercomRef, t.IntercomURL, t.IntercomSyncActivated,
		t.Solution, t.ResolutionCode, t.PendingReason, t.Custom, t.StartDate, t.LastUpdate, t.AssignmentDate, t.ResolutionDate, t.CloseDate, t.Version, t.ChangeSeq)
	if err != nil {
		return fmt.Errorf("store a ticket: %w", err)
	}
	return nil
}

func updateTicket(tx *gorm.DB, t *Ticket) error {
	_, err := db.Exec(tx, `UPDATE tickets SET title = ?, description = ?, status = ?, urgency = ?, impact = ?, priority = ?, origin = ?,
		org_id = ?, caller_id = ?, agent_id = ?, team_id = ?, service_id = ?, servicesubcategory_id = ?,
		intercom_ref = ?, intercom_url = ?, intercom_sync_activated = ?, solution = ?, resolution_code = ?, pending_reason = ?, custom = ?,
		last_update = ?, assignment_date = ?, resolution_date = ?, close_date = ?, version = ?, change_seq = ? WHERE id = ?`,
		t.Title, t.Description, string(t.Status), t.Urgency, t.Impact, t.Priority, string(t.Origin),
		t.OrgID, orNull(t.CallerID), orNull(t.AgentID), orNull(t.TeamID), orNull(t.ServiceID), orNull(t.ServiceSubcategoryID),
		t.IntercomRef, t.IntercomURL, t.IntercomSyncActivated, t.Solution, t.ResolutionCode, t.PendingReason, t.Custom,
		t.LastUpdate, t.AssignmentDate, t.ResolutionDate, t.CloseDate, t.Version, t.ChangeSeq, t.ID)
	if err != nil {
		return fmt.Errorf("store a ticket: %w", err)
	}
	return nil
}

// touchTicket notes that a log or an attachment was added.
func touchTicket(tx *gorm.DB, id int64, at db.Time, seq int64) error {
	if _, err := db.Exec(tx, "UPDATE tickets SET last_update = ?, change_seq = ? WHERE id = ?", at, seq, id); err != nil {
		return fmt.Errorf("touch a ticket: %w", err)
	}
	return nil
}

func ticketByToken(tx *gorm.DB, deskID int64, tokenText string) (int64, error) {
	var ids []int64
	if err := tx.Raw("SELECT id FROM tickets WHERE desk_id = ? AND token = ?", deskID, tokenText).Scan(&ids).Error; err != nil {
		return 0, fmt.Errorf("look for a token: %w", err)
	}
	if len(ids) == 0 {
		return 0, nil
	}
	return ids[0], nil
}

func insertChange(tx *gorm.DB, c AttributeChange) error {
	_, err := db.Exec(tx, "INSERT INTO ticket_changes (ticket_id, at, user_id, actor_name, attribute, old_value, new_value) VALUES (?, ?, ?, ?, ?, ?, ?)",
		c.TicketID, c.At, c.UserID, c.Actor, c.Attribute, c.Old, c.New)
	if err != nil {
		return fmt.Errorf("store a change: %w", err)
	}
	return nil
}

func changesOf(tx *gorm.DB, ticketID int64) ([]AttributeChange, error) {
	var out []AttributeChange
	err := tx.Raw("SELECT id, ticket_id, at, user_id, actor_name, attribute, old_value, new_value FROM ticket_changes WHERE ticket_id = ? ORDER BY id", ticketID).Scan(&out).Error
	if err != nil {
		return nil, fmt.Errorf("read the history: %w", err)
	}
	return out, nil
}

// changedAmong returns those of the tickets that changed after seq.
func changedAmong(tx *gorm.DB, deskID, seq int64, ids []int64) ([]int64, error) {
	var out []int64
	err := tx.Raw("SELECT id FROM tickets WHERE desk_id = ? AND change_seq > ? AND id IN ? ORDER BY change_seq", deskID, seq, ids).Scan(&out).Error
	if err != nil {
		return nil, fmt.Errorf("look for changes: %w", err)
	}
	return out, nil
}

// lastChange returns the number of the desk's last change.
func lastChange(tx *gorm.DB, deskID int64) (int64, error) {
	var seqs []int64
	if err := tx.Raw("SELECT change_seq FROM desks WHERE id = ?", deskID).Scan(&seqs).Error; err != nil {
		return 0, fmt.Errorf("read the last change: %w", err)
	}
	if len(seqs) == 0 {
		return 0, errNothing()
	}
	return seqs[0], nil
}
