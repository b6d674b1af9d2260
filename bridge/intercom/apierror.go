package intercom

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// APIError is what is known about a call that failed. It is the cause inside
// the errs.Error that a Client returns.
type APIError struct {
	Status    int    // 0 when there was no answer
	Code      string // Intercom's word: "rate_limit_exceeded", "contact_merged"
	Message   string // Intercom's sentence, for the log
	Field     string // which parameter it is about
	RequestID string // what Intercom's support asks for
	Reset     time.Time
	Maybe     bool // a write may have happened all the same
	Err       error
}

// Error tells what Intercom said.
func (e *APIError) Error() string {
	var b strings.Builder
	b.WriteString("intercom")
	if e.Status != 0 {
		fmt.Fprintf(&b, ": status %d", e.Status)
	}
	for _, p := range []struct{ name, text string }{
		{"code", e.Code}, {"message", e.Message}, {"field", e.Field}, {"request", e.RequestID},
	} {
		if p.text != "" {
			fmt.Fprintf(&b, ", %s %q", p.name, p.text)
		}
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *APIError) Unwrap() error { return e.Err }

func apiError(err error) *APIError {
	var e *APIError
	if errors.As(err, &e) {
		return e
	}
	return &APIError{}
}

// CodeOf returns Intercom's code of a failure; "" when it gave none.
func CodeOf(err error) string { return apiError(err).Code }

// RequestID returns the id under which Intercom knows the failed call.
func RequestID(err error) string { return apiError(err).RequestID }

// Ambiguous reports whether a failed write may have happened all the same: the
// connection broke or timed out after the request was sent, or Intercom failed
// while it worked on it. Intercom knows no idempotency key, so before trying
// again the caller re-reads the conversation and looks with FindOwnPart.
func Ambiguous(err error) bool { return apiError(err).Maybe }

// Answered reports whether Intercom answered a failed call at all. What it
// answered is over; what it did not may still be carried out.
func Answered(err error) bool { return apiError(err).Status != 0 }

// RetryAt returns when a call refused as Throttled may be tried again.
func RetryAt(err error) (time.Time, bool) {
	t := apiError(err).Reset
	return t, !t.IsZero()
}

// fail wraps e, without the token should anything have echoed it.
func (k *Client) fail(e *APIError, kind errs.Kind, text string) error {
	e.Message = strings.ReplaceAll(e.Message, k.c.Token, "***")
	e.Code = strings.ReplaceAll(e.Code, k.c.Token, "***")
	return errs.Wrap(e, kind, text)
}

func (k *Client) transportError(method string, err error) error {
	e := &APIError{Err: err, Maybe: method != http.MethodGet && !unsent(err)}
	text := "Intercom cannot be reached."
	if errors.Is(err, context.DeadlineExceeded) {
		text = "Intercom did not answer in time."
	}
	return k.fail(e, errs.Upstream, text)
}

// unsent reports whether a request cannot have left: there was no connection.
func unsent(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	return errors.As(err, &dns) || (errors.As(err, &op) && op.Op == "dial")
}

func (k *Client) answerError(method string, status int, h http.Header, body []byte) error {
	e := &APIError{Status: status, RequestID: h.Get("X-Request-Id")}
	if doc, err := document(body, MaxBody); err == nil {
		if id := doc.get("request_id").text(); id != "" {
			e.RequestID = id
		}
		if list := doc.get("errors").items(); len(list) > 0 {
			o := list[0].object()
			e.Code, e.Message, e.Field = o.get("code").text(), o.get("message").text(), o.get("field").text()
		}
	}
	kind, text := kindOf(status)
	switch {
	case kind == errs.Throttled:
		e.Reset = k.limit.refused(h)
	case kind == errs.Upstream && method != http.MethodGet:
		e.Maybe = true
	}
	return k.fail(e, kind, text)
}

func kindOf(status int) (errs.Kind, string) {
	switch status {
	case http.StatusUnauthorized:
		return errs.Denied, "Intercom refuses the access token."
	case http.StatusForbidden, http.StatusPaymentRequired:
		return errs.Forbidden, "Intercom does not allow this with the access token or plan in use."
	case http.StatusNotFound, http.StatusGone:
		return errs.NotFound, "Intercom does not know this, or no longer."
	case http.StatusConflict:
		return errs.Conflict, "Intercom refuses this in its present state."
	case http.StatusRequestEntityTooLarge:
		return errs.TooLarge, "This is too large for Intercom."
	case http.StatusTooManyRequests:
		return errs.Throttled, "Intercom's rate limit is used up."
	case http.StatusRequestTimeout:
		return errs.Upstream, "Intercom did not answer in time."
	}
	if status >= 500 {
		return errs.Upstream, "Intercom failed."
	}
	return errs.Invalid, "Intercom refuses the request."
}
