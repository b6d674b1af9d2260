package auth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/deskbridge/deskbridge/internal/audit"
	"github.com/deskbridge/deskbridge/internal/auth"
	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/db/dbtest"
	"github.com/deskbridge/deskbridge/internal/httpx"
)

const good = "correct horse 9 battery"

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// site is a server with nothing but auth on it.
type site struct {
	t     testing.TB
	db    *db.DB
	svc   *auth.Service
	audit *audit.Log
	clock *clock
	http  http.Handler
	log   *bytes.Buffer
}

func newSite(t testing.TB, publicURL string) *site {
	t.Helper()
	s := &site{t: t, db: dbtest.New(t), clock: &clock{t: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}, log: new(bytes.Buffer)}
	logger := slog.New(slog.NewJSONHandler(s.log, nil))
	s.audit = audit.New(s.db, audit.Config{Now: s.clock.now})
	var err error
	s.svc, err = auth.New(s.db, s.audit, auth.Config{
		PublicURL: publicURL, Now: s.clock.now, Log: logger,
		Params: &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32},
	})
	if err != nil {
		t.Fatal(err)
	}
	engine := httpx.New(httpx.Config{Log: logger})
	engine.Use(s.svc.Middleware())
	s.svc.Routes(httpx.NewAPI(engine, "test"))
	s.http = engine
	return s
}

// user makes a user of desk 1 with the password good.
func (s *site) user(email string, role auth.Role) auth.User {
	s.t.Helper()
	u, err := s.svc.CreateUser(auth.AsActor(context.Background(), "cli"), auth.NewUser{DeskID: 1, Email: email, Name: "Some One", Role: role, Password: good})
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

func (s *site) disable(u auth.User) {
	s.t.Helper()
	off := true
	if _, err := s.svc.UpdateUser(auth.AsActor(context.Background(), "cli"), u.DeskID, u.ID, auth.UserChange{Disabled: &off}); err != nil {
		s.t.Fatal(err)
	}
}

// browser keeps a cookie and an address.
type browser struct {
	*site
	cookie *http.Cookie
	bearer string
	peer   string
	header map[string]string
}

func (s *site) browser() *browser { return &browser{site: s, peer: "192.0.2.7:4711"} }

type answer struct {
	*http.Response
	body []byte
}

func (a answer) value(t testing.TB) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("body %q: %v", a.body, err)
	}
	return v
}

// do sends body as JSON and keeps the cookie that comes back.
func (b *browser) do(method, path string, body any) answer {
	b.t.Helper()
	var r io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			b.t.Fatal(err)
		}
		r = bytes.NewReader(raw)
	}
	req := httptest.NewRequest(method, path, r)
	req.RemoteAddr = b.peer
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if b.cookie != nil {
		req.AddCookie(b.cookie)
	}
	if b.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+b.bearer)
	}
	for k, v := range b.header {
		req.Header.Set(k, v)
	}
	rec := httptest.NewRecorder()
	b.http.ServeHTTP(rec, req)
	res := rec.Result()
	for _, c := range res.Cookies() {
		if c.Name == b.svc.CookieName() {
			b.cookie = c
			if c.MaxAge < 0 {
				b.cookie = nil
			}
		}
	}
	return answer{Response: res, body: rec.Body.Bytes()}
}

func (b *browser) want(status int, method, path string, body any) answer {
	b.t.Helper()
	a := b.do(method, path, body)
	if a.StatusCode != status {
		b.t.Fatalf("%s %s: %d, want %d: %s", method, path, a.StatusCode, status, a.body)
	}
	if status >= 400 && !strings.HasPrefix(a.Header.Get("Content-Type"), "application/problem+json") {
		b.t.Fatalf("%s %s: content type %q", method, path, a.Header.Get("Content-Type"))
	}
	if a.Header.Get("Cache-Control") != "no-store" {
		b.t.Fatalf("%s %s: Cache-Control %q", method, path, a.Header.Get("Cache-Control"))
	}
	return a
}

func (b *browser) signIn(email string) answer {
	b.t.Helper()
	return b.want(http.StatusOK, "POST", "/api/v1/session", map[string]any{"email": email, "password": good})
}

func TestSessionFromSignInToSignOut(t *testing.T) {
	s := newSite(t, "http://127.0.0.1:8080")
	s.user("Ada@Example.org", auth.Supporter)
	b := s.browser()
	b.want(401, "GET", "/api/v1/session", nil)
	v := b.signIn("ada@example.ORG").value(t)
	if v["role"] != "supporter" || v["email"] != "Ada@Example.org" || v["scope"] != "write" {
		t.Fatalf("principal %v", v)
	}
	b.want(200, "GET", "/api/v1/session", nil)
	stolen := *b.cookie
	b.want(204, "DELETE", "/api/v1/session", nil)
	if b.cookie != nil {
		t.Fatal("the cookie was not taken back")
	}
	b.cookie = &stolen // SEC-190: the server's session is gone too
	b.want(401, "GET", "/api/v1/session", nil)
}
