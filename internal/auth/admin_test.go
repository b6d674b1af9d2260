package auth_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/deskbridge/deskbridge/internal/audit"
	"github.com/deskbridge/deskbridge/internal/auth"
	"github.com/deskbridge/deskbridge/internal/errs"
)

func setupBody(token string, n int) map[string]any {
	return map[string]any{"token": token, "email": fmt.Sprintf("admin%d@example.org", n), "name": "First One", "password": good}
}

// SEC-199: no default account; set-up works once, with the newest token, for a
// day.
func TestSetup(t *testing.T) {
	ctx := context.Background()
	s := newSite(t, "")
	b := s.browser()
	var n int64
	if err := s.db.Read(ctx).Raw("SELECT COUNT(*) FROM users").Scan(&n).Error; err != nil || n != 0 {
		t.Fatalf("%d accounts before set-up, %v", n, err)
	}
	if v := b.want(200, "GET", "/api/v1/setup", nil).value(t); v["open"] != true {
		t.Fatalf("state %v", v)
	}
	old, ok, err := s.svc.SetupToken(ctx)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	token, ok, err := s.svc.SetupToken(ctx) // the next start prints another one
	if err != nil || !ok || token == old {
		t.Fatal(token, old, ok, err)
	}
	for _, wrong := range []string{"", "wrong", old, token + "x"} {
		b.want(401, "POST", "/api/v1/setup", setupBody(wrong, 1))
	}
	bad := setupBody(token, 1)
	bad["password"] = "password123"
	b.want(422, "POST", "/api/v1/setup", bad)
	bad["password"] = ""
	b.want(422, "POST", "/api/v1/setup", bad)
	s.clock.add(25 * time.Hour)
	b.want(401, "POST", "/api/v1/setup", setupBody(token, 1))
	if token, _, err = s.svc.SetupToken(ctx); err != nil {
		t.Fatal(err)
	}
	if v := b.want(201, "POST", "/api/v1/setup", setupBody(token, 1)).value(t); v["role"] != "administrator" {
		t.Fatalf("user %v", v)
	}
	b.want(401, "POST", "/api/v1/setup", setupBody(token, 2))
	if again, ok, err := s.svc.SetupToken(ctx); ok || again != "" || err != nil {
		t.Fatalf("a token with an administrator there: %q, %v, %v", again, ok, err)
	}
	b.signIn("admin1@example.org")
	if v := b.want(200, "GET", "/api/v1/setup", nil).value(t); v["open"] != false {
		t.Fatalf("state %v", v)
	}
	page, err := s.audit.List(ctx, 1, audit.Filter{Actor: "setup"})
	if err != nil || page.Total != 1 || page.Items[0].Action != "user.created" || page.Items[0].Address != "192.0.2.7" {
		t.Fatalf("audit %+v, %v", page, err)
	}
}

// SEC-199: of 20 at once exactly one makes the administrator.
func TestSetupRace(t *testing.T) {
	s := newSite(t, "")
	token, ok, err := s.svc.SetupToken(context.Background())
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	var made atomic.Int64
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			b := s.browser()
			b.peer = fmt.Sprintf("192.0.2.%d:1", i+1)
			switch a := b.do("POST", "/api/v1/setup", setupBody(token, i)); a.StatusCode {
			case http.StatusCreated:
				made.Add(1)
			case http.StatusUnauthorized:
			default:
				t.Errorf("%d: %s", a.StatusCode, a.body)
			}
		})
	}
	wg.Wait()
	page, err := s.svc.ListUsers(context.Background(), 1, auth.UserFilter{})
	if err != nil || made.Load() != 1 || page.Total != 1 {
		t.Fatalf("%d succeeded, %d users, %v", made.Load(), page.Total, err)
	}
}

func TestSetupIsThrottled(t *testing.T) {
	s := newSite(t, "")
	b := s.browser()
	for range 10 {
		b.want(401, "POST", "/api/v1/setup", setupBody("guess", 1))
	}
	b.want(429, "POST", "/api/v1/setup", setupBody("guess", 1))
}

// admin is a signed-in administrator of desk 1.
func (s *site) admin() *browser {
	s.t.Helper()
	s.user("root@example.org", auth.Administrator)
	b := s.browser()
	b.signIn("root@example.org")
	return b
}

func TestUsersThroughTheAPI(t *testing.T) {
	s := newSite(t, "")
	b := s.admin()
	made := b.want(201, "POST", "/api/v1/users", map[string]any{
		"email": "Bob@Example.org", "name": "Bob", "role": "portal", "person_id": 4, "profiles": []string{"Portal user"}, "password": good,
	})
	v := made.value(t)
	if v["email"] != "Bob@Example.org" || v["has_password"] != true || strings.Contains(string(made.body), "argon2") || strings.Contains(string(made.body), good) {
		t.Fatalf("user %s", made.body)
	}
	path := fmt.Sprintf("/api/v1/users/%v", v["id"])
	b.want(409, "POST", "/api/v1/users", map[string]any{"email": "bob@EXAMPLE.org", "name": "Bob", "role": "portal"})
	a := b.want(422, "POST", "/api/v1/users", map[string]any{"email": "Bob <bob@example.org>", "name": " ", "role": "portal", "password": "password123"})
	for _, place := range []string{`"email"`, `"name"`, `"password"`} {
		if !strings.Contains(string(a.body), `"location":`+place) {
			t.Errorf("no mistake at %s: %s", place, a.body)
		}
	}
	for _, body := range []map[string]any{
		{"email": "x@example.org", "name": "a\r\nBcc: b", "role": "portal"}, // SEC-047
		{"email": "x@example.org\r\n", "name": "a", "role": "root"},
		{"email": "x@example.org", "name": "a", "role": "portal", "desk_id": 2}, // SEC-019
		{"email": "x@example.org", "name": "a", "role": "portal", "profiles": []string{""}},
	} {
		b.want(422, "POST", "/api/v1/users", body)
	}
	if v := b.want(200, "PATCH", path, map[string]any{"name": "Bobby"}).value(t); v["name"] != "Bobby" || v["person_id"] != float64(4) || v["role"] != "portal" {
		t.Fatalf("changed %v", v)
	}
	bob := s.browser()
	if v := bob.signIn("bob@example.org").value(t); fmt.Sprint(v["profiles"]) != "[Portal user]" || v["person_id"] != float64(4) {
		t.Fatalf("principal %v", v)
	}
	b.want(204, "PUT", path+"/password", map[string]any{"password": "new violins marmalade"})
	bob.want(401, "GET", "/api/v1/session", nil)
	b.want(200, "PATCH", path, map[string]any{"disabled": true})
	if v := b.want(200, "GET", path, nil).value(t); v["disabled"] != true {
		t.Fatalf("user %v", v)
	}
	b.want(404, "GET", "/api/v1/users/999", nil)
	b.want(422, "GET", "/api/v1/users/0", nil)
	b.want(422, "GET", "/api/v1/users/x", nil)
}

func TestUsersAreListedInPagesAndSearchedLiterally(t *testing.T) {
	s := newSite(t, "")
	b := s.admin()
	for i := range 5 {
		s.user(fmt.Sprintf("user_%d@example.org", i), auth.Portal)
	}
	s.user("100%er@example.org", auth.Portal)
	seen, path := 0, "/api/v1/users?limit=3"
	for path != "" {
		var l struct {
			Items []map[string]any
			Total int
			Next  string
		}
		if err := json.Unmarshal(b.want(200, "GET", path, nil).body, &l); err != nil || l.Total != 7 {
			t.Fatalf("%+v, %v", l, err)
		}
		seen += len(l.Items)
		if path = ""; l.Next != "" {
			path = "/api/v1/users?limit=3&cursor=" + l.Next
		}
	}
	if seen != 7 {
		t.Fatalf("%d users on all pages", seen)
	}
	for search, want := range map[string]float64{"USER_": 5, "user%25": 0, "%25": 1, "_": 5, `%5C`: 0, "some%20one": 7, "'": 0} { // SEC-050, SEC-051
		if v := b.want(200, "GET", "/api/v1/users?search="+search, nil).value(t); v["total"] != want {
			t.Errorf("search %q: %v, want %v", search, v["total"], want)
		}
	}
	b.want(422, "GET", "/api/v1/users?cursor=x", nil)
	b.want(422, "GET", "/api/v1/users?limit=201", nil)
}

func TestTheLastAdministratorStays(t *testing.T) {
	ctx := context.Background()
	s := newSite(t, "")
	b := s.admin()
	path := fmt.Sprintf("/api/v1/users/%v", b.want(200, "GET", "/api/v1/session", nil).value(t)["user_id"])
	b.want(409, "PATCH", path, map[string]any{"disabled": true})
	b.want(409, "PATCH", path, map[string]any{"role": "portal"})
	off := true
	all := []auth.User{s.user("b@example.org", auth.Administrator), s.user("c@example.org", auth.Administrator)}
	var wg sync.WaitGroup
	for _, u := range append(all, auth.User{ID: 1, DeskID: 1}) { // each disables another one at once
		wg.Go(func() {
			if _, err := s.svc.UpdateUser(ctx, 1, u.ID, auth.UserChange{Disabled: &off}); err != nil && !errs.Is(err, errs.Conflict) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var n int64
	if err := s.db.Read(ctx).Raw("SELECT COUNT(*) FROM users WHERE role = 'administrator' AND disabled = ?", false).Scan(&n).Error; err != nil || n != 1 {
		t.Fatalf("%d administrators are left, %v", n, err)
	}
}

// SEC-026, SEC-039: what is another desk's does not exist, byte for byte.
func TestOtherDesksDoNotExist(t *testing.T) {
	ctx := context.Background()
	s := newSite(t, "")
	b := s.admin()
	foreign, err := s.svc.CreateUser(ctx, auth.NewUser{DeskID: 2, Email: "two@example.org", Name: "Two", Role: auth.Administrator, Password: good})
	if err != nil {
		t.Fatal(err)
	}
	key, _, err := s.svc.CreateAPIKey(ctx, auth.NewAPIKey{DeskID: 2, Name: "two", Role: auth.Administrator, Scope: auth.ScopeWrite})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method, path string
		id           int64
		body         any
	}{
		{"GET", "/api/v1/users/%d", foreign.ID, nil},
		{"PATCH", "/api/v1/users/%d", foreign.ID, map[string]any{"disabled": true}},
		{"PUT", "/api/v1/users/%d/password", foreign.ID, map[string]any{"password": good}},
		{"DELETE", "/api/v1/api-keys/%d", key.ID, nil},
	} {
		there := b.want(404, c.method, fmt.Sprintf(c.path, c.id), c.body)
		none := b.want(404, c.method, fmt.Sprintf(c.path, 99999), c.body)
		if string(there.body) != string(none.body) {
			t.Errorf("%s %s: %s and %s", c.method, c.path, there.body, none.body)
		}
	}
	for _, path := range []string{"/api/v1/users?desk_id=2", "/api/v1/api-keys?desk_id=2", "/api/v1/audit?desk_id=2&subject=user:2"} { // SEC-027
		b.header = map[string]string{"X-Desk": "2", "X-Tenant": "2"}
		if a := b.want(200, "GET", path, nil); strings.Contains(string(a.body), "two") || strings.Contains(string(a.body), "Two") {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	two := s.browser()
	two.signIn("two@example.org")
	two.want(200, "GET", fmt.Sprintf("/api/v1/users/%d", foreign.ID), nil)
}

// SEC-030: every operation refuses who is not signed in, and the administrators'
// ones everybody else. The table is made from the document.
func TestEveryOperationAsksForItsRole(t *testing.T) {
	s := newSite(t, "")
	s.user("root@example.org", auth.Administrator)
	nobody := s.browser()
	doc, err := openapi3.NewLoader().LoadFromData(nobody.do("GET", "/api/openapi.json", nil).body)
	if err != nil {
		t.Fatal(err)
	}
	open := map[string]bool{"sign-in": true, "sign-out": true, "show-setup": true, "set-up": true}
	own := map[string]bool{"show-session": true, "change-password": true}
	bodies := map[string]any{
		"create-user":       map[string]any{"email": "x@example.org", "name": "x", "role": "portal"},
		"update-user":       map[string]any{"disabled": true},
		"set-user-password": map[string]any{"password": good},
		"create-api-key":    map[string]any{"name": "x", "role": "portal", "scope": "read"},
		"change-password":   map[string]any{"current": "x", "password": good},
	}
	seen := 0
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			seen++
			if op.Summary == "" || len(op.Tags) == 0 {
				t.Errorf("%s has no summary or tag", op.OperationID)
			}
			if open[op.OperationID] {
				continue
			}
			target := "/api/v1" + strings.ReplaceAll(path, "{id}", "1")
			nobody.want(401, method, target, bodies[op.OperationID])
			if own[op.OperationID] {
				continue
			}
			for _, role := range []auth.Role{auth.Dispatcher, auth.Supporter, auth.Portal} {
				b := s.browser()
				email := fmt.Sprintf("%s-%s@example.org", role, op.OperationID)
				s.user(email, role)
				b.signIn(email)
				b.want(403, method, target, bodies[op.OperationID])
			}
		}
	}
	if seen != 15 {
		t.Errorf("%d operations", seen)
	}
}

// Every change leaves its record, with both values and no secret.
func TestChangesAreAudited(t *testing.T) {
	s := newSite(t, "")
	b := s.admin()
	path := fmt.Sprintf("/api/v1/users/%v", b.want(201, "POST", "/api/v1/users", map[string]any{"email": "bob@example.org", "name": "Bob", "role": "portal", "password": good}).value(t)["id"])
	b.want(200, "PATCH", path, map[string]any{"role": "supporter"})
	b.want(204, "PUT", path+"/password", map[string]any{"password": "new violins marmalade"})
	b.want(200, "PATCH", path, map[string]any{"disabled": true})
	b.want(200, "PATCH", path, map[string]any{"disabled": false})
	key := b.want(201, "POST", "/api/v1/api-keys", map[string]any{"name": "ci", "role": "portal", "scope": "read"}).value(t)
	b.want(204, "DELETE", fmt.Sprintf("/api/v1/api-keys/%v", key["id"]), nil)
	b.want(409, "POST", "/api/v1/users", map[string]any{"email": "bob@example.org", "name": "Bob", "role": "portal"})
	a := b.want(200, "GET", "/api/v1/audit?actor=user:1", nil)
	var l struct {
		Items []struct {
			Action, Subject, Actor, Address string
			Old, New                        map[string]any
		}
		Total int
	}
	if err := json.Unmarshal(a.body, &l); err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, i := range l.Items {
		actions = append(actions, i.Action)
		if i.Address != "192.0.2.7" || i.Actor != "user:1" {
			t.Errorf("record %+v", i)
		}
		if i.Action == "user.updated" && (i.Old["role"] != "portal" || i.New["role"] != "supporter") {
			t.Errorf("values %v, %v", i.Old, i.New)
		}
	}
	if got := strings.Join(actions, " "); got != "api_key.revoked api_key.created user.enabled user.disabled user.password_set user.updated user.created session.started" {
		t.Errorf("actions %s", got)
	}
	for _, secret := range []string{good, "violins", key["token"].(string), b.cookie.Value, "argon2"} { // SEC-034
		if strings.Contains(string(a.body), secret) {
			t.Errorf("the audit log shows %q", secret)
		}
	}
	if v := b.want(200, "GET", "/api/v1/audit?subject=user:2&action=user.disabled&limit=1", nil).value(t); v["total"] != float64(1) {
		t.Errorf("filtered %v", v)
	}
	b.want(204, "DELETE", "/api/v1/session", nil)
	if p, err := s.audit.List(context.Background(), 1, audit.Filter{Action: "session.ended"}); err != nil || p.Total != 1 {
		t.Errorf("sign-out %+v, %v", p, err)
	}
}

// What strangers send to the open doors never makes us fail.
func FuzzOpenDoors(f *testing.F) {
	f.Add("POST", "session", `{"email":"a@b.c","password":"x"}`, "deskbridge=x", "Bearer dbk_x")
	f.Add("POST", "setup", `{"token":"x","email":"a","name":"\u0000","password":"\ud800"}`, "deskbridge=", "Basic x")
	f.Add("GET", "users/1", ``, `deskbridge="\"`, "Bearer")
	s := newSite(f, "")
	f.Fuzz(func(t *testing.T, method, path, body, cookie, authorization string) {
		req, err := http.NewRequest(method, "http://x/api/v1/", strings.NewReader(body))
		if err != nil {
			return
		}
		req.URL.Path += path
		req.RemoteAddr = "192.0.2.1:1"
		req.Header.Set("Content-Type", "application/json")
		req.Header["Cookie"] = []string{cookie}
		if authorization != "" {
			req.Header["Authorization"] = []string{authorization}
		}
		rec := httptest.NewRecorder()
		s.http.ServeHTTP(rec, req)
		if rec.Code >= 500 || rec.Code == 200 && strings.HasPrefix(path, "users") {
			t.Fatalf("%s %q %q: %d %s", method, path, body, rec.Code, rec.Body)
		}
	})
}
