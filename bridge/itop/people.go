package itop

import (
	"context"
	"sort"
	"strconv"
	"strings"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
)

const contactFields = "friendlyname,email,org_id,org_name,obsolescence_flag"

// Person returns the contact with this class and id. NotFound also when the
// class is no sub-class of Contact: what the widget passes may be forged.
func (d *Desk) Person(ctx context.Context, class, id string) (desk.Person, error) {
	if class == "" {
		class = "Person"
	}
	none := errs.E(errs.NotFound, "iTop has no contact with this class and id.")
	if !isWord(class) || !isID(id) {
		return desk.Person{}, none
	}
	cacheKey := class + "::" + id
	if p, ok := d.people.get(cacheKey); ok {
		return p, nil
	}
	a, err := d.call(ctx, request{
		Operation: "core/get", Class: class, OutputFields: contactFields,
		Key: "SELECT " + class + " WHERE id = " + quote(id),
	})
	if errs.Is(err, errs.Invalid) {
		return desk.Person{}, none
	}
	if err != nil {
		return desk.Person{}, err
	}
	if len(a.Objects) == 0 {
		return desk.Person{}, none
	}
	p := person(a.Objects[0])
	d.people.put(cacheKey, p)
	return p, nil
}

// PersonByEmail returns the first non-obsolete contact with this e-mail,
// persons before other contacts, older before younger (IC-36). The database
// compares without regard to accents, too; such matches are somebody else.
func (d *Desk) PersonByEmail(ctx context.Context, email string) (desk.Person, error) {
	email = strings.TrimSpace(email)
	none := errs.E(errs.NotFound, "iTop has no contact with this e-mail.")
	if email == "" || len(email) > 255 {
		return desk.Person{}, none
	}
	cacheKey := "e:" + strings.ToLower(email)
	if p, ok := d.people.get(cacheKey); ok {
		return p, nil
	}
	a, err := d.call(ctx, request{
		Operation: "core/get", Class: "Contact", OutputFields: contactFields,
		Key: "SELECT Contact WHERE email = " + quote(email),
	})
	if err != nil {
		return desk.Person{}, err
	}
	var found []desk.Person
	for _, o := range a.Objects {
		if p := person(o); !p.Obsolete && strings.EqualFold(p.Email, email) {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		return desk.Person{}, none
	}
	sort.SliceStable(found, func(i, j int) bool {
		if a, b := found[i].Class == "Person", found[j].Class == "Person"; a != b {
			return a
		}
		return number(found[i].ID) < number(found[j].ID)
	})
	d.people.put(cacheKey, found[0])
	return found[0], nil
}

func person(o object) desk.Person {
	return desk.Person{
		Class: o.Class, ID: string(o.Key),
		Name: strings.TrimSpace(o.text("friendlyname")), Email: o.text("email"),
		OrgID: keyText(o.text("org_id")), OrgName: o.text("org_name"),
		Obsolete: o.flag("obsolescence_flag"),
	}
}

// keyText turns iTop's 0 for "none" into "".
func keyText(s string) string {
	if s == "0" {
		return ""
	}
	return s
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// InScope runs each query of the scope on the server, narrowed to the person or
// to their organisation (IC-15).
func (d *Desk) InScope(ctx context.Context, scope string, p desk.Person) (bool, error) {
	if strings.TrimSpace(scope) == "" {
		return true, nil
	}
	queries, err := parseScope(scope)
	if err != nil {
		return false, err
	}
	cacheKey := p.Class + "\x00" + p.ID + "\x00" + p.OrgID + "\x00" + scope
	if in, ok := d.scopes.get(cacheKey); ok {
		return in, nil
	}
	in := false
	for _, q := range queries {
		condition, err := scopeCondition(q.class, p)
		if err != nil {
			return false, err
		}
		if condition == "" {
			continue
		}
		a, err := d.call(ctx, request{
			Operation: "core/get", Class: q.class, Key: q.and(condition), OutputFields: "id", Limit: 1, Page: 1,
		})
		if err != nil {
			return false, err
		}
		if in = len(a.Objects) > 0; in {
			break
		}
	}
	d.scopes.put(cacheKey, in)
	return in, nil
}

// scopeCondition narrows a scope's query to one person; "" when the person has
// nothing to compare with, so that the query cannot match.
func scopeCondition(class string, p desk.Person) (string, error) {
	code, id := "id", p.ID
	switch class {
	case "Organization":
		id = p.OrgID
	case "Person", "Contact", "Team":
	case "User", "UserLocal", "UserLDAP", "UserExternal", "UserInternal":
		code = "contactid"
	default:
		return "", errs.InvalidField("scope", "must select Organization, Person, Contact or User, not %s", class)
	}
	if !isID(id) {
		return "", nil
	}
	return code + " = " + quote(id), nil
}

// scopeOrgs returns the ids of the organisations that a scope selects, at most
// limit; all reports whether these are all of them.
func (d *Desk) scopeOrgs(ctx context.Context, scope string, limit int) (ids []string, all bool, err error) {
	queries, err := parseScope(scope)
	if err != nil {
		return nil, false, err
	}
	if ids, ok := d.orgs.get(scope); ok {
		return ids, true, nil
	}
	for _, q := range queries {
		if q.class != "Organization" {
			return nil, true, nil
		}
		s := q.head
		if q.where != "" {
			s += " WHERE " + q.where
		}
		a, err := d.call(ctx, request{Operation: "core/get", Class: q.class, Key: s, OutputFields: "id", Limit: limit, Page: 1})
		if err != nil {
			return nil, false, err
		}
		if a.total() > len(a.Objects) {
			return nil, false, nil
		}
		for _, o := range a.Objects {
			ids = append(ids, string(o.Key))
		}
	}
	if len(ids) == 0 {
		ids = []string{"-1"} // the scope selects nobody: find nothing
	}
	d.orgs.put(scope, ids)
	return ids, true, nil
}

// account returns the iTop user of a person, or "" when they have none or this
// account may not see users.
func (d *Desk) account(ctx context.Context, personID string) (string, error) {
	if !isID(personID) {
		return "", nil
	}
	cacheKey := "u:" + personID
	if p, ok := d.people.get(cacheKey); ok {
		return p.ID, nil
	}
	a, err := d.call(ctx, request{
		Operation: "core/get", Class: "User", OutputFields: "id,status",
		Key: "SELECT User WHERE contactid = " + quote(personID) + " AND status = 'enabled'",
	})
	if err != nil && !errs.Is(err, errs.Denied) && !errs.Is(err, errs.Invalid) {
		return "", err
	}
	var found desk.Person
	if err == nil && len(a.Objects) > 0 {
		found.ID = string(a.Objects[0].Key)
	}
	d.people.put(cacheKey, found)
	return found.ID, nil
}
