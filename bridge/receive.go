package bridge

import (
	"context"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// counters count what came in, for operators.
type counters struct {
	stored, repeated, ignored, refused atomic.Int64
}

// Counts returns how many notifications were stored, were repetitions, were of
// no interest, and were refused since the process began.
func (s *Service) Counts() (stored, repeated, ignored, refused int64) {
	c := &s.counters
	return c.stored.Load(), c.repeated.Load(), c.ignored.Load(), c.refused.Load()
}

// mirrored are the topics that a conversation's ticket cares about.
var mirrored = map[string]bool{
	intercom.TopicUserCreated: true, intercom.TopicUserReplied: true, intercom.TopicAdminCreated: true,
	intercom.TopicAdminReplied: true, intercom.TopicAdminNoted: true, intercom.TopicAdminClosed: true,
	intercom.TopicAdminOpened: true, intercom.TopicAdminAssigned: true, intercom.TopicOpenAssigned: true,
	intercom.TopicOperator: true, intercom.TopicRated: true, intercom.TopicPartRedacted: true,
}

// Receive takes a webhook: signature is the X-Hub-Signature header, body the raw
// bytes. When it returns nil, the notification is stored, or was before, or is
// of no interest. Denied for a wrong signature and for a workspace that nobody
// knows alike; Invalid for what is signed but cannot be read.
func (s *Service) Receive(ctx context.Context, signature string, body []byte) error {
	defer s.rush.enter()()
	id, appID, topic, conversation, err := intercom.Peek(body)
	if err != nil {
		s.counters.refused.Add(1)
		return s.unreadable(ctx, signature, body, err)
	}
	w, err := s.rooms.byApp(ctx, appID)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return err
	}
	if w == nil || intercom.VerifyWebhookAny(w.secrets, signature, body) != nil {
		s.counters.refused.Add(1)
		s.log.Warn("webhook refused: wrong signature or unknown workspace", "app_id", printable(appID), "topic", printable(topic))
		return errs.E(errs.Denied, "The signature does not match.")
	}
	if !mirrored[topic] || conversation == "" {
		s.counters.ignored.Add(1)
		s.log.Debug("notification of no interest", "workspace", w.slug, "topic", printable(topic))
		return nil
	}
	if len(id) > maxID || len(conversation) > maxID {
		return errs.E(errs.Invalid, "An id is too long.")
	}
	now := s.now()
	fresh := false
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		var err error
		fresh, err = insertReceipt(tx, receiptRow{WorkspaceID: w.id, NotificationID: id, Conversation: conversation,
			Topic: topic, Body: body, ReceivedAt: db.TimeOf(now)})
		if err != nil || !fresh {
			return err
		}
		return s.wake(tx, w, conversation, now.Add(w.settle))
	})
	switch {
	case err != nil:
	case fresh:
		s.counters.stored.Add(1)
	default:
		s.counters.repeated.Add(1)
	}
	return err
}

// unreadable says what is wrong with a body to whoever signed it, and nothing
// to others.
func (s *Service) unreadable(ctx context.Context, signature string, body []byte, cause error) error {
	all, err := s.rooms.all(ctx)
	if err != nil {
		return err
	}
	for _, w := range all {
		if intercom.VerifyWebhookAny(w.secrets, signature, body) == nil {
			s.log.Warn("notification cannot be read", "workspace", w.slug, "error", cause)
			return cause
		}
	}
	s.log.Warn("webhook refused: wrong signature")
	return errs.E(errs.Denied, "The signature does not match.")
}

// maxID is the longest notification or conversation id that is believed.
const maxID = 128

// printable cuts a stranger's word down to what a log line may hold.
func printable(s string) string {
	if len(s) > 64 {
		s = s[:64]
	}
	b := []byte(s)
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '?'
		}
	}
	return string(b)
}

// forget removes what is no longer needed: old receipts, and what was said in
// conversations that nobody linked.
func (s *Service) forget(ctx context.Context) error {
	now := s.now()
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		if err := deleteOldReceipts(tx, now.Add(-s.keepReceipts)); err != nil {
			return err
		}
		if err := deleteForgottenParts(tx, now.Add(-s.keepParts)); err != nil {
			return err
		}
		return tx.Exec("DELETE FROM bridge_forms WHERE updated_at < ? AND state <> 'waiting'", db.TimeOf(now.Add(-30*24*time.Hour))).Error
	})
}
