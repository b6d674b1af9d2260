package portal_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/tickets"
)

func TestListFilters(t *testing.T) {
	s := newSite(t)
	fresh := s.ticket(s.pablo, "Fresh one")
	assigned := s.move(s.ticket(s.pablo, "Assigned one"), "ev_assign")
	pending := s.move(s.ticket(s.pablo, "Pending one"), "ev_assign", "ev_pending")
	resolved := s.move(s.ticket(s.pablo, "Resolved one"), "ev_assign", "ev_resolve")
	closed := s.move(s.ticket(s.pablo, "Closed one"), "ev_assign", "ev_resolve", "ev_close")
	rejected := s.move(s.ticket(s.pablo, "Rejected one"), "ev_reject")
	b := s.as("pablo@demo.test")
	all := []tickets.Ticket{fresh, assigned, pending, resolved, closed, rejected}
	for query, want := range map[string][]tickets.Ticket{
		"":                         all,
		"?status=all":              all,
		"?status=nonsense":         all,
		"?status=open":             {fresh, assigned},
		"?status=waiting":          {pending},
		"?status=resolved":         {resolved},
		"?status=closed":           {closed, rejected},
		"?q=fresh":                 {fresh},
		"?q=R-000003":              {pending},
		"?q=one&status=closed":     {closed, rejected},
		"?status=open&status=done": {fresh, assigned}, // the first of two counts (SEC-029)
	} {
		t.Run(query, func(t *testing.T) {
			a := b.get("/portal/tickets" + query).code(http.StatusOK)
			for _, x := range all {
				shown := strings.Contains(a.Body.String(), ">"+x.Ref+"<")
				wanted := false
				for _, w := range want {
					wanted = wanted || w.ID == x.ID
				}
				if shown != wanted {
					t.Errorf("%s is shown: %v", x.Title, shown)
				}
			}
		})
	}
	b.get("/portal/tickets").has(`All <span class="count">6</span>`, `Open <span class="count">2</span>`, `Waiting <span class="count">1</span>`,
		`Resolved <span class="count">1</span>`, `Closed <span class="count">2</span>`, "1 to 6 of 6")
	b.get("/portal/tickets?q=fresh").has(`All <span class="count">1</span>`, `Open <span class="count">1</span>`, `Closed <span class="count">0</span>`, "Newest first")
	b.get("/portal/tickets?q=unheard").has("Nothing found", "Clear search")
	b.get("/portal/tickets?q=unheard&status=waiting").has("Nothing found", `href="/portal/tickets?status=waiting"`)
}

func TestListSortsAndPages(t *testing.T) {
	s := newSite(t)
	for i := range 45 {
		s.now = s.now.Add(time.Minute)
		s.ticket(s.pablo, fmt.Sprintf("Number %02d.", i+1))
	}
	s.now = s.now.Add(time.Minute)
	first, err := s.tickets.ByRef(s.ctx, s.sys, "R-1")
	s.ok(err)
	s.entry(first, tickets.NewEntry{Log: tickets.Public, HTML: "<p>News</p>", Author: "Ada"})
	b := s.as("pablo@demo.test")
	order := func(query string, titles ...string) {
		t.Helper()
		page := b.get("/portal/tickets" + query).code(http.StatusOK).Body.String()
		at := -1
		for _, title := range titles {
			i := strings.Index(page, title)
			if i <= at {
				t.Fatalf("%s: %q is not after the one before", query, title)
			}
			at = i
		}
	}
	order("", "Number 01.", "Number 45.", "Number 44.")
	order("?sort=newest", "Number 45.", "Number 44.")
	order("?sort=oldest", "Number 01.", "Number 02.")
	order("?sort=nonsense", "Number 01.", "Number 45.")
	order("?sort=oldest&page=3", "Number 41.", "Number 45.")
	b.get("/portal/tickets?sort=oldest&page=2").has("21 to 40 of 45", "Page 2 of 3", `rel="prev" href="/portal/tickets?sort=oldest"`, `rel="next" href="/portal/tickets?page=3&sort=oldest"`)
	b.get("/portal/tickets?sort=oldest&page=3").lacks(`rel="next"`)
	b.get("/portal/tickets?page=9").to("/portal/tickets?page=3")
	b.get("/portal/tickets?page=2&status=waiting").to("/portal/tickets?status=waiting")
	for _, page := range []string{"0", "-1", "x", "99999999999999999999", "1e9"} {
		b.get("/portal/tickets?page=" + page).code(http.StatusOK).has("1 to 20 of 45")
	}
}

func TestListEmpty(t *testing.T) {
	s := newSite(t)
	b := s.as("pablo@demo.test")
	b.get("/portal/tickets").code(http.StatusOK).has("You have no tickets yet", "Write your first ticket").lacks(`role="search"`)
	s.ticket(s.pablo, "The only one")
	b.get("/portal/tickets?status=closed").has("Nothing in this state", "Show all tickets")
}

func TestSearchIsLiteralAndShowsNothingPrivate(t *testing.T) { // SEC-033, SEC-050, SEC-051
	s := newSite(t)
	mine := s.ticket(s.pablo, "Printer jam")
	s.entry(mine, tickets.NewEntry{Log: tickets.Private, HTML: "<p>marker-7731 hidden</p>", Author: "Ada"})
	s.ticket(s.frida, "Printer of Frida")
	b := s.as("pablo@demo.test")
	b.get("/portal/tickets?q=hidden").has("Nothing found")
	b.get("/portal/tickets?q=printer").has("1 to 1 of 1").lacks("Frida</bdi></a>")
	for _, q := range []string{"%25", "_", "'%20OR%201=1--", "%22", "NEAR(", "*", "%28a%2B%29%2B$", "%00", "%ff", strings.Repeat("a", 5000)} {
		b.get("/portal/tickets?q=" + q).code(http.StatusOK)
	}
	b.get("/portal/tickets?q=%3Cscript%3Ealert(1)%3C/script%3E").lacks("<script>alert")
}

// Every operation on what is another's, another desk's or nobody's answers the
// same bytes (SEC-020, SEC-026, SEC-039, SEC-171).
func TestForeignTicketsDoNotExist(t *testing.T) {
	s := newSite(t)
	theirs := s.ticket(s.frida, "Secret of Frida")
	file, err := s.tickets.Attach(s.ctx, s.sys, theirs.ID, tickets.NewFile{Log: tickets.Public, Name: "a.txt", Data: strings.NewReader("secret")})
	s.ok(err)
	s.exec("INSERT INTO desks (id, name, created_at) VALUES (2, 'second', 0)")
	far := tickets.System(2, "Far")
	orgs, err := s.tickets.CreateOrganisations(s.ctx, far, tickets.Organisation{Name: "Far"})
	s.ok(err)
	people, err := s.tickets.CreatePersons(s.ctx, far, tickets.Person{FirstName: "Far", Name: "Away", OrgID: orgs[0].ID})
	s.ok(err)
	for range 3 {
		_, err = s.tickets.Create(s.ctx, far, tickets.NewTicket{Title: "Secret far away", Description: "x", OrgID: orgs[0].ID, CallerID: people[0].ID})
		s.ok(err)
	}
	b := s.as("pablo@demo.test")
	none := b.get("/portal/tickets/R-999999").code(http.StatusNotFound).Body.String()
	for _, ref := range []string{theirs.Ref, "R-000002", "R-000003", "r-1", "1", "R-", "I-000001", "nonsense", "..", "%2e%2e", "R-000001%00", "R-99999999999999999999", "%27"} {
		if got := b.get("/portal/tickets/" + ref).code(http.StatusNotFound).Body.String(); got != none {
			t.Errorf("%s differs: %s", ref, got)
		}
		for _, act := range []string{"reply", "close", "reopen"} {
			if got := b.post("/portal/tickets/"+ref+"/"+act, map[string][]string{"text": {"hello"}}).code(http.StatusNotFound).Body.String(); got != none {
				t.Errorf("%s of %s differs: %s", act, ref, got)
			}
		}
	}
	for _, id := range []string{file.ID, strings.Repeat("0", 32), "x", "..", strings.ToUpper(file.ID)} {
		if got := b.get("/portal/files/" + id).code(http.StatusNotFound).Body.String(); got != none {
			t.Errorf("file %s differs: %s", id, got)
		}
	}
	for _, path := range []string{"..%2f..%2fetc%2fpasswd", "%252e%252e%252fetc", "..%5c..%5cetc", "/etc/passwd"} { // SEC-170
		b.get("/portal/files/" + path).code(http.StatusNotFound)
	}
	if s.count("ticket_entries") != 0 {
		t.Error("something was written")
	}
	s.as("frida@demo.test").get("/portal/files/" + file.ID).code(http.StatusOK)
}
