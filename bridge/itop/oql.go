package itop

import (
	"regexp"
	"strings"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// quote writes a value as an OQL string. iTop's lexer knows two escapes, the
// quote and the backslash, and undoes them with PHP's stripslashes.
func quote(s string) string {
	s = strings.ReplaceAll(s, "\x00", "")
	s = strings.ReplaceAll(s, `\`, `\\`)
	return "'" + strings.ReplaceAll(s, "'", `\'`) + "'"
}

// contains writes a pattern for LIKE that finds s anywhere, s taken literally.
func contains(s string) string {
	s = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
	return quote("%" + s + "%")
}

// list writes values for IN.
func list(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quote(v)
	}
	return "(" + strings.Join(quoted, ",") + ")"
}

// isID reports whether s is a key as iTop gives them out.
func isID(s string) bool {
	if s == "" || len(s) > 19 {
		return false
	}
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s[0] != '0'
}

// isWord reports whether s may stand in OQL as the name of a class or attribute.
func isWord(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 100
}

// reToken splits OQL into strings, words, and single other characters.
var reToken = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|` + "`[^`]*`" + `|[A-Za-z_][A-Za-z0-9_]*|\s+|.`)

// scopeQuery is one SELECT of a scope; a scope with UNION has several.
type scopeQuery struct {
	class, alias string
	head, where  string // "SELECT ... JOIN ..." and the condition, may be empty
}

// parseScope reads the queries of a scope. It knows the form "SELECT [a FROM]
// Class [AS a] [JOIN ...] [WHERE ...] [UNION ...]" and refuses everything else,
// so that a condition can be added to it safely: iTop finds names ambiguous
// when such a query is nested into another one of the same class.
func parseScope(s string) ([]scopeQuery, error) {
	var all []scopeQuery
	for _, part := range splitTop(reToken.FindAllString(s, -1), "UNION") {
		q, ok := parseSelect(part)
		if !ok {
			return nil, errs.InvalidField("scope", "must be an OQL query such as SELECT Organization WHERE name = 'Demo'")
		}
		all = append(all, q)
	}
	return all, nil
}

// splitTop cuts tokens at a word outside of parentheses.
func splitTop(tokens []string, word string) [][]string {
	out, depth := [][]string{nil}, 0
	for _, t := range tokens {
		switch {
		case t == "(":
			depth++
		case t == ")":
			depth--
		case depth == 0 && strings.EqualFold(t, word):
			out = append(out, nil)
			continue
		}
		out[len(out)-1] = append(out[len(out)-1], t)
	}
	return out
}

func parseSelect(tokens []string) (scopeQuery, bool) {
	parts := splitTop(tokens, "WHERE")
	if len(parts) > 2 {
		return scopeQuery{}, false
	}
	var words []string
	for _, t := range parts[0] {
		if strings.TrimSpace(t) != "" {
			words = append(words, t)
		}
	}
	if len(words) < 2 || !strings.EqualFold(words[0], "SELECT") {
		return scopeQuery{}, false
	}
	q := scopeQuery{head: strings.TrimSpace(strings.Join(parts[0], ""))}
	rest := words[1:]
	if len(rest) >= 3 && strings.EqualFold(rest[1], "FROM") {
		q.alias = rest[0]
		rest = rest[2:]
	}
	q.class = strings.Trim(rest[0], "`")
	own := q.class
	if len(rest) >= 3 && strings.EqualFold(rest[1], "AS") {
		own = rest[2]
	}
	if q.alias == "" {
		q.alias = own
	}
	if q.alias != own || !isWord(q.class) {
		return scopeQuery{}, false
	}
	if len(parts) == 2 {
		q.where = strings.TrimSpace(strings.Join(parts[1], ""))
	}
	return q, true
}

// and returns the query with one more condition about its own class.
func (q scopeQuery) and(condition string) string {
	s := q.head + " WHERE "
	if q.where != "" {
		s += "(" + q.where + ") AND "
	}
	return s + q.alias + "." + condition
}
