package bridge

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// absorbBatch is how many receipts become parts in one transaction.
const absorbBatch = 200

// absorb turns a conversation's receipts into parts. One that cannot be read is
// set aside with its problem; the others go on.
func (s *Service) absorb(ctx context.Context, w *live, conversation string) error {
	for {
		rows, err := waitingReceipts(s.db.Read(ctx), w.id, conversation, absorbBatch)
		if err != nil || len(rows) == 0 {
			return err
		}
		list := make([]heard, len(rows))
		for i, r := range rows {
			list[i] = hear(w, r)
		}
		err = s.db.Write(ctx, func(tx *gorm.DB) error { return s.take(tx, w, conversation, list) })
		if err != nil || len(rows) < absorbBatch {
			return err // who brings more meanwhile wakes the conversation again
		}
	}
}

// heard is what a receipt says. It is read before the transaction, which others
// wait for.
type heard struct {
	receipt receiptRow
	appID   string
	talk    Talk
	said    []Said
	err     error
}

func hear(w *live, r receiptRow) heard {
	n, err := intercom.ParseNotification(r.Body)
	if err != nil {
		return heard{receipt: r, err: errs.Wrap(err, errs.Invalid, errs.Text(err))}
	}
	var contact intercom.Contact
	if len(n.Conversation.Contacts) > 0 {
		contact = n.Conversation.Contacts[0]
	}
	h := heard{receipt: r, appID: n.AppID, talk: Talk{State: n.Conversation.State, Updated: n.Conversation.UpdatedAt, Contact: contactOf(contact)}}
	for _, p := range n.Parts() {
		if said, ok := saidOf(p, w.setup.Channel.AppCode); ok {
			h.said = append(h.said, said)
		}
	}
	if n.Topic == intercom.TopicRated {
		if said, ok := ratingOf(n, contact); ok {
			h.said = append(h.said, said)
		}
	}
	return h
}

// take stores what was heard in a conversation and marks its receipts.
func (s *Service) take(tx *gorm.DB, w *live, conversation string, list []heard) error {
	var c conversationRow
	for _, h := range list {
		err := h.err
		if err == nil && c.ID == 0 {
			c, err = ensureConversation(tx, w.id, h.appID, conversation, s.now())
		}
		if err == nil {
			err = s.takeOne(tx, &c, h)
		}
		problem := ""
		if err != nil {
			if !permanent(err) {
				return err
			}
			problem = errs.Text(err)
			s.log.Warn("notification set aside", "workspace", w.slug, "notification", h.receipt.NotificationID, "error", err)
		}
		if err := absorbReceipt(tx, h.receipt.ID, s.now(), problem); err != nil {
			return err
		}
	}
	if c.ID == 0 {
		return nil
	}
	c.UpdatedAt = db.TimeOf(s.now())
	return saveConversation(tx, &c)
}

func (s *Service) takeOne(tx *gorm.DB, c *conversationRow, h heard) error {
	learn(c, h.talk)
	for _, said := range h.said {
		if said.AuthorType == "user" && c.ContactID == "" {
			learn(c, Talk{Contact: Contact{ID: said.AuthorID, Name: said.AuthorName, Email: said.AuthorEmail}})
		}
		if err := s.keep(tx, *c, said, h.receipt.ReceivedAt.Time); err != nil {
			return err
		}
	}
	return nil
}

// learn takes over what a talk says about its conversation, where it says
// anything.
func learn(c *conversationRow, t Talk) {
	set := func(to *string, v string) {
		if v != "" {
			*to = v
		}
	}
	if t.Updated.IsZero() || !t.Updated.Before(c.RemoteUpdatedAt.Time) {
		set(&c.State, t.State)
	}
	if t.Updated.After(c.RemoteUpdatedAt.Time) {
		c.RemoteUpdatedAt = db.TimeOf(t.Updated)
	}
	if t.Contact.ID != "" && c.ContactID != "" && t.Contact.ID != c.ContactID {
		return
	}
	set(&c.ContactID, t.Contact.ID)
	set(&c.ContactName, t.Contact.Name)
	set(&c.ContactEmail, t.Contact.Email)
	if t.Contact.PersonID != "" {
		c.PersonClass, c.PersonID = t.Contact.PersonClass, t.Contact.PersonID
	}
}

// keep stores a part once. A part that comes again, exactly as it was said,
// replaces a mere rendering of it; a redacted one loses its words at once.
func (s *Service) keep(tx *gorm.DB, c conversationRow, said Said, received time.Time) error {
	old, err := partState(tx, c.ID, said.RemoteID)
	if err != nil {
		return err
	}
	files, err := json.Marshal(said.Attachments)
	if err != nil {
		return err
	}
	if old == nil {
		ours := said.FromUs
		if !ours {
			if ours, err = postedByUs(tx, c.ID, said.RemoteID); err != nil {
				return err
			}
		}
		return insertPart(tx, partRow{
			ConversationID: c.ID, RemoteID: said.RemoteID, Log: string(said.Log), AuthorType: said.AuthorType,
			AuthorID: said.AuthorID, AuthorName: said.AuthorName, AuthorEmail: said.AuthorEmail, HTML: said.HTML,
			Attachments: string(files), Exact: said.Exact, Redacted: said.Redacted, Ours: ours,
			SaidAt: db.TimeOf(said.At), ReceivedAt: db.TimeOf(received),
		})
	}
	switch {
	case said.Redacted && !old.Redacted:
		return s.redact(tx, c, *old)
	case said.Exact && !old.Exact && !old.Redacted:
		return tx.Model(&partRow{}).Where("id = ?", old.ID).
			Updates(map[string]any{"html": said.HTML, "attachments": string(files), "exact": true}).Error
	}
	return nil
}

// redact takes a part's words away. What was not mirrored yet never will be;
// for what was, the private log asks a person to remove it there: iTop offers
// no way to change an entry without the risk of losing others.
func (s *Service) redact(tx *gorm.DB, c conversationRow, p partRow) error {
	now := db.TimeOf(s.now())
	if err := tx.Model(&partRow{}).Where("id = ?", p.ID).
		Updates(map[string]any{"html": "", "attachments": "[]", "redacted": true}).Error; err != nil {
		return err
	}
	links := "SELECT id FROM bridge_links WHERE conversation_id = ?"
	if err := tx.Exec(`UPDATE bridge_ledger SET status = 'skipped', reason = ?, updated_at = ?
WHERE direction = 'in' AND source = ? AND status IN ('pending', 'failed') AND link_id IN (`+links+")",
		reasonGone, now, p.RemoteID, c.ID).Error; err != nil {
		return err
	}
	var mirrored int64
	if err := tx.Raw(`SELECT COUNT(*) FROM bridge_ledger WHERE direction = 'in' AND source = ? AND status = 'done' AND link_id IN (`+links+")",
		p.RemoteID, c.ID).Scan(&mirrored).Error; err != nil || mirrored == 0 {
		return err
	}
	return s.keep(tx, c, Said{
		RemoteID: "redacted-" + p.RemoteID, Log: "private", AuthorType: "bot", AuthorName: "Intercom", Exact: true, At: s.now(),
		HTML: "<p><i>The message of " + p.SaidAt.UTC().Format("2006-01-02 15:04:05 UTC") +
			" was redacted in Intercom. Remove it from this log as well.</i></p>",
	}, s.now())
}

// reread asks the channel for the whole conversation: webhooks are a hint, this
// is the truth. A channel that cannot answer now costs nothing but exactness;
// what the webhooks brought is carried over as it is. truncated says that the
// channel kept older parts to itself.
func (s *Service) reread(ctx context.Context, w *live, c *conversationRow) (truncated bool, err error) {
	talk, err := w.channel.Talk(ctx, c.RemoteID)
	if err != nil {
		return false, err
	}
	now := s.now()
	return talk.Truncated, s.db.Write(ctx, func(tx *gorm.DB) error {
		learn(c, talk)
		for _, said := range talk.Said {
			if err := s.keep(tx, *c, said, now); err != nil {
				return err
			}
		}
		c.UpdatedAt = db.TimeOf(now)
		return saveConversation(tx, c)
	})
}
