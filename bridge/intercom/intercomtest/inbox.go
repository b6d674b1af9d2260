package intercomtest

import (
	"cmp"
	"encoding/json"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// maxInbox bounds a request of the simulator's page.
const maxInbox = 1 << 20

// Inbox serves the JSON API of the inbox simulator's page. It has no login of
// its own: whoever mounts it decides who may reach it. Requests that change
// something must be JSON, which no foreign page can send unasked.
//
//	GET  /state                                  contacts, admins, conversations
//	POST /contacts                               {name, email} -> contact
//	POST /conversations                          {contact_id, body} -> conversation
//	GET  /conversations/{id}                     conversation
//	POST /conversations/{id}/parts               {as, admin_id, type, body} -> conversation
//	POST /conversations/{id}/parts/{part}/redact -> conversation
//	POST /canvas                                 CanvasCall -> CanvasAnswer
//	GET  /deliveries                             newest 100
//	GET  /events                                 stream: conversation and delivery
//
// Bodies are plain text. Errors are {"error": "a sentence"}.
func (s *Server) Inbox() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /state", s.inboxState)
	m.HandleFunc("POST /contacts", s.inboxContact)
	m.HandleFunc("POST /conversations", s.inboxStart)
	m.HandleFunc("GET /conversations/{id}", s.inboxRead)
	m.HandleFunc("POST /conversations/{id}/parts", s.inboxSay)
	m.HandleFunc("POST /conversations/{id}/parts/{part}/redact", s.inboxRedact)
	m.HandleFunc("POST /canvas", s.inboxCanvas)
	m.HandleFunc("GET /deliveries", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, s.Deliveries()) })
	m.HandleFunc("GET /events", s.stream)
	return m
}

type contactView struct {
	ID               string         `json:"id"`
	Name             string         `json:"name"`
	Email            string         `json:"email"`
	Role             string         `json:"role"`
	CustomAttributes map[string]any `json:"custom_attributes"`
}

type adminView struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

type conversationLine struct {
	ID        string    `json:"id"`
	ContactID string    `json:"contact_id"`
	State     string    `json:"state"`
	Title     string    `json:"title"`
	UpdatedAt time.Time `json:"updated_at"`
}

type stateView struct {
	WorkspaceID   string             `json:"workspace_id"`
	Contacts      []contactView      `json:"contacts"`
	Admins        []adminView        `json:"admins"`
	Conversations []conversationLine `json:"conversations"`
}

type conversationView struct {
	ID       string      `json:"id"`
	State    string      `json:"state"`
	Contact  contactView `json:"contact"`
	Assignee *adminView  `json:"assignee"`
	Parts    []partView  `json:"parts"`
}

type partView struct {
	ID          string           `json:"id"`
	PartType    string           `json:"part_type"`
	Body        string           `json:"body"` // HTML
	CreatedAt   time.Time        `json:"created_at"`
	Author      authorView       `json:"author"`
	Attachments []attachmentView `json:"attachments"`
	Redacted    bool             `json:"redacted"`
}

type authorView struct {
	Type  intercom.AuthorType `json:"type"`
	ID    string              `json:"id"`
	Name  string              `json:"name"`
	Email string              `json:"email"`
}

type attachmentView struct {
	Name        string `json:"name"`
	URL         string `json:"url"`
	ContentType string `json:"content_type"`
}

func newContactView(c intercom.Contact) contactView {
	v := contactView{ID: c.ID, Name: c.Name, Email: c.Email, Role: c.Role, CustomAttributes: c.CustomAttributes}
	if v.CustomAttributes == nil {
		v.CustomAttributes = map[string]any{}
	}
	return v
}

func newPartView(p intercom.Part) partView {
	v := partView{
		ID: p.ID, PartType: p.PartType, Body: p.Body, CreatedAt: p.CreatedAt, Redacted: p.Redacted,
		Author:      authorView{Type: p.Author.Type, ID: p.Author.ID, Name: p.Author.Name, Email: p.Author.Email},
		Attachments: []attachmentView{},
	}
	for _, a := range p.Attachments {
		v.Attachments = append(v.Attachments, attachmentView{Name: a.Name, URL: a.URL, ContentType: a.ContentType})
	}
	return v
}

func (s *Server) inboxState(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := stateView{
		WorkspaceID: s.c.WorkspaceID, Contacts: []contactView{}, Admins: []adminView{}, Conversations: []conversationLine{},
	}
	for _, id := range s.order.contacts {
		v.Contacts = append(v.Contacts, newContactView(s.contacts[id].Contact))
	}
	for _, id := range s.order.admins {
		a := s.admins[id]
		v.Admins = append(v.Admins, adminView{ID: a.ID, Name: a.Name, Email: a.Email})
	}
	for _, id := range s.newestFirst() {
		c := s.conversations[id]
		v.Conversations = append(v.Conversations, conversationLine{
			ID: c.ID, ContactID: c.contactID, State: c.State, Title: c.Title, UpdatedAt: c.UpdatedAt,
		})
	}
	answer(w, http.StatusOK, v)
}

// read decodes a request of the page. Only JSON is taken.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		fail(w, errs.E(errs.Invalid, "Send JSON, with Content-Type application/json."))
		return false
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxInbox)).Decode(into); err != nil {
		fail(w, errs.Wrap(err, errs.Invalid, "The body is not valid JSON."))
		return false
	}
	return true
}

func fail(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	switch errs.KindOf(err) {
	case errs.Invalid:
		status = http.StatusBadRequest
	case errs.NotFound:
		status = http.StatusNotFound
	}
	answer(w, status, object{"error": errs.Text(err)})
}

func (s *Server) inboxContact(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name  string `json:"name"`
		Email string `json:"email"`
	}
	if !read(w, r, &in) {
		return
	}
	if strings.TrimSpace(in.Name+in.Email) == "" {
		fail(w, errs.E(errs.Invalid, "A contact needs a name or an e-mail address."))
		return
	}
	answer(w, http.StatusCreated, newContactView(s.AddContact(intercom.Contact{Name: in.Name, Email: in.Email})))
}

func (s *Server) inboxStart(w http.ResponseWriter, r *http.Request) {
	var in struct {
		ContactID string `json:"contact_id"`
		Body      string `json:"body"`
	}
	if !read(w, r, &in) {
		return
	}
	if strings.TrimSpace(in.Body) == "" {
		fail(w, errs.E(errs.Invalid, "Say something."))
		return
	}
	c, err := s.StartConversation(in.ContactID, Paragraph(in.Body))
	if err != nil {
		fail(w, err)
		return
	}
	s.showConversation(w, http.StatusCreated, c.ID)
}

func (s *Server) inboxRead(w http.ResponseWriter, r *http.Request) {
	s.showConversation(w, http.StatusOK, r.PathValue("id"))
}

func (s *Server) showConversation(w http.ResponseWriter, status int, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.conversations[id]
	if !ok {
		fail(w, errs.E(errs.NotFound, "There is no such conversation."))
		return
	}
	v := conversationView{ID: c.ID, State: c.State, Contact: newContactView(s.contacts[c.contactID].Contact)}
	if a, ok := s.admins[c.AdminAssigneeID]; ok {
		v.Assignee = &adminView{ID: a.ID, Name: a.Name, Email: a.Email}
	}
	for _, p := range c.All() {
		v.Parts = append(v.Parts, newPartView(p))
	}
	answer(w, status, v)
}

func (s *Server) inboxSay(w http.ResponseWriter, r *http.Request) {
	var in struct {
		As      string `json:"as"`
		AdminID string `json:"admin_id"`
		Type    string `json:"type"`
		Body    string `json:"body"`
	}
	if !read(w, r, &in) {
		return
	}
	m := Message{Kind: cmp.Or(in.Type, Comment)}
	if strings.TrimSpace(in.Body) != "" {
		m.HTML = Paragraph(in.Body)
	}
	id := r.PathValue("id")
	var err error
	switch {
	case m.HTML == "" && (m.Kind == Comment || m.Kind == Note):
		err = errs.E(errs.Invalid, "Say something.")
	case in.As == "contact" && m.Kind == Comment:
		var c intercom.Conversation
		if c, err = s.Conversation(id); err == nil {
			m.ContactID = c.Contacts[0].ID
		}
	case in.As == "admin" && in.AdminID != "":
		m.AdminID, m.Assignee = in.AdminID, in.AdminID
	default:
		err = errs.E(errs.Invalid, "Say who does it: as contact (comments only), or as admin with an admin_id.")
	}
	if err == nil {
		_, err = s.Say(id, m)
	}
	if err != nil {
		fail(w, err)
		return
	}
	s.showConversation(w, http.StatusCreated, id)
}

func (s *Server) inboxRedact(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if err := s.Redact(id, r.PathValue("part")); err != nil {
		fail(w, err)
		return
	}
	s.showConversation(w, http.StatusOK, id)
}

func (s *Server) inboxCanvas(w http.ResponseWriter, r *http.Request) {
	var c CanvasCall
	if !read(w, r, &c) {
		return
	}
	a, err := s.Canvas(r.Context(), c)
	if err != nil {
		fail(w, err)
		return
	}
	answer(w, http.StatusOK, a)
}
