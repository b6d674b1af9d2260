package tickets

import (
	"context"
	"strings"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/errs"
)

const (
	defaultLimit = 20
	maxLimit     = 200
	maxMerge     = 2000 // rows of each state that a page may be merged from
	maxTokens    = 64   // alternatives of one kind that the search index is asked for
)

// Ticket returns a ticket that the actor may see.
func (s *Service) Ticket(ctx context.Context, a Actor, id int64) (Ticket, error) {
	return s.one(ctx, a, "t.id = ?", id)
}

// ByRef returns a ticket by its ref ("R-000001"), in any case.
func (s *Service) ByRef(ctx context.Context, a Actor, ref string) (Ticket, error) {
	w := refWord(ref)
	if w == "" {
		return Ticket{}, errNoTicket()
	}
	return s.one(ctx, a, "t.ref = ?", strings.ToUpper(w[:1])+"-"+w[1:])
}

func (s *Service) one(ctx context.Context, a Actor, where string, arg any) (Ticket, error) {
	t, _, err := s.visible(s.db.Read(ctx), a, where, arg)
	if err != nil {
		return Ticket{}, err
	}
	return *t, nil
}

// visible loads a ticket with the actor's reach; NotFound when they cannot see it.
func (s *Service) visible(tx *gorm.DB, a Actor, where string, arg any) (*Ticket, reach, error) {
	r, err := reachOf(tx, a)
	if err != nil {
		return nil, r, err
	}
	t, err := ticketOf(tx, a.DeskID, where, arg)
	if err != nil {
		return nil, r, err
	}
	if !r.sees(t) {
		return nil, r, errNoTicket()
	}
	return t, r, nil
}

// List returns a page of the tickets that the actor may see and the filter lets
// through, with their true number. With Filter.Words it is a search. The time
// it takes depends on what is found, not on how many tickets there are.
func (s *Service) List(ctx context.Context, a Actor, f Filter) (Page, error) {
	if err := f.check(); err != nil {
		return Page{}, err
	}
	tx := s.db.Read(ctx)
	ids, total, err := s.find(tx, a, f)
	if err != nil {
		return Page{}, err
	}
	list, err := ticketsOf(tx, a.DeskID, ids)
	return Page{Tickets: list, Total: total}, err
}

// Count returns how many tickets List would find.
func (s *Service) Count(ctx context.Context, a Actor, f Filter) (int, error) {
	if err := f.check(); err != nil {
		return 0, err
	}
	f.Limit = -1
	_, total, err := s.find(s.db.Read(ctx), a, f)
	return total, err
}

func (f *Filter) check() error {
	var bad errs.Fields
	if f.Class != "" && !f.Class.Valid() {
		bad.Add("class", "There is no class %q.", f.Class)
	}
	for _, s := range f.States {
		if !s.Valid() {
			bad.Add("status", "There is no state %q.", s)
		}
	}
	if _, ok := orders[f.Sort]; !ok {
		bad.Add("sort", "Sort by -id, id, -last_update or priority.")
	}
	if f.Offset < 0 {
		bad.Add("offset", "The offset cannot be negative.")
	}
	if f.Limit <= 0 {
		f.Limit = defaultLimit
	}
	f.Limit = min(f.Limit, maxLimit)
	f.IntercomRef = cleanLine(f.IntercomRef)
	return bad.Err()
}

// find returns a page of ids; a negative limit asks for the number only.
func (s *Service) find(tx *gorm.DB, a Actor, f Filter) ([]int64, int, error) {
	r, err := reachOf(tx, a)
	if err != nil {
		return nil, 0, err
	}
	if strings.TrimSpace(f.Words) != "" {
		return s.search(tx, r, f)
	}
	c := listConditions(r, f)
	var ids []int64
	if f.Limit > 0 {
		if f.merged(a) {
			ids, err = newestByState(tx, r, f)
		} else {
			order := orders[f.Sort]
			if f.few(a) {
				order = strings.Replace(order, "t.id", "t.id + 0", 1)
			}
			ids, err = listTicketIDs(tx, c, order, f.Limit, f.Offset)
		}
		if err != nil {
			return nil, 0, err
		}
		if lastPage(len(ids), f.Limit, f.Offset) {
			return ids, f.Offset + len(ids), nil
		}
	}
	total, err := countTickets(tx, c)
	return ids, total, err
}

func (s *Service) search(tx *gorm.DB, r reach, f Filter) ([]int64, int, error) {
	q := parseQuery(f.Words)
	if q.empty() {
		return nil, 0, nil
	}
	w := find{q: q, publicOnly: !r.a.staff()}
	more, err := otherDesks(tx, r.a.DeskID)
	if err != nil {
		return nil, 0, err
	}
	if more {
		w.scope = append(w.scope, []string{token("d", r.a.DeskID)})
	}
	if own := r.tokens(); len(own) > 0 {
		w.scope = append(w.scope, own)
	}
	w.narrow(r.a.DeskID, f)
	return search(tx, w, max(f.Limit, 0), f.Offset)
}

// narrow adds the filter: as words of the index where it has them.
func (w *find) narrow(deskID int64, f Filter) {
	if f.Class != "" {
		w.scope = append(w.scope, []string{"_k" + strings.ToLower(string(f.Class))})
	}
	if states := f.states(); states != nil {
		alt := make([]string, 0, len(states))
		for _, s := range states {
			alt = append(alt, "_s"+s)
		}
		if len(alt) == 0 {
			alt = append(alt, "_none")
		}
		w.scope = append(w.scope, alt)
	}
	for _, ref := range []struct {
		kind string
		id   int64
		ask  bool
	}{{"c", f.CallerID, f.CallerID != 0}, {"a", f.AgentID, f.AgentID != 0}, {"t", f.TeamID, f.TeamID != 0}, {"a", 0, f.NoAgent}, {"t", 0, f.NoTeam}} {
		if ref.ask {
			w.scope = append(w.scope, []string{token(ref.kind, ref.id)})
		}
	}
	rest := Filter{IntercomRef: f.IntercomRef, IDs: f.IDs}
	if len(f.OrgIDs) > maxTokens {
		rest.OrgIDs = f.OrgIDs
	} else if len(f.OrgIDs) > 0 {
		var alt []string
		for _, id := range f.OrgIDs {
			alt = append(alt, token("o", id))
		}
		w.scope = append(w.scope, alt)
	}
	if rest.IntercomRef != "" || rest.IDs != nil || rest.OrgIDs != nil {
		w.rest = listConditions(reach{a: System(deskID, "")}, rest)
	}
}
