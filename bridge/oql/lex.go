package oql

import (
	"strings"
	"unicode/utf8"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// kind is what a token is.
type kind int

const (
	end    kind = iota
	word        // a name or a keyword
	quoted      // a name in backquotes: never a keyword
	text        // a string literal
	number      // 12, -3, 1.5
	param       // :name or :name->attr
	symbol      // ( ) , . = != <> < > <= >=
)

// token is one piece of a query. value is without quotes and escapes.
type token struct {
	kind  kind
	value string
	at    int // byte offset
}

// reserved are the words that are not names.
var reserved = map[string]bool{
	"SELECT": true, "FROM": true, "AS": true, "JOIN": true, "ON": true, "WHERE": true, "AND": true, "OR": true,
	"NOT": true, "IN": true, "LIKE": true, "UNION": true, "BELOW": true, "ABOVE": true, "MATCHES": true, "REGEXP": true, "IS": true, "NULL": true,
}

// fail returns an Invalid error that says where in the query something is
// wrong; the position counts characters from 1.
func fail(query string, at int, format string, args ...any) error {
	col := utf8.RuneCountInString(query[:at]) + 1
	return errs.E(errs.Invalid, "At character %d: %s", col, errs.E(errs.Invalid, format, args...).Text)
}

// lex splits a query into tokens; the last one is end.
func lex(q string) ([]token, error) {
	var out []token
	for i := 0; i < len(q); {
		c := q[i]
		if c == ' ' || c == '\t' || c == '\n' || c == '\r' {
			i++
			continue
		}
		t, next, err := one(q, i)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
		i = next
	}
	return append(out, token{kind: end, at: len(q)}), nil
}

// one reads the token at i and returns where the next one may begin.
func one(q string, i int) (token, int, error) {
	switch c := q[i]; {
	case c == '\'' || c == '"':
		return lexText(q, i)
	case c == '`':
		j := i + 1 + nameLength(q[i+1:])
		if j == i+1 || j >= len(q) || q[j] != '`' {
			return token{}, 0, fail(q, i, "a name in backquotes is not complete.")
		}
		return token{quoted, q[i+1 : j], i}, j + 1, nil
	case c == ':':
		return lexParam(q, i)
	case digit(c) || c == '-' && i+1 < len(q) && digit(q[i+1]):
		j := i + 1
		for j < len(q) && (digit(q[j]) || q[j] == '.') {
			j++
		}
		if strings.Count(q[i:j], ".") > 1 || q[j-1] == '.' || j < len(q) && nameLength("a"+q[j:]) > 1 {
			return token{}, 0, fail(q, i, "this is not a number.")
		}
		return token{number, q[i:j], i}, j, nil
	case nameLength(q[i:]) > 0:
		j := i + nameLength(q[i:])
		return token{word, q[i:j], i}, j, nil
	}
	for _, s := range []string{"<=", ">=", "<>", "!=", "(", ")", ",", ".", "=", "<", ">"} {
		if strings.HasPrefix(q[i:], s) {
			return token{symbol, s, i}, i + len(s), nil
		}
	}
	r, _ := utf8.DecodeRuneInString(q[i:])
	return token{}, 0, fail(q, i, "%q is not understood.", r)
}

// lexText reads a string literal.
func lexText(q string, i int) (token, int, error) {
	quote := q[i]
	var b strings.Builder
	for j := i + 1; j < len(q); j++ {
		switch c := q[j]; {
		case c == quote:
			return token{text, b.String(), i}, j + 1, nil
		case c == '\\':
			if j+1 >= len(q) || q[j+1] != '\\' && q[j+1] != quote {
				return token{}, 0, fail(q, j, "a backslash must stand before a quote or another backslash.")
			}
			j++
			b.WriteByte(q[j])
		default:
			b.WriteByte(c)
		}
	}
	return token{}, 0, fail(q, i, "the text has no closing quote.")
}

// lexParam reads :name or :name->attr.
func lexParam(q string, i int) (token, int, error) {
	j := i + 1 + nameLength(q[i+1:])
	if j == i+1 {
		return token{}, 0, fail(q, i, "a colon must stand before the name of a parameter.")
	}
	if strings.HasPrefix(q[j:], "->") {
		n := nameLength(q[j+2:])
		if n == 0 {
			return token{}, 0, fail(q, j, "-> must stand before an attribute.")
		}
		j += 2 + n
	}
	return token{param, q[i+1 : j], i}, j, nil
}

// nameLength returns how many bytes at the start of s are a name.
func nameLength(s string) int {
	for i := range len(s) {
		c := s[i] | 0x20
		if c >= 'a' && c <= 'z' || s[i] == '_' || i > 0 && digit(s[i]) {
			continue
		}
		return i
	}
	return len(s)
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
