package itop

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// Ways to sign in, the values of Config.Auth.
const (
	AuthForm  = "form"  // auth_user and auth_pwd in the body; works on every iTop
	AuthBasic = "basic" // Authorization header; passwords with a colon do not work in iTop
	AuthToken = "token" // Auth-Token header; needs Combodo's authent-token and the scope REST/JSON
)

// Config says where an iTop is and how to speak to it. URL and the credentials
// are required, everything else has a default.
type Config struct {
	URL      string // address of the iTop, "https://itop.example.com/"; without user or query
	Auth     string // AuthForm (default), AuthBasic or AuthToken
	User     string
	Password string
	Token    string

	TimeZone string // the server's "timezone" setting; default Europe/Paris, as iTop's
	Class    string // ticket class; default UserRequest
	PortalID string // portal that end users use; default itop-portal, "-" for none

	// Mapping gives datamodel codes for the standard keys org_id, caller_id,
	// status, intercom_ref, intercom_url, intercom_sync_activated, public_log
	// and private_log; each may be left out (IC-19).
	Mapping map[string]string
	// Attributes adds to or replaces the built-in description of a ticket
	// class, by class and then by code. REST has no schema operation, so what
	// was added to the datamodel must be told here.
	Attributes map[string][]Attribute

	// Disclaimer is the sentence above synchronised messages (IC-37); default
	// the constant Disclaimer. Entries already written keep theirs.
	Disclaimer string

	Timeout   time.Duration     // of one call; default 30 s
	MaxFile   int               // largest attachment in bytes; default 5 MiB, below PHP's usual 8 MB for a post
	Transport http.RoundTripper // default http.DefaultTransport; pass the SSRF-safe one
	Now       func() time.Time  // default time.Now
	Log       *slog.Logger      // default discards
}

// Attribute describes an attribute and, for enumerations, its values.
type Attribute struct {
	desk.Attribute
	Options []desk.Option
	// Filter is a condition in OQL that narrows an external key's options, such
	// as "org_id = :org_id"; ":code" stands for the form's value of a code. It
	// may also be a whole query ("SELECT Service AS s JOIN ...").
	Filter string
}

// Desk is an iTop. It is safe for concurrent use.
type Desk struct {
	config Config
	codes  codes
	zone   *time.Location
	http   *resty.Client
	rest   string // address of rest.php
	base   string // address with a trailing slash
	log    *slog.Logger
	now    func() time.Time

	refused atomic.Int64 // until when (Unix) this account may not write entries for others
	missing *cache[map[string]bool]
	people  *cache[desk.Person]
	scopes  *cache[bool]
	orgs    *cache[[]string]
	options *cache[desk.OptionPage]
	locks   *locks
	recent  *recent
}

// codes are the datamodel codes of the standard keys.
type codes struct {
	org, caller, status, ref, url, sync, public, private string
}

// New checks the configuration and returns a desk; it makes no call. All
// mistakes are reported at once, by key.
func New(c Config) (*Desk, error) {
	var bad errs.Fields
	base := parseBase(&bad, c.URL)
	zone := parseZone(&bad, c.TimeZone)
	checkLogin(&bad, &c)
	codes := mapCodes(&bad, c.Mapping)
	if c.Class == "" {
		c.Class = "UserRequest"
	}
	if !isWord(c.Class) {
		bad.Add("class", "must be the name of a datamodel class, such as UserRequest")
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	setDefaults(&c)
	d := &Desk{
		config: c, codes: codes, zone: zone, base: base, rest: base + "webservices/rest.php",
		log: c.Log, now: c.Now,
		missing: newCache[map[string]bool](64, 10*time.Minute, c.Now),
		people:  newCache[desk.Person](2000, time.Minute, c.Now),
		scopes:  newCache[bool](5000, time.Minute, c.Now),
		orgs:    newCache[[]string](64, time.Minute, c.Now),
		options: newCache[desk.OptionPage](500, time.Minute, c.Now),
		locks:   newLocks(),
		recent:  newRecent(1000, 10*time.Minute, c.Now),
	}
	d.http = newHTTP(c)
	return d, nil
}

func setDefaults(c *Config) {
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	if c.MaxFile <= 0 {
		c.MaxFile = 5 << 20
	}
	if c.PortalID == "" {
		c.PortalID = "itop-portal"
	}
	if c.Disclaimer == "" {
		c.Disclaimer = Disclaimer
	}
	if c.Transport == nil {
		c.Transport = http.DefaultTransport //nolint:forbidigo // for programs of one user; the server hands in its guarded one
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

func parseBase(bad *errs.Fields, raw string) string {
	u, err := url.Parse(strings.TrimSpace(raw))
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		bad.Add("url", "must be the http or https address of an iTop, such as https://itop.example.com/")
		return ""
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		bad.Add("url", "must not carry a user, a password, a query or a fragment")
		return ""
	}
	return strings.TrimRight(u.String(), "/") + "/"
}

func parseZone(bad *errs.Fields, name string) *time.Location {
	if name == "" {
		name = "Europe/Paris"
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		bad.Add("time_zone", "%q is not a time zone; write the value of iTop's \"timezone\" setting, such as Europe/Paris", name)
	}
	return zone
}

func checkLogin(bad *errs.Fields, c *Config) {
	switch c.Auth {
	case "", AuthForm, AuthBasic:
		if c.Auth == "" {
			c.Auth = AuthForm
		}
		if c.User == "" {
			bad.Add("user", "is required for %s login", c.Auth)
		}
		if c.Password == "" {
			bad.Add("password", "is required for %s login", c.Auth)
		}
		if c.Auth == AuthBasic && strings.Contains(c.User+c.Password, ":") {
			bad.Add("password", "iTop cannot read a colon in basic login; use form login")
		}
	case AuthToken:
		if c.Token == "" {
			bad.Add("token", "is required for token login")
		}
	default:
		bad.Add("auth", "must be form, basic or token")
	}
}

func mapCodes(bad *errs.Fields, m map[string]string) codes {
	c := codes{}
	known := map[string]*string{
		"org_id": &c.org, "caller_id": &c.caller, "status": &c.status,
		"intercom_ref": &c.ref, "intercom_url": &c.url, "intercom_sync_activated": &c.sync,
		"public_log": &c.public, "private_log": &c.private,
	}
	for key, target := range known {
		*target = key
		if code, ok := m[key]; ok && code != "" {
			if !isWord(code) {
				bad.Add("mapping."+key, "%q is not an attribute code", code)
			}
			*target = code
		}
	}
	for key := range m {
		if known[key] == nil {
			bad.Add("mapping."+key, "is not a standard key; allowed are org_id, caller_id, status, intercom_ref, intercom_url, intercom_sync_activated, public_log and private_log")
		}
	}
	return c
}

// logCode returns the attribute code of a log.
func (d *Desk) logCode(l desk.Log) string {
	if l == desk.Private {
		return d.codes.private
	}
	return d.codes.public
}

// AgentURL returns the back-office page of a ticket.
func (d *Desk) AgentURL(k desk.Key) string {
	return d.base + "pages/UI.php?operation=details&class=" + url.QueryEscape(k.Class) + "&id=" + url.QueryEscape(k.ID)
}

// PortalURL returns the portal page of a ticket, or "" when there is no portal.
func (d *Desk) PortalURL(k desk.Key) string {
	if d.config.PortalID == "-" {
		return ""
	}
	return d.base + "pages/exec.php/object/view/" + url.PathEscape(k.Class) + "/" + url.PathEscape(k.ID) +
		"?exec_module=itop-portal-base&exec_page=index.php&portal_id=" + url.QueryEscape(d.config.PortalID)
}

var _ desk.Desk = (*Desk)(nil)
