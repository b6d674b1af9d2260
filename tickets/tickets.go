package tickets

import (
	"crypto/rand"
	"io"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/audit"
	"github.com/deskbridge/deskbridge/internal/db"
)

// Config holds what a Service can be set up with. The zero Config works.
type Config struct {
	Files    string         // directory of attachments; "data/files" when empty
	MaxFile  int64          // largest attachment in bytes; 0 means 20 MiB
	BaseURL  string         // public address of this server, for links to attachments
	Location *time.Location // zone of date-times in custom fields; nil means UTC
	Now      func() time.Time
	Random   io.Reader // source of attachment ids

	// Audit records changes of the directory; nil records none. Tickets have a
	// history of their own.
	Audit *audit.Log

	// Notify is called inside the transaction for every new ticket, change of
	// state and new log entry, in that order. An error undoes the whole change.
	// It must not wait on anything but tx.
	Notify func(tx *gorm.DB, c Change) error
}

// ChangeKind says what happened to a ticket.
type ChangeKind string

// The kinds.
const (
	Created  ChangeKind = "created"  // a new ticket; its first entries follow as Appended
	Moved    ChangeKind = "moved"    // the state changed, From and To are set
	Appended ChangeKind = "appended" // a log entry was added, Entry is set
)

// Change tells the rest of the process what happened to a ticket.
type Change struct {
	Kind     ChangeKind
	DeskID   int64
	TicketID int64
	Class    Class
	Ref      string
	Actor    Actor
	At       time.Time
	From, To Status // Moved
	EntryID  int64  // Appended
	Entry    *Entry // Appended
}

// Service is the built-in desk. All its methods are safe for concurrent use.
type Service struct {
	db *db.DB
	c  Config
}

// New returns the desk over a migrated database. It starts nothing and touches
// no file before the first attachment.
func New(d *db.DB, c Config) *Service {
	if c.Files == "" {
		c.Files = "data/files"
	}
	if c.MaxFile == 0 {
		c.MaxFile = 20 << 20
	}
	if c.Location == nil {
		c.Location = time.UTC
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	return &Service{db: d, c: c}
}

// Location returns the zone of date-times in custom fields.
func (s *Service) Location() *time.Location { return s.c.Location }
