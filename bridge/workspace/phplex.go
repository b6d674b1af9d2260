package workspace

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// phpKind is what a token of PHP is.
type phpKind int

const (
	phpEnd      phpKind = iota
	phpVariable         // $MySettings; text without the dollar
	phpName             // array, true, LogAPI::LEVEL_DEBUG
	phpNumber
	phpString   // text is what it stands for
	phpComputed // a string with variables in it
	phpSymbol   // one character, or => and . and so on
)

// phpToken is one piece of PHP.
type phpToken struct {
	kind phpKind
	text string
	line int
}

// phpLexer splits PHP into tokens. It understands enough of the language to
// find where strings and comments end, and runs nothing.
type phpLexer struct {
	src  string
	at   int
	line int
}

// phpError says in which line the file is not what was expected.
func phpError(line int, format string, args ...any) error {
	return errs.E(errs.Invalid, "line %d: %s", line, fmt.Sprintf(format, args...))
}

// next returns the next token.
func (x *phpLexer) next() (phpToken, error) {
	if err := x.skip(); err != nil {
		return phpToken{}, err
	}
	t := phpToken{line: x.line}
	if x.at >= len(x.src) {
		return t, nil
	}
	rest := x.src[x.at:]
	switch c := rest[0]; {
	case c == '\'':
		return x.single()
	case c == '"':
		return x.double()
	case strings.HasPrefix(rest, "<<<"):
		return x.heredoc()
	case c == '$' && phpNameLength(rest[1:]) > 0:
		t.kind, t.text = phpVariable, rest[1:1+phpNameLength(rest[1:])]
		x.advance(1 + len(t.text))
	case phpNameLength(rest) > 0:
		t.kind, t.text = phpName, rest[:constantLength(rest)]
		x.advance(len(t.text))
	case c >= '0' && c <= '9':
		n := 0
		for n < len(rest) && (phpNameByte(rest[n], false) || rest[n] == '.') {
			n++
		}
		t.kind, t.text = phpNumber, strings.ReplaceAll(rest[:n], "_", "")
		x.advance(n)
	case strings.HasPrefix(rest, "=>"):
		t.kind, t.text = phpSymbol, "=>"
		x.advance(2)
	default:
		_, n := utf8.DecodeRuneInString(rest)
		t.kind, t.text = phpSymbol, rest[:n]
		x.advance(n)
	}
	return t, nil
}

// advance moves on by n bytes and counts lines.
func (x *phpLexer) advance(n int) {
	x.line += strings.Count(x.src[x.at:x.at+n], "\n")
	x.at += n
}

// skip passes blanks and comments.
func (x *phpLexer) skip() error {
	for x.at < len(x.src) {
		rest := x.src[x.at:]
		switch {
		case strings.ContainsRune(" \t\r\n\v\f", rune(rest[0])):
			x.advance(1)
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				return phpError(x.line, "The comment has no end.")
			}
			x.advance(2 + end + 2)
		case strings.HasPrefix(rest, "//"), rest[0] == '#' && !strings.HasPrefix(rest, "#["):
			// A comment to the end of the line also ends where PHP ends.
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			if stop := strings.Index(rest[:n], "?>"); stop >= 0 {
				n = stop
			}
			x.advance(max(n, 1))
		case strings.HasPrefix(rest, "?>"):
			open := strings.Index(rest, "<?php")
			if open < 0 {
				open = len(rest) - 5
			}
			x.advance(max(open+5, 2))
		default:
			return nil
		}
	}
	return nil
}

// single reads a string in single quotes.
func (x *phpLexer) single() (phpToken, error) {
	t := phpToken{kind: phpString, line: x.line}
	var b strings.Builder
	for i := x.at + 1; i < len(x.src); i++ {
		c := x.src[i]
		if c == '\'' {
			t.text = b.String()
			x.advance(i + 1 - x.at)
			return t, nil
		}
		if c == '\\' && i+1 < len(x.src) && (x.src[i+1] == '\'' || x.src[i+1] == '\\') {
			i++
			c = x.src[i]
		}
		b.WriteByte(c)
	}
	return t, phpError(t.line, "The text has no closing quote.")
}

// double reads a string in double quotes.
func (x *phpLexer) double() (phpToken, error) {
	t := phpToken{kind: phpString, line: x.line}
	for i := x.at + 1; i < len(x.src); i++ {
		switch x.src[i] {
		case '\\':
			i++
		case '"':
			t.text, t.kind = unescape(x.src[x.at+1:i], `"`)
			x.advance(i + 1 - x.at)
			return t, nil
		}
	}
	return t, phpError(t.line, "The text has no closing quote.")
}

// heredoc reads <<<WORD … WORD and <<<'WORD' … WORD.
func (x *phpLexer) heredoc() (phpToken, error) {
	t := phpToken{kind: phpString, line: x.line}
	rest := x.src[x.at+3:]
	eol := strings.IndexByte(rest, '\n')
	if eol < 0 {
		return t, phpError(t.line, "The text after <<< has no end.")
	}
	word := strings.Trim(rest[:eol], " \t\r")
	bare := strings.Trim(word, `'"`)
	if bare == "" || phpNameLength(bare) != len(bare) {
		return t, phpError(t.line, "<<< must stand before a word.")
	}
	var lines []string
	for at := eol + 1; at <= len(rest); {
		n := strings.IndexByte(rest[at:], '\n')
		if n < 0 {
			n = len(rest) - at
		}
		line := strings.TrimSuffix(rest[at:at+n], "\r")
		trimmed := strings.TrimLeft(line, " \t")
		if after, ok := strings.CutPrefix(trimmed, bare); ok && (after == "" || !phpNameByte(after[0], false)) {
			indent := len(line) - len(trimmed)
			for i := range lines {
				lines[i] = lines[i][min(indent, len(lines[i])-len(strings.TrimLeft(lines[i], " \t"))):]
			}
			t.text = strings.Join(lines, "\n")
			if !strings.HasPrefix(word, "'") {
				t.text, t.kind = unescape(t.text, "")
			}
			x.advance(3 + at + indent + len(bare))
			return t, nil
		}
		lines = append(lines, line)
		at += n + 1
	}
	return t, phpError(t.line, "The text after <<<%s has no end.", bare)
}

// unescape reads the escapes of a string in double quotes. A string with
// variables in it is computed.
func unescape(s, quote string) (string, phpKind) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '$' && i+1 < len(s) && (s[i+1] == '{' || phpNameByte(s[i+1], true)) || c == '{' && i+1 < len(s) && s[i+1] == '$' {
			return "", phpComputed
		}
		if c != '\\' || i+1 >= len(s) {
			b.WriteByte(c)
			continue
		}
		i++
		switch e := s[i]; e {
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'r':
			b.WriteByte('\r')
		case 'v':
			b.WriteByte('\v')
		case 'f':
			b.WriteByte('\f')
		case 'e':
			b.WriteByte(27)
		case '\\', '$':
			b.WriteByte(e)
		default:
			if quote != "" && e == quote[0] {
				b.WriteByte(e)
				continue
			}
			text, used := numbered(s[i:])
			b.WriteString(text)
			i += used - 1
		}
	}
	return b.String(), phpString
}

// numbered reads an escape that is a number: \101, \x41, \u{41}. It returns
// what it stands for, and how many bytes after the backslash it took; any other
// escape stands for itself, backslash included.
func numbered(s string) (string, int) {
	value, n, base := 0, 0, 16
	digitsOf := func(from, most int) {
		for n = from; n < len(s) && n < from+most; n++ {
			d := strings.IndexByte("0123456789abcdef", s[n]|0x20)
			if s[n] >= '0' && s[n] <= '9' {
				d = int(s[n] - '0')
			}
			if d < 0 || d >= base {
				return
			}
			value = value*base + d
		}
	}
	switch {
	case strings.HasPrefix(s, "u{"):
		if digitsOf(2, 6); n > 2 && n < len(s) && s[n] == '}' && value <= utf8.MaxRune {
			return string(rune(value)), n + 1
		}
	case s[0] == 'x':
		if digitsOf(1, 2); n > 1 {
			return string([]byte{byte(value)}), n
		}
	default:
		base = 8
		if digitsOf(0, 3); n > 0 {
			return string([]byte{byte(value)}), n
		}
	}
	return `\` + s[:1], 1
}

// phpNameByte reports whether c may be in a name.
func phpNameByte(c byte, first bool) bool {
	return c == '_' || c >= 0x80 || c|0x20 >= 'a' && c|0x20 <= 'z' || !first && c >= '0' && c <= '9'
}

// phpNameLength returns how many bytes at the start of s are a name.
func phpNameLength(s string) int {
	n := 0
	for n < len(s) && phpNameByte(s[n], n == 0) {
		n++
	}
	return n
}

// constantLength is phpNameLength with \ and :: between names.
func constantLength(s string) int {
	n := phpNameLength(s)
	for {
		for _, between := range []string{"::", `\`} {
			if rest, ok := strings.CutPrefix(s[n:], between); ok && phpNameLength(rest) > 0 {
				n += len(between) + phpNameLength(rest)
			}
		}
		if !strings.HasPrefix(s[n:], "::") && !strings.HasPrefix(s[n:], `\`) {
			return n
		}
		rest := strings.TrimPrefix(strings.TrimPrefix(s[n:], "::"), `\`)
		if phpNameLength(rest) == 0 {
			return n
		}
	}
}
