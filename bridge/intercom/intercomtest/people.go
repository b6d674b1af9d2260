package intercomtest

import (
	"html"
	"maps"
	"slices"
	"strings"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// The kinds of what a teammate or an end user does; the words of the REST API
// and of the inbox.
const (
	Comment = "comment"
	Note    = "note"
	Close   = "close"
	Open    = "open"
	Assign  = "assign"
)

// AddContact adds a contact and returns it with its id. A contact without a
// role is a user.
func (s *Server) AddContact(c intercom.Contact) intercom.Contact {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addContact(c)
}

func (s *Server) addContact(c intercom.Contact) intercom.Contact {
	if c.ID == "" {
		c.ID = s.ids.hex()
	}
	if c.Role == "" {
		c.Role = "user"
	}
	c.CustomAttributes = maps.Clone(c.CustomAttributes)
	s.contacts[c.ID] = &contact{Contact: c, createdAt: s.now()}
	s.order.contacts = append(s.order.contacts, c.ID)
	return c
}

// AddAdmin adds a teammate and returns it with its id.
func (s *Server) AddAdmin(a intercom.Admin) intercom.Admin {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.ID == "" {
		a.ID = s.ids.number()
	}
	a.Type, a.HasInboxSeat = "admin", true
	s.admins[a.ID] = &a
	s.order.admins = append(s.order.admins, a.ID)
	return a
}

// Message is what somebody says or does in a conversation. Who says it is
// AdminID, ContactID or, when both are empty, the workspace's bot.
type Message struct {
	AdminID   string
	ContactID string
	Kind      string // Comment when empty
	HTML      string
	Files     []intercom.File
	Assignee  string // of an Assign: an admin's id, or "" for nobody

	api bool // written through the REST API
}

// StartConversation lets a contact write to the workspace and returns the
// conversation.
func (s *Server) StartConversation(contactID, html string, files ...intercom.File) (intercom.Conversation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.contacts[contactID]
	if !ok {
		return intercom.Conversation{}, errs.E(errs.NotFound, "There is no such contact.")
	}
	now := s.now()
	v := &conversation{contactID: contactID, Conversation: intercom.Conversation{
		ID: s.ids.number(), State: intercom.StateOpen, CreatedAt: now, UpdatedAt: now,
		Contacts: []intercom.Contact{{ID: contactID, ExternalID: c.ExternalID}},
	}}
	v.Source = intercom.Part{
		ID: s.ids.number(), PartType: intercom.PartComment, Body: html, CreatedAt: now, UpdatedAt: now,
		Author: c.author(), Attachments: s.keepFiles(files), Source: true,
	}
	v.Title = title(html)
	s.conversations[v.ID] = v
	s.order.conversations = append(s.order.conversations, v.ID)
	s.notify(intercom.TopicUserCreated, v)
	s.changed(v.ID)
	return v.snapshot(), nil
}

func (c *contact) author() intercom.Author {
	return intercom.Author{Type: intercom.AuthorType(c.Role), ID: c.ID, Name: c.Name, Email: c.Email}
}

// title is the first line of what a conversation began with.
func title(markup string) string {
	t := strings.TrimSpace(plainText(markup))
	if i := strings.IndexByte(t, '\n'); i >= 0 {
		t = t[:i]
	}
	if r := []rune(t); len(r) > 60 {
		t = string(r[:60]) + "..."
	}
	return t
}

// Paragraph turns what somebody typed into the HTML that Intercom makes of it.
func Paragraph(text string) string {
	return "<p>" + strings.ReplaceAll(html.EscapeString(text), "\n", "<br>") + "</p>"
}

// Say adds a part to a conversation and sends the webhooks that Intercom would
// send. NotFound when the conversation or its author does not exist, Invalid
// for an unknown kind.
func (s *Server) Say(conversationID string, m Message) (intercom.Part, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.say(conversationID, m)
}

func (s *Server) say(conversationID string, m Message) (intercom.Part, error) {
	v, ok := s.conversations[conversationID]
	if !ok {
		return intercom.Part{}, errs.E(errs.NotFound, "There is no such conversation.")
	}
	author, err := s.authorOf(m)
	if err != nil {
		return intercom.Part{}, err
	}
	now := s.now()
	p := intercom.Part{
		ID: s.ids.number(), PartType: partType(m.Kind), Body: m.HTML, CreatedAt: now, UpdatedAt: now,
		Author: author, Attachments: s.keepFiles(m.Files),
	}
	if m.api {
		p.AppPackageCode = s.c.AppPackageCode
	}
	topics, err := s.apply(v, &p, m)
	if err != nil {
		return intercom.Part{}, err
	}
	v.Parts = append(v.Parts, p)
	v.PartsTotal, v.UpdatedAt = len(v.Parts), now
	for _, t := range topics {
		s.notify(t, v, p)
	}
	s.changed(v.ID)
	return p, nil
}

func (s *Server) authorOf(m Message) (intercom.Author, error) {
	switch {
	case m.AdminID != "":
		a, ok := s.admins[m.AdminID]
		if !ok {
			return intercom.Author{}, errs.E(errs.NotFound, "There is no such admin.")
		}
		return intercom.Author{Type: intercom.AuthorAdmin, ID: a.ID, Name: a.Name, Email: a.Email}, nil
	case m.ContactID != "":
		c, ok := s.contacts[m.ContactID]
		if !ok {
			return intercom.Author{}, errs.E(errs.NotFound, "There is no such contact.")
		}
		return c.author(), nil
	}
	return intercom.Author{Type: intercom.AuthorBot, ID: "5017691", Name: "Fin", Email: "operator+" + s.c.WorkspaceID + "@intercom.io"}, nil
}

func partType(kind string) string {
	switch kind {
	case "":
		return intercom.PartComment
	case Assign:
		return intercom.PartAssignment
	}
	return kind
}

// apply changes the conversation's state as the part says and returns the
// topics under which Intercom tells of it.
func (s *Server) apply(v *conversation, p *intercom.Part, m Message) ([]string, error) {
	switch p.PartType {
	case intercom.PartComment:
		switch {
		case m.ContactID != "":
			v.State = intercom.StateOpen
			return []string{intercom.TopicUserReplied}, nil
		case m.AdminID != "":
			return []string{intercom.TopicAdminReplied}, nil
		}
		// A bot's reply arrives twice (intercom.md 2.4).
		return []string{intercom.TopicOperator, intercom.TopicAdminReplied}, nil
	case intercom.PartNote:
		return []string{intercom.TopicAdminNoted}, nil
	case intercom.PartClose:
		v.State = intercom.StateClosed
		return []string{intercom.TopicAdminClosed}, nil
	case intercom.PartOpen:
		v.State = intercom.StateOpen
		return []string{intercom.TopicAdminOpened}, nil
	case intercom.PartAssignment:
		if _, ok := s.admins[m.Assignee]; !ok && m.Assignee != "" {
			return nil, errs.E(errs.NotFound, "There is no such assignee.")
		}
		v.AdminAssigneeID, p.AssignedTo = m.Assignee, intercom.Assignee{}
		if m.Assignee != "" {
			p.AssignedTo = intercom.Assignee{Type: "admin", ID: m.Assignee}
		}
		topics := []string{intercom.TopicAdminAssigned}
		if v.State == intercom.StateOpen {
			topics = append(topics, intercom.TopicOpenAssigned)
		}
		return topics, nil
	}
	return nil, errs.E(errs.Invalid, "Unknown kind of part %q.", p.PartType)
}

// Redact takes away what a part says. The source's part id is its own id.
func (s *Server) Redact(conversationID, partID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.conversations[conversationID]
	if !ok {
		return errs.E(errs.NotFound, "There is no such conversation.")
	}
	for i := range v.Parts {
		if v.Parts[i].ID == partID {
			s.redact(v, &v.Parts[i])
			return nil
		}
	}
	if v.Source.ID == partID {
		s.redact(v, &v.Source)
		return nil
	}
	return errs.E(errs.NotFound, "There is no such part.")
}

func (s *Server) redact(v *conversation, p *intercom.Part) {
	now := s.now()
	p.Body, p.Attachments, p.Redacted, p.UpdatedAt, v.UpdatedAt = "", nil, true, now, now
	if p.Source {
		s.notify(intercom.TopicPartRedacted, v) // which tells of the source anyway
	} else {
		s.notify(intercom.TopicPartRedacted, v, *p)
	}
	s.changed(v.ID)
}

// Rate lets the end user rate a conversation, from 1 to 5.
func (s *Server) Rate(conversationID string, score int, remark string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.conversations[conversationID]
	if !ok {
		return errs.E(errs.NotFound, "There is no such conversation.")
	}
	v.UpdatedAt = s.now()
	v.Rating = intercom.Rating{Score: score, Remark: remark, CreatedAt: v.UpdatedAt}
	s.notify(intercom.TopicRated, v)
	s.changed(v.ID)
	return nil
}

// Conversation returns a copy of a conversation with all of its parts.
func (s *Server) Conversation(id string) (intercom.Conversation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.conversations[id]
	if !ok {
		return intercom.Conversation{}, errs.E(errs.NotFound, "There is no such conversation.")
	}
	return v.snapshot(), nil
}

func (v *conversation) snapshot() intercom.Conversation {
	c := v.Conversation
	c.Parts, c.Contacts = slices.Clone(c.Parts), slices.Clone(c.Contacts)
	return c
}
