package tickets

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// Update changes attributes. The error is Conflict when the ticket has another
// version than the patch was made from, Invalid with every mistake by attribute
// code, NotFound when the actor cannot see the ticket, Forbidden when they may
// only see it. End users change nothing this way.
func (s *Service) Update(ctx context.Context, a Actor, id int64, p Patch) (Ticket, error) {
	if a.Access == AccessOwn {
		if _, err := s.Ticket(ctx, a, id); err != nil {
			return Ticket{}, err
		}
		return Ticket{}, errNotAllowed()
	}
	return s.change(ctx, a, id, func(tx *gorm.DB, t *Ticket) error { return s.patch(tx, t, p) })
}

// SetLink writes the conversation's reference, address and sync flag (IC-12,
// IC-13, IC-21). AccessSystem only.
func (s *Service) SetLink(ctx context.Context, a Actor, id int64, l Link) (Ticket, error) {
	if a.Access < AccessSystem {
		return Ticket{}, errNotAllowed()
	}
	return s.change(ctx, a, id, func(tx *gorm.DB, t *Ticket) error {
		before := *t
		t.setLink(l)
		var bad errs.Fields
		if err := s.validate(tx, t, &before, &bad); err != nil {
			return err
		}
		return bad.Err()
	})
}

func (t *Ticket) setLink(l Link) {
	t.IntercomRef, t.IntercomURL, t.IntercomSyncActivated = cleanLine(l.Ref), cleanLine(l.URL), l.Active
}

// Apply moves the ticket along the state machine and changes attributes with
// it. The error is Conflict when the state does not allow the stimulus, Invalid
// when the move needs an attribute (a solution to resolve, a reason to wait, a
// team or an agent to assign), otherwise as for Update. An end user may close
// or re-open a resolved ticket, without a patch.
func (s *Service) Apply(ctx context.Context, a Actor, id int64, by Stimulus, p Patch) (Ticket, error) {
	return s.change(ctx, a, id, func(tx *gorm.DB, t *Ticket) error {
		from := t.Status
		to, ok := from.Next(by)
		if a.Access == AccessOwn && (!p.empty() || ok && !ownerMay(from, by)) {
			return errNotAllowed()
		}
		if !ok {
			return errs.E(errs.Conflict, "A ticket in state %q cannot take %s.", from, by)
		}
		if err := s.patch(tx, t, p); err != nil {
			return err
		}
		if err := needs(t, by); err != nil {
			return err
		}
		t.move(to, by, db.TimeOf(s.c.Now()))
		return nil
	})
}

// Can returns the stimuli that the actor may apply to the ticket as it is.
func (s *Service) Can(ctx context.Context, a Actor, t Ticket) ([]Stimulus, error) {
	r, err := reachOf(s.db.Read(ctx), a)
	if err != nil || a.mayWrite() != nil || !r.sees(&t) {
		return nil, err
	}
	var out []Stimulus
	for _, by := range t.Status.Stimuli() {
		if r.changes(&t) || a.Access == AccessOwn && ownerMay(t.Status, by) {
			out = append(out, by)
		}
	}
	return out, nil
}

// ownerMay says what the end user does themselves: accept a solution or not.
func ownerMay(from Status, by Stimulus) bool {
	return from == StatusResolved && (by == EvClose || by == EvReopen)
}

// needs refuses a move that lacks what it is about.
func needs(t *Ticket, by Stimulus) error {
	var bad errs.Fields
	switch by {
	case EvAssign, EvReassign:
		if t.TeamID == 0 && t.AgentID == 0 {
			bad.Add("team_id", "Choose a team or an agent.")
		}
	case EvPending:
		if t.PendingReason == "" {
			bad.Add("pending_reason", "Say what the ticket waits for.")
		}
	case EvResolve:
		if t.Solution == "" {
			bad.Add("solution", "Say how it was solved.")
		}
	}
	return bad.Err()
}

// move puts the ticket into its next state.
func (t *Ticket) move(to Status, by Stimulus, now db.Time) {
	if t.Status == StatusPending {
		t.PendingReason = ""
	}
	t.Status = to
	switch by {
	case EvAssign, EvReassign:
		t.AssignmentDate = now
	case EvResolve:
		t.ResolutionDate = now
	case EvClose:
		t.CloseDate = now
	case EvReopen:
		t.ResolutionDate, t.CloseDate = db.Time{}, db.Time{}
	}
}

// change runs fn on a ticket that the actor may change, and stores what came
// out of it: the ticket, a row of history for each attribute, the index.
func (s *Service) change(ctx context.Context, a Actor, id int64, fn func(tx *gorm.DB, t *Ticket) error) (Ticket, error) {
	if err := a.mayWrite(); err != nil {
		return Ticket{}, err
	}
	var out Ticket
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		seq, err := bump(tx, a.DeskID)
		if err != nil {
			return err
		}
		t, r, err := s.visible(tx, a, "t.id = ?", id)
		if err != nil {
			return err
		}
		if !r.changes(t) && a.Access != AccessOwn {
			return errs.E(errs.Forbidden, "You may see this ticket, but not change it.")
		}
		before := *t
		if err := fn(tx, t); err != nil {
			return err
		}
		if err := s.store(tx, a, t, &before, seq); err != nil {
			return err
		}
		if t.Status != before.Status {
			if err := s.notify(tx, a, Change{Kind: Moved, At: s.c.Now(), From: before.Status, To: t.Status}, t); err != nil {
				return err
			}
		}
		after, err := ticketOf(tx, a.DeskID, "t.id = ?", id)
		if err == nil {
			out = *after
		}
		return err
	})
	return out, err
}

func (s *Service) store(tx *gorm.DB, a Actor, t, before *Ticket, seq int64) error {
	now := db.TimeOf(s.c.Now())
	changed := 0
	old, fresh := before.attributes(), t.attributes()
	for i, f := range fresh {
		if f.value == old[i].value {
			continue
		}
		changed++
		err := insertChange(tx, AttributeChange{TicketID: t.ID, At: now, UserID: a.UserID, Actor: a.Name, Attribute: f.code, Old: old[i].value, New: f.value})
		if err != nil {
			return err
		}
	}
	if changed == 0 && t.AssignmentDate.Equal(before.AssignmentDate.Time) {
		return nil
	}
	t.Version, t.LastUpdate, t.ChangeSeq = before.Version+1, now, seq
	if err := updateTicket(tx, t); err != nil {
		return err
	}
	return s.reindex(tx, t, before)
}

// reindex brings the search index in line with a changed ticket.
func (s *Service) reindex(tx *gorm.DB, t, before *Ticket) error {
	words := t.Title != before.Title || t.Description != before.Description || t.Solution != before.Solution
	scope := scopeTokens(t)
	if !words && scope == scopeTokens(before) {
		return nil
	}
	doc, err := searchDocOf(tx, t.ID)
	if err != nil {
		return err
	}
	doc.Scope = scope
	if words {
		public := headWords(t)
		if err := eachText(tx, t.ID, Public, func(html string) { public.add(TextFromHTML(html)) }); err != nil {
			return err
		}
		doc.Public = public.String()
	}
	return updateSearch(tx, t.ID, doc)
}

// patch applies a patch to the ticket in memory and validates the result.
func (s *Service) patch(tx *gorm.DB, t *Ticket, p Patch) error {
	if p.Version != 0 && p.Version != t.Version {
		return errs.E(errs.Conflict, "The ticket was changed meanwhile: it has version %d by now.", t.Version)
	}
	before := *t
	var bad errs.Fields
	setText(&t.Title, p.Title, cleanLine)
	setText(&t.Description, p.Description, CleanHTML)
	setText(&t.Solution, p.Solution, cleanText)
	setText(&t.ResolutionCode, p.ResolutionCode, cleanLine)
	setText(&t.PendingReason, p.PendingReason, cleanText)
	set(&t.Urgency, p.Urgency)
	set(&t.Impact, p.Impact)
	set(&t.Origin, p.Origin)
	set(&t.OrgID, p.OrgID)
	set(&t.CallerID, p.CallerID)
	set(&t.AgentID, p.AgentID)
	set(&t.TeamID, p.TeamID)
	set(&t.ServiceID, p.ServiceID)
	set(&t.ServiceSubcategoryID, p.ServiceSubcategoryID)
	if p.ServiceID != nil && p.ServiceSubcategoryID == nil && t.ServiceID != before.ServiceID {
		t.ServiceSubcategoryID = 0 // it was part of the other service
	}
	if p.Description != nil && len(*p.Description) > maxHTML {
		bad.Add("description", "At most %d KiB.", maxHTML>>10)
	}
	if len(p.Custom) > 0 {
		defs, err := customFieldsOf(tx, t.DeskID, t.Class)
		if err != nil {
			return err
		}
		t.Custom = before.Custom.clone()
		setCustom(t, defs, p.Custom, s.c.Location, &bad)
		requireCustom(t, changedFields(defs, p.Custom), &bad)
	}
	if err := s.validate(tx, t, &before, &bad); err != nil {
		return err
	}
	t.Priority = Priority(t.Impact, t.Urgency)
	return bad.Err()
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func setText(to, from *string, clean func(string) string) {
	if from != nil {
		*to = clean(*from)
	}
}

func (p Patch) empty() bool {
	custom := p.Custom
	p.Custom, p.Version = nil, 0
	b, err := json.Marshal(p)
	e, err2 := json.Marshal(Patch{})
	return err == nil && err2 == nil && string(b) == string(e) && len(custom) == 0
}

// attribute is one attribute's raw value, as the history keeps it.
type attribute struct{ code, value string }

// attributes returns the attributes that the history follows, always in the
// same order; custom fields as one.
func (t *Ticket) attributes() []attribute {
	id := func(n int64) string { return strconv.FormatInt(n, 10) }
	custom, _ := t.Custom.Value()
	return []attribute{
		{"title", t.Title}, {"description", t.Description}, {"status", string(t.Status)},
		{"urgency", strconv.Itoa(t.Urgency)}, {"impact", strconv.Itoa(t.Impact)}, {"priority", strconv.Itoa(t.Priority)}, {"origin", string(t.Origin)},
		{"org_id", id(t.OrgID)}, {"caller_id", id(t.CallerID)}, {"agent_id", id(t.AgentID)}, {"team_id", id(t.TeamID)},
		{"service_id", id(t.ServiceID)}, {"servicesubcategory_id", id(t.ServiceSubcategoryID)},
		{"intercom_ref", t.IntercomRef}, {"intercom_url", t.IntercomURL}, {"intercom_sync_activated", yesNo(t.IntercomSyncActivated)},
		{"solution", t.Solution}, {"resolution_code", t.ResolutionCode}, {"pending_reason", t.PendingReason}, {"custom", custom.(string)},
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// isWebAddress reports whether a link may be offered to people.
func isWebAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
