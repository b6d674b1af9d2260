package intercom

import (
	"encoding/json"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// CanvasRequest is an initialize or a submit call. What it says of contacts and
// conversations comes from Intercom, what a contact says of itself may not have
// been verified by anyone.
type CanvasRequest struct {
	WorkspaceID  string
	Region       string // as Intercom writes it: "US"; "" when not told
	Admin        Admin
	Contact      Contact
	Conversation Conversation
	// ComponentID is what was clicked; "" for initialize.
	ComponentID string
	// InputValues holds the fields by component id: texts, json.Number, booleans,
	// and []any of texts for a checkbox.
	InputValues map[string]any
	// StoredData is what the canvas before this one carried.
	StoredData map[string]any
	// Components are the raw components of the canvas before this one.
	Components []json.RawMessage
}

// Submit reports whether something was clicked.
func (r CanvasRequest) Submit() bool { return r.ComponentID != "" }

// Input returns a field's value as text; "" when it was not filled in.
func (r CanvasRequest) Input(id string) string { return attributeText(r.InputValues[id]) }

// Checked returns the options that are ticked in a checkbox. A lone text counts
// as one option.
func (r CanvasRequest) Checked(id string) []string {
	list, ok := r.InputValues[id].([]any)
	if !ok {
		if s := r.Input(id); s != "" {
			return []string{s}
		}
		return nil
	}
	var ids []string
	for _, v := range list {
		if s := attributeText(v); s != "" {
			ids = append(ids, s)
		}
	}
	return ids
}

// Stored returns a value of StoredData as text.
func (r CanvasRequest) Stored(key string) string { return attributeText(r.StoredData[key]) }

// ParseCanvasRequest decodes the body of an initialize or a submit call whose
// signature has been verified. The person is found under "contact" and under
// "customer", the workspace under "workspace_id" and under "app_id". Invalid
// when the body is not a JSON object or is nested too deeply, TooLarge over
// MaxBody.
func ParseCanvasRequest(body []byte) (CanvasRequest, error) {
	doc, err := document(body, MaxBody)
	if err != nil {
		return CanvasRequest{}, err
	}
	o := doc.object()
	if o == nil {
		return CanvasRequest{}, errs.E(errs.Invalid, "The request is not an object.")
	}
	canvas := o.get("current_canvas")
	r := CanvasRequest{
		WorkspaceID:  o.get("workspace_id", "app_id").text(),
		Region:       o.get("workspace_region").text(),
		Admin:        decodeAdmin(o.get("admin")),
		Contact:      decodeContact(o.get("contact", "customer", "user")),
		Conversation: decodeConversation(o.get("conversation").object()),
		ComponentID:  o.get("component_id").text(),
		InputValues:  o.get("input_values").fields(),
		StoredData:   canvas.get("stored_data").fields(),
	}
	if r.Conversation.ID == "" {
		r.Conversation.ID = o.get("context").get("conversation_id").id()
	}
	for _, c := range canvas.get("content", "components").items() {
		r.Components = append(r.Components, json.RawMessage(c))
	}
	return r, nil
}
