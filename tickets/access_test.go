package tickets

import (
	"fmt"
	"sort"
	"strings"
	"testing"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// TestSupporterReach holds the three ways to say what a supporter sees together:
// one ticket, the list and the search, for every kind of ticket and right.
func TestSupporterReach(t *testing.T) {
	for _, c := range []struct {
		name   string
		rights *Member // in d.team
		sees   string  // kinds of tickets below
		writes string
	}{
		{"no team", nil, "mine nobody", "mine nobody"},
		{"read", &Member{Read: true}, "mine nobody waiting", "mine nobody"},
		{"read and write", &Member{Read: true, Write: true}, "mine nobody waiting", "mine nobody waiting"},
		{"all tickets", &Member{Read: true, Write: true, AllTickets: true}, "mine nobody taken waiting", "mine nobody taken waiting"},
		{"all tickets, read only", &Member{Read: true, AllTickets: true}, "mine nobody taken waiting", "mine nobody"},
		{"all tickets without read", &Member{Write: true, AllTickets: true}, "mine nobody", "mine nobody"},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			d := newDesk(t)
			d.ok(d.RemoveMember(d.ctx, d.disp, d.team.ID, d.agent.ID))
			if c.rights != nil {
				m := *c.rights
				m.TeamID, m.PersonID = d.team.ID, d.agent.ID
				d.ok(d.SetMember(d.ctx, d.disp, m))
			}
			kinds := map[string]Ticket{
				"mine":      d.create(NewTicket{TeamID: d.team2.ID, AgentID: d.agent.ID}),
				"nobody":    d.create(NewTicket{}),
				"waiting":   d.create(NewTicket{TeamID: d.team.ID}),
				"taken":     d.create(NewTicket{TeamID: d.team.ID, AgentID: d.agent2.ID}),
				"elsewhere": d.create(NewTicket{TeamID: d.team2.ID}),
				"theirs":    d.create(NewTicket{AgentID: d.agent2.ID}),
			}
			me := d.supporter(d.agent)
			byList, bySearch := map[int64]bool{}, map[int64]bool{}
			page, err := d.List(d.ctx, me, Filter{Limit: 100})
			d.ok(err)
			for _, tk := range page.Tickets {
				byList[tk.ID] = true
			}
			if page.Total != len(byList) {
				t.Errorf("total is %d of %d", page.Total, len(byList))
			}
			page, err = d.List(d.ctx, me, Filter{Words: "printer", Limit: 100})
			d.ok(err)
			for _, tk := range page.Tickets {
				bySearch[tk.ID] = true
			}
			var sees, writes []string
			for kind, tk := range kinds {
				_, err := d.Ticket(d.ctx, me, tk.ID)
				if err == nil {
					sees = append(sees, kind)
				} else {
					d.kind(err, errs.NotFound)
				}
				if see := err == nil; byList[tk.ID] != see || bySearch[tk.ID] != see {
					t.Errorf("%s: seen %v, in the list %v, found %v", kind, see, byList[tk.ID], bySearch[tk.ID])
				}
				_, entryErr := d.AppendEntries(d.ctx, me, tk.ID, []NewEntry{{Log: Public, HTML: "x"}})
				_, patchErr := d.Update(d.ctx, me, tk.ID, Patch{Urgency: ptr(2)})
				if (entryErr == nil) != (patchErr == nil) {
					t.Errorf("%s: entry %v, patch %v", kind, entryErr, patchErr)
				}
				switch {
				case patchErr == nil:
					writes = append(writes, kind)
				case err == nil:
					d.kind(patchErr, errs.Forbidden)
				default:
					d.kind(patchErr, errs.NotFound)
				}
			}
			sort.Strings(sees)
			sort.Strings(writes)
			if got := strings.Join(sees, " "); got != c.sees {
				t.Errorf("sees %s, want %s", got, c.sees)
			}
			if got := strings.Join(writes, " "); got != c.writes {
				t.Errorf("writes %s, want %s", got, c.writes)
			}
		})
	}
}

// SEC-033: no door shows an end user the private log.
func TestSEC033_PrivateLogStaysPrivate(t *testing.T) {
	d := newDesk(t)
	tk := d.create(NewTicket{Log: []NewEntry{{Log: Private, HTML: "<p>canary42 note</p>", Marker: "m:1", Author: "Jane"}, {Log: Public, HTML: "<p>public canary7</p>", Marker: "m:2", Author: "Jane"}}})
	end := d.end(d.caller)
	f, err := d.Attach(d.ctx, d.disp, tk.ID, NewFile{Name: "secret.txt", Data: strings.NewReader("canary42")})
	d.ok(err)
	for _, log := range []Log{"", Public, Private} {
		list, err := d.Entries(d.ctx, end, tk.ID, log)
		d.ok(err)
		if strings.Contains(fmt.Sprint(list), "canary42") {
			t.Errorf("log %q shows %v", log, list)
		}
	}
	for words, want := range map[string]int{"canary42": 0, "canary": 1, "canary7": 1, "note": 0, "printer note": 0, "private:canary42": 0, "_c1": 0, "canary42 OR canary7": 0} {
		page, err := d.List(d.ctx, end, Filter{Words: words})
		d.ok(err)
		if page.Total != want {
			t.Errorf("an end user finds %d for %q, want %d", page.Total, words, want)
		}
	}
	staff, err := d.List(d.ctx, d.disp, Filter{Words: "canary42"})
	d.ok(err)
	if staff.Total != 1 {
		t.Error("a dispatcher does not find the private log")
	}
	if files, err := d.Attachments(d.ctx, end, tk.ID); err != nil || len(files) != 0 {
		t.Errorf("files are %v, %v", files, err)
	}
	_, _, err = d.OpenAttachment(d.ctx, end, f.ID)
	d.kind(err, errs.NotFound)
	_, err = d.History(d.ctx, end, tk.ID)
	d.kind(err, errs.Forbidden)
	_, err = d.AppendEntries(d.ctx, end, tk.ID, []NewEntry{{Log: Private, HTML: "x"}})
	d.kind(err, errs.Forbidden)
	_, err = d.Attach(d.ctx, end, tk.ID, NewFile{Log: Private, Name: "a.txt", Data: strings.NewReader("x")})
	d.kind(err, errs.Forbidden)
	// A public entry that links to the file shows it.
	_, err = d.AppendEntries(d.ctx, d.sys, tk.ID, []NewEntry{{Log: Public, HTML: `<p><a href="https://desk.test` + AttachmentPath(f.ID) + `">secret.txt</a></p>`, Marker: "m:3"}})
	d.ok(err)
	_, file, err := d.OpenAttachment(d.ctx, end, f.ID)
	d.ok(err)
	d.ok(file.Close())
}

// Entries of people cannot be forged: who, when and what they are is not theirs to say.
func TestEntriesOfPeopleSpeakForThemselves(t *testing.T) {
	d := newDesk(t)
	tk := d.create(NewTicket{})
	list, err := d.AppendEntries(d.ctx, d.end(d.caller), tk.ID, []NewEntry{{Log: Public, HTML: "hi", At: tk.StartDate, PersonID: d.agent.ID, Author: "Boss", Marker: "part:1", Source: "https://evil.test", Synced: true}})
	d.ok(err)
	e := list[0]
	if e.PersonID != d.caller.ID || e.Author != "Pablo Picasso" || e.Marker != "" || e.Synced || e.Source != "" || !e.ByDesk || e.At.Equal(tk.StartDate.Time) {
		t.Errorf("entry is %+v", e)
	}
	_, err = d.SetLink(d.ctx, d.disp, tk.ID, Link{Ref: "1"})
	d.kind(err, errs.Forbidden)
	_, err = d.Create(d.ctx, d.disp, NewTicket{Title: "T", Description: "D", OrgID: d.org.ID, Link: Link{Ref: "1"}})
	d.kind(err, errs.Forbidden)
}

func TestReadOnlyKeyAndNobody(t *testing.T) {
	d := newDesk(t)
	tk := d.create(NewTicket{})
	reader := d.disp
	reader.ReadOnly = true
	_, err := d.Update(d.ctx, reader, tk.ID, Patch{Title: ptr("x")})
	d.kind(err, errs.Forbidden)
	nobody := Actor{DeskID: 1}
	_, err = d.Ticket(d.ctx, nobody, tk.ID)
	d.kind(err, errs.NotFound)
	for _, f := range []Filter{{}, {Words: "printer"}} {
		if page, err := d.List(d.ctx, nobody, f); err != nil || page.Total != 0 {
			t.Errorf("nobody sees %+v, %v", page, err)
		}
	}
	stranger := Actor{DeskID: 1, Access: AccessOwn}
	page, err := d.List(d.ctx, stranger, Filter{Words: "printer"})
	d.ok(err)
	if page.Total != 0 {
		t.Error("an end user without a person sees tickets")
	}
}
