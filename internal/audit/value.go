package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/deskbridge/deskbridge/internal/db"
)

// masked stands where a secret was.
const masked = "***"

// secretNames are parts of JSON names whose values are masked whatever the
// caller did.
var secretNames = []string{"password", "passwd", "secret", "token", "api_key", "apikey", "private_key", "authorization", "cookie"}

// maxText is how many characters of actor, action, subject and address are kept.
const maxText = 200

func toRow(e Entry, now time.Time) (row, error) {
	r := row{DeskID: e.DeskID, At: db.TimeOf(now), Actor: line(e.Actor), Action: line(e.Action), Subject: line(e.Subject), Address: line(e.Address)}
	var err error
	if r.Old, err = value(e.Old); err != nil {
		return row{}, fmt.Errorf("audit: old value of %s: %w", r.Action, err)
	}
	if r.New, err = value(e.New); err != nil {
		return row{}, fmt.Errorf("audit: new value of %s: %w", r.Action, err)
	}
	return r, nil
}

// line makes one printable line of s: CR, LF, escape sequences and other control
// characters become spaces, so that a stored name cannot forge a line when the
// log is printed (SEC-049).
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > maxText {
		s = string(runes[:maxText])
	}
	return s
}

// value renders v as one line of JSON with secrets masked; nil stays nil. Control
// characters inside strings are escaped by JSON itself.
func value(v any) (*string, error) {
	if v == nil {
		return nil, nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return nil, err
	}
	if raw, err = json.Marshal(mask(tree)); err != nil {
		return nil, err
	}
	if len(raw) > maxValue {
		raw = fmt.Appendf(nil, `{"cut":true,"bytes":%d}`, len(raw))
	}
	s := string(raw)
	return &s, nil
}

func mask(v any) any {
	switch t := v.(type) {
	case map[string]any:
		for k, inner := range t {
			if secret(k) && inner != nil && inner != "" && inner != false && inner != true {
				t[k] = masked
				continue
			}
			t[k] = mask(inner)
		}
	case []any:
		for i := range t {
			t[i] = mask(t[i])
		}
	}
	return v
}

func secret(name string) bool {
	name = strings.ToLower(name)
	for _, s := range secretNames {
		if strings.Contains(name, s) {
			return true
		}
	}
	return false
}
