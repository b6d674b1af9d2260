package bridge

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// adminRef is the teammate who pressed a button.
type adminRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// actor names the teammate in the audit log.
func (a adminRef) actor() string { return "intercom:" + a.ID + " " + a.Name }

// create makes the ticket of a form, with the whole conversation so far in its
// logs, and links it. It is idempotent by the form's token from end to end: the
// desk knows the token too, so that a crash after the desk answered makes no
// second ticket.
func (s *Service) create(ctx context.Context, w *live, c *conversationRow, f formRow) error {
	truncated, err := s.reread(ctx, w, c)
	if err != nil {
		if !errs.Is(err, errs.NotFound) {
			s.log.Warn("conversation could not be read again before it is copied", "workspace", w.slug, "conversation", c.RemoteID, "error", err)
		}
	}
	nt, parts, err := s.newTicket(ctx, w, *c, f)
	if err != nil {
		return s.formFailed(ctx, f, err)
	}
	if truncated {
		nt.Log = append([]desk.Entry{truncationNote(*c, parts)}, nt.Log...)
	}
	t, err := w.desk.Create(ctx, nt)
	if err != nil {
		return s.formFailed(ctx, f, err)
	}
	var admin adminRef
	if err := json.Unmarshal([]byte(f.Admin), &admin); err != nil {
		return err
	}
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		now := s.now()
		link, err := s.insertLink(tx, w, *c, t, admin.Name, true, now)
		if err != nil {
			return err
		}
		if err := planCopied(tx, link, *c, parts, now); err != nil {
			return err
		}
		how := asReply
		if t.PortalURL == "" {
			how = asOff
		}
		told := link.outRow("created:"+f.Token, how, now, now)
		told.HTML, told.Speaker = createdMessage(t), admin.ID
		if _, err := addLedger(tx, told); err != nil {
			return err
		}
		if err := s.audit(tx, w, admin.actor(), "ticket.create", "ticket:"+t.Ref, nil, map[string]string{"conversation": c.RemoteID}); err != nil {
			return err
		}
		return tx.Model(&formRow{}).Where("token = ?", f.Token).Updates(map[string]any{
			"state": formDone, "ticket_class": t.Class, "ticket_id": t.ID, "ticket_ref": t.Ref, "error": "", "updated_at": db.TimeOf(now),
		}).Error
	})
	if err != nil {
		return err
	}
	s.forms.announce(f.Token)
	return nil
}

// planCopied notes the parts that a new ticket was made with as done, and plans
// the copying of their files.
func planCopied(tx *gorm.DB, l linkRow, c conversationRow, parts []partRow, now time.Time) error {
	for _, p := range parts {
		row := ledgerRow{
			WorkspaceID: l.WorkspaceID, LinkID: l.ID, Direction: dirIn, Source: p.RemoteID, Position: p.position(), Log: p.Log,
			Author: p.AuthorName, SaidAt: p.SaidAt, Status: statusDone, Reason: "copied when the ticket was made",
			RemoteID: marker(c, p), CreatedAt: db.TimeOf(now), UpdatedAt: db.TimeOf(now),
		}
		if _, err := addLedger(tx, row); err != nil {
			return err
		}
		if len(p.files()) == 0 && !imageTag.MatchString(p.HTML) {
			continue
		}
		row.Source, row.Status, row.Reason, row.RemoteID = filesOf+p.RemoteID, statusPending, "", ""
		if _, err := addLedger(tx, row); err != nil {
			return err
		}
	}
	return nil
}

// truncationNote says that the copy is not whole: Intercom gives the newest 500
// parts, and webhooks did not bring the older ones.
func truncationNote(c conversationRow, parts []partRow) desk.Entry {
	e := desk.Entry{Marker: "ic:" + c.RemoteID + ":truncated", Log: desk.Private, At: c.CreatedAt.Time, Author: desk.Author{Name: "Deskbridge"},
		HTML: "<p><i>Intercom gives the newest 500 messages of a conversation. Older ones are in Intercom only.</i></p>"}
	if len(parts) > 0 {
		e.At = parts[0].SaidAt.Time
	}
	return e
}

// newTicket is the ticket that a form asks for, and the parts that go into it.
func (s *Service) newTicket(ctx context.Context, w *live, c conversationRow, f formRow) (desk.NewTicket, []partRow, error) {
	var values map[string]string
	if err := json.Unmarshal([]byte(f.ValuesJSON), &values); err != nil {
		return desk.NewTicket{}, nil, err
	}
	caller, err := w.caller(ctx, c, "")
	if err != nil {
		return desk.NewTicket{}, nil, err
	}
	if caller.ID == "" {
		if caller, err = w.takeIn(ctx, c); err != nil {
			return desk.NewTicket{}, nil, err
		}
	}
	nt := desk.NewTicket{
		Token: f.Token, Class: w.class, OrgID: caller.OrgID, Caller: caller, Values: maps.Clone(values), Origin: "chat",
		Link: desk.LinkState{Ref: c.RemoteID, URL: w.conversationURL(c), Active: true},
	}
	if v := values[w.setup.Attribute("org_id")]; v != "" {
		nt.OrgID = v
	}
	if nt.OrgID == "" {
		nt.OrgID = w.setup.Desk.DefaultOrg
	}
	all, err := partsOf(s.db.Read(ctx), c.ID)
	if err != nil {
		return desk.NewTicket{}, nil, err
	}
	var copied []partRow
	for _, p := range all {
		if p.Ours || p.Redacted {
			continue
		}
		e, err := s.entry(ctx, w, c, p)
		if err != nil {
			return desk.NewTicket{}, nil, err
		}
		e.HTML = imageTag.ReplaceAllString(e.HTML, "<i>[picture attached]</i>")
		for _, a := range p.files() {
			e.HTML += paragraph("[attached: " + fileName(a) + "]")
		}
		nt.Log = append(nt.Log, e)
		copied = append(copied, p)
	}
	return nt, copied, nil
}

// formFailed answers a form whose ticket cannot be made as it is. A failure
// that may pass leaves the form waiting and the job to try again.
func (s *Service) formFailed(ctx context.Context, f formRow, cause error) error {
	if !permanent(cause) && !errs.Is(cause, errs.Forbidden) && !errs.Is(cause, errs.Denied) {
		s.forms.announce(f.Token)
		return cause
	}
	fields, err := json.Marshal(errs.FieldsOf(cause))
	if err != nil {
		return err
	}
	s.log.Info("ticket refused", "form", f.Token, "error", cause)
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&formRow{}).Where("token = ?", f.Token).Updates(map[string]any{
			"state": formFailed, "error": errs.Text(cause), "fields_json": string(fields), "updated_at": db.TimeOf(s.now()),
		}).Error
	})
	if err == nil {
		s.forms.announce(f.Token)
	}
	return err
}

// insertLink ties a ticket to a conversation. Conflict when the ticket has
// another one (IC-07).
func (s *Service) insertLink(tx *gorm.DB, w *live, c conversationRow, t desk.Ticket, by string, copyBefore bool, now time.Time) (linkRow, error) {
	old, err := linkByTicket(tx, w.place, t.Key)
	if err != nil {
		return linkRow{}, err
	}
	if old != nil {
		if old.ConversationID == c.ID {
			return *old, nil
		}
		return linkRow{}, errs.E(errs.Conflict, "%s is already linked to another conversation. Unlink it there first.", t.Ref)
	}
	l := linkRow{
		WorkspaceID: w.id, ConversationID: c.ID, Place: w.place, TicketClass: t.Class, TicketID: t.ID, TicketRef: t.Ref,
		TicketStatus: t.Status, Active: true, CopyBefore: copyBefore, DeskChanges: 1, FlagPending: true, CreatedBy: by,
		CreatedAt: db.TimeOf(now), UpdatedAt: db.TimeOf(now),
	}
	return l, tx.Create(&l).Error
}
