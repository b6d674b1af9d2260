package builtin

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/tickets"
)

// Ticket returns one ticket with the values of the named attributes.
func (d *Desk) Ticket(ctx context.Context, key desk.Key, attributes []string) (desk.Ticket, error) {
	t, err := d.ticket(ctx, key)
	if err != nil {
		return desk.Ticket{}, err
	}
	show, err := d.shower(ctx, key.Class, attributes)
	if err != nil {
		return desk.Ticket{}, err
	}
	return show(&t), nil
}

// shower returns what turns tickets of a class into the bridge's.
func (d *Desk) shower(ctx context.Context, class string, codes []string) (func(t *tickets.Ticket) desk.Ticket, error) {
	var wanted []attribute
	if len(codes) > 0 {
		all, err := d.describe(ctx, class)
		if err != nil {
			return nil, err
		}
		by := map[string]attribute{}
		for _, a := range all {
			by[a.Code] = a
		}
		for _, c := range codes {
			if a, ok := by[c]; ok {
				wanted = append(wanted, a)
			}
		}
	}
	return func(t *tickets.Ticket) desk.Ticket {
		out := desk.Ticket{
			Key: desk.Key{Class: string(t.Class), ID: rawID(t.ID)}, Ref: t.Ref, Title: t.Title, Status: string(t.Status), StatusLabel: t.Status.Label(),
			OrgID: rawID(t.OrgID), CallerID: rawID(t.CallerID), Updated: t.LastUpdate.Time,
			IntercomRef: t.IntercomRef, IntercomURL: t.IntercomURL, SyncActive: t.IntercomSyncActivated,
			AgentURL: d.c.PublicURL + "/app/tickets/" + rawID(t.ID), PortalURL: d.c.PublicURL + "/portal/tickets/" + t.Ref,
		}
		for _, a := range wanted {
			if v, ok := a.value(t); ok {
				out.Values = append(out.Values, v)
			}
		}
		return out
	}, nil
}

// Find returns a page of tickets, newest first, with the true total.
func (d *Desk) Find(ctx context.Context, f desk.Filter) (desk.TicketPage, error) {
	class := tickets.Class(f.Class)
	if !class.Valid() {
		return desk.TicketPage{}, errs.InvalidField("class", "The desk has the classes UserRequest and Incident.")
	}
	q := tickets.Filter{Class: class, Words: f.Words, CallerID: idOf(f.CallerID), Offset: f.Offset, Limit: f.Limit}
	for _, s := range f.ExcludeStates {
		q.ExcludeStates = append(q.ExcludeStates, tickets.Status(s))
	}
	in, err := d.organisations(ctx, f.Scope)
	if err != nil {
		return desk.TicketPage{}, err
	}
	if !in.all {
		q.OrgIDs = in.orgs
	}
	if f.OrgID != "" {
		q.OrgIDs = both(in, idOf(f.OrgID))
	}
	nobody := f.CallerID != "" && q.CallerID == 0
	if nobody || (f.OrgID != "" || !in.all) && len(q.OrgIDs) == 0 {
		return desk.TicketPage{}, nil
	}
	show, err := d.shower(ctx, f.Class, f.Attributes)
	if err != nil {
		return desk.TicketPage{}, err
	}
	found, err := d.s.List(ctx, d.actor, q)
	if err != nil {
		return desk.TicketPage{}, err
	}
	out := desk.TicketPage{Total: found.Total}
	for i := range found.Tickets {
		out.Tickets = append(out.Tickets, show(&found.Tickets[i]))
	}
	return out, nil
}

// both returns the organisation when it is in the scope as well.
func both(in scopeAnswer, org int64) []int64 {
	for _, id := range in.orgs {
		if id == org {
			return []int64{org}
		}
	}
	if in.all && org != 0 {
		return []int64{org}
	}
	return nil
}

// Create makes a ticket with its logs in one step.
func (d *Desk) Create(ctx context.Context, n desk.NewTicket) (desk.Ticket, error) {
	all, err := d.describe(ctx, n.Class)
	if err != nil {
		return desk.Ticket{}, err
	}
	t := tickets.NewTicket{
		Token: n.Token, Class: tickets.Class(n.Class), OrgID: idOf(n.OrgID), Origin: tickets.Origin(n.Origin), Custom: tickets.Values{},
		Link: tickets.Link{Ref: n.Link.Ref, URL: n.Link.URL, Active: n.Link.Active},
	}
	if n.Caller.Class == tickets.PersonClass {
		t.CallerID = idOf(n.Caller.ID)
	}
	bad := fill(&t, all, n.Values)
	if t.Log, err = newEntries(n.Log); err != nil {
		return desk.Ticket{}, err
	}
	if len(bad) > 0 {
		return desk.Ticket{}, bad.Err()
	}
	made, err := d.s.Create(ctx, d.actor, t)
	if err != nil {
		return desk.Ticket{}, byCode(err)
	}
	show, err := d.shower(ctx, n.Class, nil)
	if err != nil {
		return desk.Ticket{}, err
	}
	return show(&made), nil
}

// fill puts raw values into a new ticket.
func fill(t *tickets.NewTicket, all []attribute, values map[string]string) errs.Fields {
	var bad errs.Fields
	known := map[string]bool{}
	for _, a := range all {
		known[a.Code] = true
		raw, given := values[a.Code]
		if !given {
			continue
		}
		switch {
		case a.custom:
			t.Custom[a.Code] = raw
		case a.setText != nil:
			a.setText(t, raw)
		case a.set == nil:
			bad.Add(a.Code, "This cannot be set.")
		case raw == "" || raw == "0":
			a.set(t, 0)
		default:
			n, err := strconv.ParseInt(raw, 10, 64)
			if err != nil || n < 0 {
				bad.Add(a.Code, "This is not one of the choices.")
				continue
			}
			a.set(t, n)
		}
	}
	for code := range values {
		if !known[code] {
			bad.Add(code, "The ticket has no such attribute.")
		}
	}
	return bad
}

// byCode puts mistakes at custom fields where the bridge looks for them.
func byCode(err error) error {
	var e *errs.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	out := *e
	out.Fields = nil
	for _, f := range e.Fields {
		f.Path = strings.TrimPrefix(f.Path, "custom.")
		out.Fields = append(out.Fields, f)
	}
	return &out
}

// SetLink writes the conversation's reference, address and sync flag.
func (d *Desk) SetLink(ctx context.Context, key desk.Key, l desk.LinkState) error {
	t, err := d.ticket(ctx, key)
	if err != nil {
		return err
	}
	_, err = d.s.SetLink(ctx, d.actor, t.ID, tickets.Link{Ref: l.Ref, URL: l.URL, Active: l.Active})
	return err
}
