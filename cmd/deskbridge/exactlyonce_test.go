package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/bridge"
	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/bridge/intercom/intercomtest"
	"github.com/deskbridge/deskbridge/bridge/itop"
	"github.com/deskbridge/deskbridge/bridge/itop/itoptest"
	"github.com/deskbridge/deskbridge/bridge/workspace"

	"github.com/deskbridge/deskbridge/bridge/desk"
)

// place is where the tickets of the storm live.
type place struct {
	apply func(*workspace.Workspace)
	down  func(bool) // nil when it cannot be switched off
	// markers returns the parts that a ticket's logs hold, in the order of the logs.
	markers                          func(ticket string) []string
	messages, conversations, senders int
}

// Exactly once, in order: signed webhooks on twenty conversations, sixteen at a
// time, with duplicates and reordering, while the process is killed three times
// and iTop is down for a while in between: the set of parts equals the set of
// log entries, none twice, order kept. (REL-01, REL-20, REL-22, I1, I2, I6, I7)
func TestREL01_ExactlyOnceThroughKills(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes")
	}
	t.Run("builtin", func(t *testing.T) { storm(t, builtinPlace(t)) })
	t.Run("fake iTop", func(t *testing.T) { storm(t, fakeITop(t)) })
	t.Run("real iTop", func(t *testing.T) {
		if os.Getenv("DESKBRIDGE_TEST_ITOP_URL") == "" {
			t.Skip("set DESKBRIDGE_TEST_ITOP_URL, _USER and _PASSWORD to run against a real iTop")
		}
		storm(t, realITop(t))
	})
}

func messages(n int) int {
	if s := os.Getenv("DESKBRIDGE_TEST_STORM"); s != "" {
		if v, err := strconv.Atoi(s); err == nil {
			return v
		}
	}
	return n
}

func builtinPlace(*testing.T) place {
	return place{
		apply:    func(w *workspace.Workspace) { w.Desk.DefaultOrg = "1"; w.Desk.CreatePersons = false },
		messages: messages(2000), conversations: 20, senders: 16,
	}
}

func fakeITop(t *testing.T) place {
	s := itoptest.New(t, itoptest.Config{})
	org := s.AddOrganization("Storm")
	s.AddUser("bridge", "secret-of-the-bridge", s.AddPerson("Bridge", "User", "bridge@storm.test", org, false), "Administrator", "REST Services User")
	return itopPlace(t, s.URL(), "bridge", "secret-of-the-bridge", org, "Europe/Paris", s.Down, messages(2000))
}

func realITop(t *testing.T) place {
	return itopPlace(t, os.Getenv("DESKBRIDGE_TEST_ITOP_URL"), os.Getenv("DESKBRIDGE_TEST_ITOP_USER"), os.Getenv("DESKBRIDGE_TEST_ITOP_PASSWORD"), "1", "Europe/Paris", nil, messages(200))
}

func itopPlace(t *testing.T, url, user, password, org, zone string, down func(bool), n int) place {
	t.Helper()
	d, err := itop.New(itop.Config{URL: url, User: user, Password: password, TimeZone: zone})
	if err != nil {
		t.Fatal(err)
	}
	return place{
		apply: func(w *workspace.Workspace) {
			w.Desk = workspace.Desk{Kind: workspace.DeskITop, URL: url, Auth: workspace.AuthForm, User: user, Password: workspace.Secret(password),
				TimeZone: zone, AllowPrivate: true, DefaultOrg: org}
		},
		down: down,
		markers: func(ticket string) []string {
			class, id, _ := strings.Cut(ticket, "::")
			entries, err := d.Entries(context.Background(), desk.Key{Class: class, ID: id})
			if err != nil {
				t.Fatalf("read the log of %s: %v", ticket, err)
			}
			var out []string
			for _, e := range entries {
				out = append(out, lastPart(e.Marker))
			}
			return out
		},
		messages: n, conversations: 20, senders: 16,
	}
}

// lastPart is the part's id of a marker "ic:<conversation>:<part>".
func lastPart(marker string) string { return marker[strings.LastIndex(marker, ":")+1:] }

// clock runs with the machine's, and can be put forward.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) forward(d time.Duration) { c.ahead.Add(int64(d)) }

// talkers is the stand-in for Intercom in the storm.
type talkers struct {
	*intercomtest.Server
	clock         *clock
	counted       *counted
	agent         intercom.Admin
	contact       intercom.Contact
	conversations []string
	tickets       map[string]string // by conversation: "UserRequest::12"
}

func storm(t *testing.T, where place) {
	p := newProcess(t, "DESKBRIDGE_INTERVALS_RECONCILE=@every 2s", "DESKBRIDGE_LOG_LEVEL=warn", "DESKBRIDGE_SHUTDOWN_GRACE=5s")
	in := standInFor(t, p, where)
	p.start()
	in.tickets = map[string]string{}
	for range where.conversations {
		in.begin(t, p)
	}
	in.SetFaults(intercomtest.Faults{Duplicate: true, Reorder: true})

	if where.markers == nil {
		where.markers = builtinMarkers(t, p)
	}
	said, kills := in.rage(t, p, where)
	began := time.Now()
	in.calm(t, where, said)
	t.Logf("acked=%d stored=%d kills=%d recovery_s=%.1f", in.counted.acked.Load(), total(said), kills, time.Since(began).Seconds())
	for c, want := range said {
		got := where.markers(in.tickets[c])
		if slices.Equal(got, want) {
			continue
		}
		lost, double := difference(want, got), len(got)-len(unique(got))
		t.Errorf("%s: %d parts, %d entries, lost %v, double %d, order kept %v", in.tickets[c], len(want), len(got), lost, double, slices.IsSorted(got))
	}
}

func total(said map[string][]string) (n int) {
	for _, s := range said {
		n += len(s)
	}
	return n
}

func unique(s []string) map[string]bool {
	m := map[string]bool{}
	for _, v := range s {
		m[v] = true
	}
	return m
}

func difference(want, got []string) (lost []string) {
	have := unique(got)
	for _, w := range want {
		if !have[w] {
			lost = append(lost, w)
		}
	}
	return lost
}

// standInFor builds the stand-in and the workspace that talks to it.
func standInFor(t *testing.T, p *process, where place) *talkers {
	t.Helper()
	in := &talkers{clock: &clock{}, counted: &counted{}}
	var rest http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { rest.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	in.Server = intercomtest.New(intercomtest.Config{WorkspaceID: "ws_storm", ClientSecret: "storm-secret", AccessToken: "storm-token",
		BaseURL: server.URL, WebhookURL: p.url(bridge.PathWebhooks), CanvasURL: p.url("/intercom/canvas"), Senders: where.senders, Limit: 1_000_000, Now: in.clock.now,
		HTTP: &http.Client{Timeout: 5 * time.Second, Transport: in.counted}})
	rest = in.Handler()
	in.agent = in.AddAdmin(intercom.Admin{Name: "Jane Agent", Email: "jane@storm.test"})
	in.contact = in.AddContact(intercom.Contact{Name: "Pablo", Email: "pablo@storm.test"})

	w := workspace.New("storm")
	w.Name, w.Channel.APIBase, w.Channel.AllowPrivate = "Storm", server.URL, true
	w.Sync.Settle, w.Sync.Back.PublicEntries, w.Sync.Back.Status = 500*time.Millisecond, workspace.BackOff, workspace.BackOff
	w.Integration.Workspaces = workspace.Scopes{{AppID: "ws_storm", Scope: "SELECT Organization"}}
	w.Integration.ClientSecret, w.Integration.AccessToken = "storm-secret", "storm-token"
	where.apply(&w)
	text, err := workspace.Marshal(w, true)
	if err != nil {
		t.Fatal(err)
	}
	if where.markers == nil {
		seedOrganisation(t, p)
	}
	p.must(string(text), "workspace", "apply", "-")
	return in
}

// begin starts a conversation and makes its ticket through the card.
func (in *talkers) begin(t *testing.T, p *process) {
	t.Helper()
	ctx := t.Context()
	v, err := in.StartConversation(in.contact.ID, "<p>first</p>")
	if err != nil {
		t.Fatal(err)
	}
	a, err := in.Initialize(ctx, v.ID, in.agent.ID)
	for err == nil && a.Error == "" {
		switch body := string(a.Body); {
		case strings.Contains(body, `"refresh"`):
			a, err = in.Submit(ctx, v.ID, in.agent.ID, a, "refresh", nil)
		case strings.Contains(body, "is created"):
			in.conversations = append(in.conversations, v.ID)
			in.tickets[v.ID] = in.linkedTicket(t, v.ID)
			return
		case strings.Contains(body, "create-ticket-submit"):
			a, err = in.Submit(ctx, v.ID, in.agent.ID, a, "create-ticket-submit", map[string]any{"create-ticket::title": "Storm", "create-ticket::description": "x", "create-ticket::urgency": "create-ticket::urgency::4"})
		case strings.Contains(body, "create-ticket-wait"):
			a, err = in.Submit(ctx, v.ID, in.agent.ID, a, "create-ticket-wait", nil)
		default:
			a, err = in.Submit(ctx, v.ID, in.agent.ID, a, "create-ticket", nil)
		}
	}
	t.Fatalf("no ticket: %v %s %s", err, a.Error, a.Body)
}

// linkedTicket reads the ticket's key from the card that lists linked tickets.
func (in *talkers) linkedTicket(t *testing.T, conversation string) string {
	t.Helper()
	a, err := in.Initialize(t.Context(), conversation, in.agent.ID)
	if err == nil {
		a, err = in.Submit(t.Context(), conversation, in.agent.ID, a, "list-linked-tickets", nil)
	}
	for err == nil && strings.Contains(string(a.Body), `"refresh"`) {
		a, err = in.Submit(t.Context(), conversation, in.agent.ID, a, "refresh", nil)
	}
	_, rest, ok := strings.Cut(string(a.Body), "view-linked-ticket::")
	key, _, _ := strings.Cut(rest, `"`)
	if err != nil || !ok {
		t.Fatalf("no linked ticket: %v %s", err, a.Body)
	}
	return key
}

// rage says everything, delivers it, and kills the server three times in
// between. It returns the parts said, in order, and how many kills fell inside
// the load.
func (in *talkers) rage(t *testing.T, p *process, where place) (map[string][]string, int) {
	t.Helper()
	said := map[string][]string{}
	for _, c := range in.conversations {
		v, err := in.Conversation(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range v.All() {
			if !part.Author.Agent() { // what we posted ourselves is no news to the ticket
				said[c] = append(said[c], part.Key())
			}
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			in.DeliverDue(ctx)
			<-time.After(5 * time.Millisecond)
		}
	})
	kills := 0
	each := where.messages / len(in.conversations)
	for i := range each {
		for _, c := range in.conversations {
			part, err := in.Say(c, intercomtest.Message{ContactID: in.contact.ID, HTML: fmt.Sprintf("<p>message %d</p>", i)})
			if err != nil {
				t.Fatal(err)
			}
			said[c] = append(said[c], part.Key())
		}
		if where.down != nil && i == each/3 {
			where.down(true)
		}
		if where.down != nil && i == each/2 {
			where.down(false)
		}
		if i == each/4 || i == each/2 || i == each*3/4 {
			before := in.counted.acked.Load()
			waitFor(t, time.Minute, func() string {
				if in.counted.acked.Load() >= before+int64(where.messages/8) {
					return ""
				}
				return "not enough is acknowledged"
			})
			t.Logf("kill when %d are said, %d acknowledged, %d waiting", (i+1)*len(in.conversations), in.counted.acked.Load(), in.Waiting())
			p.kill()
			kills++
			p.start()
			in.clock.forward(61 * time.Second) // what failed meanwhile is tried once more
		}
	}
	waitFor(t, 5*time.Minute, func() string {
		if n := in.Waiting(); n > 0 {
			in.clock.forward(61 * time.Second)
			return fmt.Sprintf("%d webhooks are waiting", n)
		}
		return ""
	})
	stop()
	wg.Wait()
	return said, kills
}

// counted counts the webhooks that were answered with 200.
type counted struct{ acked atomic.Int64 }

func (c *counted) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && res.StatusCode == http.StatusOK && strings.HasSuffix(r.URL.Path, bridge.PathWebhooks) {
		c.acked.Add(1)
	}
	return res, err
}

// calm waits until every part has arrived.
func (in *talkers) calm(t *testing.T, where place, said map[string][]string) {
	t.Helper()
	waitFor(t, 10*time.Minute, func() string {
		missing := 0
		for c, want := range said {
			missing += len(want) - len(where.markers(in.tickets[c]))
		}
		if missing > 0 {
			return fmt.Sprintf("%d parts are missing", missing)
		}
		return ""
	})
}
