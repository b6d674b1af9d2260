package builtin

import (
	"context"
	"strings"
	"time"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/bridge/oql"
	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/tickets"
)

// scopeAge is how long the organisations that a scope selects are remembered: a
// new organisation is seen that much later.
const scopeAge = 10 * time.Second

// maxScopes bounds what is remembered.
const maxScopes = 100

// scopeAnswer is which organisations a query selects.
type scopeAnswer struct {
	all  bool
	orgs []int64
	at   time.Time
}

// record is the attributes of one object.
type record map[string]string

// InScope reports whether the query matches the person (IC-15).
func (d *Desk) InScope(ctx context.Context, scope string, p desk.Person) (bool, error) {
	if strings.TrimSpace(scope) == "" {
		return true, nil
	}
	q, err := oql.Parse(scope)
	if err != nil {
		return false, err
	}
	if q.Class() == "Organization" && everything(q) {
		return true, nil
	}
	person, err := d.s.Person(ctx, d.actor, idOf(p.ID))
	if err != nil {
		if errs.Is(err, errs.NotFound) {
			err = nil
		}
		return false, err
	}
	org, err := d.s.Organisation(ctx, d.actor, person.OrgID)
	if err != nil {
		return false, err
	}
	rows := map[string]record{"Organization": orgRecord(org), "Person": personRecord(person), "Contact": personRecord(person), "User": userRecord(person)}
	first, ok := rows[class(q.Class())]
	if !ok {
		return false, errs.E(errs.Invalid, "A scope selects Organization, Person, Contact or User, not %s.", q.Class())
	}
	return d.match(ctx, q, first, rows)
}

// class maps the classes that OQL may name to those whose records there are.
func class(name string) string {
	switch name {
	case "UserLocal", "UserExternal", "UserLDAP", "UserToken":
		return "User"
	}
	return name
}

// everything reports whether a query selects all objects of its class.
func everything(q *oql.Query) bool {
	return len(q.Joins()) == 0 && !strings.Contains(strings.ToUpper(q.String()), " WHERE ")
}

// match evaluates the query with row as the selected object. A joined class
// gives the person's own object; a second organisation is the one that the
// first names as its parent.
func (d *Desk) match(ctx context.Context, q *oql.Query, row record, rows map[string]record) (bool, error) {
	by := map[string]record{q.Alias(): row}
	for _, j := range q.Joins() {
		found := rows[class(j.Class)]
		if j.Class == "Organization" {
			for _, side := range [][2]oql.Field{{j.Left, j.Right}, {j.Right, j.Left}} {
				if side[0].Alias == j.Alias && side[0].Attr == "id" && by[side[1].Alias] != nil {
					org, err := d.s.Organisation(ctx, d.actor, idOf(by[side[1].Alias][side[1].Attr]))
					if err != nil && !errs.Is(err, errs.NotFound) {
						return false, err
					}
					found = nil
					if err == nil {
						found = orgRecord(org)
					}
				}
			}
		}
		if found == nil {
			return false, nil
		}
		by[j.Alias] = found
	}
	return q.Match(func(alias, attr string) (string, bool) {
		v, ok := by[alias][attr]
		return v, ok
	})
}

// organisations returns which organisations a scope selects; all for a scope
// that does not narrow by organisation.
func (d *Desk) organisations(ctx context.Context, scope string) (scopeAnswer, error) {
	if strings.TrimSpace(scope) == "" {
		return scopeAnswer{all: true}, nil
	}
	d.mu.Lock()
	a, ok := d.scopes[scope]
	d.mu.Unlock()
	if ok && d.c.Now().Sub(a.at) < scopeAge {
		return a, nil
	}
	q, err := oql.Parse(scope)
	if err != nil {
		return scopeAnswer{}, err
	}
	a = scopeAnswer{all: q.Class() != "Organization" || everything(q), at: d.c.Now()}
	for offset := 0; !a.all; {
		list, total, err := d.s.Organisations(ctx, d.actor, tickets.DirectoryFilter{Offset: offset, Limit: 500})
		if err != nil {
			return scopeAnswer{}, err
		}
		for _, o := range list {
			in, err := d.match(ctx, q, orgRecord(o), nil)
			if err != nil {
				return scopeAnswer{}, err
			}
			if in {
				a.orgs = append(a.orgs, o.ID)
			}
		}
		if offset += len(list); offset >= total || len(list) == 0 {
			break
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.scopes) >= maxScopes {
		clear(d.scopes)
	}
	d.scopes[scope] = a
	return a, nil
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

func orgRecord(o tickets.Organisation) record {
	return record{"id": rawID(o.ID), "name": o.Name, "friendlyname": o.Name, "code": o.Code, "parent_id": rawID(o.ParentID), "status": "active",
		"obsolescence_flag": "0", "finalclass": "Organization"}
}

func personRecord(p tickets.Person) record {
	status := "active"
	if p.Obsolete {
		status = "inactive"
	}
	return record{"id": rawID(p.ID), "first_name": p.FirstName, "name": p.Name, "friendlyname": p.Friendlyname, "email": p.Email, "phone": p.Phone,
		"mobile_phone": p.MobilePhone, "function": p.Function, "org_id": rawID(p.OrgID), "org_name": p.OrgName, "org_id_friendlyname": p.OrgName,
		"status": status, "obsolescence_flag": flag(p.Obsolete), "finalclass": tickets.PersonClass}
}

// userRecord is the account of a person: here everybody's is their address.
func userRecord(p tickets.Person) record {
	return record{"id": rawID(p.ID), "login": p.Email, "email": p.Email, "contactid": rawID(p.ID), "contactid_friendlyname": p.Friendlyname,
		"first_name": p.FirstName, "last_name": p.Name, "friendlyname": p.Friendlyname, "org_id": rawID(p.OrgID), "org_name": p.OrgName,
		"status": "enabled", "finalclass": "User"}
}
