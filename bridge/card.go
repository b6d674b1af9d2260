package bridge

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// cardDeadline is how long a card may take: Intercom's patience is short and an
// agent's shorter.
const cardDeadline = 2 * time.Second

// Ids of what can be clicked. Those that the extension has too are the same as
// its own.
const (
	idHome        = "home"
	idCreate      = "create-ticket"
	idSubmit      = "create-ticket-submit"
	idWait        = "create-ticket-wait"
	idLinked      = "list-linked-tickets"
	idOngoing     = "list-ongoing-tickets"
	idSearch      = "search-tickets"
	idSearchWords = "search-tickets-words"
	idViewLinked  = "view-linked-ticket"
	idViewOngoing = "view-ongoing-ticket"
	idViewFound   = "view-found-ticket"
	idLink        = "link-ticket"
	idLinkCopy    = "link-ticket-with-conversation"
	idUnlink      = "unlink-ticket"
	idPause       = "pause-linked-tickets-submit"
	idResume      = "resume-linked-tickets-submit"
	idCatchUp     = "resume-linked-tickets-catch-up"
	idFailed      = "list-failed-messages"
	idRetry       = "retry-failed-messages"
	idOpen        = "open-ticket-in-itop"
	idRefresh     = "refresh"

	sep = "::"
)

// Keys of a canvas's stored data. The browser sees them.
const (
	keyForm   = "form"   // token of the creation form
	keyWords  = "words"  // what was searched for
	keyFlight = "flight" // answer that is still on its way
)

// card answers one canvas request.
type card struct {
	s   *Service
	w   *live
	req intercom.CanvasRequest
	raw json.RawMessage // the request's conversation as it came
	// contactApp is the Intercom workspace that the contact says it belongs to;
	// empty when it does not say.
	contactApp string
	conv       conversationRow // ID 0 when nothing of it is stored yet
	// began is when the request came in: what it tells was said before.
	began time.Time
	id    string // what was clicked, without its arguments
	args  []string
}

// Card answers a canvas request: signature is the X-Body-Signature header, body
// the raw bytes. It returns Denied when the signature is wrong or missing, and for
// a body whose workspace nobody knows or that cannot be read. Whatever else goes
// wrong is told on the card.
func (s *Service) Card(ctx context.Context, signature string, body []byte) (intercom.Canvas, error) {
	req, perr := intercom.ParseCanvasRequest(body)
	var w *live
	if perr == nil {
		var err error
		if w, err = s.rooms.byApp(ctx, req.WorkspaceID); err != nil && !errs.Is(err, errs.NotFound) {
			return intercom.Canvas{}, err
		}
	}
	if w == nil || intercom.VerifyCanvasAny(w.secrets, signature, body) != nil {
		s.counters.refused.Add(1)
		s.log.Warn("card refused: wrong signature or unknown workspace", "app_id", printable(req.WorkspaceID))
		return intercom.Canvas{}, errs.E(errs.Denied, "The signature does not match.")
	}
	return s.draw(ctx, w, req, body), nil
}

// Healthy answers Intercom's daily question whether the app works, signed like a
// canvas request.
func (s *Service) Healthy(ctx context.Context, signature string, body []byte) error {
	_, err := s.signedWorkspace(ctx, signature, body)
	return err
}

func (s *Service) signedWorkspace(ctx context.Context, signature string, body []byte) (*live, error) {
	req, err := intercom.ParseCanvasRequest(body)
	if err == nil {
		if w, err := s.rooms.byApp(ctx, req.WorkspaceID); err == nil && intercom.VerifyCanvasAny(w.secrets, signature, body) == nil {
			return w, nil
		}
	}
	return nil, errs.E(errs.Denied, "The signature does not match.")
}

// draw answers a request whose signature has been verified. It always returns a
// card that Intercom can show, within cardDeadline.
func (s *Service) draw(ctx context.Context, w *live, req intercom.CanvasRequest, body []byte) intercom.Canvas {
	c := &card{s: s, w: w, req: req, began: s.now()}
	var part struct {
		Conversation json.RawMessage `json:"conversation"`
		Contact      struct {
			WorkspaceID string `json:"workspace_id"`
		} `json:"contact"`
	}
	if err := json.Unmarshal(body, &part); err == nil {
		c.raw, c.contactApp = part.Conversation, part.Contact.WorkspaceID
	}
	parts := strings.Split(req.ComponentID, sep)
	c.id, c.args = parts[0], parts[1:]
	var f *flight
	if c.id == idRefresh {
		f = s.flights.take(req.Stored(keyFlight), w.id, req.Conversation.ID)
		c.id, c.args = idHome, nil // what the button stands for when the answer is gone
	}
	if f == nil {
		f = s.flights.start(ctx, w.id, req.Conversation.ID, c.finish)
	}
	wait := time.NewTimer(cardDeadline)
	defer wait.Stop()
	select {
	case <-f.done:
		s.flights.land(f)
		return f.canvas
	case <-wait.C:
	case <-ctx.Done():
	}
	slow := canvas(
		intercom.Paragraph("The ticket system takes longer than usual. Nothing is lost."),
		intercom.SubmitButton(idRefresh, "Refresh", intercom.StylePrimary), back(idHome))
	slow.StoredData = map[string]any{keyFlight: f.id}
	return slow
}

// finish answers the request, with a card about it when that fails.
func (c *card) finish(ctx context.Context) (out intercom.Canvas) {
	defer func() {
		if r := recover(); r != nil {
			c.s.log.Error("card panicked", "workspace", c.w.slug, "component", printable(c.id), "panic", r, "stack", string(debug.Stack()))
			out = c.failure(errs.E(errs.Internal, "card panicked"))
		}
	}()
	canvas, err := c.answer(ctx)
	if err == nil {
		err = errs.Wrap(canvas.Validate(), errs.Internal, "card is not valid")
	}
	if err == nil {
		return canvas
	}
	c.s.log.Warn("card shows an error", "workspace", c.w.slug, "conversation", printable(c.req.Conversation.ID), "component", printable(c.id), "error", err)
	return c.failure(err)
}

func (c *card) answer(ctx context.Context) (intercom.Canvas, error) {
	if id := c.req.Conversation.ID; id == "" || len(id) > maxID {
		return intercom.Canvas{}, errs.E(errs.Invalid, "Open a conversation to see its tickets.")
	}
	if c.contactApp != "" && c.contactApp != c.req.WorkspaceID {
		return intercom.Canvas{}, errs.E(errs.Invalid, "This contact belongs to another Intercom workspace.")
	}
	row, err := findConversation(c.s.db.Read(ctx), c.w.id, c.req.Conversation.ID)
	if err != nil {
		return intercom.Canvas{}, err
	}
	if row != nil {
		c.conv = *row
	}
	c.conv.RemoteID, c.conv.AppID, c.conv.WorkspaceID = c.req.Conversation.ID, c.req.WorkspaceID, c.w.id
	learn(&c.conv, Talk{Contact: contactOf(c.req.Contact)})
	switch c.id {
	case "", idHome:
		return c.home(ctx)
	case idLinked:
		return c.linked(ctx)
	case idOngoing:
		return c.ongoing(ctx)
	case idSearch:
		return c.search(ctx)
	case idViewLinked, idViewOngoing, idViewFound:
		return c.view(ctx)
	case idLink, idLinkCopy:
		return c.linkTicket(ctx)
	case idUnlink:
		return c.unlinkTicket(ctx)
	case idPause, idResume, idCatchUp:
		return c.pauseResume(ctx)
	case idCreate:
		return c.form(ctx)
	case idSubmit:
		return c.submit(ctx)
	case idWait:
		return c.await(ctx, c.req.Stored(keyForm))
	case idFailed:
		return c.failed(ctx)
	case idRetry:
		return c.retry(ctx)
	}
	return intercom.Canvas{}, errs.E(errs.Invalid, "This button is not known here. Go back and try again.")
}

// failure is the card for what went wrong: what happened, and what to do.
func (c *card) failure(err error) intercom.Canvas {
	again := c.req.ComponentID
	if again == "" || c.id != strings.Split(again, sep)[0] || len(again) > maxComponent {
		again = idHome + sep + "again" // two buttons of a card cannot have one id
	}
	return canvas(
		intercom.ErrorText(intercom.Escape(errs.Text(err))),
		intercom.SubmitButton(again, "Try again", intercom.StylePrimary),
		back(idHome),
	)
}

// maxComponent is the longest component id that is repeated on a card.
const maxComponent = 200

func canvas(cs ...intercom.Component) intercom.Canvas { return intercom.Canvas{Components: cs} }

func back(id string) intercom.Component {
	return intercom.SubmitButton(id, "Back", intercom.StyleLink)
}

func spacer(size intercom.Size) intercom.Component { return intercom.Spacer{Size: size} }

// cut shortens a text to n runes.
func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// admin is who pressed the button.
func (c *card) admin() adminRef {
	name := strings.TrimSpace(c.req.Admin.Name)
	if name == "" {
		name = "An agent"
	}
	return adminRef{ID: c.req.Admin.ID, Name: name}
}

// caller returns the desk's person behind the contact; the zero Person when the
// desk does not know them or they do not belong to this workspace.
func (c *card) caller(ctx context.Context) (desk.Person, error) {
	p, err := c.w.caller(ctx, c.conv, "")
	if err != nil || p.ID == "" {
		return desk.Person{}, err
	}
	ok, err := c.w.desk.InScope(ctx, c.w.scope(c.req.WorkspaceID), p)
	if err != nil || !ok {
		return desk.Person{}, err
	}
	return p, nil
}

// key returns the ticket that the clicked id names.
func (c *card) key() (desk.Key, error) {
	if len(c.args) < 2 || c.args[0] != c.w.class || c.args[1] == "" {
		return desk.Key{}, notFound("ticket")
	}
	return desk.Key{Class: c.args[0], ID: c.args[1]}, nil
}

// page returns the page number that the clicked id names, from 1 on.
func (c *card) page() int {
	if len(c.args) > 0 {
		if n, err := strconv.Atoi(c.args[len(c.args)-1]); err == nil && n > 0 && n < 1_000_000 {
			return n
		}
	}
	return 1
}

// visible reports whether an agent in this conversation may see a ticket: it is
// linked here, or belongs to the caller's organisation, or, with an unknown
// caller, to an organisation of the workspace.
func (c *card) visible(ctx context.Context, t desk.Ticket) (bool, error) {
	if c.conv.ID != 0 {
		l, err := linkByTicket(c.s.db.Read(ctx), c.w.place, t.Key)
		if err != nil {
			return false, err
		}
		if l != nil && l.ConversationID == c.conv.ID {
			return true, nil
		}
	}
	caller, err := c.caller(ctx)
	if err != nil {
		return false, err
	}
	if caller.ID != "" {
		return t.OrgID == caller.OrgID, nil
	}
	return c.w.desk.InScope(ctx, c.w.scope(c.req.WorkspaceID), desk.Person{OrgID: t.OrgID})
}

// ticket returns the ticket that the clicked id names, if it may be seen.
// Others' tickets answer like tickets that do not exist.
func (c *card) ticket(ctx context.Context, attributes []string) (desk.Ticket, error) {
	key, err := c.key()
	if err != nil {
		return desk.Ticket{}, err
	}
	t, err := c.w.desk.Ticket(ctx, key, attributes)
	if err != nil {
		if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Invalid) {
			return desk.Ticket{}, notFound("ticket")
		}
		return desk.Ticket{}, err
	}
	ok, err := c.visible(ctx, t)
	if err != nil {
		return desk.Ticket{}, err
	}
	if !ok {
		return desk.Ticket{}, notFound("ticket")
	}
	return t, nil
}

// newToken names a form, unguessably.
func newToken() string {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // never returns one on the platforms Go supports
	}
	return hex.EncodeToString(b[:])
}
