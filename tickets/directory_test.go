package tickets

import (
	"strings"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/internal/audit"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// IC-36: by e-mail in any case, the first who is not obsolete.
func TestIC36_PersonByEmail(t *testing.T) {
	d := newDesk(t)
	ps, err := d.CreatePersons(d.ctx, d.disp,
		Person{Name: "Old", Email: "jane@demo.com", OrgID: d.org.ID, Obsolete: true},
		Person{Name: "First", Email: "Jane@Demo.com", OrgID: d.org.ID},
		Person{Name: "Second", Email: "jane@demo.com", OrgID: d.org.ID})
	d.ok(err)
	p, err := d.PersonByEmail(d.ctx, d.sys, " JANE@demo.COM ")
	d.ok(err)
	if p.ID != ps[1].ID || p.Friendlyname != "First" || p.OrgName != "Demo" {
		t.Errorf("person is %+v", p)
	}
	for _, email := range []string{"", " ", "%", "nobody@demo.com", "x\x00@demo.com"} {
		_, err := d.PersonByEmail(d.ctx, d.sys, email)
		d.kind(err, errs.NotFound)
	}
	_, err = d.PersonByEmail(d.ctx, d.secondDesk(), "jane@demo.com")
	d.kind(err, errs.NotFound)
}

func TestDirectory(t *testing.T) {
	d := newDesk(t)
	d.c.Audit = audit.New(d.db, audit.Config{})
	list, total, err := d.Persons(d.ctx, d.disp, DirectoryFilter{Search: "AGENT", Limit: 1})
	d.ok(err)
	if total != 2 || len(list) != 1 || list[0].Friendlyname != "Ada Agent" {
		t.Errorf("%d, %+v", total, list)
	}
	for _, search := range []string{"%", "_", `\`, "' OR 1=1"} {
		if _, total, err := d.Persons(d.ctx, d.disp, DirectoryFilter{Search: search}); err != nil || total != 0 {
			t.Errorf("search %q: %d, %v", search, total, err)
		}
	}
	_, err = d.CreatePersons(d.ctx, d.disp, Person{Email: "no address", OrgID: 99})
	for _, path := range []string{"name", "email", "org_id"} {
		d.field(err, path)
	}
	_, err = d.CreateTeams(d.ctx, d.disp, Team{Name: "Help"})
	d.kind(err, errs.Conflict)
	d.create(NewTicket{TeamID: d.team.ID})
	d.kind(d.DeleteTeam(d.ctx, d.disp, d.team.ID), errs.Conflict)
	d.kind(d.DeletePerson(d.ctx, d.disp, d.caller.ID), errs.Conflict)
	d.kind(d.DeleteOrganisation(d.ctx, d.disp, d.org.ID), errs.Conflict)
	d.ok(d.DeleteTeam(d.ctx, d.disp, d.team2.ID))
	d.kind(d.DeleteTeam(d.ctx, d.disp, d.team2.ID), errs.NotFound)
	child, err := d.CreateOrganisations(d.ctx, d.disp, Organisation{Name: "Below", ParentID: d.org.ID})
	d.ok(err)
	_, err = d.UpdateOrganisation(d.ctx, d.disp, Organisation{ID: d.org.ID, Name: "Demo", ParentID: child[0].ID})
	d.field(err, "parent_id")
	p := d.caller
	p.Function, p.Obsolete = "Painter", true
	p, err = d.UpdatePerson(d.ctx, d.disp, p)
	d.ok(err)
	_, err = d.Create(d.ctx, d.sys, NewTicket{Title: "T", Description: "D", OrgID: d.org.ID, CallerID: p.ID})
	d.field(err, "caller_id")
	_, err = d.Update(d.ctx, d.disp, 1, Patch{Title: ptr("still workable")})
	d.ok(err)
	for _, a := range []Actor{d.supporter(d.agent), d.end(d.caller), {DeskID: 1}} {
		_, err := d.CreateOrganisations(d.ctx, a, Organisation{Name: "Mine"})
		d.kind(err, errs.Forbidden)
		d.kind(d.SetMember(d.ctx, a, Member{TeamID: d.team.ID, PersonID: d.agent.ID, AllTickets: true}), errs.Forbidden)
	}
	_, _, err = d.Persons(d.ctx, d.end(d.caller), DirectoryFilter{})
	d.kind(err, errs.Forbidden)
	found, err := d.c.Audit.List(d.ctx, 1, audit.Filter{Action: "person.changed", Limit: 10})
	d.ok(err)
	if len(found.Items) != 1 || !strings.Contains(string(found.Items[0].New), "Painter") || found.Items[0].Actor != "user:9" {
		t.Errorf("audit has %+v", found.Items)
	}
}

func TestCustomFieldValues(t *testing.T) {
	zone := time.FixedZone("x", 2*3600)
	for _, c := range []struct {
		kind     FieldType
		in, want string // "!" for refused
	}{
		{FieldString, " a\nb ", "a b"}, {FieldString, strings.Repeat("x", 256), "!"}, {FieldText, "a\r\nb", "a\nb"},
		{FieldInteger, "007", "7"}, {FieldInteger, "-3", "-3"}, {FieldInteger, "1.5", "!"}, {FieldInteger, "99999999999999999999", "!"},
		{FieldDecimal, "12.50", "12.50"}, {FieldDecimal, "1e5", "!"}, {FieldDecimal, "1,5", "!"},
		{FieldBool, "Yes", "true"}, {FieldBool, "0", "false"}, {FieldBool, "maybe", "!"},
		{FieldEnum, "a", "a"}, {FieldEnum, "b", "!"},
		{FieldDate, "2026-02-28", "2026-02-28"}, {FieldDate, "2026-02-30", "!"}, {FieldDate, "28.2.2026", "!"},
		{FieldDateTime, "2026-02-28 17:00", "2026-02-28 17:00:00"}, {FieldDateTime, "2026-02-28T15:00:00Z", "2026-02-28 17:00:00"}, {FieldDateTime, "today", "!"},
		{FieldDuration, "5400", "5400"}, {FieldDuration, "-1", "!"}, {FieldInteger, " ", ""},
	} {
		got, err := CustomField{Type: c.kind, Options: Choices{{Value: "a"}}}.Parse(c.in, zone)
		if err != nil {
			got = "!"
		}
		if got != c.want {
			t.Errorf("%s %q is %q, %v, want %q", c.kind, c.in, got, err, c.want)
		}
	}
}

func TestCustomFields(t *testing.T) {
	d := newDesk(t)
	for _, bad := range []CustomField{
		{Code: "title", Label: "x", Type: FieldString}, {Code: "A", Label: "x", Type: FieldString}, {Code: "a", Type: FieldString}, {Code: "a", Label: "x", Type: "blob"},
		{Code: "a", Label: "x", Type: FieldEnum}, {Code: "a", Label: "x", Type: FieldEnum, Options: Choices{{Value: "1"}, {Value: "1"}}}, {Code: "a", Label: "x", Type: FieldString, Class: "Nope"},
	} {
		_, err := d.CreateCustomField(d.ctx, d.disp, bad)
		d.kind(err, errs.Invalid)
	}
	room, err := d.CreateCustomField(d.ctx, d.disp, CustomField{Class: UserRequest, Code: "room", Label: "Room", Type: FieldString, Mandatory: true})
	d.ok(err)
	_, err = d.CreateCustomField(d.ctx, d.disp, CustomField{Code: "room", Label: "Room", Type: FieldString})
	d.kind(err, errs.Conflict)
	_, err = d.Create(d.ctx, d.sys, NewTicket{Title: "T", Description: "D", OrgID: d.org.ID})
	d.field(err, "custom.room")
	d.create(NewTicket{Class: Incident})
	tk := d.create(NewTicket{Custom: Values{"room": "12"}})
	_, err = d.Update(d.ctx, d.disp, tk.ID, Patch{Custom: Values{"room": ""}})
	d.field(err, "custom.room")
	got, err := d.Update(d.ctx, d.disp, tk.ID, Patch{Custom: Values{"room": "13"}})
	d.ok(err)
	if got.Custom["room"] != "13" || got.Version != 2 {
		t.Errorf("ticket is %+v", got)
	}
	room.Label, room.Mandatory, room.Code, room.Type = "Place", false, "other", FieldInteger
	changed, err := d.UpdateCustomField(d.ctx, d.disp, room)
	d.ok(err)
	if changed.Code != "room" || changed.Type != FieldString || changed.Label != "Place" {
		t.Errorf("field is %+v", changed)
	}
	d.ok(d.DeleteCustomField(d.ctx, d.disp, room.ID))
}
