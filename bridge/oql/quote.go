package oql

import "strings"

// Quote returns s as a string literal of OQL. iTop knows two escapes, \' and
// \\, and refuses any other backslash.
func Quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// EscapeLike makes s match itself in a LIKE pattern. The result still has to go
// through Quote.
func EscapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

// quoteName writes a name, in backquotes when it would read as a word of the
// language.
func quoteName(s string) string {
	if reserved[strings.ToUpper(s)] {
		return "`" + s + "`"
	}
	return s
}
