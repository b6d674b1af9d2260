package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/deskbridge/deskbridge/bridge/workspace"
	"github.com/deskbridge/deskbridge/config"
	"github.com/deskbridge/deskbridge/internal/auth"
)

// inProcess is the whole application behind a handler.
type inProcess struct {
	*app
	t    *testing.T
	keys map[auth.Role]string
}

func openInProcess(t *testing.T) *inProcess {
	t.Helper()
	c := config.Default()
	c.Data = t.TempDir()
	a, err := openApp(t.Context(), c, slog.New(slog.DiscardHandler), false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	p := &inProcess{app: a, t: t, keys: map[auth.Role]string{}}
	for _, role := range []auth.Role{auth.Administrator, auth.Dispatcher, auth.Supporter} {
		if _, p.keys[role], err = a.auth.CreateAPIKey(auth.AsActor(t.Context(), "test"), auth.NewAPIKey{DeskID: mainDesk, Name: string(role), Role: role, Scope: "write"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.bridge.Apply(t.Context(), mainDesk, "test", sampleWorkspace, workspace.Options{}, false); err != nil {
		t.Fatal(err)
	}
	return p
}

// call makes a request with a role's key ("" for none) and decodes the answer.
func (p *inProcess) call(role auth.Role, method, path string, body any) (int, map[string]any) {
	p.t.Helper()
	var b bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&b).Encode(body); err != nil {
			p.t.Fatal(err)
		}
	}
	r := httptest.NewRequest(method, "/api/v1"+path, &b)
	r.Header.Set("Content-Type", "application/json")
	if role != "" {
		r.Header.Set("Authorization", "Bearer "+p.keys[role])
	}
	w := httptest.NewRecorder()
	p.engine.ServeHTTP(w, r)
	var out map[string]any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			p.t.Fatalf("%s %s: %s", method, path, w.Body)
		}
	}
	return w.Code, out
}

// Workspaces, the ledger and jobs answer administrators; dispatchers read the
// ledger; others and strangers are refused (SEC-030).
func TestSEC030_OperatorsAPI(t *testing.T) {
	p := openInProcess(t)
	for _, tc := range []struct {
		method, path                    string
		administrator, dispatch, others int
	}{
		{http.MethodGet, "/workspaces", 200, 200, 403},
		{http.MethodGet, "/workspaces/sample", 200, 403, 403},
		{http.MethodGet, "/workspaces/nobody", 404, 403, 403},
		{http.MethodGet, "/workspaces/sample/preview?card=home", 200, 403, 403},
		{http.MethodGet, "/workspaces/sample/preview?card=nonsense", 422, 403, 403},
		{http.MethodGet, "/workspaces/sample/ledger", 200, 200, 403},
		{http.MethodGet, "/workspaces/sample/ledger?status=failed&direction=in&limit=5", 200, 200, 403},
		{http.MethodGet, "/workspaces/nobody/ledger", 404, 404, 403},
		{http.MethodPost, "/workspaces/sample/ledger/retry-failed", 200, 200, 403},
		{http.MethodPost, "/workspaces/sample/ledger/7/retry", 404, 404, 403},
		{http.MethodGet, "/jobs", 200, 403, 403},
		{http.MethodGet, "/jobs?state=dead", 200, 403, 403},
		{http.MethodPost, "/jobs/99/retry", 404, 403, 403},
	} {
		for role, want := range map[auth.Role]int{auth.Administrator: tc.administrator, auth.Dispatcher: tc.dispatch, auth.Supporter: tc.others, "": 401} {
			got, body := p.call(role, tc.method, tc.path, nil)
			// Huma checks the shape of a request before who asks.
			if got != want && !(got == 422 && tc.administrator == 422) {
				t.Errorf("%s %s as %q: %d, want %d: %v", tc.method, tc.path, role, got, want, body)
			}
		}
	}
}

// The set-up comes masked, is checked without being saved, and keeps what was
// masked (IC-17: the token is never shown).
func TestIC17_WorkspaceThroughTheAPI(t *testing.T) {
	p := openInProcess(t)
	_, got := p.call(auth.Administrator, http.MethodGet, "/workspaces/sample", nil)
	yaml, _ := got["yaml"].(string)
	if strings.Contains(yaml, "an-access-token") || !strings.Contains(yaml, "abc123") {
		t.Fatalf("the set-up:\n%s", yaml)
	}
	if e, ok := got["endpoints"].(map[string]any); !ok || e["webhooks"] != "http://127.0.0.1:8080/intercom/webhooks" {
		t.Errorf("endpoints: %v", got["endpoints"])
	}
	bad := strings.Replace(yaml, "region: eu", "region: mars", 1)
	status, problem := p.call(auth.Administrator, http.MethodPut, "/workspaces/sample?dry_run=true", map[string]string{"yaml": bad})
	if b, _ := json.Marshal(problem); status != 422 || !strings.Contains(string(b), "channel.region") {
		t.Errorf("a mistake: %d %s", status, b)
	}
	edited := strings.Replace(yaml, "name: Sample", "name: Renamed", 1)
	if status, body := p.call(auth.Administrator, http.MethodPut, "/workspaces/sample?dry_run=true", map[string]string{"yaml": edited}); status != 200 {
		t.Errorf("dry run: %d %v", status, body)
	}
	if _, got = p.call(auth.Administrator, http.MethodGet, "/workspaces/sample", nil); got["name"] != "Sample" {
		t.Errorf("a dry run changed the name to %v", got["name"])
	}
	if status, body := p.call(auth.Administrator, http.MethodPut, "/workspaces/sample", map[string]string{"yaml": edited}); status != 200 || body["name"] != "Renamed" {
		t.Errorf("save: %d %v", status, body)
	}
	if status, _ := p.call(auth.Administrator, http.MethodPut, "/workspaces/other", map[string]string{"yaml": edited}); status != 422 {
		t.Errorf("a document at another's address: %d", status)
	}
	text, err := p.bridge.Export(t.Context(), mainDesk, "sample", true)
	if err != nil || !strings.Contains(text, "an-access-token") {
		t.Errorf("the token was not kept: %v\n%s", err, text)
	}
	_, audit := p.call(auth.Administrator, http.MethodGet, "/audit?action=workspace.applied", nil)
	if b, _ := json.Marshal(audit); !strings.Contains(string(b), "Renamed") || strings.Contains(string(b), "an-access-token") {
		t.Errorf("audit: %s", b)
	}
}
