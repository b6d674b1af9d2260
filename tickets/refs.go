package tickets

import (
	"slices"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// validateRefs checks that what a ticket refers to is of its desk and may be
// chosen. Something of another desk reads like something that is not there.
func validateRefs(tx *gorm.DB, t, before *Ticket, bad *errs.Fields) error {
	was := Ticket{}
	if before != nil {
		was = *before
	}
	if t.OrgID == 0 {
		bad.Add("org_id", "An organisation is needed.")
	} else if t.OrgID != was.OrgID {
		if err := need(tx, organisationNoun, t.DeskID, t.OrgID, "org_id", bad); err != nil {
			return err
		}
	}
	for _, p := range []struct {
		code    string
		id, was int64
	}{{"caller_id", t.CallerID, was.CallerID}, {"agent_id", t.AgentID, was.AgentID}} {
		moved := p.code == "caller_id" && t.OrgID != was.OrgID
		if p.id == 0 || p.id == p.was && !moved {
			continue
		}
		person, err := personOf(tx, t.DeskID, p.id)
		switch {
		case errs.Is(err, errs.NotFound):
			bad.Add(p.code, "There is no such person.")
		case err != nil:
			return err
		case person.Obsolete && p.id != p.was:
			bad.Add(p.code, "This person is obsolete.")
		case p.code == "caller_id" && person.OrgID != t.OrgID:
			bad.Add(p.code, "This person belongs to another organisation.")
		}
	}
	if t.TeamID != 0 && t.TeamID != was.TeamID {
		if err := need(tx, teamNoun, t.DeskID, t.TeamID, "team_id", bad); err != nil {
			return err
		}
	}
	if t.ServiceID != was.ServiceID || t.ServiceSubcategoryID != was.ServiceSubcategoryID || t.OrgID != was.OrgID {
		return validateService(tx, t, bad)
	}
	return nil
}

func need(tx *gorm.DB, n noun, deskID, id int64, code string, bad *errs.Fields) error {
	ok, err := n.exists(tx, deskID, id)
	if err == nil && !ok {
		bad.Add(code, "There is nothing with this id.")
	}
	return err
}

// validateService checks that the organisation may have the service, and that
// the sub-service is part of it.
func validateService(tx *gorm.DB, t *Ticket, bad *errs.Fields) error {
	if t.ServiceID != 0 {
		list, _, err := listNouns[Offering](tx, serviceNoun, t.DeskID, DirectoryFilter{IDs: []int64{t.ServiceID}, Limit: 1})
		if err != nil {
			return err
		}
		if err := fillOrgs(tx, list); err != nil {
			return err
		}
		switch {
		case len(list) == 0:
			bad.Add("service_id", "There is no such service.")
		case len(list[0].Orgs) > 0 && !slices.Contains(list[0].Orgs, t.OrgID):
			bad.Add("service_id", "The organisation has no contract for this service.")
		}
	}
	if t.ServiceSubcategoryID == 0 {
		return nil
	}
	sub, err := oneNoun[Subcategory](tx, subcategoryNoun, t.DeskID, t.ServiceSubcategoryID)
	switch {
	case errs.Is(err, errs.NotFound):
		bad.Add("servicesubcategory_id", "There is no such sub-service.")
	case err != nil:
		return err
	case sub.ServiceID != t.ServiceID:
		bad.Add("servicesubcategory_id", "This is not part of the chosen service.")
	}
	return nil
}
