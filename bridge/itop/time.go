package itop

import "time"

// layout is how iTop writes a date and time, without a zone.
const layout = "2006-01-02 15:04:05"

// parseTime reads a naive date in the server's zone; the zero time when there
// is none. In the hour that autumn repeats, the first pass is meant.
func (d *Desk) parseTime(s string) time.Time {
	t, err := time.ParseInLocation(layout, s, d.zone)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// naive writes a time as iTop's queries want it.
func (d *Desk) naive(t time.Time) string { return t.In(d.zone).Format(layout) }
