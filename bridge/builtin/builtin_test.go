package builtin

import (
	"context"
	"strconv"
	"testing"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/bridge/desktest"
	"github.com/deskbridge/deskbridge/internal/db/dbtest"
	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/tickets"
)

// store is a built-in desk with sample people.
type store struct {
	*tickets.Service
	desk            *Desk
	admin           tickets.Actor
	demo, other     tickets.Organisation
	known, stranger tickets.Person
	twin            tickets.Person
	service         tickets.Offering
}

func newStore(t *testing.T) *store {
	t.Helper()
	ctx := context.Background()
	s := &store{Service: tickets.New(dbtest.New(t), tickets.Config{Files: t.TempDir()}), admin: tickets.Actor{DeskID: 1, UserID: 1, Name: "Ann Admin", Access: tickets.AccessDesk}}
	s.desk = New(s.Service, 1, Config{PublicURL: "https://desk.test/"})
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	orgs, err := s.CreateOrganisations(ctx, s.admin, tickets.Organisation{Name: "Demo", Code: "D"}, tickets.Organisation{Name: "Other"})
	ok(err)
	s.demo, s.other = orgs[0], orgs[1]
	ps, err := s.CreatePersons(ctx, s.admin,
		tickets.Person{FirstName: "Pablo", Name: "Picasso", Email: "pablo.picasso@demo.com", OrgID: s.demo.ID},
		tickets.Person{FirstName: "Agatha", Name: "Christie", Email: "agatha@demo.com", OrgID: s.demo.ID},
		tickets.Person{FirstName: "Sam", Name: "Stranger", Email: "sam@other.com", OrgID: s.other.ID},
		tickets.Person{FirstName: "Old", Name: "Twin", Email: "twin@demo.com", OrgID: s.demo.ID, Obsolete: true},
		tickets.Person{FirstName: "New", Name: "Twin", Email: "twin@demo.com", OrgID: s.demo.ID})
	ok(err)
	s.known, s.stranger, s.twin = ps[0], ps[2], ps[4]
	list, err := s.CreateServices(ctx, s.admin, tickets.Offering{Name: "Printing"}, tickets.Offering{Name: "Gold", Orgs: []int64{s.other.ID}})
	ok(err)
	s.service = list[0]
	_, err = s.CreateSubcategories(ctx, s.admin, tickets.Subcategory{ServiceID: s.service.ID, Name: "Toner"})
	ok(err)
	return s
}

func (s *store) fixture() desktest.Fixture {
	return desktest.Fixture{
		Desk: s.desk, Class: "UserRequest", OrgID: rawID(s.demo.ID), OtherID: rawID(s.other.ID),
		Known: personView(s.known), Stranger: personView(s.stranger),
		TwinEmail: "Twin@demo.com", TwinID: rawID(s.twin.ID), Nobody: "nobody@demo.com",
		Scope:     "SELECT Organization WHERE name = 'Demo'",
		PersonOQL: "SELECT Person AS p JOIN Organization AS o ON p.org_id = o.id WHERE o.code = 'D' AND p.email LIKE 'pablo%'",
		Dependent: desktest.Dependent{Attribute: "servicesubcategory_id", On: "service_id", Values: map[string]string{"org_id": rawID(s.demo.ID), "service_id": rawID(s.service.ID)}},
		Links:     true,
		Others: func(t testing.TB, key desk.Key, log desk.Log, html string) {
			t.Helper()
			id, _ := strconv.ParseInt(key.ID, 10, 64)
			if _, err := s.AppendEntries(context.Background(), s.admin, id, []tickets.NewEntry{{Log: tickets.Log(log), HTML: html}}); err != nil {
				t.Errorf("write as another user: %v", err)
			}
		},
	}
}

func TestDesk(t *testing.T) {
	desktest.Run(t, func(t *testing.T) desktest.Fixture { return newStore(t).fixture() })
}

// IC-22, IC-25: what the default forms and cards name is there.
func TestIC22_DefaultAttributes(t *testing.T) {
	s := newStore(t)
	for _, class := range []string{"UserRequest", "Incident"} {
		all, err := s.desk.Attributes(t.Context(), class)
		if err != nil {
			t.Fatal(err)
		}
		by := map[string]desk.Attribute{}
		for _, a := range all {
			by[a.Code] = a
		}
		for _, code := range []string{"title", "description", "urgency"} {
			if a := by[code]; a.Code == "" || a.ReadOnly {
				t.Errorf("%s: form attribute %s is %+v", class, code, a)
			}
		}
		for _, code := range []string{"status", "title", "description", "start_date", "last_update", "priority", "org_id", "org_id_friendlyname", "servicesubcategory_id_friendlyname", "public_log",
			"caller_id", "intercom_ref", "intercom_url", "intercom_sync_activated", "private_log"} {
			if by[code].Code == "" {
				t.Errorf("%s has no attribute %s", class, code)
			}
		}
	}
}

func TestCustomFields(t *testing.T) {
	s, ctx := newStore(t), context.Background()
	_, err := s.CreateCustomField(ctx, s.admin, tickets.CustomField{Code: "room", Label: "Room", Type: tickets.FieldEnum, Mandatory: true, Options: tickets.Choices{{Value: "r1", Label: "Room 1"}}})
	if err != nil {
		t.Fatal(err)
	}
	n := desk.NewTicket{Token: "t1", Class: "UserRequest", OrgID: rawID(s.demo.ID), Origin: "chat", Values: map[string]string{"title": "T", "description": "<p>D</p>"}}
	_, err = s.desk.Create(ctx, n)
	if f := errs.FieldsOf(err); len(f) != 1 || f[0].Path != "room" {
		t.Errorf("without the mandatory field: %v", err)
	}
	n.Values["room"] = "r1"
	made, err := s.desk.Create(ctx, n)
	if err != nil {
		t.Fatal(err)
	}
	if want := "https://desk.test/portal/tickets/" + made.Ref; made.PortalURL != want || made.AgentURL != "https://desk.test/app/tickets/"+made.ID {
		t.Errorf("pages are %s and %s, want %s", made.AgentURL, made.PortalURL, want)
	}
	got, err := s.desk.Ticket(ctx, made.Key, []string{"room"})
	if v, ok := got.Value("room"); err != nil || !ok || v.Raw != "r1" || v.Text != "Room 1" {
		t.Errorf("value is %+v, %v", v, err)
	}
	page, err := s.desk.Options(ctx, desk.OptionQuery{Class: "UserRequest", Attribute: "room", Limit: 5})
	if err != nil || page.Total != 1 || page.Options[0].Label != "Room 1" {
		t.Errorf("options are %+v, %v", page, err)
	}
	one, err := s.desk.Options(ctx, desk.OptionQuery{Class: "UserRequest", Attribute: "caller_id", Values: map[string]string{"org_id": rawID(s.demo.ID)}, Value: rawID(s.known.ID)})
	if err != nil || one.Total != 1 || one.Options[0].Label != "Pablo Picasso" {
		t.Errorf("option by value: %+v, %v", one, err)
	}
}

// IC-15: classes other than Organization, and joins.
func TestIC15_Scopes(t *testing.T) {
	s := newStore(t)
	for scope, want := range map[string]bool{
		"SELECT Organization AS o JOIN Person AS p ON p.org_id = o.id WHERE p.name = 'Picasso'":             true,
		"SELECT User AS u WHERE u.email LIKE '%@demo.com'":                                                  true,
		"SELECT UserLocal WHERE login = 'pablo.picasso@demo.com'":                                           true,
		"SELECT Contact WHERE email = 'pablo.picasso@demo.com'":                                             true,
		"SELECT Person WHERE obsolescence_flag = 1":                                                         false,
		"SELECT Organization AS o JOIN Organization AS up ON o.parent_id = up.id WHERE up.name = 'Nowhere'": false,
	} {
		if in, err := s.desk.InScope(t.Context(), scope, personView(s.known)); err != nil || in != want {
			t.Errorf("%s: %v, %v, want %v", scope, in, err, want)
		}
	}
	if _, err := s.desk.InScope(t.Context(), "SELECT Server", personView(s.known)); !errs.Is(err, errs.Invalid) {
		t.Errorf("a scope of servers: %v", err)
	}
}

// Every attribute that the desk describes can be shown, except logs, and what is
// not read-only can be set.
func TestEveryAttributeHasItsAccess(t *testing.T) {
	all, err := newStore(t).desk.describe(t.Context(), "UserRequest")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if (a.raw == nil) != (a.Type == desk.TypeCaseLog) {
			t.Errorf("%s cannot be shown", a.Code)
		}
		if a.ReadOnly == (a.set != nil || a.setText != nil) {
			t.Errorf("%s: read-only %v, but can be set: %v", a.Code, a.ReadOnly, !a.ReadOnly)
		}
	}
}
