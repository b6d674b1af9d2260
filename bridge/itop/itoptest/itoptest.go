package itoptest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Accounts that every fake has.
const (
	Admin         = "admin" // profile Administrator
	AdminPassword = "admin-password"
	Plain         = "bridge" // profiles Support Agent and REST Services User
	PlainPassword = "bridge-password"
	AdminToken    = "token-of-the-administrator" // scope REST/JSON
	NarrowToken   = "token-without-scope"        // the same account, no scope
)

// Config changes a fake before it starts. The zero value is an iTop 3.2 in
// Paris with Combodo's Intercom attributes.
type Config struct {
	Zone    string // default Europe/Paris
	Vanilla bool   // without intercom_ref, intercom_url, intercom_sync_activated
	NoChat  bool   // origin has no value chat
	// NoClasses plays a sanitizer that removes classes, which the default one keeps.
	NoClasses bool
	Logins    []string
	Now       func() time.Time
}

// Fault is a way to fail.
type Fault int

// The faults. The last two happen after the request was carried out.
const (
	HTMLPage    Fault = iota + 1 // 200 with a page, as a login or a proxy gives
	Crash                        // 500 with an empty body
	Maintenance                  // 503 with iTop's maintenance page
	BrokenJSON                   // half of an answer
	Database                     // code 100: the database went away
	Refuse                       // the connection is closed, nothing was done
	LostAnswer                   // carried out, then the connection is closed
	CrashAfter                   // carried out, then 500
)

// Server is a fake iTop. It is safe for concurrent use.
type Server struct {
	config Config
	zone   *time.Location
	now    func() time.Time
	http   *httptest.Server

	mu     sync.Mutex
	model  map[string]*class
	tables map[string][]*object // by root class
	last   map[string]int64
	refs   int
	users  map[string]*user
	down   bool
	faults map[string][]Fault // by operation, "" for any
	race   func(class, id string)
	calls  map[string]int
	bodies []string
}

type user struct {
	login, password string
	id, contact     int64
	profiles        map[string]bool
}

func (u *user) admin() bool { return u.profiles["Administrator"] }

// New starts a fake on a free port of this machine and closes it with the test.
func New(t testing.TB, c Config) *Server {
	t.Helper()
	if c.Zone == "" {
		c.Zone = "Europe/Paris"
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		t.Fatalf("itoptest: %v", err)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logins == nil {
		c.Logins = []string{"form", "external", "basic", "token"}
	}
	s := &Server{
		config: c, zone: zone, now: c.Now, model: itil(c), tables: map[string][]*object{}, last: map[string]int64{},
		users: map[string]*user{}, faults: map[string][]Fault{}, calls: map[string]int{},
	}
	s.seed()
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.http.Close)
	return s
}

// URL is the address of the fake.
func (s *Server) URL() string { return s.http.URL + "/" }

// Down makes every request get the maintenance page, until it is up again.
func (s *Server) Down(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// Fail makes the next requests of an operation fail, one each; "" is any.
func (s *Server) Fail(operation string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[operation] = append(s.faults[operation], faults...)
}

// Race calls f in the middle of every update, between reading a ticket and
// writing it: what f or anybody else writes there is lost, as in a real iTop.
// Nil ends it.
func (s *Server) Race(f func(class, id string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.race = f
}

// Calls counts requests of an operation; "" counts all.
func (s *Server) Calls(operation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[operation]
}

// Requests returns the json_data of all requests so far.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.bodies...)
}

// Entry is one entry of a case log.
type Entry struct {
	Log    string // "public" or "private"
	At     time.Time
	Name   string // who the log shows
	UserID string // "0" for a free name
	HTML   string
}

// Entries returns both logs of a ticket as they are stored, the public one
// first; nil when there is no such ticket. id is iTop's, "12".
func (s *Server) Entries(class, id string) []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.byID(class, number(id))
	if o == nil {
		return nil
	}
	var out []Entry
	for _, log := range []string{"public", "private"} {
		for _, e := range o.logs[log+"_log"] {
			out = append(out, Entry{log, time.Unix(e.date, 0).UTC(), e.name, strconv.FormatInt(e.user, 10), e.text})
		}
	}
	return out
}

// Tickets returns how many tickets of a class there are.
func (s *Server) Tickets(class string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all(class))
}

// Value returns an attribute of an object as it is stored.
func (s *Server) Value(class, id, code string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.byID(class, number(id))
	if o == nil {
		return ""
	}
	return o.values[code]
}

// Set changes an attribute as another user would, without checks, and stamps a
// ticket as changed.
func (s *Server) Set(class, id, code, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.byID(class, number(id)); o != nil {
		o.values[code] = value
		s.stamp(o)
	}
}

// Say adds a log entry as another user of iTop does in the back office.
func (s *Server) Say(class, id, log, name, html string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.byID(class, number(id))
	if o == nil {
		panic(fmt.Sprintf("itoptest: there is no %s::%s", class, id))
	}
	o.logs[log+"_log"] = append(o.logs[log+"_log"], entry{date: s.now().Unix(), name: name, user: 1, text: s.sanitize(html)})
	s.stamp(o)
}

// Lose removes the log entries that contain a text, as a simultaneous write of
// somebody who had not read them does.
func (s *Server) Lose(class, id, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.byID(class, number(id))
	for code, log := range o.logs {
		o.logs[code] = slices.DeleteFunc(log, func(e entry) bool { return strings.Contains(e.text, text) })
	}
	s.stamp(o)
}

func (s *Server) stamp(o *object) {
	if _, ok := s.model[o.class].find("last_update"); ok {
		o.values["last_update"] = s.now().In(s.zone).Format(layout)
	}
}
