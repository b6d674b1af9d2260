package itop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// maxAnswer is the largest answer that is read. A ticket's two logs with
// thousands of entries stay far below it.
const maxAnswer = 64 << 20

// newHTTP returns a client without cookies (every REST call of iTop sets a
// throw-away session) that follows no redirect: a redirect would carry the
// credentials somewhere else, and means a login page or a moved server.
func newHTTP(c Config) *resty.Client {
	hc := &http.Client{
		Transport: c.Transport,
		Timeout:   c.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
	return resty.NewWithClient(hc).
		SetResponseBodyLimit(maxAnswer).
		SetDisableWarn(true).
		SetLogger(silent{}).
		SetHeader("User-Agent", "Deskbridge").
		SetHeader("Accept", "application/json")
}

// silent drops what resty would print: its lines may hold addresses and bodies.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

// request is one REST operation; empty fields are left out.
type request struct {
	Operation    string         `json:"operation"`
	Comment      string         `json:"comment,omitempty"`
	Class        string         `json:"class,omitempty"`
	Key          any            `json:"key,omitempty"`
	Fields       map[string]any `json:"fields,omitempty"`
	OutputFields string         `json:"output_fields,omitempty"`
	Limit        int            `json:"limit,omitempty"`
	Page         int            `json:"page,omitempty"`
}

// answer is what every operation returns.
type answer struct {
	at         time.Time       // the server's clock, by its Date header
	Code       int             `json:"code"`
	Message    string          `json:"message"`
	Version    string          `json:"version"`
	Objects    objects         `json:"objects"`
	Operations json.RawMessage `json:"operations"`
}

// total reads "Found: 12"; it is the number of objects when there is no such text.
func (a *answer) total() int {
	var n int
	if _, err := fmt.Sscanf(a.Message, "Found: %d", &n); err != nil {
		return len(a.Objects)
	}
	return n
}

// call sends one operation. Its errors never hold credentials, addresses with
// a query or bodies: only iTop's own message and the operation's name.
func (d *Desk) call(ctx context.Context, r request) (*answer, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return nil, errs.Wrap(err, errs.Internal, "The request to iTop could not be written.")
	}
	version := "1.3"
	if r.Limit > 0 {
		version = "1.4"
	}
	form := map[string]string{"version": version, "json_data": string(data)}
	req := d.http.R().SetContext(ctx)
	switch d.config.Auth {
	case AuthBasic:
		req.SetBasicAuth(d.config.User, d.config.Password)
	case AuthToken:
		req.SetHeader("Auth-Token", d.config.Token)
	default:
		form["auth_user"], form["auth_pwd"] = d.config.User, d.config.Password
	}
	start := d.now()
	res, err := req.SetFormData(form).Post(d.rest)
	d.log.DebugContext(ctx, "iTop call", "operation", r.Operation, "class", r.Class, "took", d.now().Sub(start), "failed", err != nil)
	if err != nil {
		return nil, transportError(err)
	}
	return readAnswer(res, len(data))
}

// transportError hides the request in url.Error and keeps the reason.
func transportError(err error) error {
	if errors.Is(err, resty.ErrResponseBodyTooLarge) {
		return errs.Wrap(err, errs.TooLarge, "iTop's answer is too large to be read.")
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return errs.Wrap(err, errs.Upstream, "iTop could not be reached.")
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || isTimeout(err) {
		return errs.Wrap(unanswered{err, settleSilent}, errs.Upstream, "iTop did not answer in time.")
	}
	return errs.Wrap(unanswered{err, settleLost}, errs.Upstream, "The connection to iTop was lost.")
}

// How long a write without an answer may still be under way in iTop: long when
// iTop was silent, short when it (or what is in front of it) hung up.
const (
	settleSilent = 45 * time.Second
	settleLost   = 2 * time.Second
)

// unanswered is in the chain when a request was sent and nothing came back: it
// may have been carried out, and may still be.
type unanswered struct {
	err    error
	settle time.Duration
}

// Error returns the cause's text.
func (u unanswered) Error() string { return u.err.Error() }

// Unwrap returns the cause.
func (u unanswered) Unwrap() error { return u.err }

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// readAnswer turns statuses and bodies that are not REST answers into errors
// that may be retried: maintenance pages, login pages, proxies, PHP crashes.
func readAnswer(res *resty.Response, sent int) (*answer, error) {
	switch s := res.StatusCode(); {
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		return nil, errs.E(errs.Denied, "The web server in front of iTop refused the credentials (status %d).", s)
	case s == http.StatusRequestEntityTooLarge:
		return nil, errs.E(errs.TooLarge, "The request is larger than iTop's web server accepts.")
	case s == http.StatusTooManyRequests:
		return nil, errs.E(errs.Throttled, "The web server in front of iTop asks to come back later.")
	case s == http.StatusNotFound:
		return nil, errs.E(errs.Upstream, "There is no iTop at this address (webservices/rest.php answered with status 404).")
	case s >= 300 && s < 400:
		return nil, errs.E(errs.Upstream, "iTop answered with a redirect (status %d); check the address and https.", s)
	case s != http.StatusOK:
		return nil, errs.E(errs.Upstream, "iTop answered with status %d.", s)
	}
	body := bytes.TrimSpace(res.Body())
	if len(body) == 0 {
		return nil, errs.E(errs.Upstream, "iTop answered with an empty page, as it does after a crash.")
	}
	if body[0] != '{' {
		kind, _, _ := mime.ParseMediaType(res.Header().Get("Content-Type"))
		what := "a page"
		if kind == "text/html" || bytes.HasPrefix(body, []byte("<")) {
			what = "an HTML page (maintenance, login or error)"
		}
		return nil, errs.E(errs.Upstream, "iTop answered with %s instead of JSON.", what)
	}
	var probe struct {
		Code *int `json:"code"`
	}
	var a answer
	if err := json.Unmarshal(body, &probe); err != nil || probe.Code == nil {
		return nil, errs.E(errs.Upstream, "iTop's answer is not one of its REST services.")
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, errs.Wrap(err, errs.Upstream, "iTop's answer could not be read.")
	}
	if a.Code != 0 {
		return nil, codeError(a.Code, strings.TrimPrefix(a.Message, "Error: "), sent)
	}
	for _, o := range a.Objects {
		if o.Code != 0 {
			return nil, codeError(o.Code, o.Message, sent)
		}
	}
	if t, err := http.ParseTime(res.Header().Get("Date")); err == nil {
		a.at = t
	}
	return &a, nil
}
