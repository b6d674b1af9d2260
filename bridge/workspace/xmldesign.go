package workspace

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// element is an element of an XML design.
type element struct {
	name     string
	attrs    []xml.Attr
	text     strings.Builder
	children []*element
	line     int
}

// attr returns an attribute's value.
func (e *element) attr(name string) string {
	for _, a := range e.attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// parseDesign reads the parameters of the module from an XML design: a whole
// itop_design, a part of one, or the bare parameters as the wiki shows them.
// False means that the design says nothing about the module.
func parseDesign(data []byte, known []string) (literal, bool, error) {
	root, err := parseXML(data)
	if err != nil {
		return literal{}, false, err
	}
	if block := root.find(func(e *element) bool { return e.name == "parameters" && e.attr("id") == Module }); block != nil {
		return block.hash(), true, nil
	}
	bare := root.find(func(e *element) bool {
		return slices.ContainsFunc(e.children, func(c *element) bool { return slices.Contains(known, c.name) })
	})
	if bare == nil {
		return literal{}, false, nil
	}
	return bare.hash(), true, nil
}

// parseXML reads elements below a root that has no name.
func parseXML(data []byte) (*element, error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	root := &element{}
	open := []*element{root}
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return root, nil
		}
		if err != nil {
			return nil, xmlError(err)
		}
		top := open[len(open)-1]
		switch t := t.(type) {
		case xml.StartElement:
			line, _ := d.InputPos()
			e := &element{name: t.Name.Local, attrs: t.Attr, line: line}
			top.children = append(top.children, e)
			if open = append(open, e); len(open) > maxNesting || len(top.children) > maxEntries {
				return nil, errs.E(errs.Invalid, "line %d: There are too many elements within each other or beside each other.", line)
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.text.Write(t)
		}
	}
}

// xmlError turns a syntax error into ours, which names the line.
func xmlError(err error) error {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return errs.E(errs.Invalid, "line %d: This is not XML: %s.", syntax.Line, syntax.Msg)
	}
	return errs.E(errs.Invalid, "This XML cannot be read: %s.", err)
}

// find returns the first element that fits, parents before children.
func (e *element) find(fits func(*element) bool) *element {
	if fits(e) {
		return e
	}
	for _, c := range e.children {
		if found := c.find(fits); found != nil {
			return found
		}
	}
	return nil
}

// hash reads the children as entries whose keys are their names (or, in newer
// designs, their ids).
func (e *element) hash() literal {
	out := literal{kind: arrayLiteral, line: e.line}
	for _, c := range e.kept() {
		key := c.name
		if c.name == "item" && c.attr("id") != "" {
			key = c.attr("id")
		}
		out.set(key, false, c.literal())
	}
	return out
}

// kept returns the children that the design does not take away.
func (e *element) kept() []*element {
	return slices.DeleteFunc(slices.Clone(e.children), func(c *element) bool { return c.attr("_delta") == "delete" })
}

// literal reads an element by its type (IC-45).
func (e *element) literal() literal {
	kind := e.attr("type")
	if kind == "" && len(e.children) > 0 {
		kind = "hash"
	}
	switch kind {
	case "hash":
		return e.hash()
	case "array":
		out := literal{kind: arrayLiteral, line: e.line}
		for i, c := range e.kept() {
			out.pairs = append(out.pairs, pair{strconv.Itoa(i), true, c.literal()})
		}
		return out
	}
	return literal{text: strings.TrimSpace(e.text.String()), line: e.line}
}
