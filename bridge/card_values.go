package bridge

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/deskbridge/deskbridge/bridge/desk"
)

// check returns a value as the desk wants it, or what is wrong with it.
func check(a desk.Attribute, v string) (raw, mistake string) {
	v = strings.TrimSpace(v)
	if v == "" {
		if a.Mandatory {
			return "", a.Label + " must be filled in."
		}
		return "", ""
	}
	if a.Max > 0 && len([]rune(v)) > a.Max {
		return "", fmt.Sprintf("%s can have at most %d characters.", a.Label, a.Max)
	}
	switch a.Type {
	case desk.TypeInteger:
		if _, err := strconv.ParseInt(v, 10, 64); err != nil {
			return "", "Enter a whole number, such as 12."
		}
	case desk.TypeDecimal:
		v = strings.ReplaceAll(v, ",", ".")
		if _, err := strconv.ParseFloat(v, 64); err != nil {
			return "", "Enter a number, such as 12.5."
		}
	case desk.TypeDate:
		t, err := time.Parse(time.DateOnly, v)
		if err != nil {
			return "", "Enter a date such as 2026-12-31."
		}
		return t.Format(time.DateOnly), ""
	case desk.TypeDateTime:
		for _, layout := range []string{time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly} {
			if t, err := time.Parse(layout, v); err == nil {
				return t.Format(time.DateTime), ""
			}
		}
		return "", "Enter a date and time such as 2026-12-31 17:30."
	case desk.TypeDuration:
		d, ok := duration(v)
		if !ok {
			return "", "Enter a duration such as 1h 30m or 45m."
		}
		return strconv.FormatInt(int64(d/time.Second), 10), ""
	case desk.TypeHTML:
		if !looksLikeHTML.MatchString(v) {
			return paragraph(v), ""
		}
		return clean(v), ""
	}
	return v, ""
}

// duration reads "1d 2h 30m", "90m" or a plain number of minutes.
func duration(s string) (time.Duration, bool) {
	s = strings.ToLower(strings.ReplaceAll(s, " ", ""))
	if n, err := strconv.Atoi(s); err == nil {
		return time.Duration(n) * time.Minute, n >= 0 && n < 1_000_000
	}
	var days time.Duration
	if d, rest, ok := strings.Cut(s, "d"); ok {
		n, err := strconv.Atoi(d)
		if err != nil || n < 0 || n > 10_000 {
			return 0, false
		}
		days, s = time.Duration(n)*24*time.Hour, rest
		if s == "" {
			return days, true
		}
	}
	d, err := time.ParseDuration(s)
	return days + d, err == nil && d >= 0 && days+d < 10_000*24*time.Hour
}
