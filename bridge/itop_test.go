package bridge_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/bridge/itop/itoptest"
	"github.com/deskbridge/deskbridge/bridge/workspace"
)

// onITop is a house whose tickets live in a fake iTop, behind a gate that can be
// closed: requests wait at it like at a slow server.
type onITop struct {
	*house
	itop *itoptest.Server
	gate atomic.Pointer[chan struct{}]
	user intercom.Contact
}

func openITop(t *testing.T, change func(*workspace.Workspace)) *onITop {
	t.Helper()
	h := &onITop{itop: itoptest.New(t, itoptest.Config{})}
	org := h.itop.AddOrganization("Demo of iTop")
	person := h.itop.AddPerson("Frida", "Kahlo", "frida@itop.test", org, false)
	h.itop.AddUser("bridge", "password-of-the-bridge", h.itop.AddPerson("Bridge", "User", "bridge@itop.test", org, false), "Administrator", "REST Services User")
	target, err := url.Parse(h.itop.URL())
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if gate := h.gate.Load(); gate != nil {
			select {
			case <-*gate:
			case <-r.Context().Done():
				return
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	h.house = open(t, func(w *workspace.Workspace) {
		w.Desk = workspace.Desk{Kind: workspace.DeskITop, URL: front.URL + "/", Auth: workspace.AuthForm, User: "bridge", Password: "password-of-the-bridge",
			TimeZone: "Europe/Paris", AllowPrivate: true}
		if change != nil {
			change(w)
		}
	})
	h.user = h.stand.AddContact(intercom.Contact{Name: "Frida", Email: "frida@itop.test",
		CustomAttributes: map[string]any{"itop_contact_class": "Person", "itop_contact_id": person}})
	return h
}

// close makes iTop slow and returns what makes it quick again.
func (h *onITop) close() (reopen func()) {
	gate := make(chan struct{})
	h.gate.Store(&gate)
	return func() {
		h.gate.Store(nil)
		close(gate)
	}
}

func (h *onITop) begin(text string) string {
	h.t.Helper()
	v, err := h.stand.StartConversation(h.user.ID, text)
	h.must(err)
	return v.ID
}

// IC-17, IC-18, IC-19, IC-33: the same bridge over iTop: a ticket with the
// conversation in its logs, and new messages with the disclaimer.
func TestITopTicketFromACard(t *testing.T) {
	h := openITop(t, nil)
	c := h.begin("<p>Hello iTop</p>")
	h.settle()
	form := h.click(c, h.card(c), "create-ticket", nil)
	done := h.click(c, form, "create-ticket-submit", map[string]any{"create-ticket::title": "From a chat", "create-ticket::description": "It broke.", "create-ticket::urgency": "create-ticket::urgency::3"})
	if !strings.Contains(string(done.Body), "is created") {
		t.Fatalf("the card: %s\n%s", done.Body, h.log)
	}
	h.say(c, messageBy(h.agent, "<p>We are on it.</p>"))
	h.settle()
	list := h.click(c, h.card(c), "list-linked-tickets", nil)
	_, rest, _ := strings.Cut(string(list.Canvas), "view-linked-ticket::UserRequest::")
	id, _, _ := strings.Cut(rest, `"`)
	var all string
	for _, e := range h.itop.Entries("UserRequest", id) {
		all += e.HTML + "\n"
	}
	for _, want := range []string{"Hello iTop", "We are on it.", "Message synchronized from the Intercom conversation"} {
		if strings.Count(all, want) != 1 {
			t.Errorf("%q is there %d times in:\n%s", want, strings.Count(all, want), all)
		}
	}
	for code, want := range map[string]string{"intercom_ref": c, "origin": "chat", "intercom_sync_activated": "yes"} {
		if got := h.itop.Value("UserRequest", id, code); got != want {
			t.Errorf("%s is %q, want %q", code, got, want)
		}
	}
}

// A desk that takes longer than a card may: the card says so, its Refresh finds
// the answer instead of beginning anew, and nothing is done twice.
func TestSlowDeskKeepsItsAnswer(t *testing.T) {
	h := openITop(t, nil)
	c := h.begin("<p>Hello</p>")
	h.settle()
	home := h.card(c)
	reopen := h.close()
	slow := h.click(c, home, "list-ongoing-tickets", nil)
	if got := texts(slow.Canvas); !strings.Contains(got, "takes longer than usual") {
		t.Fatalf("the card says:\n%s", got)
	}
	asked := h.itop.Calls("core/get")
	reopen()
	found := h.click(c, slow, "refresh", nil)
	if got := texts(found.Canvas); !strings.Contains(got, "Ongoing tickets") {
		t.Errorf("after Refresh:\n%s", got)
	}
	if again := h.itop.Calls("core/get") - asked; again > 4 {
		t.Errorf("Refresh asked iTop %d more times", again)
	}
	// Another conversation cannot fetch the answer.
	other := h.begin("<p>Other</p>")
	a := h.click(other, slow, "refresh", nil)
	if got := texts(a.Canvas); strings.Contains(got, "Ongoing tickets of") {
		t.Errorf("another conversation got the answer:\n%s", got)
	}
}

// The home card needs nothing of a desk that is down but one number.
func TestHomeCardWhileTheDeskIsDown(t *testing.T) {
	h := openITop(t, nil)
	c := h.begin("<p>Hello</p>")
	h.itop.Down(true)
	if got := texts(h.card(c).Canvas); !strings.Contains(got, "does not answer") || !strings.Contains(got, "Create a new ticket") {
		t.Errorf("the card says:\n%s", got)
	}
}

// REL-22: what is said while iTop is down is there, once and in order, when it
// is back.
func TestREL22_DeskIsDown(t *testing.T) {
	h := openITop(t, nil)
	c := h.begin("<p>one</p>")
	h.settle()
	form := h.click(c, h.card(c), "create-ticket", nil)
	h.click(c, form, "create-ticket-submit", map[string]any{"create-ticket::title": "T", "create-ticket::description": "D", "create-ticket::urgency": "create-ticket::urgency::3"})
	h.settle()
	h.itop.Down(true)
	for _, text := range []string{"two", "three", "four"} {
		h.say(c, messageBy(h.agent, "<p>"+text+"</p>"))
	}
	h.stand.DeliverDue(t.Context())
	h.eventually(func() string {
		if strings.Contains(h.log.String(), "write to R-") {
			return ""
		}
		return "iTop was not tried"
	})
	h.itop.Down(false)
	h.settle()
	list := h.click(c, h.card(c), "list-linked-tickets", nil)
	_, rest, _ := strings.Cut(string(list.Canvas), "view-linked-ticket::UserRequest::")
	id, _, _ := strings.Cut(rest, `"`)
	var got []string
	for _, e := range h.itop.Entries("UserRequest", id) {
		for _, w := range []string{"one", "two", "three", "four"} {
			if strings.Contains(e.HTML, "<p>"+w+"</p>") {
				got = append(got, w)
			}
		}
	}
	if strings.Join(got, " ") != "one two three four" {
		t.Errorf("the log has %q\n%s", got, h.log)
	}
}

// IC-45 and the extension's own webhook: iTop may tell of changes; a wrong
// secret and an unknown workspace answer alike.
func TestITopWebhookNeedsItsSecret(t *testing.T) {
	h := openITop(t, func(w *workspace.Workspace) { w.Desk.WebhookSecret = "hint-secret-of-the-test" })
	body := []byte(`{"class":"UserRequest","id":"1"}`)
	for name, tc := range map[string]struct {
		path, secret string
		want         int
	}{
		"right":             {"/itop/webhooks/test", "hint-secret-of-the-test", 200},
		"wrong":             {"/itop/webhooks/test", "other", 401},
		"none":              {"/itop/webhooks/test", "", 401},
		"unknown workspace": {"/itop/webhooks/nobody", "hint-secret-of-the-test", 401},
	} {
		if status, answer := h.post(tc.path, body, map[string]string{"X-Deskbridge-Secret": tc.secret}); status != tc.want {
			t.Errorf("%s: %d, want %d: %s", name, status, tc.want, answer)
		}
	}
}
