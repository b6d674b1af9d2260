package bridge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/internal/jobs"
)

// Kinds of jobs.
const (
	jobSync   = "bridge.sync"   // by conversation: everything there is to do for it
	jobUnlink = "bridge.unlink" // by ticket: take the reference off it
)

type syncPayload struct {
	Workspace    int64  `json:"w"`
	Conversation string `json:"c"`
}

type unlinkPayload struct {
	Workspace int64    `json:"w"`
	Place     string   `json:"p"`
	Ticket    desk.Key `json:"t"`
}

func (s *Service) handleJobs() {
	// A remote system may be down for long. After the last try the ledger still
	// holds what is pending, and Reconcile wakes it again.
	o := jobs.HandlerOptions{MaxAttempts: 100, Timeout: 10 * time.Minute, BackoffMax: 2 * time.Minute}
	s.jobs.Handle(jobSync, s.runSync, o)
	s.jobs.Handle(jobUnlink, s.runUnlink, o)
}

// wake asks for a conversation to be looked at, at once or later. However often
// it is asked, one waiting job does all there is to do.
func (s *Service) wake(tx *gorm.DB, w *live, conversation string, at time.Time) error {
	return s.jobs.Enqueue(tx, jobs.New{
		Kind: jobSync, Key: fmt.Sprintf("%d/%s", w.id, conversation), Unique: true, RunAt: at,
		Payload: syncPayload{Workspace: w.id, Conversation: conversation},
	})
}

func unlinkJob(w *live, l linkRow) jobs.New {
	return jobs.New{Kind: jobUnlink, Key: l.Place + " " + l.key().String(),
		Payload: unlinkPayload{Workspace: w.id, Place: l.Place, Ticket: l.key()}}
}

func (s *Service) runUnlink(ctx context.Context, j jobs.Job) error {
	var p unlinkPayload
	if err := j.Decode(&p); err != nil {
		return err
	}
	w, err := s.rooms.byID(ctx, p.Workspace)
	if err != nil {
		return gone(err)
	}
	l, err := linkByTicket(s.db.Read(ctx), p.Place, p.Ticket)
	if err != nil || l != nil {
		return err // linked again meanwhile: that link's own state stands
	}
	err = w.desk.SetLink(ctx, p.Ticket, desk.LinkState{})
	if err != nil && permanent(err) {
		return jobs.Permanent(err)
	}
	return err
}

// runSync does everything there is to do for one conversation. It is the only
// writer of the conversation's tickets while it runs.
func (s *Service) runSync(ctx context.Context, j jobs.Job) error {
	var p syncPayload
	if err := j.Decode(&p); err != nil {
		return err
	}
	w, err := s.rooms.byID(ctx, p.Workspace)
	if err != nil {
		return gone(err)
	}
	err = s.syncConversation(ctx, w, p.Conversation)
	if errors.Is(err, errInFlight) {
		return jobs.Snooze(settlePause)
	}
	var e *errs.Error
	if errors.As(err, &e) && e.Kind == errs.Throttled {
		s.log.Info("sync waits", "workspace", w.slug, "conversation", p.Conversation, "error", err)
		return jobs.Snooze(throttlePause)
	}
	return err
}

// settlePause is how long a conversation waits to look again for a post of its
// own.
const settlePause = 3 * time.Second

// throttlePause is how long a conversation rests when a remote system says that
// there is too much: Intercom counts in windows of ten seconds.
const throttlePause = 5 * time.Second

// gone ends jobs of a workspace that is no more.
func gone(err error) error {
	if errs.Is(err, errs.NotFound) {
		return jobs.Permanent(err)
	}
	return err
}

func (s *Service) syncConversation(ctx context.Context, w *live, conversation string) error {
	c, err := findConversation(s.db.Read(ctx), w.id, conversation)
	if err != nil {
		return err
	}
	if c != nil {
		if err := s.settle(ctx, w, *c); err != nil {
			return fmt.Errorf("settle posts: %w", err)
		}
	}
	if err := s.yield(ctx, c); err != nil {
		return err
	}
	if err := s.absorb(ctx, w, conversation); err != nil {
		return fmt.Errorf("absorb notifications: %w", err)
	}
	if c, err = findConversation(s.db.Read(ctx), w.id, conversation); err != nil || c == nil {
		return err
	}
	forms, err := waitingForms(s.db.Read(ctx), c.ID)
	if err != nil {
		return err
	}
	var all []error
	for _, f := range forms {
		if err := s.create(ctx, w, c, f); err != nil {
			all = append(all, fmt.Errorf("create ticket: %w", err))
		}
	}
	links, err := linksOf(s.db.Read(ctx), c.ID)
	if err != nil {
		return errors.Join(append(all, err)...)
	}
	if len(links) > 0 && w.reread {
		if err := s.exact(ctx, w, c); err != nil {
			return errors.Join(append(all, err)...)
		}
	}
	for i := range links {
		all = append(all, s.syncLink(ctx, w, *c, &links[i])...)
	}
	return errors.Join(all...)
}

// yield lets a rush of webhooks go first, unless an agent waits for a ticket.
func (s *Service) yield(ctx context.Context, c *conversationRow) error {
	if c != nil {
		forms, err := waitingForms(s.db.Read(ctx), c.ID)
		if err != nil || len(forms) > 0 {
			return err
		}
	}
	s.rush.pass(ctx)
	return nil
}

// syncLink carries both directions of a link. They fail apart: a desk that is
// down does not silence the conversation, nor the other way round.
func (s *Service) syncLink(ctx context.Context, w *live, c conversationRow, l *linkRow) []error {
	var all []error
	note := func(what string, err error) {
		if err != nil {
			all = append(all, fmt.Errorf("%s %s: %w", what, l.TicketRef, err))
		}
	}
	if err := s.db.Write(ctx, func(tx *gorm.DB) error { return planIn(tx, l, s.now()) }); err != nil {
		return []error{err}
	}
	note("write to", s.inbound(ctx, w, c, *l))
	note("flag", s.flag(ctx, w, c, *l))
	note("look at", s.notice(ctx, w, c, l))
	note("tell about", s.outbound(ctx, w, c, *l))
	return all
}

// exact reads the conversation again when somebody asked for it, or when
// webhooks brought parts that are not mirrored yet: their text may be a mere
// rendering, and what was said between them may be missing. When Intercom
// cannot answer, what the webhooks brought is used.
func (s *Service) exact(ctx context.Context, w *live, c *conversationRow) error {
	if !c.Recheck {
		n, err := renderings(s.db.Read(ctx), c.ID)
		if err != nil || n == 0 {
			return err
		}
	} else if err := s.db.Write(ctx, func(tx *gorm.DB) error { return setRecheck(tx, c.ID, false) }); err != nil {
		return err
	}
	if s.now().Before(time.Unix(0, w.quiet.Load())) && !c.Recheck {
		return nil
	}
	rctx, cancel := context.WithTimeout(ctx, rereadTimeout)
	defer cancel()
	_, err := s.reread(rctx, w, c)
	if err == nil {
		return nil
	}
	if errs.Is(err, errs.Upstream) {
		w.quiet.Store(s.now().Add(rereadPause).UnixNano())
	}
	s.log.Info("using the notification's text: the conversation could not be read again", "workspace", w.slug, "conversation", c.RemoteID, "error", err)
	if !c.Recheck || permanent(err) {
		return nil
	}
	return s.db.Write(ctx, func(tx *gorm.DB) error { return setRecheck(tx, c.ID, true) })
}

// rereadPause is how long Intercom is left alone after it did not answer, so that
// not every conversation waits for the same failure.
const rereadPause = 15 * time.Second

// rereadTimeout bounds how long exactness may hold up a message.
const rereadTimeout = 10 * time.Second
