package tickets

import (
	"github.com/deskbridge/deskbridge/internal/db"
)

// Class is the class of a ticket, in iTop's words.
type Class string

// The classes.
const (
	UserRequest Class = "UserRequest"
	Incident    Class = "Incident"
)

// Classes returns the classes in the order in which people see them.
func Classes() []Class { return []Class{UserRequest, Incident} }

// Valid reports whether the desk has the class.
func (c Class) Valid() bool { return c == UserRequest || c == Incident }

// refLetter is what the class's refs begin with.
func (c Class) refLetter() string {
	if c == Incident {
		return "I"
	}
	return "R"
}

// Origin says how a ticket came to the desk (IC-11 adds chat).
type Origin string

// The origins, in iTop's words.
const (
	OriginInPerson Origin = "in_person"
	OriginChat     Origin = "chat"
	OriginMail     Origin = "mail"
	OriginPhone    Origin = "phone"
	OriginPortal   Origin = "portal"
)

// Ticket is a ticket without its logs. References to other things are ids, 0
// when there is none; their names are in the Name fields, filled by every read.
type Ticket struct {
	ID     int64
	DeskID int64
	Class  Class
	Ref    string // "R-000001", "I-000001": unique in the desk, counted by class

	Title       string // plain text, at most 255 runes
	Description string // sanitised HTML
	Status      Status
	Urgency     int // 1 critical, 2 high, 3 medium, 4 low
	Impact      int // 1 a department, 2 a service, 3 a person
	Priority    int // 1 critical to 4 low, computed from impact and urgency
	Origin      Origin

	OrgID                int64
	CallerID             int64
	AgentID              int64
	TeamID               int64
	ServiceID            int64
	ServiceSubcategoryID int64 `gorm:"column:servicesubcategory_id"`

	OrgName                string
	CallerName             string
	AgentName              string
	TeamName               string
	ServiceName            string
	ServiceSubcategoryName string `gorm:"column:servicesubcategory_name"`

	IntercomRef           string // conversation id (IC-12)
	IntercomURL           string `gorm:"column:intercom_url"` // opens the conversation (IC-13)
	IntercomSyncActivated bool

	Solution       string // plain text
	ResolutionCode string
	PendingReason  string
	Custom         Values // raw values of custom fields by code

	StartDate      db.Time
	LastUpdate     db.Time // attributes or logs
	AssignmentDate db.Time
	ResolutionDate db.Time
	CloseDate      db.Time

	// Version grows with every change of an attribute (not with log entries);
	// Update and Apply refuse to overwrite a newer one.
	Version int64
	// ChangeSeq grows with everything that happens to the ticket, and is
	// ordered over the desk: what has a greater one happened later.
	ChangeSeq int64
}

// NewTicket is a ticket to be made. OrgID, Title and Description are required;
// an AccessOwn actor's own person and organisation are taken for CallerID and OrgID.
type NewTicket struct {
	// Token makes creation idempotent: a second call with the same token in the
	// same desk returns the first one's ticket. Empty means no such protection.
	Token                string
	Class                Class
	Title                string
	Description          string // HTML; it is sanitised
	Urgency              int    // 0 means 4
	Impact               int    // 0 means 3
	Origin               Origin // "" means portal for AccessOwn, phone otherwise
	OrgID                int64
	CallerID             int64
	AgentID              int64
	TeamID               int64
	ServiceID            int64
	ServiceSubcategoryID int64
	Custom               Values
	Link                 Link
	Log                  []NewEntry // what was said so far, in order; AccessSystem only
}

// Link is what a ticket says about its conversation (IC-12, IC-13, IC-21).
type Link struct {
	Ref    string // "" unlinks
	URL    string
	Active bool
}

// Patch changes attributes. A nil field stays as it is. References are cleared
// with 0, texts with "".
type Patch struct {
	// Version is the version that the change was made from; when the ticket has
	// another one by now, the patch is refused with Conflict. 0 does not ask.
	Version              int64
	Title                *string
	Description          *string
	Urgency              *int
	Impact               *int
	Origin               *Origin
	OrgID                *int64
	CallerID             *int64
	AgentID              *int64
	TeamID               *int64
	ServiceID            *int64
	ServiceSubcategoryID *int64
	Solution             *string
	ResolutionCode       *string
	PendingReason        *string
	Custom               Values // only the codes present are changed; "" clears one
}

// priorities is iTop's matrix: priorities[impact-1][urgency-1].
var priorities = [3][4]int{
	{1, 1, 2, 4}, // a department
	{1, 2, 3, 4}, // a service
	{2, 3, 3, 4}, // a person
}

// Priority computes the priority from impact (1-3) and urgency (1-4) by iTop's
// matrix. Values outside give 4, the lowest.
func Priority(impact, urgency int) int {
	if impact < 1 || impact > 3 || urgency < 1 || urgency > 4 {
		return 4
	}
	return priorities[impact-1][urgency-1]
}

// Sort is an order of a list of tickets.
type Sort string

// The orders. Newest first is the default.
const (
	SortNewest   Sort = "-id"
	SortOldest   Sort = "id"
	SortUpdated  Sort = "-last_update"
	SortPriority Sort = "priority" // the most urgent first, then the oldest
)

// Filter narrows a list or a search. Zero fields do not narrow.
type Filter struct {
	// Words is a ref ("R-000012") or words of title, description and logs; all
	// must be found, the last one may be the beginning of a word. AccessOwn
	// never finds by words of the private log. Results of a search always come
	// newest first.
	Words         string
	Class         Class
	States        []Status // any of these
	ExcludeStates []Status // none of these
	OrgIDs        []int64  // any of these
	CallerID      int64
	AgentID       int64
	TeamID        int64
	NoTeam        bool // only tickets without a team
	NoAgent       bool // only tickets without an agent
	IntercomRef   string
	IDs           []int64
	Sort          Sort
	Offset        int
	Limit         int // 0 means 20; at most 200
}

// Page is a page of tickets and how many there are in all.
type Page struct {
	Tickets []Ticket
	Total   int
}
