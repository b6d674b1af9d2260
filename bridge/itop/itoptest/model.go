package itoptest

import (
	"strconv"
	"strings"
)

type kind int

const (
	aString kind = iota
	aText
	aHTML
	aEnum
	aKey
	aDate
	aLog
	aFile
	aBool
	aList
)

// attribute describes an attribute. need says that null is not allowed.
type attribute struct {
	code, label string
	kind        kind
	target      string
	values      []string
	def         string
	need        bool
	max         int
}

type class struct {
	name, parent, root string
	abstract           bool
	attributes         []attribute
	order              string // attribute of the default order, "-" in front for descending
	friendly           []string
}

func (c *class) find(code string) (attribute, bool) {
	for _, a := range c.attributes {
		if a.code == code {
			return a, true
		}
	}
	return attribute{}, false
}

type entry struct {
	date int64
	name string
	user int64
	text string // HTML, sanitised
}

type object struct {
	class  string
	id     int64
	values map[string]string
	logs   map[string][]entry
	file   map[string]any
}

func str(code, label string) attribute {
	return attribute{code: code, label: label, kind: aString, max: 255}
}
func need(a attribute) attribute { a.need = true; return a }
func key(code, label, target string) attribute {
	return attribute{code: code, label: label, kind: aKey, target: target}
}
func enum(code, label, def string, values ...string) attribute {
	return attribute{code: code, label: label, kind: aEnum, def: def, values: values}
}
func of(code, label string, k kind) attribute { return attribute{code: code, label: label, kind: k} }

// itil is the part of iTop's ITIL model that the fake plays.
func itil(c Config) map[string]*class {
	m := map[string]*class{}
	add := func(name, parent, order string, friendly []string, attributes ...attribute) *class {
		k := &class{name: name, parent: parent, root: name, order: order, friendly: friendly}
		if p := m[parent]; p != nil {
			k.root = p.root
			k.attributes = append(k.attributes, p.attributes...)
			if order == "" {
				k.order = p.order
			}
			if friendly == nil {
				k.friendly = p.friendly
			}
		}
		k.attributes = append(k.attributes, attributes...)
		m[name] = k
		return k
	}
	add("Organization", "", "name", []string{"name"}, need(str("name", "Name")), str("code", "Code"),
		enum("status", "Status", "active", "active", "inactive"), key("parent_id", "Parent", "Organization"), key("deliverymodel_id", "Delivery model", "DeliveryModel"))
	add("Contact", "", "friendlyname", []string{"name"}, need(str("name", "Name")), enum("status", "Status", "active", "active", "inactive"),
		need(key("org_id", "Organization", "Organization")), str("email", "Email"), str("phone", "Phone"), of("obsolescence_flag", "Obsolete", aBool)).abstract = true
	add("Person", "Contact", "", []string{"first_name", "name"}, need(str("first_name", "First Name")), str("function", "Function"))
	add("Team", "Contact", "", nil)
	add("User", "", "login", []string{"login"}, need(str("login", "Login")), key("contactid", "Person", "Person"),
		enum("status", "Status", "enabled", "enabled", "disabled")).abstract = true
	add("UserLocal", "User", "", nil)
	add("Service", "", "name", []string{"name"}, need(str("name", "Name")), key("org_id", "Provider", "Organization"), enum("status", "Status", "production", "implementation", "obsolete", "production"))
	add("ServiceSubcategory", "", "name", []string{"name"}, need(str("name", "Name")), key("service_id", "Service", "Service"),
		enum("status", "Status", "production", "implementation", "obsolete", "production"), enum("request_type", "Request type", "service_request", "incident", "service_request"))
	add("CustomerContract", "", "name", []string{"name"}, str("name", "Name"), key("org_id", "Customer", "Organization"))
	add("lnkCustomerContractToService", "", "id", nil, key("customercontract_id", "Contract", "CustomerContract"), key("service_id", "Service", "Service"))
	add("DeliveryModel", "", "name", []string{"name"}, str("name", "Name"))
	add("lnkDeliveryModelToContact", "", "id", nil, key("deliverymodel_id", "Model", "DeliveryModel"), key("contact_id", "Contact", "Contact"))
	add("lnkPersonToTeam", "", "id", nil, key("team_id", "Team", "Team"), key("person_id", "Person", "Person"))
	add("Attachment", "", "id", []string{"item_class", "temp_id"}, of("expire", "Expire", aDate), str("temp_id", "Temporary id"), str("item_class", "Item class"),
		of("item_id", "Item", aString), str("item_org_id", "Item organization"), of("contents", "Contents", aFile), of("creation_date", "Creation date", aDate),
		key("user_id", "User", "User"), key("contact_id", "Contact", "Contact"))
	ticket := add("Ticket", "", "-ref", []string{"ref"}, str("ref", "Ref"), need(key("org_id", "Organization", "Organization")), key("caller_id", "Caller", "Person"),
		key("team_id", "Team", "Team"), key("agent_id", "Agent", "Person"), need(str("title", "Title")), need(attribute{code: "description", label: "Description", kind: aHTML, max: 65535}),
		of("start_date", "Start date", aDate), of("end_date", "End date", aDate), of("last_update", "Last update", aDate), of("close_date", "Close date", aDate), of("private_log", "Private log", aLog),
		of("contacts_list", "Contacts", aList), of("functionalcis_list", "CIs", aList), of("workorders_list", "Work orders", aList))
	ticket.abstract = true
	origins := []string{"in_person", "mail", "phone", "portal"}
	if !c.NoChat {
		origins = append(origins, "chat")
	}
	levels := []string{"1", "2", "3", "4"}
	shared := []attribute{
		need(enum("impact", "Impact", "1", "1", "2", "3")), need(enum("priority", "Priority", "4", levels...)), need(enum("urgency", "Urgency", "4", levels...)),
		enum("origin", "Origin", "phone", origins...),
		key("service_id", "Service", "Service"), key("servicesubcategory_id", "Service subcategory", "ServiceSubcategory"),
		enum("escalation_flag", "Hot Flag", "no", "no", "yes"), str("escalation_reason", "Hot reason"), of("assignment_date", "Assignment date", aDate),
		of("resolution_date", "Resolution date", aDate), of("last_pending_date", "Last pending date", aDate), of("pending_reason", "Pending reason", aText),
		of("tto_escalation_deadline", "TTO Deadline", aString), of("ttr_escalation_deadline", "TTR Deadline", aString), of("time_spent", "Resolution delay", aString),
		enum("resolution_code", "Resolution code", "assistance", "assistance", "bug fixed", "hardware repair", "other", "software patch", "system update", "training"),
		of("solution", "Solution", aHTML), enum("user_satisfaction", "User satisfaction", "1", levels...), of("user_comment", "User comment", aText),
		enum("operational_status", "Operational status", "ongoing", "closed", "ongoing", "resolved"),
		key("parent_incident_id", "Parent incident", "Incident"), key("parent_change_id", "Parent change", "Change"), of("related_request_list", "Child requests", aList), of("public_log", "Public log", aLog),
	}
	if !c.Vanilla {
		shared = append(shared, str("intercom_ref", "intercom ref"), attribute{code: "intercom_url", label: "intercom url", max: 2048},
			need(enum("intercom_sync_activated", "intercom sync activated", "no", "yes", "no")))
	}
	add("UserRequest", "Ticket", "", nil, append([]attribute{
		need(enum("status", "Status", "new", "new", "waiting_for_approval", "approved", "rejected", "assigned", "pending", "escalated_tto", "escalated_ttr", "resolved", "closed")),
		enum("request_type", "Request Type", "service_request", "service_request"),
		key("approver_id", "Approver", "Person"), key("parent_request_id", "Parent request", "UserRequest"),
	}, shared...)...)
	add("Incident", "Ticket", "", nil, append([]attribute{
		need(enum("status", "Status", "new", "new", "assigned", "pending", "escalated_tto", "escalated_ttr", "resolved", "closed")),
		of("child_incidents_list", "Child incidents", aList),
	}, shared...)...)
	add("Change", "Ticket", "", nil, enum("status", "Status", "new", "new", "closed"))
	add("CMDBChangeOp", "", "id", nil)
	return m
}

// is reports whether class name is base or one of its sub-classes.
func (s *Server) is(name, base string) bool {
	for name != "" {
		if name == base {
			return true
		}
		c := s.model[name]
		if c == nil {
			return false
		}
		name = c.parent
	}
	return false
}

func (s *Server) all(name string) []*object {
	c := s.model[name]
	if c == nil {
		return nil
	}
	var out []*object
	for _, o := range s.tables[c.root] {
		if s.is(o.class, name) {
			out = append(out, o)
		}
	}
	return out
}

func (s *Server) byID(name string, id int64) *object {
	for _, o := range s.all(name) {
		if o.id == id {
			return o
		}
	}
	return nil
}

// insert stores an object without checks.
func (s *Server) insert(name string, values map[string]string) *object {
	c := s.model[name]
	s.last[c.root]++
	o := &object{class: name, id: s.last[c.root], values: map[string]string{}, logs: map[string][]entry{}}
	for _, a := range c.attributes {
		o.values[a.code] = a.def
		if a.kind == aKey {
			o.values[a.code] = "0"
		}
	}
	for k, v := range values {
		o.values[k] = v
	}
	s.tables[c.root] = append(s.tables[c.root], o)
	return o
}

// friendlyname is what iTop shows for an object.
func (s *Server) friendlyname(o *object) string {
	if o == nil {
		return ""
	}
	var parts []string
	for _, code := range s.model[o.class].friendly {
		parts = append(parts, o.values[code])
	}
	return strings.Join(parts, " ")
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// value reads an attribute of an object, also the ones that iTop derives.
// ok is false when the class has no such attribute.
func (s *Server) value(o *object, name, code string) (v string, k kind, ok bool) {
	k, ok = s.kindOf(name, code)
	if !ok || o == nil {
		return "", k, ok
	}
	switch code {
	case "id":
		return strconv.FormatInt(o.id, 10), k, true
	case "finalclass":
		return o.class, k, true
	case "friendlyname":
		return s.friendlyname(o), k, true
	case "obsolescence_flag":
		if o.values["status"] == "inactive" {
			return "1", k, true
		}
		return "0", k, true
	}
	if a, found := s.model[name].find(code); found {
		if a.kind == aLog {
			var all []string
			for _, e := range o.logs[code] {
				all = append(all, e.name, e.text)
			}
			return strings.Join(all, "\n"), k, true
		}
		return o.values[code], k, true
	}
	keyCode, rest := s.external(name, code)
	target, _ := s.model[name].find(keyCode)
	t := s.byID(target.target, number(o.values[keyCode]))
	if t == nil {
		return "", k, true
	}
	v, _, _ = s.value(t, t.class, rest)
	return v, k, true
}

// kindOf says what kind an attribute is, also derived ones.
func (s *Server) kindOf(name, code string) (kind, bool) {
	switch code {
	case "id":
		return aKey, true
	case "finalclass", "friendlyname":
		return aString, true
	}
	if a, ok := s.model[name].find(code); ok {
		return a.kind, true
	}
	if keyCode, rest := s.external(name, code); keyCode != "" {
		a, _ := s.model[name].find(keyCode)
		return s.kindOf(a.target, rest)
	}
	return 0, false
}

// external splits org_id_friendlyname and org_name into the key and the
// target's attribute.
func (s *Server) external(name, code string) (keyCode, rest string) {
	for _, a := range s.model[name].attributes {
		if a.kind != aKey {
			continue
		}
		for _, prefix := range []string{a.code + "_", strings.TrimSuffix(a.code, "_id") + "_"} {
			rest, ok := strings.CutPrefix(code, prefix)
			if !ok || rest == "id" {
				continue
			}
			switch rest {
			case "friendlyname", "obsolescence_flag", "name", "email", "ref":
				if _, has := s.kindOf(a.target, rest); has && (prefix == a.code+"_") == (rest == "friendlyname" || rest == "obsolescence_flag") {
					return a.code, rest
				}
			}
		}
	}
	return "", ""
}
