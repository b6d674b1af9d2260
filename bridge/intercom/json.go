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

// checker is a strict JSON syntax check (RFC 8259) with a bound on depth.
type checker struct {
	b          []byte
	i          int
	start, end int
	stack      [maxDepth]byte // '{' or '[' for each open level
	depth      int
}

func (c *checker) fail(what string) error {
	return errs.E(errs.Invalid, "The body is not valid JSON: %s at byte %d.", what, c.i)
}

func (c *checker) space() {
	for c.i < len(c.b) {
		switch c.b[c.i] {
		case ' ', '\t', '\n', '\r':
			c.i++
		default:
			return
		}
	}
}

func (c *checker) next() byte {
	c.space()
	if c.i < len(c.b) {
		return c.b[c.i]
	}
	return 0
}

func (c *checker) run() error {
	c.space()
	c.start = c.i
	for {
		opened, err := c.value()
		if err != nil {
			return err
		}
		if opened {
			continue
		}
		more, err := c.after()
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	c.end = c.i
	if c.space(); c.i != len(c.b) {
		return c.fail("more after the value")
	}
	return nil
}

// value reads one scalar or empty container, or opens a container, in which
// case the caller reads its first value next.
func (c *checker) value() (opened bool, err error) {
	switch ch := c.next(); ch {
	case '{', '[':
		if c.depth == maxDepth {
			return false, errs.E(errs.Invalid, "The body is nested deeper than %d levels.", maxDepth)
		}
		c.i++
		if c.next() == ch+2 { // '}' and ']' stand two after their openers
			c.i++
			return false, nil
		}
		c.stack[c.depth] = ch
		c.depth++
		if ch == '{' {
			return true, c.key()
		}
		return true, nil
	case '"':
		return false, c.text()
	case 't':
		return false, c.word("true")
	case 'f':
		return false, c.word("false")
	case 'n':
		return false, c.word("null")
	default:
		return false, c.number()
	}
}

// after reads what follows a value: a comma and the next key, or closing
// brackets. more is false after the outermost value.
func (c *checker) after() (more bool, err error) {
	for c.depth > 0 {
		open := c.stack[c.depth-1]
		switch c.next() {
		case ',':
			c.i++
			if open == '{' {
				return true, c.key()
			}
			return true, nil
		case open + 2:
			c.i++
			c.depth--
		default:
			return false, c.fail("no comma or closing bracket")
		}
	}
	return false, nil
}

func (c *checker) key() error {
	if c.next() != '"' {
		return c.fail("no key")
	}
	if err := c.text(); err != nil {
		return err
	}
	if c.next() != ':' {
		return c.fail("no colon")
	}
	c.i++
	return nil
}

func (c *checker) word(w string) error {
	if len(c.b)-c.i < len(w) || string(c.b[c.i:c.i+len(w)]) != w {
		return c.fail("an unknown word")
	}
	c.i += len(w)
	return nil
}

// plain are the bytes of a text that mean themselves.
var plain = func() (t [256]bool) {
	for ch := range t {
		t[ch] = ch >= 0x20 && ch != '"' && ch != '\\'
	}
	return t
}()

func (c *checker) text() error {
	c.i++
	for c.i < len(c.b) {
		for c.i < len(c.b) && plain[c.b[c.i]] {
			c.i++
		}
		if c.i == len(c.b) {
			break
		}
		switch ch := c.b[c.i]; {
		case ch == '"':
			c.i++
			return nil
		case ch < 0x20:
			return c.fail("a control character in a text")
		default:
			if err := c.escape(); err != nil {
				return err
			}
		}
	}
	return c.fail("a text without an end")
}

func (c *checker) escape() error {
	if c.i+1 >= len(c.b) {
		return c.fail("a text without an end")
	}
	switch c.b[c.i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		c.i += 2
		return nil
	case 'u':
		if c.i+6 > len(c.b) {
			return c.fail("a short escape")
		}
		for _, h := range c.b[c.i+2 : c.i+6] {
			if !isHex(h) {
				return c.fail("a wrong escape")
			}
		}
		c.i += 6
		return nil
	}
	return c.fail("a wrong escape")
}

func isHex(h byte) bool {
	return '0' <= h && h <= '9' || 'a' <= h && h <= 'f' || 'A' <= h && h <= 'F'
}

func (c *checker) digits() bool {
	from := c.i
	for c.i < len(c.b) && '0' <= c.b[c.i] && c.b[c.i] <= '9' {
		c.i++
	}
	return c.i > from
}

func (c *checker) number() error {
	if c.i < len(c.b) && c.b[c.i] == '-' {
		c.i++
	}
	if c.i < len(c.b) && c.b[c.i] == '0' {
		c.i++
	} else if !c.digits() {
		return c.fail("no value")
	}
	if c.i < len(c.b) && c.b[c.i] == '.' {
		c.i++
		if !c.digits() {
			return c.fail("a wrong number")
		}
	}
	if c.i < len(c.b) && (c.b[c.i] == 'e' || c.b[c.i] == 'E') {
		c.i++
		if c.i < len(c.b) && (c.b[c.i] == '+' || c.b[c.i] == '-') {
			c.i++
		}
		if !c.digits() {
			return c.fail("a wrong number")
		}
	}
	return nil
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
