package tickets

import (
	"fmt"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
)

func storeOffering(tx *gorm.DB, o *Offering) error {
	var err error
	if o.ID == 0 {
		err = db.QueryRow(tx, []any{&o.ID}, "INSERT INTO services (desk_id, name, description, search_key, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
			o.DeskID, o.Name, o.Description, fold(o.Name), o.CreatedAt, o.UpdatedAt)
	} else {
		err = one(db.Exec(tx, "UPDATE services SET name = ?, description = ?, search_key = ?, updated_at = ? WHERE id = ? AND desk_id = ?",
			o.Name, o.Description, fold(o.Name), o.UpdatedAt, o.ID, o.DeskID))
	}
	if err != nil {
		return err
	}
	if _, err := db.Exec(tx, "DELETE FROM service_organisations WHERE service_id = ?", o.ID); err != nil {
		return err
	}
	for _, org := range o.Orgs {
		if _, err := db.Exec(tx, "INSERT INTO service_organisations (service_id, org_id) VALUES (?, ?) ON CONFLICT DO NOTHING", o.ID, org); err != nil {
			return err
		}
	}
	return nil
}

// fillOrgs adds to services which organisations they are for.
func fillOrgs(tx *gorm.DB, list []Offering) error {
	if len(list) == 0 {
		return nil
	}
	at := map[int64]*Offering{}
	ids := make([]int64, 0, len(list))
	for i := range list {
		at[list[i].ID] = &list[i]
		ids = append(ids, list[i].ID)
	}
	var rows []struct{ ServiceID, OrgID int64 }
	if err := tx.Raw("SELECT service_id, org_id FROM service_organisations WHERE service_id IN ? ORDER BY org_id", ids).Scan(&rows).Error; err != nil {
		return fmt.Errorf("read who services are for: %w", err)
	}
	for _, r := range rows {
		at[r.ServiceID].Orgs = append(at[r.ServiceID].Orgs, r.OrgID)
	}
	return nil
}

func storeSubcategory(tx *gorm.DB, c *Subcategory) error {
	if c.ID == 0 {
		return db.QueryRow(tx, []any{&c.ID}, "INSERT INTO service_subcategories (desk_id, service_id, name, description, search_key, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
			c.DeskID, c.ServiceID, c.Name, c.Description, fold(c.Name), c.CreatedAt, c.UpdatedAt)
	}
	return one(db.Exec(tx, "UPDATE service_subcategories SET service_id = ?, name = ?, description = ?, search_key = ?, updated_at = ? WHERE id = ? AND desk_id = ?",
		c.ServiceID, c.Name, c.Description, fold(c.Name), c.UpdatedAt, c.ID, c.DeskID))
}

const customSelect = "SELECT id, desk_id, class, code, label, type, mandatory, options, position, created_at, updated_at FROM custom_fields WHERE desk_id = ?"

func customFieldsOf(tx *gorm.DB, deskID int64, class Class) ([]CustomField, error) {
	q, args := customSelect, []any{deskID}
	if class != "" {
		q, args = q+" AND class IN ('', ?)", append(args, string(class))
	}
	out := []CustomField{}
	if err := tx.Raw(q+" ORDER BY position, id", args...).Scan(&out).Error; err != nil {
		return nil, fmt.Errorf("read custom fields: %w", err)
	}
	return out, nil
}

func customFieldOf(tx *gorm.DB, deskID, id int64) (CustomField, error) {
	var rows []CustomField
	if err := tx.Raw(customSelect+" AND id = ?", deskID, id).Scan(&rows).Error; err != nil {
		return CustomField{}, fmt.Errorf("read a custom field: %w", err)
	}
	if len(rows) == 0 {
		return CustomField{}, errNothing()
	}
	return rows[0], nil
}

func storeCustomField(tx *gorm.DB, f *CustomField) error {
	if f.ID == 0 {
		return db.QueryRow(tx, []any{&f.ID}, `INSERT INTO custom_fields (desk_id, class, code, label, type, mandatory, options, position, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
			f.DeskID, string(f.Class), f.Code, f.Label, string(f.Type), f.Mandatory, f.Options, f.Position, f.CreatedAt, f.UpdatedAt)
	}
	return one(db.Exec(tx, "UPDATE custom_fields SET label = ?, mandatory = ?, options = ?, position = ?, updated_at = ? WHERE id = ? AND desk_id = ?",
		f.Label, f.Mandatory, f.Options, f.Position, f.UpdatedAt, f.ID, f.DeskID))
}

func removeCustomField(tx *gorm.DB, deskID, id int64) (bool, error) {
	rows, err := db.Exec(tx, "DELETE FROM custom_fields WHERE id = ? AND desk_id = ?", id, deskID)
	return rows > 0, err
}
