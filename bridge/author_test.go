package bridge_test

import (
	"strings"
	"testing"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/bridge/intercom/intercomtest"
	"github.com/deskbridge/deskbridge/bridge/workspace"
	"github.com/deskbridge/deskbridge/tickets"
)

// signed returns who signed the entry with a text.
func (h *house) signed(t tickets.Ticket, text string) tickets.Entry {
	h.t.Helper()
	for _, log := range []tickets.Log{tickets.Public, tickets.Private} {
		for _, e := range h.entries(t, log) {
			if strings.Contains(e.HTML, text) {
				return e
			}
		}
	}
	h.t.Fatalf("no entry says %q\n%s", text, h.log)
	return tickets.Entry{}
}

// IC-34, IC-36: agents are found by e-mail, the first who is not obsolete;
// strangers sign as "<name> (Intercom)".
func TestIC36_AgentsByEmail(t *testing.T) {
	h := open(t, nil)
	// An obsolete namesake with the same address must not be taken, though it is
	// the older one by name.
	_, err := h.tickets.CreatePersons(t.Context(), h.actor,
		tickets.Person{OrgID: h.org.ID, FirstName: "Aaa", Name: "Gone", Email: "max@agency.test", Obsolete: true})
	h.must(err)
	c, ticket := h.linked()
	h.asAgent(c, "<p>by jane</p>")
	h.say(c, intercomtest.Message{AdminID: h.foreign.ID, HTML: "<p>by max</p>"})
	h.settle()
	if e := h.signed(ticket, "by jane"); e.PersonID != h.jane.ID || e.Author != "Jane Agent" {
		t.Errorf("jane signs as %q (%d)", e.Author, e.PersonID)
	}
	if e := h.signed(ticket, "by max"); e.PersonID != 0 || e.Author != "Max Stranger (Intercom)" {
		t.Errorf("max signs as %q (%d), want Max Stranger (Intercom)", e.Author, e.PersonID)
	}
}

// IC-35: an end user is the person whose class and id the portal's widget
// passed, when that can be believed, and is found by e-mail otherwise.
func TestIC35_EndUsers(t *testing.T) {
	for name, tc := range map[string]struct {
		contact intercom.Contact
		signed  bool // Messenger identities are signed
		want    string
	}{
		"class, id and e-mail agree":              {contact: intercom.Contact{Name: "P", Email: "pablo@demo.test", CustomAttributes: itop("Person", "pablo")}, want: "Pablo Picasso"},
		"forged id with another e-mail":           {contact: intercom.Contact{Name: "Eve", Email: "eve@evil.test", CustomAttributes: itop("Person", "jane")}, want: "Eve (Intercom)"},
		"signed id with another e-mail":           {contact: intercom.Contact{Name: "P", Email: "private@home.test", CustomAttributes: itop("Person", "pablo")}, signed: true, want: "Pablo Picasso"},
		"no id, e-mail in other letters":          {contact: intercom.Contact{Name: "P", Email: "PABLO@Demo.test"}, want: "Pablo Picasso"},
		"no such class":                           {contact: intercom.Contact{Name: "P", Email: "pablo@demo.test", CustomAttributes: itop("Server", "pablo")}, want: "Pablo Picasso"},
		"an employee's name is nobody's identity": {contact: intercom.Contact{Name: "Jane Agent"}, want: "Jane Agent (Intercom)"},
		"a lead types any e-mail":                 {contact: intercom.Contact{Name: "Eve", Email: "jane@demo.test", Role: "lead"}, want: "Eve (Intercom)"},
		"nothing known":                           {contact: intercom.Contact{}, want: "Visitor (Intercom)"},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, func(w *workspace.Workspace) {
				w.Desk.DefaultOrg = "1"
				w.Desk.CreatePersons = false
				if tc.signed {
					w.Messenger.JWTSecret = "messenger-secret"
				}
			})
			ids := map[string]int64{"pablo": h.pablo.ID, "jane": h.jane.ID}
			contact := tc.contact
			if who, ok := contact.CustomAttributes["itop_contact_id"].(string); ok {
				contact.CustomAttributes = map[string]any{"itop_contact_class": contact.CustomAttributes["itop_contact_class"], "itop_contact_id": ids[who]}
			}
			contact = h.stand.AddContact(contact)
			v, err := h.stand.StartConversation(contact.ID, "<p>it is me</p>")
			h.must(err)
			h.settle()
			ticket := h.create(v.ID, nil)
			h.settle()
			if e := h.signed(ticket, "it is me"); e.Author != tc.want {
				t.Errorf("signed as %q, want %q\n%s", e.Author, tc.want, h.log)
			}
		})
	}
}

func itop(class, who string) map[string]any {
	return map[string]any{"itop_contact_class": class, "itop_contact_id": who}
}

// A contact that the desk does not know becomes a person when the workspace
// says so, so that their tickets are theirs.
func TestUnknownContactBecomesAPerson(t *testing.T) {
	h := open(t, func(w *workspace.Workspace) { w.Desk.DefaultOrg, w.Desk.CreatePersons = "1", true })
	contact := h.stand.AddContact(intercom.Contact{Name: "Nora New", Email: "nora@new.test"})
	for range 2 {
		v, err := h.stand.StartConversation(contact.ID, "<p>hello</p>")
		h.must(err)
		ticket := h.create(v.ID, nil)
		if ticket.CallerID == 0 || ticket.CallerName != "Nora New" {
			t.Errorf("the caller is %d %q\n%s", ticket.CallerID, ticket.CallerName, h.log)
		}
	}
	p, total, err := h.tickets.Persons(t.Context(), h.actor, tickets.DirectoryFilter{Search: "nora"})
	h.must(err)
	if total != 1 || p[0].Email != "nora@new.test" {
		t.Errorf("persons: %v", p)
	}
}
