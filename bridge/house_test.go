package bridge_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/bridge"
	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/bridge/intercom/intercomjudge"
	"github.com/deskbridge/deskbridge/bridge/intercom/intercomtest"
	"github.com/deskbridge/deskbridge/bridge/workspace"
	"github.com/deskbridge/deskbridge/internal/audit"
	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/db/dbtest"
	"github.com/deskbridge/deskbridge/internal/httpx"
	"github.com/deskbridge/deskbridge/internal/jobs"
	"github.com/deskbridge/deskbridge/internal/seal"
	"github.com/deskbridge/deskbridge/tickets"
)

const (
	appID  = "ws_test"
	secret = "client-secret-of-the-test"
	token  = "access-token-of-the-test"
)

// logbook keeps what was logged.
type logbook struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// house is the bridge between a stand-in for Intercom, whose every request and
// answer is judged, and the built-in desk.
type house struct {
	t       *testing.T
	db      *db.DB
	jobs    *jobs.Queue
	tickets *tickets.Service
	bridge  *bridge.Service
	stand   *intercomtest.Server
	server  *httptest.Server
	log     *logbook
	// detour, when set, takes the next post to Intercom.
	detour atomic.Pointer[func(*http.Request, http.RoundTripper) (*http.Response, error)]
	actor  tickets.Actor

	org, other     tickets.Organisation
	pablo, jane    tickets.Person
	user           intercom.Contact // Pablo as Intercom knows him
	agent, foreign intercom.Admin   // Jane, and somebody the desk does not know
}

// open builds a house; change may alter the workspace before it is applied.
func open(t *testing.T, change func(*workspace.Workspace)) *house {
	t.Helper()
	h := &house{t: t, db: dbtest.New(t), log: &logbook{}, actor: tickets.System(1, "Test")}
	log := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	box, err := seal.New(seal.Key{ID: "1", Bytes: make([]byte, 32)})
	h.must(err)
	h.jobs = jobs.NewQueue(h.db, jobs.Config{Log: log, Poll: 20 * time.Millisecond, Rand: func() float64 { return 0.02 }})
	auditor := audit.New(h.db, audit.Config{})
	h.tickets = tickets.New(h.db, tickets.Config{Files: t.TempDir(), BaseURL: "http://desk.test", Audit: auditor,
		Notify: func(tx *gorm.DB, c tickets.Change) error {
			if c.Kind == tickets.Created || c.Entry != nil && c.Entry.Marker != "" {
				return nil
			}
			return h.bridge.TicketChanged(tx, c.DeskID, desk.Key{Class: string(c.Class), ID: strconv.FormatInt(c.TicketID, 10)})
		}})
	h.stand = intercomtest.New(intercomtest.Config{WorkspaceID: appID, ClientSecret: secret, AccessToken: token})
	judged := intercomjudge.JudgeTransport(t, h.stand.Transport())
	h.bridge = bridge.New(h.db, h.jobs, box, auditor, h.tickets, bridge.Config{PublicURL: "http://desk.test", Log: log,
		Transport: func(bool) http.RoundTripper { return crossing{h, judged} }})
	t.Cleanup(h.bridge.Close)
	engine := httpx.New(httpx.Config{Log: log, MaxBody: 1 << 20, CSRFExempt: bridge.Prefixes()})
	h.bridge.Mount(engine)
	h.server = httptest.NewServer(engine)
	t.Cleanup(h.server.Close)
	h.stand.Point(h.server.URL+bridge.PathWebhooks, h.server.URL+"/intercom/canvas")
	h.people()
	h.apply(change)
	h.work()
	return h
}

// crossing sends Intercom's calls to the stand-in and the rest where it belongs.
type crossing struct {
	h        *house
	intercom http.RoundTripper
}

func (c crossing) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Hostname() == "intercom.test" {
		if r.Method == http.MethodPost {
			if detour := c.h.detour.Swap(nil); detour != nil {
				return (*detour)(r, c.intercom)
			}
		}
		return c.intercom.RoundTrip(r)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) people() {
	h.t.Helper()
	ctx := h.t.Context()
	orgs, err := h.tickets.CreateOrganisations(ctx, h.actor, tickets.Organisation{Name: "Demo"}, tickets.Organisation{Name: "Other"})
	h.must(err)
	h.org, h.other = orgs[0], orgs[1]
	ps, err := h.tickets.CreatePersons(ctx, h.actor,
		tickets.Person{OrgID: h.org.ID, FirstName: "Pablo", Name: "Picasso", Email: "pablo@demo.test"},
		tickets.Person{OrgID: h.org.ID, FirstName: "Jane", Name: "Agent", Email: "jane@demo.test"})
	h.must(err)
	h.pablo, h.jane = ps[0], ps[1]
	h.user = h.stand.AddContact(intercom.Contact{Name: "Pablo P.", Email: "pablo@demo.test",
		CustomAttributes: map[string]any{"itop_contact_class": "Person", "itop_contact_id": strconv.FormatInt(h.pablo.ID, 10)}})
	h.agent = h.stand.AddAdmin(intercom.Admin{Name: "Jane from Intercom", Email: "jane@demo.test"})
	h.foreign = h.stand.AddAdmin(intercom.Admin{Name: "Max Stranger", Email: "max@agency.test"})
}

// setup is the workspace that most tests use.
func setup() workspace.Workspace {
	w := workspace.New("test")
	w.Name, w.Channel.APIBase, w.Channel.AllowPrivate = "Test", "http://intercom.test", true
	w.Sync.Settle = 10 * time.Millisecond
	w.Integration.Workspaces = workspace.Scopes{{AppID: appID, Scope: "SELECT Organization"}}
	w.Integration.ClientSecret, w.Integration.AccessToken = secret, token
	return w
}

func (h *house) apply(change func(*workspace.Workspace)) {
	h.t.Helper()
	w := setup()
	if change != nil {
		change(&w)
	}
	text, err := workspace.Marshal(w, true)
	h.must(err)
	_, err = h.bridge.Apply(h.t.Context(), 1, "test", string(text), workspace.Options{}, false)
	h.must(err)
}

// work runs the jobs until the test ends.
func (h *house) work() {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.jobs.Run(ctx) }()
	h.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			h.t.Errorf("jobs: %v", err)
		}
	})
}

// eventually waits until what holds, and fails with the reason it gives
// otherwise.
func (h *house) eventually(what func() string) {
	h.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		why := what()
		if why == "" {
			return
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("still not so: %s\n%s", why, h.log)
		}
		select {
		case <-h.t.Context().Done():
			h.t.Fatal(why)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// settle delivers what Intercom has to tell and waits until nothing is left to
// be done.
func (h *house) settle() {
	h.t.Helper()
	h.eventually(func() string {
		h.stand.DeliverDue(h.t.Context())
		counts, err := h.jobs.Counts(h.t.Context())
		h.must(err)
		for _, c := range counts {
			if c.State != jobs.Dead && c.Jobs > 0 {
				return "jobs are waiting"
			}
		}
		if h.stand.Waiting() > 0 {
			return "webhooks are waiting"
		}
		return ""
	})
}

// talk starts a conversation of Pablo's.
func (h *house) talk(html string) string {
	h.t.Helper()
	c, err := h.stand.StartConversation(h.user.ID, html)
	h.must(err)
	return c.ID
}

func (h *house) say(conversation string, m intercomtest.Message) intercom.Part {
	h.t.Helper()
	p, err := h.stand.Say(conversation, m)
	h.must(err)
	return p
}

// asUser, asAgent and note say something in a conversation.
func (h *house) asUser(c, html string) intercom.Part {
	return h.say(c, intercomtest.Message{ContactID: h.user.ID, HTML: html})
}

func (h *house) asAgent(c, html string) intercom.Part {
	return h.say(c, intercomtest.Message{AdminID: h.agent.ID, HTML: html})
}

func (h *house) note(c, html string) intercom.Part {
	return h.say(c, intercomtest.Message{AdminID: h.agent.ID, Kind: intercomtest.Note, HTML: html})
}

// card opens the app in a conversation; every canvas is judged.
func (h *house) card(conversation string) intercomtest.CanvasAnswer {
	h.t.Helper()
	return h.judge(h.stand.Initialize(h.t.Context(), conversation, h.agent.ID))
}

// click submits a component of a card.
func (h *house) click(conversation string, before intercomtest.CanvasAnswer, id string, inputs map[string]any) intercomtest.CanvasAnswer {
	h.t.Helper()
	return h.judge(h.stand.Submit(h.t.Context(), conversation, h.agent.ID, before, id, inputs))
}

func (h *house) judge(a intercomtest.CanvasAnswer, err error) intercomtest.CanvasAnswer {
	h.t.Helper()
	h.must(err)
	if a.Error != "" {
		h.t.Fatalf("Intercom would not draw the card: %s\n%s\n%s", a.Error, a.Body, h.log)
	}
	intercomjudge.JudgeCanvas(h.t, a.Body)
	return a
}

// create makes a ticket from a conversation through the card and returns it.
func (h *house) create(conversation string, inputs map[string]any) tickets.Ticket {
	h.t.Helper()
	form := h.click(conversation, h.card(conversation), "create-ticket", nil)
	in := map[string]any{"create-ticket::title": "From a chat", "create-ticket::description": "It broke.", "create-ticket::urgency": "create-ticket::urgency::3"}
	for k, v := range inputs {
		in[k] = v
	}
	done := h.click(conversation, form, "create-ticket-submit", in)
	for range 50 {
		if !strings.Contains(string(done.Body), "create-ticket-wait") {
			break
		}
		done = h.click(conversation, done, "create-ticket-wait", nil)
	}
	ref := refIn(string(done.Body))
	if ref == "" {
		h.t.Fatalf("no ticket was made: %s\n%s", done.Body, h.log)
	}
	t, err := h.tickets.ByRef(h.t.Context(), h.actor, ref)
	h.must(err)
	return t
}

func refIn(s string) string {
	i := strings.Index(s, "R-")
	if i < 0 || len(s) < i+8 {
		return ""
	}
	return s[i : i+8]
}

// entries returns a ticket's log, oldest first.
func (h *house) entries(t tickets.Ticket, log tickets.Log) []tickets.Entry {
	h.t.Helper()
	list, err := h.tickets.Entries(h.t.Context(), h.actor, t.ID, log)
	h.must(err)
	return list
}

// words are the texts of a ticket's log, without mark-up.
func (h *house) words(t tickets.Ticket, log tickets.Log) []string {
	h.t.Helper()
	var out []string
	for _, e := range h.entries(t, log) {
		out = append(out, strings.TrimSpace(untag(e.HTML)))
	}
	return out
}

func untag(s string) string {
	for {
		a, b, ok := strings.Cut(s, "<")
		if !ok {
			return s
		}
		_, b, _ = strings.Cut(b, ">")
		s = a + b
	}
}

// ids are the ids of what a card offers.
func ids(a intercomtest.CanvasAnswer) []string {
	var v any
	if json.Unmarshal(a.Canvas, &v) != nil {
		return nil
	}
	var out []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if id, ok := v["id"].(string); ok {
				out = append(out, id)
			}
			for _, k := range []string{"content", "components", "items", "options"} {
				walk(v[k])
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(v)
	return out
}

// find returns the component or item with an id.
func find(a intercomtest.CanvasAnswer, id string) map[string]any {
	var v any
	if json.Unmarshal(a.Canvas, &v) != nil {
		return nil
	}
	var found map[string]any
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if v["id"] == id {
				found = v
			}
			for _, e := range v {
				walk(e)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(v)
	return found
}

func messageBy(a intercom.Admin, html string) intercomtest.Message {
	return intercomtest.Message{AdminID: a.ID, HTML: html}
}
