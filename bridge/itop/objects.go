package itop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// object is one object of an answer.
type object struct {
	Code    int                        `json:"code"`
	Message string                     `json:"message"`
	Class   string                     `json:"class"`
	Key     text                       `json:"key"`
	Fields  map[string]json.RawMessage `json:"fields"`
}

// text returns a field as iTop writes it: strings as they are, numbers and
// booleans in JSON's words, null and absent fields as "".
func (o object) text(code string) string {
	var t text
	if raw, ok := o.Fields[code]; !ok || json.Unmarshal(raw, &t) != nil {
		return ""
	}
	return string(t)
}

// flag reports a real boolean, "yes", "true" or "1".
func (o object) flag(code string) bool {
	switch o.text(code) {
	case "true", "yes", "1":
		return true
	}
	return false
}

// objects keeps the order of iTop's map, which is the order of the query.
type objects []object

// UnmarshalJSON reads null, and a map whose order matters.
func (o *objects) UnmarshalJSON(b []byte) error {
	*o = nil
	if string(b) == "null" || string(b) == "[]" {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("objects: want a map, got %v", t)
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return fmt.Errorf("objects: %w", err)
		}
		var one object
		if err := dec.Decode(&one); err != nil {
			return fmt.Errorf("object %v: %w", name, err)
		}
		// Version 1.0 has no class and key; the map's name holds both.
		if class, key, ok := strings.Cut(fmt.Sprint(name), "::"); ok && one.Key == "" {
			one.Class, one.Key = class, text(key)
		}
		*o = append(*o, one)
	}
	return nil
}

// text is a scalar that iTop writes as string or number, as it pleases.
type text string

// UnmarshalJSON accepts strings, numbers, booleans and null.
func (t *text) UnmarshalJSON(b []byte) error {
	switch {
	case len(b) == 0 || string(b) == "null":
		*t = ""
	case b[0] == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*t = text(s)
	case b[0] == '{' || b[0] == '[':
		return fmt.Errorf("want a scalar, got %c", b[0])
	default:
		*t = text(b)
	}
	return nil
}
