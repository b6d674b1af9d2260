package desktest

import (
	"strings"
	"testing"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
)

func testPeople(t *testing.T, f Fixture) {
	ctx := t.Context()
	p, err := f.Desk.Person(ctx, f.Known.Class, f.Known.ID)
	if err != nil {
		t.Fatalf("Person: %v", err)
	}
	if p.ID != f.Known.ID || p.Class != f.Known.Class || p.Name != f.Known.Name || p.OrgID != f.OrgID || p.OrgName == "" {
		t.Errorf("Person: got %+v, want %+v with the organisation's name", p, f.Known)
	}
	for _, email := range []string{f.Known.Email, strings.ToUpper(f.Known.Email), "  " + f.Known.Email + " "} {
		p, err := f.Desk.PersonByEmail(ctx, email)
		if err != nil || p.ID != f.Known.ID {
			t.Errorf("PersonByEmail(%q): got %+v, %v", email, p, err)
		}
	}
	// IC-36: the first one that is not obsolete.
	twin, err := f.Desk.PersonByEmail(ctx, f.TwinEmail)
	if err != nil || twin.ID != f.TwinID || twin.Obsolete {
		t.Errorf("PersonByEmail(%q): got %+v, %v, want the current contact %s", f.TwinEmail, twin, err, f.TwinID)
	}
}

func testForgedPeople(t *testing.T, f Fixture) {
	ctx := t.Context()
	for _, email := range []string{
		f.Nobody, "", " ", "%", "_", "' OR 1=1 OR email = '", `\' OR 1=1 -- `, `" OR "" = "`, f.Known.Email + "' OR '1'='1", "x\x00y@example.org",
		strings.Repeat("a", 5000) + "@example.org", strings.Replace(f.Known.Email, "a", "á", 1),
	} {
		_, err := f.Desk.PersonByEmail(ctx, email)
		wantKind(t, "PersonByEmail("+email[:min(len(email), 40)]+")", err, errs.NotFound)
	}
	for _, k := range [][2]string{
		{"Person", "0"}, {"Person", "-1"}, {"Person", "999999999"}, {"Person", "1 OR 1=1"}, {"Person", "' OR 1=1"}, {"Person", ""},
		{"Person WHERE 1", f.Known.ID}, {"Nope", f.Known.ID}, {"Organization", f.OrgID}, {f.Class, "1"}, {"Person", "99999999999999999999999"},
	} {
		_, err := f.Desk.Person(ctx, k[0], k[1])
		wantKind(t, "Person("+k[0]+", "+k[1]+")", err, errs.NotFound)
	}
}

func testScope(t *testing.T, f Fixture) {
	ctx := t.Context()
	for _, c := range []struct {
		name, scope string
		who         desk.Person
		want        bool
	}{
		{"empty", "", f.Stranger, true},
		{"everyone", "SELECT Organization", f.Stranger, true},
		{"organisation", f.Scope, f.Known, true},
		{"another organisation", f.Scope, f.Stranger, false},
		{"person", f.PersonOQL, f.Known, true},
		{"another person", f.PersonOQL, f.Stranger, false},
		{"nobody's organisation", f.Scope, desk.Person{Class: "Person", Name: "Stranger"}, false},
		{"nobody at all", f.PersonOQL, desk.Person{}, false},
	} {
		// Twice: the second answer may come from a cache.
		for range 2 {
			in, err := f.Desk.InScope(ctx, c.scope, c.who)
			if err != nil || in != c.want {
				t.Errorf("IC-15 %s: InScope(%q) = %v, %v, want %v", c.name, c.scope, in, err, c.want)
			}
		}
	}
	if _, err := f.Desk.InScope(ctx, f.BrokenOQL, f.Known); !errs.Is(err, errs.Invalid) {
		t.Errorf("InScope with a broken query: %v, want invalid", err)
	}
}

func testCheck(t *testing.T, f Fixture) {
	found := f.Desk.Check(t.Context())
	if len(found) == 0 {
		t.Fatal("Check found nothing to say")
	}
	for _, c := range found {
		if c.Subject == "" || c.Text == "" {
			t.Errorf("a finding without words: %+v", c)
		}
		if c.Fatal {
			t.Errorf("fatal: %s: %s", c.Subject, c.Text)
		}
	}
}
