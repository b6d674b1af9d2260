package httpx_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/getkin/kin-openapi/openapi3"

	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/internal/httpx"
)

type thing struct {
	Title  string `json:"title" minLength:"1" doc:"Title."`
	Secret string `json:"secret,omitempty" maxLength:"5" doc:"Secret."`
	N      int    `json:"n,omitempty" doc:"Number."`
}

type thingInput struct {
	Limit int `query:"limit" maximum:"9" doc:"Limit."`
	Body  thing
}

// newAPI has one operation that answers what fail returns.
func newAPI(fail func() error) edge {
	e := newEdge(httpx.Config{})
	api := httpx.NewAPI(e.Engine, "1.2.3")
	huma.Register(api, huma.Operation{OperationID: "make-thing", Method: http.MethodPost, Path: "/things", Summary: "Make a thing", Tags: []string{"Things"}},
		func(_ context.Context, in *thingInput) (*struct{ Body thing }, error) {
			if err := fail(); err != nil {
				return nil, err
			}
			return &struct{ Body thing }{in.Body}, nil
		})
	return e
}

func TestOperationsAnswerErrorsLikeProblem(t *testing.T) {
	cause := errors.New("canary")
	for _, err := range []error{
		errs.InvalidField("caller.email", "is missing"), errs.E(errs.Denied, "Sign in."), errs.E(errs.Forbidden, "No."), errs.E(errs.NotFound, "None."),
		errs.E(errs.Conflict, "Closed."), httpx.WithRetryAfter(errs.E(errs.Throttled, "Slow."), 3*time.Second), errs.E(errs.TooLarge, "Big."),
		errs.Wrap(cause, errs.Upstream, "iTop is down."), errs.Wrap(cause, errs.Unavailable, "Busy."), errs.Wrap(cause, errs.Internal, "hidden"), cause,
		fmt.Errorf("outer: %w", errs.E(errs.NotFound, "None.")),
	} {
		e := newAPI(func() error { return err })
		got := e.do("POST", "/api/v1/things", `{"title":"x"}`, "Content-Type", "application/json")
		logged := strings.Count(e.log.String(), "canary")
		plain := newEdge(httpx.Config{})
		plain.POST("/x", httpx.RequestIDForTest(got.Header().Get("X-Request-Id"), err))
		want := plain.do("POST", "/x", "")
		problem(t, got, want.Code)
		if strings.TrimSpace(got.Body.String()) != want.Body.String() || got.Header().Get("Retry-After") != want.Header().Get("Retry-After") {
			t.Errorf("%v:\n%s\nwant\n%s", err, got.Body, want.Body)
		}
		if logged != strings.Count(plain.log.String(), "canary") {
			t.Errorf("%v: logged %d times", err, logged)
		}
	}
}

func TestHumasOwnRefusalsHaveTheSameBody(t *testing.T) {
	e := newAPI(func() error { return nil })
	for _, c := range []struct {
		name, target, kind, body string
		status                   int
		places                   string
	}{
		{"good", "/things", "application/json", `{"title":"x"}`, 200, ""},
		{"missing member", "/things", "application/json", `{}`, 422, "title"},
		{"two mistakes", "/things?limit=10", "application/json", `{"title":"","secret":"canary-secret"}`, 422, "query.limit secret title"},
		{"unknown member", "/things", "application/json", `{"title":"x","role":"administrator"}`, 422, "role"}, // SEC-019
		{"wrong type", "/things", "application/json", `{"title":7}`, 422, "title"},
		{"no JSON", "/things", "application/json", `{"title":canary`, 400, "body"},
		{"after the value", "/things", "application/json", `{"title":"x"} {}`, 400, "body"},
		{"no body", "/things", "application/json", ``, 400, ""},
		{"twice", "/things", "application/json", `{"title":"x","title":"y"}`, 400, "body"},               // SEC-029
		{"twice, escaped", "/things", "application/json", `{"title":"x","\u0074itle":"y"}`, 400, "body"}, // SEC-029
		{"deep", "/things", "application/json", strings.Repeat("[", 10_000), 400, "body"},                // SEC-101
		{"not UTF-8", "/things", "application/json", "{\"title\":\"\xff\"}", 400, "body"},                // SEC-225
		{"huge number", "/things", "application/json", `{"title":"x","n":1e400}`, 400, "body"},           // SEC-225
		{"text/plain", "/things", "text/plain", `{"title":"x"}`, 415, "body"},                            // SEC-061
		{"form", "/things", "application/x-www-form-urlencoded", `title=x`, 415, "body"},                 // SEC-061
		{"no type", "/things", "", `{"title":"x"}`, 415, ""},                                             // SEC-061
		{"xml", "/things", "application/xml", `<x/>`, 415, "body"},
		{"too large", "/things", "application/json", `{"title":"` + strings.Repeat("x", 1<<20) + `"}`, 413, ""}, // SEC-217
	} {
		t.Run(c.name, func(t *testing.T) {
			rec := e.do("POST", "/api/v1"+c.target, c.body, "Content-Type", c.kind)
			if c.status == 200 {
				if rec.Code != 200 {
					t.Fatalf("%d: %s", rec.Code, rec.Body)
				}
				return
			}
			v := problem(t, rec, c.status)
			var places []string
			for _, f := range list(v["errors"]) {
				if len(f) != 2 || f["message"] == "" {
					t.Errorf("mistake %v", f)
				}
				places = append(places, f["location"].(string))
			}
			if got := strings.Join(places, " "); got != c.places {
				t.Errorf("places %q, want %q: %s", got, c.places, rec.Body)
			}
			if strings.Contains(rec.Body.String(), "canary") || strings.Contains(rec.Body.String(), "Go struct") {
				t.Errorf("the input or our insides are echoed: %s", rec.Body)
			}
		})
	}
}

func list(v any) []map[string]any {
	items, _ := v.([]any)
	var all []map[string]any
	for _, i := range items {
		all = append(all, i.(map[string]any))
	}
	return all
}

// SEC-101, SEC-225: hostile JSON is refused; in more than linear time these
// would not end within the test's.
func TestHostileJSONIsRefused(t *testing.T) {
	var keys strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&keys, `"k%d":0,`, i)
	}
	for name, body := range map[string]string{
		"brackets": strings.Repeat("[", 1<<20-1),
		"objects":  strings.Repeat(`{"a":`, 200_000),
		"keys":     "{" + keys.String(),
		"digits":   strings.Repeat("9", 1<<20-1) + "x",
	} {
		if err := httpx.CheckJSON([]byte(body)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzCheckJSON(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":1,"a":2}`, `[1,{"b":[]}]`, `"x"`, `{"a":{"a":"a"},"b":"a"}`, `nul`, `[`, `]`, `{"":{"":{}}}`, `1 2`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := httpx.CheckJSON(data)
		if err == nil && !json.Valid(data) {
			t.Fatalf("accepted %q", data)
		}
		if err != nil && strings.Contains(err.Error(), "not valid JSON") && json.Valid(data) {
			t.Fatalf("refused %q: %v", data, err)
		}
	})
}

func TestTheAPIDocument(t *testing.T) {
	e := newAPI(func() error { return nil })
	rec := e.do("GET", "/api/openapi.json", "")
	if rec.Code != 200 || rec.Header().Get("Content-Type") != "application/openapi+json" {
		t.Fatalf("%d %s", rec.Code, rec.Header())
	}
	doc, err := openapi3.NewLoader().LoadFromData(rec.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI[:3] != "3.1" || doc.Info.Version != "1.2.3" || doc.Servers[0].URL != "/api/v1" || doc.Paths.Find("/things") == nil {
		t.Fatalf("document %s", rec.Body)
	}
	failure := doc.Components.Schemas["ProblemDetails"]
	if failure == nil || failure.Value.Properties["errors"] == nil {
		t.Fatal("the problem is not described")
	}
	for _, gone := range []string{"/api/v1/docs", "/api/v1/openapi.json", "/api/v1/schemas/Thing.json"} {
		problem(t, e.do("GET", gone, ""), 404)
	}
}

// The page loads nothing from anybody else, and has no inline script or style
// that its policy would block.
func TestTheDocumentsPageAsksNobodyElse(t *testing.T) {
	e := newAPI(func() error { return nil })
	page := e.do("GET", "/api/docs", "")
	if page.Code != 200 || !strings.HasPrefix(page.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("%d %v", page.Code, page.Header())
	}
	html := page.Body.String()
	if regexp.MustCompile(`<script>|<style|\son\w+=|style=|https?://|//[a-z]`).MatchString(html) {
		t.Fatalf("the page has inline code or a foreign address:\n%s", html)
	}
	for _, m := range regexp.MustCompile(`(?:src|href)="(/[^"]+)"`).FindAllStringSubmatch(html, -1) {
		rec := e.do("GET", m[1], "")
		if rec.Code != 200 || rec.Body.Len() == 0 {
			t.Errorf("%s: %d", m[1], rec.Code)
		}
		if strings.Contains(m[1], "/docs/") {
			if again := e.do("GET", m[1], "", "If-None-Match", rec.Header().Get("ETag")); again.Code != 304 || again.Body.Len() != 0 {
				t.Errorf("%s asked again: %d", m[1], again.Code)
			}
			if strings.HasSuffix(m[1], ".css") && regexp.MustCompile(`url\(["']?https?:|@import`).MatchString(rec.Body.String()) {
				t.Errorf("%s loads from elsewhere", m[1])
			}
		}
	}
	csp := page.Header().Get("Content-Security-Policy")
	if strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'self'") {
		t.Errorf("policy %s", csp)
	}
	if rec := e.do("GET", "/api/docs/README.md", ""); rec.Code != 404 {
		t.Errorf("a file beside the page: %d", rec.Code)
	}
}
