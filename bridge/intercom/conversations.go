package intercom

import (
	"context"
	"net/http"
	"time"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// MaxFiles is how many files, and how many addresses of files, a reply may
// carry.
const MaxFiles = 10

// Conversation returns a conversation with its parts as HTML: all of them, or
// the newest 500, in which case Truncated is set.
func (k *Client) Conversation(ctx context.Context, id string) (Conversation, error) {
	id, err := segment("conversation", id)
	if err != nil {
		return Conversation{}, err
	}
	return k.conversation(ctx, http.MethodGet, "/conversations/"+id, nil)
}

func (k *Client) conversation(ctx context.Context, method, path string, body any) (Conversation, error) {
	v, err := k.call(ctx, method, path, body)
	if err != nil {
		return Conversation{}, err
	}
	return decodeConversation(v.object()), nil
}

// File is a file of a reply. Data travels inside the request.
type File struct {
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	Data        []byte `json:"data"`
}

// Reply is what a teammate says.
type Reply struct {
	AdminID string
	Note    bool   // a note among teammates instead of a comment to the end user
	HTML    string // sanitised by the caller
	Files   []File
	URLs    []string // public addresses of further files, which Intercom fetches
	// CreatedAt dates the reply back; zero for now.
	CreatedAt time.Time
	// Silent keeps Intercom from notifying anyone.
	Silent bool
}

type replyRequest struct {
	MessageType string   `json:"message_type"`
	Type        string   `json:"type"`
	AdminID     string   `json:"admin_id,omitempty"`
	ContactID   string   `json:"intercom_user_id,omitempty"`
	Body        string   `json:"body"`
	Files       []File   `json:"attachment_files,omitempty"`
	URLs        []string `json:"attachment_urls,omitempty"`
	CreatedAt   int64    `json:"created_at,omitempty"`
	Silent      bool     `json:"skip_notifications,omitempty"`
}

func messageType(note bool) string {
	if note {
		return PartNote
	}
	return PartComment
}

// Reply adds a comment or a note in a teammate's name and returns the part that
// it became. It is not idempotent: after an error for which Ambiguous holds,
// re-read the conversation and look with FindOwnPart before trying again.
func (k *Client) Reply(ctx context.Context, conversationID string, r Reply) (Part, error) {
	if r.AdminID == "" {
		return Part{}, errs.InvalidField("admin_id", "A reply needs the teammate in whose name it is made.")
	}
	return k.reply(ctx, conversationID, replyRequest{
		MessageType: messageType(r.Note), Type: "admin", AdminID: r.AdminID, Body: r.HTML,
		Files: r.Files, URLs: r.URLs, CreatedAt: seconds(r.CreatedAt), Silent: r.Silent,
	}, OwnPart{AuthorID: r.AdminID, Note: r.Note, HTML: r.HTML})
}

// ContactReply is what an end user says, through us.
type ContactReply struct {
	ContactID string
	HTML      string
	Files     []File
	URLs      []string
	CreatedAt time.Time
}

// ReplyAsContact adds a comment in an end user's name. See Reply.
func (k *Client) ReplyAsContact(ctx context.Context, conversationID string, r ContactReply) (Part, error) {
	if r.ContactID == "" {
		return Part{}, errs.InvalidField("contact_id", "A reply needs the contact in whose name it is made.")
	}
	return k.reply(ctx, conversationID, replyRequest{
		MessageType: PartComment, Type: "user", ContactID: r.ContactID, Body: r.HTML,
		Files: r.Files, URLs: r.URLs, CreatedAt: seconds(r.CreatedAt),
	}, OwnPart{AuthorID: r.ContactID, HTML: r.HTML})
}

func (k *Client) reply(ctx context.Context, id string, r replyRequest, own OwnPart) (Part, error) {
	id, err := segment("conversation", id)
	if err != nil {
		return Part{}, err
	}
	if len(r.Files) > MaxFiles || len(r.URLs) > MaxFiles {
		return Part{}, errs.E(errs.Invalid, "A reply can carry at most %d files.", MaxFiles)
	}
	c, err := k.conversation(ctx, http.MethodPost, "/conversations/"+id+"/reply", r)
	if err != nil {
		return Part{}, err
	}
	if p, ok := FindOwnPart(c, own); ok {
		return p, nil
	}
	own.HTML = ""
	if p, ok := FindOwnPart(c, own); ok {
		return p, nil // Intercom rewrote the text
	}
	return Part{}, k.fail(&APIError{Status: http.StatusOK, Maybe: true}, errs.Upstream, "Intercom's answer does not hold the reply.")
}

// stateRequest changes a conversation's state or assignee.
type stateRequest struct {
	MessageType string `json:"message_type"`
	Type        string `json:"type,omitempty"`
	AdminID     string `json:"admin_id"`
	AssigneeID  string `json:"assignee_id,omitempty"`
	Body        string `json:"body,omitempty"`
}

func (k *Client) change(ctx context.Context, id string, r stateRequest) (Conversation, error) {
	id, err := segment("conversation", id)
	if err != nil {
		return Conversation{}, err
	}
	if r.AdminID == "" {
		return Conversation{}, errs.InvalidField("admin_id", "A change needs the teammate in whose name it is made.")
	}
	return k.conversation(ctx, http.MethodPost, "/conversations/"+id+"/parts", r)
}

// Close closes a conversation, with a last comment unless html is empty.
func (k *Client) Close(ctx context.Context, conversationID, adminID, html string) (Conversation, error) {
	return k.change(ctx, conversationID, stateRequest{MessageType: PartClose, Type: "admin", AdminID: adminID, Body: html})
}

// Open opens a closed or snoozed conversation.
func (k *Client) Open(ctx context.Context, conversationID, adminID string) (Conversation, error) {
	return k.change(ctx, conversationID, stateRequest{MessageType: PartOpen, AdminID: adminID})
}

// Assign gives a conversation to an admin or a team; the zero Assignee takes it
// from whoever has it.
func (k *Client) Assign(ctx context.Context, conversationID, adminID string, to Assignee, html string) (Conversation, error) {
	if to.Type == "" {
		to.Type = "admin"
	}
	if to.ID == "" {
		to.ID = "0"
	}
	return k.change(ctx, conversationID, stateRequest{
		MessageType: PartAssignment, Type: to.Type, AdminID: adminID, AssigneeID: to.ID, Body: html,
	})
}
