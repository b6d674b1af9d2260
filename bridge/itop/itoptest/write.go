package itoptest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

type inField struct {
	code string
	raw  json.RawMessage
}

// orderedFields keeps the order of a JSON map: iTop sets and refuses in it.
func orderedFields(raw json.RawMessage) ([]inField, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, fail(100, "itoptest: fields must be a map")
	}
	var out []inField
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		f := inField{code: fmt.Sprint(name)}
		if err := dec.Decode(&f.raw); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

func scalar(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if string(raw) == "null" {
		return ""
	}
	return string(raw)
}

// change is what a request wants to write, ready to be stored.
type change struct {
	values map[string]string
	logs   map[string]func(old []entry) []entry
	file   map[string]any
}

func (s *Server) create(u *user, in input) (any, error) {
	name, codes, err := s.writeable(u, in, "creating")
	if err != nil {
		return nil, err
	}
	ch, err := s.interpret(u, name, in.Fields)
	if err != nil {
		return nil, err
	}
	c := s.model[name]
	values := map[string]string{}
	for _, a := range c.attributes {
		values[a.code] = a.def
		if a.kind == aKey {
			values[a.code] = "0"
		}
	}
	for k, v := range ch.values {
		values[k] = v
	}
	if err := s.checkToWrite(name, values, -1); err != nil {
		if s.is(name, "Ticket") {
			s.refs++ // iTop spends a ref on a ticket that it then refuses
		}
		return nil, err
	}
	o := s.insert(name, values)
	for code, f := range ch.logs {
		o.logs[code] = f(nil)
	}
	o.file = ch.file
	if s.is(name, "Ticket") {
		s.newTicket(o)
	}
	if name == "Attachment" {
		o.values["creation_date"] = s.now().In(s.zone).Format(layout)
		o.values["user_id"], o.values["contact_id"] = strconv.FormatInt(u.id, 10), strconv.FormatInt(u.contact, 10)
	}
	return s.result([]*object{o}, nil, "created", codes), nil
}

// newTicket gives a ticket its ref and dates.
func (s *Server) newTicket(o *object) {
	s.refs++
	if o.values["ref"] == "" {
		prefix := map[string]string{"UserRequest": "R", "Incident": "I", "Change": "C"}[o.class]
		o.values["ref"] = fmt.Sprintf("%s-%06d", prefix, s.refs)
	}
	if o.values["start_date"] == "" {
		o.values["start_date"] = s.now().In(s.zone).Format(layout)
	}
	s.stamp(o)
}

func (s *Server) writeable(u *user, in input, doing string) (string, []string, error) {
	if in.Comment == nil {
		return "", nil, fail(100, "Missing parameter 'comment'")
	}
	name, err := s.class(in)
	if err != nil {
		return "", nil, err
	}
	if doing == "modifying" && len(in.Key) == 0 {
		return "", nil, fail(100, "Missing parameter 'key'")
	}
	if len(in.Fields) == 0 {
		return "", nil, fail(100, "Missing parameter 'fields'")
	}
	codes, err := s.output(name, in)
	if err != nil {
		return "", nil, err
	}
	if !s.may(u, name, true) {
		return "", nil, restError{1, "The current user does not have enough permissions for " + doing + " data of class " + name, true}
	}
	return name, codes, nil
}

func (s *Server) update(u *user, in input) (any, error) {
	name, codes, err := s.writeable(u, in, "modifying")
	if err != nil {
		return nil, err
	}
	o, err := s.one(name, in.Key, false)
	if err != nil {
		return nil, err
	}
	// iTop reads the whole object, changes it, and writes what changed.
	before := map[string][]entry{}
	for code, log := range o.logs {
		before[code] = append([]entry(nil), log...)
	}
	ch, err := s.interpret(u, o.class, in.Fields)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for k, v := range o.values {
		values[k] = v
	}
	for k, v := range ch.values {
		values[k] = v
	}
	if err := s.checkToWrite(o.class, values, o.id); err != nil {
		return nil, err
	}
	if race := s.race; race != nil {
		s.mu.Unlock()
		race(o.class, strconv.FormatInt(o.id, 10))
		s.mu.Lock()
	}
	for k, v := range ch.values {
		o.values[k] = v
	}
	for code, f := range ch.logs {
		o.logs[code] = f(before[code])
	}
	s.stamp(o)
	return s.result([]*object{o}, nil, "updated", codes), nil
}

// one finds the only object of a key; null allows 0 and "" for none.
func (s *Server) one(name string, key json.RawMessage, null bool) (*object, error) {
	text := scalar(key)
	if key[0] != '{' {
		if _, err := strconv.ParseFloat(text, 64); err == nil {
			if null && number(text) == 0 {
				return nil, nil
			}
			if o := s.byID(name, number(text)); o != nil {
				return o, nil
			}
			return nil, fail(100, "Invalid object %s::%s", name, text)
		}
	}
	_, list, err := s.search(name, key)
	if err != nil {
		return nil, err
	}
	if len(list) == 1 {
		return list[0], nil
	}
	what := "query: " + text
	if key[0] == '{' {
		fields, _ := orderedFields(key)
		var all []string
		for _, f := range fields {
			all = append(all, fmt.Sprintf("%s: %s (%s)", f.code, scalar(f.raw), scalar(f.raw)))
		}
		what = "criteria: " + strings.Join(all, ", ")
		if len(list) == 0 {
			return nil, fail(100, "No item found with %s", what)
		}
		return nil, fail(100, "Several items found (%d) with %s", len(list), what)
	}
	if len(list) == 0 {
		return nil, fail(100, "No item found for %s", what)
	}
	return nil, fail(100, "Several items found (%d) for %s", len(list), what)
}

var reDate = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$`)

// interpret reads the fields of a request, in their order.
func (s *Server) interpret(u *user, name string, raw json.RawMessage) (change, error) {
	ch := change{values: map[string]string{}, logs: map[string]func([]entry) []entry{}}
	fields, err := orderedFields(raw)
	if err != nil {
		return ch, err
	}
	for _, f := range fields {
		a, ok := s.model[name].find(f.code)
		if !ok {
			return ch, fail(100, "%s: Unknown attribute", f.code)
		}
		v := scalar(f.raw)
		switch a.kind {
		case aKey:
			o, err := s.one(a.target, f.raw, true)
			if err != nil {
				return ch, prefixed(f.code, err)
			}
			v = "0"
			if o != nil {
				v = strconv.FormatInt(o.id, 10)
			}
		case aDate:
			if v != "" && !reDate.MatchString(v) {
				return ch, fail(100, "%s: Wrong format for date attribute %s, expecting \"Y-m-d H:i:s\" and got \"%s\"", f.code, f.code, v)
			}
		case aHTML:
			v = s.sanitize(v)
		case aLog:
			if ch.logs[f.code], err = s.logChange(u, f.raw); err != nil {
				return ch, prefixed(f.code, err)
			}
			continue
		case aFile:
			if ch.file, err = file(f.raw); err != nil {
				return ch, prefixed(f.code, err)
			}
			continue
		case aList, aBool:
			return ch, fail(100, "%s: itoptest does not write this", f.code)
		}
		ch.values[f.code] = v
	}
	return ch, nil
}

func prefixed(code string, err error) error {
	if e := (restError{}); errors.As(err, &e) {
		e.message = code + ": " + e.message
		return e
	}
	return err
}

func file(raw json.RawMessage) (map[string]any, error) {
	var f struct{ Data, Filename, Mimetype string }
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, fail(100, "Wrong format for a document")
	}
	if _, err := base64.StdEncoding.DecodeString(f.Data); err != nil {
		return nil, fail(100, "The data is not base64")
	}
	return map[string]any{"data": f.Data, "mimetype": f.Mimetype, "filename": f.Filename, "downloads_count": 0}, nil
}

// logChange reads the three forms of writing a case log: a text, add_item, and
// items, which replaces the whole log.
func (s *Server) logChange(u *user, raw json.RawMessage) (func([]entry) []entry, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		e, err := s.entry(u, map[string]any{"message": text})
		return func(old []entry) []entry { return append(old, e) }, err
	}
	var in struct {
		Add   map[string]any   `json:"add_item"`
		Items []map[string]any `json:"items"`
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&in); err != nil {
		return nil, fail(100, "itoptest: %s", err)
	}
	switch {
	case in.Add != nil:
		e, err := s.entry(u, in.Add)
		return func(old []entry) []entry { return append(old, e) }, err
	case in.Items != nil:
		var all []entry
		for _, i := range in.Items {
			e, err := s.entry(u, i)
			if err != nil {
				return nil, err
			}
			all = append(all, e)
		}
		return func([]entry) []entry { return all }, nil
	}
	return nil, fail(100, "Missing 'items' elements")
}

// entry reads one item. Only administrators may name a user, be it nobody.
func (s *Server) entry(u *user, in map[string]any) (entry, error) {
	e := entry{date: s.now().Unix(), user: u.id, name: u.login}
	if p := s.byID("Person", u.contact); p != nil {
		e.name = s.friendlyname(p)
	}
	for k := range in {
		if !contains([]string{"message", "format", "date", "user_id", "user_login"}, k) {
			return e, fail(100, "itoptest: iTop would ignore %s in a log entry", k)
		}
	}
	if id, ok := in["user_id"]; ok && id != nil {
		if !u.admin() {
			return e, fail(1, "Only administrators can set the user id")
		}
		e.user, e.name = number(fmt.Sprint(id)), fmt.Sprint(in["user_login"])
		if e.user != 0 {
			other := s.byID("User", e.user)
			if other == nil {
				return e, fail(100, "user_id: Invalid object User::%d", e.user)
			}
			e.name = other.values["login"]
			if p := s.byID("Person", number(other.values["contactid"])); p != nil {
				e.name = s.friendlyname(p)
			}
		}
	}
	if d, ok := in["date"].(string); ok {
		if epoch, found := strings.CutPrefix(d, "@"); found {
			e.date = number(epoch)
		} else if t, err := time.ParseInLocation(layout, d, s.zone); err == nil {
			e.date = t.Unix()
		} else {
			return e, fail(100, "Failed to parse time string (%s) at position 0 (%c): The timezone could not be found in the database", d, d[0])
		}
	}
	text, _ := in["message"].(string)
	e.text = s.sanitize(text)
	if in["format"] == "text" {
		e.text = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\n", "<br>").Replace(text)
	}
	return e, nil
}

// checkToWrite lists all that iTop minds about an object, in its words.
func (s *Server) checkToWrite(name string, values map[string]string, id int64) error {
	var issues []string
	add := func(a attribute, format string, args ...any) {
		issues = append(issues, fmt.Sprintf("Unexpected value for attribute '%s' (%s) : %s", a.label, a.code, fmt.Sprintf(format, args...)))
	}
	for _, a := range s.model[name].attributes {
		v := values[a.code]
		switch {
		case a.need && (v == "" || a.kind == aKey && v == "0"):
			add(a, "Null not allowed")
		case a.kind == aEnum && v != "" && !contains(a.values, v):
			add(a, "Value not allowed [%s]", v)
		case a.max > 0 && utf8.RuneCountInString(v) > a.max:
			add(a, "String too long (found %d, limited to %d)", utf8.RuneCountInString(v), a.max)
		}
	}
	if len(issues) == 0 {
		return nil
	}
	var numbered []string
	for i, text := range issues {
		numbered = append(numbered, fmt.Sprintf("%d=>%s", i, text))
	}
	return fail(100, "%s: issues = {%s}, class = %s, id = %d", strings.Join(issues, ", "), strings.Join(numbered, "; "), name, id)
}
