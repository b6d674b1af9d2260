package bridge_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/bridge/intercom/intercomtest"
	"github.com/deskbridge/deskbridge/bridge/workspace"
	"github.com/deskbridge/deskbridge/tickets"
)

// linked makes a ticket from a fresh conversation.
func (h *house) linked() (conversation string, t tickets.Ticket) {
	h.t.Helper()
	conversation = h.talk("<p>Hello</p>")
	h.settle()
	t = h.create(conversation, nil)
	h.settle()
	return conversation, t
}

// IC-37: new messages follow and carry the disclaimer; those copied at creation
// do not. IC-20: replies are public, notes private.
func TestIC37_NewMessagesFollowWithADisclaimer(t *testing.T) {
	h := open(t, nil)
	c, ticket := h.linked()
	h.asUser(c, "<p>Any news?</p>")
	h.note(c, "<p>He is nervous.</p>")
	h.settle()
	public, private := h.entries(ticket, tickets.Public), h.entries(ticket, tickets.Private)
	if got := h.words(ticket, tickets.Public); !slices.Equal(got, []string{"Hello", "Any news?"}) {
		t.Fatalf("public log: %q\n%s", got, h.log)
	}
	if got := h.words(ticket, tickets.Private); !slices.Equal(got, []string{"He is nervous."}) {
		t.Fatalf("IC-20: private log: %q", got)
	}
	if public[0].Synced || !public[1].Synced || !private[0].Synced {
		t.Errorf("disclaimer: copied %v, public %v, private %v; want false, true, true", public[0].Synced, public[1].Synced, private[0].Synced)
	}
	if public[1].Source != ticket.IntercomURL {
		t.Errorf("the disclaimer leads to %q, want the conversation", public[1].Source)
	}
}

// The date of an entry is the part's, not the delivery's.
func TestEntriesHaveTheDateOfThePart(t *testing.T) {
	h := open(t, nil)
	c, ticket := h.linked()
	p := h.asUser(c, "<p>Now</p>")
	h.settle()
	got := h.entries(ticket, tickets.Public)[1].At.Time
	if !got.Equal(p.CreatedAt) {
		t.Errorf("entry at %s, said at %s", got, p.CreatedAt)
	}
}

// IC-37: while paused nothing is written; after Resume, what was missed stays
// out, and after "Resume and copy what was missed" it is there, in order.
func TestIC37_PauseAndResume(t *testing.T) {
	for _, tc := range []struct {
		button string
		want   []string
	}{
		{"resume-linked-tickets-submit", []string{"Hello", "before", "after"}},
		{"resume-linked-tickets-catch-up", []string{"Hello", "before", "during", "after"}},
	} {
		t.Run(tc.button, func(t *testing.T) {
			h := open(t, nil)
			c, ticket := h.linked()
			h.asUser(c, "<p>before</p>")
			h.settle()
			home := h.click(c, h.card(c), "pause-linked-tickets-submit", nil)
			h.settle()
			if got, _ := h.tickets.Ticket(t.Context(), h.actor, ticket.ID); got.IntercomSyncActivated {
				t.Error("IC-21: the ticket still says that sync is on")
			}
			h.asUser(c, "<p>during</p>")
			h.settle()
			if got := h.words(ticket, tickets.Public); !slices.Equal(got, []string{"Hello", "before"}) {
				t.Errorf("while paused: %q", got)
			}
			// Intercom's clock has whole seconds: what is said in the second of the
			// click belongs to the pause.
			h.nextSecond()
			h.click(c, home, tc.button, nil)
			h.nextSecond()
			h.asUser(c, "<p>after</p>")
			h.settle()
			if got := h.words(ticket, tickets.Public); !slices.Equal(got, tc.want) {
				t.Errorf("after %s: %q, want %q\n%s", tc.button, got, tc.want, h.log)
			}
		})
	}
}

// nextSecond waits until the clock shows another second.
func (h *house) nextSecond() {
	now := time.Now()
	<-time.After(now.Truncate(time.Second).Add(time.Second).Sub(now))
}

// IC-38: every linked ticket with sync on gets the messages.
func TestIC38_SeveralTickets(t *testing.T) {
	h := open(t, nil)
	c, first := h.linked()
	second := h.create(c, map[string]any{"create-ticket::title": "The other half"})
	h.settle()
	h.asUser(c, "<p>For both</p>")
	h.settle()
	for _, ticket := range []tickets.Ticket{first, second} {
		got := h.words(ticket, tickets.Public)
		if len(got) == 0 || got[len(got)-1] != "For both" || !slices.Contains(got, "Hello") {
			t.Errorf("%s has %q", ticket.Ref, got)
		}
	}
}

// IC-39, SEC-094, SEC-106: duplicates, other topics for the same part and
// reordered deliveries: every part once, in the order in which it was said.
func TestIC39_DuplicatesAndReordering(t *testing.T) {
	h := open(t, func(w *workspace.Workspace) { w.Sync.Settle = 150 * time.Millisecond })
	c, ticket := h.linked()
	h.stand.SetFaults(intercomtest.Faults{Duplicate: true, Reorder: true})
	want := []string{"Hello"}
	for i := range 30 {
		text := fmt.Sprintf("message %02d", i)
		want = append(want, text)
		if i%2 == 0 {
			h.asUser(c, "<p>"+text+"</p>")
		} else {
			h.asAgent(c, "<p>"+text+"</p>")
		}
	}
	h.settle()
	if got := h.words(ticket, tickets.Public); !slices.Equal(got, want) {
		t.Errorf("public log:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Webhooks that never arrive are found by asking: they are a hint, not the truth.
func TestReconcileFindsWhatWebhooksLost(t *testing.T) {
	h := open(t, nil)
	c, ticket := h.linked()
	h.must(h.bridge.Reconcile(t.Context())) // from here on
	h.stand.SetFaults(intercomtest.Faults{Lose: true})
	h.asUser(c, "<p>nobody heard this</p>")
	h.stand.DeliverDue(t.Context())
	h.stand.SetFaults(intercomtest.Faults{})
	h.must(h.bridge.Reconcile(t.Context()))
	h.settle()
	if got := h.words(ticket, tickets.Public); !slices.Equal(got, []string{"Hello", "nobody heard this"}) {
		t.Errorf("public log: %q\n%s", got, h.log)
	}
}

// With Intercom's API down, what the webhooks bring is carried over all the same.
func TestMessagesFollowWhileTheAPIIsDown(t *testing.T) {
	h := open(t, nil)
	c, ticket := h.linked()
	h.stand.SetFaults(intercomtest.Faults{Status: 500})
	h.asUser(c, "<p>still <b>here</b></p>")
	h.settle()
	if got := h.words(ticket, tickets.Public); !slices.Equal(got, []string{"Hello", "still here"}) {
		t.Errorf("public log: %q\n%s", got, h.log)
	}
}

// IC-40 goes further than the extension: public entries and states come back,
// once, and never echo.
func TestTicketTellsTheConversation(t *testing.T) {
	h := open(t, nil)
	c, ticket := h.linked()
	agent := tickets.Actor{DeskID: 1, PersonID: h.jane.ID, Name: "Jane Agent", Access: tickets.AccessDesk}
	_, err := h.tickets.AppendEntries(t.Context(), agent, ticket.ID, []tickets.NewEntry{
		{Log: tickets.Public, HTML: "<p>A technician is on the way.</p>"}, {Log: tickets.Private, HTML: "<p>His van broke down.</p>"}})
	h.must(err)
	h.settle()
	if n := h.comments(c, "A technician is on the way."); n != 1 {
		t.Errorf("the reply is there %d times, want once\n%s", n, h.log)
	}
	if n := h.comments(c, "van broke down"); n != 0 {
		t.Error("SEC-033: a private entry reached the conversation")
	}
	h.assign(ticket, agent)
	_, err = h.tickets.Apply(t.Context(), agent, ticket.ID, tickets.EvResolve, tickets.Patch{Solution: ptr("Replaced the printer.")})
	h.must(err)
	h.settle()
	if n := h.comments(c, "is now: resolved"); n != 1 {
		t.Errorf("the new state is told %d times, want once\n%s", n, h.log)
	}
	// All of it came back as webhooks, and none of it may be mirrored again.
	if got := h.words(ticket, tickets.Public); !slices.Equal(got, []string{"Hello", "A technician is on the way."}) {
		t.Errorf("echo: public log %q", got)
	}
	if got := h.words(ticket, tickets.Private); !slices.Equal(got, []string{"His van broke down."}) {
		t.Errorf("echo: private log %q", got)
	}
}

func ptr[T any](v T) *T { return &v }

func (h *house) assign(t tickets.Ticket, a tickets.Actor) {
	h.t.Helper()
	_, err := h.tickets.Apply(h.t.Context(), a, t.ID, tickets.EvAssign, tickets.Patch{AgentID: &h.jane.ID})
	h.must(err)
}

// What the end user answers in the portal they say in the conversation, in their
// own name; it is not an agent's word, and it does not come back.
func TestCallersPortalAnswerIsTheirOwn(t *testing.T) {
	h := open(t, nil)
	c, ticket := h.linked()
	caller := tickets.Actor{DeskID: 1, UserID: 9, PersonID: h.pablo.ID, Name: "Pablo Picasso", Access: tickets.AccessOwn}
	_, err := h.tickets.AppendEntries(t.Context(), caller, ticket.ID, []tickets.NewEntry{{Log: tickets.Public, HTML: "<p>It works again.</p>"}})
	h.must(err)
	h.settle()
	v, err := h.stand.Conversation(c)
	h.must(err)
	found := 0
	for _, p := range v.All() {
		if strings.Contains(p.Body, "It works again.") {
			found++
			if !p.Author.EndUser() || p.Author.ID != h.user.ID {
				t.Errorf("said by %s %s", p.Author.Type, p.Author.Name)
			}
		}
	}
	if found != 1 {
		t.Errorf("said %d times, want once\n%s", found, h.log)
	}
	if got := h.words(ticket, tickets.Public); !slices.Equal(got, []string{"Hello", "It works again."}) {
		t.Errorf("public log: %q", got)
	}
}

// REL-21: a reply that was applied although its answer failed is found again and
// not said twice, nor mirrored as somebody else's.
func TestREL21_AppliedButUnanswered(t *testing.T) {
	for _, after := range []intercomtest.AfterWrite{intercomtest.AnswerBreak, intercomtest.AnswerError} {
		t.Run(string(after), func(t *testing.T) {
			h := open(t, nil)
			c, ticket := h.linked()
			h.stand.SetFaults(intercomtest.Faults{Applied: after, Times: 1})
			agent := tickets.Actor{DeskID: 1, PersonID: h.jane.ID, Name: "Jane Agent", Access: tickets.AccessDesk}
			_, err := h.tickets.AppendEntries(t.Context(), agent, ticket.ID, []tickets.NewEntry{{Log: tickets.Public, HTML: "<p>Only once.</p>"}})
			h.must(err)
			h.settle()
			if n := h.comments(c, "Only once."); n != 1 {
				t.Errorf("said %d times, want once\n%s", n, h.log)
			}
			if got := h.words(ticket, tickets.Public); !slices.Equal(got, []string{"Hello", "Only once."}) {
				t.Errorf("public log: %q", got)
			}
		})
	}
}

// REL-21: a post whose answer never comes may still arrive a while later: it is
// looked for, and neither repeated nor taken for somebody else's words.
func TestREL21_PostThatArrivesLate(t *testing.T) {
	h := open(t, nil)
	c, ticket := h.linked()
	agent := tickets.Actor{DeskID: 1, PersonID: h.jane.ID, Name: "Jane Agent", Access: tickets.AccessDesk}
	release := make(chan struct{})
	arrived := make(chan struct{})
	detour := func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		go func() {
			defer close(arrived)
			<-release
			late := r.Clone(context.WithoutCancel(r.Context()))
			late.Body = io.NopCloser(bytes.NewReader(body))
			if res, err := next.RoundTrip(late); err == nil {
				_ = res.Body.Close()
			}
		}()
		return nil, context.DeadlineExceeded // the caller gives up; the call is on its way
	}
	_, err := h.stand.Conversation(c)
	h.must(err)
	h.detour.Store(&detour)
	_, err = h.tickets.AppendEntries(t.Context(), agent, ticket.ID, []tickets.NewEntry{{Log: tickets.Public, HTML: "<p>Slow but sure.</p>"}})
	h.must(err)
	h.eventually(func() string {
		if h.detour.Load() == nil {
			return ""
		}
		return "nothing was posted"
	})
	h.nextSecond() // the bridge has looked once and not found it
	close(release)
	select {
	case <-arrived:
	case <-time.After(10 * time.Second):
		t.Fatal("the late post did not arrive")
	}
	h.settle()
	if n := h.comments(c, "Slow but sure."); n != 1 {
		t.Errorf("said %d times, want once\n%s", n, h.log)
	}
	if got := h.words(ticket, tickets.Public); !slices.Equal(got, []string{"Hello", "Slow but sure."}) {
		t.Errorf("public log: %q", got)
	}
}

// SEC-106: two hundred messages to Intercom and back make exactly two hundred.
func TestSEC106_NoLoop(t *testing.T) {
	h := open(t, nil)
	c, ticket := h.linked()
	agent := tickets.Actor{DeskID: 1, PersonID: h.jane.ID, Name: "Jane Agent", Access: tickets.AccessDesk}
	var list []tickets.NewEntry
	for i := range 200 {
		list = append(list, tickets.NewEntry{Log: tickets.Public, HTML: fmt.Sprintf("<p>line %04d</p>", i)})
	}
	_, err := h.tickets.AppendEntries(t.Context(), agent, ticket.ID, list)
	h.must(err)
	h.settle()
	h.settle()
	if n := h.comments(c, "line "); n != 200 {
		t.Errorf("%d lines in the conversation, want 200", n)
	}
	if n := len(h.entries(ticket, tickets.Public)); n != 201 {
		t.Errorf("%d entries in the log, want 201", n)
	}
}

// A redacted part that was not mirrored never is; one that was is reported.
func TestRedaction(t *testing.T) {
	h := open(t, nil)
	c, ticket := h.linked()
	p := h.asUser(c, "<p>my password is hunter2</p>")
	h.settle()
	h.must(h.stand.Redact(c, p.ID))
	h.settle()
	private := strings.Join(h.words(ticket, tickets.Private), "\n")
	if !strings.Contains(private, "was redacted in Intercom") {
		t.Errorf("private log: %q\n%s", private, h.log)
	}
	h.click(c, h.card(c), "pause-linked-tickets-submit", nil)
	h.nextSecond()
	p = h.asUser(c, "<p>my pin is 1234</p>")
	h.settle()
	h.must(h.stand.Redact(c, p.ID))
	h.settle()
	h.click(c, h.card(c), "resume-linked-tickets-catch-up", nil)
	h.settle()
	if got := strings.Join(h.words(ticket, tickets.Public), "\n"); strings.Contains(got, "1234") {
		t.Errorf("a redacted message was mirrored: %q", got)
	}
}

// Closing, assigning and rating are told in the private log.
func TestEventsGoToThePrivateLog(t *testing.T) {
	h := open(t, nil)
	c, ticket := h.linked()
	h.say(c, intercomtest.Message{AdminID: h.agent.ID, Kind: intercomtest.Assign, Assignee: h.foreign.ID})
	h.say(c, intercomtest.Message{AdminID: h.agent.ID, Kind: intercomtest.Close})
	h.must(h.stand.Rate(c, 4, "Quick & kind"))
	h.settle()
	got := strings.Join(h.words(ticket, tickets.Private), "\n")
	for _, want := range []string{"Assigned the conversation", "Closed the conversation.", "Rated the conversation 4 of 5. Quick &amp; kind"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s\n%s", want, got, h.log)
		}
	}
	if public := h.words(ticket, tickets.Public); len(public) != 1 {
		t.Errorf("events in the public log: %q", public)
	}
}

// Attachments and inline pictures are copied, not linked: Intercom's addresses
// expire.
func TestAttachmentsAreCopied(t *testing.T) {
	h := open(t, nil)
	c, err := h.stand.StartConversation(h.user.ID, "<p>See the log</p>", intercom.File{Name: "error.txt", ContentType: "text/plain", Data: []byte("boom")})
	h.must(err)
	h.settle()
	ticket := h.create(c.ID, nil)
	h.say(c.ID, intercomtest.Message{ContactID: h.user.ID, HTML: "<p>And this</p>",
		Files: []intercom.File{{Name: "../../evil.txt", ContentType: "text/plain", Data: []byte("more")}}})
	h.settle()
	files, err := h.tickets.Attachments(t.Context(), h.actor, ticket.ID)
	h.must(err)
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
		if f.Log != tickets.Public {
			t.Errorf("the caller cannot see %s, which they sent themselves", f.Name)
		}
	}
	if !slices.Equal(names, []string{"error.txt", "evil.txt"}) {
		t.Errorf("attachments: %q\n%s", names, h.log)
	}
	for _, e := range h.entries(ticket, tickets.Public) {
		if strings.Contains(e.HTML, "intercom.test") {
			t.Errorf("an entry points at Intercom's files: %s", e.HTML)
		}
	}
}
