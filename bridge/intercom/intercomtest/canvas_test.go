package intercomtest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/bridge/intercom/intercomjudge"
	"github.com/deskbridge/deskbridge/bridge/intercom/intercomtest"
	"github.com/deskbridge/deskbridge/internal/errs"
)

func contextWithCancel(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithCancel(t.Context())
}

// app answers canvas calls with what it was asked.
func app(t *testing.T, answer func(r intercom.CanvasRequest) any) *httptest.Server {
	t.Helper()
	intercomjudge.Load(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			t.Error(err)
		}
		if err := intercom.VerifyCanvas(secret, q.Header.Get(intercom.CanvasHeader), body); err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		intercomjudge.JudgeCanvasRequest(t, body)
		r, err := intercom.ParseCanvasRequest(body)
		if err != nil {
			t.Error(err)
		}
		if want := map[bool]string{false: "/initialize", true: "/submit"}[r.Submit()]; q.URL.Path != want {
			t.Errorf("%q came to %s", r.ComponentID, q.URL.Path)
		}
		if err := json.NewEncoder(w).Encode(answer(r)); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(srv.Close)
	return srv
}

func TestCanvasCalls(t *testing.T) {
	s := newScene(t, intercomtest.Config{WorkspaceID: "abcd123", Region: intercom.EU})
	id := s.start(t)
	var last intercom.CanvasRequest
	srv := app(t, func(r intercom.CanvasRequest) any {
		last = r
		return intercom.Answer{Canvas: intercom.Canvas{
			Components: []intercom.Component{intercom.Paragraph("hello"), intercom.SubmitButton("go", "Go", "")},
			StoredData: map[string]any{"step": 1},
		}}
	})
	s.Point("", srv.URL)
	a, err := s.Initialize(t.Context(), id, s.jane.ID)
	if err != nil || a.Error != "" || a.Status != 200 || len(a.Parsed.Components) != 2 {
		t.Fatalf("Initialize = %+v, %v", a, err)
	}
	intercomjudge.JudgeCanvas(t, a.Body)
	if last.WorkspaceID != "abcd123" || last.Region != "EU" || last.Admin.ID != s.jane.ID || last.Contact.ID != s.pablo.ID ||
		last.Conversation.ID != id || last.Conversation.Source.Body != "<p>The printer is jammed.</p>" {
		t.Errorf("initialize said %+v", last)
	}
	a, err = s.Submit(t.Context(), id, s.jane.ID, a, "go", map[string]any{"title": "T"})
	if err != nil || a.Error != "" {
		t.Fatalf("Submit = %+v, %v", a, err)
	}
	if last.ComponentID != "go" || last.Input("title") != "T" || last.Stored("step") != "1" || len(last.Components) != 2 {
		t.Errorf("submit said %+v", last)
	}
	_, err = s.Initialize(t.Context(), "404", s.jane.ID)
	wantKind(t, err, errs.NotFound)
	_, err = s.Initialize(t.Context(), id, "404")
	wantKind(t, err, errs.NotFound)
}

func TestCanvasesThatIntercomWouldNotDraw(t *testing.T) {
	s := newScene(t, intercomtest.Config{})
	id := s.start(t)
	for name, answer := range map[string]any{
		"no canvas":    map[string]any{},
		"one option":   intercom.Answer{Canvas: intercom.Canvas{Components: []intercom.Component{intercom.Dropdown{ID: "d", Options: []intercom.Option{{ID: "a", Text: "A"}}}}}},
		"an odd field": json.RawMessage(`{"canvas":{"content":{"components":[{"type":"divider","margin_bottom":"none"}]}}}`),
	} {
		t.Run(name, func(t *testing.T) {
			s.Point("", app(t, func(intercom.CanvasRequest) any { return answer }).URL)
			a, err := s.Initialize(t.Context(), id, s.jane.ID)
			if err != nil || a.Status != 200 || a.Error == "" {
				t.Errorf("Initialize = %+v, %v", a, err)
			}
		})
	}
	t.Run("refused", func(t *testing.T) {
		s.Rotate("another", "")
		defer s.Rotate(secret, "")
		s.Point("", app(t, func(intercom.CanvasRequest) any { return nil }).URL)
		a, err := s.Initialize(t.Context(), id, s.jane.ID)
		if err != nil || a.Status != 401 || a.Error == "" || a.Canvas != nil {
			t.Errorf("Initialize = %+v, %v", a, err)
		}
	})
	t.Run("no answer", func(t *testing.T) {
		s.Point("", "http://127.0.0.1:1")
		a, err := s.Initialize(t.Context(), id, s.jane.ID)
		if err != nil || a.Status != 0 || !strings.Contains(a.Error, "refused") {
			t.Errorf("Initialize = %+v, %v", a, err)
		}
	})
}
