package tickets

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
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

func (v Values) clone() Values {
	out := make(Values, len(v))
	for k, s := range v {
		out[k] = s
	}
	return out
}

var codePattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// ownCodes are attribute codes of the desk itself, which no custom field takes.
var ownCodes = func() map[string]bool {
	m := map[string]bool{"id": true, "ref": true, "class": true, "finalclass": true, "friendlyname": true, "public_log": true, "private_log": true,
		"start_date": true, "last_update": true, "assignment_date": true, "resolution_date": true, "close_date": true}
	for _, a := range (&Ticket{}).attributes() {
		m[a.code] = true
	}
	return m
}()

// CustomFields returns the fields that tickets of the class have, "" for all
// fields, by position.
func (s *Service) CustomFields(ctx context.Context, a Actor, class Class) ([]CustomField, error) {
	if a.Access == AccessNone {
		return nil, errNotAllowed()
	}
	return customFieldsOf(s.db.Read(ctx), a.DeskID, class)
}

// CreateCustomField adds a field. Tickets that are there already do not have it
// until somebody sets it, even when it is mandatory.
func (s *Service) CreateCustomField(ctx context.Context, a Actor, f CustomField) (CustomField, error) {
	f.ID = 0
	return s.putCustomField(ctx, a, f)
}

// UpdateCustomField replaces label, options, position and whether the field is
// mandatory; class, code and type stay what they were.
func (s *Service) UpdateCustomField(ctx context.Context, a Actor, f CustomField) (CustomField, error) {
	if f.ID == 0 {
		return CustomField{}, errNothing()
	}
	return s.putCustomField(ctx, a, f)
}

// DeleteCustomField removes a field. Values that tickets have stay stored and
// are not shown any more.
func (s *Service) DeleteCustomField(ctx context.Context, a Actor, id int64) error {
	return s.drop(ctx, a, "customfield", id, removeCustomField)
}

func (s *Service) putCustomField(ctx context.Context, a Actor, f CustomField) (CustomField, error) {
	id := func(f CustomField) int64 { return f.ID }
	old := func(tx *gorm.DB, f CustomField) (*CustomField, error) {
		if f.ID == 0 {
			return nil, nil
		}
		was, err := customFieldOf(tx, a.DeskID, f.ID)
		return &was, err
	}
	check := func(tx *gorm.DB, f *CustomField, bad *errs.Fields) error {
		f.DeskID = a.DeskID
		if f.ID != 0 {
			was, err := customFieldOf(tx, a.DeskID, f.ID)
			if err != nil {
				return err
			}
			f.Class, f.Code, f.Type, f.CreatedAt = was.Class, was.Code, was.Type, was.CreatedAt
		}
		s.stamp(&f.CreatedAt, &f.UpdatedAt, f.ID == 0)
		f.check(bad)
		return nil
	}
	return first(put(ctx, s, a, "customfield", []CustomField{f}, old, check, storeCustomField, id))
}

func (f *CustomField) check(bad *errs.Fields) {
	if f.Class != "" && !f.Class.Valid() {
		bad.Add("class", "Choose UserRequest, Incident or nothing for both.")
	}
	if !codePattern.MatchString(f.Code) {
		bad.Add("code", "A small letter, then small letters, digits and underscores, at most 40.")
	} else if ownCodes[f.Code] {
		bad.Add("code", "The desk has an attribute of this code already.")
	}
	needLine(bad, "label", &f.Label, true)
	switch f.Type {
	case FieldString, FieldText, FieldInteger, FieldDecimal, FieldBool, FieldDate, FieldDateTime, FieldDuration:
		f.Options = nil
	case FieldEnum:
		seen := map[string]bool{}
		for i := range f.Options {
			o := &f.Options[i]
			o.Value, o.Label = cleanLine(o.Value), cleanLine(o.Label)
			if o.Label == "" {
				o.Label = o.Value
			}
			if o.Value == "" || seen[o.Value] {
				bad.Add("options", "Every option needs a value of its own.")
			}
			seen[o.Value] = true
		}
		if len(f.Options) == 0 {
			bad.Add("options", "An enumeration needs options.")
		}
	default:
		bad.Add("type", "Choose string, text, integer, decimal, bool, enum, date, datetime or duration.")
	}
}

// setCustom puts checked values into the ticket; mistakes are at custom.<code>.
func setCustom(t *Ticket, defs []CustomField, values Values, zone *time.Location, bad *errs.Fields) {
	byCode := map[string]CustomField{}
	for _, d := range defs {
		byCode[d.Code] = d
	}
	for _, code := range slices.Sorted(maps.Keys(values)) {
		d, ok := byCode[code]
		if !ok {
			bad.Add("custom."+code, "There is no such field.")
			continue
		}
		v, err := d.Parse(values[code], zone)
		switch {
		case err != nil:
			bad.Add("custom."+code, "%s", errs.Text(err))
		case v == "":
			delete(t.Custom, code)
		default:
			t.Custom[code] = v
		}
	}
}

func requireCustom(t *Ticket, defs []CustomField, bad *errs.Fields) {
	for _, d := range defs {
		if d.Mandatory && t.Custom[d.Code] == "" {
			bad.Add("custom."+d.Code, "%s is needed.", d.Label)
		}
	}
}

func changedFields(defs []CustomField, values Values) []CustomField {
	var out []CustomField
	for _, d := range defs {
		if _, ok := values[d.Code]; ok {
			out = append(out, d)
		}
	}
	return out
}

// Parse returns the value in the form in which it is stored; "" clears it. The
// error is a sentence for people.
func (f CustomField) Parse(raw string, zone *time.Location) (string, error) {
	v := cleanLine(raw)
	if v == "" {
		return "", nil
	}
	switch f.Type {
	case FieldString:
		if runes(v) > maxLine {
			return "", errs.E(errs.Invalid, "At most %d characters.", maxLine)
		}
	case FieldText:
		v = cleanText(raw)
		if runes(v) > maxText {
			return "", errs.E(errs.Invalid, "At most %d characters.", maxText)
		}
	case FieldInteger:
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return "", errs.E(errs.Invalid, "This must be a whole number.")
		}
		return strconv.FormatInt(n, 10), nil
	case FieldDecimal:
		if !decimalPattern.MatchString(v) {
			return "", errs.E(errs.Invalid, "This must be a number such as 12.50.")
		}
	case FieldBool:
		return parseBool(v)
	case FieldEnum:
		if !slices.ContainsFunc(f.Options, func(c Choice) bool { return c.Value == v }) {
			return "", errs.E(errs.Invalid, "This is not one of the choices.")
		}
	case FieldDate:
		if _, err := time.Parse(time.DateOnly, v); err != nil {
			return "", errs.E(errs.Invalid, "This must be a date such as 2026-01-31.")
		}
	case FieldDateTime:
		return parseDateTime(v, zone)
	case FieldDuration:
		if n, err := strconv.ParseInt(v, 10, 64); err != nil || n < 0 {
			return "", errs.E(errs.Invalid, "This must be a number of seconds.")
		}
	}
	return v, nil
}

var decimalPattern = regexp.MustCompile(`^[+-]?[0-9]{1,18}(\.[0-9]{1,12})?$`)

func parseBool(v string) (string, error) {
	switch strings.ToLower(v) {
	case "true", "yes", "1", "on":
		return "true", nil
	case "false", "no", "0", "off":
		return "false", nil
	}
	return "", errs.E(errs.Invalid, "This must be true or false.")
}

// parseDateTime takes a local time of the zone, or any time with its own zone.
func parseDateTime(v string, zone *time.Location) (string, error) {
	if t, err := time.Parse(time.RFC3339, v); err == nil {
		return t.In(zone).Format(time.DateTime), nil
	}
	for _, layout := range []string{time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, v, zone); err == nil {
			return t.Format(time.DateTime), nil
		}
	}
	return "", errs.E(errs.Invalid, "This must be a date and time such as 2026-01-31 17:00:00.")
}
