package auth

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/alexedwards/scs/v2"

	"github.com/deskbridge/deskbridge/internal/audit"
	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/httpx"
)

// Config holds what a deployment and tests change. The zero Config is a safe
// one for plain http on the own machine.
type Config struct {
	PublicURL string           // where browsers find the server; https makes cookies Secure and __Host-
	Idle      time.Duration    // a session ends when nothing came for so long; 12 h
	Lifetime  time.Duration    // a session ends so long after sign-in, whatever comes; 7 days
	Params    *argon2id.Params // cost of a password hash; 19 MiB, two passes (OWASP's minimum)
	Log       *slog.Logger     // slog.Default when nil
	Now       func() time.Time
	Rand      io.Reader // for API keys and set-up tokens
}

func (c Config) withDefaults() Config {
	if c.Idle == 0 {
		c.Idle = 12 * time.Hour
	}
	if c.Lifetime == 0 {
		c.Lifetime = 7 * 24 * time.Hour
	}
	if c.Params == nil {
		c.Params = &argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	return c
}

// Service signs people and programs in, and keeps users, sessions and API keys.
// It is safe for concurrent use.
type Service struct {
	db       *db.DB
	audit    *audit.Log
	conf     Config
	sessions *scs.SessionManager
	hashing  chan struct{} // one place for each hash that may be computed at once
	dummy    string        // a hash that no password has
	byPair   *throttle     // sign-in attempts by account and address
	byPeer   *throttle     // sign-in attempts by address
	bySetup  *throttle     // set-up attempts by address
}

// New returns a service over the migrated database d. It fails only when the
// machine gives no random bytes.
func New(d *db.DB, a *audit.Log, c Config) (*Service, error) {
	c = c.withDefaults()
	dummy, err := argon2id.CreateHash(rand.Text(), c.Params)
	if err != nil {
		return nil, fmt.Errorf("auth: dummy hash: %w", err)
	}
	s := &Service{
		db: d, audit: a, conf: c, dummy: dummy,
		hashing: make(chan struct{}, max(2, runtime.GOMAXPROCS(0))),
		byPair:  newThrottle(5, 30*time.Second),
		byPeer:  newThrottle(60, time.Second),
		bySetup: newThrottle(10, 10*time.Second),
	}
	s.sessions = scs.New()
	s.sessions.Store = &sessionStore{s: s}
	s.sessions.HashTokenInStore = true
	s.sessions.Lifetime = c.Lifetime
	return s, nil
}

// Run removes sessions that have ended, every hour until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
			s.conf.Log.Warn("ended sessions were not removed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (s *Service) secure() bool {
	return strings.HasPrefix(strings.ToLower(s.conf.PublicURL), "https://")
}

type actorKey struct{}

// AsActor returns a context whose changes are recorded as made by actor ("cli",
// "system"), when no principal is in it.
func AsActor(ctx context.Context, actor string) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// Actor names who acts in ctx, for the audit log: "user:7", "key:3" for a call
// with an API key, what AsActor said, or "system".
func Actor(ctx context.Context) string {
	if p, ok := FromContext(ctx); ok {
		if p.APIKeyID != 0 {
			return fmt.Sprintf("key:%d", p.APIKeyID)
		}
		return fmt.Sprintf("user:%d", p.UserID)
	}
	if name, ok := ctx.Value(actorKey{}).(string); ok {
		return name
	}
	return "system"
}

// entry begins an audit entry about subject with who acts in ctx and from where.
func entry(ctx context.Context, deskID int64, action, subject string) audit.Entry {
	return audit.Entry{DeskID: deskID, Actor: Actor(ctx), Action: action, Subject: subject, Address: httpx.Address(ctx)}
}
