package oql

import (
	"strconv"
	"strings"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// Lookup returns the value of an attribute, by alias. A parameter :this->x is
// asked for as (":this", "x"), a parameter :name as (":name", ""). False means
// that there is no such attribute, or no row under this alias.
type Lookup func(alias, attr string) (string, bool)

// scope is what conditions are evaluated against.
type scope struct{ lookup Lookup }

// Match reports whether a row fulfils the query. As in iTop, texts are compared
// without regard to case, and as numbers when both sides are numbers. A join
// whose row is not there does not match; an unknown attribute or parameter in
// the condition is an errs.Invalid error.
func (q *Query) Match(lookup func(alias, attr string) (string, bool)) (bool, error) {
	s := &scope{lookup: lookup}
	for _, j := range q.joins {
		left, ok := lookup(j.Left.Alias, j.Left.Attr)
		right, ok2 := lookup(j.Right.Alias, j.Right.Attr)
		if !ok || !ok2 || order(left, right) != 0 {
			return false, nil
		}
	}
	if q.where == nil {
		return true, nil
	}
	return q.where.match(s)
}

func (c chain) match(s *scope) (bool, error) {
	for _, p := range c.parts {
		ok, err := p.match(s)
		if err != nil {
			return false, err
		}
		if ok == (c.bind == bindOr) {
			return ok, nil
		}
	}
	return c.bind == bindAnd, nil
}

func (t truth) match(*scope) (bool, error) {
	f, err := strconv.ParseFloat(t.value, 64)
	return err == nil && f != 0, nil
}

func (c compare) match(s *scope) (bool, error) {
	left, err := s.value(c.left)
	if err != nil {
		return false, err
	}
	if c.list != nil {
		found := false
		for _, o := range c.list {
			v, err := s.value(o)
			if err != nil {
				return false, err
			}
			found = found || order(left, v) == 0
		}
		return found == (c.op == "IN"), nil
	}
	right, err := s.value(c.right)
	if err != nil {
		return false, err
	}
	switch c.op {
	case "LIKE":
		return like(left, right), nil
	case "NOT LIKE":
		return !like(left, right), nil
	}
	o := order(left, right)
	switch c.op {
	case "=":
		return o == 0, nil
	case "!=":
		return o != 0, nil
	case "<":
		return o < 0, nil
	case ">":
		return o > 0, nil
	case "<=":
		return o <= 0, nil
	default:
		return o >= 0, nil
	}
}

// value returns what an operand stands for.
func (s *scope) value(o operand) (string, error) {
	alias, attr := o.field.Alias, o.field.Attr
	switch o.kind {
	case text, number:
		return o.value, nil
	case param:
		name, rest, _ := strings.Cut(o.value, "->")
		alias, attr = ":"+name, rest
	}
	v, ok := s.lookup(alias, attr)
	if !ok && o.kind == param {
		return "", errs.E(errs.Invalid, "The query uses the parameter :%s, which is not known here.", o.value)
	}
	if !ok {
		return "", errs.E(errs.Invalid, "The query uses %s, which is not known here.", o.field)
	}
	return v, nil
}

// order compares two values: as numbers when both are numbers, else as texts
// without regard to case.
func order(a, b string) int {
	if plainNumber(a) && plainNumber(b) {
		x, _ := strconv.ParseFloat(a, 64)
		y, _ := strconv.ParseFloat(b, 64)
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	return strings.Compare(strings.ToLower(a), strings.ToLower(b))
}

// plainNumber reports whether s is a number as a desk writes it. Names such as
// "nan" and "0x10", which Go would take for numbers, are not.
func plainNumber(s string) bool {
	whole, part, dot := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	allDigits := func(t string) bool { return t != "" && strings.Trim(t, "0123456789") == "" }
	if !allDigits(whole) || dot && !allDigits(part) {
		return false
	}
	return whole == "0" || whole[0] != '0'
}

// like matches a pattern in which % is any text, _ any one character and \
// makes the next character stand for itself. It takes time in proportion to
// the product of both lengths at most.
func like(s, pattern string) bool {
	text, marks := []rune(strings.ToLower(s)), pieces(strings.ToLower(pattern))
	i, j, star, from := 0, 0, -1, 0
	for i < len(text) {
		switch {
		case j < len(marks) && marks[j].any:
			star, from = j, i
			j++
		case j < len(marks) && (marks[j].one || marks[j].r == text[i]):
			i++
			j++
		case star >= 0:
			from++
			i, j = from, star+1
		default:
			return false
		}
	}
	for j < len(marks) && marks[j].any {
		j++
	}
	return j == len(marks)
}

// piece is one character of a pattern.
type piece struct {
	r        rune
	any, one bool
}

// pieces splits a pattern.
func pieces(pattern string) []piece {
	var out []piece
	runes := []rune(pattern)
	for i := 0; i < len(runes); i++ {
		switch {
		case runes[i] == '\\' && i+1 < len(runes):
			i++
			out = append(out, piece{r: runes[i]})
		case runes[i] == '%':
			out = append(out, piece{any: true})
		case runes[i] == '_':
			out = append(out, piece{one: true})
		default:
			out = append(out, piece{r: runes[i]})
		}
	}
	return out
}
