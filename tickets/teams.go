package tickets

import (
	"context"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// Teams returns a page in the order of names, and how many there are.
func (s *Service) Teams(ctx context.Context, a Actor, f DirectoryFilter) ([]Team, int, error) {
	if err := a.mayRead(); err != nil {
		return nil, 0, err
	}
	return listNouns[Team](s.db.Read(ctx), teamNoun, a.DeskID, f)
}

// Team returns one.
func (s *Service) Team(ctx context.Context, a Actor, id int64) (Team, error) {
	if err := a.mayRead(); err != nil {
		return Team{}, err
	}
	return oneNoun[Team](s.db.Read(ctx), teamNoun, a.DeskID, id)
}

// CreateTeams makes teams, all or none.
func (s *Service) CreateTeams(ctx context.Context, a Actor, list ...Team) ([]Team, error) {
	for i := range list {
		list[i].ID = 0
	}
	return s.putTeams(ctx, a, list)
}

// UpdateTeam replaces what a team says; its members stay.
func (s *Service) UpdateTeam(ctx context.Context, a Actor, t Team) (Team, error) {
	if t.ID == 0 {
		return Team{}, errNothing()
	}
	return first(s.putTeams(ctx, a, []Team{t}))
}

// DeleteTeam removes a team that no ticket names, with its memberships.
func (s *Service) DeleteTeam(ctx context.Context, a Actor, id int64) error {
	return s.drop(ctx, a, "team", id, teamNoun.remove)
}

func (s *Service) putTeams(ctx context.Context, a Actor, list []Team) ([]Team, error) {
	id := func(t Team) int64 { return t.ID }
	check := func(tx *gorm.DB, t *Team, bad *errs.Fields) error {
		t.DeskID = a.DeskID
		needLine(bad, "name", &t.Name, true)
		needLine(bad, "email", &t.Email, false)
		s.stamp(&t.CreatedAt, &t.UpdatedAt, t.ID == 0)
		if t.OrgID == 0 {
			return nil
		}
		return need(tx, organisationNoun, a.DeskID, t.OrgID, "org_id", bad)
	}
	return put(ctx, s, a, "team", list, wasNoun(teamNoun, a.DeskID, id), check, storeTeam, id)
}

// Members returns who is in a team, in the order of names.
func (s *Service) Members(ctx context.Context, a Actor, teamID int64) ([]Member, error) {
	if _, err := s.Team(ctx, a, teamID); err != nil {
		return nil, err
	}
	return membersOf(s.db.Read(ctx), a.DeskID, teamID)
}

// SetMember adds a person to a team or changes their rights there.
func (s *Service) SetMember(ctx context.Context, a Actor, m Member) error {
	if err := a.mayDirect(); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		if err := s.bothHere(tx, a, m.TeamID, m.PersonID); err != nil {
			return err
		}
		if err := storeMember(tx, m); err != nil {
			return err
		}
		return s.audit(tx, a, "team.member.set", "team", m.TeamID, nil, m)
	})
}

// RemoveMember takes a person out of a team.
func (s *Service) RemoveMember(ctx context.Context, a Actor, teamID, personID int64) error {
	if err := a.mayDirect(); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		if err := s.bothHere(tx, a, teamID, personID); err != nil {
			return err
		}
		found, err := removeMember(tx, teamID, personID)
		if err != nil {
			return err
		}
		if !found {
			return errNothing()
		}
		return s.audit(tx, a, "team.member.removed", "team", teamID, Member{TeamID: teamID, PersonID: personID}, nil)
	})
}

func (s *Service) bothHere(tx *gorm.DB, a Actor, teamID, personID int64) error {
	if _, err := oneNoun[Team](tx, teamNoun, a.DeskID, teamID); err != nil {
		return err
	}
	_, err := personOf(tx, a.DeskID, personID)
	return err
}
