package bridge

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

const outBatch = 50

// notice looks at a ticket that may have changed and plans what its
// conversation must be told.
func (s *Service) notice(ctx context.Context, w *live, c conversationRow, l *linkRow) error {
	if l.DeskSeen >= l.DeskChanges {
		return nil
	}
	seen := l.DeskChanges
	t, err := w.desk.Ticket(ctx, l.key(), nil)
	if errs.Is(err, errs.NotFound) {
		s.log.Warn("linked ticket is gone", "workspace", w.slug, "ticket", l.key().String())
		return s.db.Write(ctx, func(tx *gorm.DB) error {
			return tx.Exec("UPDATE bridge_links SET desk_seen = ? WHERE id = ?", seen, l.ID).Error
		})
	}
	if err != nil {
		return err
	}
	entries, err := w.desk.Entries(ctx, l.key())
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		return planOut(tx, l, c.ContactID, w.back, t, entries, seen, s.now())
	})
}

// flag writes a link's state on its ticket when that is still to be done.
func (s *Service) flag(ctx context.Context, w *live, c conversationRow, l linkRow) error {
	if !l.FlagPending {
		return nil
	}
	err := w.desk.SetLink(ctx, l.key(), desk.LinkState{Ref: c.RemoteID, URL: w.conversationURL(c), Active: l.Active})
	if err != nil && !permanent(err) {
		return err
	}
	if err != nil {
		s.log.Warn("ticket cannot show its link", "ticket", l.key().String(), "error", err)
	}
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE bridge_links SET flag_pending = FALSE WHERE id = ? AND active = ?", l.ID, l.Active).Error
	})
}

// outbound says a link's pending rows in the conversation, in order.
func (s *Service) outbound(ctx context.Context, w *live, c conversationRow, l linkRow) error {
	for {
		rows, err := pendingLedger(s.db.Read(ctx), l.ID, dirOut, outBatch)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			if err := s.post(ctx, w, c, r); err != nil {
				return err
			}
		}
	}
}

// post says one row. The try is noted before and the part's id after, so that
// whatever happens in between, settle finds out.
func (s *Service) post(ctx context.Context, w *live, c conversationRow, r ledgerRow) error {
	if err := s.db.Write(ctx, func(tx *gorm.DB) error { return ledgerSending(tx, r.ID, s.now()) }); err != nil {
		return err
	}
	m := Message{Note: r.Log == string(desk.Private), AdminID: r.Speaker, HTML: r.HTML}
	if contact, ok := strings.CutPrefix(r.Speaker, byContact); ok {
		m.AdminID, m.ContactID = "", contact
	} else if m.AdminID == "" {
		m.AdminID = w.back.adminID
	}
	said, err := w.channel.Post(ctx, c.RemoteID, m)
	if err != nil {
		at := s.now()
		switch {
		case !intercom.Ambiguous(err) && !errs.Is(err, errs.Internal):
			at = time.Time{} // refused: it was not said, and there is nothing to look for
		case intercom.Answered(err):
			at = at.Add(-inFlight) // it failed while it was worked on: nothing is on its way any more
		}
		if werr := s.db.Write(context.WithoutCancel(ctx), func(tx *gorm.DB) error { return ledgerSending(tx, r.ID, at) }); werr != nil {
			return werr
		}
		return s.tried(ctx, []ledgerRow{r}, err)
	}
	return s.db.Write(ctx, func(tx *gorm.DB) error { return ledgerDone(tx, r.ID, said.RemoteID, s.now()) })
}

// inFlight is how long a post without an answer may still arrive. Until then it
// is looked for and not repeated.
const inFlight = 30 * time.Second

// errInFlight says that a post may still arrive.
var errInFlight = errors.New("a post may still be on its way")

// settle finds out what became of posts whose answer never came, before
// anything of the conversation is read: their echo must not look like somebody
// else's words, and they must not be said twice.
func (s *Service) settle(ctx context.Context, w *live, c conversationRow) error {
	var rows []ledgerRow
	err := s.db.Read(ctx).Where(`direction = 'out' AND status = 'pending' AND tried_at > 0
AND link_id IN (SELECT id FROM bridge_links WHERE conversation_id = ?)`, c.ID).Order("position").Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return err
	}
	talk, err := w.channel.Talk(ctx, c.RemoteID)
	if err != nil {
		return err
	}
	taken := map[string]bool{}
	for _, r := range rows {
		id, err := s.findPosted(ctx, c, talk, r, taken)
		if err != nil {
			return err
		}
		if id == "" && s.now().Sub(r.TriedAt.Time) < inFlight {
			return errInFlight
		}
		taken[id] = true
		err = s.db.Write(ctx, func(tx *gorm.DB) error {
			if id == "" {
				return ledgerSending(tx, r.ID, time.Time{})
			}
			if err := tx.Exec("UPDATE bridge_parts SET ours = TRUE WHERE conversation_id = ? AND remote_id = ?", c.ID, id).Error; err != nil {
				return err
			}
			return ledgerDone(tx, r.ID, id, s.now())
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// findPosted returns the id of the part that a row became, or "": words of the
// same side, kind and text, said since the try, that no row owns yet.
func (s *Service) findPosted(ctx context.Context, c conversationRow, talk Talk, r ledgerRow, taken map[string]bool) (string, error) {
	since := db.TimeOf(r.TriedAt.Add(-inFlight - clockSlack))
	for _, p := range talk.Said {
		endUser := p.AuthorType == "user" || p.AuthorType == "lead"
		if p.At.Before(since.Time) || taken[p.RemoteID] || endUser != strings.HasPrefix(r.Speaker, byContact) ||
			string(p.Log) != r.Log || plain(p.HTML) != plain(r.HTML) {
			continue
		}
		ours, err := postedByUs(s.db.Read(ctx), c.ID, p.RemoteID)
		if err != nil {
			return "", err
		}
		if !ours {
			return p.RemoteID, nil
		}
	}
	return "", nil
}

// clockSlack allows for the difference between Intercom's clock and ours.
const clockSlack = 30 * time.Second
