package oql

import (
	"slices"
	"strings"
)

// The limits of a query; scopes are short.
const (
	maxQuery = 16 << 10 // bytes
	maxDepth = 50       // parentheses within parentheses
)

// Parse reads a query. Its errors are of kind errs.Invalid and say at which
// character something is wrong.
func Parse(s string) (*Query, error) {
	if len(s) > maxQuery {
		return nil, fail(s, 0, "the query is longer than %d bytes.", maxQuery)
	}
	tokens, err := lex(s)
	if err != nil {
		return nil, err
	}
	p := &parser{query: s, tokens: tokens}
	return p.parse()
}

// parser walks over the tokens.
type parser struct {
	query  string
	tokens []token
	depth  int
	q      Query
}

// peek returns the token that comes next.
func (p *parser) peek() token { return p.tokens[0] }

// next takes the token that comes next; the end stays.
func (p *parser) next() token {
	t := p.tokens[0]
	if t.kind != end {
		p.tokens = p.tokens[1:]
	}
	return t
}

// take takes the next token when it is this keyword or symbol.
func (p *parser) take(what string) bool {
	t := p.peek()
	if t.kind == word && reserved[what] && strings.EqualFold(t.value, what) || t.kind == symbol && t.value == what {
		p.next()
		return true
	}
	return false
}

// expect takes a keyword or symbol or fails.
func (p *parser) expect(what string) error {
	if !p.take(what) {
		return p.fail("expected %s, found %s.", what, p.found())
	}
	return nil
}

// fail reports a mistake at the next token.
func (p *parser) fail(format string, args ...any) error {
	return fail(p.query, p.peek().at, format, args...)
}

// found names the next token for people.
func (p *parser) found() string {
	switch t := p.peek(); t.kind {
	case end:
		return "the end"
	case text:
		return "a text"
	default:
		return t.value
	}
}

// name takes a name.
func (p *parser) name(what string) (string, error) {
	t := p.peek()
	if t.kind == quoted || t.kind == word && !reserved[strings.ToUpper(t.value)] {
		p.next()
		return t.value, nil
	}
	return "", p.fail("expected %s, found %s.", what, p.found())
}

// parse reads SELECT Class [AS alias] or SELECT alias FROM Class AS alias, then
// joins and the condition.
func (p *parser) parse() (*Query, error) {
	if err := p.expect("SELECT"); err != nil {
		return nil, err
	}
	at := p.peek()
	class, err := p.name("a class")
	if err != nil {
		return nil, err
	}
	selected := ""
	if p.take("FROM") {
		selected = class
		if class, err = p.name("a class"); err != nil {
			return nil, err
		}
	}
	p.q.class, p.q.alias = class, class
	if p.take("AS") {
		if p.q.alias, err = p.name("an alias"); err != nil {
			return nil, err
		}
		p.q.named = p.q.alias != class
	}
	if selected != "" && selected != p.q.alias {
		return nil, fail(p.query, at.at, "only the first class can be selected: write SELECT %s FROM.", p.q.alias)
	}
	for p.take("JOIN") {
		if err := p.join(); err != nil {
			return nil, err
		}
	}
	if p.take("WHERE") {
		if p.q.where, err = p.or(); err != nil {
			return nil, err
		}
	}
	if p.peek().kind != end {
		return nil, p.fail("%s is not expected here; only JOIN, WHERE, AND and OR can follow.", p.found())
	}
	return &p.q, nil
}

// aliases returns the aliases that are known so far.
func (p *parser) aliases() []string {
	out := []string{p.q.alias}
	for _, j := range p.q.joins {
		out = append(out, j.Alias)
	}
	return out
}

// join reads Class AS alias ON a.x = b.y.
func (p *parser) join() error {
	class, err := p.name("a class")
	if err != nil {
		return err
	}
	j := Join{Class: class, Alias: class}
	at := p.peek().at
	if p.take("AS") {
		at = p.peek().at
		if j.Alias, err = p.name("an alias"); err != nil {
			return err
		}
	}
	if slices.Contains(p.aliases(), j.Alias) {
		return fail(p.query, at, "the alias %s is given twice.", j.Alias)
	}
	p.q.joins = append(p.q.joins, j)
	if err := p.expect("ON"); err != nil {
		return err
	}
	if j.Left, err = p.field(); err != nil {
		return err
	}
	if err := p.expect("="); err != nil {
		return err
	}
	if j.Right, err = p.field(); err != nil {
		return err
	}
	p.q.joins[len(p.q.joins)-1] = j
	return nil
}

// field reads attr or alias.attr.
func (p *parser) field() (Field, error) {
	at := p.peek().at
	first, err := p.name("an attribute")
	if err != nil {
		return Field{}, err
	}
	if p.peek().kind == symbol && p.peek().value == "(" {
		return Field{}, fail(p.query, at, "functions such as %s are not supported.", first)
	}
	if !p.take(".") {
		return Field{Alias: p.q.alias, Attr: first}, nil
	}
	attr, err := p.name("an attribute")
	if err != nil {
		return Field{}, err
	}
	if !slices.Contains(p.aliases(), first) {
		return Field{}, fail(p.query, at, "there is no class or alias %s in the query.", first)
	}
	return Field{Alias: first, Attr: attr}, nil
}

// or reads conditions with OR between them.
func (p *parser) or() (expr, error) { return p.chain(bindOr, "OR", p.and) }

// and reads conditions with AND between them.
func (p *parser) and() (expr, error) { return p.chain(bindAnd, "AND", p.condition) }

// chain reads parts with a keyword between them; one part alone is itself.
func (p *parser) chain(bind int, between string, part func() (expr, error)) (expr, error) {
	c := chain{bind: bind}
	for {
		e, err := part()
		if err != nil {
			return nil, err
		}
		c.parts = append(c.parts, e)
		if p.take(between) {
			continue
		}
		if len(c.parts) == 1 {
			return e, nil
		}
		return c, nil
	}
}

// condition reads a comparison or a condition in parentheses.
func (p *parser) condition() (expr, error) {
	if p.take("(") {
		if p.depth++; p.depth > maxDepth {
			return nil, p.fail("there are more than %d parentheses within each other.", maxDepth)
		}
		e, err := p.or()
		if err != nil {
			return nil, err
		}
		p.depth--
		return e, p.expect(")")
	}
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	op, err := p.operator(left)
	if err != nil {
		return nil, err
	}
	switch op {
	case "":
		return truth{left.value}, nil
	case "IN", "NOT IN":
		list, err := p.list()
		return compare{left: left, op: op, list: list}, err
	}
	right, err := p.operand()
	return compare{left: left, op: op, right: right}, err
}

// operator reads what stands between two operands; nothing after a number.
func (p *parser) operator(left operand) (string, error) {
	for _, op := range []string{"=", "!=", "<>", "<=", ">=", "<", ">", "LIKE", "IN"} {
		if p.take(op) {
			if op == "<>" {
				op = "!="
			}
			return op, nil
		}
	}
	if p.take("NOT") {
		for _, op := range []string{"LIKE", "IN"} {
			if p.take(op) {
				return "NOT " + op, nil
			}
		}
		return "", p.fail("expected IN or LIKE after NOT, found %s.", p.found())
	}
	if left.kind == number {
		return "", nil
	}
	return "", p.fail("expected a comparison (=, !=, <, >, <=, >=, IN, LIKE), found %s.", p.found())
}

// list reads (a, b, c).
func (p *parser) list() ([]operand, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var out []operand
	for {
		o, err := p.operand()
		if err != nil {
			return nil, err
		}
		out = append(out, o)
		if p.take(")") {
			return out, nil
		}
		if err := p.expect(","); err != nil {
			return nil, err
		}
	}
}

// operand reads a field, a parameter or a literal.
func (p *parser) operand() (operand, error) {
	t := p.peek()
	switch t.kind {
	case text, number, param:
		p.next()
		return operand{kind: t.kind, value: t.value, at: t.at}, nil
	case word, quoted:
		f, err := p.field()
		return operand{kind: word, field: f, at: t.at}, err
	}
	return operand{}, p.fail("expected an attribute, a parameter, a text or a number, found %s.", p.found())
}
