package builtin

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/tickets"
)

// Config holds what a Desk can be set up with. The zero Config works.
type Config struct {
	PublicURL string // address of this server, for links to tickets and files; "" for links without a host
	Now       func() time.Time
}

// Desk is one desk of this server. It is safe for concurrent use.
type Desk struct {
	s     *tickets.Service
	actor tickets.Actor
	c     Config

	mu     sync.Mutex
	scopes map[string]scopeAnswer // by query: which organisations it selects
}

var _ desk.Desk = (*Desk)(nil)

// New returns the desk with this id.
func New(s *tickets.Service, deskID int64, c Config) *Desk {
	if c.Now == nil {
		c.Now = time.Now
	}
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	return &Desk{s: s, actor: tickets.System(deskID, "Bridge"), c: c, scopes: map[string]scopeAnswer{}}
}

// idOf reads a raw id; 0 for what is none.
func idOf(raw string) int64 {
	n, err := strconv.ParseInt(raw, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// rawID writes an id as forms have it; "" for none.
func rawID(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// ticket returns the ticket of a key; NotFound also when the class is not its.
func (d *Desk) ticket(ctx context.Context, key desk.Key) (tickets.Ticket, error) {
	t, err := d.s.Ticket(ctx, d.actor, idOf(key.ID))
	if err == nil && string(t.Class) != key.Class {
		err = errs.E(errs.NotFound, "There is no such ticket.")
	}
	return t, err
}

// Person returns the contact with this class and id. Every contact of this desk
// is a Person.
func (d *Desk) Person(ctx context.Context, class, id string) (desk.Person, error) {
	if class != tickets.PersonClass && class != "Contact" {
		return desk.Person{}, errs.E(errs.NotFound, "There is no such person.")
	}
	p, err := d.s.Person(ctx, d.actor, idOf(id))
	return personView(p), err
}

// PersonByEmail returns the first contact with this address who is not obsolete.
func (d *Desk) PersonByEmail(ctx context.Context, email string) (desk.Person, error) {
	p, err := d.s.PersonByEmail(ctx, d.actor, email)
	return personView(p), err
}

func personView(p tickets.Person) desk.Person {
	if p.ID == 0 {
		return desk.Person{}
	}
	return desk.Person{Class: tickets.PersonClass, ID: rawID(p.ID), Name: p.Friendlyname, Email: p.Email, OrgID: rawID(p.OrgID), OrgName: p.OrgName, Obsolete: p.Obsolete}
}

// Check says whether the desk can be used. The built-in one needs no rights;
// what can be missing is its content.
func (d *Desk) Check(ctx context.Context) []desk.Finding {
	out := []desk.Finding{{OK: true, Subject: "Reach the desk", Text: "The built-in desk is part of this server."}}
	_, orgs, err := d.s.Organisations(ctx, d.actor, tickets.DirectoryFilter{Limit: 1})
	switch {
	case err != nil:
		return []desk.Finding{{Subject: "Reach the desk", Text: errs.Text(err), Fatal: true}}
	case orgs == 0:
		out = append(out, desk.Finding{Subject: "Organisations", Text: "There is no organisation yet. Add one, then the people who belong to it: without them nobody can have a ticket."})
	default:
		out = append(out, desk.Finding{OK: true, Subject: "Organisations", Text: strconv.Itoa(orgs) + " found."})
	}
	_, people, err := d.s.Persons(ctx, d.actor, tickets.DirectoryFilter{Limit: 1, Current: true})
	switch {
	case err != nil:
		out = append(out, desk.Finding{Subject: "People", Text: errs.Text(err), Fatal: true})
	case people == 0:
		out = append(out, desk.Finding{Subject: "People", Text: "There is nobody yet. Agents and end users are found by their e-mail address among the people of the desk."})
	default:
		out = append(out, desk.Finding{OK: true, Subject: "People", Text: strconv.Itoa(people) + " found."})
	}
	return append(out, desk.Finding{OK: true, Subject: "Write log entries for others", Text: "Entries carry the name and the date of who said them."})
}
