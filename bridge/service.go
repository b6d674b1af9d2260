package bridge

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/audit"
	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/httpx"
	"github.com/deskbridge/deskbridge/internal/jobs"
	"github.com/deskbridge/deskbridge/internal/seal"
	"github.com/deskbridge/deskbridge/tickets"
)

// LogChannel is the name under which the bridge logs. It is the extension's
// own (IC-01, IC-42), so that a level set for it in iTop means the same here.
const LogChannel = "combodo-intercom-integration"

// Config is what a Service needs besides its database.
type Config struct {
	// PublicURL is where Intercom and people reach this server, without a
	// trailing slash.
	PublicURL string
	// Transport makes outgoing calls; it refuses private addresses unless the
	// workspace allows them. Without one, all private addresses are refused.
	Transport func(allowPrivate bool) http.RoundTripper
	// MaxFile bounds an attachment's size in bytes; 0 means 25 MB.
	MaxFile int64
	// KeepReceipts is how long notifications are kept for looking at; 0 means 7
	// days. KeepParts is the same for what was said in conversations that were
	// never linked; 0 means 30 days.
	KeepReceipts, KeepParts time.Duration
	Now                     func() time.Time
	Log                     *slog.Logger
}

// Service is the bridge. It is safe for concurrent use; New starts nothing.
type Service struct {
	db      *db.DB
	jobs    *jobs.Queue
	box     *seal.Box
	auditor *audit.Log
	tickets *tickets.Service
	log     *slog.Logger
	now     func() time.Time

	publicURL    string
	transport    func(allowPrivate bool) http.RoundTripper
	maxFile      int64
	keepReceipts time.Duration
	keepParts    time.Duration

	rooms    *registry
	forms    *bell
	flights  *flights
	rush     rush
	counters counters
}

// New returns a bridge over the given parts and registers its jobs with the
// queue.
func New(d *db.DB, q *jobs.Queue, box *seal.Box, a *audit.Log, t *tickets.Service, c Config) *Service {
	s := &Service{
		db: d, jobs: q, box: box, auditor: a, tickets: t, log: c.Log, now: c.Now, publicURL: c.PublicURL,
		transport: c.Transport, maxFile: c.MaxFile, keepReceipts: c.KeepReceipts, keepParts: c.KeepParts,
		forms: newBell(), flights: newFlights(),
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.log = s.log.With("channel", LogChannel)
	if s.transport == nil {
		guarded := httpx.Outgoing(httpx.OutgoingConfig{})
		s.transport = func(bool) http.RoundTripper { return guarded }
	}
	if s.maxFile == 0 {
		s.maxFile = 25 << 20
	}
	if s.keepReceipts == 0 {
		s.keepReceipts = 7 * 24 * time.Hour
	}
	if s.keepParts == 0 {
		s.keepParts = 30 * 24 * time.Hour
	}
	s.rush.now = time.Now // about this machine's load, not about when something was said
	s.rooms = newRegistry(s)
	s.handleJobs()
	return s
}

// Close ends the cards that are still being worked on. Call it when no more
// requests come and before the database is closed.
func (s *Service) Close() { s.flights.close() }

// audit records what a person did in a workspace.
func (s *Service) audit(tx *gorm.DB, w *live, actor, action, subject string, before, after any) error {
	return s.auditor.Record(tx, audit.Entry{DeskID: w.deskID, Actor: actor, Action: action, Subject: subject, Old: before, New: after})
}

// bell tells who waits for a form that its state has changed. Ringing without a
// listener is fine: the table holds the truth.
type bell struct {
	mu      sync.Mutex // guards waiters
	waiters map[string][]chan struct{}
}

func newBell() *bell { return &bell{waiters: map[string][]chan struct{}{}} }

// listen returns a channel that is closed at the next announcement, and a
// function that stops listening.
func (b *bell) listen(token string) (<-chan struct{}, func()) {
	ch := make(chan struct{})
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiters[token] = append(b.waiters[token], ch)
	return ch, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		list := b.waiters[token]
		for i, c := range list {
			if c == ch {
				b.waiters[token] = append(list[:i:i], list[i+1:]...)
				break
			}
		}
		if len(b.waiters[token]) == 0 {
			delete(b.waiters, token)
		}
	}
}

func (b *bell) announce(token string) {
	b.mu.Lock()
	list := b.waiters[token]
	delete(b.waiters, token)
	b.mu.Unlock()
	for _, ch := range list {
		close(ch)
	}
}

// awaitForm returns a form as soon as it is no longer waiting, or as it is when
// the context ends first.
func (s *Service) awaitForm(ctx context.Context, token string) (*formRow, error) {
	tick := time.NewTicker(100 * time.Millisecond) // another node may do the work
	defer tick.Stop()
	for {
		rung, stop := s.forms.listen(token)
		f, err := formByToken(s.db.Read(context.WithoutCancel(ctx)), token)
		if err != nil || f == nil || f.State != formWaiting {
			stop()
			return f, err
		}
		select {
		case <-rung:
		case <-tick.C:
		case <-ctx.Done():
			stop()
			return f, nil
		}
		stop()
	}
}
