package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/bridge/intercom"
)

func opts(change func(*options)) options {
	o := options{secret: "s3cret", app: "load", conversations: 7, connections: 4, requests: 100, duration: time.Minute, rounds: 1}
	if change != nil {
		change(&o)
	}
	return o
}

// What is sent reads as Intercom's, with ids of its own and a signature that
// fits.
func TestWebhook(t *testing.T) {
	var mu sync.Mutex
	ids, parts, conversations := map[string]int{}, map[string]bool{}, map[string]bool{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || intercom.VerifyWebhook("s3cret", r.Header.Get(intercom.WebhookHeader), body) != nil || r.URL.Path != pathWebhooks {
			t.Errorf("%s: signature %q does not fit: %v", r.URL.Path, r.Header.Get(intercom.WebhookHeader), err)
		}
		n, err := intercom.ParseNotification(body)
		if err != nil || len(n.Parts()) != 1 || n.AppID != "load" || n.Topic != intercom.TopicUserReplied {
			t.Errorf("%v: %s", err, body)
			return
		}
		if len(body) < 1800 || len(body) > 3000 {
			t.Errorf("a body of %d bytes", len(body))
		}
		mu.Lock()
		defer mu.Unlock()
		ids[n.ID]++
		parts[n.Parts()[0].ID] = true
		conversations[n.Conversation.ID] = true
		_, _ = w.Write([]byte(`{"status":"ok"}`))
	}))
	defer s.Close()
	to, err := parseTarget(s.URL, false)
	if err != nil {
		t.Fatal(err)
	}
	r, err := measure(t.Context(), opts(func(o *options) { o.duplicates = 0.25 }), to, 100)
	if err != nil {
		t.Fatal(err)
	}
	twice := 0
	for _, n := range ids {
		twice += n - 1
	}
	if r.statuses[200] != 100 || len(r.times) != 100 || r.repeated != twice || twice < 15 || twice > 25 || len(ids)+twice != 100 || len(parts) != len(ids) || len(conversations) != 7 {
		t.Errorf("%+v, %d ids, %d sent again, %d parts, %d conversations", r, len(ids), twice, len(parts), len(conversations))
	}
}

func TestCanvas(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || intercom.VerifyCanvas("s3cret", r.Header.Get(intercom.CanvasHeader), body) != nil {
			t.Errorf("the signature does not fit: %v", err)
		}
		c, err := intercom.ParseCanvasRequest(body)
		if err != nil || c.WorkspaceID != "load" || c.Conversation.ID == "" || !strings.HasSuffix(c.Contact.Email, "@load.example") {
			t.Errorf("%v: %s", err, body)
		}
		if link := r.URL.Path == pathSubmit; link != (c.ComponentID == "link-ticket::UserRequest::3") {
			t.Errorf("component %q at %s", c.ComponentID, r.URL.Path)
		}
		_, _ = w.Write([]byte(`{"canvas":{"content":{"components":[{"type":"text","text":"Ticket R-000003 is linked"}]}}}`))
	}))
	defer s.Close()
	to, err := parseTarget(s.URL, false)
	if err != nil {
		t.Fatal(err)
	}
	o := opts(func(o *options) { o.canvas, o.rate = true, 2000 })
	if r, err := measure(t.Context(), o, to, 20); err != nil || r.statuses[200] != 20 {
		t.Errorf("%v %+v", err, r)
	}
	if err := newTalk(o, to).link(t.Context(), 2); err != nil {
		t.Error(err)
	}
}

// A failed connection is not made again, and what came back is told apart.
func TestAnswers(t *testing.T) {
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n++; n == 3 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer s.Close()
	to, err := parseTarget(s.URL, false)
	if err != nil {
		t.Fatal(err)
	}
	r, err := measure(t.Context(), opts(func(o *options) { o.connections = 1 }), to, 100)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.answers(); got != "503: 2, EOF: 1" || r.perSecond() != 0 {
		t.Errorf("%s, %f/s", got, r.perSecond())
	}
}

func TestTargets(t *testing.T) {
	for _, c := range []struct {
		url    string
		remote bool
		ok     bool
	}{
		{"http://127.0.0.1:8080", false, true},
		{"http://[::1]:8080/", false, true},
		{"http://localhost:8080", false, true},
		{"http://10.0.0.1:8080", false, false},
		{"http://desk.example.com", false, false},
		{"http://localhost.example.com", false, false},
		{"http://desk.example.com", true, true},
		{"https://127.0.0.1", false, false},
		{"http://127.0.0.1/path", false, false},
		{"127.0.0.1:8080", false, false},
	} {
		if _, err := parseTarget(c.url, c.remote); (err == nil) != c.ok {
			t.Errorf("%s, remote %v: %v", c.url, c.remote, err)
		}
	}
}

func TestOptions(t *testing.T) {
	t.Setenv(secretVariable, "")
	for _, c := range []struct {
		args string
		ok   bool
	}{
		{"-secret s -n 10 -c 2 -duplicates 5%", true},
		{"-secret s -duplicates 0.05", true},
		{"-n 10", false},
		{"-secret s -duplicates 95%", false},
		{"-secret s -c 0", false},
		{"-secret s -n 100000000", false},
		{"-secret s -duration 2h", false},
		{"-secret s extra", false},
		{"-secret s -canvas -baseline", false},
		{"-seed 10", false},
		{"-seed 10 -database sqlite:x", true},
	} {
		if _, err := parse(strings.Fields(c.args), io.Discard); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.args, err)
		}
	}
}

func TestQuantiles(t *testing.T) {
	var r result
	for i := range 100 {
		r.times = append(r.times, time.Duration(i+1)*time.Millisecond)
	}
	for q, want := range map[float64]time.Duration{0.5: 50, 0.99: 99, 1: 100, 0: 1} {
		if got := r.quantile(q); got != want*time.Millisecond {
			t.Errorf("%g: %s", q, got)
		}
	}
	if (result{}).quantile(0.5) != 0 {
		t.Error("nothing was measured")
	}
}

// The baseline serves until its standard input ends, and refuses what is not
// signed.
func TestBaseline(t *testing.T) {
	stdin, hold := io.Pipe()
	line, out := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- serveBaseline(context.Background(), "s3cret", stdin, out) }()
	address := make([]byte, 200)
	n, err := line.Read(address)
	if err != nil {
		t.Fatal(err)
	}
	to, err := parseTarget(strings.TrimSpace(string(address[:n])), false)
	if err != nil {
		t.Fatal(err)
	}
	for secret, want := range map[string]int{"s3cret": 200, "other": 401} {
		r, err := measure(t.Context(), opts(func(o *options) { o.secret = secret }), to, 20)
		if err != nil || r.statuses[want] != 20 {
			t.Errorf("%s: %v %+v", secret, err, r)
		}
	}
	_ = hold.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
