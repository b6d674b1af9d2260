package intercom

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// Limits of what is read. Intercom's notifications stay far below both; a
// conversation of 500 parts over REST has a limit of its own (client.go).
const (
	MaxBody  = 1 << 20 // bytes of a notification or a canvas request
	maxDepth = 64      // objects and arrays within each other
)

// value is the text of one JSON value that has been checked by check, so that
// finding things in it cannot fail. The zero value stands for "not there" and
// reads as empty everywhere.
type value []byte

// member is one field of an object; key is raw, without its quotes.
type member struct {
	key []byte
	val value
}

// document checks a whole body and returns its one value. Invalid for what is
// not JSON or nested deeper than maxDepth, TooLarge for more than limit bytes.
// The check is one pass without recursion: 10,000 open brackets cost
// microseconds (SEC-101).
func document(body []byte, limit int) (value, error) {
	if len(body) > limit {
		return nil, errs.E(errs.TooLarge, "The body is larger than %d bytes.", limit)
	}
	c := checker{b: body}
	if err := c.run(); err != nil {
		return nil, err
	}
	return value(body[c.start:c.end]), nil
}

// structural are the bytes that matter when a container is skipped.
var structural = [256]bool{'"': true, '{': true, '}': true, '[': true, ']': true}

// skip returns the index after the value that begins at b[i].
func skip(b []byte, i int) int {
	switch b[i] {
	case '"':
		return skipText(b, i)
	case '{', '[':
		for depth := 0; ; {
			for !structural[b[i]] {
				i++
			}
			switch b[i] {
			case '"':
				i = skipText(b, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
			i++
		}
	}
	for i < len(b) && b[i] != ',' && b[i] != '}' && b[i] != ']' && b[i] > ' ' {
		i++
	}
	return i
}

func skipText(b []byte, i int) int {
	for i++; ; i++ {
		i += bytes.IndexByte(b[i:], '"')
		slashes := 0
		for b[i-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return i + 1
		}
	}
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' {
		i++
	}
	return i
}

// each walks over the fields of an object until fn returns false.
func (v value) each(fn func(m member) bool) {
	if len(v) == 0 || v[0] != '{' {
		return
	}
	i := skipSpace(v, 1)
	for v[i] != '}' {
		end := skipText(v, i)
		m := member{key: v[i+1 : end-1]}
		i = skipSpace(v, end)
		i = skipSpace(v, i+1) // over the colon
		end = skip(v, i)
		m.val = v[i:end]
		if !fn(m) {
			return
		}
		i = skipSpace(v, end)
		if v[i] == ',' {
			i = skipSpace(v, i+1)
		}
	}
}

func (m member) is(key string) bool {
	if len(m.key) == len(key) {
		return string(m.key) == key
	}
	// A key may be written with escapes, which make it longer.
	return len(m.key) > len(key) && strings.IndexByte(string(m.key), '\\') >= 0 && unquote(m.key) == key
}

// get follows a path of keys, the first of equal keys each time.
func (v value) get(path ...string) value {
	for _, key := range path {
		var found value
		v.each(func(m member) bool {
			if m.is(key) {
				found = m.val
				return false
			}
			return true
		})
		v = found
	}
	return v
}

// object is the fields of an object, for looking up many of them.
type object []member

func (v value) object() object {
	if len(v) == 0 || v[0] != '{' {
		return nil
	}
	o := make(object, 0, 24)
	v.each(func(m member) bool { o = append(o, m); return true })
	return o
}

// get returns the first of the named fields that is there and not null.
func (o object) get(keys ...string) value {
	for _, key := range keys {
		for _, m := range o {
			if m.is(key) {
				if !m.val.null() {
					return m.val
				}
				break
			}
		}
	}
	return nil
}

// items returns the elements of an array; nil for anything else.
func (v value) items() []value {
	if len(v) == 0 || v[0] != '[' {
		return nil
	}
	var list []value
	i := skipSpace(v, 1)
	for v[i] != ']' {
		end := skip(v, i)
		list = append(list, v[i:end])
		i = skipSpace(v, end)
		if v[i] == ',' {
			i = skipSpace(v, i+1)
		}
	}
	return list
}

func (v value) null() bool { return len(v) == 0 || v[0] == 'n' }

// text returns a text, or a number or boolean as it was written; "" for null,
// objects and arrays.
func (v value) text() string {
	if v.null() {
		return ""
	}
	switch v[0] {
	case '"':
		return unquote(v[1 : len(v)-1])
	case '{', '[':
		return ""
	}
	return string(v)
}

// id is text without the zero that stands for "nobody" in newer versions, and
// without the fraction or exponent that some encoders give to large numbers.
func (v value) id() string {
	s := v.text()
	if s == "0" {
		return ""
	}
	if len(v) > 0 && v[0] != '"' && strings.ContainsAny(s, ".eE") {
		if f, err := strconv.ParseFloat(s, 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return strconv.FormatInt(int64(f), 10)
		}
	}
	return s
}

// int returns a whole number that is written as a number or a text, cut to the
// range of int64; 0 for anything else.
func (v value) int() int64 {
	s := strings.TrimSpace(v.text())
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) >= 1<<63 {
		return 0
	}
	return int64(f)
}

// bool is true for true, and for the texts and numbers that mean it.
func (v value) bool() bool {
	s := v.text()
	return s == "true" || s == "1"
}

// latest is the last second that is taken for a time: 9999-12-31T23:59:59Z.
const latest = 253402300799

// time reads seconds since 1970, as a number or a text, or an RFC 3339 text.
// Zero, negative and absurd values give the zero time.
func (v value) time() time.Time {
	if n := v.int(); n > 0 && n <= latest {
		return time.Unix(n, 0).UTC()
	}
	if t, err := time.Parse(time.RFC3339, v.text()); err == nil && t.Unix() > 0 {
		return t.UTC()
	}
	return time.Time{}
}

// any turns a value into texts, json.Number, bool, nil, []any and
// map[string]any. Of equal keys the first one counts.
func (v value) any() any {
	if v.null() {
		return nil
	}
	switch v[0] {
	case '"':
		return v.text()
	case 't':
		return true
	case 'f':
		return false
	case '[':
		list := []any{}
		for _, it := range v.items() {
			list = append(list, it.any())
		}
		return list
	case '{':
		return v.fields()
	}
	return json.Number(v)
}

// fields is any for an object; nil for anything else.
func (v value) fields() map[string]any {
	if len(v) == 0 || v[0] != '{' {
		return nil
	}
	m := map[string]any{}
	v.each(func(f member) bool {
		k := unquote(f.key)
		if _, twice := m[k]; !twice {
			m[k] = f.val.any()
		}
		return true
	})
	return m
}

// unquote resolves the escapes of a checked text. Bytes that are not UTF-8
// and lone surrogates become U+FFFD, so that every text can be stored.
func unquote(b []byte) string {
	if !strings.Contains(string(b), `\`) && utf8.Valid(b) {
		return string(b)
	}
	quoted := make([]byte, 0, len(b)+2)
	quoted = append(quoted, '"')
	quoted = append(quoted, b...)
	quoted = append(quoted, '"')
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return ""
	}
	return s
}

func attributeText(a any) string {
	switch x := a.(type) {
	case string:
		return x
	case json.Number:
		return x.String()
	case bool:
		return strconv.FormatBool(x)
	}
	return ""
}
