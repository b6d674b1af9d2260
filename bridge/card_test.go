package bridge_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/bridge/workspace"
	"github.com/deskbridge/deskbridge/tickets"
)

// texts are all texts of a card, one a line.
func texts(canvas json.RawMessage) string {
	var v any
	if json.Unmarshal(canvas, &v) != nil {
		return ""
	}
	var b strings.Builder
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, k := range []string{"text", "title", "subtitle", "tertiary_text", "label", "placeholder", "value"} {
				if s, ok := v[k].(string); ok {
					b.WriteString(s + "\n")
				}
			}
			for _, k := range []string{"content", "components", "items", "options", "option"} {
				walk(v[k])
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(v)
	return b.String()
}

// seed makes tickets of a person.
func (h *house) seed(caller tickets.Person, n int) []tickets.Ticket {
	h.t.Helper()
	ns := make([]tickets.NewTicket, n)
	for i := range ns {
		ns[i] = tickets.NewTicket{Class: tickets.UserRequest, Title: fmt.Sprintf("Ticket number %d", i+1), Description: "<p>Some words</p>",
			OrgID: caller.OrgID, CallerID: caller.ID}
	}
	list, err := h.tickets.CreateMany(h.t.Context(), h.actor, ns)
	h.must(err)
	return list
}

// The first card tells true counts and stays within Intercom's 400 pixels, in
// every state; the extension said 32 for 200 tickets.
func TestHomeCard(t *testing.T) {
	h := open(t, nil)
	h.seed(h.pablo, 37)
	c := h.talk("<p>Hello</p>")
	low := func(state string) {
		t.Helper()
		a := h.card(c)
		if px := intercom.Height(a.Parsed); px > intercom.MaxFirstHeight {
			t.Errorf("%s: the first card is %d px high, at most %d are allowed", state, px, intercom.MaxFirstHeight)
		}
	}
	a := h.card(c)
	if got := texts(a.Canvas); !strings.Contains(got, "37 ongoing tickets for this person") || !strings.Contains(got, "No ticket linked to this conversation yet") {
		t.Errorf("home says:\n%s", got)
	}
	low("nothing linked")
	h.create(c, nil)
	h.settle()
	low("linked")
	h.click(c, h.card(c), "pause-linked-tickets-submit", nil)
	low("paused")
	if got := texts(h.card(c).Canvas); !strings.Contains(got, "1 linked ticket") || !strings.Contains(got, "Sync is paused") {
		t.Errorf("home says:\n%s", got)
	}
}

// IC-03, IC-23, IC-24: the caller's ongoing tickets, without the excluded
// states, in pages, with the configured attribute below each.
func TestIC23_OngoingTickets(t *testing.T) {
	h := open(t, func(w *workspace.Workspace) { w.Integration.SubtitleAttribute = "urgency" })
	ts := h.seed(h.pablo, 11)
	agent := tickets.Actor{DeskID: 1, PersonID: h.jane.ID, Name: "Jane", Access: tickets.AccessDesk}
	_, err := h.tickets.Apply(t.Context(), agent, ts[0].ID, tickets.EvReject, tickets.Patch{})
	h.must(err)
	c := h.talk("<p>Hello</p>")
	list := h.click(c, h.card(c), "list-ongoing-tickets", nil)
	got := texts(list.Canvas)
	if !strings.Contains(got, "Page 1 of 2, 10 in all") {
		t.Errorf("ten of eleven are ongoing; the card says:\n%s", got)
	}
	if !strings.Contains(got, "Low") {
		t.Errorf("IC-24: no urgency below the tickets:\n%s", got)
	}
	list = h.click(c, list, "list-ongoing-tickets::2", nil)
	if n := strings.Count(string(list.Canvas), "view-ongoing-ticket::UserRequest::"); n != 2 {
		t.Errorf("%d tickets on page 2, want 2", n)
	}
}

// IC-03: link the chat to an ongoing ticket, with and without what was said so
// far; IC-14 and the extension's gap: linking could not copy.
func TestIC03_LinkAnOngoingTicket(t *testing.T) {
	for id, want := range map[string][]string{
		"link-ticket":                   {"later"},
		"link-ticket-with-conversation": {"Hello", "and more", "later"},
	} {
		t.Run(id, func(t *testing.T) {
			h := open(t, nil)
			ticket := h.seed(h.pablo, 1)[0]
			c := h.talk("<p>Hello</p>")
			h.asUser(c, "<p>and more</p>")
			h.settle()
			h.nextSecond()
			view := h.click(c, h.card(c), "view-ongoing-ticket::UserRequest::"+fmt.Sprint(ticket.ID), nil)
			h.click(c, view, id+"::UserRequest::"+fmt.Sprint(ticket.ID), nil)
			h.nextSecond()
			h.asUser(c, "<p>later</p>")
			h.settle()
			if got := h.words(ticket, tickets.Public); !slices.Equal(got, want) {
				t.Errorf("public log %q, want %q\n%s", got, want, h.log)
			}
			if n := h.comments(c, "linked the ticket"); n != 1 {
				t.Errorf("the agents are told %d times, want once", n)
			}
			after, err := h.tickets.Ticket(t.Context(), h.actor, ticket.ID)
			h.must(err)
			if after.IntercomRef != c || !after.IntercomSyncActivated {
				t.Errorf("the ticket says %q, %v", after.IntercomRef, after.IntercomSyncActivated)
			}
		})
	}
}

// IC-07, SEC-037: a ticket has one conversation; linking it elsewhere is refused
// with a message, and unlinking frees it.
func TestIC07_OneConversationForATicket(t *testing.T) {
	h := open(t, nil)
	first, ticket := h.linked()
	second := h.talk("<p>Something else</p>")
	id := "::UserRequest::" + fmt.Sprint(ticket.ID)
	a := h.click(second, h.card(second), "link-ticket"+id, nil)
	if got := texts(a.Canvas); !strings.Contains(got, "already linked to another conversation") {
		t.Errorf("the card says:\n%s", got)
	}
	view := h.click(second, h.card(second), "view-ongoing-ticket"+id, nil)
	if b := find(view, "link-ticket"+id); b["disabled"] != true {
		t.Errorf("the button to link is %v", b)
	}
	h.click(first, h.card(first), "unlink-ticket"+id, nil)
	h.settle()
	if after, _ := h.tickets.Ticket(t.Context(), h.actor, ticket.ID); after.IntercomRef != "" || after.IntercomSyncActivated {
		t.Errorf("after unlinking the ticket still says %q, %v", after.IntercomRef, after.IntercomSyncActivated)
	}
	a = h.click(second, h.card(second), "link-ticket"+id, nil)
	if got := texts(a.Canvas); !strings.Contains(got, "is linked") {
		t.Errorf("after unlinking, the card says:\n%s", got)
	}
}

// IC-08, IC-25, IC-26: the configured attributes, without those that cannot be
// shown, the end of the logs, and the button to the back office.
func TestIC25_ViewTicket(t *testing.T) {
	h := open(t, func(w *workspace.Workspace) {
		w.Integration.DetailsAttributes = []string{"status", "title", "public_log", "priority", "no_such_thing"}
	})
	c, ticket := h.linked()
	view := h.click(c, h.card(c), "view-linked-ticket::UserRequest::"+fmt.Sprint(ticket.ID), nil)
	got := texts(view.Canvas)
	for _, want := range []string{ticket.Ref, "Linked to this conversation", "Status", "New", "Title", "From a chat", "Priority", "Last messages", "Hello"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
	if strings.Contains(got, "Public log") {
		t.Errorf("IC-08: a case log is shown:\n%s", got)
	}
	if b := find(view, "open-ticket-in-itop"); b == nil {
		t.Error("IC-26: no button to the back office")
	}
	h.apply(func(w *workspace.Workspace) { w.Integration.ShowOpenInBackofficeButton = false })
	view = h.click(c, h.card(c), "view-linked-ticket::UserRequest::"+fmt.Sprint(ticket.ID), nil)
	if b := find(view, "open-ticket-in-itop"); b != nil {
		t.Error("IC-26: a button to the back office although it is switched off")
	}
}

// Search finds by ref and by words, within the caller's organisation.
func TestSearchCard(t *testing.T) {
	h := open(t, nil)
	own := h.seed(h.pablo, 2)
	ps, err := h.tickets.CreatePersons(t.Context(), h.actor, tickets.Person{OrgID: h.other.ID, FirstName: "O", Name: "Ther", Email: "o@other.test"})
	h.must(err)
	foreign := h.seed(ps[0], 1)[0]
	c := h.talk("<p>Hello</p>")
	box := h.click(c, h.card(c), "search-tickets", nil)
	for words, want := range map[string]string{own[1].Ref: own[1].Ref, "number 2": own[1].Ref, foreign.Ref: "0 tickets found", `"%_* OR (`: "0 tickets found"} {
		found := h.click(c, box, "search-tickets", map[string]any{"search-tickets-words": words})
		if got := texts(found.Canvas); !strings.Contains(got, want) {
			t.Errorf("%q: want %q in:\n%s", words, want, got)
		}
	}
	// Ids of another organisation answer like ids that do not exist.
	a := h.click(c, box, "view-found-ticket::UserRequest::"+fmt.Sprint(foreign.ID), nil)
	b := h.click(c, box, "view-found-ticket::UserRequest::999999", nil)
	if texts(a.Canvas) != texts(b.Canvas) || !strings.Contains(texts(a.Canvas), "There is no such ticket.") {
		t.Errorf("SEC-039: another organisation's ticket:\n%s\none that does not exist:\n%s", texts(a.Canvas), texts(b.Canvas))
	}
	h.click(c, box, "link-ticket::UserRequest::"+fmt.Sprint(foreign.ID), nil)
	if after, _ := h.tickets.Ticket(t.Context(), h.actor, foreign.ID); after.IntercomRef != "" {
		t.Error("another organisation's ticket was linked")
	}
}

// IC-22: the configured attributes in their order, then the mandatory ones.
// IC-09: lists are capped. IC-10: what cannot be asked is left out.
func TestIC22_CreateForm(t *testing.T) {
	h := open(t, func(w *workspace.Workspace) {
		w.Integration.FormAttributes = []string{"urgency", "service_id", "public_log", "ref", "start_date"}
	})
	for i := range 14 {
		_, err := h.tickets.CreateServices(t.Context(), h.actor, tickets.Offering{Name: fmt.Sprintf("Service %02d", i)})
		h.must(err)
	}
	c := h.talk("<p>The screen is black.</p>")
	form := h.click(c, h.card(c), "create-ticket", nil)
	var order []string
	for _, id := range ids(form) {
		if rest, ok := strings.CutPrefix(id, "create-ticket::"); ok && !strings.Contains(rest, "::") {
			order = append(order, rest)
		}
	}
	if want := []string{"urgency", "service_id", "title", "description"}; !slices.Equal(order, want) {
		t.Errorf("the form asks %q, want %q\n%s", order, want, form.Canvas)
	}
	if got := texts(form.Canvas); !strings.Contains(got, "Title *") || !strings.Contains(got, "10 of 14 shown") || !strings.Contains(got, "The screen is black.") {
		t.Errorf("the form says:\n%s", got)
	}
	// A part of the name narrows the list; what was filled in stays.
	narrowed := h.click(c, form, "create-ticket::service_id::search", map[string]any{
		"create-ticket::service_id::search": "13", "create-ticket::title": "Keep me", "create-ticket::urgency": "create-ticket::urgency::2"})
	got := texts(narrowed.Canvas)
	if !strings.Contains(got, "Service 13") || strings.Contains(got, "Service 02") || !strings.Contains(got, "Keep me") {
		t.Errorf("narrowed:\n%s", got)
	}
	if find(narrowed, "create-ticket::urgency")["value"] != "create-ticket::urgency::2" {
		t.Errorf("urgency was lost: %v", find(narrowed, "create-ticket::urgency"))
	}
}

// Mistakes are told next to their field, and nothing is made.
func TestCreateFormMistakes(t *testing.T) {
	h := open(t, func(w *workspace.Workspace) {
		w.Integration.FormAttributes = []string{"title", "description", "urgency", "due", "effort"}
	})
	for _, f := range []tickets.CustomField{
		{Class: tickets.UserRequest, Code: "due", Label: "Due", Type: tickets.FieldDate},
		{Class: tickets.UserRequest, Code: "effort", Label: "Effort", Type: tickets.FieldDuration},
	} {
		_, err := h.tickets.CreateCustomField(t.Context(), h.actor, f)
		h.must(err)
	}
	c := h.talk("<p>Hello</p>")
	form := h.click(c, h.card(c), "create-ticket", nil)
	in := map[string]any{"create-ticket::title": " ", "create-ticket::description": "x", "create-ticket::urgency": "create-ticket::urgency::1",
		"create-ticket::due": "tomorrow", "create-ticket::effort": "a while"}
	again := h.click(c, form, "create-ticket-submit", in)
	got := texts(again.Canvas)
	for _, want := range []string{"Title must be filled in.", "Enter a date such as 2026-12-31.", "Enter a duration such as 1h 30m"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
	if n, _ := h.tickets.Count(t.Context(), h.actor, tickets.Filter{}); n != 0 {
		t.Errorf("%d tickets were made", n)
	}
	in["create-ticket::title"], in["create-ticket::due"], in["create-ticket::effort"] = "Ok now", "2026-12-31", "1h 30m"
	done := h.click(c, again, "create-ticket-submit", in)
	h.settle()
	ref := refIn(string(done.Body))
	ticket, err := h.tickets.ByRef(t.Context(), h.actor, ref)
	h.must(err)
	if ticket.Custom["due"] != "2026-12-31" || ticket.Custom["effort"] != "5400" {
		t.Errorf("custom values: %v", ticket.Custom)
	}
}

// Only what the form asked may be set: a hand-made request changes nothing else.
func TestFormTakesOnlyWhatItAsked(t *testing.T) {
	h := open(t, nil)
	c := h.talk("<p>Hello</p>")
	ticket := h.create(c, map[string]any{"create-ticket::caller_id": "999", "create-ticket::status": "closed", "create-ticket::org_id": fmt.Sprint(h.other.ID)})
	if ticket.CallerID != h.pablo.ID || ticket.Status != tickets.StatusNew || ticket.OrgID != h.org.ID {
		t.Errorf("caller %d, status %s, organisation %d", ticket.CallerID, ticket.Status, ticket.OrgID)
	}
}

// A desk that fails is told on the card, which Intercom can still draw.
func TestUnknownButton(t *testing.T) {
	h := open(t, nil)
	c := h.talk("<p>Hello</p>")
	for _, id := range []string{"nonsense", "view-linked-ticket", "view-linked-ticket::Server::1", "link-ticket::UserRequest::1 OR 1=1", strings.Repeat("x", 300)} {
		a := h.click(c, h.card(c), id, nil)
		if !strings.Contains(string(a.Canvas), `"error"`) {
			t.Errorf("%s: no error on the card: %s", id, a.Canvas)
		}
	}
}

// Strangers' words never become mark-up on a card.
func TestCardsKeepStrangersWordsPlain(t *testing.T) {
	h := open(t, nil)
	evil := `[click](https://evil.test) **bold** <img src=x onerror=alert(1)>`
	ts, err := h.tickets.CreateMany(t.Context(), h.actor, []tickets.NewTicket{{Class: tickets.UserRequest, Title: evil, Description: "<p>x</p>", OrgID: h.org.ID, CallerID: h.pablo.ID}})
	h.must(err)
	c := h.talk("<p>Hello</p>")
	view := h.click(c, h.card(c), "view-ongoing-ticket::UserRequest::"+fmt.Sprint(ts[0].ID), nil)
	for _, k := range view.Parsed.Components {
		if text, ok := k.(intercom.Text); ok && strings.Contains(text.Text, "](http") {
			t.Errorf("SEC-042: the card would format a stranger's words: %q", text.Text)
		}
	}
}
