package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/tickets"
)

func TestPrivateLogIsNeverInThePage(t *testing.T) { // SEC-033, IC-20
	s := newSite(t)
	mine := s.ticket(s.pablo, "Printer jam")
	s.entry(mine, tickets.NewEntry{Log: tickets.Public, HTML: "<p>We are on it</p>", PersonID: s.agent.ID})
	s.entry(mine, tickets.NewEntry{Log: tickets.Private, HTML: "<p>marker-7731 he never reads manuals</p>", Author: "marker-7732"})
	file, err := s.tickets.Attach(s.ctx, s.sys, mine.ID, tickets.NewFile{Log: tickets.Private, Name: "marker-7733.txt", Data: strings.NewReader("marker-7734")})
	s.ok(err)
	b := s.as("pablo@demo.test")
	b.get("/portal/tickets/"+mine.Ref).code(http.StatusOK).has("We are on it", "Ada Agent").lacks("marker-77", file.ID)
	b.get("/portal/tickets").lacks("marker-77")
	b.get("/portal/files/" + file.ID).code(http.StatusNotFound).lacks("marker-77")
	b.post("/portal/tickets/"+mine.Ref+"/reply", nil).code(http.StatusUnprocessableEntity).lacks("marker-77")
	// An agent who is the caller is an end user here, too.
	own := s.move(s.ticket(s.agent, "My screen"), "ev_assign")
	s.entry(own, tickets.NewEntry{Log: tickets.Private, HTML: "<p>marker-7735</p>", Author: "Ada"})
	s.as("ada@desk.test").get("/portal/tickets/" + own.Ref).code(http.StatusOK).lacks("marker-77")
	if strings.Contains(s.log.String(), "marker-77") {
		t.Error("the log holds what is private")
	}
}

func TestDisclaimer(t *testing.T) { // IC-37
	s := newSite(t)
	mine := s.ticket(s.pablo, "Printer jam")
	const line = "Message synchronized from the Intercom conversation"
	s.entry(mine, tickets.NewEntry{Log: tickets.Public, HTML: "<p>one</p>", PersonID: s.pablo.ID, Synced: true, Source: "https://app.intercom.com/a/inbox/1?x=1&y=2"})
	b := s.as("pablo@demo.test")
	b.lang = "de"
	b.get("/portal/tickets/"+mine.Ref).has(`<a href="https://app.intercom.com/a/inbox/1?x=1&amp;y=2" rel="nofollow noreferrer noopener" target="_blank">`+line+`</a>`,
		"Pablo Picasso", "(Sie)", `<time datetime="2026-01-31T08:00:00Z">31.01.2026, 08:00 UTC</time>`)
	other := s.ticket(s.pablo, "Another")
	e := s.entry(other, tickets.NewEntry{Log: tickets.Public, HTML: "<p>two</p>", Author: "Max (Intercom)", Synced: true})
	s.entry(other, tickets.NewEntry{Log: tickets.Public, HTML: "<p>three</p>", Author: "Ada"})
	page := b.get("/portal/tickets/" + other.Ref).has(`<p class="synced" lang="en">` + line + `</p>`).Body.String()
	if n := strings.Count(page, line); n != 1 {
		t.Errorf("the line is there %d times", n)
	}
	s.exec("UPDATE ticket_entries SET source = ? WHERE id = ?", "javascript:alert(1)", e.ID)
	b.get("/portal/tickets/" + other.Ref).has(line).lacks("javascript:")
}

func TestReply(t *testing.T) {
	s := newSite(t)
	mine := s.ticket(s.pablo, "Printer jam")
	b := s.as("pablo@demo.test")
	path := "/portal/tickets/" + mine.Ref
	page := b.get(path).code(http.StatusOK).has("Nobody has written anything yet.", "No files.")
	sent := with(page.hidden(), "text", "  First line\r\nsecond <b>line</b>\r\n\r\nNext paragraph ")
	b.post(path+"/reply", sent).to(path).follow().code(http.StatusOK).has("Your reply was added.",
		"<p>First line<br>second &lt;b&gt;line&lt;/b&gt;</p><p>Next paragraph</p>", "Pablo Picasso", "(you)")
	b.get(path).lacks("Your reply was added.")

	// Sent twice is said once; said again on purpose is said again.
	b.post(path+"/reply", sent).to(path)
	if n := s.count("ticket_entries"); n != 1 {
		t.Fatalf("%d entries after the form was sent twice", n)
	}
	b.post(path+"/reply", with(b.get(path).hidden(), "text", sent.Get("text"))).to(path)
	if n := s.count("ticket_entries"); n != 2 {
		t.Fatalf("%d entries after the same was said again", n)
	}

	// Nothing, too much, and another's log.
	b.post(path+"/reply", url.Values{"text": {" \n "}}).code(http.StatusUnprocessableEntity).has("1 thing needs your attention", `href="#text"`, "Write something, or attach a file.")
	b.post(path+"/reply", url.Values{"text": {strings.Repeat("é", 30_001)}}).code(http.StatusUnprocessableEntity).has("At most 30000 characters.", "éééé")
	b.post(path+"/reply", url.Values{"text": {"hello"}, "log": {"private"}, "person_id": {"1"}, "at": {"0"}}).to(path)
	entries, err := s.tickets.Entries(s.ctx, s.sys, mine.ID, "")
	s.ok(err)
	if last := entries[len(entries)-1]; last.Log != tickets.Public || last.PersonID != s.pablo.ID || !last.ByDesk || last.Marker != "" {
		t.Fatalf("entry is %+v", last)
	}
	b.get(path + "/reply").code(http.StatusMethodNotAllowed) // SEC-062
}

func TestReplySentTwiceAtOnce(t *testing.T) {
	s := newSite(t)
	mine := s.ticket(s.pablo, "Printer jam")
	b := s.as("pablo@demo.test")
	path := "/portal/tickets/" + mine.Ref
	form := with(b.get(path).hidden(), "text", "Only once")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			one := &browser{site: s, cookies: map[string]string{"deskbridge": b.cookies["deskbridge"]}}
			if a := one.postFiles(path+"/reply", form, upload{"a.txt", "hello"}); a.Code != http.StatusSeeOther {
				t.Errorf("status %d", a.Code)
			}
		})
	}
	all.Wait()
	if e, f := s.count("ticket_entries"), s.count("ticket_attachments"); e != 1 || f != 1 {
		t.Fatalf("%d entries and %d files, want one of each", e, f)
	}
}

func TestCloseAndReopen(t *testing.T) {
	s := newSite(t)
	b := s.as("pablo@demo.test")
	fresh := s.ticket(s.pablo, "Printer jam")
	path := "/portal/tickets/" + fresh.Ref
	b.get(path).lacks("Close ticket", "Re-open ticket")
	b.post(path+"/close", nil).code(http.StatusConflict).has("The ticket has changed")
	b.post(path+"/reopen", nil).code(http.StatusConflict)
	resolved := s.move(fresh, "ev_assign", "ev_resolve")
	b.get(path).has("Is this solved?", "Turned it off and on again", "Close ticket", "Re-open ticket")
	b.post(path+"/reopen", nil).to(path).follow().has("The ticket is open again.", "In progress").lacks("Is this solved?")
	b.post(path+"/reopen", nil).to(path) // sent twice
	s.move(resolved, "ev_resolve")
	b.post(path+"/close", nil).to(path).follow().has("The ticket is closed.", "This ticket is closed.", "Turned it off").lacks("Is this solved?", `name="text"`)
	b.post(path+"/close", nil).to(path)
	b.post(path+"/reopen", nil).code(http.StatusConflict)
	b.post(path+"/reply", url.Values{"text": {"too late"}}).code(http.StatusConflict)
	rejected := s.move(s.ticket(s.pablo, "Rejected"), "ev_reject")
	b.get("/portal/tickets/"+rejected.Ref).lacks("Close ticket", "Re-open ticket")
	b.post("/portal/tickets/"+rejected.Ref+"/reopen", nil).code(http.StatusConflict)
	b.post("/portal/tickets/"+rejected.Ref+"/reply", url.Values{"text": {"why?"}}).code(http.StatusSeeOther)
	history, err := s.tickets.History(s.ctx, s.sys, fresh.ID)
	s.ok(err)
	by := ""
	for _, h := range history {
		if h.Attribute == "status" {
			by += h.New + ":" + h.Actor + " "
		}
	}
	if want := "assigned:Test resolved:Test assigned:Pablo Picasso resolved:Test closed:Pablo Picasso "; by != want {
		t.Errorf("history is %q", by)
	}
}

func TestTicketShowsItsAttributes(t *testing.T) {
	s := newSite(t)
	services, err := s.tickets.CreateServices(s.ctx, s.sys, tickets.Offering{Name: "Computers"})
	s.ok(err)
	subs, err := s.tickets.CreateSubcategories(s.ctx, s.sys, tickets.Subcategory{ServiceID: services[0].ID, Name: "Printers"})
	s.ok(err)
	for _, f := range []tickets.CustomField{
		{Code: "vip", Label: "Very important", Type: tickets.FieldBool},
		{Code: "floor", Label: "Floor", Type: tickets.FieldEnum, Options: tickets.Choices{{Value: "1", Label: "First floor"}}},
		{Code: "since", Label: "Lasts", Type: tickets.FieldDuration},
		{Code: "unset", Label: "Never set", Type: tickets.FieldString},
	} {
		_, err := s.tickets.CreateCustomField(s.ctx, s.sys, f)
		s.ok(err)
	}
	made, err := s.tickets.Create(s.ctx, s.sys, tickets.NewTicket{Title: "x", Description: "y", OrgID: s.org.ID, CallerID: s.pablo.ID, Urgency: 1, ServiceID: services[0].ID,
		ServiceSubcategoryID: subs[0].ID, Custom: tickets.Values{"vip": "true", "floor": "1", "since": "5400"}, Link: tickets.Link{Ref: "marker-77", URL: "https://app.intercom.com/marker-77"}})
	s.ok(err)
	s.now = s.now.Add(time.Hour)
	s.move(made, "ev_assign", "ev_pending")
	s.as("pablo@demo.test").get("/portal/tickets/"+made.Ref).code(http.StatusOK).has("Critical", "Computers", "Printers", "Demo", "Ada Agent", "Very important", "Yes", "First floor", "1h30m0s",
		`<time datetime="2026-01-31T08:00:00Z">31 Jan 2026, 08:00 UTC</time>`, "Waiting").lacks("Never set", "marker-77", "Waits for paper", "9:00 UTC</time></dd></div>\n<div><dt><bdi>Resolved")
	s.as("pablo@demo.test").get("/portal/tickets/r-1").to("/portal/tickets/R-000001")
}
