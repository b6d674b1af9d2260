package tickets

import (
	"time"

	"github.com/deskbridge/deskbridge/internal/db"
)

// ticketView is a ticket as the API shows it.
type ticketView struct {
	ID                     int64             `json:"id" doc:"Id of the ticket."`
	Class                  Class             `json:"class" enum:"UserRequest,Incident" doc:"Class, in iTop's words."`
	Ref                    string            `json:"ref" example:"R-000001" doc:"Reference for people, unique in the desk."`
	Title                  string            `json:"title" doc:"Plain text."`
	Description            string            `json:"description" doc:"Sanitised HTML."`
	Status                 Status            `json:"status" enum:"new,assigned,pending,resolved,closed,rejected" doc:"State."`
	StatusLabel            string            `json:"status_label" doc:"The state in words."`
	Urgency                int               `json:"urgency" minimum:"1" maximum:"4" doc:"1 critical, 2 high, 3 medium, 4 low."`
	Impact                 int               `json:"impact" minimum:"1" maximum:"3" doc:"1 a department, 2 a service, 3 a person."`
	Priority               int               `json:"priority" minimum:"1" maximum:"4" doc:"Computed from impact and urgency: 1 critical to 4 low."`
	Origin                 Origin            `json:"origin" enum:"in_person,chat,mail,phone,portal" doc:"How the ticket came to the desk."`
	OrgID                  int64             `json:"org_id" doc:"Id of the organisation."`
	OrgName                string            `json:"org_name" doc:"Its name."`
	CallerID               int64             `json:"caller_id" doc:"Id of the person whom the ticket is for; 0 when unknown."`
	CallerName             string            `json:"caller_name" doc:"Their name."`
	AgentID                int64             `json:"agent_id" doc:"Id of the person who works on it; 0 for nobody yet."`
	AgentName              string            `json:"agent_name" doc:"Their name."`
	TeamID                 int64             `json:"team_id" doc:"Id of the team; 0 for none yet."`
	TeamName               string            `json:"team_name" doc:"Its name."`
	ServiceID              int64             `json:"service_id" doc:"Id of the service; 0 for none."`
	ServiceName            string            `json:"service_name" doc:"Its name."`
	ServiceSubcategoryID   int64             `json:"servicesubcategory_id" doc:"Id of the sub-service; 0 for none."`
	ServiceSubcategoryName string            `json:"servicesubcategory_name" doc:"Its name."`
	IntercomRef            string            `json:"intercom_ref,omitempty" doc:"Id of the linked conversation. Not shown to end users."`
	IntercomURL            string            `json:"intercom_url,omitempty" doc:"Opens the conversation. Not shown to end users."`
	IntercomSync           bool              `json:"intercom_sync_activated" doc:"Whether messages are mirrored between conversation and ticket."`
	Solution               string            `json:"solution" doc:"Plain text."`
	ResolutionCode         string            `json:"resolution_code" doc:"Kind of solution."`
	PendingReason          string            `json:"pending_reason" doc:"What a pending ticket waits for."`
	Custom                 map[string]string `json:"custom" nullable:"false" doc:"Raw values of custom fields by code."`
	StartDate              time.Time         `json:"start_date" doc:"When it was made."`
	LastUpdate             time.Time         `json:"last_update" doc:"When an attribute or a log last changed."`
	AssignmentDate         *time.Time        `json:"assignment_date,omitempty" doc:"When it was last assigned."`
	ResolutionDate         *time.Time        `json:"resolution_date,omitempty" doc:"When it was resolved."`
	CloseDate              *time.Time        `json:"close_date,omitempty" doc:"When it was closed."`
	Version                int64             `json:"version" doc:"Grows with every changed attribute; send it with a change to refuse overwriting a newer one."`
}

func moment(t db.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t.Time
}

func viewTicket(a Actor, t Ticket) ticketView {
	v := ticketView{
		ID: t.ID, Class: t.Class, Ref: t.Ref, Title: t.Title, Description: t.Description, Status: t.Status, StatusLabel: t.Status.Label(),
		Urgency: t.Urgency, Impact: t.Impact, Priority: t.Priority, Origin: t.Origin,
		OrgID: t.OrgID, OrgName: t.OrgName, CallerID: t.CallerID, CallerName: t.CallerName, AgentID: t.AgentID, AgentName: t.AgentName,
		TeamID: t.TeamID, TeamName: t.TeamName, ServiceID: t.ServiceID, ServiceName: t.ServiceName,
		ServiceSubcategoryID: t.ServiceSubcategoryID, ServiceSubcategoryName: t.ServiceSubcategoryName,
		IntercomRef: t.IntercomRef, IntercomURL: t.IntercomURL, IntercomSync: t.IntercomSyncActivated,
		Solution: t.Solution, ResolutionCode: t.ResolutionCode, PendingReason: t.PendingReason, Custom: t.Custom,
		StartDate: t.StartDate.Time, LastUpdate: t.LastUpdate.Time, AssignmentDate: moment(t.AssignmentDate),
		ResolutionDate: moment(t.ResolutionDate), CloseDate: moment(t.CloseDate), Version: t.Version,
	}
	if v.Custom == nil {
		v.Custom = map[string]string{}
	}
	if !a.staff() {
		v.IntercomRef, v.IntercomURL = "", ""
	}
	return v
}

// entryView is a line of a log.
type entryView struct {
	ID         int64     `json:"id" doc:"Id of the entry."`
	Log        Log       `json:"log" enum:"public,private" doc:"The log it is in; end users see the public one."`
	At         time.Time `json:"at" doc:"When it was said."`
	PersonID   int64     `json:"person_id" doc:"Id of the author when the desk knows them, otherwise 0."`
	Author     string    `json:"author" doc:"Name of the author."`
	HTML       string    `json:"html" doc:"Sanitised HTML."`
	Disclaimer string    `json:"disclaimer,omitempty" doc:"Sentence to show above it, for messages that came from a conversation."`
	Source     string    `json:"source,omitempty" doc:"Address behind the disclaimer. Not shown to end users."`
}

func viewEntry(a Actor, e Entry) entryView {
	v := entryView{ID: e.ID, Log: e.Log, At: e.At.Time, PersonID: e.PersonID, Author: e.Author, HTML: e.HTML}
	if e.Synced {
		v.Disclaimer = Disclaimer
	}
	if a.staff() {
		v.Source = e.Source
	}
	return v
}

// attachmentView is a file on a ticket.
type attachmentView struct {
	ID        string    `json:"id" doc:"Id of the file: 128 random bits."`
	Log       Log       `json:"log" enum:"public,private" doc:"Public files are shown to the end user."`
	Name      string    `json:"name" doc:"File name for people."`
	Type      string    `json:"type" doc:"MIME type found in the content."`
	Size      int64     `json:"size" doc:"Bytes."`
	SHA256    string    `json:"sha256" doc:"Hash of the content, in hex."`
	PersonID  int64     `json:"person_id" doc:"Who attached it; 0 when unknown."`
	Author    string    `json:"author" doc:"Their name."`
	CreatedAt time.Time `json:"created_at" doc:"When it was attached."`
	Path      string    `json:"path" doc:"Path of its content."`
}

func viewAttachment(f Attachment) attachmentView {
	return attachmentView{ID: f.ID, Log: f.Log, Name: f.Name, Type: f.Type, Size: f.Size, SHA256: f.SHA256, PersonID: f.PersonID, Author: f.Author,
		CreatedAt: f.CreatedAt.Time, Path: AttachmentPath(f.ID)}
}

// historyView is a changed attribute.
type historyView struct {
	At        time.Time `json:"at" doc:"When."`
	UserID    int64     `json:"user_id" doc:"Id of the user who changed it; 0 for a program."`
	Actor     string    `json:"actor" doc:"Who changed it."`
	Attribute string    `json:"attribute" doc:"Attribute code."`
	Old       string    `json:"old" doc:"Raw value before."`
	New       string    `json:"new" doc:"Raw value after."`
}

func viewHistory(c AttributeChange) historyView {
	return historyView{At: c.At.Time, UserID: c.UserID, Actor: c.Actor, Attribute: c.Attribute, Old: c.Old, New: c.New}
}

// attributeView describes an attribute of a ticket class.
type attributeView struct {
	Code      string   `json:"code" doc:"Attribute code."`
	Label     string   `json:"label" doc:"Name for people."`
	Type      string   `json:"type" doc:"string, text, html, integer, decimal, bool, enum, external_key, date, datetime, duration, url, external_field or case_log."`
	Mandatory bool     `json:"mandatory" doc:"Needed when a ticket is made."`
	ReadOnly  bool     `json:"read_only" doc:"Computed, or set by the desk."`
	Target    string   `json:"target,omitempty" doc:"Class that an external key points to."`
	DependsOn []string `json:"depends_on,omitempty" doc:"Attributes whose values narrow the choices."`
	Default   string   `json:"default,omitempty" doc:"Raw value of a new ticket."`
	Max       int      `json:"max,omitempty" doc:"Longest value in characters."`
	Options   []Choice `json:"options,omitempty" doc:"Choices of an enumeration."`
	Custom    bool     `json:"custom" doc:"Added by an administrator; its value is in custom."`
}

// listing is a page of anything.
type listing[T any] struct {
	Items []T    `json:"items" nullable:"false" doc:"This page."`
	Total int    `json:"total" doc:"How many there are on all pages."`
	Next  string `json:"next,omitempty" doc:"Cursor of the next page; absent on the last one."`
}
