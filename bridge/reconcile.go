package bridge

import (
	"context"
	"crypto/subtle"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/bridge/workspace"
	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// Reconcile asks Intercom what changed since the last time and wakes the linked
// conversations that webhooks missed; it wakes as well what has pending rows or
// receipts and no job, whatever the reason. A workspace that cannot be asked is
// logged and tried the next time; its cursor stays.
func (s *Service) Reconcile(ctx context.Context) error {
	if err := s.forget(ctx); err != nil {
		return err
	}
	all, err := s.rooms.all(ctx)
	if err != nil {
		return err
	}
	for _, w := range all {
		if err := s.rouse(ctx, w); err != nil {
			return err
		}
		if err := s.reconcile(ctx, w); err != nil {
			s.log.Warn("reconcile failed", "workspace", w.slug, "error", err)
		}
	}
	return nil
}

// overlap is how far a search reaches back before the last one: Intercom's index
// lags behind its conversations.
const overlap = 2 * time.Minute

func (s *Service) reconcile(ctx context.Context, w *live) error {
	var row workspaceRow
	if err := s.db.Read(ctx).Where("id = ?", w.id).Take(&row).Error; err != nil {
		return err
	}
	began := s.now()
	if row.SearchedAt.IsZero() {
		return s.searched(ctx, w, began)
	}
	ids, err := w.channel.ChangedSince(ctx, row.SearchedAt.Add(-overlap))
	if err != nil {
		return err
	}
	for _, id := range ids {
		c, err := findConversation(s.db.Read(ctx), w.id, id)
		if err != nil {
			return err
		}
		if c == nil {
			continue
		}
		links, err := linksOf(s.db.Read(ctx), c.ID)
		if err != nil {
			return err
		}
		if len(links) == 0 {
			continue
		}
		if err := s.recheck(ctx, w, c); err != nil {
			return err
		}
	}
	return s.searched(ctx, w, began)
}

// recheck lets a conversation's job read it again. Nothing but that job does:
// it alone knows which of the parts it finds are its own.
func (s *Service) recheck(ctx context.Context, w *live, c *conversationRow) error {
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		if err := setRecheck(tx, c.ID, true); err != nil {
			return err
		}
		return s.wake(tx, w, c.RemoteID, time.Time{})
	})
}

func (s *Service) searched(ctx context.Context, w *live, at time.Time) error {
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE bridge_workspaces SET searched_at = ? WHERE id = ?", db.TimeOf(at), w.id).Error
	})
}

// rouse wakes every conversation of a workspace that has something to do. Jobs
// merge, so waking one that is awake costs nothing.
func (s *Service) rouse(ctx context.Context, w *live) error {
	var ids []string
	err := s.db.Read(ctx).Raw(`SELECT c.remote_id FROM bridge_conversations c WHERE c.workspace_id = ? AND c.id IN
(SELECT l.conversation_id FROM bridge_links l JOIN bridge_ledger g ON g.link_id = l.id WHERE g.workspace_id = ? AND g.status = 'pending')
UNION SELECT conversation FROM bridge_receipts WHERE workspace_id = ? AND absorbed_at = 0`, w.id, w.id, w.id).Scan(&ids).Error
	if err != nil || len(ids) == 0 {
		return err
	}
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		for _, id := range ids {
			if err := s.wake(tx, w, id, s.now().Add(w.settle)); err != nil {
				return err
			}
		}
		return nil
	})
}

// PollDesks asks every desk that cannot tell by itself which linked tickets
// changed, and wakes their conversations.
func (s *Service) PollDesks(ctx context.Context) error {
	all, err := s.rooms.all(ctx)
	if err != nil {
		return err
	}
	for _, w := range all {
		if w.setup.Desk.Kind == workspace.DeskBuiltin {
			continue // it tells by itself, in the transaction of the change
		}
		if err := s.pollDesk(ctx, w); err != nil {
			s.log.Warn("desk cannot be asked for changes", "workspace", w.slug, "error", err)
		}
	}
	return nil
}

func (s *Service) pollDesk(ctx context.Context, w *live) error {
	links, err := linksOfWorkspace(s.db.Read(ctx), w.id)
	if err != nil || len(links) == 0 {
		return err
	}
	var row workspaceRow
	if err := s.db.Read(ctx).Where("id = ?", w.id).Take(&row).Error; err != nil {
		return err
	}
	keys := make([]desk.Key, len(links))
	for i, l := range links {
		keys[i] = l.key()
	}
	changed, next, err := w.desk.Changed(ctx, row.Polled, keys)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		for _, k := range changed {
			if err := s.ticketChanged(tx, w.place, k); err != nil {
				return err
			}
		}
		return setCursor(tx, w.id, next)
	})
}

// TicketChanged tells the bridge, in the transaction of the change, that a
// ticket of the built-in desk got an entry or a new state that the bridge did
// not write itself.
func (s *Service) TicketChanged(tx *gorm.DB, deskID int64, key desk.Key) error {
	return s.ticketChanged(tx, builtinPlace(deskID), key)
}

func (s *Service) ticketChanged(tx *gorm.DB, place string, key desk.Key) error {
	l, err := linkByTicket(tx, place, key)
	if err != nil || l == nil {
		return err
	}
	if err := tx.Exec("UPDATE bridge_links SET desk_changes = desk_changes + 1 WHERE id = ?", l.ID).Error; err != nil {
		return err
	}
	c, err := conversationByID(tx, l.ConversationID)
	if err != nil {
		return err
	}
	return s.wake(tx, &live{id: l.WorkspaceID}, c.RemoteID, time.Time{})
}

// sameSecret compares without telling by its time how much is right; an empty
// secret is never the same.
func sameSecret(want, got string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(got)) == 1
}

// HintITop takes iTop's own webhook: a ticket of the workspace may have changed.
// The secret is the workspace's; a wrong one and an unknown workspace are denied
// alike.
func (s *Service) HintITop(ctx context.Context, slug, secret string, key desk.Key) error {
	all, err := s.rooms.all(ctx)
	if err != nil {
		return err
	}
	for _, w := range all {
		if w.slug == slug && sameSecret(w.setup.Desk.WebhookSecret.Reveal(), secret) {
			return s.db.Write(ctx, func(tx *gorm.DB) error { return s.ticketChanged(tx, w.place, key) })
		}
	}
	return errs.E(errs.Denied, "The secret does not match.")
}
