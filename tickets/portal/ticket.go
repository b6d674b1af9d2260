package portal

import (
	"html/template"
	"net/http"
	"slices"
	"time"

	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/tickets"
)

// ticketPage is a ticket as its caller reads it.
type ticketPage struct {
	Ref, Path, Title string
	Status           tickets.Status
	Description      template.HTML
	Solution         string // of a resolved or closed ticket, for the caller to judge
	Facts            []fact
	Entries          []entry
	Files            []attachment
	CanClose         bool
	CanReopen        bool
	CanReply         bool
	Limits           limits
	Reply            replyForm
}

// Of returns the mistake of a field of the reply form.
func (t ticketPage) Of(field string) string { return t.Reply.Of(field) }

// fact is an attribute with its value, or a time.
type fact struct {
	Label, Value string
	At           time.Time
}

// entry is an entry of the public log.
type entry struct {
	ID     int64
	Author string
	Own    bool // the visitor wrote it
	At     time.Time
	Text   template.HTML
	Synced bool   // it came from Intercom
	Source string // where it is to be found there, "" for nowhere
}

// attachment is a public file of the ticket.
type attachment struct {
	Name, Link, Author string
	Own                bool
	Size               int64
	At                 time.Time
}

// limits is what the forms say about files.
type limits struct {
	Files int
	Bytes int64
}

// replyForm is the form below a ticket. After is the last entry that the visitor
// saw of their own.
type replyForm struct {
	Text   string
	After  int64
	Errors []item
	*mistakes
}

func (p *Portal) limits() limits { return limits{Files: maxFiles, Bytes: p.conf.MaxFile} }

// ticket returns the ticket that the address names.
func (p *Portal) ticket(v *visit) (tickets.Ticket, error) {
	return p.tickets.ByRef(v.ctx(), v.actor(), v.Param("ref"))
}

func (p *Portal) showTicket(v *visit) error {
	t, err := p.ticket(v)
	if err != nil {
		return err
	}
	if v.Param("ref") != t.Ref { // "r-1" is the same ticket, but one page has one address
		v.see(ticketPath(t))
		return nil
	}
	return p.renderTicket(v, http.StatusOK, t, replyForm{mistakes: &mistakes{}})
}

// renderTicket shows a ticket with the reply form as it is.
func (p *Portal) renderTicket(v *visit, status int, t tickets.Ticket, form replyForm) error {
	entries, err := p.tickets.Entries(v.ctx(), v.actor(), t.ID, tickets.Public)
	if err != nil {
		return err
	}
	files, err := p.tickets.Attachments(v.ctx(), v.actor(), t.ID)
	if err != nil {
		return err
	}
	can, err := p.tickets.Can(v.ctx(), v.actor(), t)
	if err != nil {
		return err
	}
	page := ticketPage{
		Ref: t.Ref, Path: ticketPath(t), Title: t.Title, Status: t.Status, Description: present(t.Description),
		CanClose: slices.Contains(can, tickets.EvClose), CanReopen: slices.Contains(can, tickets.EvReopen), CanReply: mayReply(t),
		Limits: p.limits(), Reply: form,
	}
	if t.Status == tickets.StatusResolved || t.Status == tickets.StatusClosed {
		page.Solution = t.Solution
	}
	if page.Facts, err = p.facts(v, t); err != nil {
		return err
	}
	page.Entries, page.Files = p.publicEntries(v, entries), p.publicFiles(v, files)
	if form.After == 0 {
		page.Reply.After = lastOwn(page.Entries)
	}
	p.show(v, status, "ticket", t.Ref+" · "+t.Title, page)
	return nil
}

// mayReply reports whether there is anybody left to read an answer.
func mayReply(t tickets.Ticket) bool { return t.Status != tickets.StatusClosed }

// publicEntries keeps the public log alone. The desk gives an end user nothing
// else; that it is looked at once more is deliberate (SEC-033).
func (p *Portal) publicEntries(v *visit, list []tickets.Entry) []entry {
	out := make([]entry, 0, len(list))
	for _, e := range list {
		if e.Log != tickets.Public {
			continue
		}
		out = append(out, entry{ID: e.ID, Author: e.Author, Own: e.PersonID == v.who.PersonID, At: e.At.In(p.conf.Location), Text: present(e.HTML),
			Synced: e.Synced, Source: safeLink(e.Source)})
	}
	return out
}

func (p *Portal) publicFiles(v *visit, list []tickets.Attachment) []attachment {
	var out []attachment
	for _, f := range list {
		if f.Log != tickets.Public {
			continue
		}
		out = append(out, attachment{Name: f.Name, Link: root + "/files/" + f.ID, Author: f.Author, Own: f.PersonID == v.who.PersonID, Size: f.Size,
			At: f.CreatedAt.In(p.conf.Location)})
	}
	return out
}

// lastOwn is the newest entry that the visitor wrote, 0 for none.
func lastOwn(list []entry) int64 {
	var last int64
	for _, e := range list {
		if e.Own {
			last = max(last, e.ID)
		}
	}
	return last
}

// facts are the attributes that end users see, those without a value left out.
func (p *Portal) facts(v *visit, t tickets.Ticket) ([]fact, error) {
	list := []fact{
		{Label: v.T("field.opened"), At: t.StartDate.In(p.conf.Location)},
		{Label: v.T("field.updated"), At: t.LastUpdate.In(p.conf.Location)},
		{Label: v.T("field.urgency"), Value: v.T("urgency." + string(rune('0'+t.Urgency)))},
		{Label: v.T("field.service"), Value: t.ServiceName},
		{Label: v.T("field.subservice"), Value: t.ServiceSubcategoryName},
		{Label: v.T("field.organisation"), Value: t.OrgName},
		{Label: v.T("field.agent"), Value: t.AgentName},
		{Label: v.T("field.team"), Value: t.TeamName},
	}
	if !t.ResolutionDate.IsZero() {
		list = append(list, fact{Label: v.T("field.resolved"), At: t.ResolutionDate.In(p.conf.Location)})
	}
	if !t.CloseDate.IsZero() {
		list = append(list, fact{Label: v.T("field.closed"), At: t.CloseDate.In(p.conf.Location)})
	}
	defs, err := p.tickets.CustomFields(v.ctx(), v.actor(), t.Class)
	if err != nil {
		return nil, err
	}
	for _, d := range defs {
		list = append(list, fact{Label: d.Label, Value: customText(v, d, t.Custom[d.Code])})
	}
	return slices.DeleteFunc(list, func(f fact) bool { return f.Value == "" && f.At.IsZero() }), nil
}

// customText writes the raw value of a custom field for people.
func customText(v *visit, d tickets.CustomField, raw string) string {
	switch {
	case raw == "":
		return ""
	case d.Type == tickets.FieldBool:
		return v.T("bool." + raw)
	case d.Type == tickets.FieldEnum:
		for _, o := range d.Options {
			if o.Value == raw {
				return o.Label
			}
		}
	case d.Type == tickets.FieldDuration:
		if n, err := time.ParseDuration(raw + "s"); err == nil {
			return n.String()
		}
	}
	return raw
}

// move applies what the visitor decided about a solution. A ticket that is there
// already, because the form was sent twice, is fine.
func (p *Portal) move(v *visit, by tickets.Stimulus, notice string, done func(tickets.Status) bool) error {
	if err := v.readForm(maxForm); err != nil {
		return err
	}
	t, err := p.ticket(v)
	if err != nil {
		return err
	}
	if !done(t.Status) {
		if _, err := p.tickets.Apply(v.ctx(), v.actor(), t.ID, by, tickets.Patch{}); err != nil {
			return p.movedMeanwhile(v, t.ID, err, done)
		}
	}
	v.tell(notice)
	v.see(ticketPath(t))
	return nil
}

// movedMeanwhile forgives a refusal when the ticket is by now where the visitor
// wanted it.
func (p *Portal) movedMeanwhile(v *visit, id int64, err error, done func(tickets.Status) bool) error {
	if !errs.Is(err, errs.Conflict) && !errs.Is(err, errs.Forbidden) {
		return err
	}
	t, again := p.tickets.Ticket(v.ctx(), v.actor(), id)
	if again != nil {
		return again
	}
	if !done(t.Status) {
		return errs.Wrap(err, errs.Conflict, "The state of the ticket does not allow this.")
	}
	v.see(ticketPath(t))
	return nil
}

func (p *Portal) close(v *visit) error {
	return p.move(v, tickets.EvClose, noticeClosed, func(s tickets.Status) bool { return s == tickets.StatusClosed })
}

func (p *Portal) reopen(v *visit) error {
	return p.move(v, tickets.EvReopen, noticeReopened, func(s tickets.Status) bool { return s == tickets.StatusAssigned })
}
