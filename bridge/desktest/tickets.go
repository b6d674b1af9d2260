package desktest

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
)

func testCreate(t *testing.T, f Fixture) {
	at := start()
	n := f.draft("Made " + unique())
	n.Link = desk.LinkState{Ref: "conv-" + unique(), URL: "https://app.intercom.com/a/apps/w/inbox/1", Active: true}
	// IC-33: replies to the public log, notes to the private one, in order.
	n.Log = []desk.Entry{
		f.entry("c:1", desk.Public, at, "<p>first</p>"),
		f.entry("c:2", desk.Private, at.Add(time.Second), "<p>a note</p>"),
		f.entry("c:3", desk.Public, at.Add(time.Second), "<p>second</p>"),
		{Marker: "c:4", Log: desk.Public, At: at.Add(2 * time.Second), HTML: "<p>third</p>", Author: desk.Author{Name: "Jane Doe (Intercom)"}},
		f.entry("c:5", desk.Public, at.Add(2*time.Second), "<p>fourth</p>"),
	}
	made := f.create(t, n)
	if made.Title != n.Values["title"] || made.OrgID != f.OrgID || made.CallerID != f.Known.ID || made.Status == "" || made.StatusLabel == "" || made.Updated.IsZero() {
		t.Errorf("Create returned %+v, want title, organisation, caller, state and date", made)
	}
	if f.Links && (made.IntercomRef != n.Link.Ref || made.IntercomURL != n.Link.URL || !made.SyncActive) {
		t.Errorf("IC-12 IC-13: link on the ticket: %q %q %v, want %+v", made.IntercomRef, made.IntercomURL, made.SyncActive, n.Link)
	}
	got, err := f.Desk.Ticket(t.Context(), made.Key, []string{"origin", "urgency"})
	if err != nil {
		t.Fatalf("Ticket: %v", err)
	}
	if v, _ := got.Value("origin"); v.Raw != "chat" {
		t.Errorf("IC-11: origin is %q, want chat", v.Raw)
	}
	if v, _ := got.Value("urgency"); v.Raw != "3" || v.Text == "" || v.Text == "3" {
		t.Errorf("urgency is %+v, want raw 3 and a word", v)
	}
	all := f.entries(t, made.Key)
	checkLog(t, all, desk.Public, "c:1", "c:3", "c:4", "c:5")
	checkLog(t, all, desk.Private, "c:2")
	for _, e := range all {
		for _, want := range n.Log {
			if e.Marker == want.Marker && !e.At.Equal(want.At) {
				t.Errorf("entry %s is dated %v, want %v", e.Marker, e.At, want.At)
			}
		}
		// IC-36: who is unknown keeps the name that the bridge gave.
		if e.Marker == "c:4" && e.Author.Name != "Jane Doe (Intercom)" {
			t.Errorf("IC-36: author is %q", e.Author.Name)
		}
		if e.Synced {
			t.Errorf("IC-37: entry %s was copied at creation and has a disclaimer", e.Marker)
		}
	}
}

// checkLog compares the markers of a log, in order.
func checkLog(t *testing.T, all []desk.Entry, log desk.Log, want ...string) {
	t.Helper()
	var got []string
	for _, e := range all {
		if e.Log == log {
			got = append(got, e.Marker)
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%s log has %q, want %q", log, got, want)
	}
}

func testCreateOnce(t *testing.T, f Fixture) {
	word := unique()
	n := f.draft("Once " + word)
	n.Log = []desk.Entry{f.entry("o:1", desk.Public, start(), "<p>once</p>")}
	var all sync.WaitGroup
	made := make([]desk.Ticket, 4)
	fail := make([]error, len(made))
	for i := range made {
		all.Go(func() { made[i], fail[i] = f.Desk.Create(t.Context(), n) })
	}
	all.Wait()
	for i := range made {
		if fail[i] != nil || made[i].Key != made[0].Key {
			t.Errorf("try %d: %v, %v, want ticket %v", i, made[i].Key, fail[i], made[0].Key)
		}
	}
	again := f.create(t, n)
	if again.Key != made[0].Key || again.Ref != made[0].Ref {
		t.Errorf("a later try made %v, want %v", again.Key, made[0].Key)
	}
	page, err := f.Desk.Find(t.Context(), desk.Filter{Class: f.Class, Words: word, Limit: 10})
	if err != nil || page.Total != 1 {
		t.Errorf("%d tickets, %v, want one", page.Total, err)
	}
	checkLog(t, f.entries(t, again.Key), desk.Public, "o:1")
	other := n
	other.Token = "desktest:" + unique()
	if next := f.create(t, other); next.Key == again.Key {
		t.Error("another token returned the same ticket")
	}
}

func testCreateMistakes(t *testing.T, f Fixture) {
	for _, c := range []struct {
		name, field string
		change      func(n *desk.NewTicket)
	}{
		{"no title", "title", func(n *desk.NewTicket) { n.Values["title"] = "" }},
		{"title left out", "title", func(n *desk.NewTicket) { delete(n.Values, "title") }},
		{"no such urgency", "urgency", func(n *desk.NewTicket) { n.Values["urgency"] = "9" }},
		{"title too long", "title", func(n *desk.NewTicket) { n.Values["title"] = strings.Repeat("x", 300) }},
		{"no such attribute", "nope", func(n *desk.NewTicket) { n.Values["nope"] = "1" }},
		{"no organisation", "org_id", func(n *desk.NewTicket) { n.OrgID = "" }},
		{"read-only", "ref", func(n *desk.NewTicket) { n.Values["ref"] = "R-1" }},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			word := unique()
			n := f.draft("Mistake " + word)
			c.change(&n)
			_, err := f.Desk.Create(t.Context(), n)
			wantKind(t, "Create", err, errs.Invalid)
			found := false
			for _, field := range errs.FieldsOf(err) {
				found = found || field.Path == c.field && field.Text != ""
			}
			if !found {
				t.Errorf("mistakes are %+v, want one at %s", errs.FieldsOf(err), c.field)
			}
			if page, err := f.Desk.Find(t.Context(), desk.Filter{Class: f.Class, Words: word, Limit: 1}); err != nil || page.Total != 0 {
				t.Errorf("%d tickets were made all the same, %v", page.Total, err)
			}
		})
	}
	n := f.draft("Class " + unique())
	n.Class = "Nope"
	_, err := f.Desk.Create(t.Context(), n)
	wantKind(t, "Create of an unknown class", err, errs.Invalid)
}

func testCreateForeignKeys(t *testing.T, f Fixture) {
	for _, v := range []string{f.Stranger.ID, "999999999", "-1", "SELECT Person", "1 OR 1=1"} {
		n := f.draft("Foreign " + unique())
		n.Caller = desk.Person{}
		n.Values["caller_id"] = v
		_, err := f.Desk.Create(t.Context(), n)
		wantKind(t, "a caller of another organisation: "+v, err, errs.Invalid)
	}
}

func testTicketValues(t *testing.T, f Fixture) {
	n := f.draft("Values " + unique())
	made := f.create(t, n)
	codes := []string{"status", "title", "description", "nope", "public_log", "last_update", "org_id"}
	got, err := f.Desk.Ticket(t.Context(), made.Key, codes)
	if err != nil {
		t.Fatalf("Ticket: %v", err)
	}
	var order []string
	for _, v := range got.Values {
		order = append(order, v.Code)
		if v.Label == "" || v.Type == "" {
			t.Errorf("value without words: %+v", v)
		}
	}
	// IC-08: what cannot be shown is left out, and so is what there is not.
	if want := "status title description last_update org_id"; strings.Join(order, " ") != want {
		t.Errorf("values are %q, want %q", strings.Join(order, " "), want)
	}
	if v, _ := got.Value("description"); v.Text != "Something is broken." {
		t.Errorf("description as text is %q", v.Text)
	}
	if v, _ := got.Value("org_id"); v.Raw != f.OrgID || v.Text == "" || v.Text == f.OrgID {
		t.Errorf("organisation is %+v, want raw %s and its name", v, f.OrgID)
	}
	if v, _ := got.Value("status"); v.Raw != got.Status || v.Text != got.StatusLabel {
		t.Errorf("state is %+v, want %s, %s", v, got.Status, got.StatusLabel)
	}
	if d := time.Since(got.Updated); d < -2*time.Minute || d > time.Hour {
		t.Errorf("the ticket was changed %v ago; is the zone right?", d)
	}
}

func testNoTicket(t *testing.T, f Fixture) {
	ctx := t.Context()
	for _, id := range []string{"999999999", "0", "-1", "x", "", "1 OR 1=1", "' OR 1=1"} {
		key := desk.Key{Class: f.Class, ID: id}
		_, err := f.Desk.Ticket(ctx, key, nil)
		wantKind(t, "Ticket "+id, err, errs.NotFound)
		_, err = f.Desk.Entries(ctx, key)
		wantKind(t, "Entries "+id, err, errs.NotFound)
		_, err = f.Desk.Append(ctx, key, []desk.Entry{f.entry("n:1", desk.Public, start(), "<p>x</p>")})
		wantKind(t, "Append "+id, err, errs.NotFound)
		_, err = f.Desk.Attach(ctx, key, desk.File{Marker: "n:1", Name: "a.txt", Type: "text/plain", Data: []byte("x")})
		wantKind(t, "Attach "+id, err, errs.NotFound)
		if f.Links {
			wantKind(t, "SetLink "+id, f.Desk.SetLink(ctx, key, desk.LinkState{Ref: "x"}), errs.NotFound)
		}
	}
}

func testFind(t *testing.T, f Fixture) {
	ctx := t.Context()
	word := unique()
	known := f.create(t, f.draft("Find "+word+" known"))
	n := f.draft("Find " + word + " stranger")
	n.OrgID, n.Caller = f.OtherID, f.Stranger
	stranger := f.create(t, n)
	said := unique()
	f.append(t, known.Key, f.entry("f:1", desk.Public, start(), "<p>somebody said "+said+" here</p>"))
	for _, c := range []struct {
		name   string
		filter desk.Filter
		want   []desk.Key
	}{
		{"words of the title", desk.Filter{Words: word}, []desk.Key{stranger.Key, known.Key}},
		{"several words", desk.Filter{Words: word + " KNOWN"}, []desk.Key{known.Key}},
		{"ref", desk.Filter{Words: known.Ref}, []desk.Key{known.Key}},
		{"words of a log", desk.Filter{Words: said}, []desk.Key{known.Key}},
		{"caller", desk.Filter{Words: word, CallerID: f.Known.ID}, []desk.Key{known.Key}},
		{"organisation", desk.Filter{Words: word, OrgID: f.OtherID}, []desk.Key{stranger.Key}},
		{"scope", desk.Filter{Words: word, Scope: f.Scope}, []desk.Key{known.Key}},
		{"scope of nobody", desk.Filter{Words: word, Scope: "SELECT Organization WHERE name = 'no such organisation'"}, nil},
		{"other states", desk.Filter{Words: word, ExcludeStates: []string{"rejected", f.ClosedName}}, []desk.Key{stranger.Key, known.Key}},
		{"IC-23 not in this state", desk.Filter{Words: word, ExcludeStates: []string{known.Status}}, nil},
	} {
		c.filter.Class, c.filter.Limit, c.filter.Attributes = f.Class, 10, []string{"title"}
		page, err := f.Desk.Find(ctx, c.filter)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []desk.Key
		for _, x := range page.Tickets {
			got = append(got, x.Key)
			if v, ok := x.Value("title"); !ok || v.Text != x.Title {
				t.Errorf("%s: the attribute asked for is missing", c.name)
			}
		}
		if !equal(got, c.want) || page.Total != len(c.want) {
			t.Errorf("%s: %v of %d, want %v", c.name, got, page.Total, c.want)
		}
	}
}

func equal(a, b []desk.Key) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func testFindPages(t *testing.T, f Fixture) {
	word := unique()
	var newest []desk.Key
	for range 5 {
		newest = append([]desk.Key{f.create(t, f.draft("Page "+word)).Key}, newest...)
	}
	for _, c := range []struct{ offset, limit, from, to int }{
		{0, 2, 0, 2}, {2, 2, 2, 4}, {4, 2, 4, 5}, {1, 3, 1, 4}, {3, 10, 3, 5}, {5, 2, 5, 5}, {50, 2, 5, 5},
	} {
		page, err := f.Desk.Find(t.Context(), desk.Filter{Class: f.Class, Words: word, Offset: c.offset, Limit: c.limit})
		if err != nil {
			t.Fatalf("Find: %v", err)
		}
		var got []desk.Key
		for _, x := range page.Tickets {
			got = append(got, x.Key)
		}
		if page.Total != 5 || !equal(got, newest[c.from:c.to]) {
			t.Errorf("from %d, %d of them: %v of %d, want %v of 5", c.offset, c.limit, got, page.Total, newest[c.from:c.to])
		}
	}
}

func testFindLiteral(t *testing.T, f Fixture) {
	word := unique()
	title := word + ` it's 100% "done" \o/ a_b`
	made := f.create(t, f.draft(title))
	if made.Title != title {
		t.Errorf("title is %q, want %q", made.Title, title)
	}
	for words, want := range map[string]int{
		word: 1, word + " it's": 1, word + " 100%": 1,
		word + " ' OR 1=1 OR title = '": 0, word + ` \' OR 1=1`: 0, word + ` " OR ""="`: 0, word + " x%y": 0, word + " \x00": 1, word + " a%b": 0,
	} {
		page, err := f.Desk.Find(t.Context(), desk.Filter{Class: f.Class, Words: words, Limit: 5})
		if err != nil || page.Total != want {
			t.Errorf("words %q: %d, %v, want %d", words, page.Total, err, want)
		}
	}
	for _, id := range []string{"' OR 1=1 OR caller_id = '", "1 OR 1=1", `\`} {
		page, err := f.Desk.Find(t.Context(), desk.Filter{Class: f.Class, CallerID: id, Limit: 5})
		if err == nil && page.Total != 0 {
			t.Errorf("caller %q: %d tickets, want none", id, page.Total)
		}
		page, err = f.Desk.Find(t.Context(), desk.Filter{Class: f.Class, Words: word, ExcludeStates: []string{id}, Limit: 5})
		if err != nil || page.Total != 1 {
			t.Errorf("without state %q: %d tickets, %v, want one", id, page.Total, err)
		}
	}
}

func testLink(t *testing.T, f Fixture) {
	ctx := t.Context()
	made := f.ticket(t)
	l := desk.LinkState{Ref: "215468112233", URL: "https://app.intercom.com/a/apps/ws/inbox/inbox/all/conversations/215468112233", Active: true}
	if err := f.Desk.SetLink(ctx, made.Key, l); err != nil {
		t.Fatalf("SetLink: %v", err)
	}
	if !f.Links {
		return // the desk has no such attributes; the call must do no harm
	}
	check := func(step string, ref, url string, active bool) {
		t.Helper()
		got, err := f.Desk.Ticket(ctx, made.Key, nil)
		if err != nil || got.IntercomRef != ref || got.IntercomURL != url || got.SyncActive != active {
			t.Errorf("%s: %q %q %v, %v", step, got.IntercomRef, got.IntercomURL, got.SyncActive, err)
		}
	}
	check("linked", l.Ref, l.URL, true)
	paused := l
	paused.Active = false
	if err := f.Desk.SetLink(ctx, made.Key, paused); err != nil {
		t.Fatalf("SetLink: %v", err)
	}
	check("IC-21 paused", l.Ref, l.URL, false)
	if err := f.Desk.SetLink(ctx, made.Key, desk.LinkState{}); err != nil {
		t.Fatalf("SetLink: %v", err)
	}
	check("unlinked", "", "", false)
}
