package auth_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/auth"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// SEC-073: what the cookie says, on https and on plain http.
func TestCookieAttributes(t *testing.T) {
	for public, want := range map[string]http.Cookie{
		"https://desk.example":  {Name: "__Host-deskbridge", Secure: true},
		"http://127.0.0.1:8080": {Name: "deskbridge"},
		"":                      {Name: "deskbridge"},
	} {
		s := newSite(t, public)
		s.user("ada@example.org", auth.Supporter)
		b := s.browser()
		b.signIn("ada@example.org")
		c := b.cookie
		if c == nil || c.Name != want.Name || c.Secure != want.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || len(c.Value) < 43 {
			t.Errorf("%q: cookie %v", public, c)
		}
	}
}

// SEC-015: the token is new at every sign-in, and what the caller had before is
// worth nothing.
func TestSignInRenewsTheToken(t *testing.T) {
	s := newSite(t, "")
	s.user("ada@example.org", auth.Supporter)
	victim := s.browser()
	victim.cookie = &http.Cookie{Name: "deskbridge", Value: "chosen-by-the-attacker"}
	victim.signIn("ada@example.org")
	if victim.cookie.Value == "chosen-by-the-attacker" {
		t.Fatal("the fixed token is used")
	}
	old := *victim.cookie
	victim.signIn("ada@example.org")
	if old.Value == victim.cookie.Value {
		t.Fatal("the token is kept")
	}
	attacker := s.browser()
	attacker.cookie = &http.Cookie{Name: "deskbridge", Value: "chosen-by-the-attacker"}
	attacker.want(401, "GET", "/api/v1/session", nil)
	attacker.cookie = &old
	attacker.want(401, "GET", "/api/v1/session", nil)
	victim.want(200, "GET", "/api/v1/session", nil)
}

// SEC-191: idle and absolute timeouts.
func TestSessionsTimeOut(t *testing.T) {
	s := newSite(t, "")
	s.user("ada@example.org", auth.Supporter)
	idle := s.browser()
	idle.signIn("ada@example.org")
	s.clock.add(12*time.Hour - time.Second)
	idle.want(200, "GET", "/api/v1/session", nil)
	s.clock.add(12*time.Hour - time.Second)
	idle.want(200, "GET", "/api/v1/session", nil)
	s.clock.add(12*time.Hour + time.Second)
	idle.want(401, "GET", "/api/v1/session", nil)

	busy := s.browser()
	busy.signIn("ada@example.org")
	for range 7*4 - 1 {
		s.clock.add(6 * time.Hour)
		busy.want(200, "GET", "/api/v1/session", nil)
	}
	s.clock.add(6 * time.Hour)
	busy.want(401, "GET", "/api/v1/session", nil)
}

func TestRunRemovesEndedSessions(t *testing.T) {
	s := newSite(t, "")
	s.user("ada@example.org", auth.Supporter)
	s.browser().signIn("ada@example.org")
	s.clock.add(13 * time.Hour)
	live := s.browser()
	live.signIn("ada@example.org")
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.svc.Run(ctx) }()
	count := func() (n int64) {
		if err := s.db.Read(context.Background()).Raw("SELECT COUNT(*) FROM sessions").Scan(&n).Error; err != nil {
			t.Fatal(err)
		}
		return n
	}
	for deadline := time.Now().Add(20 * time.Second); count() != 1; {
		if time.Now().After(deadline) {
			t.Fatalf("%d sessions are left", count())
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	live.want(200, "GET", "/api/v1/session", nil)
}

// SEC-185: one answer for every wrong pair, and the same work for it.
func TestWrongPairsAreAllAlike(t *testing.T) {
	s := newSite(t, "")
	s.user("ada@example.org", auth.Supporter)
	off := s.user("off@example.org", auth.Supporter)
	s.disable(off)
	if _, err := s.svc.CreateUser(context.Background(), auth.NewUser{DeskID: 1, Email: "none@example.org", Name: "No Password", Role: auth.Portal}); err != nil {
		t.Fatal(err)
	}
	var first string
	for i, c := range []struct{ email, password string }{
		{"ada@example.org", "wrong password"}, {"nobody@example.org", "wrong password"}, {"off@example.org", good}, {"none@example.org", ""},
		{"none@example.org", "wrong password"}, {"", ""}, {"ada@example.org", ""}, {"ada@example.org", good + " "}, {"ada@example.org' OR 1=1 --", good}, {"%", good},
		{"ada@example.org", strings.Repeat("x", 1024)},
	} {
		b := s.browser()
		b.peer = fmt.Sprintf("192.0.2.%d:1", i+1)
		a := b.want(401, "POST", "/api/v1/session", map[string]any{"email": c.email, "password": c.password})
		if first == "" {
			first = string(a.body)
		}
		if string(a.body) != first || b.cookie != nil {
			t.Errorf("%q: %s, cookie %v", c.email, a.body, b.cookie)
		}
	}
	if strings.Contains(s.log.String(), "wrong password") || strings.Contains(s.log.String(), good) || strings.Contains(s.log.String(), "example.org") {
		t.Errorf("the log has what was typed: %s", s.log)
	}
}

func TestSignInIsThrottled(t *testing.T) {
	s := newSite(t, "")
	s.user("ada@example.org", auth.Supporter)
	s.user("bob@example.org", auth.Supporter)
	b := s.browser()
	wrong := map[string]any{"email": "ada@example.org", "password": "wrong password"}
	for i := range 5 {
		b.header = map[string]string{"X-Forwarded-For": fmt.Sprintf("198.51.100.%d", i)} // SEC-075
		b.want(401, "POST", "/api/v1/session", wrong)
	}
	a := b.want(429, "POST", "/api/v1/session", wrong)
	if after := a.Header.Get("Retry-After"); after == "" || after == "0" {
		t.Fatalf("Retry-After %q", after)
	}
	b.header = map[string]string{"X-Forwarded-For": "198.51.100.77"}
	b.want(429, "POST", "/api/v1/session", map[string]any{"email": "ADA@example.org ", "password": good})
	b.signIn("bob@example.org")
	other := s.browser()
	other.peer = "203.0.113.5:1"
	other.signIn("ada@example.org") // the owner elsewhere is not locked out
	s.clock.add(31 * time.Second)
	b.signIn("ada@example.org")
	for range 5 { // a success gives the account its tries back
		b.want(401, "POST", "/api/v1/session", wrong)
	}

	spray := s.browser()
	spray.peer = "[2001:db8::1]:1"
	refused := 0
	for i := range 200 {
		spray.peer = fmt.Sprintf("[2001:db8::%x]:1", i+1) // one caller's /64
		if spray.do("POST", "/api/v1/session", map[string]any{"email": fmt.Sprintf("u%d@example.org", i), "password": "x"}).StatusCode == 429 {
			refused++
		}
	}
	if refused != 140 {
		t.Errorf("%d of 200 accounts tried from one network were refused, want 140", refused)
	}
}

// SEC-189: a new password ends the other sessions.
func TestPasswordChangeEndsOtherSessions(t *testing.T) {
	s := newSite(t, "")
	u := s.user("ada@example.org", auth.Supporter)
	mine, other := s.browser(), s.browser()
	mine.signIn("ada@example.org")
	other.signIn("ada@example.org")
	const fresh = "new violins marmalade"
	mine.want(422, "POST", "/api/v1/session/password", map[string]any{"current": "wrong password", "password": fresh})
	mine.want(422, "POST", "/api/v1/session/password", map[string]any{"current": good, "password": "password123"})
	other.want(200, "GET", "/api/v1/session", nil)
	mine.want(204, "POST", "/api/v1/session/password", map[string]any{"current": good, "password": fresh})
	mine.want(200, "GET", "/api/v1/session", nil)
	other.want(401, "GET", "/api/v1/session", nil)
	other.want(401, "POST", "/api/v1/session", map[string]any{"email": u.Email, "password": good})
	other.want(200, "POST", "/api/v1/session", map[string]any{"email": u.Email, "password": fresh})
	if err := s.svc.SetPassword(context.Background(), 1, u.ID, good); err != nil { // by an administrator: all of them
		t.Fatal(err)
	}
	mine.want(401, "GET", "/api/v1/session", nil)
	other.want(401, "GET", "/api/v1/session", nil)
	s.browser().want(401, "POST", "/api/v1/session/password", map[string]any{"current": good, "password": fresh})
}

// A session must not begin with a password that was replaced while it was being
// checked.
func TestSignInLosesAgainstAPasswordChange(t *testing.T) {
	s := newSite(t, "")
	u := s.user("ada@example.org", auth.Supporter)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			s.browser().do("POST", "/api/v1/session", map[string]any{"email": "ada@example.org", "password": good})
		})
	}
	wg.Go(func() {
		if err := s.svc.SetPassword(context.Background(), 1, u.ID, "new violins marmalade"); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	var n int64
	if err := s.db.Read(context.Background()).Raw("SELECT COUNT(*) FROM sessions").Scan(&n).Error; err != nil || n != 0 {
		t.Fatalf("%d sessions of the old password live, %v", n, err)
	}
}

// SEC-031: disabling ends sessions and keys at once.
func TestDisablingEndsSessionsAndKeys(t *testing.T) {
	s := newSite(t, "")
	u := s.user("ada@example.org", auth.Administrator)
	s.user("root@example.org", auth.Administrator)
	b, program := s.browser(), s.browser()
	b.signIn("ada@example.org")
	program.bearer = b.want(201, "POST", "/api/v1/api-keys", map[string]any{"name": "ci", "role": "administrator", "scope": "write"}).value(t)["token"].(string)
	program.want(200, "GET", "/api/v1/session", nil)
	s.disable(u)
	b.want(401, "GET", "/api/v1/session", nil)
	program.want(401, "GET", "/api/v1/session", nil)
	on := false
	if _, err := s.svc.UpdateUser(context.Background(), 1, u.ID, auth.UserChange{Disabled: &on}); err != nil {
		t.Fatal(err)
	}
	b.want(401, "GET", "/api/v1/session", nil)       // neither comes back
	program.want(401, "GET", "/api/v1/session", nil) //
	b.signIn("ada@example.org")
}

// SEC-161: neither password nor cookie is in the database.
func TestSecretsAreNotStoredInClear(t *testing.T) {
	s := newSite(t, "")
	token, ok, err := s.svc.SetupToken(context.Background())
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	s.user("ada@example.org", auth.Administrator)
	b := s.browser()
	b.signIn("ada@example.org")
	key := b.want(201, "POST", "/api/v1/api-keys", map[string]any{"name": "ci", "role": "portal", "scope": "read"}).value(t)["token"].(string)
	for _, table := range []string{"users", "sessions", "api_keys", "setup_tokens", "audit_log"} {
		var rows []map[string]any
		if err := s.db.Read(context.Background()).Raw("SELECT * FROM " + table).Scan(&rows).Error; err != nil {
			t.Fatal(err)
		}
		all := fmt.Sprintf("%s", rows)
		for name, secret := range map[string]string{"password": good, "cookie": b.cookie.Value, "key": key, "set-up token": token} {
			if strings.Contains(all, secret) {
				t.Errorf("%s holds the %s", table, name)
			}
		}
	}
	if strings.Contains(s.log.String(), b.cookie.Value) || strings.Contains(s.log.String(), key) {
		t.Error("the log holds a secret")
	}
}

// A store that is down is no reason to call somebody signed out.
func TestMiddlewareSaysThatTheStoreIsDown(t *testing.T) {
	s := newSite(t, "")
	s.user("ada@example.org", auth.Supporter)
	b := s.browser()
	b.signIn("ada@example.org")
	err := s.db.Write(context.Background(), func(tx *gorm.DB) error { return tx.Exec("ALTER TABLE sessions RENAME TO gone").Error })
	if err != nil {
		t.Fatal(err)
	}
	if a := b.do("GET", "/api/v1/session", nil); a.StatusCode < 500 || strings.Contains(string(a.body), "sessions") {
		t.Fatalf("%d: %s", a.StatusCode, a.body)
	}
	s.browser().want(401, "GET", "/api/v1/session", nil)
}

func TestCheckAndActor(t *testing.T) {
	ctx := context.Background()
	if _, err := auth.Check(ctx); !errs.Is(err, errs.Denied) {
		t.Errorf("nobody: %v", err)
	}
	ctx = auth.WithPrincipal(ctx, auth.Principal{UserID: 7, Role: auth.Supporter})
	if _, err := auth.Check(ctx, auth.Administrator, auth.Dispatcher); !errs.Is(err, errs.Forbidden) {
		t.Errorf("another role: %v", err)
	}
	if p, err := auth.Check(ctx, auth.Dispatcher, auth.Supporter); err != nil || p.UserID != 7 {
		t.Errorf("one of the roles: %v, %v", p, err)
	}
	for want, ctx := range map[string]context.Context{
		"user:7": ctx, "system": context.Background(), "cli": auth.AsActor(context.Background(), "cli"),
		"key:3": auth.WithPrincipal(context.Background(), auth.Principal{UserID: 7, APIKeyID: 3}),
	} {
		if got := auth.Actor(ctx); got != want {
			t.Errorf("actor %s, want %s", got, want)
		}
	}
}
