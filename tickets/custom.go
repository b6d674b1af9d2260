package tickets

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"

	"github.com/deskbridge/deskbridge/internal/db"
)

// FieldType is the type of a custom field.
type FieldType string

// The types. Values are kept as text in the form that iTop's REST has.
const (
	FieldString   FieldType = "string"   // one line, at most 255 runes
	FieldText     FieldType = "text"     // plain text of several lines, at most 64 Ki runes
	FieldInteger  FieldType = "integer"  // "-12"
	FieldDecimal  FieldType = "decimal"  // "12.50"
	FieldBool     FieldType = "bool"     // "true" or "false"
	FieldEnum     FieldType = "enum"     // one of Options
	FieldDate     FieldType = "date"     // "2026-01-31"
	FieldDateTime FieldType = "datetime" // "2026-01-31 17:00:00", in the desk's zone
	FieldDuration FieldType = "duration" // seconds: "5400"
)

// CustomField is an attribute that an administrator added to the tickets.
type CustomField struct {
	ID        int64
	DeskID    int64
	Class     Class  // "" for every class
	Code      string // [a-z][a-z0-9_]*, at most 40; no attribute of the desk's own
	Label     string
	Type      FieldType
	Mandatory bool
	Options   Choices // of an enum
	Position  int
	CreatedAt db.Time
	UpdatedAt db.Time
}

// Choice is one value of an enumeration.
type Choice struct {
	Value string `json:"value" maxLength:"80" doc:"Raw value that is stored"`
	Label string `json:"label" maxLength:"120" doc:"Text for people"`
}

// Choices are stored as JSON.
type Choices []Choice

// Value implements driver.Valuer.
func (c Choices) Value() (driver.Value, error) {
	if c == nil {
		return "[]", nil
	}
	b, err := json.Marshal(c)
	return string(b), err
}

// Scan implements sql.Scanner.
func (c *Choices) Scan(src any) error { return scanJSON(src, c) }

// Values are raw values by attribute code, stored as JSON.
type Values map[string]string

// Value implements driver.Valuer.
func (v Values) Value() (driver.Value, error) {
	if v == nil {
		return "{}", nil
	}
	b, err := json.Marshal(v)
	return string(b), err
}

// Scan implements sql.Scanner.
func (v *Values) Scan(src any) error { return scanJSON(src, v) }

func scanJSON(src, into any) error {
	switch s := src.(type) {
	case nil:
		return nil
	case string:
		return json.Unmarshal([]byte(s), into)
	case []byte:
		return json.Unmarshal(s, into)
	}
	return fmt.Errorf("tickets: cannot read %T as JSON", src)
}
