package portal_test

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/audit"
	"github.com/deskbridge/deskbridge/internal/auth"
	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/db/dbtest"
	"github.com/deskbridge/deskbridge/internal/httpx"
	"github.com/deskbridge/deskbridge/tickets"
	"github.com/deskbridge/deskbridge/tickets/portal"
)

const good = "correct horse 9 battery"

var start = time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)

// site is a server with the portal on a fresh desk, and whom it serves.
type site struct {
	t       testing.TB
	ctx     context.Context
	db      *db.DB
	auth    *auth.Service
	tickets *tickets.Service
	http    http.Handler
	log     *bytes.Buffer
	now     time.Time
	sys     tickets.Actor
	org     tickets.Organisation
	pablo   tickets.Person // end user
	frida   tickets.Person // another end user of the same organisation
	agent   tickets.Person
}

// set changes the portal's configuration before the server is made.
func newSite(t testing.TB, set ...func(*portal.Config)) *site {
	t.Helper()
	s := &site{t: t, ctx: context.Background(), db: dbtest.New(t), log: new(bytes.Buffer), now: start, sys: tickets.System(1, "Test")}
	logger := slog.New(slog.NewJSONHandler(s.log, nil))
	clock := func() time.Time { return s.now }
	history := audit.New(s.db, audit.Config{Now: clock})
	conf := portal.Config{Log: logger, Now: clock, MaxFile: 1 << 20}
	for _, f := range set {
		f(&conf)
	}
	var err error
	s.auth, err = auth.New(s.db, history, auth.Config{PublicURL: conf.PublicURL, Now: clock, Log: logger,
		Params: &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}})
	s.ok(err)
	s.tickets = tickets.New(s.db, tickets.Config{Files: t.TempDir(), MaxFile: 1 << 20, Now: clock})
	engine := httpx.New(httpx.Config{Log: logger})
	engine.Use(s.auth.Middleware())
	portal.New(s.tickets, s.auth, conf).Mount(engine)
	s.http = engine
	s.people()
	return s
}

func (s *site) people() {
	s.t.Helper()
	orgs, err := s.tickets.CreateOrganisations(s.ctx, s.sys, tickets.Organisation{Name: "Demo"}, tickets.Organisation{Name: "Desk"})
	s.ok(err)
	s.org = orgs[0]
	list, err := s.tickets.CreatePersons(s.ctx, s.sys,
		tickets.Person{FirstName: "Pablo", Name: "Picasso", Email: "pablo@demo.test", OrgID: orgs[0].ID},
		tickets.Person{FirstName: "Frida", Name: "Kahlo", Email: "frida@demo.test", OrgID: orgs[0].ID},
		tickets.Person{FirstName: "Ada", Name: "Agent", Email: "ada@desk.test", OrgID: orgs[1].ID})
	s.ok(err)
	s.pablo, s.frida, s.agent = list[0], list[1], list[2]
	s.user(s.pablo.Email, "Pablo Picasso", auth.Portal, s.pablo.ID)
	s.user(s.frida.Email, "Frida Kahlo", auth.Portal, s.frida.ID)
	s.user(s.agent.Email, "Ada Agent", auth.Supporter, s.agent.ID)
	s.user("root@desk.test", "Root Nobody", auth.Administrator, 0)
}

func (s *site) user(email, name string, role auth.Role, person int64) auth.User {
	s.t.Helper()
	u, err := s.auth.CreateUser(auth.AsActor(s.ctx, "cli"), auth.NewUser{DeskID: 1, Email: email, Name: name, Role: role, PersonID: person, Password: good,
		Profiles: []string{"Portal user"}})
	s.ok(err)
	return u
}

func (s *site) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// ticket makes a ticket of a person.
func (s *site) ticket(of tickets.Person, title string) tickets.Ticket {
	s.t.Helper()
	t, err := s.tickets.Create(s.ctx, s.sys, tickets.NewTicket{Title: title, Description: "<p>Paper in tray 2</p>", OrgID: of.OrgID, CallerID: of.ID})
	s.ok(err)
	return t
}

// move takes a ticket to a state.
func (s *site) move(t tickets.Ticket, by ...tickets.Stimulus) tickets.Ticket {
	s.t.Helper()
	solution, reason := "Turned it off and on again", "Waits for paper"
	var err error
	for _, b := range by {
		p := tickets.Patch{}
		switch b {
		case tickets.EvAssign:
			p.AgentID = &s.agent.ID
		case tickets.EvResolve:
			p.Solution = &solution
		case tickets.EvPending:
			p.PendingReason = &reason
		}
		t, err = s.tickets.Apply(s.ctx, s.sys, t.ID, b, p)
		s.ok(err)
	}
	return t
}

// entry adds an entry to a ticket, as the bridge does.
func (s *site) entry(t tickets.Ticket, e tickets.NewEntry) tickets.Entry {
	s.t.Helper()
	list, err := s.tickets.AppendEntries(s.ctx, s.sys, t.ID, []tickets.NewEntry{e})
	s.ok(err)
	return list[0]
}

func (s *site) exec(q string, args ...any) {
	s.t.Helper()
	s.ok(s.db.Write(s.ctx, func(tx *gorm.DB) error { return tx.Exec(q, args...).Error }))
}

// browser is somebody's browser without JavaScript: it keeps cookies and follows
// nothing by itself.
type browser struct {
	*site
	cookies map[string]string
	lang    string
}

func (s *site) browser() *browser { return &browser{site: s, cookies: map[string]string{}} }

// as returns the browser of somebody who has signed in.
func (s *site) as(email string) *browser {
	s.t.Helper()
	b := s.browser()
	b.post("/portal/sign-in", url.Values{"email": {email}, "password": {good}}).code(http.StatusSeeOther)
	return b
}

// answer is what a browser got.
type answer struct {
	*httptest.ResponseRecorder
	b *browser
}

func (b *browser) send(r *http.Request) answer {
	b.t.Helper()
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if b.lang != "" {
		r.Header.Set("Accept-Language", b.lang)
	}
	if r.Method == http.MethodPost && r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "" {
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	rec := httptest.NewRecorder()
	b.http.ServeHTTP(rec, r)
	for _, c := range rec.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return answer{rec, b}
}

func (b *browser) get(path string) answer {
	b.t.Helper()
	return b.send(httptest.NewRequest(http.MethodGet, path, nil))
}

func (b *browser) post(path string, form url.Values) answer {
	b.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.send(r)
}

// upload is a file in a form.
type upload struct{ name, content string }

func (b *browser) postFiles(path string, form url.Values, files ...upload) answer {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, values := range form {
		for _, v := range values {
			b.ok(w.WriteField(name, v))
		}
	}
	for _, f := range files {
		part, err := w.CreateFormFile("files", f.name)
		b.ok(err)
		_, err = io.WriteString(part, f.content)
		b.ok(err)
	}
	b.ok(w.Close())
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return b.send(r)
}

// code fails unless the answer has the status.
func (a answer) code(status int) answer {
	a.b.t.Helper()
	if a.Code != status {
		a.b.t.Fatalf("status %d, want %d: %s\nlog: %s", a.Code, status, a.Body, a.b.log)
	}
	return a
}

// follow opens the page that the answer leads to.
func (a answer) follow() answer {
	a.b.t.Helper()
	a.code(http.StatusSeeOther)
	path, _, _ := strings.Cut(a.Header().Get("Location"), "#")
	return a.b.get(path)
}

// to fails unless the answer leads to the address.
func (a answer) to(path string) answer {
	a.b.t.Helper()
	a.code(http.StatusSeeOther)
	if got := strings.TrimSuffix(a.Header().Get("Location"), "#main"); got != path {
		a.b.t.Fatalf("leads to %q, want %q", got, path)
	}
	return a
}

// has fails unless the page holds every one of the texts, escaped as HTML.
func (a answer) has(texts ...string) answer {
	a.b.t.Helper()
	for _, text := range texts {
		if !strings.Contains(a.Body.String(), text) && !strings.Contains(html.UnescapeString(a.Body.String()), text) {
			a.b.t.Fatalf("the page lacks %q:\n%s", text, a.Body)
		}
	}
	return a
}

// lacks fails if the page holds one of the texts.
func (a answer) lacks(texts ...string) answer {
	a.b.t.Helper()
	for _, text := range texts {
		if strings.Contains(a.Body.String(), text) {
			a.b.t.Fatalf("the page holds %q:\n%s", text, a.Body)
		}
	}
	return a
}

var inputs = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// hidden are the hidden inputs of the page's forms.
func (a answer) hidden() url.Values {
	v := url.Values{}
	for _, m := range inputs.FindAllStringSubmatch(a.Body.String(), -1) {
		v.Set(m[1], html.UnescapeString(m[2]))
	}
	return v
}

// with returns form values with more of them.
func with(v url.Values, pairs ...string) url.Values {
	out := url.Values{}
	for k, list := range v {
		out[k] = list
	}
	for i := 0; i < len(pairs); i += 2 {
		out.Set(pairs[i], pairs[i+1])
	}
	return out
}

func (s *site) count(table string) int {
	s.t.Helper()
	var n int
	s.ok(s.db.Read(s.ctx).Raw(fmt.Sprintf("SELECT count(*) FROM %s", table)).Scan(&n).Error)
	return n
}

func number(n int64) string { return fmt.Sprint(n) }

func https(c *portal.Config) { c.PublicURL = "https://desk.test" }
