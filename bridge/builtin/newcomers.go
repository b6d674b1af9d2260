package builtin

import (
	"context"
	"strings"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/tickets"
)

// CreatePerson returns the person with this e-mail, made when there is none. The
// bridge asks for one conversation at a time, so two conversations of a
// newcomer at the same moment may make two persons with one address; the first
// is found from then on.
func (d *Desk) CreatePerson(ctx context.Context, orgID, name, email string) (desk.Person, error) {
	p, err := d.PersonByEmail(ctx, email)
	if err == nil || !errs.Is(err, errs.NotFound) {
		return p, err
	}
	first, last := "", strings.TrimSpace(name)
	if i := strings.LastIndex(last, " "); i > 0 {
		first, last = last[:i], last[i+1:]
	}
	made, err := d.s.CreatePersons(ctx, d.actor, tickets.Person{OrgID: idOf(orgID), FirstName: first, Name: last, Email: email})
	if err != nil {
		return desk.Person{}, err
	}
	return personView(made[0]), nil
}
