package tickets

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestWords(t *testing.T) {
	for in, want := range map[string]string{
		"Über Straße, Ærø!":         "uber strasse aero",
		"R-12 and i-000003":         "r000012 and i000003",
		"a_b __x__ _d1 don't":       "a_b x d1 don t",
		"東京タワー 100%":                "東 京 タ ワ ー 100",
		"O'Brien OR near/2 \"AND\"": "o brien or near 2 and",
		"😀 \x00\xff":                "",
		strings.Repeat("x", 100):    strings.Repeat("x", 40),
	} {
		if got := strings.Join(words(in), " "); got != want {
			t.Errorf("words(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSearch(t *testing.T) {
	d := newDesk(t)
	a := d.create(NewTicket{Title: "Printer jam in Zürich", Description: "<p>Error <b>E42</b></p>", TeamID: d.team.ID})
	b := d.create(NewTicket{Class: Incident, Title: "Printer offline", Description: "100% toner_low", CallerID: d.caller.ID})
	_, err := d.AppendEntries(d.ctx, d.disp, a.ID, []NewEntry{{Log: Public, HTML: "<p>restarted spooler</p>"}, {Log: Private, HTML: "<p>hopeless</p>"}})
	d.ok(err)
	_, err = d.Apply(d.ctx, d.disp, a.ID, EvAssign, Patch{AgentID: &d.agent.ID})
	d.ok(err)
	for _, c := range []struct {
		f    Filter
		want string
	}{
		{Filter{Words: "printer"}, "I-000001 R-000001 (2)"},
		{Filter{Words: "PRINT"}, "I-000001 R-000001 (2)"},
		{Filter{Words: "printer pri"}, "I-000001 R-000001 (2)"},
		{Filter{Words: "zurich"}, "R-000001 (1)"},
		{Filter{Words: "e42 jam"}, "R-000001 (1)"},
		{Filter{Words: "spool"}, "R-000001 (1)"},
		{Filter{Words: "hopeless printer"}, "R-000001 (1)"},
		{Filter{Words: "jam offline"}, "(0)"},
		{Filter{Words: "r-1"}, "R-000001 (1)"},
		{Filter{Words: "R-000001"}, "R-000001 (1)"},
		{Filter{Words: "R-0000"}, "R-000001 (1)"},
		{Filter{Words: "R-2"}, "(0)"},
		{Filter{Words: "toner_low"}, "I-000001 (1)"},
		{Filter{Words: "toner%low"}, "(0)"},
		{Filter{Words: "100%"}, "I-000001 (1)"},
		{Filter{Words: "%"}, "(0)"},
		{Filter{Words: "pr_nter"}, "(0)"},
		{Filter{Words: "*"}, "(0)"},
		{Filter{Words: "printer NOT jam"}, "(0)"},
		{Filter{Words: "jam OR offline"}, "(0)"},
		{Filter{Words: "title:jam"}, "(0)"},
		{Filter{Words: "printer", Class: Incident}, "I-000001 (1)"},
		{Filter{Words: "printer", States: []Status{StatusAssigned}}, "R-000001 (1)"},
		{Filter{Words: "printer", ExcludeStates: []Status{StatusAssigned, "bogus"}}, "I-000001 (1)"},
		{Filter{Words: "printer", States: []Status{StatusClosed}, ExcludeStates: []Status{StatusClosed}}, "(0)"},
		{Filter{Words: "printer", TeamID: d.team.ID}, "R-000001 (1)"},
		{Filter{Words: "printer", AgentID: d.agent.ID}, "R-000001 (1)"},
		{Filter{Words: "printer", NoAgent: true}, "I-000001 (1)"},
		{Filter{Words: "printer", NoTeam: true}, "I-000001 (1)"},
		{Filter{Words: "printer", OrgIDs: []int64{d.other.ID, 99}}, "(0)"},
		{Filter{Words: "printer", OrgIDs: []int64{d.org.ID, 99}}, "I-000001 R-000001 (2)"},
		{Filter{Words: "printer", CallerID: d.caller.ID, Limit: 1}, "I-000001 (2)"},
		{Filter{Words: "printer", Offset: 1}, "R-000001 (2)"},
		{Filter{Words: "printer", IDs: []int64{b.ID}}, "I-000001 (1)"},
		{Filter{Words: "printer", Offset: 5}, "(2)"},
	} {
		page, err := d.List(d.ctx, d.disp, c.f)
		d.ok(err)
		if got := refsOf(page); got != c.want {
			t.Errorf("%+v finds %s, want %s", c.f, got, c.want)
		}
	}
	// The index follows the ticket.
	_, err = d.Update(d.ctx, d.disp, a.ID, Patch{Title: ptr("Plotter"), Description: ptr("wide"), OrgID: &d.other.ID, CallerID: ptr(int64(0))})
	d.ok(err)
	for words, want := range map[string]string{"zurich": "(0)", "jam": "(0)", "plotter spooler": "R-000001 (1)", "hopeless": "R-000001 (1)", "wide": "R-000001 (1)"} {
		page, err := d.List(d.ctx, d.disp, Filter{Words: words, OrgIDs: []int64{d.other.ID}})
		d.ok(err)
		if got := refsOf(page); got != want {
			t.Errorf("%q finds %s, want %s", words, got, want)
		}
	}
}

func TestListOrdersAndPages(t *testing.T) {
	d := newDesk(t)
	for _, u := range []int{4, 1, 2} {
		d.create(NewTicket{Urgency: u})
	}
	_, err := d.AppendEntries(d.ctx, d.disp, 1, []NewEntry{{Log: Public, HTML: "x"}})
	d.ok(err)
	for order, want := range map[Sort]string{
		"": "R-000003 R-000002 R-000001 (3)", SortOldest: "R-000001 R-000002 R-000003 (3)", SortUpdated: "R-000001 R-000003 R-000002 (3)", SortPriority: "R-000002 R-000003 R-000001 (3)",
	} {
		page, err := d.List(d.ctx, d.disp, Filter{Sort: order})
		d.ok(err)
		if got := refsOf(page); got != want {
			t.Errorf("%s: %s, want %s", order, got, want)
		}
	}
	page, err := d.List(d.ctx, d.disp, Filter{Offset: 1, Limit: 1})
	d.ok(err)
	if got := refsOf(page); got != "R-000002 (3)" {
		t.Errorf("second page is %s", got)
	}
	if n, err := d.Count(d.ctx, d.sys, Filter{CallerID: d.caller.ID, ExcludeStates: []Status{StatusClosed}}); err != nil || n != 3 {
		t.Errorf("count is %d, %v", n, err)
	}
}

// Whatever is in a ticket is found by each of its words, in any script.
func TestEveryWordIsFound(t *testing.T) {
	d := newDesk(t)
	text := rapid.String()
	var list []NewTicket
	for seed := range 300 {
		list = append(list, NewTicket{Title: "Title", Description: HTMLFromText("Text " + text.Example(seed)), OrgID: d.org.ID})
	}
	made, err := d.CreateMany(d.ctx, d.sys, list)
	d.ok(err)
	for _, tk := range made {
		for _, w := range words(TextFromHTML(tk.Description)) {
			if n, err := d.Count(d.ctx, d.sys, Filter{Words: w, IDs: []int64{tk.ID}}); err != nil || n != 1 {
				t.Errorf("word %q of %q finds %d, %v", w, tk.Description, n, err)
			}
		}
	}
}

func FuzzSearch(f *testing.F) {
	for _, s := range []string{"printer", `"`, "*", "a:b", "NEAR/2", "x OR y", "'; DROP TABLE tickets; --", "R-0001", "%_\\", "東京", "\x00", "public:x", "-x", "(", "_d1", "''':*&|!"} {
		f.Add(s)
	}
	d := newDesk(f)
	d.create(NewTicket{Title: "Printer"})
	f.Fuzz(func(t *testing.T, s string) {
		for _, a := range []Actor{d.sys, d.end(d.caller), d.supporter(d.agent)} {
			page, err := d.List(d.ctx, a, Filter{Words: s})
			if err != nil {
				t.Fatalf("%q: %v", s, err)
			}
			if page.Total > 0 && strings.TrimSpace(s) != "" && len(words(s)) == 0 {
				t.Errorf("%q finds a ticket", s)
			}
		}
	})
}

func FuzzHTML(f *testing.F) {
	for _, s := range []string{"<p>hi</p>", "<script>x</script>", `<a href="javascript:x">y</a>`, "<svg/onload=x>", "<math><mi//xlink:href=\"data:x,<script>\">", "&lt;b&gt;", "<p", "\xff<b>", `<img src=x onerror=1>`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		clean := CleanHTML(s)
		if !utf8.ValidString(clean) {
			t.Errorf("%q gives invalid UTF-8", s)
		}
		if again := CleanHTML(clean); again != clean {
			t.Errorf("%q gives %q, then %q", s, clean, again)
		}
		low := strings.ToLower(clean)
		for _, bad := range []string{"<script", "<iframe", "<svg", "<style", "<form", "<object", "<embed", "<math", "<base"} {
			if strings.Contains(low, bad) {
				t.Errorf("%q gives %q", s, clean)
			}
		}
		if text := TextFromHTML(clean); !utf8.ValidString(text) {
			t.Errorf("%q gives the text %q", s, text)
		}
	})
}
