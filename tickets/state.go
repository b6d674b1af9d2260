package tickets

// Status is the state of a ticket.
type Status string

// The states.
const (
	StatusNew      Status = "new"
	StatusAssigned Status = "assigned"
	StatusPending  Status = "pending"
	StatusResolved Status = "resolved"
	StatusClosed   Status = "closed"
	StatusRejected Status = "rejected"
)

// Statuses returns the states in the order of a ticket's life.
func Statuses() []Status {
	return []Status{StatusNew, StatusAssigned, StatusPending, StatusResolved, StatusClosed, StatusRejected}
}

// Label returns the state's name for people.
func (s Status) Label() string {
	switch s {
	case StatusNew:
		return "New"
	case StatusAssigned:
		return "Assigned"
	case StatusPending:
		return "Pending"
	case StatusResolved:
		return "Resolved"
	case StatusClosed:
		return "Closed"
	case StatusRejected:
		return "Rejected"
	}
	return string(s)
}

// Valid reports whether there is such a state.
func (s Status) Valid() bool {
	switch s {
	case StatusNew, StatusAssigned, StatusPending, StatusResolved, StatusClosed, StatusRejected:
		return true
	}
	return false
}

// Stimulus is what moves a ticket from one state to another, in iTop's words.
type Stimulus string

// The stimuli.
const (
	EvAssign   Stimulus = "ev_assign"
	EvReassign Stimulus = "ev_reassign"
	EvPending  Stimulus = "ev_pending"
	EvResolve  Stimulus = "ev_resolve"
	EvClose    Stimulus = "ev_close"
	EvReopen   Stimulus = "ev_reopen"
	EvReject   Stimulus = "ev_reject"
)

// Stimuli returns all stimuli.
func Stimuli() []Stimulus {
	return []Stimulus{EvAssign, EvReassign, EvPending, EvResolve, EvClose, EvReopen, EvReject}
}

// Label returns the stimulus's name for people, as a command.
func (s Stimulus) Label() string {
	switch s {
	case EvAssign:
		return "Assign"
	case EvReassign:
		return "Re-assign"
	case EvPending:
		return "Wait"
	case EvResolve:
		return "Resolve"
	case EvClose:
		return "Close"
	case EvReopen:
		return "Re-open"
	case EvReject:
		return "Reject"
	}
	return string(s)
}

// transition is one arrow of the state machine.
type transition struct {
	from Status
	by   Stimulus
	to   Status
}

// transitions is the whole state machine; what is not here is refused with
// Conflict. docs/tickets.md draws it.
var transitions = []transition{
	{StatusNew, EvAssign, StatusAssigned},
	{StatusNew, EvReject, StatusRejected},
	{StatusAssigned, EvReassign, StatusAssigned},
	{StatusAssigned, EvPending, StatusPending},
	{StatusAssigned, EvResolve, StatusResolved},
	{StatusAssigned, EvReject, StatusRejected},
	{StatusPending, EvAssign, StatusAssigned},
	{StatusPending, EvResolve, StatusResolved},
	{StatusPending, EvReject, StatusRejected},
	{StatusResolved, EvReopen, StatusAssigned},
	{StatusResolved, EvClose, StatusClosed},
	{StatusRejected, EvReopen, StatusNew},
	{StatusRejected, EvClose, StatusClosed},
}

// Next returns the state that a stimulus leads to, and whether it is allowed at
// all in this state.
func (s Status) Next(by Stimulus) (Status, bool) {
	for _, t := range transitions {
		if t.from == s && t.by == by {
			return t.to, true
		}
	}
	return "", false
}

// Stimuli returns what may be done with a ticket in this state.
func (s Status) Stimuli() []Stimulus {
	var out []Stimulus
	for _, t := range transitions {
		if t.from == s {
			out = append(out, t.by)
		}
	}
	return out
}
