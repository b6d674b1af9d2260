package bridge

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/db"
)

// link ties an existing ticket to a conversation. With copyBefore, what was said
// so far goes into the ticket's logs as well.
func (s *Service) link(ctx context.Context, w *live, c conversationRow, t desk.Ticket, by adminRef, copyBefore bool) error {
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		now := s.now()
		old, err := linkByTicket(tx, w.place, t.Key)
		if err != nil {
			return err
		}
		l, err := s.insertLink(tx, w, c, t, by.Name, copyBefore, now)
		if err != nil || old != nil {
			return err
		}
		told := l.outRow("linked:"+position(now, t.ID), asNote, now, now)
		told.HTML, told.Speaker = linkedMessage(by.Name, t), by.ID
		if _, err := addLedger(tx, told); err != nil {
			return err
		}
		if err := s.audit(tx, w, by.actor(), "ticket.link", "ticket:"+t.Ref, nil, map[string]any{"conversation": c.RemoteID, "copy": copyBefore}); err != nil {
			return err
		}
		return s.wake(tx, w, c.RemoteID, time.Time{})
	})
}

// unlink takes a ticket from its conversation. Its logs keep what they have.
func (s *Service) unlink(ctx context.Context, w *live, c conversationRow, key desk.Key, by adminRef) error {
	var gone *linkRow
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		l, err := linkByTicket(tx, w.place, key)
		if err != nil {
			return err
		}
		if l == nil || l.ConversationID != c.ID {
			return notFound("link")
		}
		gone = l
		if err := s.audit(tx, w, by.actor(), "ticket.unlink", "ticket:"+l.TicketRef, map[string]string{"conversation": c.RemoteID}, nil); err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM bridge_links WHERE id = ?", l.ID).Error; err != nil {
			return err
		}
		return s.jobs.Enqueue(tx, unlinkJob(w, *l))
	})
	if err == nil {
		s.log.Info("ticket unlinked", "workspace", w.slug, "conversation", c.RemoteID, "ticket", gone.TicketRef)
	}
	return err
}

// pause stops the mirroring of what is said from now on, in both directions, on
// every link of a conversation.
func (s *Service) pause(ctx context.Context, w *live, c conversationRow, by adminRef) error {
	return s.eachLink(ctx, w, c, by, "sync.pause", func(tx *gorm.DB, l linkRow, now time.Time) error {
		if !l.Active {
			return nil
		}
		return tx.Create(&pauseRow{LinkID: l.ID, FromAt: db.TimeOf(now)}).Error
	}, false)
}

// resume starts the mirroring again. What was said meanwhile stays out (IC-37),
// unless catchUp asks for it.
func (s *Service) resume(ctx context.Context, w *live, c conversationRow, by adminRef, catchUp bool) error {
	return s.eachLink(ctx, w, c, by, "sync.resume", func(tx *gorm.DB, l linkRow, now time.Time) error {
		var last pauseRow
		err := tx.Where("link_id = ?", l.ID).Order("id DESC").Limit(1).Find(&last).Error
		if err != nil || last.ID == 0 || l.Active {
			return err
		}
		if !catchUp {
			return tx.Exec("UPDATE bridge_pauses SET until_at = ? WHERE id = ?", db.TimeOf(now), last.ID).Error
		}
		// Without its pause, what arrives late is mirrored too.
		if err := tx.Exec("DELETE FROM bridge_pauses WHERE id = ?", last.ID).Error; err != nil {
			return err
		}
		return tx.Exec("UPDATE bridge_ledger SET status = 'pending', reason = '', updated_at = ? WHERE link_id = ? AND status = 'skipped' AND reason = ? AND created_at >= ?",
			db.TimeOf(now), l.ID, reasonPaused, last.FromAt).Error
	}, true)
}

func (s *Service) eachLink(ctx context.Context, w *live, c conversationRow, by adminRef, action string,
	do func(*gorm.DB, linkRow, time.Time) error, active bool) error {
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		now := s.now()
		links, err := linksOf(tx, c.ID)
		if err != nil {
			return err
		}
		for _, l := range links {
			if err := do(tx, l, now); err != nil {
				return err
			}
			err := tx.Exec("UPDATE bridge_links SET active = ?, flag_pending = TRUE, desk_changes = desk_changes + 1, updated_at = ? WHERE id = ?",
				active, db.TimeOf(now), l.ID).Error
			if err != nil {
				return err
			}
			if err := s.audit(tx, w, by.actor(), action, "ticket:"+l.TicketRef, map[string]bool{"active": l.Active}, map[string]bool{"active": active}); err != nil {
				return err
			}
		}
		return s.wake(tx, w, c.RemoteID, time.Time{})
	})
}

// retryFailed gives every failed row of a conversation, or of a whole workspace
// (conversationID 0), another chance and returns how many there were.
func (s *Service) retryFailed(ctx context.Context, w *live, conversationID, rowID int64, by string) (int, error) {
	var remotes []string
	n := 0
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		q := tx.Table("bridge_ledger").Joins("JOIN bridge_links ON bridge_links.id = bridge_ledger.link_id").
			Joins("JOIN bridge_conversations ON bridge_conversations.id = bridge_links.conversation_id").
			Where("bridge_ledger.workspace_id = ? AND bridge_ledger.status = 'failed'", w.id)
		if conversationID != 0 {
			q = q.Where("bridge_conversations.id = ?", conversationID)
		}
		if rowID != 0 {
			q = q.Where("bridge_ledger.id = ?", rowID)
		}
		var found []struct {
			ID       int64
			RemoteID string
		}
		if err := q.Select("bridge_ledger.id AS id, bridge_conversations.remote_id AS remote_id").Scan(&found).Error; err != nil {
			return err
		}
		seen := map[string]bool{}
		for _, f := range found {
			err := tx.Exec("UPDATE bridge_ledger SET status = 'pending', attempts = 0, updated_at = ? WHERE id = ?", db.TimeOf(s.now()), f.ID).Error
			if err != nil {
				return err
			}
			if !seen[f.RemoteID] {
				seen[f.RemoteID] = true
				remotes = append(remotes, f.RemoteID)
				if err := s.wake(tx, w, f.RemoteID, time.Time{}); err != nil {
					return err
				}
			}
		}
		n = len(found)
		if n == 0 {
			return nil
		}
		return s.audit(tx, w, by, "ledger.retry", "workspace:"+w.slug, nil, map[string]any{"rows": n, "conversations": remotes})
	})
	return n, err
}
