package strict

import (
	"encoding"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// maxDocument is the longest document in bytes. Settings are small; anything
// longer is the wrong file.
const maxDocument = 1 << 20

// Mistake is one thing that is wrong with a document.
type Mistake struct {
	Path string // dotted, as written: "log.level", "limits.body"
	Line int    // 1 for the first; 0 when there is none
	Text string // a sentence for people, which never repeats a secret
}

// Mistakes is an error that carries several mistakes. A NodeDecoder returns it
// with paths below its own place.
type Mistakes []Mistake

// Error returns all mistakes, one after the other.
func (m Mistakes) Error() string {
	parts := make([]string, len(m))
	for i, one := range m {
		parts[i] = one.Path + ": " + one.Text
	}
	return strings.Join(parts, "; ")
}

// NodeDecoder is a type that reads its own part of a document. It may return
// Mistakes, or any other error for one mistake at the place of the node.
type NodeDecoder interface {
	DecodeNode(n *yaml.Node) error
}

// Decoder decodes documents into structs. The zero value works.
type Decoder struct {
	// Parsers read scalars of a type; they win over the built-in reading.
	Parsers map[reflect.Type]func(string) (any, error)
	// Gone explains keys that were once known, by dotted path.
	Gone map[string]string
}

// Document is a document that was decoded.
type Document struct {
	Mistakes Mistakes
	lines    map[string]int
}

// Has reports whether the document gave the key at path a value.
func (d *Document) Has(path string) bool { return d.lines[path] > 0 }

// Line returns the line of path, or of its nearest parent that has one, and 0
// when there is none.
func (d *Document) Line(path string) int {
	for {
		if l, ok := d.lines[path]; ok {
			return l
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return 0
		}
		path = path[:cut]
	}
}

// add records a mistake at the line of node n.
func (d *Document) add(path string, n *yaml.Node, format string, args ...any) {
	d.Mistakes = append(d.Mistakes, Mistake{Path: path, Line: n.Line, Text: fmt.Sprintf(format, args...)})
}

// Decode reads one document into the struct that into points to. What the
// document does not say stays as it is, so defaults are set before. An empty
// document is fine. The Document is never nil.
func (c Decoder) Decode(r io.Reader, into any) *Document {
	d := &Document{lines: map[string]int{}}
	data, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err != nil {
		d.Mistakes = append(d.Mistakes, Mistake{Text: "The file cannot be read: " + err.Error()})
		return d
	}
	if len(data) > maxDocument {
		d.Mistakes = append(d.Mistakes, Mistake{Text: fmt.Sprintf("The file is longer than %d bytes.", maxDocument)})
		return d
	}
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		d.Mistakes = append(d.Mistakes, Mistake{Line: lineOf(err), Text: "This is not YAML: " + syntaxOf(err)})
		return d
	}
	if len(root.Content) == 0 {
		return d
	}
	c.node(d, "", root.Content[0], reflect.ValueOf(into).Elem())
	return d
}

// DecodeNode decodes a node that is already there, at path "".
func (c Decoder) DecodeNode(n *yaml.Node, into any) *Document {
	d := &Document{lines: map[string]int{}}
	c.node(d, "", n, reflect.ValueOf(into).Elem())
	return d
}

// node decodes n into v.
func (c Decoder) node(d *Document, path string, n *yaml.Node, v reflect.Value) {
	if n.Kind == yaml.AliasNode {
		d.add(path, n, "Aliases (*%s) are not supported; write the value out.", n.Value)
		return
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return // "key:" with nothing after it keeps the default
	}
	if path != "" {
		d.lines[path] = n.Line
	}
	if own, ok := v.Addr().Interface().(NodeDecoder); ok {
		c.own(d, path, n, own)
		return
	}
	if parse, ok := c.Parsers[v.Type()]; ok {
		c.parsed(d, path, n, v, parse)
		return
	}
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		c.parsed(d, path, n, v, func(s string) (any, error) { return Duration(s) })
	case v.Addr().Type().Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) && v.Kind() != reflect.Slice:
		c.text(d, path, n, v.Addr().Interface().(encoding.TextUnmarshaler))
	case v.Kind() == reflect.Struct:
		c.structure(d, path, n, v)
	case v.Kind() == reflect.Slice:
		c.list(d, path, n, v)
	case v.Kind() == reflect.Map:
		c.mapping(d, path, n, v)
	default:
		c.scalar(d, path, n, v)
	}
}

// own lets a type read its node and puts path in front of its mistakes.
func (c Decoder) own(d *Document, path string, n *yaml.Node, t NodeDecoder) {
	d.mark(path, n)
	err := t.DecodeNode(n)
	var many Mistakes
	if !errors.As(err, &many) {
		if err != nil {
			d.add(path, n, "%s", err)
		}
		return
	}
	for _, m := range many {
		if m.Line == 0 {
			m.Line = n.Line
		}
		m.Path = Join(path, m.Path)
		d.Mistakes = append(d.Mistakes, m)
	}
}

// mark remembers the lines of everything below a node that a type reads itself.
func (d *Document) mark(path string, n *yaml.Node) {
	for i, item := range n.Content {
		switch {
		case n.Kind == yaml.SequenceNode:
			d.lines[fmt.Sprintf("%s[%d]", path, i)] = item.Line
		case n.Kind == yaml.MappingNode && i%2 == 0 && i+1 < len(n.Content):
			at := Join(path, item.Value)
			d.lines[at] = item.Line
			d.mark(at, n.Content[i+1])
		}
	}
}

// parsed reads a scalar with a parser.
func (c Decoder) parsed(d *Document, path string, n *yaml.Node, v reflect.Value, parse func(string) (any, error)) {
	if n.Kind != yaml.ScalarNode {
		d.add(path, n, "Must be a single value, not %s.", kindOf(n))
		return
	}
	got, err := parse(n.Value)
	if err != nil {
		d.add(path, n, "%s", err)
		return
	}
	v.Set(reflect.ValueOf(got).Convert(v.Type()))
}

// text reads a scalar through the type's own UnmarshalText.
func (c Decoder) text(d *Document, path string, n *yaml.Node, t encoding.TextUnmarshaler) {
	if n.Kind != yaml.ScalarNode {
		d.add(path, n, "Must be a single value, not %s.", kindOf(n))
		return
	}
	if err := t.UnmarshalText([]byte(n.Value)); err != nil {
		d.add(path, n, "%s", err)
	}
}

// structure decodes a mapping into a struct by the yaml tags of its fields.
func (c Decoder) structure(d *Document, path string, n *yaml.Node, v reflect.Value) {
	if n.Kind != yaml.MappingNode {
		d.add(path, n, "Must be a block of keys, not %s.", kindOf(n))
		return
	}
	fields, names := keysOf(v.Type())
	c.pairs(d, path, n, func(key string, at string, kn, vn *yaml.Node) {
		i, ok := fields[key]
		if ok {
			c.node(d, at, vn, v.Field(i))
			return
		}
		if why, ok := c.Gone[at]; ok {
			d.add(at, kn, "%s", why)
			return
		}
		d.add(at, kn, "There is no such key.%s", Hint(key, names))
	})
}

// pairs calls fn for every key of a mapping and reports keys given twice.
func (c Decoder) pairs(d *Document, path string, n *yaml.Node, fn func(key, at string, kn, vn *yaml.Node)) {
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		kn, vn := n.Content[i], n.Content[i+1]
		if kn.Kind != yaml.ScalarNode {
			d.add(path, kn, "A key must be a single word.")
			continue
		}
		at := Join(path, kn.Value)
		if first, ok := seen[kn.Value]; ok {
			d.add(at, kn, "Is given twice; the first time in line %d.", first)
			continue
		}
		seen[kn.Value] = kn.Line
		fn(kn.Value, at, kn, vn)
	}
}

// list decodes a sequence; a single scalar is a list of one. A list with a
// mistake in it is not taken over.
func (c Decoder) list(d *Document, path string, n *yaml.Node, v reflect.Value) {
	items := n.Content
	switch n.Kind {
	case yaml.SequenceNode:
	case yaml.ScalarNode:
		items = []*yaml.Node{n}
	default:
		d.add(path, n, "Must be a list, not %s.", kindOf(n))
		return
	}
	out := reflect.MakeSlice(v.Type(), len(items), len(items))
	before := len(d.Mistakes)
	for i, item := range items {
		at := fmt.Sprintf("%s[%d]", path, i)
		if item.Kind == yaml.ScalarNode && item.Tag == "!!null" {
			d.add(at, item, "Is empty.")
			continue
		}
		c.node(d, at, item, out.Index(i))
	}
	if len(d.Mistakes) == before {
		v.Set(out)
	}
}

// mapping decodes a mapping with free keys. Keys that are already there and
// not mentioned stay.
func (c Decoder) mapping(d *Document, path string, n *yaml.Node, v reflect.Value) {
	if n.Kind != yaml.MappingNode {
		d.add(path, n, "Must be a block of keys, not %s.", kindOf(n))
		return
	}
	out := reflect.MakeMap(v.Type())
	for it := v.MapRange(); it.Next(); {
		out.SetMapIndex(it.Key(), it.Value())
	}
	c.pairs(d, path, n, func(key, at string, kn, vn *yaml.Node) {
		if vn.Kind == yaml.ScalarNode && vn.Tag == "!!null" {
			return
		}
		item := reflect.New(v.Type().Elem()).Elem()
		before := len(d.Mistakes)
		c.node(d, at, vn, item)
		if len(d.Mistakes) == before {
			out.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), item)
		}
	})
	v.Set(out)
}

// scalar decodes strings, booleans and whole numbers.
func (c Decoder) scalar(d *Document, path string, n *yaml.Node, v reflect.Value) {
	if n.Kind != yaml.ScalarNode {
		d.add(path, n, "Must be a single value, not %s.", kindOf(n))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.Value)
	case reflect.Bool:
		b, err := Bool(n.Value)
		if err != nil {
			d.add(path, n, "%s", err)
			return
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int64:
		i, err := strconv.ParseInt(n.Value, 10, 64)
		if err != nil {
			d.add(path, n, "Must be a whole number, not %q.", n.Value)
			return
		}
		v.SetInt(i)
	default:
		panic("strict: no decoding for " + v.Type().String())
	}
}

// Keys returns the keys of a struct's own level, in order.
func Keys(of any) []string {
	_, names := keysOf(reflect.TypeOf(of))
	return names
}

// keysOf returns the fields of a struct type by key, and the keys in order.
func keysOf(t reflect.Type) (map[string]int, []string) {
	fields, names := map[string]int{}, []string(nil)
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		fields[name] = i
		names = append(names, name)
	}
	return fields, names
}

// kindOf names what a node is, for people.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a block of keys"
	default:
		return "a single value"
	}
}
