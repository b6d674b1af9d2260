package main

import (
	"context"
	"fmt"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/internal/auth"
	"github.com/deskbridge/deskbridge/tickets"
)

// demoPassword is printed at every start of the demo, which listens on this
// machine only.
const demoPassword = "try-deskbridge-now"

// seed fills the desk with organisations, people, services and tickets that the
// simulator's contacts and teammates know.
func (a *app) seed(ctx context.Context) (sample, error) {
	actor := tickets.System(mainDesk, "Sample data")
	orgs, err := a.tickets.CreateOrganisations(ctx, actor,
		tickets.Organisation{Name: "Demo", Code: "DEMO"}, tickets.Organisation{Name: "Blue Harbour Shipping", Code: "BHS"})
	if err != nil {
		return sample{}, err
	}
	people, err := a.tickets.CreatePersons(ctx, actor,
		tickets.Person{OrgID: orgs[0].ID, FirstName: "Pablo", Name: "Picasso", Email: "pablo.picasso@demo.example"},
		tickets.Person{OrgID: orgs[0].ID, FirstName: "Frida", Name: "Kahlo", Email: "frida.kahlo@demo.example"},
		tickets.Person{OrgID: orgs[1].ID, FirstName: "Amira", Name: "Haddad", Email: "amira.haddad@bhs.example"},
		tickets.Person{OrgID: orgs[0].ID, FirstName: "Jane", Name: "Agent", Email: "jane.agent@demo.example", Function: "Support agent"},
		tickets.Person{OrgID: orgs[0].ID, FirstName: "Otto", Name: "Dispatcher", Email: "otto.dispatcher@demo.example", Function: "Dispatcher"})
	if err != nil {
		return sample{}, err
	}
	if err := a.seedTeam(ctx, actor, orgs[0].ID, people[3].ID); err != nil {
		return sample{}, err
	}
	if err := a.seedServices(ctx, actor); err != nil {
		return sample{}, err
	}
	if err := a.seedTickets(ctx, actor, people); err != nil {
		return sample{}, err
	}
	return a.seedUsers(ctx, people)
}

func (a *app) seedTeam(ctx context.Context, actor tickets.Actor, org, agent int64) error {
	teams, err := a.tickets.CreateTeams(ctx, actor, tickets.Team{OrgID: org, Name: "Helpdesk", Email: "helpdesk@demo.example"})
	if err != nil {
		return err
	}
	return a.tickets.SetMember(ctx, actor, tickets.Member{TeamID: teams[0].ID, PersonID: agent, Read: true, Write: true, AllTickets: true})
}

func (a *app) seedServices(ctx context.Context, actor tickets.Actor) error {
	for service, subs := range map[string][]string{
		"Computers and peripherals": {"Laptop", "Printer", "Screen"},
		"E-mail and calendar":       {"Mailbox full", "Shared calendar"},
		"Telephony":                 {"Mobile phone", "Voicemail"},
	} {
		made, err := a.tickets.CreateServices(ctx, actor, tickets.Offering{Name: service})
		if err != nil {
			return err
		}
		for _, sub := range subs {
			if _, err := a.tickets.CreateSubcategories(ctx, actor, tickets.Subcategory{ServiceID: made[0].ID, Name: sub}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *app) seedTickets(ctx context.Context, actor tickets.Actor, people []tickets.Person) error {
	for _, t := range []struct {
		caller      tickets.Person
		title, text string
		urgency     int
	}{
		{people[0], "Printer jam on the second floor", "The printer next to the kitchen jams on every second page.", 3},
		{people[0], "Laptop gets very hot", "It switches itself off after half an hour of video calls.", 2},
		{people[1], "Calendar does not show shared rooms", "Since Monday the meeting rooms are missing.", 4},
		{people[2], "New mobile phone for the harbour office", "The old one fell into the water.", 4},
	} {
		_, err := a.tickets.Create(ctx, actor, tickets.NewTicket{Class: tickets.UserRequest, Title: t.title, Description: "<p>" + t.text + "</p>",
			Urgency: t.urgency, OrgID: t.caller.OrgID, CallerID: t.caller.ID, Origin: tickets.OriginPortal})
		if err != nil {
			return err
		}
	}
	return nil
}

// seedUsers makes the accounts, and the same people for the simulated Intercom.
func (a *app) seedUsers(ctx context.Context, people []tickets.Person) (sample, error) {
	ctx = auth.AsActor(ctx, "demo")
	s := sample{adminEmail: "admin@demo.example", portalEmail: people[0].Email, password: demoPassword}
	users := []auth.NewUser{
		{Email: s.adminEmail, Name: "Ada Administrator", Role: auth.Administrator},
		{Email: people[4].Email, Name: people[4].Friendlyname, Role: auth.Dispatcher, PersonID: people[4].ID},
		{Email: people[3].Email, Name: people[3].Friendlyname, Role: auth.Supporter, PersonID: people[3].ID},
	}
	for _, p := range people[:3] {
		users = append(users, auth.NewUser{Email: p.Email, Name: p.Friendlyname, Role: auth.Portal, PersonID: p.ID, Profiles: []string{"Portal user"}})
		s.contacts = append(s.contacts, intercom.Contact{Name: p.Friendlyname, Email: p.Email, Role: "user",
			CustomAttributes: map[string]any{intercom.AttributeITopClass: tickets.PersonClass, intercom.AttributeITopID: fmt.Sprint(p.ID)}})
	}
	for _, u := range users {
		u.DeskID, u.Password = mainDesk, demoPassword
		if _, err := a.auth.CreateUser(ctx, u); err != nil {
			return s, err
		}
	}
	s.contacts = append(s.contacts, intercom.Contact{Name: "Somebody New", Email: "somebody.new@elsewhere.example", Role: "lead"})
	s.admins = []intercom.Admin{
		{Name: people[3].Friendlyname, Email: people[3].Email},
		{Name: "Max Stranger", Email: "max.stranger@agency.example"},
	}
	return s, nil
}
