package intercomtest_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/bridge/intercom/intercomtest"
)

// page is the simulator's page.
type page struct {
	t    *testing.T
	base string
}

func newPage(t *testing.T, s *intercomtest.Server) page {
	t.Helper()
	srv := httptest.NewServer(s.Inbox())
	t.Cleanup(srv.Close)
	return page{t, srv.URL}
}

// call makes a request and decodes the answer into generic JSON.
func (p page) call(method, path, body string, status int) any {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	var v any
	if err := json.NewDecoder(res.Body).Decode(&v); err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	if res.StatusCode != status {
		p.t.Errorf("%s %s: status %d, want %d: %v", method, path, res.StatusCode, status, v)
	}
	return v
}

// at follows a path through generic JSON: keys and indexes.
func at(v any, path ...any) any {
	for _, p := range path {
		switch k := p.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok {
				return nil
			}
			v = m[k]
		case int:
			l, ok := v.([]any)
			if !ok || k >= len(l) {
				return nil
			}
			v = l[k]
		}
	}
	return v
}

func TestInbox(t *testing.T) {
	s := newScene(t, intercomtest.Config{})
	p := newPage(t, s.Server)

	c := p.call("POST", "/contacts", `{"name":"Agatha Christie","email":"agatha@demo.com"}`, 201)
	contact, _ := at(c, "id").(string)
	v := p.call("POST", "/conversations", `{"contact_id":"`+contact+`","body":"Hi <b>there</b>\n& hello"}`, 201)
	id, _ := at(v, "id").(string)
	if got := at(v, "parts", 0, "body"); got != "<p>Hi &lt;b&gt;there&lt;/b&gt;<br>&amp; hello</p>" {
		t.Errorf("the first part says %v", got)
	}
	if at(v, "contact", "name") != "Agatha Christie" || at(v, "state") != "open" || at(v, "assignee") != nil || at(v, "parts", 0, "author", "type") != "user" {
		t.Errorf("the conversation is %v", v)
	}
	say := func(body string, status int) any { return p.call("POST", "/conversations/"+id+"/parts", body, status) }
	say(`{"as":"contact","type":"comment","body":"Anybody?"}`, 201)
	say(`{"as":"admin","admin_id":"`+s.jane.ID+`","type":"note","body":"Her again"}`, 201)
	v = say(`{"as":"admin","admin_id":"`+s.jane.ID+`","type":"assign"}`, 201)
	if at(v, "assignee", "name") != "Jane Doe" {
		t.Errorf("assigned to %v", at(v, "assignee"))
	}
	v = say(`{"as":"admin","admin_id":"`+s.jane.ID+`","type":"close"}`, 201)
	if at(v, "state") != "closed" || at(v, "parts", 4, "part_type") != "close" {
		t.Errorf("closed it is %v", v)
	}
	part, _ := at(v, "parts", 1, "id").(string)
	v = p.call("POST", "/conversations/"+id+"/parts/"+part+"/redact", "", 200)
	if at(v, "parts", 1, "redacted") != true || at(v, "parts", 1, "body") != "" {
		t.Errorf("redacted it is %v", at(v, "parts", 1))
	}

	st := p.call("GET", "/state", "", 200)
	if at(st, "workspace_id") != "ws_demo" || at(st, "contacts", 1, "email") != "agatha@demo.com" || at(st, "admins", 0, "id") != s.jane.ID ||
		at(st, "conversations", 0, "id") != id || at(st, "conversations", 0, "contact_id") != contact || at(st, "conversations", 0, "state") != "closed" {
		t.Errorf("the state is %v", st)
	}
	s.DeliverDue(t.Context())
	d := p.call("GET", "/deliveries", "", 200)
	if at(d, 0, "topic") != "conversation_part.redacted" || at(d, 0, "status") != 200.0 || at(d, 0, "conversation_id") != id {
		t.Errorf("the newest delivery is %v", at(d, 0))
	}

	for path, body := range map[string]string{
		"/conversations": `{"contact_id":"404","body":"x"}`, "/conversations/404/parts": `{"as":"contact","body":"x"}`,
		"/canvas": `{"conversation_id":"404"}`, "/conversations/404/parts/1/redact": `{}`,
	} {
		if at(p.call("POST", path, body, 404), "error") == nil {
			t.Errorf("%s says nothing", path)
		}
	}
	for _, body := range []string{
		`{"as":"contact","type":"note","body":"x"}`, `{"as":"admin","type":"comment","body":"x"}`, `{"as":"contact","body":" "}`,
		`{"as":"admin","admin_id":"` + s.jane.ID + `","type":"shout","body":"x"}`, `{`,
	} {
		say(body, 400)
	}
}

// A form of a foreign page cannot write: only JSON is taken.
func TestInboxTakesOnlyJSON(t *testing.T) {
	s := newScene(t, intercomtest.Config{})
	p := newPage(t, s.Server)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.base+"/contacts", strings.NewReader(`{"name":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/plain")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestInboxCanvas(t *testing.T) {
	s := newScene(t, intercomtest.Config{})
	id := s.start(t)
	s.Point("", app(t, func(r intercom.CanvasRequest) any {
		return intercom.Answer{Canvas: intercom.Canvas{Components: []intercom.Component{intercom.Paragraph("clicked " + r.ComponentID + " " + r.Input("f"))}}}
	}).URL)
	p := newPage(t, s.Server)
	head := `{"conversation_id":"` + id + `","admin_id":"` + s.jane.ID + `"`
	v := p.call("POST", "/canvas", head+`}`, 200)
	if at(v, "status") != 200.0 || at(v, "error") != "" || at(v, "canvas", "content", "components", 0, "text") != "clicked  " {
		t.Errorf("initialize: %v", v)
	}
	current, err := json.Marshal(at(v, "canvas"))
	if err != nil {
		t.Fatal(err)
	}
	v = p.call("POST", "/canvas", head+`,"component_id":"go","input_values":{"f":"x"},"current_canvas":`+string(current)+`}`, 200)
	if at(v, "canvas", "content", "components", 0, "text") != "clicked go x" {
		t.Errorf("submit: %v", v)
	}
	s.Point("", "http://127.0.0.1:1")
	v = p.call("POST", "/canvas", head+`}`, 200)
	if at(v, "canvas") != nil || at(v, "error") == "" || at(v, "status") != 0.0 {
		t.Errorf("without an app: %v", v)
	}
}

func TestInboxEvents(t *testing.T) {
	s := newScene(t, intercomtest.Config{})
	p := newPage(t, s.Server)
	ctx, stop := contextWithCancel(t)
	defer stop()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("type %q", res.Header.Get("Content-Type"))
	}
	lines := bufio.NewScanner(res.Body)
	next := func() string {
		var b bytes.Buffer
		for lines.Scan() && lines.Text() != "" {
			b.WriteString(lines.Text() + "\n")
		}
		return b.String()
	}
	next() // the welcome: from here on nothing is missed
	id := s.start(t)
	if got := next(); got != "event: conversation\ndata: {\"id\":\""+id+"\"}\n" {
		t.Errorf("event %q", got)
	}
	s.DeliverDue(t.Context())
	if got := next(); !strings.HasPrefix(got, "event: delivery\ndata: {\"id\":\"notif_") {
		t.Errorf("event %q", got)
	}
}
