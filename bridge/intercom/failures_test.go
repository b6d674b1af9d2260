package intercom_test

import (
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/bridge/intercom/intercomjudge"
	"github.com/deskbridge/deskbridge/bridge/intercom/intercomtest"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// REL-21: after a failure during which the write did happen, re-reading finds
// it, so that nothing is said twice.
func TestREL21_AppliedButFailed(t *testing.T) {
	for _, how := range []intercomtest.AfterWrite{intercomtest.AnswerBreak, intercomtest.AnswerHang, intercomtest.AnswerError} {
		t.Run(string(how), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorkspace(t, intercomtest.Config{})
				began := time.Now()
				r := intercom.Reply{AdminID: w.jane.ID, HTML: `<p>We are &quot;on it&quot;,<br>see <a href="https://desk.example/1">R-000001</a>.</p>`}
				first, err := w.client.Reply(t.Context(), w.conversation, r)
				if err != nil {
					t.Fatal(err)
				}
				w.SetFaults(intercomtest.Faults{Applied: how, Times: 1})
				_, err = w.client.Reply(t.Context(), w.conversation, r)
				want(t, err, errs.Upstream)
				if !intercom.Ambiguous(err) {
					t.Errorf("%v is not ambiguous", err)
				}
				v, err := w.client.Conversation(t.Context(), w.conversation)
				if err != nil {
					t.Fatal(err)
				}
				own := intercom.OwnPart{AuthorID: w.jane.ID, HTML: r.HTML, Since: began, Known: func(key string) bool { return key == first.Key() }}
				p, ok := intercom.FindOwnPart(v, own)
				if !ok || p.ID == first.ID {
					t.Errorf("FindOwnPart = %+v, %v", p, ok)
				}
				own.Known = func(key string) bool { return key == p.Key() }
				if q, ok := intercom.FindOwnPart(v, own); !ok || q.ID != first.ID {
					t.Errorf("with the newer one known, FindOwnPart = %+v, %v", q, ok)
				}
				own.Known = func(string) bool { return true }
				if q, ok := intercom.FindOwnPart(v, own); ok {
					t.Errorf("found a part that is accounted for: %+v", q)
				}
				own.Known, own.Note = nil, true
				if p, ok := intercom.FindOwnPart(v, own); ok {
					t.Errorf("found a comment for a note: %+v", p)
				}
			})
		})
	}
}

// REL-21: refusals that leave nothing behind, a revoked token among them.
func TestREL21_Refused(t *testing.T) {
	w := newWorkspace(t, intercomtest.Config{})
	refused := func(status int, kind errs.Kind) {
		t.Helper()
		w.SetFaults(intercomtest.Faults{Status: status, Times: 1})
		k := newClient(t, intercomjudge.JudgeTransport(t, w.Transport()))
		_, err := k.Reply(t.Context(), w.conversation, intercom.Reply{AdminID: w.jane.ID, HTML: "x"})
		want(t, err, kind)
		if at, ok := intercom.RetryAt(err); ok != (status == 429) || (ok && !at.After(time.Now().Add(-time.Second))) {
			t.Errorf("RetryAt = %v, %v", at, ok)
		}
	}
	refused(401, errs.Denied)
	refused(500, errs.Upstream)
	refused(503, errs.Upstream)
	w.SetFaults(intercomtest.Faults{Garbage: true, Times: 1})
	_, err := newClient(t, w.Transport()).Me(t.Context())
	want(t, err, errs.Upstream)
	refused(429, errs.Throttled)
	w.Rotate("", "another token")
	_, err = w.client.Me(t.Context())
	want(t, err, errs.Denied)
	if v, err := w.Server.Conversation(w.conversation); err != nil || len(v.Parts) != 0 {
		t.Errorf("refused calls left %d parts, %v", len(v.Parts), err)
	}
}

// Refused before it left: sending again is safe.
func TestUnsentIsNotAmbiguous(t *testing.T) {
	for name, cause := range map[string]error{
		"refused":      &net.OpError{Op: "dial", Err: errors.New("connection refused")},
		"unknown host": &net.DNSError{Name: "api.intercom.io", IsNotFound: true},
	} {
		_, err := newClient(t, roundTrip(func(*http.Request) (*http.Response, error) { return nil, cause })).
			Reply(t.Context(), "1", intercom.Reply{AdminID: "1", HTML: "x"})
		want(t, err, errs.Upstream)
		if intercom.Ambiguous(err) {
			t.Errorf("%s: ambiguous", name)
		}
	}
}
