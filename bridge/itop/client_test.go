package itop_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/bridge/itop"
	"github.com/deskbridge/deskbridge/bridge/itop/itoptest"
	"github.com/deskbridge/deskbridge/internal/errs"
)

func TestConfigReportsAllMistakes(t *testing.T) {
	_, err := itop.New(itop.Config{
		URL: "https://user:secret@itop.example.com/?auth_pwd=secret", Auth: "url", TimeZone: "Mars", Class: "User Request",
		Mapping: map[string]string{"org": "org_id", "caller_id": "caller id"},
	})
	got := map[string]bool{}
	for _, f := range errs.FieldsOf(err) {
		got[f.Path] = true
	}
	for _, want := range []string{"url", "auth", "time_zone", "class", "mapping.org", "mapping.caller_id"} {
		if !got[want] {
			t.Errorf("no mistake at %s: %v", want, err)
		}
	}
	if strings.Contains(fmt.Sprint(err), "secret") {
		t.Errorf("the error repeats a secret: %v", err)
	}
	for auth, field := range map[string]string{itop.AuthForm: "user", itop.AuthBasic: "password", itop.AuthToken: "token"} {
		_, err := itop.New(itop.Config{URL: "https://itop.example.com", Auth: auth})
		if fields := errs.FieldsOf(err); len(fields) == 0 || !strings.Contains(fmt.Sprint(fields), field) {
			t.Errorf("%s without credentials: %v", auth, err)
		}
	}
	if _, err := itop.New(itop.Config{URL: "https://x", Auth: itop.AuthBasic, User: "u", Password: "a:b"}); err == nil {
		t.Error("a colon is taken for basic login, where iTop cuts the password at it")
	}
}

// TestAnswersSayWhetherToRetry covers every code and every answer that is none.
func TestAnswersSayWhetherToRetry(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		body   string
		kind   errs.Kind
	}{
		{"bad login", 200, `{"code":1,"message":"Error: Invalid login"}`, errs.Denied},
		{"no right", 200, `{"code":1,"message":"The current user does not have enough permissions for reading data of class Person","objects":null}`, errs.Denied},
		{"no version", 200, `{"code":2,"message":"Error: Missing parameter 'version' (e.g. '1.0')"}`, errs.Upstream},
		{"no json", 200, `{"code":3,"message":"Error: Missing parameter 'json_data'"}`, errs.Upstream},
		{"bad json", 200, `{"code":4,"message":"Error: Parameter json_data is not a valid JSON structure"}`, errs.Internal},
		{"no user", 200, `{"code":5,"message":"Error: Missing parameter 'auth_user'"}`, errs.Denied},
		{"no password", 200, `{"code":6,"message":"Error: Missing parameter 'auth_pwd'"}`, errs.Denied},
		{"old version", 200, `{"code":10,"message":"Error: There is no service available for version '1.3'"}`, errs.Invalid},
		{"no operation", 200, `{"code":11,"message":"Error: Unknown verb 'core/get' in version '1.3'"}`, errs.Invalid},
		{"unsafe", 200, `{"code":12,"message":"Error: unsafe"}`, errs.Upstream},
		{"database", 200, `{"code":100,"message":"Error: Failed to issue SQL query: mysql_error = MySQL server has gone away"}`, errs.Upstream},
		{"deadlock", 200, `{"code":100,"message":"Error: Deadlock found when trying to get lock; try restarting transaction"}`, errs.Upstream},
		{"anything else", 200, `{"code":100,"message":"Error: Call to a member function on null"}`, errs.Upstream},
		{"object code", 200, `{"code":0,"message":"","objects":{"Person::2":{"code":100,"message":"x","class":"Person","key":"2","fields":{}}}}`, errs.Upstream},
		{"bad query", 200, `{"code":100,"message":"Error: Query failed to execute: query = SELECT, exception_class = OQLParserSyntaxErrorException, exception_message = x"}`, errs.Invalid},
		{"html", 200, `<!DOCTYPE html><html>login</html>`, errs.Upstream},
		{"warning before json", 200, "\nWarning: something in file.php\n{\"code\":0}", errs.Upstream},
		{"empty", 200, ``, errs.Upstream},
		{"half", 200, `{"code":0,"mess`, errs.Upstream},
		{"other json", 200, `{"status":"ok"}`, errs.Upstream},
		{"array", 200, `[]`, errs.Upstream},
		{"objects are no map", 200, `{"code":0,"objects":[1]}`, errs.Upstream},
		{"maintenance", 503, `{"data":[{"code":100,"message":"This application is currently under maintenance."}],"scripts":[]}`, errs.Upstream},
		{"crash", 500, ``, errs.Upstream},
		{"web server", 401, `<html>`, errs.Denied},
		{"busy", 429, ``, errs.Throttled},
		{"too large", 413, ``, errs.TooLarge},
		{"not there", 404, `<html>`, errs.Upstream},
		{"redirect", 302, ``, errs.Upstream},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if c.status == 302 {
					w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
				}
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			}))
			defer server.Close()
			d, err := itop.New(itop.Config{URL: server.URL, User: "bridge-user", Password: "very-secret"})
			if err != nil {
				t.Fatal(err)
			}
			_, err = d.Person(t.Context(), "Person", "2")
			if c.name == "bad query" || c.kind == errs.Invalid {
				_, err = d.PersonByEmail(t.Context(), "x@example.org")
			}
			if errs.KindOf(err) != c.kind {
				t.Errorf("got %q (%v), want %q", errs.KindOf(err), err, c.kind)
			}
			if text := fmt.Sprintf("%+v", err); strings.Contains(text, "very-secret") || strings.Contains(text, "bridge-user") {
				t.Errorf("the error holds credentials: %s", text)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	d, err := itop.New(itop.Config{URL: server.URL, User: "u", Password: "very-secret"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Person(t.Context(), "Person", "2"); !errs.Is(err, errs.Upstream) || strings.Contains(err.Error(), "very-secret") {
		t.Errorf("got %v", err)
	}
	block := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-block }))
	defer slow.Close()
	defer close(block)
	if d, err = itop.New(itop.Config{URL: slow.URL, User: "u", Password: "p"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := d.Person(ctx, "Person", "2"); !errs.Is(err, errs.Upstream) {
		t.Errorf("silence: %v, want upstream", err)
	}
}

// TestSecretsStayInTheBody looks at what goes over the wire and into the log.
func TestSecretsStayInTheBody(t *testing.T) {
	for _, auth := range []string{itop.AuthForm, itop.AuthBasic, itop.AuthToken} {
		var seen *http.Request
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			seen = r.Clone(context.Background())
			fmt.Fprint(w, `{"code":0,"message":"Found: 0","objects":null}`)
		}))
		var log bytes.Buffer
		d, err := itop.New(itop.Config{
			URL: server.URL, Auth: auth, User: "u", Password: "very-secret", Token: "very-secret-token",
			Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.PersonByEmail(t.Context(), "x@example.org")
		server.Close()
		if !errs.Is(err, errs.NotFound) {
			t.Fatalf("%s: %v", auth, err)
		}
		if strings.Contains(seen.URL.String(), "secret") || strings.Contains(log.String(), "secret") || log.Len() == 0 {
			t.Errorf("%s: address %s, log %s", auth, seen.URL, log.String())
		}
		if len(seen.Cookies()) > 0 {
			t.Errorf("%s: a cookie was sent", auth)
		}
		_, password, _ := seen.BasicAuth()
		where := map[string]string{itop.AuthForm: seen.PostForm.Get("auth_pwd"), itop.AuthBasic: password, itop.AuthToken: seen.Header.Get("Auth-Token")}
		for way, got := range where {
			if (got != "") != (way == auth) {
				t.Errorf("%s login sends %q the way of %s", auth, got, way)
			}
		}
	}
}

// TestNarrowRequests: the default of output_fields would return every log and
// every file, and one call costs iTop enough.
func TestNarrowRequests(t *testing.T) {
	s, d := fake(t, itoptest.Config{}, nil)
	f := fakeTicket(t, d)
	if _, err := d.Append(t.Context(), f.Key, []desk.Entry{entry("a:1", "x")}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Attach(t.Context(), f.Key, desk.File{Marker: "m", Name: "a.txt", Data: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	d.Check(t.Context())
	for _, r := range s.Requests() {
		var in map[string]any
		if err := json.Unmarshal([]byte(r), &in); err != nil {
			t.Fatal(err)
		}
		if fields, _ := in["output_fields"].(string); in["operation"] != "list_operations" && (fields == "" || strings.Contains(fields, "*")) {
			t.Errorf("not narrow: %s", r)
		}
		if op := in["operation"]; (op == "core/create" || op == "core/update") && in["comment"] == nil {
			t.Errorf("no comment for the history: %s", r)
		}
	}
}

// TestCachesPeople: a card asks for the same person again and again.
func TestCachesPeople(t *testing.T) {
	now := time.Now()
	s, d := fake(t, itoptest.Config{Now: func() time.Time { return now }}, nil)
	for range 5 {
		if _, err := d.PersonByEmail(t.Context(), "pablo.picasso@demo.com"); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Calls("core/get"); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
	now = now.Add(2 * time.Minute)
	if _, err := d.PersonByEmail(t.Context(), "pablo.picasso@demo.com"); err != nil || s.Calls("core/get") != 2 {
		t.Errorf("%d calls, %v: what is old must be asked again", s.Calls("core/get"), err)
	}
}
