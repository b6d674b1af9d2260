package workspace

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // time_zone is checked against it, also where the system has none

	"github.com/deskbridge/deskbridge/bridge/oql"
	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/internal/strict"
)

var (
	slugForm  = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	appIDForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	codeForm  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,99}$`)
	digits    = regexp.MustCompile(`^[0-9]{1,20}$`)
)

// Validate checks a workspace and reports every mistake at once in one
// errs.Invalid, by dotted path. Parse calls it.
func (w Workspace) Validate() error {
	var wrong errs.Fields
	if !slugForm.MatchString(w.Slug) {
		wrong.Add("workspace", "Must be a short name of a-z, 0-9 and -, such as acme.")
	}
	if len(w.Name) > 200 || strings.ContainsAny(w.Name, "\r\n") {
		wrong.Add("name", "Must be one line of at most 200 bytes.")
	}
	w.Channel.validate(&wrong)
	w.Desk.validate(&wrong)
	w.Sync.validate(&wrong)
	if w.Messenger.JWTSecret != "" {
		secret(&wrong, "messenger.jwt_secret", w.Messenger.JWTSecret)
	}
	w.validateIntegration(&wrong)
	return wrong.Err()
}

// oneOf checks a word.
func oneOf(wrong *errs.Fields, path, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		wrong.Add(path, "Must be one of %s, not %q.", strings.Join(allowed, ", "), value)
	}
}

// secret checks that a secret is there and is one.
func secret(wrong *errs.Fields, path string, s Secret) {
	switch {
	case s == "":
		wrong.Add(path, "Must be given.")
	case isPlaceholder(s.Reveal()):
		wrong.Add(path, "Is still the placeholder of the example. Put the real secret here.")
	case s.IsMasked():
		wrong.Add(path, "Is the mask, not a secret.")
	case strings.TrimSpace(s.Reveal()) != s.Reveal() || strings.ContainsAny(s.Reveal(), "\r\n\x00"):
		wrong.Add(path, "Must have no blank at its ends and no line break.")
	case len(s) > maxSecret:
		wrong.Add(path, "Must have at most %d bytes.", maxSecret)
	}
}

// address checks the address of a remote system.
func address(wrong *errs.Fields, path, value string) {
	u, err := url.Parse(value)
	switch {
	case isPlaceholder(value) || err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		wrong.Add(path, "Must be an address such as https://itop.example.com/itop/.")
	case u.User != nil:
		wrong.Add(path, "Must hold no user and no password.")
	case u.RawQuery != "" || u.Fragment != "":
		wrong.Add(path, "Must have no ? and no #.")
	}
}

func (c Channel) validate(wrong *errs.Fields) {
	oneOf(wrong, "channel.kind", c.Kind, KindIntercom)
	oneOf(wrong, "channel.region", c.Region, "us", "eu", "au")
	if c.APIBase != "" {
		address(wrong, "channel.api_base", c.APIBase)
		if strings.HasPrefix(c.APIBase, "http://") && !c.AllowPrivate {
			wrong.Add("channel.api_base", "Must be https; http is for a test system on a private address, with allow_private: true.")
		}
	}
}

func (d Desk) validate(wrong *errs.Fields) {
	oneOf(wrong, "desk.kind", d.Kind, DeskBuiltin, DeskITop)
	if d.WebhookSecret != "" {
		secret(wrong, "desk.webhook_secret", d.WebhookSecret)
		if len(d.WebhookSecret) < 16 {
			wrong.Add("desk.webhook_secret", "Must have at least 16 characters.")
		}
	}
	if d.DefaultOrg != "" && !digits.MatchString(d.DefaultOrg) {
		wrong.Add("desk.default_org", "Must be the id (a number) of an organisation in the desk.")
	}
	switch d.Kind {
	case DeskITop:
		d.validateITop(wrong)
	case DeskBuiltin:
		for _, f := range [][2]string{
			{"desk.url", d.URL}, {"desk.auth", d.Auth}, {"desk.user", d.User}, {"desk.password", d.Password.Reveal()},
			{"desk.token", d.Token.Reveal()}, {"desk.time_zone", d.TimeZone}, {"desk.webhook_secret", d.WebhookSecret.Reveal()},
		} {
			if f[1] != "" {
				wrong.Add(f[0], "Has no meaning for the built-in desk; remove it, or set kind: itop.")
			}
		}
	}
}

// validateITop checks what only an iTop needs.
func (d Desk) validateITop(wrong *errs.Fields) {
	address(wrong, "desk.url", d.URL)
	oneOf(wrong, "desk.auth", d.Auth, AuthForm, AuthBasic, AuthToken)
	if d.Auth == AuthToken {
		secret(wrong, "desk.token", d.Token)
	} else {
		if d.User == "" || isPlaceholder(d.User) {
			wrong.Add("desk.user", "Must be the login of an iTop user with the profile REST Services User.")
		}
		secret(wrong, "desk.password", d.Password)
	}
	if d.Auth == AuthBasic && strings.Contains(d.Password.Reveal(), ":") {
		wrong.Add("desk.password", "Must hold no colon: iTop cuts it off there. Use auth: form, or another password.")
	}
	if _, err := time.LoadLocation(d.TimeZone); err != nil || d.TimeZone == "" || d.TimeZone == "Local" {
		wrong.Add("desk.time_zone", "Must be the timezone of iTop's configuration, such as Europe/Paris or UTC.")
	}
	if d.CreatePersons && d.DefaultOrg == "" {
		wrong.Add("desk.default_org", "Must be given with create_persons: iTop has no person without an organisation.")
	}
}

func (s Sync) validate(wrong *errs.Fields) {
	modes := []string{string(BackReply), string(BackNote), string(BackOff)}
	oneOf(wrong, "sync.back.public_entries", string(s.Back.PublicEntries), modes...)
	oneOf(wrong, "sync.back.status", string(s.Back.Status), modes...)
	codes(wrong, "sync.back.statuses", s.Back.Statuses)
	if s.Back.AdminID != "" && !digits.MatchString(s.Back.AdminID) {
		wrong.Add("sync.back.admin_id", "Must be the number of a teammate in Intercom.")
	}
	if s.Settle < 0 || s.Settle > time.Minute {
		wrong.Add("sync.settle", "Must be between 0 and 1m.")
	}
}

// validateIntegration checks the extension's block.
func (w Workspace) validateIntegration(wrong *errs.Fields) {
	i, at := w.Integration, func(key string) string { return Module + "." + key }
	w.validateScopes(wrong)
	if w.Sync.Enabled {
		secret(wrong, at("sync_app.client_secret"), i.ClientSecret)
		secret(wrong, at("sync_app.access_token"), i.AccessToken)
	}
	for n, s := range i.ClientSecretPrevious {
		secret(wrong, fmt.Sprintf("%s[%d]", previousKey, n), s)
	}
	if len(i.ClientSecretPrevious) > 3 {
		wrong.Add(previousKey, "Must have at most 3 entries; remove secrets that are no longer in use.")
	}
	if w.Desk.Kind == DeskBuiltin {
		oneOf(wrong, at("sync_app.ticket.class"), i.TicketClass, "UserRequest", "Incident")
	} else {
		code(wrong, at("sync_app.ticket.class"), i.TicketClass)
	}
	for _, key := range slices.Sorted(maps.Keys(i.AttributesMapping)) {
		path := at("sync_app.ticket.attributes_mapping." + key)
		if !slices.Contains(MappingKeys(), key) {
			wrong.Add(path, "There is no such attribute.%s", strict.Hint(key, MappingKeys()))
			continue
		}
		code(wrong, path, i.AttributesMapping[key])
	}
	codes(wrong, at("sync_app.create_ticket.form_attributes"), i.FormAttributes)
	codes(wrong, at("sync_app.search_ticket.excluded_states"), i.ExcludedStates)
	code(wrong, at("sync_app.search_ticket.subtitle_attribute"), i.SubtitleAttribute)
	codes(wrong, at("sync_app.view_ticket.details_attributes"), i.DetailsAttributes)
	oneOf(wrong, at("sync_app.portal_url_maker_class"), i.PortalURLMakerClass, urlMakers()...)
	words(wrong, at("enabled_portals"), i.EnabledPortals)
	words(wrong, at("allowed_profiles"), i.AllowedProfiles)
}

// urlMakers are the classes of iTop that make addresses of tickets (IC-27).
func urlMakers() []string {
	return []string{"iTopPortalViewUrlMaker", "iTopPortalEditUrlMaker", "iTopStandardURLMaker"}
}

// validateScopes checks the lines of workspaces (IC-15). An iTop evaluates the
// query itself and may know more of OQL than we do.
func (w Workspace) validateScopes(wrong *errs.Fields) {
	at := Module + ".workspaces"
	if len(w.Integration.Workspaces) == 0 {
		wrong.Add(at, "Must have at least one line: <Intercom workspace id>: {scope: SELECT Organization}.")
	}
	seen := map[string]bool{}
	for _, s := range w.Integration.Workspaces {
		path := at + "." + s.AppID
		switch {
		case isPlaceholder(s.AppID):
			wrong.Add(path, "Is still the placeholder of the example. Put your Intercom workspace id here (Settings > Installation, app_id).")
		case !appIDForm.MatchString(s.AppID):
			wrong.Add(path, "Is not an Intercom workspace id: letters and digits, such as abcd1234.")
		case seen[s.AppID]:
			wrong.Add(path, "Is given twice.")
		}
		seen[s.AppID] = true
		if strings.TrimSpace(s.Scope) == "" {
			wrong.Add(path+".scope", "Must be a query such as SELECT Organization (everyone).")
			continue
		}
		_, err := oql.Parse(s.Scope)
		if w.Desk.Kind == DeskITop && strings.HasPrefix(strings.ToUpper(strings.TrimSpace(s.Scope)), "SELECT ") {
			continue
		}
		if err != nil {
			wrong.Add(path+".scope", "%s", errs.Text(err))
		}
	}
}

// code checks one attribute code, state or class.
func code(wrong *errs.Fields, path, value string) {
	if !codeForm.MatchString(value) {
		wrong.Add(path, "Must be a code of the data model such as title or org_id, not %q.", value)
	}
}

// codes checks a list of codes.
func codes(wrong *errs.Fields, path string, values []string) {
	for n, v := range values {
		at := fmt.Sprintf("%s[%d]", path, n)
		code(wrong, at, v)
		if slices.Contains(values[:n], v) {
			wrong.Add(at, "%s is in the list twice.", v)
		}
	}
}

// words checks a list of names, which are compared exactly (IC-29).
func words(wrong *errs.Fields, path string, values []string) {
	for n, v := range values {
		at := fmt.Sprintf("%s[%d]", path, n)
		if strings.TrimSpace(v) == "" || len(v) > 200 {
			wrong.Add(at, "Must be a name.")
		} else if slices.Contains(values[:n], v) {
			wrong.Add(at, "%s is in the list twice.", v)
		}
	}
}
