package intercom

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// Version is the version of the REST API that the client asks for.
const Version = "2.16"

// maxAnswer bounds an answer of the REST API: a conversation of 500 long parts.
const maxAnswer = 64 << 20

// Config says how a Client reaches Intercom.
type Config struct {
	Token   string // the app's access token; required
	Region  Region // US when empty
	APIBase string // replaces the region's address, for stand-ins and proxies
	// Transport carries the calls; pass one that is safe against addresses inside
	// our own network. http.DefaultTransport when nil.
	Transport http.RoundTripper
	// Timeout bounds one call, waiting for the rate limit not included. 10 s when
	// zero.
	Timeout time.Duration
	// Window is how many calls per 10 s are assumed to be allowed until Intercom
	// says otherwise. 166 when zero, which is 1,000 a minute.
	Window int
	// FileHosts are further hosts that attachments may come from, besides
	// Intercom's own and the host of APIBase.
	FileHosts []string
	UserAgent string
	Now       func() time.Time // time.Now when nil
}

// Client calls the REST API of one workspace. It is safe for concurrent use.
// Calls wait while the rate limit is used up, at most as long as their context
// allows.
//
// Its errors carry a kind of package errs: Denied when the access token is
// refused, Forbidden, NotFound, Conflict, Invalid, TooLarge, Throttled (see
// RetryAt) and Upstream for failures of Intercom or the way to it, after which
// the same call may work. CodeOf and RequestID tell more; Ambiguous tells
// whether a write may have happened all the same. No error holds the token.
type Client struct {
	c     Config
	rest  *resty.Client
	files *resty.Client
	limit *limiter
	hosts hostRules
}

// New returns a client. Invalid when the token is missing or APIBase is not an
// http address.
func New(c Config) (*Client, error) {
	if strings.TrimSpace(c.Token) == "" {
		return nil, errs.InvalidField("access_token", "The Intercom access token is missing.")
	}
	if c.APIBase == "" {
		c.APIBase = c.Region.APIBase()
	}
	base, err := url.Parse(c.APIBase)
	if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") {
		return nil, errs.InvalidField("api_base", "The address of Intercom's API must be a full https address.")
	}
	if c.Transport == nil {
		c.Transport = http.DefaultTransport //nolint:forbidigo // for programs of one user; the server hands in its guarded one
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Window == 0 {
		c.Window = 166
	}
	if c.UserAgent == "" {
		c.UserAgent = "deskbridge"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	k := &Client{c: c, limit: newLimiter(c.Window, c.Now), hosts: newHostRules(base, c.FileHosts)}
	k.rest = newResty(c).SetBaseURL(strings.TrimRight(c.APIBase, "/")).
		SetRedirectPolicy(resty.NoRedirectPolicy()).
		SetResponseBodyLimit(maxAnswer).
		SetAuthToken(c.Token).
		SetHeader("Accept", "application/json").
		SetHeader("Intercom-Version", Version)
	k.files = newResty(c).SetRedirectPolicy(k.hosts.redirects())
	return k, nil
}

func newResty(c Config) *resty.Client {
	// A client without a cookie jar, and with a logger that says nothing: what
	// there is to say is in the errors.
	return resty.NewWithClient(&http.Client{Transport: c.Transport}).
		SetLogger(silent{}).SetDisableWarn(true).SetHeader("User-Agent", c.UserAgent)
}

type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

// call sends one request and returns the checked answer.
func (k *Client) call(ctx context.Context, method, path string, body any) (value, error) {
	done, err := k.limit.wait(ctx)
	if err != nil {
		return nil, errs.Wrap(err, errs.Throttled, "Intercom's rate limit is used up; gave up waiting.")
	}
	ctx, cancel := context.WithTimeout(ctx, k.c.Timeout)
	defer cancel()
	r := k.rest.R().SetContext(ctx)
	if body != nil {
		r.SetHeader("Content-Type", "application/json").SetBody(body)
	}
	res, err := r.Execute(method, path)
	if err != nil {
		done(nil)
		return nil, k.transportError(method, err)
	}
	done(res.Header())
	if res.IsError() {
		return nil, k.answerError(method, res.StatusCode(), res.Header(), res.Body())
	}
	v, err := document(res.Body(), maxAnswer)
	if err != nil || v.object() == nil {
		return nil, k.fail(&APIError{Status: res.StatusCode(), Maybe: method != http.MethodGet, Err: err},
			errs.Upstream, "Intercom's answer cannot be read.")
	}
	return v, nil
}

// segment makes an id fit for a path. Ids of Intercom are letters, digits,
// dashes and underscores with at least one digit, which keeps words such as
// "last" and "search", that mean something else in a path, out.
func segment(what, id string) (string, error) {
	digit := false
	for i := range len(id) {
		ch := id[i]
		switch {
		case '0' <= ch && ch <= '9':
			digit = true
		case 'a' <= ch && ch <= 'z', 'A' <= ch && ch <= 'Z', ch == '-', ch == '_':
		default:
			return "", errs.E(errs.Invalid, "This is not the id of a %s of Intercom.", what)
		}
	}
	if !digit || len(id) > 64 {
		return "", errs.E(errs.Invalid, "This is not the id of a %s of Intercom.", what)
	}
	return id, nil
}

// Me returns who the token belongs to: the connection test.
func (k *Client) Me(ctx context.Context) (Me, error) {
	v, err := k.call(ctx, http.MethodGet, "/me", nil)
	if err != nil {
		return Me{}, err
	}
	return decodeMe(v), nil
}

// Admins returns all teammates of the workspace.
func (k *Client) Admins(ctx context.Context) ([]Admin, error) {
	v, err := k.call(ctx, http.MethodGet, "/admins", nil)
	if err != nil {
		return nil, err
	}
	var all []Admin
	for _, a := range v.get("admins").items() {
		all = append(all, decodeAdmin(a))
	}
	return all, nil
}

// Contact returns one contact with its custom attributes. NotFound also when
// it has been merged into another (code contact_merged).
func (k *Client) Contact(ctx context.Context, id string) (Contact, error) {
	id, err := segment("contact", id)
	if err != nil {
		return Contact{}, err
	}
	v, err := k.call(ctx, http.MethodGet, "/contacts/"+id, nil)
	if err != nil {
		return Contact{}, err
	}
	return decodeContact(v), nil
}

// FindContactByEmail returns the contact with this address; a user rather than
// a lead when both have it. NotFound when nobody has.
func (k *Client) FindContactByEmail(ctx context.Context, email string) (Contact, error) {
	v, err := k.call(ctx, http.MethodPost, "/contacts/search", searchRequest{
		Query:      filter{Field: "email", Operator: "=", Value: email},
		Pagination: paging{PerPage: 50},
	})
	if err != nil {
		return Contact{}, err
	}
	var found []Contact
	for _, c := range v.get("data").items() {
		c := decodeContact(c)
		if c.Role == "user" {
			return c, nil
		}
		found = append(found, c)
	}
	if len(found) == 0 {
		return Contact{}, errs.E(errs.NotFound, "No contact of Intercom has this e-mail address.")
	}
	return found[0], nil
}

type searchRequest struct {
	Query      filter `json:"query"`
	Pagination paging `json:"pagination"`
}

type filter struct {
	Field    string `json:"field,omitempty"`
	Operator string `json:"operator"`
	Value    any    `json:"value"`
}

type paging struct {
	PerPage       int    `json:"per_page"`
	StartingAfter string `json:"starting_after,omitempty"`
}

// Search narrows SearchConversations.
type Search struct {
	UpdatedSince time.Time // conversations changed at or after this second
	Cursor       string    // ConversationPage.Next of the page before
	PerPage      int       // at most 150; 150 when zero
}

// ConversationPage is a page of conversations, without their parts. Next is ""
// on the last page.
type ConversationPage struct {
	Conversations []Conversation
	Next          string
	Total         int
}

// SearchConversations returns conversations by when they last changed.
func (k *Client) SearchConversations(ctx context.Context, s Search) (ConversationPage, error) {
	if s.PerPage <= 0 || s.PerPage > 150 {
		s.PerPage = 150
	}
	v, err := k.call(ctx, http.MethodPost, "/conversations/search", searchRequest{
		// Intercom's ">" means "at or after".
		Query:      filter{Field: "updated_at", Operator: ">", Value: max(0, s.UpdatedSince.Unix())},
		Pagination: paging{PerPage: s.PerPage, StartingAfter: s.Cursor},
	})
	if err != nil {
		return ConversationPage{}, err
	}
	p := ConversationPage{Next: nextCursor(v.get("pages", "next")), Total: int(v.get("total_count").int())}
	list := v.object().get("conversations", "data")
	for _, c := range list.items() {
		p.Conversations = append(p.Conversations, decodeConversation(c.object()))
	}
	return p, nil
}

// nextCursor reads the cursor of the next page: an object in present versions,
// an address with a query in older ones.
func nextCursor(v value) string {
	if s := v.text(); s != "" {
		u, err := url.Parse(s)
		if err != nil {
			return ""
		}
		return u.Query().Get("starting_after")
	}
	return v.get("starting_after").text()
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// header reads a whole number from a header; ok is false when there is none.
func header(h http.Header, name string) (n int64, ok bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(h.Get(name)), 10, 64)
	return n, err == nil
}
