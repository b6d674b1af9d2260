package intercom

import "github.com/deskbridge/deskbridge/internal/errs"

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
