package itop_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/bridge/itop"
	"github.com/deskbridge/deskbridge/bridge/itop/itoptest"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// TestIC19Mapping: every standard key can have another code in the datamodel.
// IC-19
func TestIC19Mapping(t *testing.T) {
	s, d := fake(t, itoptest.Config{}, func(c *itop.Config) {
		c.Mapping = map[string]string{"intercom_ref": "escalation_reason", "public_log": "private_log", "caller_id": ""}
	})
	n := draft("mapped")
	n.Link = desk.LinkState{Ref: "conv-1", URL: "https://app.intercom.com/1", Active: true}
	made, err := d.Create(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	if s.Value("UserRequest", made.ID, "escalation_reason") != "conv-1" || s.Value("UserRequest", made.ID, "intercom_ref") != "" || made.IntercomRef != "conv-1" {
		t.Errorf("the reference is in the wrong attribute: %+v", made)
	}
	if s.Value("UserRequest", made.ID, "intercom_sync_activated") != "yes" || s.Value("UserRequest", made.ID, "caller_id") != itoptest.Pablo {
		t.Error("keys that are not mapped keep their own code")
	}
	if _, err := d.Append(t.Context(), made.Key, []desk.Entry{entry("a:1", "one")}); err != nil {
		t.Fatal(err)
	}
	if e := s.Entries("UserRequest", made.ID); len(e) != 1 || e[0].Log != "private" {
		t.Errorf("entries: %+v, want one in the mapped log", e)
	}
}

// TestIC11Origin: a chat's ticket has the origin chat, and an iTop without that
// value still gets its ticket.
// IC-11
func TestIC11Origin(t *testing.T) {
	for _, noChat := range []bool{false, true} {
		s, d := fake(t, itoptest.Config{NoChat: noChat}, nil)
		made := fakeTicket(t, d)
		want := map[bool]string{false: "chat", true: "phone"}[noChat]
		if got := s.Value("UserRequest", made.ID, "origin"); got != want {
			t.Errorf("without the value %v: origin %q, want %q", noChat, got, want)
		}
	}
}

// TestIC12To14WithoutAttributes: the desk works on an iTop that lacks the
// attributes, and never asks for them in a form.
// IC-12
func TestIC12To14WithoutAttributes(t *testing.T) {
	s, d := fake(t, itoptest.Config{Vanilla: true}, nil)
	n := draft("vanilla")
	n.Link = desk.LinkState{Ref: "conv-1", URL: "https://app.intercom.com/1", Active: true}
	made, err := d.Create(t.Context(), n)
	if err != nil || s.Tickets("UserRequest") != 1 {
		t.Fatalf("%v, %d tickets", err, s.Tickets("UserRequest"))
	}
	before := s.Calls("")
	if err := d.SetLink(t.Context(), made.Key, n.Link); err != nil || s.Calls("") != before {
		t.Errorf("SetLink: %v, %d calls, want none", err, s.Calls("")-before)
	}
	all, err := d.Attributes(t.Context(), "UserRequest")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if strings.HasPrefix(a.Code, "intercom") {
			t.Errorf("%s is described and not there", a.Code)
		}
	}
}

// TestConfiguredAttributes: what an administrator added to the datamodel.
func TestConfiguredAttributes(t *testing.T) {
	_, d := fake(t, itoptest.Config{}, func(c *itop.Config) {
		c.Attributes = map[string][]itop.Attribute{
			"UserRequest": {
				{Attribute: desk.Attribute{Code: "escalation_reason", Label: "Why so hot", Type: desk.TypeString, Mandatory: true}},
				{Attribute: desk.Attribute{Code: "agent_id", Label: "Agent", Type: desk.TypeKey, Target: "Person"}, Filter: "org_id = :org_id"},
			},
			"Change": {{Attribute: desk.Attribute{Code: "title", Label: "Title", Type: desk.TypeString}}},
		}
	})
	_, err := d.Create(t.Context(), draft("no reason"))
	if fields := errs.FieldsOf(err); len(fields) != 1 || fields[0].Path != "escalation_reason" || fields[0].Text != "Why so hot is required." {
		t.Errorf("mistakes: %v", err)
	}
	page, err := d.Options(t.Context(), desk.OptionQuery{Class: "UserRequest", Attribute: "agent_id", Values: map[string]string{"org_id": itoptest.Other}})
	if err != nil || page.Total != 1 || page.Options[0].Label != "Olga Other" {
		t.Errorf("a filter that is only a condition: %+v, %v", page, err)
	}
	if all, err := d.Attributes(t.Context(), "Change"); err != nil || len(all) != 1 {
		t.Errorf("another class: %+v, %v", all, err)
	}
}

// TestIC15Scope: classes of all kinds, unions, joins; a query that would be
// ambiguous when it was nested.
// IC-15
func TestIC15Scope(t *testing.T) {
	_, d := fake(t, itoptest.Config{}, nil)
	pablo := desk.Person{Class: "Person", ID: itoptest.Pablo, OrgID: itoptest.Demo}
	jane := desk.Person{Class: "Person", ID: itoptest.Jane, OrgID: itoptest.Demo}
	for _, c := range []struct {
		scope string
		who   desk.Person
		want  bool
	}{
		{"SELECT Organization WHERE name = 'Demo' OR name = 'x'", pablo, true},
		{"SELECT Organization AS o WHERE o.name = 'Other Customer' OR o.status = 'inactive'", pablo, false},
		{"select organisation FROM Organization AS organisation where organisation.name LIKE 'De%'", pablo, true},
		{"SELECT Organization AS o JOIN Person AS p ON p.org_id = o.id WHERE p.email = 'jane.agent@demo.com'", pablo, true},
		{"SELECT Organization WHERE name = 'a WHERE b' UNION SELECT Organization WHERE name IN ('Demo','UNION')", pablo, true},
		{"SELECT Person WHERE name = 'Picasso'", pablo, true},
		{"SELECT Contact WHERE email = 'jane.agent@demo.com'", jane, true},
		{"SELECT User WHERE login = 'jane'", jane, true},
		{"SELECT UserLocal WHERE login = 'jane'", pablo, false},
		{"SELECT Organization WHERE (name = 'Demo'", pablo, false},
	} {
		got, err := d.InScope(t.Context(), c.scope, c.who)
		if got != c.want || err != nil && c.scope != "SELECT Organization WHERE (name = 'Demo'" {
			t.Errorf("%s: %v, %v, want %v", c.scope, got, err, c.want)
		}
	}
	for _, bad := range []string{"SELECT", "DELETE Organization", "SELECT UserRequest", "SELECT a FROM Organization AS b", "SELECT Organization WHERE a WHERE b"} {
		if _, err := d.InScope(t.Context(), bad, pablo); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v, want invalid", bad, err)
		}
	}
}

// TestCheckNamesWhatIsMissing: each finding says what the right would add.
func TestCheckNamesWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		name   string
		server itoptest.Config
		client func(c *itop.Config)
		bad    map[string]string // subject: words of its text
		fatal  bool
	}{
		{"all rights", itoptest.Config{}, nil, nil, false},
		{"plain", itoptest.Config{}, plain, map[string]string{"Write log entries for others": "Administrator"}, false},
		{"vanilla", itoptest.Config{Vanilla: true}, nil, map[string]string{"Show the link on the ticket": "intercom_ref, intercom_url, intercom_sync_activated"}, false},
		{"no chat", itoptest.Config{NoChat: true}, nil, map[string]string{"Origin chat": "no value chat"}, false},
		{"wrong password", itoptest.Config{}, func(c *itop.Config) { c.Password = "x" }, map[string]string{"Log in": "allowed_login_types"}, true},
		{"no profile", itoptest.Config{}, func(c *itop.Config) { c.User, c.Password = "jane", "jane-password" }, map[string]string{"Log in": "REST Services User"}, true},
		{"reader", itoptest.Config{}, func(c *itop.Config) { c.User, c.Password = "reader", "reader-password" }, map[string]string{"Read tickets": "Support Agent"}, true},
		{"token scope", itoptest.Config{}, func(c *itop.Config) { c.Auth, c.Token = itop.AuthToken, itoptest.NarrowToken }, map[string]string{"Log in": "scope REST/JSON"}, true},
		{"zone", itoptest.Config{Zone: "Asia/Tokyo"}, func(c *itop.Config) { c.TimeZone = "America/New_York" }, map[string]string{"Time zone": "timezone"}, false},
		{"class", itoptest.Config{}, func(c *itop.Config) { c.Class = "Nope" }, map[string]string{"Read tickets": "no such class"}, true},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			s, d := fake(t, c.server, c.client)
			id := s.AddTicket("UserRequest", "one")
			tickets, origin := s.Tickets("UserRequest"), s.Value("UserRequest", id, "origin")
			fatal := false
			for _, f := range d.Check(t.Context()) {
				want, bad := c.bad[f.Subject]
				if f.OK == bad || !strings.Contains(f.Text, want) {
					t.Errorf("%s: ok %v: %s", f.Subject, f.OK, f.Text)
				}
				fatal = fatal || f.Fatal
			}
			if fatal != c.fatal {
				t.Errorf("fatal %v, want %v", fatal, c.fatal)
			}
			if s.Tickets("UserRequest") != tickets || s.Value("UserRequest", id, "origin") != origin {
				t.Error("the check changed something")
			}
		})
	}
}

// TestRightsAreTriedAgain: the refusal to write for others is forgotten.
func TestRightsAreTriedAgain(t *testing.T) {
	now := time.Now()
	s, d := fake(t, itoptest.Config{Now: func() time.Time { return now }}, plain)
	key := fakeTicket(t, d).Key
	if _, err := d.Append(t.Context(), key, []desk.Entry{entry("a:1", "one")}); err != nil {
		t.Fatal(err)
	}
	s.Grant(itoptest.Plain, "Administrator")
	now = now.Add(2 * time.Hour)
	if _, err := d.Append(t.Context(), key, []desk.Entry{entry("a:2", "two")}); err != nil {
		t.Fatal(err)
	}
	if e := s.Entries(key.Class, key.ID); e[0].Name != "Bob Bridge" || e[1].Name != "Jane Agent" {
		t.Errorf("authors: %q, %q", e[0].Name, e[1].Name)
	}
}

func TestAttachTooLargeAndNamed(t *testing.T) {
	s, d := fake(t, itoptest.Config{}, func(c *itop.Config) { c.MaxFile = 1000 })
	key := fakeTicket(t, d).Key
	if _, err := d.Attach(t.Context(), key, desk.File{Marker: "f", Name: "a", Data: make([]byte, 1001)}); !errs.Is(err, errs.TooLarge) {
		t.Errorf("%v, want too large", err)
	}
	address, err := d.Attach(t.Context(), key, desk.File{Marker: "f", Name: "../a\n<b>.txt", Type: "text/plain", Data: []byte("x")})
	if err != nil || !strings.HasPrefix(address, s.URL()+"pages/ajax.document.php?") {
		t.Fatalf("%q, %v", address, err)
	}
	var in struct {
		Fields struct{ Contents struct{ Filename string } }
	}
	for _, r := range s.Requests() {
		if strings.Contains(r, `"Attachment"`) && strings.Contains(r, "core/create") {
			if err := json.Unmarshal([]byte(r), &in); err != nil {
				t.Fatal(err)
			}
		}
	}
	if in.Fields.Contents.Filename != "a<b>.txt" {
		t.Errorf("file name %q", in.Fields.Contents.Filename)
	}
	// An answer that was lost does not store the file twice.
	s.Fail("core/create", itoptest.LostAnswer)
	first, err := d.Attach(t.Context(), key, desk.File{Marker: "g", Name: "g", Data: []byte("x")})
	again, err2 := d.Attach(t.Context(), key, desk.File{Marker: "g", Name: "g", Data: []byte("x")})
	if err != nil || err2 != nil || first != again || s.Tickets("Attachment") != 2 {
		t.Errorf("%q, %v; %q, %v; %d files", first, err, again, err2, s.Tickets("Attachment"))
	}
}

// TestPostTooLarge: PHP throws a body above post_max_size away, credentials
// included, and iTop then complains about the login.
func TestPostTooLarge(t *testing.T) {
	_, d := fake(t, itoptest.Config{}, func(c *itop.Config) { c.MaxFile = 20 << 20 })
	key := fakeTicket(t, d).Key
	_, err := d.Attach(t.Context(), key, desk.File{Marker: "f", Name: "a", Data: make([]byte, 9<<20)})
	if !errs.Is(err, errs.TooLarge) {
		t.Errorf("%v, want too large", err)
	}
}

// TestChangedAcrossTheRepeatedHour: stamps have no zone, and in the night when
// the clocks go back a later change has a smaller stamp.
func TestChangedAcrossTheRepeatedHour(t *testing.T) {
	now := time.Date(2026, 10, 25, 0, 58, 0, 0, time.UTC) // 02:58 in Paris, for the first time
	s, d := fake(t, itoptest.Config{Now: func() time.Time { return now }}, nil)
	key := desk.Key{Class: "UserRequest", ID: s.AddTicket("UserRequest", "one")}
	now = now.Add(10 * time.Second)
	_, cursor, err := d.Changed(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for i := range 30 {
		now = now.Add(20 * time.Second)
		if i%3 == 2 {
			s.Say(key.Class, key.ID, "public", "Jane", "<p>x</p>")
		}
		now = now.Add(10 * time.Second)
		changed, next, err := d.Changed(t.Context(), cursor, []desk.Key{key})
		if err != nil {
			t.Fatal(err)
		}
		if i%3 == 2 && len(changed) != 1 {
			t.Errorf("at %v: the change was missed", now)
		}
		seen += len(changed)
		cursor = next
	}
	if seen > 20 {
		t.Errorf("%d reports for 10 changes", seen)
	}
}

// TestChangedManyTickets asks in batches and keeps the clock of the server.
func TestChangedManyTickets(t *testing.T) {
	now := time.Now()
	server := now.Add(-3 * time.Hour) // a server whose clock is wrong
	s, d := fake(t, itoptest.Config{Now: func() time.Time { return server }}, func(c *itop.Config) { c.Now = func() time.Time { return now } })
	var keys []desk.Key
	for range 450 {
		keys = append(keys, desk.Key{Class: "UserRequest", ID: s.AddTicket("UserRequest", "x")})
	}
	server = server.Add(time.Hour)
	_, cursor, err := d.Changed(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	server = server.Add(30 * time.Second)
	s.Set("UserRequest", keys[449].ID, "status", "assigned")
	before := s.Calls("core/get")
	changed, _, err := d.Changed(t.Context(), cursor, keys)
	if err != nil || len(changed) != 1 || changed[0] != keys[449] {
		t.Errorf("changed: %v, %v", changed, err)
	}
	if n := s.Calls("core/get") - before; n != 3 {
		t.Errorf("%d calls for 450 tickets, want 3", n)
	}
}

func TestParseNotification(t *testing.T) {
	for body, want := range map[string]string{
		`{"class":"UserRequest","id":"12"}`: "UserRequest::12", `{"class":"Incident","id":7,"more":[1]}`: "Incident::7",
		`{"class":"UserRequest","id":"0"}`: "", `{"class":"User Request","id":"1"}`: "", `{"id":"1"}`: "", ``: "", `[]`: "", `{"class":"UserRequest","id":{"a":1}}`: "",
		`{"class":"UserRequest","id":"1 OR 1=1"}`: "", strings.Repeat(" ", 70<<10) + `{"class":"UserRequest","id":"12"}`: "",
	} {
		key, err := itop.ParseNotification([]byte(body))
		if want == "" {
			if !errs.Is(err, errs.Invalid) {
				t.Errorf("%.60s: %v, want invalid", body, err)
			}
		} else if err != nil || key.String() != want {
			t.Errorf("%s: %v, %v", body, key, err)
		}
	}
}

func TestURLs(t *testing.T) {
	d, err := itop.New(itop.Config{URL: "https://itop.example.com/web", User: "u", Password: "p", PortalID: "-"})
	if err != nil {
		t.Fatal(err)
	}
	key := desk.Key{Class: "UserRequest", ID: "12"}
	if got := d.AgentURL(key); got != "https://itop.example.com/web/pages/UI.php?operation=details&class=UserRequest&id=12" {
		t.Error(got)
	}
	if got := d.PortalURL(key); got != "" {
		t.Error(got)
	}
}

func FuzzParseNotification(f *testing.F) {
	f.Add([]byte(`{"class":"UserRequest","id":"12"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if key, err := itop.ParseNotification(body); err == nil && (key.Class == "" || key.ID == "") {
			t.Errorf("%q gives %v", body, key)
		}
	})
}
