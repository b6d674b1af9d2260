package tickets

import (
	"context"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// Offering is a service that tickets can be about. Without Orgs every
// organisation may choose it; with Orgs only those.
type Offering struct {
	ID          int64
	DeskID      int64
	Name        string
	Description string
	Orgs        []int64 `gorm:"-"`
	CreatedAt   db.Time
	UpdatedAt   db.Time
}

// Subcategory is a part of a service (iTop's ServiceSubcategory).
type Subcategory struct {
	ID          int64
	DeskID      int64
	ServiceID   int64
	Name        string
	Description string
	CreatedAt   db.Time
	UpdatedAt   db.Time
}

// Services returns a page in the order of names, and how many there are. An end
// user sees what is open to their organisation.
func (s *Service) Services(ctx context.Context, a Actor, f DirectoryFilter) ([]Offering, int, error) {
	tx := s.db.Read(ctx)
	if err := s.ownOrg(tx, a, &f); err != nil {
		return nil, 0, err
	}
	list, total, err := listNouns[Offering](tx, serviceNoun, a.DeskID, f)
	if err != nil {
		return nil, 0, err
	}
	return list, total, fillOrgs(tx, list)
}

// ownOrg narrows an end user's filter to their organisation.
func (s *Service) ownOrg(tx *gorm.DB, a Actor, f *DirectoryFilter) error {
	if a.staff() {
		return nil
	}
	p, err := personOf(tx, a.DeskID, a.PersonID)
	f.OrgID = p.OrgID
	return err
}

// Offering returns one service.
func (s *Service) Offering(ctx context.Context, a Actor, id int64) (Offering, error) {
	list, _, err := s.Services(ctx, a, DirectoryFilter{IDs: []int64{id}})
	if err == nil && len(list) == 0 {
		err = errNothing()
	}
	return first(list, err)
}

// CreateServices makes services, all or none.
func (s *Service) CreateServices(ctx context.Context, a Actor, list ...Offering) ([]Offering, error) {
	for i := range list {
		list[i].ID = 0
	}
	return s.putServices(ctx, a, list)
}

// UpdateService replaces what a service says and whom it is for.
func (s *Service) UpdateService(ctx context.Context, a Actor, o Offering) (Offering, error) {
	if o.ID == 0 {
		return Offering{}, errNothing()
	}
	return first(s.putServices(ctx, a, []Offering{o}))
}

// DeleteService removes a service that no ticket and no sub-service names.
func (s *Service) DeleteService(ctx context.Context, a Actor, id int64) error {
	return s.drop(ctx, a, "service", id, serviceNoun.remove)
}

func (s *Service) putServices(ctx context.Context, a Actor, list []Offering) ([]Offering, error) {
	id := func(o Offering) int64 { return o.ID }
	check := func(tx *gorm.DB, o *Offering, bad *errs.Fields) error {
		o.DeskID = a.DeskID
		needLine(bad, "name", &o.Name, true)
		o.Description = cleanText(o.Description)
		s.stamp(&o.CreatedAt, &o.UpdatedAt, o.ID == 0)
		for _, org := range o.Orgs {
			if err := need(tx, organisationNoun, a.DeskID, org, "org_ids", bad); err != nil {
				return err
			}
		}
		return nil
	}
	return put(ctx, s, a, "service", list, wasNoun(serviceNoun, a.DeskID, id), check, storeOffering, id)
}

// Subcategories returns a page of sub-services in the order of names; those of
// one service with DirectoryFilter.ParentID. An end user sees only those of a
// service that is open to their organisation.
func (s *Service) Subcategories(ctx context.Context, a Actor, f DirectoryFilter) ([]Subcategory, int, error) {
	if !a.staff() {
		if _, err := s.Offering(ctx, a, f.ParentID); err != nil {
			return nil, 0, err
		}
	}
	return listNouns[Subcategory](s.db.Read(ctx), subcategoryNoun, a.DeskID, f)
}

// Subcategory returns one.
func (s *Service) Subcategory(ctx context.Context, a Actor, id int64) (Subcategory, error) {
	sub, err := oneNoun[Subcategory](s.db.Read(ctx), subcategoryNoun, a.DeskID, id)
	if err == nil && !a.staff() {
		_, err = s.Offering(ctx, a, sub.ServiceID)
	}
	if err != nil {
		return Subcategory{}, err
	}
	return sub, nil
}

// CreateSubcategories makes sub-services, all or none.
func (s *Service) CreateSubcategories(ctx context.Context, a Actor, list ...Subcategory) ([]Subcategory, error) {
	for i := range list {
		list[i].ID = 0
	}
	return s.putSubcategories(ctx, a, list)
}

// UpdateSubcategory replaces what a sub-service says.
func (s *Service) UpdateSubcategory(ctx context.Context, a Actor, c Subcategory) (Subcategory, error) {
	if c.ID == 0 {
		return Subcategory{}, errNothing()
	}
	return first(s.putSubcategories(ctx, a, []Subcategory{c}))
}

// DeleteSubcategory removes one that no ticket names.
func (s *Service) DeleteSubcategory(ctx context.Context, a Actor, id int64) error {
	return s.drop(ctx, a, "subservice", id, subcategoryNoun.remove)
}

func (s *Service) putSubcategories(ctx context.Context, a Actor, list []Subcategory) ([]Subcategory, error) {
	id := func(c Subcategory) int64 { return c.ID }
	check := func(tx *gorm.DB, c *Subcategory, bad *errs.Fields) error {
		c.DeskID = a.DeskID
		needLine(bad, "name", &c.Name, true)
		c.Description = cleanText(c.Description)
		s.stamp(&c.CreatedAt, &c.UpdatedAt, c.ID == 0)
		return need(tx, serviceNoun, a.DeskID, c.ServiceID, "service_id", bad)
	}
	return put(ctx, s, a, "subservice", list, wasNoun(subcategoryNoun, a.DeskID, id), check, storeSubcategory, id)
}
