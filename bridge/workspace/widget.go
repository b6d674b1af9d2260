package workspace

import (
	"fmt"
	"slices"
)

// WidgetFor decides whether somebody sees the Messenger, and as which Intercom
// workspace: the portal must be enabled ("backoffice" is the agents' console),
// one of the profiles allowed (compared exactly; an empty list of allowed
// profiles means everyone), and a scope must match. The first matching line of
// workspaces wins; when a scope cannot be evaluated, nobody sees anything, since
// a later line would then be the wrong one (IC-15, IC-28..IC-30).
func (w Workspace) WidgetFor(portal string, profiles []string, scopeMatches func(scope string) (bool, error)) (appID string, ok bool, err error) {
	if !slices.Contains(w.Integration.EnabledPortals, portal) {
		return "", false, nil
	}
	allowed := w.Integration.AllowedProfiles
	if len(allowed) > 0 && !slices.ContainsFunc(profiles, func(p string) bool { return slices.Contains(allowed, p) }) {
		return "", false, nil
	}
	for _, s := range w.Integration.Workspaces {
		matches, err := scopeMatches(s.Scope)
		if err != nil {
			return "", false, fmt.Errorf("scope of workspace %s: %w", s.AppID, err)
		}
		if matches {
			return s.AppID, true, nil
		}
	}
	return "", false, nil
}
