package workspace

import (
	"errors"
	"strings"
	"testing"
)

// everyone is a scope that matches.
func everyone(string) (bool, error) { return true, nil }

// IC-28, IC-29, IC-30
func TestIC28_IC29_IC30_Widget(t *testing.T) {
	w := New("w")
	w.Integration.Workspaces = Scopes{{"second", "SELECT Organization WHERE name = 'Demo'"}, {"first", "SELECT Organization"}, {"third", "SELECT Organization"}}
	w.Integration.EnabledPortals = []string{"itop-portal", "backoffice"}
	all := func(scope string) (bool, error) { return scope == "SELECT Organization", nil }
	none := func(string) (bool, error) { return false, nil }
	for name, c := range map[string]struct {
		portal   string
		profiles []string
		matches  func(string) (bool, error)
		want     string
	}{
		"all three":             {"itop-portal", []string{"Portal user"}, all, "first"},
		"the first line wins":   {"itop-portal", []string{"Portal user"}, everyone, "second"},
		"one of many profiles":  {"backoffice", []string{"Support Agent", "Portal user"}, all, "first"},
		"portal not enabled":    {"other-portal", []string{"Portal user"}, all, ""},
		"portal in other case":  {"iTop-Portal", []string{"Portal user"}, all, ""},
		"profile not allowed":   {"itop-portal", []string{"Administrator"}, all, ""},
		"profile in other case": {"itop-portal", []string{"Portal User"}, all, ""},
		"profile with a blank":  {"itop-portal", []string{"Portal user "}, all, ""},
		"no profile":            {"itop-portal", nil, all, ""},
		"no scope matches":      {"itop-portal", []string{"Portal user"}, none, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok, err := w.WidgetFor(c.portal, c.profiles, c.matches)
			if got != c.want || ok != (c.want != "") || err != nil {
				t.Errorf("got %q, %v, %v, want %q", got, ok, err, c.want)
			}
		})
	}
	w.Integration.AllowedProfiles = nil
	if _, ok, _ := w.WidgetFor("itop-portal", nil, everyone); !ok {
		t.Error("without a list of profiles everyone is allowed")
	}
}

// A line that cannot be evaluated hides the widget: a later line would be the
// wrong one.
// IC-15
func TestIC15_ScopeThatFails(t *testing.T) {
	w := New("w")
	w.Integration.Workspaces = Scopes{{"broken", "SELECT A"}, {"fine", "SELECT B"}}
	_, ok, err := w.WidgetFor("itop-portal", []string{"Portal user"}, func(scope string) (bool, error) {
		if scope == "SELECT A" {
			return false, errors.New("iTop is down")
		}
		return true, nil
	})
	if ok || err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("got %v, %v", ok, err)
	}
}
