package bridge

import (
	"context"
	"strings"

	"github.com/deskbridge/deskbridge/bridge/desk"
)

// personMaker is a desk that can take in somebody new.
type personMaker interface {
	// CreatePerson returns the person with this e-mail, made when there is none.
	CreatePerson(ctx context.Context, orgID, name, email string) (desk.Person, error)
}

// takeIn makes a person of a contact that the desk does not know, when the
// workspace says so and says where they belong. The zero Person otherwise.
func (w *live) takeIn(ctx context.Context, c conversationRow) (desk.Person, error) {
	m, ok := w.desk.(personMaker)
	if !ok || !w.setup.Desk.CreatePersons || w.setup.Desk.DefaultOrg == "" || c.ContactEmail == "" {
		return desk.Person{}, nil
	}
	name := strings.TrimSpace(c.ContactName)
	if name == "" {
		name, _, _ = strings.Cut(c.ContactEmail, "@")
	}
	return m.CreatePerson(ctx, w.setup.Desk.DefaultOrg, name, c.ContactEmail)
}
