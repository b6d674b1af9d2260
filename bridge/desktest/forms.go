package desktest

import (
	"strings"
	"testing"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
)

func (f Fixture) attribute(t *testing.T, code string) desk.Attribute {
	t.Helper()
	all, err := f.Desk.Attributes(t.Context(), f.Class)
	if err != nil {
		t.Fatalf("Attributes: %v", err)
	}
	for _, a := range all {
		if a.Code == code {
			return a
		}
	}
	t.Fatalf("%s has no attribute %s", f.Class, code)
	return desk.Attribute{}
}

func testAttributes(t *testing.T, f Fixture) {
	all, err := f.Desk.Attributes(t.Context(), f.Class)
	if err != nil {
		t.Fatalf("Attributes: %v", err)
	}
	seen := map[string]bool{}
	for _, a := range all {
		if a.Code == "" || a.Label == "" || a.Type == "" {
			t.Errorf("an attribute is not described: %+v", a)
		}
		if seen[a.Code] {
			t.Errorf("attribute %s is there twice", a.Code)
		}
		seen[a.Code] = true
		if a.Type == desk.TypeKey && a.Target == "" {
			t.Errorf("key %s has no target", a.Code)
		}
	}
	if a := f.attribute(t, "title"); a.Type != desk.TypeString || !a.Mandatory || a.ReadOnly {
		t.Errorf("title: %+v, want a mandatory string", a)
	}
	if a := f.attribute(t, "urgency"); a.Type != desk.TypeEnum {
		t.Errorf("urgency: %+v, want an enumeration", a)
	}
	if a := f.attribute(t, "org_id"); a.Type != desk.TypeKey || !a.Mandatory {
		t.Errorf("org_id: %+v, want a mandatory key", a)
	}
	if a := f.attribute(t, "public_log"); a.Type != desk.TypeCaseLog {
		t.Errorf("public_log: %+v, want a case log", a)
	}
	for _, class := range []string{"Nope", "", "UserRequest WHERE 1"} {
		_, err := f.Desk.Attributes(t.Context(), class)
		wantKind(t, "Attributes("+class+")", err, errs.Invalid)
	}
}

func testEnumOptions(t *testing.T, f Fixture) {
	ctx := t.Context()
	q := desk.OptionQuery{Class: f.Class, Attribute: "urgency", Limit: 10}
	page, err := f.Desk.Options(ctx, q)
	if err != nil || page.Total != 4 || len(page.Options) != 4 {
		t.Fatalf("Options: %+v, %v, want the four urgencies", page, err)
	}
	for _, o := range page.Options {
		if o.Value == "" || o.Label == "" {
			t.Errorf("an option without words: %+v", o)
		}
	}
	q.Offset, q.Limit = 1, 2
	part, err := f.Desk.Options(ctx, q)
	if err != nil || part.Total != 4 || len(part.Options) != 2 || part.Options[0] != page.Options[1] {
		t.Errorf("Options from 1, 2 of them: %+v, %v", part, err)
	}
	q.Offset, q.Limit, q.Search = 0, 10, strings.ToUpper(page.Options[0].Label)
	if one, err := f.Desk.Options(ctx, q); err != nil || one.Total < 1 || one.Options[0] != page.Options[0] {
		t.Errorf("Options that contain %q: %+v, %v", q.Search, one, err)
	}
	for _, code := range []string{"title", "nope", "public_log"} {
		_, err := f.Desk.Options(ctx, desk.OptionQuery{Class: f.Class, Attribute: code, Limit: 5})
		wantKind(t, "Options of "+code, err, errs.Invalid)
	}
}

func testKeyOptions(t *testing.T, f Fixture) {
	ctx := t.Context()
	q := desk.OptionQuery{Class: f.Class, Attribute: "caller_id", Values: map[string]string{"org_id": f.OrgID}, Limit: 100}
	all, err := f.Desk.Options(ctx, q)
	if err != nil || all.Total < 2 || len(all.Options) != min(all.Total, 100) {
		t.Fatalf("callers of the organisation: %d of %d, %v; the suite needs at least two", len(all.Options), all.Total, err)
	}
	seen := map[string]bool{}
	for _, o := range all.Options {
		seen[o.Value] = true
	}
	if !seen[f.Known.ID] || seen[f.Stranger.ID] {
		t.Errorf("callers of organisation %s: %+v, want %s and not %s", f.OrgID, all.Options, f.Known.ID, f.Stranger.ID)
	}
	q.Search = f.Known.Name
	if one, err := f.Desk.Options(ctx, q); err != nil || one.Total != 1 || one.Options[0].Value != f.Known.ID || one.Options[0].Label != f.Known.Name {
		t.Errorf("callers named %q: %+v, %v", q.Search, one, err)
	}
	// Pages that are not multiples of the limit, and one past the end.
	q.Search, q.Offset, q.Limit = "", 1, 1
	if second, err := f.Desk.Options(ctx, q); err != nil || second.Total != all.Total || len(second.Options) != 1 || second.Options[0] != all.Options[1] {
		t.Errorf("the second caller: %+v, %v, want %+v", second, err, all.Options[1])
	}
	q.Offset, q.Limit = all.Total, 5
	if none, err := f.Desk.Options(ctx, q); err != nil || len(none.Options) != 0 || none.Total != all.Total {
		t.Errorf("past the end: %+v, %v", none, err)
	}
	for _, search := range []string{"%", "_", "' OR 1=1 OR friendlyname = '", `\`, `\'`} {
		q.Offset, q.Limit, q.Search = 0, 5, search
		if none, err := f.Desk.Options(ctx, q); err != nil || none.Total != 0 {
			t.Errorf("callers that contain %q: %d, %v, want none", search, none.Total, err)
		}
	}
}

func testDependentOptions(t *testing.T, f Fixture) {
	ctx := t.Context()
	d := f.Dependent
	if a := f.attribute(t, d.Attribute); !contains(a.DependsOn, d.On) {
		t.Errorf("%s depends on %v, want %s among them", d.Attribute, a.DependsOn, d.On)
	}
	q := desk.OptionQuery{Class: f.Class, Attribute: d.Attribute, Values: d.Values, Limit: 50}
	some, err := f.Desk.Options(ctx, q)
	if err != nil || some.Total == 0 || len(some.Options) == 0 {
		t.Fatalf("options of %s with %v: %+v, %v, want some", d.Attribute, d.Values, some, err)
	}
	values := map[string]string{}
	for k, v := range d.Values {
		values[k] = v
	}
	for _, v := range []string{"", "0", "999999999", "1 OR 1=1", "' OR '1'='1"} {
		values[d.On] = v
		q.Values = values
		if none, err := f.Desk.Options(ctx, q); err != nil || none.Total != 0 || len(none.Options) != 0 {
			t.Errorf("options of %s with %s=%q: %+v, %v, want none", d.Attribute, d.On, v, none, err)
		}
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
