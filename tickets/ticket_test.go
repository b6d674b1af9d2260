package tickets

import (
	"strings"
	"sync"
	"testing"

	"github.com/deskbridge/deskbridge/internal/errs"
)

func TestCreate(t *testing.T) {
	d := newDesk(t)
	got := d.create(NewTicket{Class: UserRequest, Title: " Printer\n jam ", Description: `<p onclick="x()">Paper</p><script>alert(1)</script>`, Urgency: 1, Impact: 1})
	if got.Ref != "R-000001" || got.Status != StatusNew || got.Priority != 1 || got.Title != "Printer jam" || got.Description != "<p>Paper</p>" {
		t.Errorf("ticket is %+v", got)
	}
	if got.OrgName != "Demo" || got.CallerName != "Pablo Picasso" || got.Origin != OriginPhone || got.Version != 1 {
		t.Errorf("ticket is %+v", got)
	}
	if len(d.changes) != 1 || d.changes[0].Kind != Created || d.changes[0].TicketID != got.ID {
		t.Errorf("changes are %+v", d.changes)
	}
	if inc := d.create(NewTicket{Class: Incident}); inc.Ref != "I-000001" {
		t.Errorf("first incident is %s", inc.Ref)
	}
	if next := d.create(NewTicket{}); next.Ref != "R-000002" || next.Urgency != 4 || next.Impact != 3 || next.Priority != 4 {
		t.Errorf("second request is %+v", next)
	}
}

func TestCreateReportsEveryMistake(t *testing.T) {
	d := newDesk(t)
	_, err := d.Create(d.ctx, d.sys, NewTicket{Class: "Problem", Urgency: 9, Impact: 7, Origin: "pigeon", CallerID: 4711, AgentID: 4711, TeamID: 4711, ServiceID: 4711,
		Custom: Values{"nope": "x"}, Link: Link{URL: "javascript:alert(1)"}})
	d.kind(err, errs.Invalid)
	for _, path := range []string{"class", "title", "description", "urgency", "impact", "origin", "org_id", "caller_id", "agent_id", "team_id", "service_id", "custom.nope", "intercom_url"} {
		d.field(err, path)
	}
	if n, err := d.Count(d.ctx, d.sys, Filter{}); err != nil || n != 0 {
		t.Errorf("%d tickets, %v", n, err)
	}
}

func TestCreateIsIdempotentByToken(t *testing.T) {
	d := newDesk(t)
	var wg sync.WaitGroup
	refs := make([]string, 16)
	for i := range refs {
		wg.Go(func() {
			got, err := d.Create(d.ctx, d.sys, NewTicket{Token: "form-1", Title: "T", Description: "D", OrgID: d.org.ID})
			if err != nil {
				t.Error(err)
			}
			refs[i] = got.Ref
		})
	}
	wg.Wait()
	for _, r := range refs {
		if r != "R-000001" {
			t.Errorf("refs are %v", refs)
		}
	}
	if n, err := d.Count(d.ctx, d.sys, Filter{}); err != nil || n != 1 {
		t.Errorf("%d tickets, %v", n, err)
	}
	own, err := d.Create(d.ctx, d.end(d.caller), NewTicket{Token: "form-1", Title: "T", Description: "D"})
	d.ok(err)
	if own.Ref == "R-000001" {
		t.Error("an end user met the token of somebody else")
	}
}

// IC-11, IC-12, IC-13, IC-14, IC-20, IC-21
func TestIC11_TicketFromChat(t *testing.T) {
	d := newDesk(t)
	got := d.create(NewTicket{Origin: OriginChat, Link: Link{Ref: "215468", URL: "https://app.intercom.com/a/1", Active: true}, Log: []NewEntry{
		{Log: Public, HTML: "<p>Hello</p>", PersonID: d.caller.ID, Marker: "part:1"},
		{Log: Private, HTML: "<p>VIP</p>", Author: "Jane (Intercom)", Marker: "part:2"},
		{Log: Public, HTML: "<p>Hi</p>", Author: "Jane (Intercom)", Marker: "part:3"},
	}})
	if got.Origin != OriginChat || got.IntercomRef != "215468" || got.IntercomURL != "https://app.intercom.com/a/1" || !got.IntercomSyncActivated {
		t.Errorf("ticket is %+v", got)
	}
	both, err := d.Entries(d.ctx, d.sys, got.ID, "")
	d.ok(err)
	if len(both) != 3 || both[0].Author != "Pablo Picasso" || both[1].Log != Private || both[2].Author != "Jane (Intercom)" || both[0].ByDesk {
		t.Errorf("entries are %+v", both)
	}
	page, err := d.List(d.ctx, d.sys, Filter{IntercomRef: "215468"})
	d.ok(err)
	if page.Total != 1 || page.Tickets[0].ID != got.ID {
		t.Errorf("page is %+v", page)
	}
	off, err := d.SetLink(d.ctx, d.sys, got.ID, Link{Ref: "215468", URL: got.IntercomURL})
	d.ok(err)
	if off.IntercomSyncActivated || off.Version != 2 {
		t.Errorf("ticket is %+v", off)
	}
	if len(d.changes) != 4 || d.changes[1].Kind != Appended || d.changes[1].EntryID != both[0].ID {
		t.Errorf("changes are %+v", d.changes)
	}
}

func TestUpdate(t *testing.T) {
	d := newDesk(t)
	tk := d.create(NewTicket{})
	got, err := d.Update(d.ctx, d.disp, tk.ID, Patch{Version: 1, Title: ptr("Toner"), Urgency: ptr(1), Impact: ptr(2), TeamID: ptr(d.team.ID)})
	d.ok(err)
	if got.Title != "Toner" || got.Priority != 1 || got.TeamName != "Help" || got.Version != 2 || !got.LastUpdate.After(tk.LastUpdate.Time) {
		t.Errorf("ticket is %+v", got)
	}
	_, err = d.Update(d.ctx, d.disp, tk.ID, Patch{Version: 1, Title: ptr("Mine")})
	d.kind(err, errs.Conflict)
	_, err = d.Update(d.ctx, d.disp, tk.ID, Patch{Title: ptr(" "), OrgID: ptr(int64(0)), TeamID: ptr(int64(99))})
	for _, path := range []string{"title", "org_id", "team_id"} {
		d.field(err, path)
	}
	same, err := d.Update(d.ctx, d.disp, tk.ID, Patch{Title: ptr("Toner")})
	d.ok(err)
	if same.Version != 2 {
		t.Error("a patch that changes nothing made a version")
	}
	hist, err := d.History(d.ctx, d.disp, tk.ID)
	d.ok(err)
	var lines []string
	for _, h := range hist {
		lines = append(lines, h.Attribute+":"+h.Old+">"+h.New+" by "+h.Actor)
	}
	want := "title:Printer jam>Toner by Dora Dispatcher|urgency:4>1 by Dora Dispatcher|impact:3>2 by Dora Dispatcher|priority:4>1 by Dora Dispatcher"
	if got := strings.Join(lines, "|"); !strings.HasPrefix(got, want) {
		t.Errorf("history is %s", got)
	}
}

func TestPriorityMatrix(t *testing.T) {
	want := map[[2]int]int{{1, 1}: 1, {1, 2}: 1, {1, 3}: 2, {1, 4}: 4, {2, 1}: 1, {2, 2}: 2, {2, 3}: 3, {2, 4}: 4, {3, 1}: 2, {3, 2}: 3, {3, 3}: 3, {3, 4}: 4, {0, 1}: 4, {3, 5}: 4}
	for in, p := range want {
		if got := Priority(in[0], in[1]); got != p {
			t.Errorf("Priority(%d, %d) = %d, want %d", in[0], in[1], got, p)
		}
	}
}

func TestServiceBelongsToContract(t *testing.T) {
	d := newDesk(t)
	list, err := d.CreateServices(d.ctx, d.disp, Offering{Name: "Open"}, Offering{Name: "Gold", Orgs: []int64{d.other.ID}})
	d.ok(err)
	subs, err := d.CreateSubcategories(d.ctx, d.disp, Subcategory{ServiceID: list[0].ID, Name: "A"}, Subcategory{ServiceID: list[1].ID, Name: "B"})
	d.ok(err)
	n := NewTicket{Title: "T", Description: "D", OrgID: d.org.ID, ServiceID: list[1].ID}
	_, err = d.Create(d.ctx, d.sys, n)
	d.field(err, "service_id")
	n.ServiceID, n.ServiceSubcategoryID = list[0].ID, subs[1].ID
	_, err = d.Create(d.ctx, d.sys, n)
	d.field(err, "servicesubcategory_id")
	n.ServiceSubcategoryID = subs[0].ID
	got, err := d.Create(d.ctx, d.sys, n)
	d.ok(err)
	if got.ServiceName != "Open" || got.ServiceSubcategoryName != "A" {
		t.Errorf("ticket is %+v", got)
	}
	own, total, err := d.Services(d.ctx, d.end(d.caller), DirectoryFilter{})
	d.ok(err)
	if total != 1 || own[0].Name != "Open" {
		t.Errorf("an end user may choose %+v", own)
	}
	_, _, err = d.Subcategories(d.ctx, d.end(d.caller), DirectoryFilter{ParentID: list[1].ID})
	d.kind(err, errs.NotFound)
}
