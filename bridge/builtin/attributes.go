package builtin

import (
	"context"
	"strconv"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/tickets"
)

// attribute is an attribute with what the desk needs to read, write and offer it.
type attribute struct {
	desk.Attribute
	options []desk.Option
	raw     func(t *tickets.Ticket) string
	text    func(t *tickets.Ticket) string       // nil: the option's label, or the raw value
	set     func(n *tickets.NewTicket, v int64)  // of keys and numbers
	setText func(n *tickets.NewTicket, v string) // of texts
	custom  *tickets.CustomField                 // set for custom fields
}

func options(pairs ...string) []desk.Option {
	var out []desk.Option
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, desk.Option{Value: pairs[i], Label: pairs[i+1]})
	}
	return out
}

// key describes an external key.
func key(code, label, target string, id func(t *tickets.Ticket) int64, name func(t *tickets.Ticket) string, set func(n *tickets.NewTicket, v int64), dependsOn ...string) attribute {
	return attribute{
		Attribute: desk.Attribute{Code: code, Label: label, Type: desk.TypeKey, Target: target, DependsOn: dependsOn},
		raw:       func(t *tickets.Ticket) string { return rawID(id(t)) }, text: name, set: set,
	}
}

// name describes the name of what a key points to, in iTop's spelling.
func name(code, label string, get func(t *tickets.Ticket) string) attribute {
	return attribute{Attribute: desk.Attribute{Code: code, Label: label, Type: desk.TypeExternalField, ReadOnly: true}, raw: get, text: get}
}

// shown describes what is read and never asked.
func shown(code, label string, t desk.AttributeType, raw func(t *tickets.Ticket) string) attribute {
	return attribute{Attribute: desk.Attribute{Code: code, Label: label, Type: t, ReadOnly: true}, raw: raw}
}

func number(n int) string { return strconv.Itoa(n) }

// own returns the desk's own attributes, in the order of iTop's details page.
func (d *Desk) own() []attribute {
	levels := options("1", "Critical", "2", "High", "3", "Medium", "4", "Low")
	orgName := func(t *tickets.Ticket) string { return t.OrgName }
	callerName := func(t *tickets.Ticket) string { return t.CallerName }
	serviceName := func(t *tickets.Ticket) string { return t.ServiceName }
	subName := func(t *tickets.Ticket) string { return t.ServiceSubcategoryName }
	teamName := func(t *tickets.Ticket) string { return t.TeamName }
	agentName := func(t *tickets.Ticket) string { return t.AgentName }

	org := key("org_id", "Organization", "Organization", func(t *tickets.Ticket) int64 { return t.OrgID }, orgName, func(n *tickets.NewTicket, v int64) { n.OrgID = v })
	org.Mandatory = true
	status := shown("status", "Status", desk.TypeEnum, func(t *tickets.Ticket) string { return string(t.Status) })
	status.Default = string(tickets.StatusNew)
	for _, s := range tickets.Statuses() {
		status.options = append(status.options, desk.Option{Value: string(s), Label: s.Label()})
	}
	origin := attribute{
		Attribute: desk.Attribute{Code: "origin", Label: "Origin", Type: desk.TypeEnum, Default: string(tickets.OriginPhone)},
		options:   options("in_person", "In person", "chat", "Chat", "mail", "E-mail", "phone", "Phone", "portal", "Portal"),
		raw:       func(t *tickets.Ticket) string { return string(t.Origin) },
		setText:   func(n *tickets.NewTicket, v string) { n.Origin = tickets.Origin(v) },
	}
	title := attribute{
		Attribute: desk.Attribute{Code: "title", Label: "Title", Type: desk.TypeString, Mandatory: true, Max: 255},
		raw:       func(t *tickets.Ticket) string { return t.Title }, setText: func(n *tickets.NewTicket, v string) { n.Title = v },
	}
	description := attribute{
		Attribute: desk.Attribute{Code: "description", Label: "Description", Type: desk.TypeHTML, Mandatory: true, Max: 65535},
		raw:       func(t *tickets.Ticket) string { return t.Description },
		text:      func(t *tickets.Ticket) string { return tickets.TextFromHTML(t.Description) },
		setText:   func(n *tickets.NewTicket, v string) { n.Description = v },
	}
	impact := attribute{
		Attribute: desk.Attribute{Code: "impact", Label: "Impact", Type: desk.TypeEnum, Default: "3"},
		options:   options("1", "A department", "2", "A service", "3", "A person"),
		raw:       func(t *tickets.Ticket) string { return number(t.Impact) }, set: func(n *tickets.NewTicket, v int64) { n.Impact = int(v) },
	}
	urgency := attribute{
		Attribute: desk.Attribute{Code: "urgency", Label: "Urgency", Type: desk.TypeEnum, Default: "4"}, options: levels,
		raw: func(t *tickets.Ticket) string { return number(t.Urgency) }, set: func(n *tickets.NewTicket, v int64) { n.Urgency = int(v) },
	}
	priority := shown("priority", "Priority", desk.TypeEnum, func(t *tickets.Ticket) string { return number(t.Priority) })
	priority.options = levels
	sync := shown("intercom_sync_activated", "Intercom synchronisation", desk.TypeEnum, func(t *tickets.Ticket) string { return yesNo(t.IntercomSyncActivated) })
	sync.options = options("yes", "Active", "no", "Paused")

	return []attribute{
		shown("ref", "Ref", desk.TypeString, func(t *tickets.Ticket) string { return t.Ref }),
		org, name("org_name", "Organization name", orgName), name("org_id_friendlyname", "Organization", orgName),
		key("caller_id", "Caller", "Person", func(t *tickets.Ticket) int64 { return t.CallerID }, callerName, func(n *tickets.NewTicket, v int64) { n.CallerID = v }, "org_id"),
		name("caller_name", "Caller name", callerName), name("caller_id_friendlyname", "Caller", callerName),
		status, origin, title, description,
		key("service_id", "Service", "Service", func(t *tickets.Ticket) int64 { return t.ServiceID }, serviceName, func(n *tickets.NewTicket, v int64) { n.ServiceID = v }, "org_id"),
		name("service_name", "Service name", serviceName), name("service_id_friendlyname", "Service", serviceName),
		key("servicesubcategory_id", "Service subcategory", "ServiceSubcategory", func(t *tickets.Ticket) int64 { return t.ServiceSubcategoryID }, subName, func(n *tickets.NewTicket, v int64) { n.ServiceSubcategoryID = v }, "service_id"),
		name("servicesubcategory_name", "Service subcategory name", subName), name("servicesubcategory_id_friendlyname", "Service subcategory", subName),
		impact, urgency, priority,
		key("team_id", "Team", "Team", func(t *tickets.Ticket) int64 { return t.TeamID }, teamName, func(n *tickets.NewTicket, v int64) { n.TeamID = v }),
		name("team_name", "Team name", teamName), name("team_id_friendlyname", "Team", teamName),
		key("agent_id", "Agent", "Person", func(t *tickets.Ticket) int64 { return t.AgentID }, agentName, func(n *tickets.NewTicket, v int64) { n.AgentID = v }, "team_id"),
		name("agent_name", "Agent name", agentName), name("agent_id_friendlyname", "Agent", agentName),
		d.moment("start_date", "Start date", func(t *tickets.Ticket) db.Time { return t.StartDate }),
		d.moment("last_update", "Last update", func(t *tickets.Ticket) db.Time { return t.LastUpdate }),
		d.moment("assignment_date", "Assignment date", func(t *tickets.Ticket) db.Time { return t.AssignmentDate }),
		d.moment("resolution_date", "Resolution date", func(t *tickets.Ticket) db.Time { return t.ResolutionDate }),
		d.moment("close_date", "Close date", func(t *tickets.Ticket) db.Time { return t.CloseDate }),
		shown("pending_reason", "Pending reason", desk.TypeText, func(t *tickets.Ticket) string { return t.PendingReason }),
		shown("resolution_code", "Resolution code", desk.TypeString, func(t *tickets.Ticket) string { return t.ResolutionCode }),
		shown("solution", "Solution", desk.TypeText, func(t *tickets.Ticket) string { return t.Solution }),
		shown("public_log", "Public log", desk.TypeCaseLog, nil),
		shown("private_log", "Private log", desk.TypeCaseLog, nil),
		shown("intercom_ref", "Intercom conversation", desk.TypeString, func(t *tickets.Ticket) string { return t.IntercomRef }),
		shown("intercom_url", "Intercom address", desk.TypeURL, func(t *tickets.Ticket) string { return t.IntercomURL }),
		sync,
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func (d *Desk) moment(code, label string, get func(t *tickets.Ticket) db.Time) attribute {
	return shown(code, label, desk.TypeDateTime, func(t *tickets.Ticket) string {
		at := get(t)
		if at.IsZero() {
			return ""
		}
		return at.In(d.s.Location()).Format("2006-01-02 15:04:05")
	})
}

// describe returns every attribute of a class; Invalid when there is none.
func (d *Desk) describe(ctx context.Context, class string) ([]attribute, error) {
	c := tickets.Class(class)
	if !c.Valid() {
		return nil, errs.InvalidField("class", "The desk has the classes UserRequest and Incident.")
	}
	fields, err := d.s.CustomFields(ctx, d.actor, c)
	if err != nil {
		return nil, err
	}
	all := d.own()
	for _, f := range fields {
		all = append(all, customAttribute(f))
	}
	return all, nil
}

func customAttribute(f tickets.CustomField) attribute {
	a := attribute{
		Attribute: desk.Attribute{Code: f.Code, Label: f.Label, Type: desk.AttributeType(f.Type), Mandatory: f.Mandatory}, custom: &f,
		raw: func(t *tickets.Ticket) string { return t.Custom[f.Code] },
	}
	switch f.Type {
	case tickets.FieldString:
		a.Max = 255
	case tickets.FieldText:
		a.Max = 64 << 10
	case tickets.FieldBool:
		a.options = options("true", "Yes", "false", "No")
	}
	for _, o := range f.Options {
		a.options = append(a.options, desk.Option{Value: o.Value, Label: o.Label})
	}
	return a
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
