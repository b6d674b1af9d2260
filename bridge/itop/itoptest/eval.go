package itoptest

import (
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

type row map[string]*object

// scope is where names are looked up: aliases of a query and of those around it.
type scope struct {
	classes map[string]string // alias: class
	outer   *scope
}

// run answers a query, in the class's default order.
func (s *Server) run(q *query) (string, []*object, error) {
	found, err := s.rows(q, nil, nil)
	if err != nil {
		return "", nil, err
	}
	name := q.className()
	for u := q.union; u != nil; u = u.union {
		more, err := s.rows(&query{alias: u.alias, sources: u.sources, where: u.where}, nil, nil)
		if err != nil {
			return "", nil, err
		}
		found = append(found, more...)
	}
	seen := map[int64]bool{}
	var out []*object
	for _, o := range found {
		if !seen[o.id] {
			seen[o.id] = true
			out = append(out, o)
		}
	}
	s.sort(name, out)
	return name, out, nil
}

func (q *query) className() string {
	for _, src := range q.sources {
		if src.alias == q.alias {
			return src.class
		}
	}
	return ""
}

func (s *Server) sort(name string, list []*object) {
	code, down := strings.CutPrefix(s.model[name].order, "-")
	sort.SliceStable(list, func(i, j int) bool {
		a, k, _ := s.value(list[i], list[i].class, code)
		b, _, _ := s.value(list[j], list[j].class, code)
		if k == aKey {
			return number(a) < number(b)
		}
		if down {
			return fold(a) > fold(b)
		}
		return fold(a) < fold(b)
	})
}

// rows joins the sources and filters them. outer gives the row of a query
// around this one.
func (s *Server) rows(q *query, around *scope, outer row) ([]*object, error) {
	sc := &scope{classes: map[string]string{}, outer: around}
	for _, src := range q.sources {
		if s.model[src.class] == nil {
			return nil, oqlError{"OqlNormalizeException", fmt.Sprintf("Unknown class - found '%s'", src.class)}
		}
		sc.classes[src.alias] = src.class
	}
	if q.className() == "" {
		return nil, oqlError{"OqlNormalizeException", "Unknown class alias - found '" + q.alias + "'"}
	}
	if err := s.check(q.where, sc); err != nil {
		return nil, err
	}
	var out []*object
	var walk func(i int, r row) error
	walk = func(i int, r row) error {
		if i == len(q.sources) {
			ok, err := s.true(q.where, sc, r)
			if ok {
				out = append(out, r[q.alias])
			}
			return err
		}
		src := q.sources[i]
		for _, o := range s.all(src.class) {
			next := row{src.alias: o}
			for k, v := range r {
				next[k] = v
			}
			if i > 0 {
				l, err := s.read(src.left, sc, next)
				if err != nil {
					return err
				}
				r, err := s.read(src.right, sc, next)
				if err != nil {
					return err
				}
				if number(l) != number(r) || number(l) == 0 {
					continue
				}
			}
			if err := walk(i+1, next); err != nil {
				return err
			}
		}
		return nil
	}
	start := row{}
	for k, v := range outer {
		start[k] = v
	}
	return out, walk(0, start)
}

// resolve finds the alias that a field means. As in iTop, a bare name that
// several sources have, those of a query around included, is ambiguous.
func (s *Server) resolve(f field, sc *scope) (alias, name string, err error) {
	if f.alias != "" {
		for c := sc; c != nil; c = c.outer {
			if name, ok := c.classes[f.alias]; ok {
				if _, ok := s.kindOf(name, f.code); !ok {
					return "", "", oqlError{"OqlNormalizeException", fmt.Sprintf("Unknown filter code - found '%s' at 0", f.code)}
				}
				return f.alias, name, nil
			}
		}
		return "", "", oqlError{"OqlNormalizeException", "Unknown class alias - found '" + f.alias + "'"}
	}
	n := 0
	for c := sc; c != nil; c = c.outer {
		for a, cl := range c.classes {
			if _, ok := s.kindOf(cl, f.code); ok {
				alias, name = a, cl
				n++
			}
		}
	}
	switch n {
	case 0:
		return "", "", oqlError{"OqlNormalizeException", fmt.Sprintf("Unknown filter code - found '%s' at 0", f.code)}
	case 1:
		return alias, name, nil
	}
	return "", "", oqlError{"OqlNormalizeException", fmt.Sprintf("Ambiguous filter code - found '%s' at 0", f.code)}
}

// check refuses unknown names even when there is no row to look at.
func (s *Server) check(e expr, sc *scope) error {
	switch e := e.(type) {
	case field:
		_, _, err := s.resolve(e, sc)
		return err
	case binary:
		if err := s.check(e.l, sc); err != nil {
			return err
		}
		return s.check(e.r, sc)
	case not:
		return s.check(e.e, sc)
	case oneOf:
		if e.sub != nil {
			if _, err := s.rows(e.sub, sc, row{}); err != nil {
				return err
			}
		}
		return s.check(e.l, sc)
	}
	return nil
}

func (s *Server) read(f field, sc *scope, r row) (string, error) {
	alias, _, err := s.resolve(f, sc)
	if err != nil {
		return "", err
	}
	if o := r[alias]; o != nil {
		v, _, _ := s.value(o, o.class, f.code)
		return v, nil
	}
	return "", nil
}

func (s *Server) true(e expr, sc *scope, r row) (bool, error) {
	switch e := e.(type) {
	case nil:
		return true, nil
	case literal:
		return leading(e.s) != 0, nil
	case not:
		ok, err := s.true(e.e, sc, r)
		return !ok, err
	case oneOf:
		return s.in(e, sc, r)
	case binary:
		if e.op == "AND" || e.op == "OR" {
			l, err := s.true(e.l, sc, r)
			if err != nil || l == (e.op == "OR") {
				return l, err
			}
			return s.true(e.r, sc, r)
		}
		return s.compare(e, sc, r)
	case field:
		v, err := s.read(e, sc, r)
		return leading(v) != 0, err
	}
	return false, oqlError{"Exception", "itoptest does not know this condition"}
}

func (s *Server) in(e oneOf, sc *scope, r row) (bool, error) {
	l, _, err := s.operand(e.l, sc, r)
	if err != nil {
		return false, err
	}
	found := false
	if e.sub != nil {
		list, err := s.rows(e.sub, sc, r)
		if err != nil {
			return false, err
		}
		for _, o := range list {
			found = found || o.id == number(l)
		}
	}
	for _, v := range e.values {
		ok, err := s.compare(binary{"=", e.l, v}, sc, r)
		if err != nil {
			return false, err
		}
		found = found || ok
	}
	return found != e.negate, nil
}

// operand returns a value and whether it is compared as a number.
func (s *Server) operand(e expr, sc *scope, r row) (string, bool, error) {
	switch e := e.(type) {
	case literal:
		return e.s, e.number, nil
	case field:
		_, name, err := s.resolve(e, sc)
		if err != nil {
			return "", false, err
		}
		k, _ := s.kindOf(name, e.code)
		v, err := s.read(e, sc, r)
		return v, k == aKey || k == aBool, err
	}
	return "", false, oqlError{"Exception", "itoptest does not know this operand"}
}

// compare does as MySQL: a number and a string are compared as numbers, of the
// string only its digits in front; strings without regard to case and accents.
func (s *Server) compare(e binary, sc *scope, r row) (bool, error) {
	l, ln, err := s.operand(e.l, sc, r)
	if err != nil {
		return false, err
	}
	v, vn, err := s.operand(e.r, sc, r)
	if err != nil {
		return false, err
	}
	if e.op == "LIKE" {
		return like(l, v), nil
	}
	c := strings.Compare(fold(l), fold(v))
	if ln || vn {
		c = int(leading(l) - leading(v))
	}
	switch e.op {
	case "=":
		return c == 0, nil
	case "!=":
		return c != 0, nil
	case "<":
		return c < 0, nil
	case "<=":
		return c <= 0, nil
	case ">":
		return c > 0, nil
	}
	return c >= 0, nil
}

// leading reads the digits in front of a string, as MySQL casts it.
func leading(s string) int64 {
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || end == 0 && s[0] == '-') {
		end++
	}
	n, _ := strconv.ParseInt(s[:end], 10, 64)
	return n
}

var accents = strings.NewReplacer("á", "a", "à", "a", "â", "a", "ä", "a", "é", "e", "è", "e", "ê", "e", "ë", "e", "í", "i", "ï", "i", "ó", "o", "ö", "o", "ú", "u", "ü", "u", "ç", "c", "ñ", "n", "ß", "ss")

// fold makes strings equal that utf8mb4_unicode_ci finds equal.
func fold(s string) string { return strings.TrimRight(accents.Replace(strings.ToLower(s)), " ") }

// like matches a pattern with % and _, and a backslash to take them literally.
func like(s, pattern string) bool {
	var re strings.Builder
	re.WriteString("(?s)^")
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '%':
			re.WriteString(".*")
		case c == '_':
			re.WriteString(".")
		case c == '\\' && i+1 < len(pattern):
			i++
			re.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		default:
			re.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		}
	}
	ok, _ := regexp.MatchString(fold(re.String())+"$", fold(s))
	return ok
}
