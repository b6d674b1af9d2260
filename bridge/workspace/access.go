package workspace

// AppIDs returns the Intercom workspace ids (app ids) that belong to this
// workspace, in the order of the file.
func (w Workspace) AppIDs() []string {
	ids := make([]string, len(w.Integration.Workspaces))
	for i, s := range w.Integration.Workspaces {
		ids[i] = s.AppID
	}
	return ids
}

// ScopeOf returns the scope (OQL) of an Intercom workspace id, and whether the
// id belongs to this workspace.
func (w Workspace) ScopeOf(appID string) (string, bool) {
	return w.Integration.Workspaces.of(appID)
}

// ClientSecrets returns the secrets that incoming requests may be signed with,
// the current one first. It is empty when sync is off, and never holds an empty
// secret (IC-16, SEC-087).
func (w Workspace) ClientSecrets() []string {
	if !w.Sync.Enabled {
		return nil
	}
	var out []string
	for _, s := range append([]Secret{w.Integration.ClientSecret}, w.Integration.ClientSecretPrevious...) {
		if s != "" {
			out = append(out, s.Reveal())
		}
	}
	return out
}

// AccessToken returns the bearer token of outgoing calls to Intercom (IC-17).
func (w Workspace) AccessToken() string { return w.Integration.AccessToken.Reveal() }

// TicketClass returns the class of tickets that this workspace makes and finds
// (IC-18).
func (w Workspace) TicketClass() string { return w.Integration.TicketClass }

// Attribute returns the desk's code for one of MappingKeys; names that are not
// mapped are their own code (IC-19).
func (w Workspace) Attribute(key string) string {
	if code := w.Integration.AttributesMapping[key]; code != "" {
		return code
	}
	return key
}

// FormAttributes returns the attributes that the form for a new ticket asks
// for, in order. Mandatory ones come after them in any case (IC-22).
func (w Workspace) FormAttributes() []string { return w.Integration.FormAttributes }

// ExcludedStates returns the states that are not ongoing (IC-23).
func (w Workspace) ExcludedStates() []string { return w.Integration.ExcludedStates }

// SubtitleAttribute returns the attribute that lists show below a ticket
// (IC-24).
func (w Workspace) SubtitleAttribute() string { return w.Integration.SubtitleAttribute }

// DetailsAttributes returns the attributes that a ticket's card shows, in order
// (IC-25).
func (w Workspace) DetailsAttributes() []string { return w.Integration.DetailsAttributes }

// ShowOpenInBackoffice reports whether a ticket's card links to the desk's page
// for agents (IC-26).
func (w Workspace) ShowOpenInBackoffice() bool { return w.Integration.ShowOpenInBackofficeButton }
