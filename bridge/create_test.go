package bridge_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/deskbridge/deskbridge/bridge/intercom/intercomtest"
	"github.com/deskbridge/deskbridge/tickets"
)

// IC-03, IC-11, IC-12, IC-13, IC-20, IC-21, IC-32, IC-33: an agent makes a ticket from the
// card; the whole conversation so far is in its logs, in order.
func TestIC33_CreateCopiesTheWholeConversation(t *testing.T) {
	h := open(t, nil)
	c := h.talk("<p>My printer is on fire.</p>")
	h.asAgent(c, "<p>Which one?</p>")
	h.asUser(c, "<p>The one next to the kitchen.</p>")
	h.note(c, "<p>Is it insured?</p>")
	h.settle()

	ticket := h.create(c, nil)
	h.settle()

	if got, want := h.words(ticket, tickets.Public), []string{"My printer is on fire.", "Which one?", "The one next to the kitchen."}; !slices.Equal(got, want) {
		t.Errorf("public log: %q, want %q\n%s", got, want, h.log)
	}
	if got, want := h.words(ticket, tickets.Private), []string{"Is it insured?"}; !slices.Equal(got, want) {
		t.Errorf("private log: %q, want %q", got, want)
	}
	if ticket.Origin != tickets.OriginChat {
		t.Errorf("IC-11: origin is %q, want chat", ticket.Origin)
	}
	if ticket.IntercomRef != c {
		t.Errorf("IC-12: intercom_ref is %q, want %q", ticket.IntercomRef, c)
	}
	if want := "https://app.intercom.com/a/apps/" + appID + "/inbox/inbox/all/conversations/" + c; ticket.IntercomURL != want {
		t.Errorf("IC-13: intercom_url is %q, want %q", ticket.IntercomURL, want)
	}
	if !ticket.IntercomSyncActivated {
		t.Error("IC-21: the ticket does not say that sync is on")
	}
	if ticket.CallerID != h.pablo.ID || ticket.OrgID != h.org.ID {
		t.Errorf("caller %d of organisation %d, want %d of %d", ticket.CallerID, ticket.OrgID, h.pablo.ID, h.org.ID)
	}
}

// Pressing Create again, or a card that was answered twice, makes no second
// ticket.
func TestCreateIsIdempotentByForm(t *testing.T) {
	h := open(t, nil)
	c := h.talk("<p>Hello</p>")
	form := h.click(c, h.card(c), "create-ticket", nil)
	in := map[string]any{"create-ticket::title": "Once", "create-ticket::description": "Only once.", "create-ticket::urgency": "create-ticket::urgency::3"}
	refs := map[string]bool{}
	for range 3 {
		refs[refIn(string(h.click(c, form, "create-ticket-submit", in).Body))] = true
	}
	h.settle()
	if len(refs) != 1 || refs[""] {
		t.Errorf("the answers name %v, want one ticket", refs)
	}
	if n, err := h.tickets.Count(t.Context(), h.actor, tickets.Filter{}); err != nil || n != 1 {
		t.Errorf("%d tickets (%v), want 1", n, err)
	}
}

// The extension's worst failure: Intercom cannot be reached while the ticket is
// made. The ticket is made once, the agent is told so, and the comment about it
// follows when Intercom is back.
func TestCreateWhileIntercomIsDown(t *testing.T) {
	h := open(t, nil)
	c := h.talk("<p>Hello</p>")
	h.settle()
	h.stand.SetFaults(intercomtest.Faults{Status: 503})
	ticket := h.create(c, nil)
	if got := h.words(ticket, tickets.Public); !slices.Equal(got, []string{"Hello"}) {
		t.Errorf("public log: %q", got)
	}
	h.stand.SetFaults(intercomtest.Faults{})
	h.settle()
	if told := h.comments(c, "A ticket has been created"); told != 1 {
		t.Errorf("the end user is told %d times, want once\n%s", told, h.log)
	}
	if n, err := h.tickets.Count(t.Context(), h.actor, tickets.Filter{}); err != nil || n != 1 {
		t.Errorf("%d tickets (%v), want 1", n, err)
	}
}

// comments counts the parts of a conversation that contain a text.
func (h *house) comments(conversation, text string) int {
	h.t.Helper()
	v, err := h.stand.Conversation(conversation)
	h.must(err)
	n := 0
	for _, p := range v.All() {
		if strings.Contains(p.Body, text) {
			n++
		}
	}
	return n
}

// Intercom gives at most 500 parts: a copy that lacks the older ones says so.
func TestCreateSaysThatTheCopyIsNotWhole(t *testing.T) {
	h := open(t, nil)
	h.stand.SetFaults(intercomtest.Faults{Lose: true})
	c := h.talk("<p>first</p>")
	for range 505 {
		h.asUser(c, "<p>more</p>")
	}
	h.stand.DeliverDue(t.Context())
	h.stand.SetFaults(intercomtest.Faults{})
	ticket := h.create(c, nil)
	h.settle()
	if got := strings.Join(h.words(ticket, tickets.Private), "\n"); !strings.Contains(got, "newest 500 messages") {
		t.Errorf("private log: %q\n%s", got, h.log)
	}
	if n := len(h.entries(ticket, tickets.Public)); n < 500 {
		t.Errorf("%d entries, want the newest 500 at least", n)
	}
}
