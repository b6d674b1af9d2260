package workspace

import (
	"strconv"

	"go.yaml.in/yaml/v3"
)

// literal is a value of iTop's configuration, read from PHP or XML.
type literal struct {
	kind  literalKind
	text  string // of a scalar; of an opaque value, why it could not be read
	pairs []pair // of an array, in order
	line  int    // where it begins
}

// pair is one entry of an array.
type pair struct {
	key   string
	whole bool // the key is a whole number: given as one, or counted
	value literal
}

// literalKind says what a literal is.
type literalKind int

const (
	scalarLiteral literalKind = iota // a text, a number, true or false
	nullLiteral
	nameLiteral   // a constant: LogAPI::LEVEL_DEBUG
	arrayLiteral  // list or hash
	opaqueLiteral // something that only PHP could compute
)

// get returns an entry of an array; the last one with the key counts, as in
// PHP.
func (l literal) get(key string) (literal, bool) {
	for i := len(l.pairs) - 1; i >= 0; i-- {
		if l.pairs[i].key == key {
			return l.pairs[i].value, true
		}
	}
	return literal{}, false
}

// set replaces an entry of an array or adds it.
func (l *literal) set(key string, whole bool, v literal) {
	for i := range l.pairs {
		if l.pairs[i].key == key {
			l.pairs[i].value = v
			return
		}
	}
	l.pairs = append(l.pairs, pair{key, whole, v})
}

// push adds an entry with the next whole number as its key.
func (l *literal) push(v literal) {
	next := 0
	for _, p := range l.pairs {
		if n, err := strconv.Atoi(p.key); err == nil && p.whole && n >= next {
			next = n + 1
		}
	}
	l.set(strconv.Itoa(next), true, v)
}

// node turns the literal into YAML, so that one decoder reads our files and
// iTop's. Arrays are lists, unless hash is true or a key is a word.
func (l literal) node(hash bool) *yaml.Node {
	n := &yaml.Node{Line: l.line}
	switch l.kind {
	case nullLiteral:
		n.Kind, n.Tag = yaml.ScalarNode, "!!null"
	case arrayLiteral:
		n.Kind = yaml.SequenceNode
		for _, p := range l.pairs {
			hash = hash || !p.whole
		}
		if hash {
			n.Kind = yaml.MappingNode
		}
		for _, p := range l.pairs {
			if hash {
				key := &yaml.Node{Line: p.value.line}
				key.SetString(p.key)
				n.Content = append(n.Content, key)
			}
			n.Content = append(n.Content, p.value.node(false))
		}
	default:
		n.SetString(l.text)
	}
	return n
}
