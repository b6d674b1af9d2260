package tickets

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
)

// noun is a table of the directory: what is read from it, and by which columns
// DirectoryFilter narrows it.
type noun struct {
	table, columns, from string
	org, parent          string // columns for OrgID and ParentID, "" when it has none
}

var (
	organisationNoun = noun{"organisations", "d.id, d.desk_id, d.name, d.code, COALESCE(d.parent_id, 0) AS parent_id, d.created_at, d.updated_at", "organisations d", "d.id", "d.parent_id"}
	personNoun       = noun{"persons", `d.id, d.desk_id, d.org_id, o.name AS org_name, d.first_name, d.name, d.friendlyname, d.email, d.phone, d.mobile_phone,
		d.function, d.obsolete, d.created_at, d.updated_at`, "persons d JOIN organisations o ON o.id = d.org_id", "d.org_id", ""}
	teamNoun        = noun{"teams", "d.id, d.desk_id, COALESCE(d.org_id, 0) AS org_id, d.name, d.email, d.created_at, d.updated_at", "teams d", "d.org_id", ""}
	serviceNoun     = noun{"services", "d.id, d.desk_id, d.name, d.description, d.created_at, d.updated_at", "services d", "", ""}
	subcategoryNoun = noun{"service_subcategories", "d.id, d.desk_id, d.service_id, d.name, d.description, d.created_at, d.updated_at", "service_subcategories d", "", "d.service_id"}
)

// likeLiteral makes a LIKE pattern that finds s anywhere, as it is (SEC-051).
func likeLiteral(s string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(fold(s)) + "%"
}

// conditions says in SQL what the filter lets through.
func (n noun) conditions(deskID int64, f DirectoryFilter) *conditions {
	c := &conditions{}
	c.add("d.desk_id = ?", deskID)
	if f.Search != "" {
		c.add(`d.search_key LIKE ? ESCAPE '\'`, likeLiteral(cleanLine(f.Search)))
	}
	if f.IDs != nil {
		c.add("d.id IN ?", f.IDs)
	}
	if f.OrgID != 0 && n.org != "" {
		c.add(n.org+" = ?", f.OrgID)
	}
	if f.OrgID != 0 && n.table == "services" {
		c.add(`(NOT EXISTS (SELECT 1 FROM service_organisations x WHERE x.service_id = d.id)
			OR EXISTS (SELECT 1 FROM service_organisations x WHERE x.service_id = d.id AND x.org_id = ?))`, f.OrgID)
	}
	if f.ParentID != 0 && n.parent != "" {
		c.add(n.parent+" = ?", f.ParentID)
	}
	if f.Current && n.table == "persons" {
		c.add("d.obsolete = ?", false)
	}
	return c
}

// listNouns returns a page in the order of names, and how many there are.
func listNouns[T any](tx *gorm.DB, n noun, deskID int64, f DirectoryFilter) ([]T, int, error) {
	if f.Limit <= 0 {
		f.Limit = 50
	}
	limit, offset := min(f.Limit, 500), max(f.Offset, 0)
	c := n.conditions(deskID, f)
	out := []T{}
	args := append(append([]any{}, c.args...), limit, offset)
	err := tx.Raw("SELECT "+n.columns+" FROM "+n.from+" WHERE "+c.String()+" ORDER BY d.search_key, d.id LIMIT ? OFFSET ?", args...).Scan(&out).Error
	if err != nil {
		return nil, 0, fmt.Errorf("list %s: %w", n.table, err)
	}
	if lastPage(len(out), limit, offset) {
		return out, offset + len(out), nil
	}
	var total int
	if err := tx.Raw("SELECT count(*) FROM "+n.table+" d WHERE "+c.String(), c.args...).Scan(&total).Error; err != nil {
		return nil, 0, fmt.Errorf("count %s: %w", n.table, err)
	}
	return out, total, nil
}

// oneNoun returns a row of this desk; NotFound otherwise.
func oneNoun[T any](tx *gorm.DB, n noun, deskID, id int64) (T, error) {
	var rows []T
	var none T
	if err := tx.Raw("SELECT "+n.columns+" FROM "+n.from+" WHERE d.desk_id = ? AND d.id = ?", deskID, id).Scan(&rows).Error; err != nil {
		return none, fmt.Errorf("read %s: %w", n.table, err)
	}
	if len(rows) == 0 {
		return none, errNothing()
	}
	return rows[0], nil
}

// exists reports whether the desk has such a row.
func (n noun) exists(tx *gorm.DB, deskID, id int64) (bool, error) {
	var c int
	if err := tx.Raw("SELECT count(*) FROM "+n.table+" WHERE desk_id = ? AND id = ?", deskID, id).Scan(&c).Error; err != nil {
		return false, fmt.Errorf("look into %s: %w", n.table, err)
	}
	return c > 0, nil
}

// remove goes through gorm, which tells a foreign key's refusal on both dialects.
func (n noun) remove(tx *gorm.DB, deskID, id int64) (bool, error) {
	done := tx.Exec("DELETE FROM "+n.table+" WHERE desk_id = ? AND id = ?", deskID, id)
	return done.RowsAffected > 0, done.Error
}

func personOf(tx *gorm.DB, deskID, id int64) (Person, error) {
	return oneNoun[Person](tx, personNoun, deskID, id)
}

func personByEmail(tx *gorm.DB, deskID int64, email string) (Person, error) {
	var rows []Person
	err := tx.Raw("SELECT "+personNoun.columns+" FROM "+personNoun.from+
		" WHERE d.desk_id = ? AND d.email_key = ? AND d.email_key <> '' AND d.obsolete = ? ORDER BY d.id LIMIT 1", deskID, emailKey(email), false).Scan(&rows).Error
	if err != nil {
		return Person{}, fmt.Errorf("look for an e-mail: %w", err)
	}
	if len(rows) == 0 {
		return Person{}, errNothing()
	}
	return rows[0], nil
}

// emailKey is what addresses are compared by; "" for what cannot be one.
func emailKey(s string) string {
	s = strings.TrimSpace(s)
	if cleanLine(s) != s || len(s) > 320 {
		return ""
	}
	return strings.ToLower(s)
}

func storeOrganisation(tx *gorm.DB, o *Organisation) error {
	if o.ID == 0 {
		return db.QueryRow(tx, []any{&o.ID}, "INSERT INTO organisations (desk_id, name, code, parent_id, search_key, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
			o.DeskID, o.Name, o.Code, orNull(o.ParentID), fold(o.Name), o.CreatedAt, o.UpdatedAt)
	}
	return one(db.Exec(tx, "UPDATE organisations SET name = ?, code = ?, parent_id = ?, search_key = ?, updated_at = ? WHERE id = ? AND desk_id = ?",
		o.Name, o.Code, orNull(o.ParentID), fold(o.Name), o.UpdatedAt, o.ID, o.DeskID))
}

func storePerson(tx *gorm.DB, p *Person) error {
	key := fold(p.Friendlyname + " " + p.Email)
	if p.ID == 0 {
		return db.QueryRow(tx, []any{&p.ID}, `INSERT INTO persons (desk_id, org_id, first_name, name, friendlyname, email, email_key, search_key, phone, mobile_phone, function, obsolete, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
			p.DeskID, p.OrgID, p.FirstName, p.Name, p.Friendlyname, p.Email, emailKey(p.Email), key, p.Phone, p.MobilePhone, p.Function, p.Obsolete, p.CreatedAt, p.UpdatedAt)
	}
	return one(db.Exec(tx, `UPDATE persons SET org_id = ?, first_name = ?, name = ?, friendlyname = ?, email = ?, email_key = ?, search_key = ?,
		phone = ?, mobile_phone = ?, function = ?, obsolete = ?, updated_at = ? WHERE id = ? AND desk_id = ?`,
		p.OrgID, p.FirstName, p.Name, p.Friendlyname, p.Email, emailKey(p.Email), key, p.Phone, p.MobilePhone, p.Function, p.Obsolete, p.UpdatedAt, p.ID, p.DeskID))
}

func storeTeam(tx *gorm.DB, t *Team) error {
	if t.ID == 0 {
		return db.QueryRow(tx, []any{&t.ID}, "INSERT INTO teams (desk_id, org_id, name, email, search_key, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
			t.DeskID, orNull(t.OrgID), t.Name, t.Email, fold(t.Name), t.CreatedAt, t.UpdatedAt)
	}
	return one(db.Exec(tx, "UPDATE teams SET org_id = ?, name = ?, email = ?, search_key = ?, updated_at = ? WHERE id = ? AND desk_id = ?",
		orNull(t.OrgID), t.Name, t.Email, fold(t.Name), t.UpdatedAt, t.ID, t.DeskID))
}

// one turns an update of nothing into NotFound.
func one(rows int64, err error) error {
	if err == nil && rows == 0 {
		return errNothing()
	}
	return err
}

const memberSelect = `SELECT m.team_id, m.person_id, p.friendlyname AS person_name, m.can_read, m.can_write, m.all_tickets
	FROM team_members m JOIN teams t ON t.id = m.team_id JOIN persons p ON p.id = m.person_id WHERE t.desk_id = ?`

func membershipsOf(tx *gorm.DB, deskID, personID int64) ([]Member, error) {
	var out []Member
	if err := tx.Raw(memberSelect+" AND m.person_id = ?", deskID, personID).Scan(&out).Error; err != nil {
		return nil, fmt.Errorf("read memberships: %w", err)
	}
	return out, nil
}

func membersOf(tx *gorm.DB, deskID, teamID int64) ([]Member, error) {
	out := []Member{}
	if err := tx.Raw(memberSelect+" AND m.team_id = ? ORDER BY p.search_key, p.id", deskID, teamID).Scan(&out).Error; err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	return out, nil
}

func storeMember(tx *gorm.DB, m Member) error {
	_, err := db.Exec(tx, `INSERT INTO team_members (team_id, person_id, can_read, can_write, all_tickets) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (team_id, person_id) DO UPDATE SET can_read = excluded.can_read, can_write = excluded.can_write, all_tickets = excluded.all_tickets`,
		m.TeamID, m.PersonID, m.Read, m.Write, m.AllTickets)
	return err
}

func removeMember(tx *gorm.DB, teamID, personID int64) (bool, error) {
	rows, err := db.Exec(tx, "DELETE FROM team_members WHERE team_id = ? AND person_id = ?", teamID, personID)
	return rows > 0, err
}

// parentOf returns the organisation above one, 0 for none.
func parentOf(tx *gorm.DB, id int64) (int64, error) {
	var parent int64
	err := db.QueryRow(tx, []any{&parent}, "SELECT COALESCE(parent_id, 0) FROM organisations WHERE id = ?", id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return parent, err
}
