package tickets

import (
	"strconv"
	"strings"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// errNoTicket answers everything that the actor cannot see, whether it exists
// or not (SEC-039).
func errNoTicket() error { return errs.E(errs.NotFound, "There is no such ticket.") }

func errNothing() error { return errs.E(errs.NotFound, "There is nothing with this id.") }

// errReadOnly is the answer to every write with an API key that may only read.
func errReadOnly() error { return errs.E(errs.Forbidden, "This key may only read.") }

func errNotAllowed() error { return errs.E(errs.Forbidden, "You may not do this.") }

// mayWrite refuses actors that can write nothing at all.
func (a Actor) mayWrite() error {
	if a.Access == AccessNone {
		return errNotAllowed()
	}
	if a.ReadOnly {
		return errReadOnly()
	}
	return nil
}

// mayDirect refuses actors that may not change organisations, people and the like.
func (a Actor) mayDirect() error {
	if err := a.mayWrite(); err != nil {
		return err
	}
	if a.Access < AccessDesk {
		return errNotAllowed()
	}
	return nil
}

// reach is what an actor may see, with their memberships at hand.
type reach struct {
	a     Actor
	teams map[int64]Member
}

// reachOf loads what is needed to decide for the actor.
func reachOf(tx *gorm.DB, a Actor) (reach, error) {
	r := reach{a: a}
	if a.Access != AccessTeams || a.PersonID == 0 {
		return r, nil
	}
	ms, err := membershipsOf(tx, a.DeskID, a.PersonID)
	if err != nil {
		return r, err
	}
	r.teams = make(map[int64]Member, len(ms))
	for _, m := range ms {
		r.teams[m.TeamID] = m
	}
	return r, nil
}

// sees reports whether the actor may know of the ticket. sees, where and tokens
// say the same thing in three languages; a test holds them together.
func (r reach) sees(t *Ticket) bool {
	if t.DeskID != r.a.DeskID {
		return false
	}
	switch r.a.Access {
	case AccessSystem, AccessDesk:
		return true
	case AccessOwn:
		return r.a.PersonID != 0 && t.CallerID == r.a.PersonID
	case AccessTeams:
		if r.a.PersonID != 0 && t.AgentID == r.a.PersonID {
			return true
		}
		if t.TeamID == 0 {
			return t.AgentID == 0
		}
		m := r.teams[t.TeamID]
		return m.Read && (m.AllTickets || t.AgentID == 0)
	}
	return false
}

// changes reports whether the actor, who sees the ticket, may work on it.
func (r reach) changes(t *Ticket) bool {
	switch r.a.Access {
	case AccessSystem, AccessDesk:
		return true
	case AccessTeams:
		if t.TeamID == 0 || r.a.PersonID != 0 && t.AgentID == r.a.PersonID {
			return true
		}
		return r.teams[t.TeamID].Write
	}
	return false
}

// lists returns the teams whose waiting tickets the actor sees, and those where
// they see all.
func (r reach) lists() (waiting, all []int64) {
	for id, m := range r.teams {
		switch {
		case m.Read && m.AllTickets:
			all = append(all, id)
		case m.Read:
			waiting = append(waiting, id)
		}
	}
	return waiting, all
}

// where returns the condition on tickets t, "" for all of the desk. It uses no
// index: what a supporter sees is a good part of the newest tickets.
func (r reach) where() (string, []any) {
	switch r.a.Access {
	case AccessSystem, AccessDesk:
		return "", nil
	case AccessOwn:
		return "t.caller_id = ?", []any{r.a.PersonID}
	case AccessTeams:
		waiting, all := r.lists()
		or := []string{"(t.team_id + 0 IS NULL AND t.agent_id + 0 IS NULL)"}
		var args []any
		if r.a.PersonID != 0 {
			or, args = append(or, "t.agent_id + 0 = ?"), append(args, r.a.PersonID)
		}
		if len(all) > 0 {
			or, args = append(or, "t.team_id + 0 IN ?"), append(args, all)
		}
		if len(waiting) > 0 {
			or, args = append(or, "(t.team_id + 0 IN ? AND t.agent_id + 0 IS NULL)"), append(args, waiting)
		}
		return "(" + strings.Join(or, " OR ") + ")", args
	}
	return "1 = 0", nil
}

// tokens returns the same as words of the search index, any of which must be
// there; nil for all of the desk.
func (r reach) tokens() []string {
	switch r.a.Access {
	case AccessSystem, AccessDesk:
		return nil
	case AccessOwn:
		return []string{token("c", r.a.PersonID)}
	case AccessTeams:
		waiting, all := r.lists()
		or := []string{"_q0"}
		if r.a.PersonID != 0 {
			or = append(or, token("a", r.a.PersonID))
		}
		for _, id := range all {
			or = append(or, token("t", id))
		}
		for _, id := range waiting {
			or = append(or, token("q", id))
		}
		return or
	}
	return []string{"_none"}
}

// token is a word of the scope column.
func token(kind string, id int64) string { return "_" + kind + strconv.FormatInt(id, 10) }

// scopeTokens are the words by which a search finds the ticket among others.
func scopeTokens(t *Ticket) string {
	list := []string{
		token("d", t.DeskID), "_k" + strings.ToLower(string(t.Class)), "_s" + string(t.Status),
		token("o", t.OrgID), token("c", t.CallerID), token("a", t.AgentID), token("t", t.TeamID),
	}
	if t.AgentID == 0 {
		list = append(list, token("q", t.TeamID))
	}
	return strings.Join(list, " ")
}
