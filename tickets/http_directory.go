package tickets

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// DirectoryInput is the input of lists of the directory.
type DirectoryInput struct {
	PageInput
	Search string `query:"search" maxLength:"200" doc:"Part of the name (and of the e-mail address of a person), in any case. A literal."`
}

func (in DirectoryInput) filter() (DirectoryFilter, error) {
	offset, err := in.offset()
	return DirectoryFilter{Search: in.Search, Offset: offset, Limit: in.Limit}, err
}

// crud says how one noun of the directory is served: V is the domain's type, B
// the body of a change, W the view.
type crud[V, B, W any] struct {
	path, tag  string
	one, many  string // "organisation", "organisations"
	list       func(ctx context.Context, a Actor, f DirectoryFilter) ([]V, int, error)
	show       func(ctx context.Context, a Actor, id int64) (V, error)
	create     func(ctx context.Context, a Actor, v ...V) ([]V, error)
	update     func(ctx context.Context, a Actor, v V) (V, error)
	remove     func(ctx context.Context, a Actor, id int64) error
	value      func(id int64, b B) V
	view       func(v V) W
	removeNote string
}

// register registers list, create, show, replace and delete. L is the input of
// the list, which narrow turns into a filter.
func register[L, V, B, W any](api huma.API, c crud[V, B, W], narrow func(in *L) (DirectoryFilter, error)) {
	handle(api, operation("list-"+c.many, http.MethodGet, c.path, c.tag, "List "+c.many, "In the order of names."), func(ctx context.Context, a Actor, in *L) (*bodyOf[listing[W]], error) {
		f, err := narrow(in)
		if err != nil {
			return nil, err
		}
		list, total, err := c.list(ctx, a, f)
		if err != nil {
			return nil, err
		}
		return listed(list, total, f.Offset, c.view), nil
	})
	create := operation("create-"+c.one, http.MethodPost, c.path, c.tag, "Make a "+c.one, "Dispatchers and administrators only.")
	create.Errors = append([]int{http.StatusConflict}, refusals...)
	handle(api, create, func(ctx context.Context, a Actor, in *bodyOf[B]) (*bodyOf[W], error) {
		v, err := first(c.create(ctx, a, c.value(0, in.Body)))
		return body(c.view(v), err)
	})
	handle(api, operation("show-"+c.one, http.MethodGet, c.path+"/{id}", c.tag, "Show a "+c.one, ""), func(ctx context.Context, a Actor, in *IDInput) (*bodyOf[W], error) {
		v, err := c.show(ctx, a, in.ID)
		return body(c.view(v), err)
	})
	replace := operation("replace-"+c.one, http.MethodPut, c.path+"/{id}", c.tag, "Replace what a "+c.one+" says", "Members that are absent are cleared. Dispatchers and administrators only.")
	replace.Errors = append([]int{http.StatusConflict}, refusals...)
	handle(api, replace, func(ctx context.Context, a Actor, in *struct {
		IDInput
		Body B
	}) (*bodyOf[W], error) {
		v, err := c.update(ctx, a, c.value(in.ID, in.Body))
		return body(c.view(v), err)
	})
	remove := operation("delete-"+c.one, http.MethodDelete, c.path+"/{id}", c.tag, "Delete a "+c.one, c.removeNote+" Dispatchers and administrators only.")
	remove.Errors = append([]int{http.StatusConflict}, refusals...)
	handle(api, remove, func(ctx context.Context, a Actor, in *IDInput) (*struct{}, error) {
		return nil, c.remove(ctx, a, in.ID)
	})
}

type organisationBody struct {
	Name     string `json:"name" minLength:"1" maxLength:"255" doc:"Name."`
	Code     string `json:"code,omitempty" maxLength:"255" doc:"Short code, unique in the desk when it is not empty."`
	ParentID int64  `json:"parent_id,omitempty" minimum:"0" doc:"Organisation above it; 0 for none."`
}

type organisationView struct {
	ID       int64  `json:"id" doc:"Id."`
	Name     string `json:"name" doc:"Name."`
	Code     string `json:"code" doc:"Short code; may be empty."`
	ParentID int64  `json:"parent_id" doc:"Organisation above it; 0 for none."`
}

func (s *Service) organisationRoutes(api huma.API) {
	type input struct {
		DirectoryInput
		ParentID int64 `query:"parent_id" minimum:"0" doc:"Only those directly below this one."`
	}
	register(api, crud[Organisation, organisationBody, organisationView]{
		path: "/organisations", tag: "Organisations", one: "organisation", many: "organisations", removeNote: "Refused while anything refers to it.",
		list: s.Organisations, show: s.Organisation, create: s.CreateOrganisations, update: s.UpdateOrganisation, remove: s.DeleteOrganisation,
		value: func(id int64, b organisationBody) Organisation {
			return Organisation{ID: id, Name: b.Name, Code: b.Code, ParentID: b.ParentID}
		},
		view: func(o Organisation) organisationView {
			return organisationView{ID: o.ID, Name: o.Name, Code: o.Code, ParentID: o.ParentID}
		},
	}, func(in *input) (DirectoryFilter, error) {
		f, err := in.filter()
		f.ParentID = in.ParentID
		return f, err
	})
}

type personBody struct {
	OrgID       int64  `json:"org_id" minimum:"1" doc:"Organisation."`
	FirstName   string `json:"first_name,omitempty" maxLength:"255" doc:"First name."`
	Name        string `json:"name" minLength:"1" maxLength:"255" doc:"Family name."`
	Email       string `json:"email,omitempty" maxLength:"255" doc:"E-mail address, by which authors are found."`
	Phone       string `json:"phone,omitempty" maxLength:"255" doc:"Phone number."`
	MobilePhone string `json:"mobile_phone,omitempty" maxLength:"255" doc:"Mobile phone number."`
	Function    string `json:"function,omitempty" maxLength:"255" doc:"What they do."`
	Obsolete    bool   `json:"obsolescence_flag,omitempty" doc:"No longer there: not found by e-mail and not to be chosen."`
}

type personView struct {
	ID           int64  `json:"id" doc:"Id."`
	Class        string `json:"class" enum:"Person" doc:"Class, in iTop's words."`
	OrgID        int64  `json:"org_id" doc:"Organisation."`
	OrgName      string `json:"org_name" doc:"Its name."`
	FirstName    string `json:"first_name" doc:"First name."`
	Name         string `json:"name" doc:"Family name."`
	Friendlyname string `json:"friendlyname" doc:"Full name."`
	Email        string `json:"email" doc:"E-mail address."`
	Phone        string `json:"phone" doc:"Phone number."`
	MobilePhone  string `json:"mobile_phone" doc:"Mobile phone number."`
	Function     string `json:"function" doc:"What they do."`
	Obsolete     bool   `json:"obsolescence_flag" doc:"No longer there."`
}

func (s *Service) personRoutes(api huma.API) {
	type input struct {
		DirectoryInput
		OrgID   int64 `query:"org_id" minimum:"0" doc:"Only people of this organisation."`
		Current bool  `query:"current" doc:"Only people who are not obsolete."`
	}
	register(api, crud[Person, personBody, personView]{
		path: "/persons", tag: "People", one: "person", many: "persons", removeNote: "Refused while a ticket names them; make them obsolete instead.",
		list: s.Persons, show: s.Person, create: s.CreatePersons, update: s.UpdatePerson, remove: s.DeletePerson,
		value: func(id int64, b personBody) Person {
			return Person{ID: id, OrgID: b.OrgID, FirstName: b.FirstName, Name: b.Name, Email: b.Email, Phone: b.Phone, MobilePhone: b.MobilePhone, Function: b.Function, Obsolete: b.Obsolete}
		},
		view: func(p Person) personView {
			return personView{ID: p.ID, Class: PersonClass, OrgID: p.OrgID, OrgName: p.OrgName, FirstName: p.FirstName, Name: p.Name, Friendlyname: p.Friendlyname,
				Email: p.Email, Phone: p.Phone, MobilePhone: p.MobilePhone, Function: p.Function, Obsolete: p.Obsolete}
		},
	}, func(in *input) (DirectoryFilter, error) {
		f, err := in.filter()
		f.OrgID, f.Current = in.OrgID, in.Current
		return f, err
	})
}

type teamBody struct {
	Name  string `json:"name" minLength:"1" maxLength:"255" doc:"Name, unique in the desk."`
	OrgID int64  `json:"org_id,omitempty" minimum:"0" doc:"Organisation that it belongs to; 0 for none."`
	Email string `json:"email,omitempty" maxLength:"255" doc:"E-mail address."`
}

type teamView struct {
	ID    int64  `json:"id" doc:"Id."`
	Name  string `json:"name" doc:"Name."`
	OrgID int64  `json:"org_id" doc:"Organisation that it belongs to; 0 for none."`
	Email string `json:"email" doc:"E-mail address."`
}

// MemberRights is what a member may do with the tickets of their team.
type MemberRights struct {
	Read       bool `json:"read" doc:"Sees the team's tickets that wait for an agent."`
	Write      bool `json:"write" doc:"May change the team's tickets that they see."`
	AllTickets bool `json:"all_tickets" doc:"With read: sees the tickets of the team's other agents too."`
}

type memberView struct {
	PersonID   int64  `json:"person_id" doc:"Id of the person."`
	PersonName string `json:"person_name" doc:"Their name."`
	MemberRights
}

// MemberInput names a person in a team.
type MemberInput struct {
	IDInput
	PersonID int64 `path:"person" minimum:"1" doc:"Id of the person."`
}

func (s *Service) teamRoutes(api huma.API) {
	type input struct {
		DirectoryInput
		OrgID int64 `query:"org_id" minimum:"0" doc:"Only teams of this organisation."`
	}
	const tag = "Teams"
	register(api, crud[Team, teamBody, teamView]{
		path: "/teams", tag: tag, one: "team", many: "teams", removeNote: "Refused while a ticket names it.",
		list: s.Teams, show: s.Team, create: s.CreateTeams, update: s.UpdateTeam, remove: s.DeleteTeam,
		value: func(id int64, b teamBody) Team { return Team{ID: id, Name: b.Name, OrgID: b.OrgID, Email: b.Email} },
		view:  func(t Team) teamView { return teamView{ID: t.ID, Name: t.Name, OrgID: t.OrgID, Email: t.Email} },
	}, func(in *input) (DirectoryFilter, error) {
		f, err := in.filter()
		f.OrgID = in.OrgID
		return f, err
	})
	handle(api, operation("list-members", http.MethodGet, "/teams/{id}/members", tag, "List who is in a team", ""), func(ctx context.Context, a Actor, in *IDInput) (*bodyOf[listing[memberView]], error) {
		list, err := s.Members(ctx, a, in.ID)
		if err != nil {
			return nil, err
		}
		return listed(list, len(list), 0, func(m Member) memberView {
			return memberView{PersonID: m.PersonID, PersonName: m.PersonName, MemberRights: MemberRights{Read: m.Read, Write: m.Write, AllTickets: m.AllTickets}}
		}), nil
	})
	set := operation("set-member", http.MethodPut, "/teams/{id}/members/{person}", tag, "Put a person into a team, or change their rights there", "Dispatchers and administrators only.")
	set.DefaultStatus = http.StatusNoContent
	handle(api, set, func(ctx context.Context, a Actor, in *struct {
		MemberInput
		Body MemberRights
	}) (*struct{}, error) {
		return nil, s.SetMember(ctx, a, Member{TeamID: in.ID, PersonID: in.PersonID, Read: in.Body.Read, Write: in.Body.Write, AllTickets: in.Body.AllTickets})
	})
	handle(api, operation("remove-member", http.MethodDelete, "/teams/{id}/members/{person}", tag, "Take a person out of a team", "Dispatchers and administrators only."), func(ctx context.Context, a Actor, in *MemberInput) (*struct{}, error) {
		return nil, s.RemoveMember(ctx, a, in.ID, in.PersonID)
	})
}
