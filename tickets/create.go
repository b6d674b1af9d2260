package tickets

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

const (
	maxTitle = 255
	maxToken = 200
	maxLine  = 255      // other texts of one line
	maxText  = 64 << 10 // runes of a plain text, such as the solution
)

// Create makes a ticket in state new, with a ref of its own, its first log
// entries and its place in the search index, in one transaction.
//
// The error is Invalid with every mistake by attribute code, Forbidden when the
// actor may not create, and NotFound when the desk does not exist.
func (s *Service) Create(ctx context.Context, a Actor, n NewTicket) (Ticket, error) {
	list, err := s.CreateMany(ctx, a, []NewTicket{n})
	if err != nil {
		return Ticket{}, err
	}
	return list[0], nil
}

// CreateMany is Create for several tickets, all or none of them. Mistakes are
// those of the first ticket that has any.
func (s *Service) CreateMany(ctx context.Context, a Actor, ns []NewTicket) ([]Ticket, error) {
	if err := a.mayWrite(); err != nil {
		return nil, err
	}
	var out []Ticket
	make := func(tx *gorm.DB) error {
		out = nil
		for _, n := range ns {
			t, err := s.create(tx, a, n)
			if err != nil {
				return err
			}
			out = append(out, *t)
		}
		return nil
	}
	err := s.db.Write(ctx, make)
	if db.IsUnique(err) { // another node had the same token at the same moment
		err = s.db.Write(ctx, make)
	}
	return out, err
}

func (s *Service) create(tx *gorm.DB, a Actor, n NewTicket) (*Ticket, error) {
	if n.Token != "" && a.Access < AccessSystem {
		n.Token = fmt.Sprintf("u%d:%s", a.UserID, n.Token) // nobody meets another's token
	}
	if n.Token != "" && cleanLine(n.Token) == n.Token {
		id, err := ticketByToken(tx, a.DeskID, n.Token)
		if err != nil {
			return nil, err
		}
		if id != 0 {
			t, _, err := s.visible(tx, a, "t.id = ?", id)
			return t, err
		}
	}
	seq, err := bump(tx, a.DeskID)
	if err != nil {
		return nil, err
	}
	t, err := s.draft(tx, a, n)
	if err != nil {
		return nil, err
	}
	t.ChangeSeq = seq
	if t.Ref, err = nextRef(tx, a.DeskID, t.Class); err != nil {
		return nil, err
	}
	if err := insertTicket(tx, t, n.Token); err != nil {
		return nil, err
	}
	if err := s.notify(tx, a, Change{Kind: Created, At: t.StartDate.Time}, t); err != nil {
		return nil, err
	}
	public, private := headWords(t), newWordSet("")
	for _, e := range n.Log {
		entry, err := s.entry(a, t, e)
		if err != nil {
			return nil, err
		}
		if _, err := s.addEntry(tx, a, t, entry, public, private); err != nil {
			return nil, err
		}
	}
	if err := insertSearch(tx, t.ID, searchDoc{Scope: scopeTokens(t), Public: public.String(), Private: private.String()}); err != nil {
		return nil, err
	}
	return ticketOf(tx, a.DeskID, "t.id = ?", t.ID)
}

// headWords are the words of what every reader of a ticket sees first.
func headWords(t *Ticket) *wordSet {
	w := newWordSet("")
	w.add(t.Ref)
	w.add(t.Title)
	w.add(TextFromHTML(t.Description))
	w.add(TextFromHTML(t.Solution))
	return w
}

// draft makes a valid ticket of what was asked for.
func (s *Service) draft(tx *gorm.DB, a Actor, n NewTicket) (*Ticket, error) {
	now := db.TimeOf(s.c.Now())
	t := &Ticket{
		DeskID: a.DeskID, Class: n.Class, Title: cleanLine(n.Title), Description: CleanHTML(n.Description), Status: StatusNew,
		Urgency: n.Urgency, Impact: n.Impact, Origin: n.Origin,
		OrgID: n.OrgID, CallerID: n.CallerID, AgentID: n.AgentID, TeamID: n.TeamID, ServiceID: n.ServiceID, ServiceSubcategoryID: n.ServiceSubcategoryID,
		Custom: Values{}, StartDate: now, LastUpdate: now, Version: 1,
	}
	var bad errs.Fields
	if a.Access == AccessOwn {
		if err := s.own(tx, a, n, t, &bad); err != nil {
			return nil, err
		}
	}
	if a.Access < AccessSystem && (n.Link != (Link{}) || len(n.Log) > 0) {
		return nil, errNotAllowed()
	}
	t.setLink(n.Link)
	if t.Urgency == 0 {
		t.Urgency = 4
	}
	if t.Impact == 0 {
		t.Impact = 3
	}
	if t.Origin == "" {
		t.Origin = OriginPhone
	}
	if t.Class == "" {
		t.Class = UserRequest
	}
	if !t.Class.Valid() {
		bad.Add("class", "Choose UserRequest or Incident.")
	}
	if len(n.Token) > maxToken || cleanLine(n.Token) != n.Token {
		bad.Add("token", "At most %d printable characters.", maxToken)
	}
	if len(n.Description) > maxHTML {
		bad.Add("description", "At most %d KiB.", maxHTML>>10)
	}
	defs, err := customFieldsOf(tx, a.DeskID, t.Class)
	if err != nil {
		return nil, err
	}
	setCustom(t, defs, n.Custom, s.c.Location, &bad)
	requireCustom(t, defs, &bad)
	if err := s.validate(tx, t, nil, &bad); err != nil {
		return nil, err
	}
	t.Priority = Priority(t.Impact, t.Urgency)
	return t, bad.Err()
}

// own puts an end user's own person and organisation into their ticket, and
// refuses what is not theirs to say (SEC-019).
func (s *Service) own(tx *gorm.DB, a Actor, n NewTicket, t *Ticket, bad *errs.Fields) error {
	if a.PersonID == 0 {
		return errNotAllowed()
	}
	p, err := personOf(tx, a.DeskID, a.PersonID)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		code string
		set  bool
	}{
		{"agent_id", n.AgentID != 0}, {"team_id", n.TeamID != 0}, {"origin", n.Origin != "" && n.Origin != OriginPortal},
		{"caller_id", n.CallerID != 0 && n.CallerID != p.ID}, {"org_id", n.OrgID != 0 && n.OrgID != p.OrgID},
	} {
		if f.set {
			bad.Add(f.code, "This is not yours to set.")
		}
	}
	t.CallerID, t.OrgID, t.AgentID, t.TeamID, t.Origin = p.ID, p.OrgID, 0, 0, OriginPortal
	return nil
}

// validate checks the attributes and everything that they refer to. Of a ticket
// that is being changed, before is what it was: what did not change is not
// looked at again, so that an old ticket stays workable after its caller
// became obsolete.
func (s *Service) validate(tx *gorm.DB, t, before *Ticket, bad *errs.Fields) error {
	if t.Title == "" {
		bad.Add("title", "A title is needed.")
	} else if runes(t.Title) > maxTitle {
		bad.Add("title", "At most %d characters.", maxTitle)
	}
	if t.Description == "" && (before == nil || before.Description != "") {
		bad.Add("description", "A description is needed.")
	}
	if len(t.Description) > maxHTML {
		bad.Add("description", "At most %d KiB.", maxHTML>>10)
	}
	if t.Urgency < 1 || t.Urgency > 4 {
		bad.Add("urgency", "Choose 1 (critical) to 4 (low).")
	}
	if t.Impact < 1 || t.Impact > 3 {
		bad.Add("impact", "Choose 1 (a department), 2 (a service) or 3 (a person).")
	}
	switch t.Origin {
	case OriginInPerson, OriginChat, OriginMail, OriginPhone, OriginPortal:
	default:
		bad.Add("origin", "Choose in_person, chat, mail, phone or portal.")
	}
	for _, f := range []struct {
		code, text string
		most       int
	}{
		{"solution", t.Solution, maxText}, {"pending_reason", t.PendingReason, maxText}, {"resolution_code", t.ResolutionCode, maxLine},
		{"intercom_ref", t.IntercomRef, maxLine}, {"intercom_url", t.IntercomURL, 2048},
	} {
		if runes(f.text) > f.most {
			bad.Add(f.code, "At most %d characters.", f.most)
		}
	}
	if t.IntercomURL != "" && !isWebAddress(t.IntercomURL) {
		bad.Add("intercom_url", "This must be an http or https address.")
	}
	return validateRefs(tx, t, before, bad)
}

func (s *Service) notify(tx *gorm.DB, a Actor, c Change, t *Ticket) error {
	if s.c.Notify == nil {
		return nil
	}
	c.DeskID, c.TicketID, c.Class, c.Ref, c.Actor = t.DeskID, t.ID, t.Class, t.Ref, a
	return s.c.Notify(tx, c)
}
