package bridge

import (
	"context"
	"strings"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// author returns who an entry is signed by.
//
// An end user is the desk's person with the class and id that the portal's
// widget passed, if that can be believed, else the first non-obsolete person
// with the e-mail (IC-35). An agent is found by e-mail (IC-36). Nobody is ever
// found by name: a visitor may call themselves anything. Strangers sign as
// "<name> (Intercom)".
func (w *live) author(ctx context.Context, c conversationRow, p partRow) (desk.Author, error) {
	var person desk.Person
	var err error
	switch p.AuthorType {
	case "user":
		if p.AuthorID == "" || p.AuthorID == c.ContactID {
			person, err = w.caller(ctx, c, p.AuthorEmail)
		} else {
			person, err = w.byEmail(ctx, p.AuthorEmail)
		}
	case "admin":
		person, err = w.byEmail(ctx, p.AuthorEmail)
	default:
		// Leads type any e-mail they like, and bots and teams are nobody.
	}
	if err != nil {
		return desk.Author{}, err
	}
	if person.ID != "" {
		return desk.Author{PersonID: person.ID, Class: person.Class, Name: person.Name}, nil
	}
	return desk.Author{Name: stranger(p)}, nil
}

func stranger(p partRow) string {
	name := strings.TrimSpace(p.AuthorName)
	if name == "" {
		name = strings.TrimSpace(p.AuthorEmail)
	}
	if name == "" {
		name = map[string]string{"admin": "Agent", "bot": "Bot", "team": "Team"}[p.AuthorType]
	}
	if name == "" {
		name = "Visitor"
	}
	return name + " (Intercom)"
}

// caller returns the desk's person behind a conversation's contact, or the zero
// Person when the desk does not know them.
//
// Class and id come from the visitor's browser. They are believed when the
// workspace signs its Messenger identities, and otherwise only when the desk's
// person has the same e-mail as the contact.
func (w *live) caller(ctx context.Context, c conversationRow, email string) (desk.Person, error) {
	if c.ContactEmail != "" {
		email = c.ContactEmail
	}
	if c.PersonClass != "" && c.PersonID != "" {
		p, err := w.desk.Person(ctx, c.PersonClass, c.PersonID)
		switch {
		case err == nil && !p.Obsolete && (w.verified || (email != "" && strings.EqualFold(p.Email, email))):
			return p, nil
		case err != nil && !errs.Is(err, errs.NotFound) && !errs.Is(err, errs.Invalid):
			return desk.Person{}, err
		}
	}
	return w.byEmail(ctx, email)
}

func (w *live) byEmail(ctx context.Context, email string) (desk.Person, error) {
	if email = strings.TrimSpace(email); email == "" {
		return desk.Person{}, nil
	}
	p, err := w.desk.PersonByEmail(ctx, email)
	if errs.Is(err, errs.NotFound) {
		return desk.Person{}, nil
	}
	return p, err
}
