package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/deskbridge/deskbridge/internal/auth"
	"github.com/deskbridge/deskbridge/tickets"
)

// catalogue gives the desk services and custom fields, and returns the ids of a
// service with a sub-service, and of one that the organisation may not have.
func (s *site) catalogue() (service, sub, closed string) {
	s.t.Helper()
	list, err := s.tickets.CreateServices(s.ctx, s.sys, tickets.Offering{Name: "Computers"}, tickets.Offering{Name: "Telephony"},
		tickets.Offering{Name: "Not for Demo", Orgs: []int64{s.agent.OrgID}})
	s.ok(err)
	subs, err := s.tickets.CreateSubcategories(s.ctx, s.sys, tickets.Subcategory{ServiceID: list[0].ID, Name: "Printers"}, tickets.Subcategory{ServiceID: list[1].ID, Name: "Voicemail"})
	s.ok(err)
	for i, f := range []tickets.CustomField{
		{Code: "cost_centre", Label: "Cost centre", Type: tickets.FieldString, Mandatory: true},
		{Code: "floor", Label: "Floor", Type: tickets.FieldEnum, Options: tickets.Choices{{Value: "1", Label: "First"}, {Value: "2", Label: "Second"}}},
		{Code: "since", Label: "Since", Type: tickets.FieldDateTime},
		{Code: "day", Label: "Day", Type: tickets.FieldDate},
		{Code: "number", Label: "Number", Type: tickets.FieldInteger},
		{Code: "price", Label: "Price", Type: tickets.FieldDecimal},
		{Code: "lasts", Label: "Lasts", Type: tickets.FieldDuration},
		{Code: "vip", Label: "VIP", Type: tickets.FieldBool},
		{Code: "notes", Label: "Notes", Type: tickets.FieldText},
	} {
		f.Position = i
		_, err := s.tickets.CreateCustomField(s.ctx, s.sys, f)
		s.ok(err)
	}
	return number(list[0].ID), number(subs[0].ID), number(list[2].ID)
}

// A whole visit without a line of JavaScript.
func TestWithoutJavaScript(t *testing.T) {
	s := newSite(t)
	service, sub, _ := s.catalogue()
	b := s.browser()
	page := b.get("/portal/tickets/new").follow()
	page = b.post("/portal/sign-in", with(page.hidden(), "email", "pablo@demo.test", "password", good)).follow()
	page.code(http.StatusOK).has("New ticket", "Cost centre", "Show sub-services", `enctype="multipart/form-data"`).lacks("Not for Demo", "Printers", "Voicemail")
	form := with(page.hidden(), "title", "Printer jam", "description", "Tray 2\n\nIt smells.", "urgency", "2", "custom.cost_centre", "4711", "custom.vip", "true",
		"custom.since", "2026-01-30T17:00", "custom.notes", "a\nb", "service_id", service)

	// The dependent list: only what was asked for comes back, all input stays, nothing is stored.
	page = b.postFiles("/portal/tickets/new", with(form, "step", "service")).code(http.StatusOK)
	page.has("Printers", `value="Printer jam"`, "It smells.", `value="4711"`, `value="2026-01-30T17:00"`).lacks("Voicemail", `role="alert"`)
	if page.hidden().Get("token") != form.Get("token") {
		t.Error("the form has another token")
	}
	page = b.postFiles("/portal/tickets/new", with(form, "servicesubcategory_id", sub), upload{"photo.txt", "hello"}, upload{"", ""}).to("/portal/tickets/R-000001").follow()
	page.code(http.StatusOK).has("Your ticket was created.", "Printer jam", "<p>Tray 2</p><p>It smells.</p>", "High", "Computers", "Printers", "4711", "Yes", "2026-01-30 17:00:00", "photo.txt")
	b.get("/portal/tickets").has("Printer jam", "Computers")

	made, err := s.tickets.ByRef(s.ctx, s.sys, "R-000001")
	s.ok(err)
	if made.CallerID != s.pablo.ID || made.OrgID != s.org.ID || made.Origin != tickets.OriginPortal || made.Status != tickets.StatusNew || made.Class != tickets.UserRequest {
		t.Errorf("ticket is %+v", made)
	}

	// The form sent twice makes one ticket; gone back to and changed, another.
	b.postFiles("/portal/tickets/new", with(form, "servicesubcategory_id", sub), upload{"photo.txt", "hello"}).to("/portal/tickets/R-000001")
	b.postFiles("/portal/tickets/new", with(form, "title", "Another jam")).to("/portal/tickets/R-000002")
	if n := s.count("ticket_attachments"); n != 1 {
		t.Errorf("%d files", n)
	}
	b.post("/portal/sign-out", nil).follow().has("You are signed out")
}

func TestNewShowsEveryMistakeAtItsField(t *testing.T) {
	s := newSite(t)
	service, sub, closed := s.catalogue()
	b := s.as("pablo@demo.test")
	valid := url.Values{"title": {"Printer jam"}, "description": {"Tray 2"}, "urgency": {"3"}, "custom.cost_centre": {"4711"}}
	for name, c := range map[string]struct {
		set         []string
		field, text string
	}{
		"no title":                {[]string{"title", " \t "}, "title", "Enter a title."},
		"long title":              {[]string{"title", strings.Repeat("ä", 256)}, "title", "At most 255 characters."},
		"no description":          {[]string{"description", "\n"}, "description", "Describe what it is about."},
		"long description":        {[]string{"description", strings.Repeat("ä", 30_001)}, "description", "At most 30000 characters."},
		"no urgency":              {[]string{"urgency", ""}, "urgency", "Choose an urgency."},
		"strange urgency":         {[]string{"urgency", "9"}, "urgency", "Choose an urgency."},
		"mandatory field":         {[]string{"custom.cost_centre", ""}, "custom.cost_centre", "Cost centre is needed."},
		"long field":              {[]string{"custom.cost_centre", strings.Repeat("x", 256)}, "custom.cost_centre", "At most 255 characters."},
		"enum":                    {[]string{"custom.floor", "9"}, "custom.floor", "Choose one of the list."},
		"date and time":           {[]string{"custom.since", "tomorrow"}, "custom.since", "Enter a date and time such as"},
		"date":                    {[]string{"custom.day", "2026-02-30"}, "custom.day", "Enter a date such as"},
		"integer":                 {[]string{"custom.number", "1.5"}, "custom.number", "Enter a whole number."},
		"decimal":                 {[]string{"custom.price", "1,5"}, "custom.price", "Enter a number such as 12.50."},
		"duration":                {[]string{"custom.lasts", "1h"}, "custom.lasts", "Enter a number of seconds."},
		"bool":                    {[]string{"custom.vip", "maybe"}, "custom.vip", "Choose yes or no."},
		"service of others":       {[]string{"service_id", closed}, "service_id", "Choose a service from the list."},
		"service that is not":     {[]string{"service_id", "999"}, "service_id", "Choose a service from the list."},
		"sub-service of no one":   {[]string{"servicesubcategory_id", sub}, "", "Choose a sub-service of the chosen service."},
		"sub-service that is not": {[]string{"service_id", service, "servicesubcategory_id", "999"}, "servicesubcategory_id", "Choose a sub-service of the chosen service."},
	} {
		t.Run(name, func(t *testing.T) {
			a := b.postFiles("/portal/tickets/new", with(valid, c.set...)).code(http.StatusUnprocessableEntity)
			a.has("1 thing needs your attention", `role="alert"`, c.text, "<title>Error: New ticket")
			if c.field != "" {
				a.has(`<a href="#`+c.field+`">`+c.text, `<p class="error" id="`+c.field+`-error">`+c.text, `aria-invalid="true"`, c.field+`-error"`)
			}
			if c.field != "title" {
				a.has(`value="Printer jam"`)
			}
		})
	}
	b.postFiles("/portal/tickets/new", url.Values{"custom.number": {"x"}}).code(http.StatusUnprocessableEntity).has("5 things need your attention", "Enter a title.", "Describe what", "Choose an urgency.",
		"Cost centre is needed.", "Enter a whole number.")
	if n := s.count("tickets"); n != 0 {
		t.Fatalf("%d tickets were made", n)
	}
}

func TestNewSetsNothingElse(t *testing.T) { // SEC-019
	s := newSite(t)
	b := s.as("pablo@demo.test")
	b.post("/portal/tickets/new", url.Values{"title": {"x"}, "description": {"y"}, "urgency": {"3"}, "caller_id": {number(s.frida.ID)}, "org_id": {number(s.agent.OrgID)}, "agent_id": {number(s.agent.ID)},
		"status": {"closed"}, "class": {"Incident"}, "desk_id": {"2"}, "impact": {"1"}, "custom.nonsense": {"z"}, "intercom_ref": {"1"}}).to("/portal/tickets/R-000001")
	made, err := s.tickets.ByRef(s.ctx, s.sys, "R-000001")
	s.ok(err)
	if made.CallerID != s.pablo.ID || made.OrgID != s.org.ID || made.AgentID != 0 || made.Status != tickets.StatusNew || made.Impact != 3 || made.IntercomRef != "" || len(made.Custom) != 0 {
		t.Errorf("ticket is %+v", made)
	}
}

func TestNewForAnObsoletePerson(t *testing.T) {
	s := newSite(t)
	s.pablo.Obsolete = true
	_, err := s.tickets.UpdatePerson(s.ctx, s.sys, s.pablo)
	s.ok(err)
	s.as("pablo@demo.test").post("/portal/tickets/new", url.Values{"title": {"x"}, "description": {"y"}, "urgency": {"3"}}).code(http.StatusUnprocessableEntity).
		has("<li>Your contact is no longer active. Ask your service desk.</li>")
}

func TestFilesOfForms(t *testing.T) { // SEC-166, SEC-167, SEC-169, SEC-175
	s := newSite(t)
	b := s.as("pablo@demo.test")
	form := url.Values{"title": {"Printer jam"}, "description": {"Tray 2"}, "urgency": {"3"}}
	many := make([]upload, 6)
	for i := range many {
		many[i] = upload{"a" + number(int64(i)) + ".txt", "hello"}
	}
	big := upload{"big.txt", strings.Repeat("a", 1<<20+1)}
	b.postFiles("/portal/tickets/new", form, many...).code(http.StatusUnprocessableEntity).has("At most 5 files at once.", `value="Printer jam"`, `<a href="#files">`)
	b.postFiles("/portal/tickets/new", form, big).code(http.StatusUnprocessableEntity).has("The files are too large: together at most 1.0\u00a0MB.")
	b.postFiles("/portal/tickets/new", form, upload{"huge.txt", strings.Repeat("a", 3<<20)}).code(http.StatusRequestEntityTooLarge)
	if n := s.count("tickets"); n != 0 {
		t.Fatalf("%d tickets were made", n)
	}
	// A file that is refused later does not lose the ticket.
	b.postFiles("/portal/tickets/new", form, upload{"a.png", "<html><script>alert(1)</script>"}).to("/portal/tickets/R-000001").follow().
		has("Your ticket was created.", "A file was not attached", "notice warning")
	path := "/portal/tickets/R-000001"
	b.postFiles(path+"/reply", url.Values{"text": {"See here"}}, upload{"a.txt", "fine"}, upload{"x.exe", "MZ" + strings.Repeat("\x00", 58) + "\x80\x00\x00\x00" + strings.Repeat("\x00", 64) + "PE\x00\x00"}).
		code(http.StatusUnprocessableEntity).has("Programs are not accepted.", "See here", `aria-describedby="files-hint files-error"`)
	b.postFiles(path+"/reply", nil, many...).code(http.StatusUnprocessableEntity).has("At most 5 files at once.")
	if n := s.count("ticket_entries"); n != 0 {
		t.Fatalf("%d entries", n)
	}
	b.postFiles(path+"/reply", nil, upload{"a.txt", "fine"}).to(path).follow().has("Your files were attached.")
	if n := s.count("ticket_attachments"); n != 1 {
		t.Fatalf("%d files, want the one that was sent twice", n)
	}
	// One visitor's file does not stand in for another's.
	made, err := s.tickets.ByRef(s.ctx, s.sys, "R-000001")
	s.ok(err)
	_, err = s.tickets.Attach(s.ctx, s.sys, made.ID, tickets.NewFile{Log: tickets.Public, Name: "b.txt", Data: strings.NewReader("desk's")})
	s.ok(err)
	b.postFiles(path+"/reply", nil, upload{"b.txt", "desk's"}).to(path)
	if n := s.count("ticket_attachments"); n != 3 {
		t.Fatalf("%d files", n)
	}
}

func TestDownloads(t *testing.T) { // SEC-166, SEC-169
	s := newSite(t)
	b := s.as("pablo@demo.test")
	b.post("/portal/tickets/new", url.Values{"title": {"x"}, "description": {"y"}, "urgency": {"3"}}).to("/portal/tickets/R-000001")
	for _, c := range []struct{ name, content, disposition string }{
		{"a.html", "<html><script>alert(1)</script>", `attachment; filename=a.html`},
		{"a.svg", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, `attachment; filename=a.svg`},
		{"a.xhtml", `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>`, `attachment; filename=a.xhtml`},
		{"a.js", "alert(1)", `attachment; filename=a.js`},
		{"../../x.txt", "1", `attachment; filename=x.txt`},
		{`C:\x\y.txt`, "2", `attachment; filename=y.txt`},
		{"\u202egpj.exe.txt", "3", `attachment; filename=gpj.exe.txt`},
		{"a b\"c'd;e.txt", "4", `attachment; filename="a bc'd;e.txt"`},
		{"Übergröße.txt", "5", "attachment; filename*=utf-8''%C3%9Cbergr%C3%B6%C3%9Fe.txt"},
		{"x\r\nSet-Cookie: a=b.txt", "6", `attachment; filename="x Set-Cookie a=b.txt"`},
		{strings.Repeat("n", 300) + ".txt", "7", "attachment; filename=" + strings.Repeat("n", 146) + ".txt"},
	} {
		made, err := s.tickets.Attach(s.ctx, s.sys, 1, tickets.NewFile{Log: tickets.Public, Name: c.name, Data: strings.NewReader(c.content)})
		s.ok(err)
		a := b.get("/portal/files/" + made.ID).code(http.StatusOK)
		for header, want := range map[string]string{
			"Content-Type": "application/octet-stream", "Content-Disposition": c.disposition, "X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "private, no-store",
		} {
			if got := a.Header().Get(header); got != want {
				t.Errorf("%q: %s is %q, want %q", c.name, header, got, want)
			}
		}
		if a.Body.String() != c.content {
			t.Errorf("%q holds %q", c.name, a.Body)
		}
		s.browser().get("/portal/files/" + made.ID).code(http.StatusSeeOther) // SEC-171: nobody
	}
}

func TestAgentsMayNotWriteForOthers(t *testing.T) {
	s := newSite(t)
	theirs := s.move(s.ticket(s.pablo, "Printer jam"), "ev_assign")
	b := s.as("ada@desk.test")
	b.post("/portal/tickets/"+theirs.Ref+"/reply", url.Values{"text": {"hello"}}).code(http.StatusNotFound)
	s.user("chief@desk.test", "Chief", auth.Administrator, s.agent.ID)
	s.as("chief@desk.test").get("/portal/tickets/" + theirs.Ref).code(http.StatusNotFound)
}
