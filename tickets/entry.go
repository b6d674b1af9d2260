package tickets

import "github.com/deskbridge/deskbridge/internal/db"

// Disclaimer is the sentence that views print above an entry whose Synced is
// set, after the desk's own words (IC-37).
const Disclaimer = "Message synchronized from the Intercom conversation"

// Log names one of a ticket's two logs.
type Log string

// The logs. Only Public is ever shown to callers (IC-20, SEC-033).
const (
	Public  Log = "public"
	Private Log = "private"
)

// Entry is one line of a log.
type Entry struct {
	ID       int64
	TicketID int64
	Log      Log
	At       db.Time
	PersonID int64  // the author, when the desk knows them
	Author   string `gorm:"column:author_name"`
	HTML     string `gorm:"column:html"` // sanitised
	Marker   string // unique in the ticket; "" for entries that people wrote here
	Source   string // address behind the disclaimer
	Synced   bool   // views print the Disclaimer above it
	ByDesk   bool   // written here, not brought by the bridge
}

// NewEntry is an entry to be appended. Only AccessSystem may set At, PersonID,
// Author, Marker, Source and Synced; for others they come from the actor and
// the clock.
type NewEntry struct {
	Log      Log
	HTML     string // it is sanitised
	At       db.Time
	PersonID int64
	Author   string
	Marker   string // at most 80 bytes of [A-Za-z0-9:._-]
	Source   string
	Synced   bool
}

// Attachment is a file on a ticket.
type Attachment struct {
	ID        string // 128 random bits, in hex
	TicketID  int64
	Log       Log    // Public: the caller may see it
	Name      string // as given, without directories and control characters
	Type      string // sniffed MIME type
	Size      int64
	SHA256    string `gorm:"column:sha256"`
	Marker    string
	PersonID  int64
	Author    string `gorm:"column:author_name"`
	CreatedAt db.Time
}

// AttributeChange is one line of a ticket's history.
type AttributeChange struct {
	ID        int64
	TicketID  int64
	At        db.Time
	UserID    int64
	Actor     string `gorm:"column:actor_name"`
	Attribute string
	Old       string `gorm:"column:old_value"`
	New       string `gorm:"column:new_value"`
}
