package itoptest

import "strconv"

// Objects that every fake starts with, with the ids of iTop's sample data.
const (
	Demo    = "3"  // organisation Demo
	IT      = "2"  // organisation IT Department
	Other   = "4"  // organisation Other Customer
	Pablo   = "2"  // Pablo Picasso of Demo, pablo.picasso@demo.com
	Jane    = "4"  // Jane Agent of Demo, jane.agent@demo.com, user jane
	Twin    = "6"  // Tina Twin of Demo, tina.twin@demo.com; Person 5 is her obsolete namesake
	Olga    = "7"  // Olga Other of Other Customer, olga.other@other.com
	Service = "31" // service that Demo has a contract for, with two sub-services
)

func (s *Server) seed() {
	// Ids of different classes differ, so that a test that mixes them up fails.
	s.last["Ticket"], s.last["Attachment"], s.last["Service"], s.last["User"] = 1000, 5000, 30, 100
	for _, name := range []string{"My Company/Department", "IT Department", "Demo", "Other Customer"} {
		s.insert("Organization", map[string]string{"name": name})
	}
	s.addPerson("My first name", "My last name", "my.email@foo.org", "1", "active")
	s.addPerson("Pablo", "Picasso", "pablo.picasso@demo.com", Demo, "active")
	s.addPerson("Claude", "Monet", "claude.monet@demo.com", Demo, "active")
	s.addPerson("Jane", "Agent", "jane.agent@demo.com", Demo, "active")
	s.addPerson("Tina", "Twin", "tina.twin@demo.com", Demo, "inactive")
	s.addPerson("Tina", "Twin", "tina.twin@demo.com", Demo, "active")
	s.addPerson("Olga", "Other", "olga.other@other.com", Other, "active")
	s.addPerson("Bob", "Bridge", "bob.bridge@demo.com", Demo, "active")
	s.addUser(Admin, AdminPassword, "1", "Administrator", "REST Services User")
	s.addUser("jane", "jane-password", Jane, "Support Agent")
	s.addUser(Plain, PlainPassword, "8", "Support Agent", "REST Services User")
	s.addUser("reader", "reader-password", "0", "REST Services User")
	team := s.insert("Team", map[string]string{"name": "Helpdesk", "org_id": IT, "email": "helpdesk@it.com"})
	s.insert("lnkPersonToTeam", map[string]string{"team_id": strconv.FormatInt(team.id, 10), "person_id": Jane})
	s.insert("DeliveryModel", map[string]string{"name": "Standard"})
	s.insert("lnkDeliveryModelToContact", map[string]string{"deliverymodel_id": "1", "contact_id": strconv.FormatInt(team.id, 10)})
	s.byID("Organization", 3).values["deliverymodel_id"] = "1"
	s.insert("Service", map[string]string{"name": "Computers and peripherals", "org_id": IT})
	s.insert("Service", map[string]string{"name": "Software", "org_id": IT})
	s.insert("Service", map[string]string{"name": "Old", "org_id": IT, "status": "obsolete"})
	s.insert("CustomerContract", map[string]string{"name": "Demo 2026", "org_id": Demo})
	for _, id := range []string{"31", "32", "33"} {
		s.insert("lnkCustomerContractToService", map[string]string{"customercontract_id": "1", "service_id": id})
	}
	s.insert("ServiceSubcategory", map[string]string{"name": "New laptop ordering", "service_id": Service})
	s.insert("ServiceSubcategory", map[string]string{"name": "New desktop ordering", "service_id": Service})
	s.insert("ServiceSubcategory", map[string]string{"name": "Broken laptop", "service_id": Service, "request_type": "incident"})
	s.insert("ServiceSubcategory", map[string]string{"name": "Software installation", "service_id": "32"})
}

func (s *Server) addPerson(first, name, email, org, status string) *object {
	return s.insert("Person", map[string]string{"first_name": first, "name": name, "email": email, "org_id": org, "status": status})
}

func (s *Server) addUser(login, password, contact string, profiles ...string) {
	o := s.insert("UserLocal", map[string]string{"login": login, "contactid": contact})
	u := &user{login: login, password: password, id: o.id, contact: number(contact), profiles: map[string]bool{}}
	for _, p := range profiles {
		u.profiles[p] = true
	}
	s.users[login] = u
}

// AddOrganization adds an organisation and returns its id.
func (s *Server) AddOrganization(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strconv.FormatInt(s.insert("Organization", map[string]string{"name": name}).id, 10)
}

// AddPerson adds a person and returns their id; obsolete ones are inactive.
func (s *Server) AddPerson(first, name, email, org string, obsolete bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := "active"
	if obsolete {
		status = "inactive"
	}
	return strconv.FormatInt(s.addPerson(first, name, email, org, status).id, 10)
}

// AddUser adds an account for a person ("0" for none) with these profiles.
func (s *Server) AddUser(login, password, person string, profiles ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addUser(login, password, person, profiles...)
}

// Grant gives an account a profile, Revoke takes it away.
func (s *Server) Grant(login, profile string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[login].profiles[profile] = true
}

// Revoke takes a profile from an account.
func (s *Server) Revoke(login, profile string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.users[login].profiles, profile)
}

// AddTicket adds a ticket of Pablo's and returns its id.
func (s *Server) AddTicket(class, title string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.insert(class, map[string]string{"title": title, "description": "<p>" + title + "</p>", "org_id": Demo, "caller_id": Pablo})
	s.newTicket(o)
	return strconv.FormatInt(o.id, 10)
}
