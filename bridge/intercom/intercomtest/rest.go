package intercomtest

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// maxRequest bounds a REST request; ten files travel inside one.
const maxRequest = 64 << 20

func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest)).Decode(into); err != nil {
		refuse(w, http.StatusBadRequest, "parameter_invalid", "The body is not valid JSON")
		return false
	}
	return true
}

func (s *Server) me(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := viewAdmin(&intercom.Admin{ID: "1", Name: "Deskbridge", Email: "deskbridge@example.com"})
	if len(s.order.admins) > 0 {
		o = viewAdmin(s.admins[s.order.admins[0]])
	}
	o["email_verified"] = true
	o["app"] = object{
		"type": "app", "id_code": s.c.WorkspaceID, "name": s.c.WorkspaceName, "region": region(s.c.Region),
		"timezone": "UTC", "identity_verification": false,
	}
	answer(w, http.StatusOK, o)
}

func region(r intercom.Region) string { return strings.ToUpper(cmp.Or(string(r), string(intercom.US))) }

func (s *Server) listAdmins(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []object{}
	for _, id := range s.order.admins {
		list = append(list, viewAdmin(s.admins[id]))
	}
	answer(w, http.StatusOK, object{"type": "admin.list", "admins": list})
}

func (s *Server) readContact(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.contacts[r.PathValue("id")]
	if !ok {
		refuse(w, http.StatusNotFound, "not_found", "User Not Found")
		return
	}
	answer(w, http.StatusOK, s.viewContact(c))
}

func (s *Server) readConversation(w http.ResponseWriter, r *http.Request) {
	body := asHTML
	if r.URL.Query().Get("display_as") == "plaintext" {
		body = plainText
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.conversations[r.PathValue("id")]
	if !ok {
		refuse(w, http.StatusNotFound, "not_found", "Resource Not Found")
		return
	}
	answer(w, http.StatusOK, viewWhole(v, body))
}

type replyRequest struct {
	MessageType string `json:"message_type"`
	Type        string `json:"type"`
	AdminID     string `json:"admin_id"`
	ContactID   string `json:"intercom_user_id"`
	AssigneeID  string `json:"assignee_id"`
	Body        string `json:"body"`
	Files       []struct {
		Name        string `json:"name"`
		ContentType string `json:"content_type"`
		Data        []byte `json:"data"`
	} `json:"attachment_files"`
}

func (r replyRequest) files() []intercom.File {
	var list []intercom.File
	for _, f := range r.Files {
		list = append(list, intercom.File(f))
	}
	return list
}

func (s *Server) reply(w http.ResponseWriter, r *http.Request) {
	var in replyRequest
	if !decode(w, r, &in) {
		return
	}
	m := Message{Kind: in.MessageType, HTML: in.Body, Files: in.files(), api: true}
	switch {
	case in.MessageType != Comment && in.MessageType != Note:
		refuse(w, http.StatusBadRequest, "parameter_invalid", "message_type is not supported")
		return
	case in.Body == "" && len(in.Files) == 0:
		refuse(w, http.StatusBadRequest, "parameter_not_found", "body is required")
		return
	case in.Type == "admin" && in.AdminID != "":
		m.AdminID = in.AdminID
	case in.Type == "user" && in.ContactID != "" && in.MessageType == Comment:
		m.ContactID = in.ContactID
	default:
		refuse(w, http.StatusBadRequest, "parameter_invalid", "The author of the reply is missing")
		return
	}
	s.write(w, r.PathValue("id"), m)
}

func (s *Server) manage(w http.ResponseWriter, r *http.Request) {
	var in replyRequest
	if !decode(w, r, &in) {
		return
	}
	m := Message{AdminID: in.AdminID, HTML: in.Body, api: true}
	switch in.MessageType {
	case intercom.PartClose, intercom.PartOpen:
		m.Kind = in.MessageType
	case intercom.PartAssignment:
		m.Kind = Assign
		if in.AssigneeID != "0" {
			m.Assignee = in.AssigneeID
		}
	default:
		refuse(w, http.StatusBadRequest, "parameter_invalid", "message_type is not supported")
		return
	}
	if in.AdminID == "" {
		refuse(w, http.StatusBadRequest, "parameter_not_found", "admin_id is required")
		return
	}
	s.write(w, r.PathValue("id"), m)
}

// write says something through the REST API and answers with the conversation.
func (s *Server) write(w http.ResponseWriter, id string, m Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.say(id, m); err != nil {
		status, code := http.StatusBadRequest, "parameter_invalid"
		if errs.Is(err, errs.NotFound) {
			status, code = http.StatusNotFound, "not_found"
		}
		refuse(w, status, code, errs.Text(err))
		return
	}
	answer(w, http.StatusOK, viewWhole(s.conversations[id], asHTML))
}

type searchRequest struct {
	Query      filter `json:"query"`
	Pagination struct {
		PerPage       int    `json:"per_page"`
		StartingAfter string `json:"starting_after"`
	} `json:"pagination"`
}

// filter is a condition on one field, or, with operator AND or OR, on others.
type filter struct {
	Field    string          `json:"field"`
	Operator string          `json:"operator"`
	Value    json.RawMessage `json:"value"`
}

// holds evaluates a filter over the fields of one thing. Unknown fields and
// operators make it invalid.
func (f filter) holds(field func(string) (string, bool)) (bool, error) {
	switch f.Operator {
	case "AND", "OR":
		var list []filter
		if err := json.Unmarshal(f.Value, &list); err != nil {
			return false, errs.E(errs.Invalid, "value must be a list of filters")
		}
		for _, g := range list {
			ok, err := g.holds(field)
			if err != nil || ok == (f.Operator == "OR") {
				return ok, err
			}
		}
		return f.Operator == "AND", nil
	}
	have, ok := field(f.Field)
	if !ok {
		return false, errs.E(errs.Invalid, "%s is not a field that can be searched", f.Field)
	}
	return f.compare(have)
}

func (f filter) compare(have string) (bool, error) {
	want := strings.Trim(string(f.Value), `"`)
	a, b := number(have), number(want)
	switch f.Operator {
	case "=":
		return strings.EqualFold(have, want), nil
	case "!=":
		return !strings.EqualFold(have, want), nil
	case ">": // and "<" are "or equal" (intercom.md 3.2)
		return a >= b, nil
	case "<":
		return a <= b, nil
	case "IN", "NIN":
		var list []json.RawMessage
		if err := json.Unmarshal(f.Value, &list); err != nil {
			return false, errs.E(errs.Invalid, "value must be a list")
		}
		in := slices.ContainsFunc(list, func(v json.RawMessage) bool { return strings.Trim(string(v), `"`) == have })
		return in == (f.Operator == "IN"), nil
	}
	return false, errs.E(errs.Invalid, "%s is not an operator", f.Operator)
}

// matching searches ids and returns one page of those that fit, how many fit in
// all, and what Intercom calls pages.
func matching(q searchRequest, all []string, field func(id, name string) (string, bool)) (page []string, pages object, total int, err error) {
	var found []string
	for _, id := range all {
		ok, err := q.Query.holds(func(name string) (string, bool) { return field(id, name) })
		if err != nil {
			return nil, nil, 0, err
		}
		if ok {
			found = append(found, id)
		}
	}
	per := q.Pagination.PerPage
	if per <= 0 {
		per = 20
	}
	per = min(per, 150)
	from := min(offset(q.Pagination.StartingAfter), len(found))
	to := min(from+per, len(found))
	pages = object{
		"type": "pages", "page": from/per + 1, "per_page": per, "total_pages": (len(found) + per - 1) / per,
	}
	if to < len(found) {
		pages["next"] = object{"per_page": per, "starting_after": cursor(to)}
	}
	return found[from:to], pages, len(found), nil
}

// cursor hides an offset, as Intercom's cursors hide theirs.
func cursor(n int) string {
	return base64.RawURLEncoding.EncodeToString([]byte("after:" + strconv.Itoa(n)))
}

func offset(cursor string) int {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0
	}
	return int(max(0, number(strings.TrimPrefix(string(b), "after:"))))
}

func (s *Server) searchConversations(w http.ResponseWriter, r *http.Request) {
	var q searchRequest
	if !decode(w, r, &q) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	page, pages, total, err := matching(q, s.newestFirst(), s.conversationField)
	if err != nil {
		refuse(w, http.StatusBadRequest, "parameter_invalid", errs.Text(err))
		return
	}
	list := []object{}
	for _, id := range page {
		list = append(list, viewConversation(s.conversations[id], asHTML))
	}
	answer(w, http.StatusOK, object{"type": "conversation.list", "pages": pages, "total_count": total, "conversations": list})
}

// newestFirst returns the ids of all conversations, the latest changed first.
func (s *Server) newestFirst() []string {
	ids := slices.Clone(s.order.conversations)
	slices.Reverse(ids)
	slices.SortStableFunc(ids, func(a, b string) int {
		return s.conversations[b].UpdatedAt.Compare(s.conversations[a].UpdatedAt)
	})
	return ids
}

func (s *Server) conversationField(id, name string) (string, bool) {
	v := s.conversations[id]
	switch name {
	case "id":
		return v.ID, true
	case "updated_at":
		return strconv.FormatInt(unix(v.UpdatedAt), 10), true
	case "created_at":
		return strconv.FormatInt(unix(v.CreatedAt), 10), true
	case "state":
		return v.State, true
	case "contact_ids":
		return v.contactID, true
	case "admin_assignee_id":
		return cmp.Or(v.AdminAssigneeID, "0"), true
	case "source.author.email":
		return v.Source.Author.Email, true
	}
	return "", false
}

func (s *Server) searchContacts(w http.ResponseWriter, r *http.Request) {
	var q searchRequest
	if !decode(w, r, &q) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	page, pages, total, err := matching(q, s.order.contacts, s.contactField)
	if err != nil {
		refuse(w, http.StatusBadRequest, "parameter_invalid", errs.Text(err))
		return
	}
	list := []object{}
	for _, id := range page {
		list = append(list, s.viewContact(s.contacts[id]))
	}
	answer(w, http.StatusOK, object{"type": "list", "pages": pages, "total_count": total, "data": list})
}

func (s *Server) contactField(id, name string) (string, bool) {
	c := s.contacts[id]
	switch name {
	case "id":
		return c.ID, true
	case "email":
		return c.Email, true
	case "external_id":
		return c.ExternalID, true
	case "name":
		return c.Name, true
	case "role":
		return c.Role, true
	}
	return "", false
}
