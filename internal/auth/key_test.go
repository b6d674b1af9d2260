package auth_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/deskbridge/deskbridge/internal/auth"
	"github.com/deskbridge/deskbridge/internal/errs"
)

func TestAPIKeys(t *testing.T) {
	ctx := context.Background()
	s := newSite(t, "")
	b := s.admin()
	made := b.want(201, "POST", "/api/v1/api-keys", map[string]any{"name": "ci", "role": "supporter", "scope": "write"}).value(t)
	key := made["token"].(string)
	if !strings.HasPrefix(key, "dbk_") || len(key) != 47 || !strings.HasPrefix(key, made["prefix"].(string)) || len(made["prefix"].(string)) > 12 {
		t.Fatalf("key %v", made)
	}
	if a := b.want(200, "GET", "/api/v1/api-keys", nil); strings.Contains(string(a.body), key) {
		t.Fatal("the list shows the key")
	}
	program := s.browser()
	program.bearer = key
	v := program.want(200, "GET", "/api/v1/session", nil).value(t)
	if v["role"] != "supporter" || v["api_key_id"] != made["id"] || v["scope"] != "write" || v["email"] != "root@example.org" {
		t.Fatalf("principal %v", v)
	}
	if k, err := s.svc.ListAPIKeys(ctx, 1, 0, 0); err != nil || !k.Items[0].LastUsedAt.Equal(s.clock.now()) {
		t.Fatalf("last use %+v, %v", k, err)
	}
	program.want(403, "GET", "/api/v1/users", nil)
	program.want(403, "POST", "/api/v1/session/password", map[string]any{"current": good, "password": "new violins marmalade"})

	// A bearer token beside a cookie never has the cookie's rights.
	both := *b
	both.bearer = "dbk_wrong"
	both.want(401, "GET", "/api/v1/session", nil)
	both.bearer = key
	both.want(403, "GET", "/api/v1/users", nil)

	program.want(200, "GET", "/api/v1/session", nil)
	id := int64(made["id"].(float64))
	b.want(204, "DELETE", fmt.Sprintf("/api/v1/api-keys/%d", id), nil)
	b.want(204, "DELETE", fmt.Sprintf("/api/v1/api-keys/%d", id), nil)
	program.want(401, "GET", "/api/v1/session", nil)

	for name, wrong := range map[string]string{"empty": "dbk_", "longer": key + "x", "shorter": key[:46], "other case": strings.ToUpper(key), "long": "dbk_" + strings.Repeat("x", 10_000)} {
		program.bearer = wrong
		if a := program.do("GET", "/api/v1/session", nil); a.StatusCode != 401 {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
	for _, n := range []auth.NewAPIKey{
		{DeskID: 1, Name: "", Role: auth.Portal, Scope: "read"}, {DeskID: 1, Name: "x", Role: "root", Scope: "read"}, {DeskID: 1, Name: "x", Role: auth.Portal, Scope: "all"},
	} {
		if _, _, err := s.svc.CreateAPIKey(ctx, n); !errs.Is(err, errs.Invalid) {
			t.Errorf("%+v: %v", n, err)
		}
	}
}

// SEC-198: a key in the address is no key.
func TestKeysInTheAddressAreRefused(t *testing.T) {
	s := newSite(t, "")
	_, key, err := s.svc.CreateAPIKey(context.Background(), auth.NewAPIKey{DeskID: 1, Name: "x", Role: auth.Administrator, Scope: auth.ScopeWrite})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{"api_key=", "access_token=", "token=", "Authorization=Bearer%20"} {
		s.browser().want(401, "GET", "/api/v1/session?"+q+key, nil)
	}
	if strings.Contains(s.log.String(), key) {
		t.Error("the key is in the log")
	}
}

// SEC-038: a read key is refused for every change, whatever its role.
func TestReadKeysCannotChangeAnything(t *testing.T) {
	s := newSite(t, "")
	s.user("root@example.org", auth.Administrator)
	_, key, err := s.svc.CreateAPIKey(context.Background(), auth.NewAPIKey{DeskID: 1, Name: "x", Role: auth.Administrator, Scope: auth.ScopeRead})
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser()
	b.bearer = key
	doc, err := openapi3.NewLoader().LoadFromData(b.do("GET", "/api/openapi.json", nil).body)
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			target := "/api/v1" + strings.ReplaceAll(path, "{id}", "1")
			if method == http.MethodGet {
				b.want(200, method, target, nil)
			} else {
				b.want(403, method, target, nil)
			}
		}
	}
}

// A key is never stronger than its user.
func TestKeysFollowTheirUser(t *testing.T) {
	ctx := context.Background()
	s := newSite(t, "")
	s.user("root@example.org", auth.Administrator)
	u := s.user("ada@example.org", auth.Administrator)
	key := func(user int64, role auth.Role) (string, error) {
		_, k, err := s.svc.CreateAPIKey(ctx, auth.NewAPIKey{DeskID: 1, UserID: user, Name: "x", Role: role, Scope: auth.ScopeWrite})
		return k, err
	}
	strong, err := key(u.ID, auth.Administrator)
	if err != nil {
		t.Fatal(err)
	}
	weak, err := key(u.ID, auth.Supporter)
	if err != nil {
		t.Fatal(err)
	}
	role := auth.Supporter
	if _, err := s.svc.UpdateUser(ctx, 1, u.ID, auth.UserChange{Role: &role}); err != nil {
		t.Fatal(err)
	}
	b := s.browser()
	b.bearer = strong
	b.want(401, "GET", "/api/v1/session", nil)
	b.bearer = weak
	b.want(200, "GET", "/api/v1/session", nil)
	if _, err := key(u.ID, auth.Administrator); !errs.Is(err, errs.Invalid) {
		t.Errorf("a supporter's key as administrator: %v", err)
	}
	if _, err := key(999, auth.Portal); !errs.Is(err, errs.NotFound) {
		t.Errorf("a key of nobody: %v", err)
	}
	_, admin, err := s.svc.CreateAPIKey(ctx, auth.NewAPIKey{DeskID: 1, Name: "x", Role: auth.Administrator, Scope: auth.ScopeWrite})
	if err != nil {
		t.Fatal(err)
	}
	b.bearer = admin
	b.want(200, "GET", "/api/v1/users", nil)
	b.want(403, "POST", "/api/v1/api-keys", map[string]any{"name": "child", "role": "portal", "scope": "read"})
}
