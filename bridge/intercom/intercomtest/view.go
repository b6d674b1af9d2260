package intercomtest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/deskbridge/deskbridge/bridge/intercom"
)

// object is a JSON object of Intercom's.
type object map[string]any

func answer(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "server_error", err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b) //nolint:errcheck // the caller is gone
}

// requestID is in every error; Intercom's support asks for it.
const requestID = "b68959ea-6328-4f70-83cb-e7913dba1542"

func refuse(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, object{
		"type": "error.list", "request_id": requestID,
		"errors": []object{{"code": code, "message": message}},
	})
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func number(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func viewAdmin(a *intercom.Admin) object {
	return object{
		"type": "admin", "id": a.ID, "name": a.Name, "email": a.Email, "job_title": "",
		"away_mode_enabled": false, "away_mode_reassign": false, "has_inbox_seat": true, "team_ids": []int{},
	}
}

func (s *Server) viewContact(c *contact) object {
	o := object{
		"type": "contact", "id": c.ID, "workspace_id": s.c.WorkspaceID, "role": c.Role,
		"email": c.Email, "name": c.Name, "custom_attributes": c.CustomAttributes,
		"has_hard_bounced": false, "marked_email_as_spam": false, "unsubscribed_from_emails": false,
		"created_at": unix(c.createdAt), "updated_at": unix(c.createdAt),
		"social_profiles": object{"type": "list", "data": []object{}},
		"location":        object{"type": "location", "country": nil, "region": nil, "city": nil},
	}
	for _, unknown := range []string{
		"external_id", "phone", "avatar", "owner_id", "signed_up_at", "last_seen_at", "last_replied_at", "last_contacted_at",
		"last_email_opened_at", "last_email_clicked_at", "language_override", "browser", "browser_version", "browser_language", "os",
	} {
		o[unknown] = nil
	}
	if c.CustomAttributes == nil {
		o["custom_attributes"] = object{}
	}
	if c.ExternalID != "" {
		o["external_id"] = c.ExternalID
	}
	return o
}

func viewAttachments(p intercom.Part) []object {
	list := []object{}
	for _, a := range p.Attachments {
		list = append(list, object{
			"type": "upload", "name": a.Name, "url": a.URL, "content_type": a.ContentType, "filesize": a.Size,
		})
	}
	return list
}

func viewAuthor(a intercom.Author) object {
	return object{"type": a.Type, "id": a.ID, "name": a.Name, "email": a.Email}
}

// viewPart writes a part; body is the text to show, which differs between the
// REST API and webhooks.
func viewPart(p intercom.Part, body string) object {
	o := object{
		"type": "conversation_part", "id": p.ID, "part_type": p.PartType, "body": nil,
		"created_at": unix(p.CreatedAt), "updated_at": unix(p.UpdatedAt), "notified_at": unix(p.CreatedAt),
		"author": viewAuthor(p.Author), "attachments": viewAttachments(p), "external_id": nil, "redacted": p.Redacted,
		"app_package_code": nil,
	}
	if body != "" {
		o["body"] = body
	}
	if p.AppPackageCode != "" {
		o["app_package_code"] = p.AppPackageCode
	}
	if p.AssignedTo.ID != "" {
		o["assigned_to"] = object{"type": p.AssignedTo.Type, "id": p.AssignedTo.ID}
	}
	return o
}

// viewConversation writes a conversation without its parts.
func viewConversation(v *conversation, body func(string) string) object {
	people := []object{}
	for _, c := range v.Contacts {
		o := object{"type": "contact", "id": c.ID}
		if c.ExternalID != "" {
			o["external_id"] = c.ExternalID
		}
		people = append(people, o)
	}
	o := object{
		"type": "conversation", "id": v.ID, "title": v.Title,
		"created_at": unix(v.CreatedAt), "updated_at": unix(v.UpdatedAt),
		"waiting_since": nil, "snoozed_until": nil,
		"open": v.State != intercom.StateClosed, "state": v.State, "read": true, "priority": "none",
		"admin_assignee_id": number(v.AdminAssigneeID), "team_assignee_id": number(v.TeamAssigneeID),
		"contacts":  object{"type": "contact.list", "contacts": people},
		"teammates": object{"type": "admin.list", "teammates": []object{}}, "custom_attributes": object{},
		"source": object{
			"type": "conversation", "id": v.Source.ID, "delivered_as": "customer_initiated", "subject": "",
			"body": body(v.Source.Body), "author": viewAuthor(v.Source.Author),
			"attachments": viewAttachments(v.Source), "url": nil, "redacted": v.Source.Redacted,
		},
		"statistics": object{"type": "conversation_statistics", "count_conversation_parts": len(v.Parts)},
	}
	if v.Rating.Score != 0 {
		o["conversation_rating"] = object{
			"rating": v.Rating.Score, "remark": v.Rating.Remark, "created_at": unix(v.Rating.CreatedAt),
			"contact": object{"type": "contact", "id": v.contactID},
		}
	}
	return o
}

// partCap is how many parts Intercom gives at most, the newest ones.
const partCap = 500

// viewWhole writes a conversation as a reading of it gives it.
func viewWhole(v *conversation, body func(string) string) object {
	o := viewConversation(v, body)
	parts := v.Parts[max(0, len(v.Parts)-partCap):]
	o["conversation_parts"] = viewParts(parts, body)
	return o
}

func viewParts(parts []intercom.Part, body func(string) string) object {
	list := make([]object, 0, len(parts))
	for _, p := range parts {
		list = append(list, viewPart(p, body(p.Body)))
	}
	return object{"type": "conversation_part.list", "conversation_parts": list, "total_count": len(list)}
}

func asHTML(s string) string { return s }
