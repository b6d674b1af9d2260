package tickets

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

type serviceBody struct {
	Name        string  `json:"name" minLength:"1" maxLength:"255" doc:"Name, unique in the desk."`
	Description string  `json:"description,omitempty" maxLength:"65536" doc:"Plain text."`
	Orgs        []int64 `json:"org_ids,omitempty" maxItems:"1000" doc:"Organisations that may choose it; empty for all."`
}

type serviceView struct {
	ID          int64   `json:"id" doc:"Id."`
	Name        string  `json:"name" doc:"Name."`
	Description string  `json:"description" doc:"Plain text."`
	Orgs        []int64 `json:"org_ids" nullable:"false" doc:"Organisations that may choose it; empty for all."`
}

type subcategoryBody struct {
	ServiceID   int64  `json:"service_id" minimum:"1" doc:"Service that it is part of."`
	Name        string `json:"name" minLength:"1" maxLength:"255" doc:"Name, unique in the service."`
	Description string `json:"description,omitempty" maxLength:"65536" doc:"Plain text."`
}

type subcategoryView struct {
	ID          int64  `json:"id" doc:"Id."`
	ServiceID   int64  `json:"service_id" doc:"Service that it is part of."`
	Name        string `json:"name" doc:"Name."`
	Description string `json:"description" doc:"Plain text."`
}

func (s *Service) serviceRoutes(api huma.API) {
	type serviceInput struct {
		DirectoryInput
		OrgID int64 `query:"org_id" minimum:"0" doc:"Only services that are open to this organisation; end users get those open to theirs."`
	}
	const tag = "Services"
	register(api, crud[Offering, serviceBody, serviceView]{
		path: "/services", tag: tag, one: "service", many: "services", removeNote: "Refused while a ticket or a sub-service names it.",
		list: s.Services, show: s.Offering, create: s.CreateServices, update: s.UpdateService, remove: s.DeleteService,
		value: func(id int64, b serviceBody) Offering {
			return Offering{ID: id, Name: b.Name, Description: b.Description, Orgs: b.Orgs}
		},
		view: func(o Offering) serviceView {
			v := serviceView{ID: o.ID, Name: o.Name, Description: o.Description, Orgs: o.Orgs}
			if v.Orgs == nil {
				v.Orgs = []int64{}
			}
			return v
		},
	}, func(in *serviceInput) (DirectoryFilter, error) {
		f, err := in.filter()
		f.OrgID = in.OrgID
		return f, err
	})
	type subInput struct {
		DirectoryInput
		ServiceID int64 `query:"service_id" minimum:"0" doc:"Only sub-services of this service; end users must name one."`
	}
	register(api, crud[Subcategory, subcategoryBody, subcategoryView]{
		path: "/subservices", tag: tag, one: "subservice", many: "subservices", removeNote: "Refused while a ticket names it.",
		list: s.Subcategories, show: s.Subcategory, create: s.CreateSubcategories, update: s.UpdateSubcategory, remove: s.DeleteSubcategory,
		value: func(id int64, b subcategoryBody) Subcategory {
			return Subcategory{ID: id, ServiceID: b.ServiceID, Name: b.Name, Description: b.Description}
		},
		view: func(c Subcategory) subcategoryView {
			return subcategoryView{ID: c.ID, ServiceID: c.ServiceID, Name: c.Name, Description: c.Description}
		},
	}, func(in *subInput) (DirectoryFilter, error) {
		f, err := in.filter()
		f.ParentID = in.ServiceID
		return f, err
	})
}

// FieldChange is what of a custom field may be changed later.
type FieldChange struct {
	Label     string   `json:"label" minLength:"1" maxLength:"255" doc:"Name for people."`
	Mandatory bool     `json:"mandatory,omitempty" doc:"Needed when a ticket is made."`
	Options   []Choice `json:"options,omitempty" maxItems:"500" doc:"Choices of an enumeration."`
	Position  int      `json:"position,omitempty" minimum:"0" maximum:"10000" doc:"Place among the custom fields."`
}

type fieldBody struct {
	Class Class     `json:"class,omitempty" enum:"UserRequest,Incident" doc:"Class that has it; absent for both."`
	Code  string    `json:"code" minLength:"1" maxLength:"40" pattern:"^[a-z][a-z0-9_]*$" doc:"Attribute code, unique in the desk."`
	Type  FieldType `json:"type" enum:"string,text,integer,decimal,bool,enum,date,datetime,duration" doc:"Type of the value."`
	FieldChange
}

type fieldView struct {
	ID        int64     `json:"id" doc:"Id."`
	Class     Class     `json:"class,omitempty" enum:"UserRequest,Incident" doc:"Class that has it; absent for both."`
	Code      string    `json:"code" doc:"Attribute code."`
	Label     string    `json:"label" doc:"Name for people."`
	Type      FieldType `json:"type" enum:"string,text,integer,decimal,bool,enum,date,datetime,duration" doc:"Type of the value."`
	Mandatory bool      `json:"mandatory" doc:"Needed when a ticket is made."`
	Options   []Choice  `json:"options,omitempty" doc:"Choices of an enumeration."`
	Position  int       `json:"position" doc:"Place among the custom fields."`
}

func viewField(f CustomField) fieldView {
	return fieldView{ID: f.ID, Class: f.Class, Code: f.Code, Label: f.Label, Type: f.Type, Mandatory: f.Mandatory, Options: f.Options, Position: f.Position}
}

func (s *Service) fieldRoutes(api huma.API) {
	const tag = "Custom fields"
	handle(api, operation("list-custom-fields", http.MethodGet, "/custom-fields", tag, "List custom fields", "By position."), func(ctx context.Context, a Actor, in *struct {
		Class Class `query:"class" enum:"UserRequest,Incident" doc:"Only fields that tickets of this class have."`
	}) (*bodyOf[listing[fieldView]], error) {
		list, err := s.CustomFields(ctx, a, in.Class)
		if err != nil {
			return nil, err
		}
		return listed(list, len(list), 0, viewField), nil
	})
	create := operation("create-custom-field", http.MethodPost, "/custom-fields", tag, "Add a custom field", "Dispatchers and administrators only.")
	create.Errors = append([]int{http.StatusConflict}, refusals...)
	handle(api, create, func(ctx context.Context, a Actor, in *bodyOf[fieldBody]) (*bodyOf[fieldView], error) {
		b := in.Body
		f, err := s.CreateCustomField(ctx, a, CustomField{Class: b.Class, Code: b.Code, Type: b.Type, Label: b.Label, Mandatory: b.Mandatory, Options: b.Options, Position: b.Position})
		return body(viewField(f), err)
	})
	handle(api, operation("replace-custom-field", http.MethodPut, "/custom-fields/{id}", tag, "Change a custom field", "Class, code and type stay. Dispatchers and administrators only."), func(ctx context.Context, a Actor, in *struct {
		IDInput
		Body FieldChange
	}) (*bodyOf[fieldView], error) {
		b := in.Body
		f, err := s.UpdateCustomField(ctx, a, CustomField{ID: in.ID, Label: b.Label, Mandatory: b.Mandatory, Options: b.Options, Position: b.Position})
		return body(viewField(f), err)
	})
	handle(api, operation("delete-custom-field", http.MethodDelete, "/custom-fields/{id}", tag, "Remove a custom field", "Dispatchers and administrators only."), func(ctx context.Context, a Actor, in *IDInput) (*struct{}, error) {
		return nil, s.DeleteCustomField(ctx, a, in.ID)
	})
}
