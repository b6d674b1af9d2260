package bridge

import (
	"context"
	"time"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// channel is a place where people talk. Its methods are safe for concurrent use
// and return errors of package errs: Upstream and Throttled may work later.
type channel interface {
	// Talk returns a conversation with its parts, oldest first. Truncated says
	// that the channel keeps older parts to itself.
	Talk(ctx context.Context, conversation string) (Talk, error)
	// Post says something in a conversation as the desk and returns the part.
	Post(ctx context.Context, conversation string, m Message) (Said, error)
	// ChangedSince returns the conversations that changed at or after a moment.
	ChangedSince(ctx context.Context, at time.Time) ([]string, error)
	// Download fetches an attachment, at most max bytes.
	Download(ctx context.Context, url string, max int64) ([]byte, error)
}

// Talk is a conversation as its channel tells it.
type Talk struct {
	ID        string
	State     string // "open", "closed", "snoozed"
	Contact   Contact
	Updated   time.Time
	Said      []Said
	Truncated bool
}

// Contact is who asks, as the channel knows them. PersonClass and PersonID are
// what the widget passed along; nobody has verified them yet.
type Contact struct {
	ID          string
	Role        string // "user" (known to the customer's site) or "lead" (anybody)
	Name        string
	Email       string
	PersonClass string
	PersonID    string
}

// Said is one thing said or done in a conversation.
type Said struct {
	RemoteID    string
	Log         desk.Log // public for comments, private for notes and events
	AuthorType  string   // "user", "lead", "admin", "bot", "team"
	AuthorID    string
	AuthorName  string
	AuthorEmail string
	HTML        string
	Attachments []Attachment
	Exact       bool // read by REST: the HTML is what was said, not a rendering of it
	Redacted    bool
	FromUs      bool // the channel says that our own app wrote it
	At          time.Time
}

// Attachment is a file that somebody sent.
type Attachment struct {
	Name string `json:"name"`
	URL  string `json:"url"`
	Type string `json:"type"`
}

// Message is what the bridge says in a conversation.
type Message struct {
	Note    bool   // for agents only
	AdminID string // who says it; empty: the teammate that the token belongs to
	// ContactID lets the end user say it, when they wrote it elsewhere; it
	// replaces AdminID.
	ContactID string
	HTML      string
}

// mute is the channel of a workspace without an access token: a widget alone.
type mute struct{}

var errMute = errs.E(errs.Denied, "The workspace has no access token for Intercom.")

func (mute) Talk(context.Context, string) (Talk, error)                { return Talk{}, errMute }
func (mute) Post(context.Context, string, Message) (Said, error)       { return Said{}, errMute }
func (mute) ChangedSince(context.Context, time.Time) ([]string, error) { return nil, nil }
func (mute) Download(context.Context, string, int64) ([]byte, error)   { return nil, errMute }
