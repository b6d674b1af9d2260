package itop

import (
	"strings"

	"github.com/deskbridge/deskbridge/bridge/desk"
)

// The description of iTop 3.2's ITIL classes, read from a running one in
// English: order of the details page, labels, types, what is mandatory and the
// filters of the external keys. REST tells none of this; Config.Attributes
// changes what an administrator changed.

// OQL filters of external keys. ":code" stands for the form's value of a code.
const (
	filterCaller = "SELECT Person AS p WHERE p.org_id = :org_id"
	filterOrg    = "SELECT Organization AS o"
	filterTeam   = "SELECT Team AS t JOIN lnkDeliveryModelToContact AS l1 ON l1.contact_id=t.id JOIN DeliveryModel AS dm ON l1.deliverymodel_id=dm.id JOIN Organization AS o ON o.deliverymodel_id=dm.id WHERE o.id = :org_id"
	filterAgent  = "SELECT Person AS p JOIN lnkPersonToTeam AS l ON l.person_id=p.id JOIN Team AS t ON l.team_id=t.id WHERE t.id = :team_id"
	filterServ   = "SELECT Service AS s JOIN lnkCustomerContractToService AS l1 ON l1.service_id=s.id JOIN CustomerContract AS cc ON l1.customercontract_id=cc.id WHERE cc.org_id = :org_id AND s.status != 'obsolete'"
	filterSub    = "SELECT ServiceSubcategory AS s WHERE s.service_id = :service_id AND s.request_type = :request_type AND s.status != 'obsolete'"
	filterSubInc = "SELECT ServiceSubcategory AS s WHERE s.service_id = :service_id AND s.request_type = 'incident' AND s.status != 'obsolete'"
	filterReq    = "SELECT UserRequest AS r WHERE r.status NOT IN ('rejected','resolved','closed')"
	filterInc    = "SELECT Incident AS i WHERE i.status NOT IN ('resolved','closed')"
	filterChange = "SELECT Change AS c WHERE c.status != 'closed'"
)

func choices(pairs ...string) []desk.Option {
	var out []desk.Option
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, desk.Option{Value: pairs[i], Label: pairs[i+1]})
	}
	return out
}

func attr(code, label string, t desk.AttributeType) Attribute {
	return Attribute{Attribute: desk.Attribute{Code: code, Label: label, Type: t}}
}

func (a Attribute) mandatory() Attribute { a.Mandatory = true; return a }

func (a Attribute) readOnly() Attribute { a.ReadOnly = true; return a }

func (a Attribute) max(n int) Attribute { a.Max = n; return a }

func (a Attribute) enum(byDefault string, o []desk.Option) Attribute {
	a.Default, a.Options = byDefault, o
	return a
}

func (a Attribute) key(target, filter string) Attribute {
	a.Target, a.Filter = target, filter
	a.DependsOn = placeholders(filter)
	return a
}

// placeholders lists the codes that a filter asks for.
func placeholders(filter string) []string {
	var out []string
	for _, w := range reHole.FindAllStringSubmatch(filter, -1) {
		if code := w[1]; code != "" && !contained(out, code) {
			out = append(out, code)
		}
	}
	return out
}

func contained(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// builtin returns the description of a class that every iTop has, or nil.
func builtin(class string) []Attribute {
	switch class {
	case "UserRequest":
		return userRequest()
	case "Incident":
		return incident()
	}
	return nil
}

func userRequest() []Attribute {
	out := []Attribute{
		attr("org_id", "Organization", desk.TypeKey).key("Organization", filterOrg).mandatory(),
		attr("caller_id", "Caller", desk.TypeKey).key("Person", filterCaller),
		attr("status", "Status", desk.TypeEnum).enum("new", choices("new", "New", "waiting_for_approval", "Waiting for approval",
			"approved", "Approved", "rejected", "Rejected", "assigned", "Assigned", "pending", "Pending", "escalated_tto", "Escalated TTO",
			"escalated_ttr", "Escalated TTR", "resolved", "Resolved", "closed", "Closed")).readOnly(),
		attr("origin", "Origin", desk.TypeEnum).enum("phone", choices("chat", "Chat", "mail", "Email", "in_person", "In-person", "phone", "Phone", "portal", "Portal")),
		attr("title", "Title", desk.TypeString).mandatory().max(255),
		attr("description", "Description", desk.TypeHTML).mandatory().max(65535),
		attr("service_id", "Service", desk.TypeKey).key("Service", filterServ),
		attr("servicesubcategory_id", "Service subcategory", desk.TypeKey).key("ServiceSubcategory", filterSub),
		attr("request_type", "Request Type", desk.TypeEnum).enum("service_request", choices("service_request", "Service request")).readOnly(),
	}
	out = append(out, shared()...)
	return append(out,
		attr("approver_id", "Approver", desk.TypeKey).key("Person", filterCaller),
		attr("parent_request_id", "Parent request", desk.TypeKey).key("UserRequest", filterReq),
		attr("parent_incident_id", "Parent incident", desk.TypeKey).key("Incident", filterInc),
		attr("parent_change_id", "Parent change", desk.TypeKey).key("Change", filterChange),
		attr("functionalcis_list", "CIs", desk.TypeLinkedSet),
		attr("contacts_list", "Contacts", desk.TypeLinkedSet),
		attr("related_request_list", "Child Requests", desk.TypeLinkedSet),
		attr("workorders_list", "Work orders", desk.TypeLinkedSet),
	)
}

func incident() []Attribute {
	out := []Attribute{
		attr("org_id", "Organization", desk.TypeKey).key("Organization", filterOrg).mandatory(),
		attr("caller_id", "Caller", desk.TypeKey).key("Person", filterCaller),
		attr("status", "Status", desk.TypeEnum).enum("new", choices("new", "New", "assigned", "Assigned", "pending", "Pending",
			"escalated_tto", "Escalated TTO", "escalated_ttr", "Escalated TTR", "resolved", "Resolved", "closed", "Closed")).readOnly(),
		attr("origin", "Origin", desk.TypeEnum).enum("phone", choices("chat", "Chat", "mail", "Email", "in_person", "In-person", "monitoring", "Monitoring", "phone", "Phone", "portal", "Portal")),
		attr("title", "Title", desk.TypeString).mandatory().max(255),
		attr("description", "Description", desk.TypeHTML).mandatory().max(65535),
		attr("service_id", "Service", desk.TypeKey).key("Service", filterServ),
		attr("servicesubcategory_id", "Service subcategory", desk.TypeKey).key("ServiceSubcategory", filterSubInc),
	}
	out = append(out, shared()...)
	return append(out,
		attr("parent_incident_id", "Parent incident", desk.TypeKey).key("Incident", filterInc),
		attr("parent_change_id", "Parent change", desk.TypeKey).key("Change", filterChange),
		attr("functionalcis_list", "CIs", desk.TypeLinkedSet),
		attr("contacts_list", "Contacts", desk.TypeLinkedSet),
		attr("child_incidents_list", "Child incidents", desk.TypeLinkedSet),
		attr("related_request_list", "Child requests", desk.TypeLinkedSet),
		attr("workorders_list", "Work orders", desk.TypeLinkedSet),
	)
}

// shared is what both classes have after their base information.
func shared() []Attribute {
	levels := choices("1", "Critical", "2", "High", "3", "Medium", "4", "Low")
	return []Attribute{
		attr("escalation_flag", "Hot Flag", desk.TypeEnum).enum("no", choices("no", "No", "yes", "Yes")),
		attr("escalation_reason", "Hot reason", desk.TypeString).max(255),
		attr("impact", "Impact", desk.TypeEnum).enum("1", choices("1", "A department", "2", "A service", "3", "A person")).mandatory(),
		attr("urgency", "Urgency", desk.TypeEnum).enum("4", levels).mandatory(),
		attr("priority", "Priority", desk.TypeEnum).enum("4", levels).readOnly(),
		attr("team_id", "Team", desk.TypeKey).key("Team", filterTeam),
		attr("agent_id", "Agent", desk.TypeKey).key("Person", filterAgent),
		attr("start_date", "Start date", desk.TypeDateTime).readOnly(),
		attr("last_update", "Last update", desk.TypeDateTime).readOnly(),
		attr("assignment_date", "Assignment date", desk.TypeDateTime).readOnly(),
		attr("tto_escalation_deadline", "TTO Deadline", desk.TypeExternalField).readOnly(),
		attr("ttr_escalation_deadline", "TTR Deadline", desk.TypeExternalField).readOnly(),
		attr("last_pending_date", "Last pending date", desk.TypeDateTime).readOnly(),
		attr("pending_reason", "Pending reason", desk.TypeText).readOnly(),
		attr("resolution_date", "Resolution date", desk.TypeDateTime).readOnly(),
		attr("close_date", "Close date", desk.TypeDateTime).readOnly(),
		attr("resolution_code", "Resolution code", desk.TypeEnum).enum("assistance", choices("assistance", "Assistance", "bug fixed", "Bug fixed",
			"hardware repair", "Hardware repair", "other", "Other", "software patch", "Software patch", "system update", "System update", "training", "Training")).readOnly(),
		attr("solution", "Solution", desk.TypeHTML).readOnly(),
		attr("time_spent", "Resolution delay", desk.TypeDuration).readOnly(),
		attr("user_satisfaction", "User satisfaction", desk.TypeEnum).enum("1", choices("1", "Very satisfied", "2", "Fairly satisfied", "3", "Rather dissatisfied", "4", "Very dissatisfied")).readOnly(),
		attr("user_comment", "User comment", desk.TypeText).readOnly(),
		attr("operational_status", "Operational status", desk.TypeEnum).enum("", choices("closed", "Closed", "ongoing", "Ongoing", "resolved", "Resolved")).readOnly(),
		attr("ref", "Ref", desk.TypeString).readOnly(),
		attr("public_log", "Public log", desk.TypeCaseLog),
		attr("private_log", "Private log", desk.TypeCaseLog),
		attr("intercom_ref", "Intercom conversation", desk.TypeString).readOnly().max(255),
		attr("intercom_url", "Intercom address", desk.TypeURL).readOnly().max(2048),
		attr("intercom_sync_activated", "Intercom synchronisation", desk.TypeEnum).enum("no", choices("yes", "Active", "no", "Paused")).readOnly(),
	}
}

// describe returns the attributes of a class: the built-in ones with the
// standard keys under their mapped codes, then the configured ones.
func (d *Desk) describe(class string) []Attribute {
	all := builtin(class)
	renamed := map[string]string{
		"org_id": d.codes.org, "caller_id": d.codes.caller, "status": d.codes.status,
		"intercom_ref": d.codes.ref, "intercom_url": d.codes.url, "intercom_sync_activated": d.codes.sync,
		"public_log": d.codes.public, "private_log": d.codes.private,
	}
	for i, a := range all {
		if code, ok := renamed[a.Code]; ok {
			all[i].Code = code
		}
	}
	for _, own := range d.config.Attributes[class] {
		if len(own.DependsOn) == 0 {
			own.DependsOn = placeholders(own.Filter)
		}
		replaced := false
		for i := range all {
			if all[i].Code == own.Code {
				all[i], replaced = own, true
			}
		}
		if !replaced {
			all = append(all, own)
		}
	}
	return all
}

func find(all []Attribute, code string) (Attribute, bool) {
	for _, a := range all {
		if a.Code == code {
			return a, true
		}
	}
	return Attribute{}, false
}

// label returns the text of an enumeration's value, or the value.
func (a Attribute) label(value string) string {
	for _, o := range a.Options {
		if o.Value == value {
			return o.Label
		}
	}
	return value
}

// described returns an attribute's description; codes such as org_id_friendlyname
// and org_name, which iTop derives from keys, are external fields.
func described(all []Attribute, code string) Attribute {
	if a, ok := find(all, code); ok {
		return a
	}
	for _, suffix := range []string{"_id_friendlyname", "_friendlyname", "_name", "_ref", "_email"} {
		if base, ok := strings.CutSuffix(code, suffix); ok {
			for _, key := range []string{base, base + "_id"} {
				if a, ok := find(all, key); ok && a.Type == desk.TypeKey {
					return attr(code, a.Label, desk.TypeExternalField).readOnly()
				}
			}
		}
	}
	words := strings.ReplaceAll(code, "_", " ")
	if words != "" {
		words = strings.ToUpper(words[:1]) + words[1:]
	}
	return attr(code, words, desk.TypeString).readOnly()
}
