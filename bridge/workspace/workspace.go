package workspace

import (
	"time"
)

// Module is the code of Combodo's extension. Our block of parameters and our
// log channel carry the same name (IC-01, IC-42).
const Module = "combodo-intercom-integration"

// Workspace is the set-up of one workspace. It is a value: nothing in it
// changes after Parse, so it may be shared between goroutines.
type Workspace struct {
	Slug        string      `yaml:"workspace"` // name in addresses and commands: "acme"
	Name        string      `yaml:"name"`      // name for people: "Acme support"
	Channel     Channel     `yaml:"channel"`
	Desk        Desk        `yaml:"desk"`
	Sync        Sync        `yaml:"sync"`
	Messenger   Messenger   `yaml:"messenger"`
	Integration Integration `yaml:"combodo-intercom-integration"`
}

// KindIntercom is the one kind of channel so far.
const KindIntercom = "intercom"

// Channel is where people talk.
type Channel struct {
	Kind         string `yaml:"kind"`          // KindIntercom
	Region       string `yaml:"region"`        // "us", "eu" or "au"
	APIBase      string `yaml:"api_base"`      // instead of the region's host: "http://127.0.0.1:9000"
	AllowPrivate bool   `yaml:"allow_private"` // calls to api_base may reach private addresses
	AppCode      string `yaml:"app_code"`      // app_package_code that Intercom sets on what our app wrote; "" when unknown
}

// The kinds of desk.
const (
	DeskBuiltin = "builtin"
	DeskITop    = "itop"
)

// The ways to log in to iTop.
const (
	AuthForm  = "form"
	AuthBasic = "basic"
	AuthToken = "token"
)

// Desk is where tickets live. All fields but Kind, CreatePersons and
// DefaultOrg belong to DeskITop.
type Desk struct {
	Kind          string `yaml:"kind"`           // DeskBuiltin or DeskITop
	URL           string `yaml:"url"`            // iTop's app_root_url: "https://itop.example.com/"
	Auth          string `yaml:"auth"`           // AuthForm, AuthBasic or AuthToken
	User          string `yaml:"user"`           // for form and basic
	Password      Secret `yaml:"password"`       // for form and basic
	Token         Secret `yaml:"token"`          // for token
	TimeZone      string `yaml:"time_zone"`      // iTop's timezone setting; its dates have no zone
	AllowPrivate  bool   `yaml:"allow_private"`  // calls may reach private addresses
	DefaultOrg    string `yaml:"default_org"`    // id of the organisation for people who are not known
	CreatePersons bool   `yaml:"create_persons"` // make a person for an unknown contact with an e-mail
	WebhookSecret Secret `yaml:"webhook_secret"` // what iTop's webhook must present; "" when it sends none
}

// BackMode says how something of the ticket goes to the conversation.
type BackMode string

// The modes.
const (
	BackReply BackMode = "reply" // a reply that the end user reads
	BackNote  BackMode = "note"  // a note among agents
	BackOff   BackMode = "off"
)

// Sync says what is kept in step, and how.
type Sync struct {
	// Enabled is false for a workspace that has the widget only (IC-04). Such a
	// workspace refuses every signed request.
	Enabled bool          `yaml:"enabled"`
	Back    Back          `yaml:"back"`
	Settle  time.Duration `yaml:"settle"` // wait for further parts before writing
}

// Back says what goes from the ticket to the conversation.
type Back struct {
	PublicEntries BackMode `yaml:"public_entries"` // new entries of the public log
	Status        BackMode `yaml:"status"`         // changes of state
	Statuses      []string `yaml:"statuses"`       // the states that are told; empty: all
	AdminID       string   `yaml:"admin_id"`       // teammate who speaks; "": the one who owns the access token
}

// Messenger is what the Messenger on web pages needs.
type Messenger struct {
	JWTSecret Secret `yaml:"jwt_secret"` // Intercom's Messenger API secret (Settings > Messenger > Security)
}

// Integration is the extension's own block, with its own names (IC-15..IC-29).
type Integration struct {
	Workspaces                 Scopes   `yaml:"workspaces"`
	ClientSecret               Secret   `yaml:"sync_app.client_secret"`
	ClientSecretPrevious       []Secret `yaml:"sync_app.client_secret_previous"` // ours: still accepted while Intercom's secret is rotated
	AccessToken                Secret   `yaml:"sync_app.access_token"`
	TicketClass                string   `yaml:"sync_app.ticket.class"`
	AttributesMapping          Mapping  `yaml:"sync_app.ticket.attributes_mapping"`
	FormAttributes             []string `yaml:"sync_app.create_ticket.form_attributes"`
	ExcludedStates             []string `yaml:"sync_app.search_ticket.excluded_states"`
	DoneStates                 []string `yaml:"sync_app.search_ticket.done_states"` // other spelling of ExcludedStates (IC-23); nil after Parse
	SubtitleAttribute          string   `yaml:"sync_app.search_ticket.subtitle_attribute"`
	DetailsAttributes          []string `yaml:"sync_app.view_ticket.details_attributes"`
	ShowOpenInBackofficeButton bool     `yaml:"sync_app.view_ticket.show_open_in_backoffice_button"`
	PortalURLMakerClass        string   `yaml:"sync_app.portal_url_maker_class"`
	EnabledPortals             []string `yaml:"enabled_portals"`  // empty: no widget
	AllowedProfiles            []string `yaml:"allowed_profiles"` // empty: everyone
}

// Mapping maps the extension's standard attribute names to the codes of the
// desk's data model (IC-19).
type Mapping map[string]string

// MappingKeys are the standard names of Mapping, in the extension's order.
func MappingKeys() []string {
	return []string{"org_id", "caller_id", "status", "intercom_ref", "intercom_url", "intercom_sync_activated", "public_log", "private_log"}
}

// New returns a workspace with every default, and neither a scope nor secrets.
// Its desk is the built-in one.
func New(slug string) Workspace {
	return Workspace{
		Slug:    slug,
		Channel: Channel{Kind: KindIntercom, Region: "us"},
		Desk:    Desk{Kind: DeskBuiltin, CreatePersons: true},
		Sync: Sync{
			Enabled: true,
			Back:    Back{PublicEntries: BackReply, Status: BackNote, Statuses: []string{"resolved", "closed"}},
			Settle:  800 * time.Millisecond,
		},
		Integration: Integration{
			TicketClass:                "UserRequest",
			AttributesMapping:          Mapping{},
			FormAttributes:             []string{"title", "description", "urgency"},
			ExcludedStates:             []string{"rejected", "closed"},
			SubtitleAttribute:          "title",
			DetailsAttributes:          []string{"status", "title", "description", "start_date", "last_update"},
			ShowOpenInBackofficeButton: true,
			PortalURLMakerClass:        "iTopPortalViewUrlMaker",
			EnabledPortals:             []string{"itop-portal"},
			AllowedProfiles:            []string{"Portal user"},
		},
	}
}
