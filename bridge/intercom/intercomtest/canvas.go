package intercomtest

import (
	"context"
	"encoding/json"
	"time"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// CanvasCall is a teammate opening the app in a conversation or, with a
// ComponentID, clicking something in it.
type CanvasCall struct {
	ConversationID string          `json:"conversation_id"`
	AdminID        string          `json:"admin_id"`
	ComponentID    string          `json:"component_id"`
	InputValues    map[string]any  `json:"input_values"`
	CurrentCanvas  json.RawMessage `json:"current_canvas"` // CanvasAnswer.Canvas of the answer before
}

// CanvasAnswer is what the app answered. Error says why Intercom would not draw
// it: no answer, a status other than 200, or a canvas that breaks a rule.
type CanvasAnswer struct {
	Status int             `json:"status"`
	MS     int64           `json:"ms"`
	Canvas json.RawMessage `json:"canvas"` // null unless there was one
	Error  string          `json:"error"`

	Body   []byte          `json:"-"` // the whole answer, for a judge
	Parsed intercom.Canvas `json:"-"`
}

// Initialize opens the app in a conversation.
func (s *Server) Initialize(ctx context.Context, conversationID, adminID string) (CanvasAnswer, error) {
	return s.Canvas(ctx, CanvasCall{ConversationID: conversationID, AdminID: adminID})
}

// Submit clicks a component of the canvas that an earlier call answered.
func (s *Server) Submit(ctx context.Context, conversationID, adminID string, before CanvasAnswer, componentID string, inputs map[string]any) (CanvasAnswer, error) {
	return s.Canvas(ctx, CanvasCall{
		ConversationID: conversationID, AdminID: adminID, ComponentID: componentID, InputValues: inputs, CurrentCanvas: before.Canvas,
	})
}

// canvasTimeout is how long the stand-in waits for a canvas. Intercom states no
// limit.
const canvasTimeout = 10 * time.Second

// Canvas makes a signed canvas call and checks the answer by the rules of
// Canvas Kit. NotFound when there is no such conversation or teammate; faults of
// the app are in the answer.
func (s *Server) Canvas(ctx context.Context, c CanvasCall) (CanvasAnswer, error) {
	body, address, secret, err := s.canvasRequest(c)
	if err != nil {
		return CanvasAnswer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, canvasTimeout)
	defer cancel()
	began := time.Now()
	var a CanvasAnswer
	a.Status, err = s.post(ctx, address, body, intercom.CanvasHeader, intercom.SignCanvas(secret, body), &a.Body)
	a.MS = time.Since(began).Milliseconds()
	switch {
	case err != nil:
		a.Error = err.Error()
	case a.Status != 200:
		a.Error = "The app did not answer with status 200."
	default:
		a.read()
	}
	return a, nil
}

// read takes the canvas out of the body.
func (a *CanvasAnswer) read() {
	var err error
	if a.Parsed, err = intercom.ParseCanvas(a.Body); err != nil {
		a.Error = err.Error()
	}
	var w struct {
		Canvas json.RawMessage `json:"canvas"`
	}
	if json.Unmarshal(a.Body, &w) == nil && len(w.Canvas) > 0 {
		a.Canvas = w.Canvas
	}
}

func (s *Server) canvasRequest(c CanvasCall) (body []byte, address, secret string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.conversations[c.ConversationID]
	if !ok {
		return nil, "", "", errs.E(errs.NotFound, "There is no such conversation.")
	}
	a, ok := s.admins[c.AdminID]
	if !ok {
		return nil, "", "", errs.E(errs.NotFound, "There is no such admin.")
	}
	o := object{
		"workspace_id": s.c.WorkspaceID, "workspace_region": region(s.c.Region),
		"admin": viewAdmin(a), "conversation": viewWhole(v, asHTML), "contact": s.viewContact(s.contacts[v.contactID]),
	}
	address = s.c.InitializeURL
	if c.ComponentID != "" {
		address = s.c.SubmitURL
		o["component_id"] = c.ComponentID
		o["input_values"], o["current_canvas"] = c.InputValues, c.CurrentCanvas
		if c.InputValues == nil {
			o["input_values"] = object{}
		}
		if len(c.CurrentCanvas) == 0 {
			o["current_canvas"] = object{"content": object{"components": []object{}}}
		}
	}
	body, err = json.Marshal(o)
	return body, address, s.secret, errs.Wrap(err, errs.Invalid, "The canvas call cannot be written.")
}
