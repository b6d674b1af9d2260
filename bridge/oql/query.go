package oql

import (
	"strings"
)

// Query is a parsed query. It does not change, so it may be shared.
type Query struct {
	class, alias string
	named        bool // the alias was written out
	joins        []Join
	where        expr // nil without WHERE
}

// Join ties a further class to the query: JOIN Class AS Alias ON Left = Right.
type Join struct {
	Class, Alias string
	Left, Right  Field
}

// Field is an attribute of one of the query's classes.
type Field struct{ Alias, Attr string }

// String writes the field as alias.attr.
func (f Field) String() string { return quoteName(f.Alias) + "." + quoteName(f.Attr) }

// Class returns the class that is selected.
func (q *Query) Class() string { return q.class }

// Alias returns the alias of the selected class, which is the class itself
// when none was given.
func (q *Query) Alias() string { return q.alias }

// Joins returns the further classes, in order.
func (q *Query) Joins() []Join { return append([]Join(nil), q.joins...) }

// String writes the query in a normal form, which Parse reads as the same
// query.
func (q *Query) String() string {
	var b strings.Builder
	b.WriteString("SELECT " + quoteName(q.class))
	if q.named {
		b.WriteString(" AS " + quoteName(q.alias))
	}
	for _, j := range q.joins {
		b.WriteString(" JOIN " + quoteName(j.Class) + " AS " + quoteName(j.Alias) + " ON " + j.Left.String() + " = " + j.Right.String())
	}
	if q.where != nil {
		b.WriteString(" WHERE ")
		q.where.write(&b, 0)
	}
	return b.String()
}

// expr is a condition.
type expr interface {
	// match reports whether the condition holds.
	match(s *scope) (bool, error)
	// write appends the condition, in parentheses when something that binds
	// with the given strength stands around it.
	write(b *strings.Builder, outer int)
}

// The strengths with which OR and AND bind.
const (
	bindOr  = 1
	bindAnd = 2
)

// chain is conditions with AND or OR between them.
type chain struct {
	bind  int
	parts []expr
}

func (c chain) write(b *strings.Builder, outer int) {
	if c.bind < outer {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	for i, p := range c.parts {
		if i > 0 && c.bind == bindOr {
			b.WriteString(" OR ")
		} else if i > 0 {
			b.WriteString(" AND ")
		}
		// One more than the own strength: a chain within a chain of the same
		// kind keeps its parentheses.
		p.write(b, c.bind+1)
	}
}

// operand is one side of a comparison: a field, a parameter or a literal.
type operand struct {
	kind  kind  // word for a field, param, text or number
	field Field // of a field
	value string
	at    int
}

func (o operand) write(b *strings.Builder) {
	switch o.kind {
	case word:
		b.WriteString(o.field.String())
	case param:
		b.WriteString(":" + o.value)
	case text:
		b.WriteString(Quote(o.value))
	default:
		b.WriteString(o.value)
	}
}

// compare is left op right, or left [NOT] IN (list).
type compare struct {
	left, right operand
	op          string // "=", "!=", "<", ">", "<=", ">=", "LIKE", "NOT LIKE", "IN", "NOT IN"
	list        []operand
}

func (c compare) write(b *strings.Builder, _ int) {
	c.left.write(b)
	b.WriteString(" " + c.op + " ")
	if c.list == nil {
		c.right.write(b)
		return
	}
	b.WriteByte('(')
	for i, o := range c.list {
		if i > 0 {
			b.WriteString(", ")
		}
		o.write(b)
	}
	b.WriteByte(')')
}

// truth is a number on its own: WHERE 1.
type truth struct{ value string }

func (t truth) write(b *strings.Builder, _ int) { b.WriteString(t.value) }
