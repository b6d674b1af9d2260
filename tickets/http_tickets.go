package tickets

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// newTicketBody is what a caller may say about a new ticket.
type newTicketBody struct {
	Class                Class             `json:"class,omitempty" enum:"UserRequest,Incident" default:"UserRequest" doc:"Class, in iTop's words."`
	Title                string            `json:"title" maxLength:"255" doc:"Plain text of one line."`
	Description          string            `json:"description" maxLength:"262144" doc:"HTML; it is sanitised."`
	Urgency              int               `json:"urgency,omitempty" minimum:"0" maximum:"4" doc:"1 critical, 2 high, 3 medium, 4 low (default)."`
	Impact               int               `json:"impact,omitempty" minimum:"0" maximum:"3" doc:"1 a department, 2 a service, 3 a person (default)."`
	Origin               Origin            `json:"origin,omitempty" enum:"in_person,chat,mail,phone,portal" doc:"Default is phone; portal for end users."`
	OrgID                int64             `json:"org_id,omitempty" minimum:"0" doc:"Organisation. Needed, except for end users: theirs is taken."`
	CallerID             int64             `json:"caller_id,omitempty" minimum:"0" doc:"Person of that organisation whom the ticket is for; end users are it themselves."`
	AgentID              int64             `json:"agent_id,omitempty" minimum:"0" doc:"Person who works on it. Not for end users."`
	TeamID               int64             `json:"team_id,omitempty" minimum:"0" doc:"Team. Not for end users."`
	ServiceID            int64             `json:"service_id,omitempty" minimum:"0" doc:"Service that is open to the organisation."`
	ServiceSubcategoryID int64             `json:"servicesubcategory_id,omitempty" minimum:"0" doc:"Part of that service."`
	Custom               map[string]string `json:"custom,omitempty" doc:"Raw values of custom fields by code."`
}

// patchBody is what a caller may change.
type patchBody struct {
	Version              int64             `json:"version,omitempty" minimum:"0" doc:"Version that the change was made from; another one by now is a 409. 0 does not ask."`
	Title                *string           `json:"title,omitempty" maxLength:"255" doc:"Plain text of one line."`
	Description          *string           `json:"description,omitempty" maxLength:"262144" doc:"HTML; it is sanitised."`
	Urgency              *int              `json:"urgency,omitempty" minimum:"1" maximum:"4" doc:"1 critical, 2 high, 3 medium, 4 low."`
	Impact               *int              `json:"impact,omitempty" minimum:"1" maximum:"3" doc:"1 a department, 2 a service, 3 a person."`
	Origin               *Origin           `json:"origin,omitempty" enum:"in_person,chat,mail,phone,portal" doc:"How the ticket came to the desk."`
	OrgID                *int64            `json:"org_id,omitempty" minimum:"1" doc:"Organisation."`
	CallerID             *int64            `json:"caller_id,omitempty" minimum:"0" doc:"Person of that organisation; 0 for nobody."`
	AgentID              *int64            `json:"agent_id,omitempty" minimum:"0" doc:"Person who works on it; 0 for nobody."`
	TeamID               *int64            `json:"team_id,omitempty" minimum:"0" doc:"Team; 0 for none."`
	ServiceID            *int64            `json:"service_id,omitempty" minimum:"0" doc:"Service; 0 for none. Another service clears the sub-service."`
	ServiceSubcategoryID *int64            `json:"servicesubcategory_id,omitempty" minimum:"0" doc:"Part of the service; 0 for none."`
	Solution             *string           `json:"solution,omitempty" maxLength:"65536" doc:"Plain text."`
	ResolutionCode       *string           `json:"resolution_code,omitempty" maxLength:"255" doc:"Kind of solution."`
	PendingReason        *string           `json:"pending_reason,omitempty" maxLength:"65536" doc:"What the ticket waits for."`
	Custom               map[string]string `json:"custom,omitempty" doc:"Raw values of custom fields by code, only those to change; empty clears one."`
}

func (b patchBody) patch() Patch {
	p := Patch{
		Version: b.Version, Title: b.Title, Description: b.Description, Urgency: b.Urgency, Impact: b.Impact, Origin: b.Origin,
		OrgID: b.OrgID, CallerID: b.CallerID, AgentID: b.AgentID, TeamID: b.TeamID, ServiceID: b.ServiceID, ServiceSubcategoryID: b.ServiceSubcategoryID,
		Solution: b.Solution, ResolutionCode: b.ResolutionCode, PendingReason: b.PendingReason, Custom: b.Custom,
	}
	return p
}

type listInput struct {
	PageInput
	Words         string   `query:"q" maxLength:"500" doc:"A ref, or words of title, description and logs: all must be found, the last one may be the beginning of a word. Everything in it is literal."`
	Class         Class    `query:"class" enum:"UserRequest,Incident" doc:"Only this class."`
	States        []Status `query:"status" enum:"new,assigned,pending,resolved,closed,rejected" doc:"Only these states, separated by commas."`
	ExcludeStates []Status `query:"exclude_status" enum:"new,assigned,pending,resolved,closed,rejected" doc:"Not these states."`
	OrgIDs        []int64  `query:"org_id" maxItems:"100" doc:"Only these organisations."`
	CallerID      int64    `query:"caller_id" minimum:"0" doc:"Only tickets of this caller."`
	AgentID       int64    `query:"agent_id" minimum:"0" doc:"Only tickets of this agent."`
	TeamID        int64    `query:"team_id" minimum:"0" doc:"Only tickets of this team."`
	NoAgent       bool     `query:"no_agent" doc:"Only tickets that nobody works on."`
	NoTeam        bool     `query:"no_team" doc:"Only tickets without a team."`
	IntercomRef   string   `query:"intercom_ref" maxLength:"255" doc:"Only tickets linked to this conversation."`
	Sort          Sort     `query:"sort" enum:"-id,id,-last_update,priority" default:"-id" doc:"Order; a search is always newest first (-id)."`
}

func (s *Service) listTickets(ctx context.Context, a Actor, in *listInput) (*bodyOf[listing[ticketView]], error) {
	offset, err := in.offset()
	if err != nil {
		return nil, err
	}
	f := Filter{Words: in.Words, Class: in.Class, States: in.States, ExcludeStates: in.ExcludeStates, OrgIDs: in.OrgIDs, CallerID: in.CallerID, AgentID: in.AgentID,
		TeamID: in.TeamID, NoAgent: in.NoAgent, NoTeam: in.NoTeam, IntercomRef: in.IntercomRef, Sort: in.Sort, Offset: offset, Limit: in.Limit}
	if !a.staff() {
		f.IntercomRef = ""
	}
	found, err := s.List(ctx, a, f)
	if err != nil {
		return nil, err
	}
	return listed(found.Tickets, found.Total, offset, func(t Ticket) ticketView { return viewTicket(a, t) }), nil
}

func (s *Service) ticketRoutes(api huma.API) {
	const tag = "Tickets"
	one := func(a Actor, t Ticket, err error) (*bodyOf[ticketView], error) { return body(viewTicket(a, t), err) }
	handle(api, operation("list-tickets", http.MethodGet, "/tickets", tag, "List and search tickets",
		"The tickets that the caller may see: all of the desk for administrators and dispatchers, those of their teams for supporters, their own for end users."), s.listTickets)
	handle(api, operation("create-ticket", http.MethodPost, "/tickets", tag, "Make a ticket", ""), func(ctx context.Context, a Actor, in *struct {
		Token string `header:"Idempotency-Key" maxLength:"150" doc:"A second request of the same user with the same key returns the first one's ticket."`
		Body  newTicketBody
	}) (*bodyOf[ticketView], error) {
		b := in.Body
		t, err := s.Create(ctx, a, NewTicket{Token: in.Token, Class: b.Class, Title: b.Title, Description: b.Description, Urgency: b.Urgency, Impact: b.Impact, Origin: b.Origin,
			OrgID: b.OrgID, CallerID: b.CallerID, AgentID: b.AgentID, TeamID: b.TeamID, ServiceID: b.ServiceID, ServiceSubcategoryID: b.ServiceSubcategoryID, Custom: b.Custom})
		return one(a, t, err)
	})
	handle(api, operation("show-ticket", http.MethodGet, "/tickets/{id}", tag, "Show a ticket", ""), func(ctx context.Context, a Actor, in *IDInput) (*bodyOf[ticketView], error) {
		t, err := s.Ticket(ctx, a, in.ID)
		return one(a, t, err)
	})
	handle(api, operation("show-ticket-by-ref", http.MethodGet, "/tickets/by-ref/{ref}", tag, "Show a ticket by its ref", ""), func(ctx context.Context, a Actor, in *struct {
		Ref string `path:"ref" maxLength:"20" example:"R-000001" doc:"Ref, in any case."`
	}) (*bodyOf[ticketView], error) {
		t, err := s.ByRef(ctx, a, in.Ref)
		return one(a, t, err)
	})
	update := operation("update-ticket", http.MethodPatch, "/tickets/{id}", tag, "Change a ticket", "Members that are absent stay as they are. End users cannot change tickets.")
	update.Errors = append([]int{http.StatusConflict}, refusals...)
	handle(api, update, func(ctx context.Context, a Actor, in *struct {
		IDInput
		Body patchBody
	}) (*bodyOf[ticketView], error) {
		t, err := s.Update(ctx, a, in.ID, in.Body.patch())
		return one(a, t, err)
	})
	s.stimulusRoutes(api, tag, one)
	handle(api, operation("show-ticket-history", http.MethodGet, "/tickets/{id}/history", tag, "Show what was changed", "Oldest first. Not for end users."), func(ctx context.Context, a Actor, in *IDInput) (*bodyOf[listing[historyView]], error) {
		list, err := s.History(ctx, a, in.ID)
		if err != nil {
			return nil, err
		}
		return listed(list, len(list), 0, viewHistory), nil
	})
	handle(api, operation("list-ticket-attributes", http.MethodGet, "/ticket-classes/{class}/attributes", tag, "Describe the attributes of a class", "The desk's own and the custom ones, in the order in which they are shown."), func(ctx context.Context, a Actor, in *struct {
		Class Class `path:"class" doc:"UserRequest or Incident."`
	}) (*bodyOf[listing[attributeView]], error) {
		list, err := s.Attributes(ctx, a, in.Class)
		if err != nil {
			return nil, err
		}
		return listed(list, len(list), 0, func(v Attribute) attributeView { return attributeView(v) }), nil
	})
}

// stimulusView is what may be done with a ticket.
type stimulusView struct {
	Stimulus Stimulus `json:"stimulus" enum:"ev_assign,ev_reassign,ev_pending,ev_resolve,ev_close,ev_reopen,ev_reject" doc:"Code, in iTop's words."`
	Label    string   `json:"label" doc:"Name for people, as a command."`
	To       Status   `json:"to" doc:"State that it leads to."`
}

func (s *Service) stimulusRoutes(api huma.API, tag string, one func(a Actor, t Ticket, err error) (*bodyOf[ticketView], error)) {
	handle(api, operation("list-ticket-stimuli", http.MethodGet, "/tickets/{id}/stimuli", tag, "List what the caller may do with a ticket now", ""), func(ctx context.Context, a Actor, in *IDInput) (*bodyOf[listing[stimulusView]], error) {
		t, err := s.Ticket(ctx, a, in.ID)
		if err != nil {
			return nil, err
		}
		can, err := s.Can(ctx, a, t)
		if err != nil {
			return nil, err
		}
		return listed(can, len(can), 0, func(by Stimulus) stimulusView {
			to, _ := t.Status.Next(by)
			return stimulusView{Stimulus: by, Label: by.Label(), To: to}
		}), nil
	})
	apply := operation("apply-stimulus", http.MethodPost, "/tickets/{id}/stimuli/{stimulus}", tag, "Move a ticket to its next state",
		"Resolving needs a solution, waiting a pending_reason, assigning a team or an agent: from the body or from the ticket. A state that does not allow the stimulus is a 409. End users may close or re-open a resolved ticket.")
	apply.DefaultStatus = http.StatusOK
	apply.Errors = append([]int{http.StatusConflict}, refusals...)
	handle(api, apply, func(ctx context.Context, a Actor, in *struct {
		IDInput
		Stimulus Stimulus   `path:"stimulus" enum:"ev_assign,ev_reassign,ev_pending,ev_resolve,ev_close,ev_reopen,ev_reject" doc:"What to do."`
		Body     *patchBody `required:"false"`
	}) (*bodyOf[ticketView], error) {
		var p Patch
		if in.Body != nil {
			p = in.Body.patch()
		}
		t, err := s.Apply(ctx, a, in.ID, in.Stimulus, p)
		return one(a, t, err)
	})
}
