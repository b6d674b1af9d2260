package bridge

import (
	"context"
	"fmt"
	"html"
	"strings"
	"sync"
	"time"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/bridge/intercom"
)

// intercomChannel is Intercom as a channel of the bridge.
type intercomChannel struct {
	client  *intercom.Client
	owner   *owner
	appCode string // marks parts that our own app wrote; empty when unknown
}

// owner is the teammate that the access token belongs to, asked for once.
type owner struct {
	mu sync.Mutex // guards id
	id string
}

func (i intercomChannel) ownerID(ctx context.Context) (string, error) {
	i.owner.mu.Lock()
	defer i.owner.mu.Unlock()
	if i.owner.id == "" {
		me, err := i.client.Me(ctx)
		if err != nil {
			return "", err
		}
		i.owner.id = me.ID
	}
	return i.owner.id, nil
}

// Talk implements channel.
func (i intercomChannel) Talk(ctx context.Context, id string) (Talk, error) {
	c, err := i.client.Conversation(ctx, id)
	if err != nil {
		return Talk{}, err
	}
	t := Talk{ID: c.ID, State: c.State, Updated: c.UpdatedAt, Truncated: c.Truncated}
	if len(c.Contacts) > 0 {
		t.Contact = contactOf(c.Contacts[0])
		if t.Contact.Email == "" && t.Contact.ID != "" {
			if full, err := i.client.Contact(ctx, t.Contact.ID); err == nil {
				t.Contact = contactOf(full)
			}
		}
	}
	for _, p := range c.All() {
		if s, ok := saidOf(p, i.appCode); ok {
			s.Exact = true
			t.Said = append(t.Said, s)
		}
	}
	return t, nil
}

// Post implements channel.
func (i intercomChannel) Post(ctx context.Context, id string, m Message) (Said, error) {
	if m.ContactID != "" {
		p, err := i.client.ReplyAsContact(ctx, id, intercom.ContactReply{ContactID: m.ContactID, HTML: m.HTML})
		if err != nil {
			return Said{}, err
		}
		return Said{RemoteID: p.Key()}, nil
	}
	if m.AdminID == "" {
		var err error
		if m.AdminID, err = i.ownerID(ctx); err != nil {
			return Said{}, err
		}
	}
	p, err := i.client.Reply(ctx, id, intercom.Reply{Note: m.Note, AdminID: m.AdminID, HTML: m.HTML})
	if err != nil {
		return Said{}, err
	}
	s, _ := saidOf(p, i.appCode)
	s.RemoteID = p.Key()
	return s, nil
}

// ChangedSince implements channel.
func (i intercomChannel) ChangedSince(ctx context.Context, at time.Time) ([]string, error) {
	var ids []string
	for next := ""; ; {
		page, err := i.client.SearchConversations(ctx, intercom.Search{UpdatedSince: at, Cursor: next})
		if err != nil {
			return nil, err
		}
		for _, c := range page.Conversations {
			ids = append(ids, c.ID)
		}
		if next = page.Next; next == "" {
			return ids, nil
		}
	}
}

// Download implements channel.
func (i intercomChannel) Download(ctx context.Context, url string, max int64) ([]byte, error) {
	f, err := i.client.Download(ctx, url, max)
	return f.Data, err
}

func contactOf(c intercom.Contact) Contact {
	class, id, _ := c.ITop()
	return Contact{ID: c.ID, Role: c.Role, Name: c.Name, Email: c.Email, PersonClass: class, PersonID: id}
}

// saidOf turns a part into what a log is told. Events that no ticket cares
// about, and parts without words, are not said.
func saidOf(p intercom.Part, appCode string) (Said, bool) {
	s := Said{
		RemoteID: p.Key(), Log: desk.Public, AuthorType: authorType(p.Author), AuthorID: p.Author.ID,
		AuthorName: p.Author.Name, AuthorEmail: p.Author.Email, HTML: clean(p.Body), Redacted: p.Redacted, At: p.CreatedAt,
		FromUs: appCode != "" && p.AppPackageCode == appCode,
	}
	for _, a := range p.Attachments {
		s.Attachments = append(s.Attachments, Attachment{Name: a.Name, URL: a.URL, Type: a.ContentType})
	}
	switch {
	case p.Redacted:
		return s, p.Public() || p.Private()
	case p.Message():
		if p.Private() {
			s.Log = desk.Private
		}
		return s, true
	}
	event := eventText(p)
	if event == "" {
		return s, false
	}
	s.Log, s.HTML = desk.Private, "<p><i>"+html.EscapeString(event)+"</i></p>"
	return s, true
}

// eventText says what a part without words did, for the private log.
func eventText(p intercom.Part) string {
	switch p.PartType {
	case intercom.PartClose:
		return "Closed the conversation."
	case intercom.PartOpen:
		return "Reopened the conversation."
	case intercom.PartAssignment:
		if p.AssignedTo.ID == "" {
			return "Took the assignment back."
		}
		return fmt.Sprintf("Assigned the conversation to %s %s.", p.AssignedTo.Type, p.AssignedTo.ID)
	}
	return ""
}

// ratingOf is the end user's verdict as a line of the private log.
func ratingOf(n intercom.Notification, c intercom.Contact) (Said, bool) {
	r := n.Conversation.Rating
	if r.Score == 0 {
		return Said{}, false
	}
	text := fmt.Sprintf("Rated the conversation %d of 5.", r.Score)
	if remark := strings.TrimSpace(r.Remark); remark != "" {
		text += " " + remark
	}
	at := r.CreatedAt
	if at.IsZero() {
		at = n.CreatedAt
	}
	return Said{
		RemoteID: fmt.Sprintf("rating-%d", at.Unix()), Log: desk.Private, AuthorType: "user", AuthorID: c.ID,
		AuthorName: c.Name, AuthorEmail: c.Email, HTML: "<p><i>" + html.EscapeString(text) + "</i></p>", Exact: true, At: at,
	}, true
}

func authorType(a intercom.Author) string {
	switch a.Type {
	case intercom.AuthorUser, intercom.AuthorContact:
		return "user"
	case intercom.AuthorLead, intercom.AuthorVisitor:
		return "lead"
	case intercom.AuthorAdmin:
		return "admin"
	case intercom.AuthorTeam:
		return "team"
	case intercom.AuthorBot:
		return "bot"
	}
	return string(a.Type)
}
