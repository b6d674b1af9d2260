package intercom

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Names of the contact attributes by which a portal tells Intercom which iTop
// contact its user is.
const (
	AttributeITopClass = "itop_contact_class"
	AttributeITopID    = "itop_contact_id"
)

// AuthorType says what kind of being wrote a part. The set is open.
type AuthorType string

// The author types seen in the wild.
const (
	AuthorUser    AuthorType = "user"
	AuthorLead    AuthorType = "lead"
	AuthorContact AuthorType = "contact"
	AuthorVisitor AuthorType = "visitor"
	AuthorAdmin   AuthorType = "admin"
	AuthorTeam    AuthorType = "team"
	AuthorBot     AuthorType = "bot"
)

// Author is who wrote a part. Any of its texts may be empty.
type Author struct {
	Type   AuthorType
	ID     string
	Name   string
	Email  string
	FromAI bool // written by Intercom's AI agent
}

// EndUser reports whether the author is on the customer's side.
func (a Author) EndUser() bool {
	switch a.Type {
	case AuthorUser, AuthorLead, AuthorContact, AuthorVisitor:
		return true
	}
	return false
}

// Agent reports whether the author is a teammate or a team. Bots are neither
// agents nor end users.
func (a Author) Agent() bool { return a.Type == AuthorAdmin || a.Type == AuthorTeam }

// Attachment is a file of a part. Its URL is signed and expires: download it
// at once. Size is 0 when Intercom did not say.
type Attachment struct {
	Name        string
	URL         string
	ContentType string
	Size        int64
	Width       int
	Height      int
}

// The part types that carry a message, and some that only tell what happened.
// The set is open: Intercom adds types without notice.
const (
	PartComment       = "comment"
	PartNote          = "note"
	PartNoteAndReopen = "note_and_reopen"
	PartAssignment    = "assignment"
	PartQuickReply    = "quick_reply"
	PartOpen          = "open"
	PartClose         = "close"
	PartSnoozed       = "snoozed"
	PartRating        = "conversation_rating_changed"
)

// Part is one thing said or done in a conversation.
type Part struct {
	ID          string // unique within the workspace, except that a source has an id of its own series: see Key
	PartType    string
	Body        string // HTML from the REST API; HTML or plain text from a webhook, by the app's API version
	CreatedAt   time.Time
	UpdatedAt   time.Time
	Author      Author
	Attachments []Attachment
	Redacted    bool
	// AppPackageCode is set when an app wrote the part through the API.
	AppPackageCode string
	ExternalID     string
	AssignedTo     Assignee // of an assignment; zero when nobody
	Source         bool     // this is the message that began the conversation
}

// Assignee is the admin or team that a conversation went to.
type Assignee struct {
	Type string // "admin", "team"; "" when nobody is assigned
	ID   string
}

// Key tells parts of one conversation apart: the part's id, and for the source,
// whose ids come from another series, "source". It is stable between webhooks,
// canvas requests and the REST API.
func (p Part) Key() string {
	if p.Source {
		return "source"
	}
	return p.ID
}

// Message reports whether the part says something to people: its type can
// carry a text and it has one, or a file. State changes without a text, and
// redacted parts, are no messages.
func (p Part) Message() bool {
	if p.Redacted || (!p.Public() && !p.Private()) {
		return false
	}
	return strings.TrimSpace(p.Body) != "" || len(p.Attachments) > 0
}

// Public reports whether the end user can read a part of this type: comments,
// and the texts that may go with an assignment or a change of state.
func (p Part) Public() bool {
	switch p.PartType {
	case PartComment, PartQuickReply, PartAssignment, PartOpen, PartClose:
		return true
	}
	return false
}

// Private reports whether a part of this type is a note among teammates.
func (p Part) Private() bool { return p.PartType == PartNote || p.PartType == PartNoteAndReopen }

// Compare orders parts as they were said: by time, the source before all
// others of its second, then by id, numerically where both ids are numbers
// (Intercom's times are whole seconds).
func (p Part) Compare(q Part) int {
	if c := p.CreatedAt.Compare(q.CreatedAt); c != 0 {
		return c
	}
	if p.Source != q.Source {
		if p.Source {
			return -1
		}
		return 1
	}
	return compareIDs(p.ID, q.ID)
}

// SortParts puts parts into the order in which they were said.
func SortParts(parts []Part) { slices.SortStableFunc(parts, Part.Compare) }

// compareIDs orders decimal ids by value, without a limit on their length, and
// others as texts after all decimal ones.
func compareIDs(a, b string) int {
	da, db := decimal(a), decimal(b)
	switch {
	case da && db:
		a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
		if c := cmp.Compare(len(a), len(b)); c != 0 {
			return c
		}
	case da:
		return -1
	case db:
		return 1
	}
	return strings.Compare(a, b)
}

func decimal(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// The states of a conversation.
const (
	StateOpen    = "open"
	StateClosed  = "closed"
	StateSnoozed = "snoozed"
)

// Conversation is a conversation with as many of its parts as the call that
// brought it gives: a notification holds the new ones, a search none.
type Conversation struct {
	ID              string
	Title           string
	State           string // StateOpen, StateClosed, StateSnoozed; "" when not told
	CreatedAt       time.Time
	UpdatedAt       time.Time
	Source          Part      // zero (Source.Source is false) when there is none
	Parts           []Part    // in the order in which they were said, without the source
	PartsTotal      int       // how many parts Intercom says there are
	Truncated       bool      // older parts exist that this answer leaves out (Intercom gives the newest 500)
	Contacts        []Contact // who takes part; often only their ids
	AdminAssigneeID string    // "" when nobody is assigned
	TeamAssigneeID  string
	Rating          Rating
}

// Rating is what the end user thought of the conversation. Score is 0 when it
// has not been rated.
type Rating struct {
	Score     int // 1 to 5
	Remark    string
	CreatedAt time.Time
}

// All returns the source, if there is one, and the parts, in the order in
// which they were said.
func (c Conversation) All() []Part {
	all := make([]Part, 0, len(c.Parts)+1)
	if c.Source.Source {
		all = append(all, c.Source)
	}
	return append(all, c.Parts...)
}

// Messages returns those of All that are messages.
func (c Conversation) Messages() []Part {
	return slices.DeleteFunc(c.All(), func(p Part) bool { return !p.Message() })
}

// Contact is a person on the customer's side.
type Contact struct {
	ID         string
	Role       string // "user", "lead" or "visitor"
	ExternalID string
	Email      string
	Name       string
	// CustomAttributes holds texts, numbers (as json.Number) and booleans.
	CustomAttributes map[string]any
}

// Attribute returns a custom attribute as text; "" when it has none.
func (c Contact) Attribute(name string) string { return attributeText(c.CustomAttributes[name]) }

// ITop returns the iTop class and id that the portal gave the contact. They are
// only as true as the workspace's messenger security makes them. ok is false
// unless both are set.
func (c Contact) ITop() (class, id string, ok bool) {
	class, id = c.Attribute(AttributeITopClass), c.Attribute(AttributeITopID)
	return class, id, class != "" && id != ""
}

// Admin is a teammate.
type Admin struct {
	ID           string
	Type         string // "admin", or "team"
	Name         string
	Email        string
	HasInboxSeat bool
}

// Me is who the access token belongs to, and the workspace it opens.
type Me struct {
	Admin
	Workspace Workspace
}

// Workspace is one customer's Intercom.
type Workspace struct {
	ID       string // what notifications call app_id
	Name     string
	Region   string // as Intercom writes it: "US", "EU", "AU"
	Timezone string
}
