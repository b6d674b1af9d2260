package intercomjudge

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/deskbridge/deskbridge/bridge/intercom"
)

// addMissing adds the one schema that description 2.11 refers to and does not
// have; without it the description cannot be loaded at all.
func addMissing(description []byte) []byte {
	return bytes.Replace(description, []byte("\n  schemas:\n"),
		[]byte("\n  schemas:\n    custom_attributes:\n      type: object\n"), 1)
}

// relaxCanvas corrects, in one step, where description 2.11 contradicts itself
// or its own documentation. Nothing else is relaxed.
//
//   - A list item with an image fits both branches of its oneOf, so that oneOf
//     can never hold: read it as anyOf.
//   - current_canvas is wrapped in an object of its own name, which no request
//     does: it is the canvas itself.
//   - Inbox requests have no context, card_creation_options or user, which the
//     description wants because it shares one schema with the Messenger.
//   - Conversations inside requests follow the app's version: their priority has
//     other words since 2.16, and topics are gone.
func relaxCanvas(doc *openapi3.T) {
	schemas := doc.Components.Schemas
	items := schemas["list_component"].Value.Properties["items"].Value.Items.Value
	items.AnyOf, items.OneOf = items.OneOf, nil

	schemas["submit_request"].Value.Properties["current_canvas"] = schemas["canvas_object"]

	conversation := schemas["conversation"].Value
	conversation.Properties["priority"].Value.Enum = nil
	conversation.Required = slices.DeleteFunc(conversation.Required, func(name string) bool { return name == "topics" })

	schemas["initialize_request"].Value.Required = []string{"workspace_id", "workspace_region", "admin", "conversation", "contact"}
	schemas["submit_request"].Value.Required = []string{
		"workspace_id", "workspace_region", "admin", "conversation", "contact", "component_id", "current_canvas", "input_values",
	}
}

// JudgeCanvas fails the test unless raw, the whole body of our answer to an
// initialize or a submit call, fits Intercom's description and the limits that
// the description does not encode (2 to 10 options, unique ids, known fields).
func JudgeCanvas(t testing.TB, raw []byte) {
	t.Helper()
	schemas := loadCanvas(t)
	for _, name := range []string{"initialize_response", "submit_response"} {
		if err := visit(schemas[name], raw); err != nil {
			t.Errorf("the canvas does not fit %s of Intercom's description: %v\n%s", name, err, raw)
			return
		}
	}
	if _, err := intercom.ParseCanvas(raw); err != nil {
		t.Errorf("the canvas breaks a limit: %v\n%s", err, raw)
	}
}

// JudgeCanvasRequest fails the test unless raw fits what Intercom's description
// says of inbox requests: it is for stand-ins that play Intercom.
func JudgeCanvasRequest(t testing.TB, raw []byte) {
	t.Helper()
	schemas := loadCanvas(t)
	name := "initialize_request"
	if bytes.Contains(raw, []byte(`"component_id"`)) {
		name = "submit_request"
	}
	if err := visit(schemas[name], raw); err != nil {
		t.Errorf("the request does not fit %s of Intercom's description: %v\n%s", name, err, raw)
	}
}

func visit(s *openapi3.SchemaRef, raw []byte) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return err
	}
	return s.Value.VisitJSON(v, openapi3.MultiErrors(), openapi3.SetSchemaErrorMessageCustomizer(brief))
}

// brief is a complaint without the schema, which would fill pages.
func brief(err *openapi3.SchemaError) string {
	return "at /" + strings.Join(err.JSONPointer(), "/") + ": " + err.Reason
}
