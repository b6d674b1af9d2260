package db

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Time is a moment as the database stores it: microseconds since 1970 in UTC,
// in a BIGINT column. Both dialects sort and index it alike. The zero Time is
// stored as 0.
type Time struct{ time.Time }

// TimeOf returns t cut to the microsecond, in UTC.
func TimeOf(t time.Time) Time {
	if t.IsZero() {
		return Time{}
	}
	return Time{t.UTC().Truncate(time.Microsecond)}
}

// Value implements driver.Valuer.
func (t Time) Value() (driver.Value, error) {
	if t.IsZero() {
		return int64(0), nil
	}
	return t.UnixMicro(), nil
}

// Scan implements sql.Scanner.
func (t *Time) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*t = Time{}
	case int64:
		if v == 0 {
			*t = Time{}
			return nil
		}
		*t = Time{time.UnixMicro(v).UTC()}
	default:
		return fmt.Errorf("db: cannot read %T as a time", src)
	}
	return nil
}

// GormDataType tells gorm the column type.
func (Time) GormDataType() string { return "bigint" }
