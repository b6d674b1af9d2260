package intercomtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/bridge/intercom/intercomjudge"
	"github.com/deskbridge/deskbridge/bridge/intercom/intercomtest"
	"github.com/deskbridge/deskbridge/internal/errs"
)

const secret, token = "client-secret", "access-token"

// clock is a clock that tests turn.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// receiver is a bridge that remembers what it gets. Signatures are checked as
// the bridge checks them.
type receiver struct {
	t      *testing.T
	status func(n int) int // status of the n-th request; nil for 200

	mu     sync.Mutex
	secret string
	got    []intercom.Notification
	bodies []string
	heads  int
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if q.Method == http.MethodHead {
		r.heads++
		return
	}
	body, err := io.ReadAll(q.Body)
	if err != nil {
		r.t.Error(err)
	}
	if err := intercom.VerifyWebhook(r.secret, q.Header.Get(intercom.WebhookHeader), body); err != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	n, err := intercom.ParseNotification(body)
	if err != nil {
		r.t.Error(err)
	}
	r.got, r.bodies = append(r.got, n), append(r.bodies, string(body))
	if r.status != nil {
		w.WriteHeader(r.status(len(r.got)))
	}
}

func (r *receiver) topics() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for _, n := range r.got {
		list = append(list, n.Topic)
	}
	return strings.Join(list, " ")
}

type scene struct {
	*intercomtest.Server
	*receiver
	*clock
	client     *intercom.Client
	jane       intercom.Admin
	pablo      intercom.Contact
	webhookURL string
}

func newScene(t *testing.T, c intercomtest.Config) *scene {
	t.Helper()
	s := &scene{receiver: &receiver{t: t, secret: secret}, clock: &clock{now: time.Date(2026, 11, 21, 1, 2, 3, 0, time.UTC)}}
	srv := httptest.NewServer(s.receiver)
	t.Cleanup(srv.Close)
	s.webhookURL = srv.URL
	c.ClientSecret, c.AccessToken, c.WebhookURL, c.Now = secret, token, srv.URL, s.clock.Now
	s.Server = intercomtest.New(c)
	s.jane = s.AddAdmin(intercom.Admin{Name: "Jane Doe", Email: "jane.doe@demo.com"})
	s.pablo = s.AddContact(intercom.Contact{Name: "Pablo Picasso", Email: "pablo.picasso@demo.com"})
	k, err := intercom.New(intercom.Config{Token: token, APIBase: "http://intercom.test", Transport: intercomjudge.JudgeTransport(t, s.Transport()), Now: s.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	s.client = k
	return s
}

func (s *scene) start(t *testing.T) string {
	t.Helper()
	v, err := s.StartConversation(s.pablo.ID, "<p>The printer is jammed.</p>")
	if err != nil {
		t.Fatal(err)
	}
	return v.ID
}

func (s *scene) say(t *testing.T, id string, m intercomtest.Message) intercom.Part {
	t.Helper()
	p, err := s.Say(id, m)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTopics(t *testing.T) {
	s := newScene(t, intercomtest.Config{})
	if err := s.Connect(t.Context()); err != nil || s.heads != 1 {
		t.Fatalf("Connect: %v, %d HEAD requests", err, s.heads)
	}
	id := s.start(t)
	s.say(t, id, intercomtest.Message{ContactID: s.pablo.ID, HTML: "<p>Hello?</p>"})
	bot := s.say(t, id, intercomtest.Message{HTML: "<p>One moment.</p>"})
	s.say(t, id, intercomtest.Message{AdminID: s.jane.ID, Kind: intercomtest.Assign, Assignee: s.jane.ID})
	s.say(t, id, intercomtest.Message{AdminID: s.jane.ID, Kind: intercomtest.Note, HTML: "<p>tray</p>"})
	gone := s.say(t, id, intercomtest.Message{AdminID: s.jane.ID, HTML: "<p>secret</p>", Files: []intercom.File{{Name: "a.txt", ContentType: "text/plain", Data: []byte("x")}}})
	s.say(t, id, intercomtest.Message{AdminID: s.jane.ID, Kind: intercomtest.Close})
	s.say(t, id, intercomtest.Message{AdminID: s.jane.ID, Kind: intercomtest.Open})
	if err := s.Redact(id, gone.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Rate(id, 4, "Fine"); err != nil {
		t.Fatal(err)
	}
	s.DeliverDue(t.Context())
	want := "ping conversation.user.created conversation.user.replied conversation.operator.replied conversation.admin.replied " +
		"conversation.admin.assigned conversation.admin.open.assigned conversation.admin.noted conversation.admin.replied " +
		"conversation.admin.closed conversation.admin.opened conversation_part.redacted conversation.rating.added"
	if got := s.topics(); got != want {
		t.Fatalf("topics\n%s\nwant\n%s", got, want)
	}
	if p := s.got[1].Parts(); len(p) != 1 || !p[0].Source {
		t.Errorf("the new conversation brings %+v", p)
	}
	for _, n := range s.got[3:5] {
		if p := n.Parts(); len(p) != 1 || p[0].ID != bot.ID || p[0].Author.Type != intercom.AuthorBot {
			t.Errorf("%s brings %+v", n.Topic, p)
		}
	}
	if p := s.got[11].Parts(); len(p) != 1 || p[0].ID != gone.ID || p[0].Body != "" || !p[0].Redacted {
		t.Errorf("the redacted part: %+v", p)
	}
	if r := s.got[12].Conversation.Rating; r.Score != 4 || r.Remark != "Fine" {
		t.Errorf("the rating: %+v", r)
	}
	if strings.Contains(s.bodies[11], "secret") {
		t.Error("a redacted text is told")
	}
}

// IC-41: every instance has an Intercom app of its own. What one app signs and
// opens, the other refuses.
func TestIC41_AppsOfTheirOwn(t *testing.T) {
	ours, theirs := newScene(t, intercomtest.Config{}), newScene(t, intercomtest.Config{})
	theirs.Rotate("their-secret", "their-token")
	theirs.receiver.secret = "their-secret"
	ours.start(t)
	ours.Point(theirs.webhookURL, "")
	ours.start(t)
	ours.DeliverDue(t.Context())
	if d := ours.Deliveries(); d[0].Status != 401 || d[1].Status != 401 || len(theirs.got) != 0 {
		t.Errorf("the other instance took %+v", d)
	}
	ours.Point(ours.webhookURL, "")
	ours.start(t)
	ours.DeliverDue(t.Context())
	if len(ours.got) != 1 {
		t.Errorf("the own instance took %d", len(ours.got))
	}
	_, err := theirs.client.Me(t.Context())
	wantKind(t, err, errs.Denied)
}

// A stand-in behind a prefix, as the simulator mounts it.
func TestBaseURLWithAPrefix(t *testing.T) {
	s := newScene(t, intercomtest.Config{BaseURL: "http://127.0.0.1:8080/simulator/api/"})
	k, err := intercom.New(intercom.Config{Token: token, APIBase: "http://127.0.0.1:8080/simulator/api", Transport: s.Transport()})
	if err != nil {
		t.Fatal(err)
	}
	p, err := k.Reply(t.Context(), s.start(t), intercom.Reply{
		AdminID: s.jane.ID, HTML: "x", Files: []intercom.File{{Name: "a b.txt", ContentType: "text/plain", Data: []byte("x")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if f, err := k.Download(t.Context(), p.Attachments[0].URL, 10); err != nil || f.Name != "a b.txt" {
		t.Errorf("Download(%s) = %+v, %v", p.Attachments[0].URL, f, err)
	}
}

// What our client writes comes back as a webhook, like the real one's.
func TestEcho(t *testing.T) {
	s := newScene(t, intercomtest.Config{AppPackageCode: "our-app"})
	id := s.start(t)
	p, err := s.client.Reply(t.Context(), id, intercom.Reply{AdminID: s.jane.ID, HTML: "<p>R-000001</p>"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.Reply(t.Context(), id, intercom.Reply{AdminID: s.jane.ID, Note: true, HTML: "<p>linked</p>"}); err != nil {
		t.Fatal(err)
	}
	s.DeliverDue(t.Context())
	if got := s.topics(); got != "conversation.user.created conversation.admin.replied conversation.admin.noted" {
		t.Fatalf("topics %s", got)
	}
	if e := s.got[1].Parts(); len(e) != 1 || e[0].ID != p.ID || e[0].AppPackageCode != "our-app" {
		t.Errorf("echo %+v of %+v", e, p)
	}
}

func TestPlainTextWebhooks(t *testing.T) {
	s := newScene(t, intercomtest.Config{PlainText: true})
	id := s.start(t)
	s.say(t, id, intercomtest.Message{ContactID: s.pablo.ID, HTML: `<p>See <a href="https://x.example">here</a> &amp; <b>there</b><br>now</p>`})
	s.DeliverDue(t.Context())
	if got := s.got[1].Parts()[0].Body; got != "See here (https://x.example) & there\nnow" {
		t.Errorf("body %q", got)
	}
	v, err := s.client.Conversation(t.Context(), id)
	if err != nil || !strings.HasPrefix(v.Parts[0].Body, "<p>See <a") {
		t.Errorf("read again it is %q, %v", v.Parts[0].Body, err)
	}
}

func TestRESTRefusals(t *testing.T) {
	s := newScene(t, intercomtest.Config{})
	ctx := t.Context()
	_, err := s.client.Conversation(ctx, "404")
	wantKind(t, err, errs.NotFound)
	_, err = s.client.Contact(ctx, "404")
	wantKind(t, err, errs.NotFound)
	_, err = s.client.Reply(ctx, s.start(t), intercom.Reply{AdminID: "404", HTML: "x"})
	wantKind(t, err, errs.NotFound)
	_, err = s.client.Reply(ctx, s.start(t), intercom.Reply{AdminID: s.jane.ID})
	wantKind(t, err, errs.Invalid)
	_, err = s.client.Assign(ctx, s.start(t), s.jane.ID, intercom.Assignee{Type: "admin", ID: "404"}, "")
	wantKind(t, err, errs.NotFound)
}

func wantKind(t *testing.T, err error, k errs.Kind) {
	t.Helper()
	if !errs.Is(err, k) {
		t.Errorf("%v is of kind %q, want %q", err, errs.KindOf(err), k)
	}
}

// The queries that the description knows and the client does not use.
func TestSearchFilters(t *testing.T) {
	s := newScene(t, intercomtest.Config{})
	open, closed := s.start(t), s.start(t)
	s.say(t, closed, intercomtest.Message{AdminID: s.jane.ID, Kind: intercomtest.Close})
	via := intercomjudge.JudgeTransport(t, s.Transport())
	for query, want := range map[string]string{
		`{"field":"state","operator":"=","value":"open"}`:                                                                                    open,
		`{"field":"state","operator":"!=","value":"open"}`:                                                                                   closed,
		`{"field":"id","operator":"IN","value":["` + closed + `"]}`:                                                                          closed,
		`{"field":"id","operator":"NIN","value":["` + closed + `"]}`:                                                                         open,
		`{"operator":"AND","value":[{"field":"state","operator":"=","value":"closed"},{"field":"updated_at","operator":">","value":1}]}`:     closed,
		`{"operator":"OR","value":[{"field":"state","operator":"=","value":"closed"},{"field":"id","operator":"=","value":"` + open + `"}]}`: closed + " " + open,
		`{"field":"updated_at","operator":"<","value":1}`:                                                                                    "",
	} {
		body := `{"query":` + query + `}`
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://intercom.test/conversations/search", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Intercom-Version", intercom.Version)
		r.Header.Set("Content-Type", "application/json")
		res, err := via.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		var page struct {
			Conversations []struct{ ID string }
		}
		if err := json.NewDecoder(res.Body).Decode(&page); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range page.Conversations {
			got = append(got, c.ID)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s finds %v, want %s", query, got, want)
		}
	}
}
