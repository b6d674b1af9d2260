package tickets

import (
	"context"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// Attribute describes an attribute of a ticket class, in iTop's words.
type Attribute struct {
	Code      string
	Label     string
	Type      string // string, text, html, integer, decimal, bool, enum, external_key, date, datetime, duration, url, external_field, case_log
	Mandatory bool   // needed when a ticket is made
	ReadOnly  bool   // computed, or set by the desk itself
	Target    string // class that an external key points to
	DependsOn []string
	Default   string
	Max       int // longest value in characters, 0 for no limit
	Options   []Choice
	Custom    bool // added by an administrator
}

func choices(pairs ...string) []Choice {
	var out []Choice
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, Choice{Value: pairs[i], Label: pairs[i+1]})
	}
	return out
}

// ownAttributes returns the desk's own attributes in the order of iTop's
// details page. Names of what a key points to are external fields, spelled as
// iTop spells them.
func ownAttributes() []Attribute {
	levels := choices("1", "Critical", "2", "High", "3", "Medium", "4", "Low")
	var states []Choice
	for _, s := range Statuses() {
		states = append(states, Choice{Value: string(s), Label: s.Label()})
	}
	var out []Attribute
	key := func(code, short, label, target string, mandatory bool, dependsOn ...string) {
		out = append(out,
			Attribute{Code: code, Label: label, Type: "external_key", Target: target, Mandatory: mandatory, DependsOn: dependsOn},
			Attribute{Code: short + "_name", Label: label + " name", Type: "external_field", ReadOnly: true},
			Attribute{Code: code + "_friendlyname", Label: label, Type: "external_field", ReadOnly: true})
	}
	shown := func(code, label, kind string) {
		out = append(out, Attribute{Code: code, Label: label, Type: kind, ReadOnly: true})
	}
	shown("ref", "Ref", "string")
	key("org_id", "org", "Organization", "Organization", true)
	key("caller_id", "caller", "Caller", PersonClass, false, "org_id")
	out = append(out,
		Attribute{Code: "status", Label: "Status", Type: "enum", ReadOnly: true, Default: string(StatusNew), Options: states},
		Attribute{Code: "origin", Label: "Origin", Type: "enum", Default: string(OriginPhone),
			Options: choices("in_person", "In person", "chat", "Chat", "mail", "E-mail", "phone", "Phone", "portal", "Portal")},
		Attribute{Code: "title", Label: "Title", Type: "string", Mandatory: true, Max: maxTitle},
		Attribute{Code: "description", Label: "Description", Type: "html", Mandatory: true, Max: 65535})
	key("service_id", "service", "Service", "Service", false, "org_id")
	key("servicesubcategory_id", "servicesubcategory", "Service subcategory", "ServiceSubcategory", false, "service_id")
	out = append(out,
		Attribute{Code: "impact", Label: "Impact", Type: "enum", Default: "3", Options: choices("1", "A department", "2", "A service", "3", "A person")},
		Attribute{Code: "urgency", Label: "Urgency", Type: "enum", Default: "4", Options: levels},
		Attribute{Code: "priority", Label: "Priority", Type: "enum", ReadOnly: true, Options: levels})
	key("team_id", "team", "Team", "Team", false)
	key("agent_id", "agent", "Agent", PersonClass, false, "team_id")
	for _, a := range [][2]string{{"start_date", "Start date"}, {"last_update", "Last update"}, {"assignment_date", "Assignment date"}, {"resolution_date", "Resolution date"}, {"close_date", "Close date"}} {
		shown(a[0], a[1], "datetime")
	}
	shown("pending_reason", "Pending reason", "text")
	shown("resolution_code", "Resolution code", "string")
	shown("solution", "Solution", "text")
	shown("public_log", "Public log", "case_log")
	shown("private_log", "Private log", "case_log")
	shown("intercom_ref", "Intercom conversation", "string")
	shown("intercom_url", "Intercom address", "url")
	return append(out, Attribute{Code: "intercom_sync_activated", Label: "Intercom synchronisation", Type: "enum", ReadOnly: true, Default: "no", Options: choices("yes", "Active", "no", "Paused")})
}

// Attributes describes what tickets of a class have: the desk's own attributes
// and the custom fields. Invalid when there is no such class.
func (s *Service) Attributes(ctx context.Context, a Actor, c Class) ([]Attribute, error) {
	if !c.Valid() {
		return nil, errs.InvalidField("class", "The desk has the classes UserRequest and Incident.")
	}
	fields, err := s.CustomFields(ctx, a, c)
	if err != nil {
		return nil, err
	}
	out := ownAttributes()
	for _, f := range fields {
		out = append(out, f.attribute())
	}
	return out, nil
}

func (f CustomField) attribute() Attribute {
	a := Attribute{Code: f.Code, Label: f.Label, Type: string(f.Type), Mandatory: f.Mandatory, Options: f.Options, Custom: true}
	switch f.Type {
	case FieldString:
		a.Max = maxLine
	case FieldText:
		a.Max = maxText
	case FieldBool:
		a.Options = choices("true", "Yes", "false", "No")
	}
	return a
}
