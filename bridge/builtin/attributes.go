package builtin

import (
	"context"
	"strconv"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/tickets"
)

// attribute is an attribute of the desk with how it is read and written.
type attribute struct {
	desk.Attribute
	options []desk.Option
	custom  bool
	access
}

// access is how an attribute is read from a ticket and put into a new one.
type access struct {
	raw     func(t *tickets.Ticket) string       // nil: it cannot be shown
	text    func(t *tickets.Ticket) string       // nil: the option's label, or the raw value
	set     func(n *tickets.NewTicket, v int64)  // of keys and numbers
	setText func(n *tickets.NewTicket, v string) // of texts
}

// key is the access to an external key and to the name of what it points to.
func (d *Desk) key(by map[string]access, code, short string, id func(t *tickets.Ticket) int64, name func(t *tickets.Ticket) string, set func(n *tickets.NewTicket, v int64)) {
	by[code] = access{raw: func(t *tickets.Ticket) string { return rawID(id(t)) }, text: name, set: set}
	by[short+"_name"] = access{raw: name}
	by[code+"_friendlyname"] = access{raw: name}
}

// accesses returns how the desk's own attributes are read and written, by code.
// The logs have none: they cannot be shown on a card (IC-08).
func (d *Desk) accesses() map[string]access {
	by := map[string]access{
		"ref":    {raw: func(t *tickets.Ticket) string { return t.Ref }},
		"status": {raw: func(t *tickets.Ticket) string { return string(t.Status) }},
		"origin": {
			raw:     func(t *tickets.Ticket) string { return string(t.Origin) },
			setText: func(n *tickets.NewTicket, v string) { n.Origin = tickets.Origin(v) },
		},
		"title": {
			raw:     func(t *tickets.Ticket) string { return t.Title },
			setText: func(n *tickets.NewTicket, v string) { n.Title = v },
		},
		"description": {
			raw:     func(t *tickets.Ticket) string { return t.Description },
			text:    func(t *tickets.Ticket) string { return tickets.TextFromHTML(t.Description) },
			setText: func(n *tickets.NewTicket, v string) { n.Description = v },
		},
		"impact": {
			raw: func(t *tickets.Ticket) string { return strconv.Itoa(t.Impact) },
			set: func(n *tickets.NewTicket, v int64) { n.Impact = int(v) },
		},
		"urgency": {
			raw: func(t *tickets.Ticket) string { return strconv.Itoa(t.Urgency) },
			set: func(n *tickets.NewTicket, v int64) { n.Urgency = int(v) },
		},
		"priority":                {raw: func(t *tickets.Ticket) string { return strconv.Itoa(t.Priority) }},
		"start_date":              d.moment(func(t *tickets.Ticket) db.Time { return t.StartDate }),
		"last_update":             d.moment(func(t *tickets.Ticket) db.Time { return t.LastUpdate }),
		"assignment_date":         d.moment(func(t *tickets.Ticket) db.Time { return t.AssignmentDate }),
		"resolution_date":         d.moment(func(t *tickets.Ticket) db.Time { return t.ResolutionDate }),
		"close_date":              d.moment(func(t *tickets.Ticket) db.Time { return t.CloseDate }),
		"pending_reason":          {raw: func(t *tickets.Ticket) string { return t.PendingReason }},
		"resolution_code":         {raw: func(t *tickets.Ticket) string { return t.ResolutionCode }},
		"solution":                {raw: func(t *tickets.Ticket) string { return t.Solution }},
		"intercom_ref":            {raw: func(t *tickets.Ticket) string { return t.IntercomRef }},
		"intercom_url":            {raw: func(t *tickets.Ticket) string { return t.IntercomURL }},
		"intercom_sync_activated": {raw: func(t *tickets.Ticket) string { return yesNo(t.IntercomSyncActivated) }},
	}
	d.key(by, "org_id", "org", func(t *tickets.Ticket) int64 { return t.OrgID }, func(t *tickets.Ticket) string { return t.OrgName },
		func(n *tickets.NewTicket, v int64) { n.OrgID = v })
	d.key(by, "caller_id", "caller", func(t *tickets.Ticket) int64 { return t.CallerID }, func(t *tickets.Ticket) string { return t.CallerName },
		func(n *tickets.NewTicket, v int64) { n.CallerID = v })
	d.key(by, "service_id", "service", func(t *tickets.Ticket) int64 { return t.ServiceID }, func(t *tickets.Ticket) string { return t.ServiceName },
		func(n *tickets.NewTicket, v int64) { n.ServiceID = v })
	d.key(by, "servicesubcategory_id", "servicesubcategory", func(t *tickets.Ticket) int64 { return t.ServiceSubcategoryID },
		func(t *tickets.Ticket) string { return t.ServiceSubcategoryName }, func(n *tickets.NewTicket, v int64) { n.ServiceSubcategoryID = v })
	d.key(by, "team_id", "team", func(t *tickets.Ticket) int64 { return t.TeamID }, func(t *tickets.Ticket) string { return t.TeamName },
		func(n *tickets.NewTicket, v int64) { n.TeamID = v })
	d.key(by, "agent_id", "agent", func(t *tickets.Ticket) int64 { return t.AgentID }, func(t *tickets.Ticket) string { return t.AgentName },
		func(n *tickets.NewTicket, v int64) { n.AgentID = v })
	return by
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func (d *Desk) moment(get func(t *tickets.Ticket) db.Time) access {
	return access{raw: func(t *tickets.Ticket) string {
		at := get(t)
		if at.IsZero() {
			return ""
		}
		return at.In(d.s.Location()).Format("2006-01-02 15:04:05")
	}}
}

// describe returns every attribute of a class; Invalid when there is none.
func (d *Desk) describe(ctx context.Context, class string) ([]attribute, error) {
	list, err := d.s.Attributes(ctx, d.actor, tickets.Class(class))
	if err != nil {
		return nil, err
	}
	own := d.accesses()
	out := make([]attribute, 0, len(list))
	for _, v := range list {
		a := attribute{Attribute: desk.Attribute{Code: v.Code, Label: v.Label, Type: desk.AttributeType(v.Type), Mandatory: v.Mandatory, ReadOnly: v.ReadOnly,
			Target: v.Target, DependsOn: v.DependsOn, Default: v.Default, Max: v.Max}, custom: v.Custom, access: own[v.Code]}
		if v.Custom {
			a.access = access{raw: func(t *tickets.Ticket) string { return t.Custom[v.Code] }}
		}
		for _, o := range v.Options {
			a.options = append(a.options, desk.Option{Value: o.Value, Label: o.Label})
		}
		out = append(out, a)
	}
	return out, nil
}

// value returns the attribute of a ticket, ready to be shown; false for what
// cannot be shown (IC-08).
func (a attribute) value(t *tickets.Ticket) (desk.Value, bool) {
	if a.raw == nil {
		return desk.Value{}, false
	}
	v := desk.Value{Code: a.Code, Label: a.Label, Type: a.Type, Raw: a.raw(t)}
	v.Text = v.Raw
	if a.text != nil {
		v.Text = a.text(t)
	}
	for _, o := range a.options {
		if o.Value == v.Raw {
			v.Text = o.Label
		}
	}
	return v, true
}

// Attributes returns the attributes of a class in the order of its details.
func (d *Desk) Attributes(ctx context.Context, class string) ([]desk.Attribute, error) {
	all, err := d.describe(ctx, class)
	if err != nil {
		return nil, err
	}
	out := make([]desk.Attribute, 0, len(all))
	for _, a := range all {
		out = append(out, a.Attribute)
	}
	return out, nil
}
