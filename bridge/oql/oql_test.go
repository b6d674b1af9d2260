package oql

import (
	"strings"
	"testing"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// row looks attributes up in a map "alias.attr".
func row(values map[string]string) Lookup {
	return func(alias, attr string) (string, bool) {
		v, ok := values[alias+"."+attr]
		return v, ok
	}
}

func TestMatch(t *testing.T) {
	values := row(map[string]string{
		"Organization.name": "Demo", "Organization.id": "3", "Organization.code": "a_b%c",
		"p.org_id": "3", "p.name": "O'Neil", "o.id": "3", "o.name": "Demo", "p.function": `back\slash`,
		":this.org_id": "3", ":current_contact.org_id": "4", ":limit.": "10",
	})
	for _, c := range []struct {
		query string
		want  bool
	}{
		{`SELECT Organization`, true},
		{`select Organization where name = 'demo'`, true},
		{`SELECT Organization WHERE name != "Demo"`, false},
		{`SELECT Organization WHERE name <> 'Other'`, true},
		{`SELECT Organization WHERE id < 10`, true},
		{`SELECT Organization WHERE id >= 10`, false},
		{`SELECT Organization WHERE id <= '3' AND id > 2`, true},
		{`SELECT Organization WHERE id IN (1, 2, 3)`, true},
		{`SELECT Organization WHERE id NOT IN ('1','3')`, false},
		{`SELECT Organization WHERE name LIKE 'd%o'`, true},
		{`SELECT Organization WHERE name LIKE '_em_'`, true},
		{`SELECT Organization WHERE name NOT LIKE '%x%'`, true},
		{`SELECT Organization WHERE code LIKE '` + strings.ReplaceAll(EscapeLike("a_b%c"), `\`, `\\`) + `'`, true},
		{`SELECT Organization WHERE name LIKE 'a\\_'`, false},
		{`SELECT Organization WHERE name = 'x' OR name = 'Demo' AND id = 3`, true},
		{`SELECT Organization WHERE (name = 'x' OR name = 'Demo') AND id = 4`, false},
		{`SELECT Organization WHERE 1`, true},
		{`SELECT Organization WHERE 0 OR id = 3`, true},
		{`SELECT Organization AS o WHERE o.name = 'Demo'`, true},
		{`SELECT o FROM Organization AS o WHERE o.id = :this->org_id`, true},
		{`SELECT Organization AS o WHERE o.id = :current_contact->org_id`, false},
		{`SELECT Organization AS o WHERE o.id < :limit`, true},
		{`SELECT Person AS p JOIN Organization AS o ON p.org_id = o.id WHERE o.name = 'Demo'`, true},
		{`SELECT Person AS p WHERE p.name = 'O\'Neil'`, true},
		{`SELECT Person AS p WHERE p.name = "O'Neil" AND p.function = 'back\\slash'`, true},
		{"SELECT `Organization` WHERE `name` = 'Demo'", true},
	} {
		q, err := Parse(c.query)
		if err != nil {
			t.Errorf("%s: %v", c.query, err)
			continue
		}
		got, err := q.Match(values)
		if err != nil || got != c.want {
			t.Errorf("%s: got %v, %v, want %v", c.query, got, err, c.want)
		}
	}
}

func TestMatchWhatIsNotThere(t *testing.T) {
	values := row(map[string]string{"p.org_id": "3", "p.name": "nan"})
	for query, want := range map[string]string{
		`SELECT Person AS p WHERE p.nope = 1`:          "p.nope",
		`SELECT Person AS p WHERE p.name = :this->org`: ":this->org",
	} {
		q := must(t, query)
		if _, err := q.Match(values); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an Invalid error that names %s", query, err, want)
		}
	}
	joined := must(t, `SELECT Person AS p JOIN Organization AS o ON p.org_id = o.id`)
	if ok, err := joined.Match(values); ok || err != nil {
		t.Errorf("a join without its row: got %v, %v, want no match", ok, err)
	}
	// "nan" is a name, and equals no number.
	if ok, _ := must(t, `SELECT Person AS p WHERE p.name = 5`).Match(values); ok {
		t.Error("the text nan equals 5")
	}
}

func TestParseRefusesWithPosition(t *testing.T) {
	for query, want := range map[string]string{
		``:                                  "At character 1: expected SELECT, found the end.",
		`DELETE Organization`:               "At character 1: expected SELECT, found DELETE.",
		`SELECT`:                            "At character 7: expected a class, found the end.",
		`SELECT A UNION SELECT B`:           "At character 10: UNION is not expected here; only JOIN, WHERE, AND and OR can follow.",
		`SELECT A WHERE`:                    "At character 15: expected an attribute, a parameter, a text or a number, found the end.",
		`SELECT A WHERE x`:                  "At character 17: expected a comparison (=, !=, <, >, <=, >=, IN, LIKE), found the end.",
		`SELECT A WHERE x = 'é' AND y ~ 2`:  "At character 30: '~' is not understood.",
		`SELECT A WHERE x = 'abc`:           "At character 20: the text has no closing quote.",
		`SELECT A WHERE x = 'a\n'`:          "At character 22: a backslash must stand before a quote or another backslash.",
		`SELECT A WHERE NOW() > x`:          "At character 16: functions such as NOW are not supported.",
		`SELECT A WHERE b.x = 1`:            "At character 16: there is no class or alias b in the query.",
		`SELECT A WHERE x IN ()`:            "At character 22: expected an attribute, a parameter, a text or a number, found ).",
		`SELECT A WHERE x BELOW 3`:          "At character 18: expected a comparison (=, !=, <, >, <=, >=, IN, LIKE), found BELOW.",
		`SELECT A JOIN B AS A ON A.x = B.y`: "At character 20: the alias A is given twice.",
		`SELECT b FROM A AS a`:              "At character 8: only the first class can be selected: write SELECT a FROM.",
		`SELECT A WHERE x = 1.2.3`:          "At character 20: this is not a number.",
		`SELECT A WHERE (x = 1`:             "At character 22: expected ), found the end.",
		`SELECT A WHERE x = :`:              "At character 20: a colon must stand before the name of a parameter.",
	} {
		_, err := Parse(query)
		if err == nil || err.Error() != want || !errs.Is(err, errs.Invalid) {
			t.Errorf("%s\n got %v\nwant %s", query, err, want)
		}
	}
	deep := `SELECT A WHERE ` + strings.Repeat("(", 1000) + "1" + strings.Repeat(")", 1000)
	if _, err := Parse(deep); err == nil {
		t.Error("a thousand parentheses were accepted")
	}
}

func TestString(t *testing.T) {
	for query, want := range map[string]string{
		`select  Organization`:                          `SELECT Organization`,
		`SELECT o FROM Organization AS o where o.x<>1`:  `SELECT Organization AS o WHERE o.x != 1`,
		`SELECT A WHERE (x=1 OR y=2) AND z='a"\'b'`:     `SELECT A WHERE (A.x = 1 OR A.y = 2) AND A.z = 'a"\'b'`,
		`SELECT A WHERE x=1 OR (y=2 AND z=3)`:           `SELECT A WHERE A.x = 1 OR A.y = 2 AND A.z = 3`,
		`SELECT A WHERE x=1 AND (y=2 AND z=3)`:          `SELECT A WHERE A.x = 1 AND (A.y = 2 AND A.z = 3)`,
		"SELECT `From` WHERE `select` NOT IN (:a->b,2)": "SELECT `From` WHERE `From`.`select` NOT IN (:a->b, 2)",
	} {
		if got := must(t, query).String(); got != want {
			t.Errorf("%s\n got %s\nwant %s", query, got, want)
		}
	}
	q := must(t, `SELECT Person AS p JOIN Organization AS o ON p.org_id = o.id`)
	if q.Class() != "Person" || q.Alias() != "p" || len(q.Joins()) != 1 || q.Joins()[0].Class != "Organization" {
		t.Errorf("got class %s alias %s joins %v", q.Class(), q.Alias(), q.Joins())
	}
}

// must parses a query that is right.
func must(t *testing.T, query string) *Query {
	t.Helper()
	q, err := Parse(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return q
}

// FuzzParse: whatever parses is written in a form that parses to the same, and
// evaluates without a panic.
func FuzzParse(f *testing.F) {
	f.Add(`SELECT Person AS p JOIN Organization AS o ON p.org_id = o.id WHERE o.name LIKE 'D%' AND (p.id IN (1,-2.5) OR NOT 1)`)
	f.Add("SELECT `From` WHERE `in` NOT LIKE \"\\\"\" OR x = :this->y")
	f.Add(`SELECT A WHERE ((1 OR 0) AND x <> '\\')`)
	f.Fuzz(func(t *testing.T, s string) {
		q, err := Parse(s)
		if err != nil {
			return
		}
		once := q.String()
		again, err := Parse(once)
		if err != nil {
			t.Fatalf("%q became %q, which does not parse: %v", s, once, err)
		}
		if twice := again.String(); twice != once {
			t.Fatalf("%q became %q and then %q", s, once, twice)
		}
		value := func(alias, attr string) (string, bool) { return alias + attr, true }
		first, err1 := q.Match(value)
		second, err2 := again.Match(value)
		if first != second || (err1 == nil) != (err2 == nil) {
			t.Fatalf("%q and %q do not mean the same", s, once)
		}
	})
}

// FuzzQuote: a quoted text is one literal that means the text.
func FuzzQuote(f *testing.F) {
	f.Add(`it's a \ "test"`)
	f.Add("\x00\xff' OR 1")
	f.Fuzz(func(t *testing.T, s string) {
		q, err := Parse("SELECT A WHERE x = " + Quote(s))
		if len(s) > maxQuery/2-100 {
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", Quote(s), err)
		}
		if got := q.where.(compare).right.value; got != s {
			t.Fatalf("%q was read as %q", s, got)
		}
		like := must(t, "SELECT A WHERE x LIKE "+Quote(EscapeLike(s)))
		if ok, _ := like.Match(func(string, string) (string, bool) { return s, true }); !ok {
			t.Fatalf("%q does not match its own escaped pattern", s)
		}
	})
}
