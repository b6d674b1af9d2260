package itoptest

import (
	"fmt"
	"regexp"
	"strings"
)

// The OQL that the fake reads: SELECT [a FROM] Class [AS a] {JOIN Class AS b ON
// a.x = b.y} [WHERE condition] {UNION SELECT ...}, with AND, OR, NOT,
// parentheses, = != < <= > >= LIKE, NOT LIKE, IN and NOT IN over lists and
// queries, strings and whole numbers. Everything else is an error.

type query struct {
	alias   string
	sources []source
	where   expr
	union   *query
}

type source struct {
	class, alias string
	left, right  field // JOIN ... ON left = right
}

type field struct{ alias, code string }

// expr is a condition or a value.
type expr interface{}

type literal struct {
	s      string
	number bool
}

type binary struct {
	op   string
	l, r expr
}

type not struct{ e expr }

type oneOf struct {
	l      expr
	values []expr
	sub    *query
	negate bool
}

// oqlError is refused in iTop's words.
type oqlError struct{ class, text string }

func (e oqlError) Error() string { return e.class + ": " + e.text }

var reOQL = regexp.MustCompile("'(?:[^\\\\']|\\\\'|\\\\\\\\)*'|\"(?:[^\\\\\"]|\\\\\"|\\\\\\\\)*\"|[A-Za-z_][A-Za-z0-9_]*|[0-9]+|<=|>=|!=|[=<>(),.*-]|\\s+|.")

type parser struct {
	tokens []string
	at     int
}

func parseOQL(s string) (*query, error) {
	p := &parser{}
	for _, t := range reOQL.FindAllString(s, -1) {
		if strings.TrimSpace(t) == "" {
			continue
		}
		if t == "'" || t == `"` || t == `\` || !strings.ContainsAny(t[:1], "'\"<>=!(),.*-_") && !isAlnum(t[0]) {
			return nil, oqlError{"Exception", "Unexpected input at line 1: " + t}
		}
		p.tokens = append(p.tokens, t)
	}
	q, err := p.query()
	if err == nil && p.at < len(p.tokens) {
		err = p.unexpected()
	}
	return q, err
}

func isAlnum(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b >= 0x80
}

func (p *parser) peek() string {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return ""
}

func (p *parser) take(word string) bool {
	if strings.EqualFold(p.peek(), word) {
		p.at++
		return true
	}
	return false
}

func (p *parser) unexpected() error {
	if p.peek() == "" {
		return oqlError{"OQLParserSyntaxErrorException", "Unexpected token End of Input"}
	}
	return oqlError{"OQLParserSyntaxErrorException", "Unexpected token " + p.peek()}
}

func (p *parser) name() (string, error) {
	t := p.peek()
	if t == "" || !isAlnum(t[0]) && t[0] != '_' || t[0] >= '0' && t[0] <= '9' {
		return "", p.unexpected()
	}
	p.at++
	return t, nil
}

func (p *parser) query() (*query, error) {
	if !p.take("SELECT") {
		return nil, p.unexpected()
	}
	q := &query{}
	first, err := p.name()
	if err != nil {
		return nil, err
	}
	if p.take("FROM") {
		q.alias = first
		if first, err = p.name(); err != nil {
			return nil, err
		}
	}
	main := source{class: first, alias: first}
	if p.take("AS") {
		if main.alias, err = p.name(); err != nil {
			return nil, err
		}
	}
	q.sources = []source{main}
	for p.take("JOIN") {
		j, err := p.join()
		if err != nil {
			return nil, err
		}
		q.sources = append(q.sources, j)
	}
	if q.alias == "" {
		q.alias = main.alias
	}
	if p.take("WHERE") {
		if q.where, err = p.or(); err != nil {
			return nil, err
		}
	}
	if p.take("UNION") {
		if q.union, err = p.query(); err != nil {
			return nil, err
		}
	}
	return q, nil
}

func (p *parser) join() (j source, err error) {
	if j.class, err = p.name(); err != nil {
		return j, err
	}
	j.alias = j.class
	if p.take("AS") {
		if j.alias, err = p.name(); err != nil {
			return j, err
		}
	}
	if !p.take("ON") {
		return j, p.unexpected()
	}
	if j.left, err = p.field(); err != nil {
		return j, err
	}
	if !p.take("=") {
		return j, p.unexpected()
	}
	j.right, err = p.field()
	return j, err
}

func (p *parser) field() (f field, err error) {
	if f.code, err = p.name(); err != nil {
		return f, err
	}
	if p.take(".") {
		f.alias = f.code
		f.code, err = p.name()
	}
	return f, err
}

func (p *parser) or() (expr, error) { return p.chain("OR", p.and) }

func (p *parser) and() (expr, error) { return p.chain("AND", p.comparison) }

func (p *parser) chain(op string, next func() (expr, error)) (expr, error) {
	l, err := next()
	for err == nil && p.take(op) {
		var r expr
		if r, err = next(); err == nil {
			l = binary{op, l, r}
		}
	}
	return l, err
}

func (p *parser) comparison() (expr, error) {
	l, err := p.operand()
	if err != nil {
		return nil, err
	}
	for _, op := range []string{"=", "!=", "<=", ">=", "<", ">", "LIKE"} {
		if p.take(op) {
			r, err := p.operand()
			return binary{op, l, r}, err
		}
	}
	negate := p.take("NOT")
	switch {
	case p.take("LIKE"):
		r, err := p.operand()
		var e expr = binary{"LIKE", l, r}
		if negate {
			e = not{e}
		}
		return e, err
	case p.take("IN"):
		return p.in(l, negate)
	case negate:
		return nil, p.unexpected()
	}
	return l, nil
}

func (p *parser) in(l expr, negate bool) (expr, error) {
	if !p.take("(") {
		return nil, p.unexpected()
	}
	out := oneOf{l: l, negate: negate}
	if strings.EqualFold(p.peek(), "SELECT") {
		sub, err := p.query()
		if err != nil {
			return nil, err
		}
		out.sub = sub
	} else {
		for {
			v, err := p.operand()
			if err != nil {
				return nil, err
			}
			out.values = append(out.values, v)
			if !p.take(",") {
				break
			}
		}
	}
	if !p.take(")") {
		return nil, p.unexpected()
	}
	return out, nil
}

func (p *parser) operand() (expr, error) {
	t := p.peek()
	switch {
	case t == "":
		return nil, p.unexpected()
	case p.take("("):
		e, err := p.or()
		if err == nil && !p.take(")") {
			err = p.unexpected()
		}
		return e, err
	case t[0] == '\'' || t[0] == '"':
		p.at++
		return literal{s: stripslashes(t[1 : len(t)-1])}, nil
	case t == "-":
		p.at++
		n, err := p.operand()
		if lit, ok := n.(literal); ok && lit.number {
			return literal{"-" + lit.s, true}, err
		}
		return nil, p.unexpected()
	case t[0] >= '0' && t[0] <= '9':
		p.at++
		return literal{t, true}, nil
	}
	f, err := p.field()
	if err == nil && p.peek() == "(" {
		return nil, oqlError{"OQLParserSyntaxErrorException", fmt.Sprintf("itoptest plays no function %s", f.code)}
	}
	return f, err
}

// stripslashes is PHP's: a backslash is dropped and what follows it kept.
func stripslashes(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
