package desk

import (
	"context"
	"time"
)

// Desk is a place where tickets live. Every method is safe for concurrent use
// and honours the context's deadline. Errors carry a kind of package errs:
// NotFound, Invalid (with fields by attribute code), Denied (our credentials
// are wrong or lack a right), Upstream (may work later), Internal.
type Desk interface {
	People
	Forms
	Tickets
	Logs

	// Check tries the connection and every right that the bridge can make use
	// of. It changes nothing. Findings come in the order a person would fix them.
	Check(ctx context.Context) []Finding
}

// People finds who is talking.
type People interface {
	// Person returns the contact with this class and id (as the widget passed
	// them to Intercom). NotFound when there is none.
	Person(ctx context.Context, class, id string) (Person, error)
	// PersonByEmail returns the first non-obsolete contact with this e-mail,
	// compared without regard to case. NotFound when there is none.
	PersonByEmail(ctx context.Context, email string) (Person, error)
	// InScope reports whether the scope query (OQL, such as "SELECT
	// Organization WHERE name = 'Demo'") matches the person: by organisation
	// for class Organization, by the person itself for Person or Contact, by the
	// account for User. An empty scope matches everyone.
	InScope(ctx context.Context, scope string, p Person) (bool, error)
}

// Forms describes what a ticket has and what may be chosen.
type Forms interface {
	// Attributes returns the attributes of a ticket class, in the order in
	// which the desk shows them. Invalid when there is no such class.
	Attributes(ctx context.Context, class string) ([]Attribute, error)
	// Options returns the values that an enumeration or external key may take,
	// given the other values of the form (dependent lists), narrowed to labels
	// that contain search. Total counts all that match; at most limit are
	// returned, from offset on.
	Options(ctx context.Context, q OptionQuery) (OptionPage, error)
}

// Tickets reads and makes tickets.
type Tickets interface {
	// Ticket returns one ticket with the values of the named attributes.
	Ticket(ctx context.Context, key Key, attributes []string) (Ticket, error)
	// Find returns a page of tickets, newest first, with the true total.
	Find(ctx context.Context, f Filter) (TicketPage, error)
	// Create makes a ticket with its logs in one step. It is idempotent by
	// NewTicket.Token: a second call with the same token returns the ticket that
	// the first one made.
	Create(ctx context.Context, t NewTicket) (Ticket, error)
	// SetLink writes the conversation's reference, address and sync flag on the
	// ticket. A desk without these attributes does nothing and returns nil.
	SetLink(ctx context.Context, key Key, l LinkState) error
}

// Logs reads and writes the public and the private log of a ticket.
//
// The bridge calls Append for one ticket from one place at a time; others may
// write to the same ticket at any moment.
type Logs interface {
	// Append adds entries in the given order. It is idempotent by Entry.Marker:
	// an entry whose marker is already in the log is not written again. It
	// returns the written entries' ids, by position, up to the first failure;
	// when it returns an id, the entry has been verified to be in the log.
	Append(ctx context.Context, key Key, entries []Entry) ([]string, error)
	// Entries returns all entries of both logs, oldest first.
	Entries(ctx context.Context, key Key) ([]Entry, error)
	// Attach stores a file on the ticket, once for each marker, and returns its
	// address in the desk ("" when it has none).
	Attach(ctx context.Context, key Key, f File) (string, error)
	// Changed returns those of the given tickets that may have changed since
	// the cursor, and the cursor for the next call. The empty cursor means "from
	// now on" and returns no tickets.
	Changed(ctx context.Context, cursor string, among []Key) (changed []Key, next string, err error)
}

// Key names a ticket in a desk.
type Key struct {
	Class string `json:"class"` // "UserRequest"
	ID    string `json:"id"`    // the desk's own id, not the ref
}

// String returns the key as iTop writes it: "UserRequest::12".
func (k Key) String() string { return k.Class + "::" + k.ID }

// Person is somebody known to a desk.
type Person struct {
	Class    string // "Person", or another sub-class of Contact
	ID       string
	Name     string // full name, as the desk shows it
	Email    string
	OrgID    string
	OrgName  string
	Obsolete bool
}

// AttributeType says how an attribute is asked and shown.
type AttributeType string

// The types. The last group can be neither asked nor shown on a card.
const (
	TypeString   AttributeType = "string"
	TypeText     AttributeType = "text" // plain text of several lines
	TypeHTML     AttributeType = "html"
	TypeInteger  AttributeType = "integer"
	TypeDecimal  AttributeType = "decimal"
	TypeBool     AttributeType = "bool"
	TypeEnum     AttributeType = "enum"
	TypeKey      AttributeType = "external_key"
	TypeDate     AttributeType = "date"     // 2006-01-02
	TypeDateTime AttributeType = "datetime" // 2006-01-02 15:04:05, in the desk's zone
	TypeDuration AttributeType = "duration" // seconds
	TypeEmail    AttributeType = "email"
	TypeURL      AttributeType = "url"

	TypeExternalField AttributeType = "external_field" // read-only
	TypeCaseLog       AttributeType = "case_log"
	TypeLinkedSet     AttributeType = "linked_set"
	TypeBlob          AttributeType = "blob"
	TypeCustomFields  AttributeType = "custom_fields"
	TypeDashboard     AttributeType = "dashboard"
)

// Attribute is one attribute of a ticket class.
type Attribute struct {
	Code      string
	Label     string
	Type      AttributeType
	Mandatory bool     // must have a value when a ticket is made
	ReadOnly  bool     // computed, or set by the desk
	Target    string   // class of an external key: "Service"
	DependsOn []string // codes whose values narrow the options
	Default   string   // raw value a new ticket gets
	Max       int      // longest value in runes; 0 when there is no limit
}

// Option is one value an attribute may take.
type Option struct {
	Value string // raw value to store: "1", "critical"
	Label string // text for people: "Critical"
}

// OptionQuery asks for options of one attribute.
type OptionQuery struct {
	Class     string
	Attribute string
	Values    map[string]string // the form's raw values by attribute code
	Search    string
	Value     string // when set, only the option with this raw value
	Offset    int
	Limit     int // 0: as many as the desk gives, at least 10
}

// OptionPage is a page of options and how many there are in all.
type OptionPage struct {
	Options []Option
	Total   int
}

// Value is an attribute's value, ready to be shown.
type Value struct {
	Code  string
	Label string
	Type  AttributeType
	Raw   string // as stored
	Text  string // for people, without mark-up
}

// Ticket is a ticket as the bridge sees it.
type Ticket struct {
	Key
	Ref         string // "R-000001"
	Title       string
	Status      string // raw: "assigned"
	StatusLabel string // "Assigned"
	OrgID       string
	CallerID    string
	Updated     time.Time
	Values      []Value // the attributes asked for, in that order; unknown and unshowable ones are left out
	IntercomRef string
	IntercomURL string
	SyncActive  bool
	AgentURL    string // page for agents ("" when there is none)
	PortalURL   string // page for the end user ("" when there is none)
}

// Value returns the value of an attribute that was asked for.
func (t Ticket) Value(code string) (Value, bool) {
	for _, v := range t.Values {
		if v.Code == code {
			return v, true
		}
	}
	return Value{}, false
}

// Filter narrows Find. Zero fields do not narrow.
type Filter struct {
	Class         string   // required
	Words         string   // a ref, or words of title, description and logs
	CallerID      string   // tickets of this caller only
	OrgID         string   // tickets of this organisation only
	Scope         string   // OQL: tickets whose organisation matches (when it selects organisations)
	ExcludeStates []string // raw states
	Attributes    []string // codes to return in Values
	Offset, Limit int
}

// TicketPage is a page of tickets and how many there are in all.
type TicketPage struct {
	Tickets []Ticket
	Total   int
}

// NewTicket is a ticket to be made.
type NewTicket struct {
	Token  string // idempotency: the same for every try of one form
	Class  string
	OrgID  string
	Caller Person            // zero when unknown
	Values map[string]string // raw values by attribute code
	Origin string            // "chat"
	Link   LinkState
	Log    []Entry // the conversation so far, in order
}

// LinkState is what a ticket says about its conversation.
type LinkState struct {
	Ref    string // conversation id; "" unlinks
	URL    string // opens the conversation in Intercom
	Active bool   // sync is on
}

// Log names one of the two logs.
type Log string

// The two logs of a ticket.
const (
	Public  Log = "public"
	Private Log = "private"
)

// Author says who wrote an entry. PersonID is set when the desk knows them;
// Name is always set and is what a log shows otherwise.
type Author struct {
	PersonID string
	Class    string
	Name     string // "Jane Doe", or "Jane Doe (Intercom)" for a stranger
}

// Entry is one line of a log.
type Entry struct {
	ID     string // the desk's id or fingerprint; empty before it is written
	Marker string // who asked for it: unique per ticket, at most 80 bytes of [A-Za-z0-9:._-]; empty for entries that others wrote
	Source string // address that the disclaimer line links to ("" when none)
	Log    Log
	At     time.Time
	Author Author
	HTML   string // sanitised
	// Synced puts the disclaimer line above the entry (messages synchronised
	// after linking carry it, the ones copied at creation do not).
	Synced bool
	// ByDesk marks entries that the desk's own users wrote.
	ByDesk bool
}

// File is an attachment.
type File struct {
	Marker string // unique per ticket
	Log    Log    // whose log it came with: the end user sees files of the public one, in desks that tell them apart
	Name   string
	Type   string // MIME type, sniffed
	Data   []byte
}

// Finding is one line of a connection test.
type Finding struct {
	OK      bool
	Subject string // "Log in", "Write log entries for others"
	Text    string // what was found, and what to do or what it would add
	Fatal   bool   // the bridge cannot work without it
}
