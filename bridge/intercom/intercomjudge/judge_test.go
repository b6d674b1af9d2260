package intercomjudge

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// witness collects what a judge says, so that a test can judge the judge.
type witness struct {
	testing.TB
	said []string
}

func (w *witness) Helper() {}
func (w *witness) Errorf(format string, args ...any) {
	w.said = append(w.said, fmt.Sprintf(format, args...))
}

func TestPackedDescriptionsAreTheOriginals(t *testing.T) {
	dir := sharedDir()
	if dir == "" {
		t.Skip("no originals beside the repository")
	}
	for _, name := range []string{restFile, canvasFile} {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := packedFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s differs from its packed copy", name)
		}
	}
}

func TestJudgeCanvas(t *testing.T) {
	canvas := func(components string) string {
		return `{"canvas":{"content":{"components":[` + components + `]}}}`
	}
	option := func(id string) string { return `{"type":"option","id":"` + id + `","text":"t"}` }
	for _, c := range []struct {
		name, raw string
		fits      bool
	}{
		{"text", canvas(`{"type":"text","text":"hello"}`), true},
		{"a list item with an image", canvas(`{"type":"list","items":[{"type":"item","id":"a","title":"t","image":"https://x.example/a.png","image_width":18,"image_height":18,"action":{"type":"submit"}}]}`), true},
		{"two options", canvas(`{"type":"dropdown","id":"d","options":[` + option("1") + "," + option("2") + `]}`), true},
		{"one option", canvas(`{"type":"dropdown","id":"d","options":[` + option("1") + `]}`), false},
		{"a number for a text", canvas(`{"type":"text","text":5}`), false},
		{"an unknown component", canvas(`{"type":"marquee","text":"hello"}`), false},
		{"an unknown style", canvas(`{"type":"text","text":"hello","style":"loud"}`), false},
		{"a misspelt field", canvas(`{"type":"divider","margin_bottom":"none"}`), false},
		{"a checkbox without a label", canvas(`{"type":"checkbox","id":"c","option":[` + option("1") + `]}`), false},
		{"options of a checkbox in the plural", canvas(`{"type":"checkbox","id":"c","label":"l","options":[` + option("1") + `]}`), false},
		{"no canvas", `{"content":{"components":[]}}`, false},
		{"no JSON", `<html>`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &witness{TB: t}
			JudgeCanvas(w, []byte(c.raw))
			if fits := len(w.said) == 0; fits != c.fits {
				t.Errorf("fits = %v, want %v: %v", fits, c.fits, w.said)
			}
		})
	}
}

func TestJudgeTransport(t *testing.T) {
	for _, c := range []struct {
		name, method, path, body, answer string
		status                           int
		complaint                        string
	}{
		{"fits", "GET", "/me", "", `{"type":"admin","id":"1"}`, 200, ""},
		{"a wrong answer", "GET", "/me", "", `{"type":"admin","id":1}`, 200, "the answer 200 to GET /me"},
		{"an unknown call", "GET", "/nothing/here", "", `{}`, 200, "is not in Intercom's description"},
		{"a wrong request", "POST", "/conversations/1/reply", `{"message_type":"shout","type":"admin","admin_id":"1"}`, `{}`, 200, "POST /conversations/1/reply does not fit"},
		{"a proper refusal", "GET", "/me", "", `{"type":"error.list","errors":[{"code":"rate_limit_exceeded"}]}`, 429, ""},
		{"a refusal in words of its own", "GET", "/me", "", `{"error":"slow down"}`, 429, "is no error list"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &witness{TB: t}
			next := roundTrip(func(*http.Request) *http.Response {
				rec := httptest.NewRecorder()
				rec.Header().Set("Content-Type", "application/json")
				rec.WriteHeader(c.status)
				io.WriteString(rec, c.answer) //nolint:errcheck // into memory
				return rec.Result()
			})
			r := httptest.NewRequestWithContext(t.Context(), c.method, "https://api.intercom.io"+c.path, strings.NewReader(c.body))
			r.Header.Set("Authorization", "Bearer t")
			r.Header.Set("Intercom-Version", "2.16")
			r.Header.Set("Content-Type", "application/json")
			res, err := JudgeTransport(w, next).RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			if err != nil || string(body) != c.answer {
				t.Errorf("the answer came through as %q, %v", body, err)
			}
			said := strings.Join(w.said, "\n")
			if (said == "") != (c.complaint == "") || !strings.Contains(said, c.complaint) {
				t.Errorf("the judge said %q, want %q", said, c.complaint)
			}
		})
	}
}

type roundTrip func(*http.Request) *http.Response

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }
