package tickets

import (
	"context"
	"net/mail"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// Persons returns a page in the order of names, and how many there are.
func (s *Service) Persons(ctx context.Context, a Actor, f DirectoryFilter) ([]Person, int, error) {
	if err := a.mayRead(); err != nil {
		return nil, 0, err
	}
	return listNouns[Person](s.db.Read(ctx), personNoun, a.DeskID, f)
}

// Person returns one; an end user only themselves.
func (s *Service) Person(ctx context.Context, a Actor, id int64) (Person, error) {
	if !a.staff() && id != a.PersonID {
		return Person{}, errNothing()
	}
	return personOf(s.db.Read(ctx), a.DeskID, id)
}

// PersonByEmail returns the first person who is not obsolete with this address,
// compared without regard to case (IC-36).
func (s *Service) PersonByEmail(ctx context.Context, a Actor, email string) (Person, error) {
	if err := a.mayRead(); err != nil {
		return Person{}, err
	}
	return personByEmail(s.db.Read(ctx), a.DeskID, email)
}

// CreatePersons makes people, all or none.
func (s *Service) CreatePersons(ctx context.Context, a Actor, list ...Person) ([]Person, error) {
	for i := range list {
		list[i].ID = 0
	}
	return s.putPersons(ctx, a, list)
}

// UpdatePerson replaces what is known of a person.
func (s *Service) UpdatePerson(ctx context.Context, a Actor, p Person) (Person, error) {
	if p.ID == 0 {
		return Person{}, errNothing()
	}
	return first(s.putPersons(ctx, a, []Person{p}))
}

// DeletePerson removes a person whom no ticket names; others are made obsolete.
func (s *Service) DeletePerson(ctx context.Context, a Actor, id int64) error {
	return s.drop(ctx, a, "person", id, personNoun.remove)
}

func (s *Service) putPersons(ctx context.Context, a Actor, list []Person) ([]Person, error) {
	id := func(p Person) int64 { return p.ID }
	check := func(tx *gorm.DB, p *Person, bad *errs.Fields) error {
		p.DeskID = a.DeskID
		needLine(bad, "first_name", &p.FirstName, false)
		needLine(bad, "name", &p.Name, true)
		needLine(bad, "email", &p.Email, false)
		needLine(bad, "phone", &p.Phone, false)
		needLine(bad, "mobile_phone", &p.MobilePhone, false)
		needLine(bad, "function", &p.Function, false)
		p.Friendlyname = cleanLine(p.FirstName + " " + p.Name)
		if p.Email != "" {
			if at, err := mail.ParseAddress(p.Email); err != nil || at.Address != p.Email {
				bad.Add("email", "This is not an e-mail address.")
			}
		}
		s.stamp(&p.CreatedAt, &p.UpdatedAt, p.ID == 0)
		org, err := oneNoun[Organisation](tx, organisationNoun, a.DeskID, p.OrgID)
		if errs.Is(err, errs.NotFound) {
			bad.Add("org_id", "There is no such organisation.")
			return nil
		}
		p.OrgName = org.Name
		return err
	}
	return put(ctx, s, a, "person", list, wasNoun(personNoun, a.DeskID, id), check, storePerson, id)
}
