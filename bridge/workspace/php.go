package workspace

import (
	"slices"
	"strings"
)

// The limits of a configuration file.
const (
	maxConfiguration = 4 << 20 // bytes
	maxNesting       = 40      // arrays within arrays
	maxEntries       = 5000    // of one array
)

// phpSettings are the two arrays of a config-itop.php that matter here.
type phpSettings struct {
	my      literal  // $MySettings
	modules literal  // $MyModuleSettings
	notes   []string // what was passed over although it may matter
}

// phpParser reads assignments of literals and passes over all other code.
type phpParser struct {
	lex   phpLexer
	token phpToken
	depth int // arrays within arrays
	out   phpSettings
}

// parsePHP reads a config-itop.php. It runs nothing: an assignment whose value
// is not a literal is kept as opaque, other code is passed over.
func parsePHP(src string) (phpSettings, error) {
	if len(src) > maxConfiguration {
		return phpSettings{}, phpError(1, "The file is longer than %d bytes.", maxConfiguration)
	}
	p := &phpParser{lex: phpLexer{src: src, line: 1}}
	p.out.my.kind, p.out.modules.kind = arrayLiteral, arrayLiteral
	open := strings.Index(src, "<?php")
	if open >= 0 {
		p.lex.advance(open + len("<?php"))
	}
	if err := p.advance(); err != nil {
		return phpSettings{}, err
	}
	for p.token.kind != phpEnd {
		if err := p.statement(); err != nil {
			return phpSettings{}, err
		}
	}
	return p.out, nil
}

// advance takes the next token.
func (p *phpParser) advance() (err error) {
	p.token, err = p.lex.next()
	return err
}

// is reports whether the next token is this symbol.
func (p *phpParser) is(symbol string) bool {
	return p.token.kind == phpSymbol && p.token.text == symbol
}

// take takes this symbol or fails.
func (p *phpParser) take(symbol string) error {
	if !p.is(symbol) {
		return phpError(p.token.line, "Expected %s.", symbol)
	}
	return p.advance()
}

// statement reads an assignment to one of the two arrays, or passes over
// anything else up to its semicolon or block.
func (p *phpParser) statement() error {
	target := p.target(p.token)
	if target == nil {
		return p.pass()
	}
	line, name := p.token.line, p.token.text
	if err := p.advance(); err != nil {
		return err
	}
	var keys []string
	for p.is("[") {
		if err := p.advance(); err != nil {
			return err
		}
		if p.token.kind != phpString && p.token.kind != phpNumber {
			p.out.notes = append(p.out.notes, noteAt(line, "an assignment to $"+name+" was not understood and passed over"))
			return p.pass()
		}
		keys = append(keys, p.token.text)
		if err := p.advance(); err != nil {
			return err
		}
		if err := p.take("]"); err != nil {
			return err
		}
	}
	if !p.is("=") {
		return p.pass()
	}
	if err := p.advance(); err != nil {
		return err
	}
	value, err := p.value()
	if err != nil {
		return err
	}
	assign(target, keys, value)
	if p.token.kind == phpEnd {
		return nil
	}
	return p.take(";")
}

// target returns the array that a variable stands for, or nil.
func (p *phpParser) target(t phpToken) *literal {
	if t.kind != phpVariable {
		return nil
	}
	switch t.text {
	case "MySettings":
		return &p.out.my
	case "MyModuleSettings":
		return &p.out.modules
	}
	return nil
}

// noteAt names a line.
func noteAt(line int, text string) string {
	return phpError(line, "%s.", text).Error()
}

// assign stores a value below an array, at keys.
func assign(to *literal, keys []string, value literal) {
	if len(keys) == 0 {
		if value.kind == arrayLiteral {
			*to = value
		}
		return
	}
	below, _ := to.get(keys[0])
	if len(keys) == 1 {
		below = value
	} else {
		// Entries are copied, so that no array shares them with another.
		below.kind, below.pairs = arrayLiteral, slices.Clone(below.pairs)
		assign(&below, keys[1:], value)
	}
	to.set(keys[0], false, below)
}

// pass goes past a statement: to its semicolon outside of brackets, or past
// its block. Uses of the two arrays there may depend on a condition and are
// noted.
func (p *phpParser) pass() error {
	depth := 0
	for p.token.kind != phpEnd {
		if p.target(p.token) != nil {
			p.out.notes = append(p.out.notes, noteAt(p.token.line, "code that uses $"+p.token.text+" was passed over, because PHP would have to run it"))
		}
		done := false
		if p.token.kind == phpSymbol {
			switch p.token.text {
			case "(", "[", "{":
				depth++
			case ")", "]":
				depth--
			case "}":
				depth--
				done = depth <= 0
			case ";":
				done = depth <= 0
			}
		}
		if err := p.advance(); err != nil {
			return err
		}
		if done {
			return nil
		}
	}
	return nil
}

// value reads one value: literals, with . between texts; anything else is
// opaque.
func (p *phpParser) value() (literal, error) {
	line := p.token.line
	v, ok, err := p.primary()
	if err != nil {
		return v, err
	}
	for ok && p.is(".") {
		if err := p.advance(); err != nil {
			return v, err
		}
		var more literal
		more, ok, err = p.primary()
		if err != nil {
			return v, err
		}
		ok = ok && v.kind == scalarLiteral && more.kind == scalarLiteral
		v.text += more.text
	}
	if ok && p.ends() {
		return v, nil
	}
	return literal{kind: opaqueLiteral, line: line}, p.passValue()
}

// ends reports whether a value may end here.
func (p *phpParser) ends() bool {
	return p.token.kind == phpEnd || p.is(",") || p.is(";") || p.is(")") || p.is("]") || p.is("=>")
}

// passValue goes to the end of a value that was not understood.
func (p *phpParser) passValue() error {
	for depth := 0; p.token.kind != phpEnd; {
		if depth == 0 && p.ends() {
			return nil
		}
		switch {
		case p.is("("), p.is("["), p.is("{"):
			depth++
		case p.is(")"), p.is("]"), p.is("}"):
			depth--
		}
		if err := p.advance(); err != nil {
			return err
		}
	}
	return nil
}

// primary reads a single literal; false when there is none.
func (p *phpParser) primary() (literal, bool, error) {
	t := p.token
	v := literal{line: t.line, text: t.text}
	switch {
	case t.kind == phpString || t.kind == phpNumber:
		return v, true, p.advance()
	case p.is("-"):
		if err := p.advance(); err != nil || p.token.kind != phpNumber {
			return v, false, err
		}
		v.text += p.token.text
		return v, true, p.advance()
	case p.is("["):
		v, err := p.array("]")
		return v, true, err
	case t.kind != phpName:
		return v, false, nil
	}
	if err := p.advance(); err != nil {
		return v, false, err
	}
	switch word := strings.ToLower(t.text); {
	case word == "array" && p.is("("):
		v, err := p.array(")")
		v.line = t.line
		return v, true, err
	case p.is("("):
		return v, false, nil // a function
	case word == "null":
		v.kind = nullLiteral
	case word != "true" && word != "false":
		v.kind = nameLiteral
	}
	return v, true, nil
}

// array reads the entries of an array up to its closing bracket.
func (p *phpParser) array(closing string) (literal, error) {
	out := literal{kind: arrayLiteral, line: p.token.line}
	if p.depth++; p.depth > maxNesting {
		return out, phpError(p.token.line, "There are more than %d arrays within each other.", maxNesting)
	}
	defer func() { p.depth-- }()
	if err := p.advance(); err != nil {
		return out, err
	}
	for !p.is(closing) {
		if p.token.kind == phpEnd {
			return out, phpError(out.line, "The array has no end.")
		}
		if len(out.pairs) >= maxEntries {
			return out, phpError(p.token.line, "The array has more than %d entries.", maxEntries)
		}
		v, err := p.value()
		if err != nil {
			return out, err
		}
		if p.is("=>") {
			line := v.line
			key := v
			if err := p.advance(); err != nil {
				return out, err
			}
			if v, err = p.value(); err != nil {
				return out, err
			}
			if key.kind == scalarLiteral {
				out.set(key.text, wholeKey(key.text), v)
			} else {
				out.set("", false, literal{kind: opaqueLiteral, line: line})
			}
		} else {
			out.push(v)
		}
		if p.is(",") {
			if err := p.advance(); err != nil {
				return out, err
			}
		} else if !p.is(closing) && p.token.kind != phpEnd {
			return out, phpError(p.token.line, "Expected , or %s.", closing)
		}
	}
	return out, p.advance()
}

// wholeKey reports whether PHP takes a key for a whole number.
func wholeKey(s string) bool {
	return s == "0" || s != "" && s[0] != '0' && strings.Trim(s, "0123456789") == ""
}
