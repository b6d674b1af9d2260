package bridge_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/bridge"
	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/bridge/workspace"
	"github.com/deskbridge/deskbridge/tickets"
)

// post sends a body with headers and returns status and answer.
func (h *house) post(path string, body []byte, header map[string]string) (int, string) {
	h.t.Helper()
	r, err := http.NewRequest(http.MethodPost, h.server.URL+path, bytes.NewReader(body))
	h.must(err)
	r.Header.Set("Content-Type", "application/json")
	for k, v := range header {
		r.Header.Set(k, v)
	}
	res, err := h.server.Client().Do(r)
	h.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	h.must(err)
	return res.StatusCode, string(b)
}

// notification is a webhook body about a conversation.
func notification(id, app, topic, conversation, part, text string) []byte {
	b, err := json.Marshal(map[string]any{"type": "notification_event", "app_id": app, "id": id, "topic": topic, "first_sent_at": 1767329999,
		"data": map[string]any{"item": map[string]any{"type": "conversation", "id": conversation, "conversation_parts": map[string]any{
			"conversation_parts": []any{map[string]any{"type": "conversation_part", "id": part, "part_type": "comment", "body": text, "created_at": 1767323095,
				"author": map[string]any{"type": "user", "id": "9050", "name": "Pablo", "email": "pablo@demo.test"}}}}}}})
	if err != nil {
		panic(err)
	}
	return b
}

func (h *house) rows(table string) (n int64) {
	h.t.Helper()
	h.must(h.db.Read(h.t.Context()).Table(table).Count(&n).Error)
	return n
}

// IC-16, SEC-082, SEC-083, SEC-085, SEC-086, SEC-099, SEC-101, SEC-103: what is
// not signed right, or cannot be read, has its clear answer and leaves no trace
// but a log line.
func TestIC16_BadWebhooks(t *testing.T) {
	h := open(t, nil)
	good := notification("n1", appID, intercom.TopicUserReplied, "1", "50", "<p>x</p>")
	sign := func(b []byte) string { return intercom.SignWebhook(secret, b) }
	deep := []byte(`{"id":"n","topic":"t","x":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + "}")
	spaced := append([]byte(" "), good...)
	long := append(bytes.Repeat([]byte(" "), 5<<20), good...)
	stranger := notification("n2", "ws_other", intercom.TopicUserReplied, "1", "50", "<p>x</p>")
	for name, tc := range map[string]struct {
		body      []byte
		signature string
		want      int
	}{
		"no signature":                   {good, "", 401},
		"not a signature":                {good, "sha1=zz", 401},
		"wrong secret":                   {good, intercom.SignWebhook("other", good), 401},
		"the canvas kind of signature":   {good, intercom.SignCanvas(secret, good), 401},
		"signed, then written otherwise": {spaced, sign(good), 401},
		"unknown workspace":              {stranger, sign(stranger), 401},
		"not JSON, not signed":           {[]byte("{"), "", 401},
		"not JSON, signed":               {[]byte("{"), sign([]byte("{")), 422},
		"too deep, signed":               {deep, sign(deep), 422},
		"five megabytes":                 {long, sign(long), 413},
		"unknown topic":                  {notification("n3", appID, "company.created", "1", "5", "x"), "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.want == 0 {
				tc.signature, tc.want = sign(tc.body), 200
			}
			status, body := h.post(bridge.PathWebhooks, tc.body, map[string]string{"X-Hub-Signature": tc.signature})
			if status != tc.want {
				t.Errorf("status %d, want %d: %s", status, tc.want, body)
			}
		})
	}
	for _, table := range []string{"bridge_receipts", "bridge_conversations", "bridge_parts", "jobs"} {
		if n := h.rows(table); n != 0 {
			t.Errorf("%d rows in %s, want none", n, table)
		}
	}
	if strings.Contains(h.log.String(), secret) {
		t.Error("the client secret is in the log")
	}
	// The same body with the right signature is taken.
	if status, body := h.post(bridge.PathWebhooks, good, map[string]string{"X-Hub-Signature": sign(good)}); status != 200 {
		t.Fatalf("a good one: %d %s", status, body)
	}
	if n := h.rows("bridge_receipts"); n != 1 {
		t.Errorf("%d receipts, want 1", n)
	}
}

// SEC-094: one notification ten times, twenty at once: every answer is 200 and
// there is one receipt.
func TestSEC094_Replay(t *testing.T) {
	h := open(t, nil)
	body := notification("n1", appID, intercom.TopicUserReplied, "1", "50", "<p>x</p>")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 10 {
				if status, _ := h.post(bridge.PathWebhooks, body, map[string]string{"X-Hub-Signature": intercom.SignWebhook(secret, body)}); status != 200 {
					t.Errorf("status %d", status)
				}
			}
		})
	}
	wg.Wait()
	if n := h.rows("bridge_receipts"); n != 1 {
		t.Errorf("%d receipts, want 1", n)
	}
}

// SEC-097: while a secret is rotated both are accepted; afterwards one is.
func TestSEC097_SecretRotation(t *testing.T) {
	h := open(t, nil)
	send := func(id, key string) int {
		body := notification(id, appID, intercom.TopicUserReplied, "1", "5", "x")
		status, _ := h.post(bridge.PathWebhooks, body, map[string]string{"X-Hub-Signature": intercom.SignWebhook(key, body)})
		return status
	}
	h.apply(func(w *workspace.Workspace) {
		w.Integration.ClientSecret, w.Integration.ClientSecretPrevious = "the-new-one", []workspace.Secret{secret}
	})
	if a, b := send("a", secret), send("b", "the-new-one"); a != 200 || b != 200 {
		t.Errorf("in the overlap: old %d, new %d", a, b)
	}
	h.apply(func(w *workspace.Workspace) { w.Integration.ClientSecret = "the-new-one" })
	if a, b := send("c", secret), send("d", "the-new-one"); a != 401 || b != 200 {
		t.Errorf("afterwards: old %d, new %d", a, b)
	}
}

// IC-16: cards want their own signature; a wrong one gets 401 and nothing else.
func TestIC16_BadCanvasRequests(t *testing.T) {
	h := open(t, nil)
	body := []byte(fmt.Sprintf(`{"workspace_id":%q,"conversation":{"id":"1"},"component_id":"create-ticket-submit","admin":{"id":"1"}}`, appID))
	for name, tc := range map[string]struct {
		body      []byte
		signature string
		want      int
	}{
		"none":              {body, "", 401},
		"wrong":             {body, intercom.SignCanvas("other", body), 401},
		"of a webhook":      {body, intercom.SignWebhook(secret, body), 401},
		"not JSON":          {[]byte("{"), intercom.SignCanvas(secret, []byte("{")), 401},
		"unknown workspace": {[]byte(`{"workspace_id":"x"}`), intercom.SignCanvas(secret, []byte(`{"workspace_id":"x"}`)), 401},
	} {
		for _, path := range []string{bridge.PathInitialize, bridge.PathSubmit, bridge.PathHealth} {
			if status, answer := h.post(path, tc.body, map[string]string{"X-Body-Signature": tc.signature}); status != tc.want {
				t.Errorf("%s at %s: %d, want %d: %s", name, path, status, tc.want, answer)
			}
		}
	}
	if n := h.rows("bridge_conversations"); n != 0 {
		t.Errorf("%d conversations, want none", n)
	}
	health := []byte(`{"workspace_id":"` + appID + `"}`)
	if status, answer := h.post(bridge.PathHealth, health, map[string]string{"X-Body-Signature": intercom.SignCanvas(secret, health)}); status != 200 || !strings.Contains(answer, `"OK"`) {
		t.Errorf("health: %d %s", status, answer)
	}
}

// Intercom checks an address with HEAD before it is taken.
func TestHeadCheck(t *testing.T) {
	h := open(t, nil)
	h.must(h.stand.Connect(t.Context()))
	h.settle()
	if d := h.stand.Deliveries(); len(d) != 1 || d[0].Status != 200 {
		t.Errorf("the ping: %+v", d)
	}
}

// SEC-041, SEC-042, SEC-043: attacks in bodies and names end as harmless text.
func TestSEC041_AttacksInMessages(t *testing.T) {
	h := open(t, nil)
	eve := h.stand.AddAdmin(intercom.Admin{Name: `<script>alert("name")</script>`, Email: "eve@evil.test"})
	c, ticket := h.linked()
	for _, body := range []string{
		`<p>one<script>alert(1)</script></p>`, `<img src=x onerror=alert(1)>two`, `<svg onload=alert(1)>three</svg>`,
		`<a href="javascript:alert(1)">four</a>`, `<a href="data:text/html,x">five</a>`, `<iframe src="https://evil.test"></iframe>six`,
		`<form action="https://evil.test"><input name=p>seven</form>`, `<p style="position:fixed">eight</p>`,
		`<math><mi//xlink:href="data:x,<script>alert(4)</script>">nine</math>`, "plain ten <b", `{{constructor.constructor('alert(1)')()}}`,
	} {
		h.asUser(c, body)
	}
	h.say(c, messageBy(eve, "<p>eleven</p>"))
	h.settle()
	all := ""
	for _, e := range h.entries(ticket, tickets.Public) {
		all += e.HTML + "\n"
	}
	low := strings.ToLower(all)
	for _, bad := range []string{"<script", "javascript:", "data:text", "<iframe", "<form", "<input", "<svg", "<math"} {
		if strings.Contains(low, bad) {
			t.Errorf("%s came through:\n%s", bad, all)
		}
	}
	if m := regexp.MustCompile(`<[^>]*\s(on\w+|style)\s*=[^>]*>`).FindString(low); m != "" {
		t.Errorf("an attribute that acts came through: %s", m)
	}
	for _, word := range []string{"one", "two", "three", "four", "five", "six", "seven", "eight", "ten", "eleven", "{{constructor"} {
		if !strings.Contains(all, word) {
			t.Errorf("%s is lost in:\n%s\n%s", word, all, h.log)
		}
	}
}

// SEC-105: addresses in a message are fetched from Intercom's own hosts only.
func TestSEC105_PicturesFromElsewhereAreNotFetched(t *testing.T) {
	h := open(t, nil)
	c, ticket := h.linked()
	h.asUser(c, `<p>look <img src="http://169.254.169.254/latest/meta-data/"></p>`)
	h.settle()
	e := h.signed(ticket, "look")
	if strings.Contains(e.HTML, "169.254") || !strings.Contains(e.HTML, "could not be copied") {
		t.Errorf("the entry: %s", e.HTML)
	}
	files, err := h.tickets.Attachments(t.Context(), h.actor, ticket.ID)
	h.must(err)
	if len(files) != 0 {
		t.Errorf("attachments: %+v", files)
	}
}

// A contact of another Intercom workspace gets a clear answer and leaves no trace.
func TestContactOfAnotherWorkspace(t *testing.T) {
	h := open(t, nil)
	body := []byte(fmt.Sprintf(`{"workspace_id":%q,"component_id":"create-ticket-submit","admin":{"id":"1"},"conversation":{"id":"77"},
"contact":{"id":"c","workspace_id":"ws_other","email":"pablo@demo.test"},"input_values":{"create-ticket::title":"T","create-ticket::description":"D"}}`, appID))
	status, answer := h.post(bridge.PathSubmit, body, map[string]string{"X-Body-Signature": intercom.SignCanvas(secret, body)})
	if status != 200 || !strings.Contains(answer, "belongs to another Intercom workspace") {
		t.Errorf("%d %s", status, answer)
	}
	for _, table := range []string{"bridge_conversations", "bridge_forms", "bridge_receipts"} {
		if n := h.rows(table); n != 0 {
			t.Errorf("%d rows in %s, want none", n, table)
		}
	}
}

// A notification that comes again long after its receipt was forgotten changes
// nothing: its parts are known.
func TestStaleNotification(t *testing.T) {
	h := open(t, nil)
	c, ticket := h.linked()
	body := notification("old", appID, intercom.TopicUserReplied, c, "999999999999999", "<p>Only once</p>")
	for range 2 {
		if status, answer := h.post(bridge.PathWebhooks, body, map[string]string{"X-Hub-Signature": intercom.SignWebhook(secret, body)}); status != 200 {
			t.Fatalf("%d %s", status, answer)
		}
		h.settle()
		h.must(h.db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec("DELETE FROM bridge_receipts").Error }))
	}
	if n := strings.Count(strings.Join(h.words(ticket, tickets.Public), "\n"), "Only once"); n != 1 {
		t.Errorf("it is there %d times", n)
	}
}
