package itop_test

import (
	"testing"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/bridge/desktest"
	"github.com/deskbridge/deskbridge/bridge/itop"
	"github.com/deskbridge/deskbridge/bridge/itop/itoptest"
)

// fake starts a fake iTop and opens it as an account.
func fake(t *testing.T, c itoptest.Config, change func(c *itop.Config)) (*itoptest.Server, *itop.Desk) {
	t.Helper()
	s := itoptest.New(t, c)
	config := itop.Config{URL: s.URL(), User: itoptest.Admin, Password: itoptest.AdminPassword, TimeZone: c.Zone, Now: c.Now}
	if change != nil {
		change(&config)
	}
	d, err := itop.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return s, d
}

func plain(c *itop.Config) { c.User, c.Password = itoptest.Plain, itoptest.PlainPassword }

func fakeFixture(t *testing.T, c itoptest.Config, change func(c *itop.Config)) desktest.Fixture {
	s, d := fake(t, c, change)
	return desktest.Fixture{
		Desk: d, Class: "UserRequest", OrgID: itoptest.Demo, OtherID: itoptest.Other,
		Known:     desk.Person{Class: "Person", ID: itoptest.Pablo, Name: "Pablo Picasso", Email: "pablo.picasso@demo.com", OrgID: itoptest.Demo},
		Stranger:  desk.Person{Class: "Person", ID: itoptest.Olga, Name: "Olga Other", Email: "olga.other@other.com", OrgID: itoptest.Other},
		TwinEmail: "tina.twin@demo.com", TwinID: itoptest.Twin, Nobody: "nobody@demo.com",
		Scope:     "SELECT Organization WHERE name = 'Demo'",
		PersonOQL: "SELECT Person WHERE email LIKE 'pablo%'",
		Dependent: desktest.Dependent{Attribute: "servicesubcategory_id", On: "service_id", Values: map[string]string{"org_id": itoptest.Demo, "service_id": itoptest.Service}},
		Links:     !c.Vanilla,
		Lossy:     true,
		Others: func(_ testing.TB, key desk.Key, log desk.Log, html string) {
			s.Say(key.Class, key.ID, string(log), "Jane Agent", html)
		},
	}
}

func TestFakeSuite(t *testing.T) {
	for _, c := range []struct {
		name   string
		server itoptest.Config
		client func(c *itop.Config)
	}{
		{"administrator", itoptest.Config{}, nil},
		{"plain account", itoptest.Config{}, plain},
		{"without the attributes", itoptest.Config{Vanilla: true, Zone: "America/New_York"}, plain},
		{"basic login", itoptest.Config{Zone: "Asia/Tokyo"}, func(c *itop.Config) { c.Auth = itop.AuthBasic }},
		{"token login", itoptest.Config{Zone: "UTC"}, func(c *itop.Config) { c.Auth, c.Token = itop.AuthToken, itoptest.AdminToken }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			desktest.Run(t, func(t *testing.T) desktest.Fixture { return fakeFixture(t, c.server, c.client) })
		})
	}
}
