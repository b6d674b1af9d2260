package itop_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/bridge/itop"
	"github.com/deskbridge/deskbridge/bridge/itop/itoptest"
	"github.com/deskbridge/deskbridge/internal/errs"
)

var someday = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func entry(marker, text string) desk.Entry {
	return desk.Entry{
		Marker: marker, Log: desk.Public, At: someday, HTML: "<p>" + text + "</p>",
		Author: desk.Author{Class: "Person", PersonID: itoptest.Jane, Name: "Jane Agent"},
	}
}

func draft(title string) desk.NewTicket {
	return desk.NewTicket{
		Token: "form:" + title, Class: "UserRequest", OrgID: itoptest.Demo, Origin: "chat",
		Caller: desk.Person{Class: "Person", ID: itoptest.Pablo, OrgID: itoptest.Demo, Name: "Pablo Picasso"},
		Values: map[string]string{"title": title, "description": "It is broken."},
	}
}

func fakeTicket(t *testing.T, d *itop.Desk) desk.Ticket {
	t.Helper()
	made, err := d.Create(t.Context(), draft("one"))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func count(s *itoptest.Server, key desk.Key, marker string) int {
	n := 0
	for _, e := range s.Entries(key.Class, key.ID) {
		if strings.HasPrefix(e.HTML, `<div class="dbk-`+marker+`">`) {
			n++
		}
	}
	return n
}

// TestSimultaneousWrites: iTop loses what is written between its reading and
// its writing of a ticket, ours included. Ours is written again.
func TestSimultaneousWrites(t *testing.T) {
	s, d := fake(t, itoptest.Config{}, nil)
	key := fakeTicket(t, d).Key
	// Another client reads before our write and writes after it: our entry is
	// gone although iTop said that it took it.
	other, _ := itop.New(itop.Config{URL: s.URL(), User: itoptest.Admin, Password: itoptest.AdminPassword})
	var once sync.Once
	inside := make(chan struct{})
	written := make(chan struct{})
	s.Race(func(string, string) {
		first := false
		once.Do(func() { first = true })
		if first {
			close(inside)
			<-written
		}
	})
	done := make(chan error, 1)
	go func() {
		_, err := other.Append(t.Context(), key, []desk.Entry{entry("other:1", "theirs")})
		done <- err
	}()
	<-inside
	if _, err := d.Append(t.Context(), key, []desk.Entry{entry("ours:1", "ours")}); err != nil {
		t.Fatal(err)
	}
	close(written)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n := count(s, key, "ours:1"); n != 0 {
		t.Fatalf("the fake kept the entry %d times: the test shows nothing", n)
	}
	// The next look at the ticket finds that it is gone and writes it again.
	all, err := d.Entries(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if count(s, key, "ours:1") != 1 || count(s, key, "other:1") != 1 || len(all) != 2 {
		t.Errorf("%d entries, want ours and theirs once each: %+v", len(all), s.Entries(key.Class, key.ID))
	}
}

// TestOverwrittenAtOnce: the loss is seen by the read after the write.
func TestOverwrittenAtOnce(t *testing.T) {
	s, d := fake(t, itoptest.Config{}, nil)
	key := fakeTicket(t, d).Key
	hits := 0
	s.Race(func(class, id string) {
		hits++
		s.Say(class, id, "public", "Jane Agent", fmt.Sprintf("<p>lost %d</p>", hits))
	})
	if _, err := d.Append(t.Context(), key, []desk.Entry{entry("a:1", "one"), entry("a:2", "two")}); err != nil {
		t.Fatal(err)
	}
	s.Race(nil)
	s.Say(key.Class, key.ID, "public", "Jane Agent", "<p>kept</p>")
	if _, err := d.Append(t.Context(), key, []desk.Entry{entry("a:1", "one"), entry("a:2", "two"), entry("a:3", "three")}); err != nil {
		t.Fatal(err)
	}
	for _, m := range []string{"a:1", "a:2", "a:3"} {
		if n := count(s, key, m); n != 1 {
			t.Errorf("entry %s is there %d times", m, n)
		}
	}
}

// TestCallsOfAppend: a ticket that nobody else writes to costs one call for
// each entry, one look before and one after.
func TestCallsOfAppend(t *testing.T) {
	s, d := fake(t, itoptest.Config{}, nil)
	key := fakeTicket(t, d).Key
	if _, err := d.Append(t.Context(), key, []desk.Entry{entry("a:0", "warms the caches")}); err != nil {
		t.Fatal(err)
	}
	var ten []desk.Entry
	for i := range 10 {
		ten = append(ten, entry(fmt.Sprintf("b:%d", i), "x"))
	}
	before := s.Calls("")
	if _, err := d.Append(t.Context(), key, ten); err != nil {
		t.Fatal(err)
	}
	if n := s.Calls("") - before; n != 12 {
		t.Errorf("%d calls for ten entries, want 12", n)
	}
	if _, err := d.Append(t.Context(), key, ten); err != nil || s.Calls("")-before != 13 {
		t.Errorf("%d calls to find that all is there, want 1 more; %v", s.Calls("")-before, err)
	}
}

// afterUpdate calls f after each core/update, before its answer is read.
type afterUpdate struct {
	n int
	f func(n int)
}

func (a *afterUpdate) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	res, err := http.DefaultTransport.RoundTrip(r)
	if bytes.Contains(body, []byte("core%2Fupdate")) {
		a.n++
		a.f(a.n)
	}
	return res, err
}

// TestLostBehindTheAnswer: an entry of ours is replaced after the update said
// that it is there, at once or some entries later, the last one too.
func TestLostBehindTheAnswer(t *testing.T) {
	var s *itoptest.Server
	var key desk.Key
	lost := map[int]string{1: "a:1", 4: "a:2", 7: "a:5", 8: "a:4"}
	transport := &afterUpdate{f: func(n int) {
		if m := lost[n]; m != "" {
			s.Lose(key.Class, key.ID, `"dbk-`+m+`"`)
		}
	}}
	s, d := fake(t, itoptest.Config{}, func(c *itop.Config) { c.Transport = transport })
	key = desk.Key{Class: "UserRequest", ID: s.AddTicket("UserRequest", "x")}
	var five []desk.Entry
	for i := range 5 {
		five = append(five, entry(fmt.Sprintf("a:%d", i+1), "x"))
	}
	ids, err := d.Append(t.Context(), key, five)
	if err != nil || len(ids) != 5 {
		t.Fatalf("%v, %v", ids, err)
	}
	for _, e := range five {
		if n := count(s, key, e.Marker); n != 1 {
			t.Errorf("entry %s is there %d times", e.Marker, n)
		}
	}
	if transport.n < 8 {
		t.Errorf("only %d updates: the test lost less than it wanted", transport.n)
	}
}

// TestExactlyOnceThroughFaults: whatever happens to a request, an entry is
// written once (IC-39), in order, when Append is called until it succeeds.
func TestExactlyOnceThroughFaults(t *testing.T) {
	for _, f := range []itoptest.Fault{
		itoptest.HTMLPage, itoptest.Crash, itoptest.Maintenance, itoptest.BrokenJSON, itoptest.Database, itoptest.Refuse, itoptest.LostAnswer, itoptest.CrashAfter,
	} {
		for _, operation := range []string{"core/update", "core/get", ""} {
			t.Run(fmt.Sprintf("%d_%s", f, strings.ReplaceAll(operation, "/", "_")), func(t *testing.T) {
				now := time.Now()
				var mu sync.Mutex
				clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
				s, d := fake(t, itoptest.Config{Now: clock}, nil)
				key := fakeTicket(t, d).Key
				entries := []desk.Entry{entry("a:1", "ok"), entry("a:2", "ok"), entry("a:3", "ok")}
				s.Fail(operation, f, f)
				failures := 0
				for {
					ids, err := d.Append(t.Context(), key, entries)
					if err == nil && len(ids) == 3 {
						break
					}
					if !errs.Is(err, errs.Upstream) {
						t.Fatalf("%v, want upstream", err)
					}
					if failures++; failures > 10 {
						t.Fatal("no end")
					}
					mu.Lock()
					now = now.Add(time.Minute)
					mu.Unlock()
				}
				var order []string
				for _, e := range s.Entries(key.Class, key.ID) {
					order = append(order, e.HTML[:len(`<div class="dbk-a:1`)])
				}
				if got := strings.Join(order, " "); got != `<div class="dbk-a:1 <div class="dbk-a:2 <div class="dbk-a:3` {
					t.Errorf("log: %s", got)
				}
			})
		}
	}
}

// TestSilentWriteIsNotRepeated: a write that timed out may still be under way.
func TestSilentWriteIsNotRepeated(t *testing.T) {
	now := time.Now()
	s, d := fake(t, itoptest.Config{Now: func() time.Time { return now }}, nil)
	key := fakeTicket(t, d).Key
	s.Fail("core/update", itoptest.Refuse)
	e := []desk.Entry{entry("a:1", "one")}
	for range 3 {
		if _, err := d.Append(t.Context(), key, e); !errs.Is(err, errs.Upstream) {
			t.Fatalf("%v, want upstream", err)
		}
	}
	if n := s.Calls("core/update"); n != 1 {
		t.Errorf("%d writes while the first may still be under way", n)
	}
	now = now.Add(time.Minute)
	if _, err := d.Append(t.Context(), key, e); err != nil || count(s, key, "a:1") != 1 {
		t.Errorf("later: %v, %d entries", err, count(s, key, "a:1"))
	}
}

// TestCreateThroughFaults: one form makes one ticket, whatever happens.
func TestCreateThroughFaults(t *testing.T) {
	for f := itoptest.HTMLPage; f <= itoptest.CrashAfter; f++ {
		for _, operation := range []string{"core/create", "core/get"} {
			s, d := fake(t, itoptest.Config{}, nil)
			s.Fail(operation, f)
			n := draft("faults")
			n.Log = []desk.Entry{entry("c:1", "one")}
			made, err := d.Create(t.Context(), n)
			for i := 0; err != nil; i++ {
				if !errs.Is(err, errs.Upstream) || i > 3 {
					t.Fatalf("fault %d of %s: %v", f, operation, err)
				}
				made, err = d.Create(t.Context(), n)
			}
			if s.Tickets("UserRequest") != 1 || count(s, made.Key, "c:1") != 1 {
				t.Errorf("fault %d of %s: %d tickets", f, operation, s.Tickets("UserRequest"))
			}
		}
	}
}

// TestIC36Author: who has an account writes under it; who has none, and every
// one when the bridge's account is no administrator, is named in another way.
// IC-36
func TestIC36Author(t *testing.T) {
	s, d := fake(t, itoptest.Config{}, nil)
	key := fakeTicket(t, d).Key
	visitor := entry("a:2", "visitor")
	visitor.Author = desk.Author{Class: "Person", PersonID: itoptest.Pablo, Name: "Pablo Picasso"}
	stranger := entry("a:3", "stranger")
	stranger.Author = desk.Author{Name: "Jane Agent (Intercom)"}
	if _, err := d.Append(t.Context(), key, []desk.Entry{entry("a:1", "agent"), visitor, stranger}); err != nil {
		t.Fatal(err)
	}
	got := s.Entries(key.Class, key.ID)
	for i, want := range []itoptest.Entry{{Name: "Jane Agent", UserID: "102"}, {Name: "Pablo Picasso", UserID: "0"}, {Name: "Jane Agent (Intercom)", UserID: "0"}} {
		if got[i].Name != want.Name || got[i].UserID != want.UserID || !got[i].At.Equal(someday) {
			t.Errorf("entry %d: %+v, want %+v", i, got[i], want)
		}
	}

	s, d = fake(t, itoptest.Config{}, plain)
	key = fakeTicket(t, d).Key
	stranger.Author.Name = `<b>"Eve"</b> (Intercom)`
	if _, err := d.Append(t.Context(), key, []desk.Entry{entry("a:1", "agent"), stranger}); err != nil {
		t.Fatal(err)
	}
	got = s.Entries(key.Class, key.ID)
	if got[0].Name != "Bob Bridge" || !strings.Contains(got[0].HTML, "<p><b>Jane Agent</b></p><p>agent</p>") || !got[0].At.Equal(someday) {
		t.Errorf("plain account: %+v", got[0])
	}
	if strings.Contains(got[1].HTML, `<b>"Eve"`) {
		t.Errorf("a name is written as HTML: %+v", got[1])
	}
	refused := s.Calls("core/update")
	if _, err := d.Append(t.Context(), key, []desk.Entry{entry("a:4", "again")}); err != nil || s.Calls("core/update") != refused+1 {
		t.Errorf("the refusal was not remembered: %d writes, %v", s.Calls("core/update")-refused, err)
	}
	all, err := d.Entries(t.Context(), key)
	if err != nil || all[0].Author.Name != "Jane Agent" || all[0].HTML != "<p>agent</p>" || all[1].Author.Name != stranger.Author.Name {
		t.Errorf("read back: %+v, %v", all, err)
	}
}

// TestIC37Disclaimer: as the extension writes it, with a link when there is one.
// IC-37
func TestIC37Disclaimer(t *testing.T) {
	s, d := fake(t, itoptest.Config{}, nil)
	key := fakeTicket(t, d).Key
	e := entry("a:1", "hello")
	e.Synced, e.Source = true, `https://app.intercom.com/c/1?a=1&b="><script>`
	if _, err := d.Append(t.Context(), key, []desk.Entry{e}); err != nil {
		t.Fatal(err)
	}
	html := s.Entries(key.Class, key.ID)[0].HTML
	for _, want := range []string{
		`<code class="fas fa-link" style="background-color: transparent"></code>`, `<i><a href="https://app.intercom.com/c/1?a=1&amp;b=`, itop.Disclaimer + "</a></i></p><br><p>hello</p>",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s in %s", want, html)
		}
	}
	if !strings.Contains(html, `&quot;><script>" target=`) {
		t.Errorf("the address broke out: %s", html)
	}
}

// TestIC37OwnDisclaimer: another sentence is recognised as well.
// IC-37
func TestIC37OwnDisclaimer(t *testing.T) {
	s, d := fake(t, itoptest.Config{}, func(c *itop.Config) { c.Disclaimer = "From <Intercom>" })
	key := fakeTicket(t, d).Key
	e := entry("a:1", "hello")
	e.Synced = true
	if _, err := d.Append(t.Context(), key, []desk.Entry{e}); err != nil {
		t.Fatal(err)
	}
	all, err := d.Entries(t.Context(), key)
	if err != nil || !all[0].Synced || all[0].HTML != "<p>hello</p>" || !strings.Contains(s.Entries(key.Class, key.ID)[0].HTML, "<i>From &lt;Intercom&gt;</i>") {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestCopiedMarker: an agent who quotes our entry with its mark-up writes an
// entry of their own.
func TestCopiedMarker(t *testing.T) {
	now := time.Now()
	s, d := fake(t, itoptest.Config{Now: func() time.Time { return now }}, nil)
	key := fakeTicket(t, d).Key
	if _, err := d.Append(t.Context(), key, []desk.Entry{entry("a:1", "ours")}); err != nil {
		t.Fatal(err)
	}
	s.Say(key.Class, key.ID, "public", "Jane Agent", `<div class="dbk-a:1"><p>ours</p></div><p>I agree</p>`)
	all, err := d.Entries(t.Context(), key)
	if err != nil || len(all) != 2 || all[0].ByDesk || !all[1].ByDesk || all[1].Marker != "" {
		t.Errorf("entries: %+v, %v", all, err)
	}
}

// TestSanitizerWithoutClasses: an iTop whose sanitizer removes classes would
// be written to again and again; it is told instead.
func TestSanitizerWithoutClasses(t *testing.T) {
	s, d := fake(t, itoptest.Config{NoClasses: true}, nil)
	key := desk.Key{Class: "UserRequest", ID: s.AddTicket("UserRequest", "x")}
	_, err := d.Append(t.Context(), key, []desk.Entry{entry("a:1", "ours")})
	if !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), "sanitizer") || len(s.Entries(key.Class, key.ID)) != 1 {
		t.Errorf("%v, %d entries", err, len(s.Entries(key.Class, key.ID)))
	}
}
