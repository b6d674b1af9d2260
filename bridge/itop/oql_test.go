package itop

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/deskbridge/deskbridge/bridge/desk"
)

// FuzzQuote: whatever the value, it stays one string of OQL, and PHP's
// stripslashes gives it back.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "a", "'", `\`, `\'`, `' OR 1=1 -- `, "\x00", `"`, "é😀", `%_\%`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q := quote(s)
		inner := q[1 : len(q)-1]
		var back strings.Builder
		for i := 0; i < len(inner); i++ {
			switch inner[i] {
			case '\'':
				t.Fatalf("%q ends the string early: %s", s, q)
			case '\\':
				i++
				if i == len(inner) {
					t.Fatalf("%q escapes the closing quote: %s", s, q)
				}
			}
			back.WriteByte(inner[i])
		}
		if back.String() != strings.ReplaceAll(s, "\x00", "") {
			t.Errorf("%q comes back as %q", s, back.String())
		}
	})
}

// FuzzParseScope: a condition is only added to a query of the known form.
func FuzzParseScope(f *testing.F) {
	f.Add("SELECT Organization AS o WHERE o.name = 'x' UNION SELECT Person")
	f.Add("SELECT Organization WHERE name = 'WHERE (' OR (code = \")\")")
	f.Fuzz(func(t *testing.T, s string) {
		queries, err := parseScope(s)
		if err != nil {
			return
		}
		for _, q := range queries {
			if !isWord(q.class) || !strings.HasSuffix(q.and("id = '1'"), "."+"id = '1'") {
				t.Errorf("%q gives %+v", s, q)
			}
		}
	})
}

func TestScopeCondition(t *testing.T) {
	q, err := parseScope("SELECT o FROM Organization AS o JOIN Person AS p ON p.org_id = o.id WHERE p.name = 'a' OR p.name = 'WHERE'")
	if err != nil || len(q) != 1 {
		t.Fatalf("%+v, %v", q, err)
	}
	want := "SELECT o FROM Organization AS o JOIN Person AS p ON p.org_id = o.id WHERE (p.name = 'a' OR p.name = 'WHERE') AND o.id = '3'"
	if got := q[0].and("id = '3'"); got != want {
		t.Errorf("got %s", got)
	}
}

func TestObjectsKeepTheirOrder(t *testing.T) {
	var a answer
	body := `{"code":0,"message":"Found: 3","objects":{"Person::9":{"code":0,"class":"Person","key":"9","fields":{"id":"9","obsolescence_flag":true}},"Person::10":{"code":0,"class":"Person","key":10,"fields":{"n":5,"x":null}},"Team::1":{"code":0,"fields":{}}}}`
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, o := range a.Objects {
		order = append(order, o.Class+string(o.Key))
	}
	if strings.Join(order, " ") != "Person9 Person10 Team1" || a.total() != 3 {
		t.Errorf("order %v, total %d", order, a.total())
	}
	if !a.Objects[0].flag("obsolescence_flag") || a.Objects[1].text("n") != "5" || a.Objects[1].text("x") != "" || a.Objects[1].text("y") != "" {
		t.Error("scalars are misread")
	}
}

// FuzzEntries: what comes out of a log never panics, and only the first
// element can be a marker.
func FuzzEntries(f *testing.F) {
	f.Add(`<div class="dbk-a:1"><p><code class="fas fa-link" style="x"></code> <i>m</i></p><br><p><b>Jane</b></p><p>x</p></div>`)
	f.Add(`<p>x</p><div class="dbk-a:1"></div>`)
	d, err := New(Config{URL: "https://itop.example.com", User: "u", Password: "p"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, html string) {
		out := d.entries(desk.Public, []logEntry{{Date: "2026-01-02 03:04:05", HTML: html}, {Date: "bad", HTML: html}})
		if len(out) != 2 || out[0].ID == "" {
			t.Fatalf("entries: %+v", out)
		}
		if out[0].Marker != "" && !strings.HasPrefix(strings.TrimSpace(html), `<div class="dbk-`) {
			t.Errorf("%q passes for ours", html)
		}
	})
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"<p>a</p><p>b<br>c</p>":                      "a\nb\nc",
		"x &lt;y&gt; &amp; z":                        "x <y> & z",
		"<script>alert(1)</script>a<!-- b -->":       "a",
		"<ul><li>one</li><li>two</li></ul>":          "one\ntwo",
		"a < b and c > d":                            "a < b and c > d",
		"<p>  much \u00a0 room  </p>\n\n\n\n<p></p>": "much room",
	} {
		if got := plain(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := rich("a <b\nc & d"); got != "<p>a &lt;b<br>c &amp; d</p>" {
		t.Error(got)
	}
}
