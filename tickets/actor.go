package tickets

import "github.com/deskbridge/deskbridge/internal/auth"

// Access says how much of a desk an actor reaches.
type Access int

// The accesses. The zero Access reaches nothing.
const (
	// AccessNone reaches nothing; every ticket answers as if it did not exist.
	AccessNone Access = iota
	// AccessOwn is the end user's: the tickets they are the caller of, without
	// the private log.
	AccessOwn
	// AccessTeams is the supporter's: see Actor.
	AccessTeams
	// AccessDesk is everything in the desk: dispatchers and administrators.
	AccessDesk
	// AccessSystem is everything in the desk, and entries in the name of others
	// and at other times: the bridge, imports and samples.
	AccessSystem
)

// Actor is who asks. Every method of Service takes one and enforces the same
// rules whichever door the request came through:
//
//   - nobody reaches anything of another desk; it answers as NotFound, with the
//     same bytes as something that does not exist (SEC-026, SEC-039);
//   - AccessOwn sees the tickets whose caller is PersonID, their public log and
//     public attachments (SEC-033), may create tickets for themselves, add
//     public entries and files, and apply ev_close and ev_reopen;
//   - AccessTeams sees the tickets assigned to PersonID, the tickets of teams
//     where PersonID is a member with the right to read (those assigned to
//     another agent only with all_tickets), and the tickets that have neither a
//     team nor an agent. They may change what they may see when they are the
//     agent, when nobody has it yet, or when their membership has the right to
//     write;
//   - AccessDesk sees and changes all of the desk. Organisations, people,
//     teams, services and custom fields are read by AccessTeams and more, and
//     changed by AccessDesk and more.
type Actor struct {
	DeskID   int64
	UserID   int64 // the account, 0 for none; for the history
	PersonID int64 // the person behind the account, 0 for none
	Name     string
	Access   Access
	ReadOnly bool // an API key with the scope "read" (SEC-038)
}

// System returns the actor that the process itself is: the whole desk, under a
// name that the history shows.
func System(deskID int64, name string) Actor {
	return Actor{DeskID: deskID, Name: name, Access: AccessSystem}
}

// ActorOf returns the actor that a signed-in user or an API key is.
func ActorOf(p auth.Principal) Actor {
	a := Actor{DeskID: p.DeskID, UserID: p.UserID, PersonID: p.PersonID, Name: p.Name, ReadOnly: p.Scope != "write"}
	switch p.Role {
	case auth.Administrator, auth.Dispatcher:
		a.Access = AccessDesk
	case auth.Supporter:
		a.Access = AccessTeams
	case auth.Portal:
		a.Access = AccessOwn
	}
	if a.Name == "" {
		a.Name = p.Email
	}
	return a
}

// staff reports whether the actor works for the desk.
func (a Actor) staff() bool { return a.Access >= AccessTeams }
