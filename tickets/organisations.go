package tickets

import (
	"context"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// Organisations returns a page in the order of names, and how many there are.
func (s *Service) Organisations(ctx context.Context, a Actor, f DirectoryFilter) ([]Organisation, int, error) {
	if err := a.mayRead(); err != nil {
		return nil, 0, err
	}
	return listNouns[Organisation](s.db.Read(ctx), organisationNoun, a.DeskID, f)
}

// Organisation returns one; an end user's own only.
func (s *Service) Organisation(ctx context.Context, a Actor, id int64) (Organisation, error) {
	tx := s.db.Read(ctx)
	if !a.staff() {
		p, err := personOf(tx, a.DeskID, a.PersonID)
		if err != nil {
			return Organisation{}, err
		}
		if p.OrgID != id {
			return Organisation{}, errNothing()
		}
	}
	return oneNoun[Organisation](tx, organisationNoun, a.DeskID, id)
}

// CreateOrganisations makes organisations, all or none.
func (s *Service) CreateOrganisations(ctx context.Context, a Actor, list ...Organisation) ([]Organisation, error) {
	for i := range list {
		list[i].ID = 0
	}
	return s.putOrganisations(ctx, a, list)
}

// UpdateOrganisation replaces what an organisation says.
func (s *Service) UpdateOrganisation(ctx context.Context, a Actor, o Organisation) (Organisation, error) {
	if o.ID == 0 {
		return Organisation{}, errNothing()
	}
	return first(s.putOrganisations(ctx, a, []Organisation{o}))
}

// DeleteOrganisation removes one that nothing refers to.
func (s *Service) DeleteOrganisation(ctx context.Context, a Actor, id int64) error {
	return s.drop(ctx, a, "organisation", id, organisationNoun.remove)
}

func (s *Service) putOrganisations(ctx context.Context, a Actor, list []Organisation) ([]Organisation, error) {
	id := func(o Organisation) int64 { return o.ID }
	check := func(tx *gorm.DB, o *Organisation, bad *errs.Fields) error {
		o.DeskID = a.DeskID
		needLine(bad, "name", &o.Name, true)
		needLine(bad, "code", &o.Code, false)
		s.stamp(&o.CreatedAt, &o.UpdatedAt, o.ID == 0)
		if o.ParentID == 0 {
			return nil
		}
		if err := need(tx, organisationNoun, a.DeskID, o.ParentID, "parent_id", bad); err != nil {
			return err
		}
		for up := o.ParentID; up != 0; {
			if up == o.ID {
				bad.Add("parent_id", "An organisation cannot be below itself.")
				return nil
			}
			var err error
			if up, err = parentOf(tx, up); err != nil {
				return err
			}
		}
		return nil
	}
	return put(ctx, s, a, "organisation", list, wasNoun(organisationNoun, a.DeskID, id), check, storeOrganisation, id)
}
