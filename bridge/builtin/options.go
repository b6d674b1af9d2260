package builtin

import (
	"context"
	"strings"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/tickets"
)

// manyOptions is how many options a query without a limit gets.
const manyOptions = 50

// Options returns the values that an enumeration or key may take.
func (d *Desk) Options(ctx context.Context, q desk.OptionQuery) (desk.OptionPage, error) {
	all, err := d.describe(ctx, q.Class)
	if err != nil {
		return desk.OptionPage{}, err
	}
	if q.Limit <= 0 {
		q.Limit = manyOptions
	}
	q.Offset = max(q.Offset, 0)
	for _, a := range all {
		switch {
		case a.Code != q.Attribute:
		case a.options != nil:
			return listed(a.options, q), nil
		case a.Type == desk.TypeKey:
			return d.keyOptions(ctx, a, q)
		}
	}
	return desk.OptionPage{}, errs.InvalidField(q.Attribute, "This has no list of values.")
}

// listed narrows the options of an enumeration.
func listed(all []desk.Option, q desk.OptionQuery) desk.OptionPage {
	search := strings.ToLower(strings.TrimSpace(q.Search))
	var found []desk.Option
	for _, o := range all {
		if strings.Contains(strings.ToLower(o.Label), search) && (q.Value == "" || o.Value == q.Value) {
			found = append(found, o)
		}
	}
	page := desk.OptionPage{Total: len(found)}
	if q.Offset < len(found) {
		page.Options = found[q.Offset:min(q.Offset+q.Limit, len(found))]
	}
	return page
}

// keyOptions lists what a key may point to. Callers and services need the
// organisation, sub-services their service; agents are narrowed by the team
// when there is one.
func (d *Desk) keyOptions(ctx context.Context, a attribute, q desk.OptionQuery) (desk.OptionPage, error) {
	f := tickets.DirectoryFilter{Search: q.Search, Offset: q.Offset, Limit: q.Limit, Current: true}
	if q.Value != "" {
		f.IDs = []int64{idOf(q.Value)}
	}
	needed := map[string]string{"caller_id": "org_id", "service_id": "org_id", "servicesubcategory_id": "service_id"}[a.Code]
	given := idOf(q.Values[needed])
	if needed != "" && given == 0 {
		return desk.OptionPage{}, nil
	}
	switch a.Code {
	case "org_id":
		list, total, err := d.s.Organisations(ctx, d.actor, f)
		return page(list, total, err, func(o tickets.Organisation) (int64, string) { return o.ID, o.Name })
	case "caller_id":
		f.OrgID = given
		list, total, err := d.s.Persons(ctx, d.actor, f)
		return page(list, total, err, func(p tickets.Person) (int64, string) { return p.ID, p.Friendlyname })
	case "service_id":
		f.OrgID = given
		list, total, err := d.s.Services(ctx, d.actor, f)
		return page(list, total, err, func(s tickets.Offering) (int64, string) { return s.ID, s.Name })
	case "servicesubcategory_id":
		f.ParentID = given
		list, total, err := d.s.Subcategories(ctx, d.actor, f)
		return page(list, total, err, func(s tickets.Subcategory) (int64, string) { return s.ID, s.Name })
	case "team_id":
		list, total, err := d.s.Teams(ctx, d.actor, f)
		return page(list, total, err, func(t tickets.Team) (int64, string) { return t.ID, t.Name })
	default:
		return d.agents(ctx, idOf(q.Values["team_id"]), f)
	}
}

// agents lists the members of a team, everybody without one.
func (d *Desk) agents(ctx context.Context, team int64, f tickets.DirectoryFilter) (desk.OptionPage, error) {
	if team != 0 {
		members, err := d.s.Members(ctx, d.actor, team)
		if errs.Is(err, errs.NotFound) {
			return desk.OptionPage{}, nil
		}
		if err != nil {
			return desk.OptionPage{}, err
		}
		ids := []int64{}
		for _, m := range members {
			if f.IDs == nil || m.PersonID == f.IDs[0] {
				ids = append(ids, m.PersonID)
			}
		}
		f.IDs = ids
	}
	list, total, err := d.s.Persons(ctx, d.actor, f)
	return page(list, total, err, func(p tickets.Person) (int64, string) { return p.ID, p.Friendlyname })
}

func page[T any](list []T, total int, err error, option func(T) (int64, string)) (desk.OptionPage, error) {
	if err != nil {
		return desk.OptionPage{}, err
	}
	out := desk.OptionPage{Total: total}
	for _, v := range list {
		id, label := option(v)
		out.Options = append(out.Options, desk.Option{Value: rawID(id), Label: label})
	}
	return out, nil
}
