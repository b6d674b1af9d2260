package tickets

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/deskbridge/deskbridge/internal/auth"
	"github.com/deskbridge/deskbridge/internal/httpx"
)

// api is the REST API over a desk; every call speaks for a principal.
type api struct {
	*desk
	engine *gin.Engine
	who    *auth.Principal
}

func newAPI(t testing.TB) *api {
	t.Helper()
	s := &api{desk: newDesk(t), engine: httpx.New(httpx.Config{Log: slog.New(slog.DiscardHandler)})}
	s.engine.Use(func(c *gin.Context) {
		if s.who != nil {
			c.Request = c.Request.WithContext(auth.WithPrincipal(c.Request.Context(), *s.who))
		}
	})
	s.Routes(httpx.NewAPI(s.engine, "test"))
	return s
}

var (
	admin = auth.Principal{UserID: 1, DeskID: 1, Name: "Ann Admin", Role: auth.Administrator, Scope: "write"}
	alien = auth.Principal{UserID: 2, DeskID: 2, Name: "Al Alien", Role: auth.Administrator, Scope: "write"}
)

func (s *api) end(p Person) auth.Principal {
	return auth.Principal{UserID: 100 + p.ID, DeskID: 1, PersonID: p.ID, Name: p.Friendlyname, Role: auth.Portal, Scope: "write"}
}

// call does a request and returns status and body.
func (s *api) call(who auth.Principal, method, path string, in any) (int, map[string]any) {
	s.t.Helper()
	var body []byte
	if in != nil {
		var err error
		body, err = json.Marshal(in)
		s.ok(err)
	}
	w := s.raw(who, method, path, "application/json", body)
	out := map[string]any{}
	if w.Body.Len() > 0 {
		s.ok(json.Unmarshal(w.Body.Bytes(), &out))
	}
	return w.Code, out
}

func (s *api) raw(who auth.Principal, method, path, kind string, body []byte) *httptest.ResponseRecorder {
	s.who = &who
	if who.UserID == 0 && who.APIKeyID == 0 {
		s.who = nil
	}
	r := httptest.NewRequest(method, "/api/v1"+path, bytes.NewReader(body))
	if body != nil {
		r.Header.Set("Content-Type", kind)
	}
	w := httptest.NewRecorder()
	s.engine.ServeHTTP(w, r)
	return w
}

func TestAPITicketLife(t *testing.T) {
	s := newAPI(t)
	code, made := s.call(admin, "POST", "/tickets", map[string]any{"title": "Toner", "description": "<p>empty</p>", "org_id": s.org.ID, "caller_id": s.caller.ID, "urgency": 2})
	if code != 201 || made["ref"] != "R-000001" || made["status"] != "new" || made["priority"] != 3.0 {
		t.Fatalf("%d %v", code, made)
	}
	path := fmt.Sprintf("/tickets/%v", made["id"])
	if code, got := s.call(admin, "GET", path, nil); code != 200 || got["caller_name"] != "Pablo Picasso" {
		t.Errorf("%d %v", code, got)
	}
	if code, got := s.call(admin, "GET", "/tickets/by-ref/r-1", nil); code != 200 || got["id"] != made["id"] {
		t.Errorf("%d %v", code, got)
	}
	if code, got := s.call(admin, "POST", path+"/stimuli/ev_resolve", nil); code != 409 {
		t.Errorf("%d %v", code, got)
	}
	if code, got := s.call(admin, "POST", path+"/stimuli/ev_assign", nil); code != 422 || fmt.Sprint(got["errors"]) == "" {
		t.Errorf("%d %v", code, got)
	}
	if code, got := s.call(admin, "POST", path+"/stimuli/ev_assign", map[string]any{"team_id": s.team.ID}); code != 200 || got["status"] != "assigned" || got["assignment_date"] == nil {
		t.Errorf("%d %v", code, got)
	}
	if code, got := s.call(admin, "PATCH", path, map[string]any{"version": 1, "title": "x"}); code != 409 {
		t.Errorf("%d %v", code, got)
	}
	if code, got := s.call(admin, "PATCH", path, map[string]any{"title": "Toner cartridge"}); code != 200 || got["title"] != "Toner cartridge" {
		t.Errorf("%d %v", code, got)
	}
	if code, got := s.call(admin, "POST", path+"/entries", map[string]any{"log": "public", "html": "<b>hi</b><script>x</script>"}); code != 201 || got["html"] != "<b>hi</b>" || got["author"] != "Ann Admin" {
		t.Errorf("%d %v", code, got)
	}
	if code, got := s.call(admin, "GET", "/tickets?q=cartr&status=assigned,new", nil); code != 200 || got["total"] != 1.0 {
		t.Errorf("%d %v", code, got)
	}
	if code, got := s.call(admin, "GET", path+"/history", nil); code != 200 || got["total"].(float64) < 3 {
		t.Errorf("%d %v", code, got)
	}
	if code, got := s.call(admin, "GET", path+"/stimuli", nil); code != 200 || got["total"] != 4.0 {
		t.Errorf("%d %v", code, got)
	}
}

func TestAPIPages(t *testing.T) {
	s := newAPI(t)
	for range 5 {
		s.create(NewTicket{})
	}
	var refs []string
	path := "/tickets?limit=2"
	for path != "" {
		code, got := s.call(admin, "GET", path, nil)
		if code != 200 || got["total"] != 5.0 {
			t.Fatalf("%d %v", code, got)
		}
		for _, i := range got["items"].([]any) {
			refs = append(refs, i.(map[string]any)["ref"].(string))
		}
		path = ""
		if next, ok := got["next"].(string); ok {
			path = "/tickets?limit=2&cursor=" + next
		}
	}
	if strings.Join(refs, " ") != "R-000005 R-000004 R-000003 R-000002 R-000001" {
		t.Errorf("refs are %v", refs)
	}
	for _, bad := range []string{"?limit=0", "?limit=1000", "?cursor=x", "?cursor=-1", "?sort=title", "?status=open"} {
		if code, got := s.call(admin, "GET", "/tickets"+bad, nil); code != 422 || got["errors"] == nil {
			t.Errorf("%s: %d %v", bad, code, got)
		}
	}
}

// SEC-019: what is not a caller's to set is refused, not ignored.
func TestSEC019_MassAssignment(t *testing.T) {
	s := newAPI(t)
	base := map[string]any{"title": "T", "description": "D"}
	for _, extra := range []string{"status", "ref", "priority", "desk_id", "id", "version", "start_date", "intercom_ref", "token", "log"} {
		in := map[string]any{"title": "T", "description": "D", extra: "1"}
		if code, got := s.call(s.end(s.caller), "POST", "/tickets", in); code != 422 {
			t.Errorf("%s: %d %v", extra, code, got)
		}
	}
	for _, extra := range []string{"agent_id", "team_id", "org_id", "caller_id"} {
		in := map[string]any{"title": "T", "description": "D", extra: s.agent.ID}
		if extra == "team_id" {
			in[extra] = s.team.ID
		}
		if extra == "org_id" {
			in[extra] = s.other.ID
		}
		if code, got := s.call(s.end(s.caller), "POST", "/tickets", in); code != 422 {
			t.Errorf("%s: %d %v", extra, code, got)
		}
	}
	code, got := s.call(s.end(s.caller), "POST", "/tickets", base)
	if code != 201 || got["caller_id"] != float64(s.caller.ID) || got["org_id"] != float64(s.org.ID) || got["origin"] != "portal" {
		t.Errorf("%d %v", code, got)
	}
}

// SEC-026, SEC-038, SEC-039: every operation of the document, asked by somebody
// of another desk, by a key that may only read, and by nobody.
func TestSEC026_EveryOperationOfAnotherDesk(t *testing.T) {
	s := newAPI(t)
	s.secondDesk()
	tk := s.create(NewTicket{TeamID: s.team.ID})
	att, err := s.Attach(s.ctx, s.sys, tk.ID, NewFile{Name: "a.txt", Data: strings.NewReader("hello")})
	s.ok(err)
	svc, err := s.CreateServices(s.ctx, s.disp, Offering{Name: "Printing"})
	s.ok(err)
	sub, err := s.CreateSubcategories(s.ctx, s.disp, Subcategory{ServiceID: svc[0].ID, Name: "Toner"})
	s.ok(err)
	field, err := s.CreateCustomField(s.ctx, s.disp, CustomField{Code: "room", Label: "Room", Type: FieldString})
	s.ok(err)
	ids := map[string]int64{"tickets": tk.ID, "organisations": s.org.ID, "persons": s.caller.ID, "teams": s.team.ID, "services": svc[0].ID, "subservices": sub[0].ID, "custom-fields": field.ID}
	bodies := map[string]any{
		"tickets": map[string]any{"title": "x"}, "entries": map[string]any{"log": "public", "html": "x"}, "organisations": map[string]any{"name": "x"},
		"persons": map[string]any{"name": "x", "org_id": 1}, "teams": map[string]any{"name": "x"}, "members": map[string]any{"read": true, "write": true, "all_tickets": true},
		"services": map[string]any{"name": "x"}, "subservices": map[string]any{"name": "x", "service_id": 1}, "custom-fields": map[string]any{"label": "x"},
	}
	before := s.snapshot()
	n := 0
	for _, op := range s.operations() {
		noun := strings.Split(op.path, "/")[1]
		if !strings.Contains(op.path, "{") || noun == "ticket-classes" {
			continue
		}
		n++
		last := noun
		if strings.Contains(op.path, "/entries") {
			last = "entries"
		} else if strings.Contains(op.path, "/members") {
			last = "members"
		}
		fill := func(id int64, file, ref string) string {
			return strings.NewReplacer("{id}", fmt.Sprint(id), "{ref}", ref, "{stimulus}", "ev_assign", "{person}", fmt.Sprint(s.agent.ID), "{attachment}", file).Replace(op.path)
		}
		ask := func(who auth.Principal, path string) (int, string) {
			var body []byte
			kind := "application/json"
			switch {
			case strings.HasSuffix(path, "/attachments") && op.method == "POST":
				body, kind = form(t, "a.txt", "hello", "")
			case op.method != "GET" && op.method != "DELETE" && !strings.Contains(path, "/stimuli"):
				b, err := json.Marshal(bodies[last])
				s.ok(err)
				body = b
			}
			w := s.raw(who, op.method, path, kind, body)
			return w.Code, w.Body.String()
		}
		code, foreign := ask(alien, fill(ids[noun], att.ID, tk.Ref))
		_, missing := ask(alien, fill(987654321, strings.Repeat("0", 32), "R-999999"))
		if code != 404 || foreign != missing {
			t.Errorf("%s %s: %d, %s, and for nothing %s", op.method, op.path, code, foreign, missing)
		}
		if op.method != "GET" {
			reader := admin
			reader.Scope = "read"
			if code, got := ask(reader, fill(ids[noun], att.ID, tk.Ref)); code != 403 {
				t.Errorf("read-only %s %s: %d %s", op.method, op.path, code, got)
			}
		}
		if code, got := ask(auth.Principal{}, fill(ids[noun], att.ID, tk.Ref)); code != 401 {
			t.Errorf("nobody %s %s: %d %s", op.method, op.path, code, got)
		}
	}
	if n < 25 {
		t.Errorf("only %d operations were asked", n)
	}
	if after := s.snapshot(); after != before {
		t.Errorf("something changed:\n%s\n%s", before, after)
	}
	for _, list := range []string{"/tickets", "/tickets?q=printer", "/organisations", "/persons", "/teams", "/services", "/subservices", "/custom-fields"} {
		if code, got := s.call(alien, "GET", list, nil); code != 200 || got["total"] != 0.0 {
			t.Errorf("%s: %d %v", list, code, got)
		}
	}
}

type apiOperation struct{ method, path string }

// operations reads what there is from the OpenAPI document.
func (s *api) operations() []apiOperation {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.engine.ServeHTTP(w, httptest.NewRequest("GET", "/api/openapi.json", nil))
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Summary     string `json:"summary"`
		} `json:"paths"`
	}
	s.ok(json.Unmarshal(w.Body.Bytes(), &doc))
	var out []apiOperation
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if op.OperationID == "" || op.Summary == "" {
				s.t.Errorf("%s %s is not described", method, path)
			}
			out = append(out, apiOperation{strings.ToUpper(method), path})
		}
	}
	return out
}

// snapshot is how much there is of everything, and the state of the tickets.
func (s *api) snapshot() string {
	s.t.Helper()
	var b strings.Builder
	for _, table := range []string{"tickets", "ticket_entries", "ticket_attachments", "ticket_changes", "organisations", "persons", "teams", "team_members", "services", "service_subcategories", "custom_fields"} {
		var n int
		s.ok(s.db.Read(s.ctx).Raw("SELECT count(*) FROM " + table).Scan(&n).Error)
		fmt.Fprintf(&b, "%s %d ", table, n)
	}
	var rows []struct {
		Ref, Title, Status string
		Version, ChangeSeq int64
	}
	s.ok(s.db.Read(s.ctx).Raw("SELECT ref, title, status, version, change_seq FROM tickets ORDER BY id").Scan(&rows).Error)
	fmt.Fprint(&b, rows)
	return b.String()
}

// form is a multipart body with a file.
func form(t testing.TB, name, content, log string) ([]byte, string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	f, err := w.CreateFormFile("file", name)
	if err == nil {
		_, err = f.Write([]byte(content))
	}
	if err == nil && log != "" {
		err = w.WriteField("log", log)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), w.FormDataContentType()
}

// SEC-166, SEC-169, SEC-170, SEC-171
func TestSEC166_Attachments(t *testing.T) {
	s := newAPI(t)
	tk := s.create(NewTicket{})
	body, kind := form(t, `..\..\"evil"`+"\u202egpj.html", "<html><script>alert(1)</script>", "public")
	w := s.raw(admin, "POST", fmt.Sprintf("/tickets/%d/attachments", tk.ID), kind, body)
	var made attachmentView
	s.ok(json.Unmarshal(w.Body.Bytes(), &made))
	if w.Code != 201 || made.Type != "text/html" || made.Log != Public || len(made.ID) != 32 || made.Size != 31 {
		t.Fatalf("%d %+v", w.Code, made)
	}
	got := s.raw(s.end(s.caller), "GET", "/attachments/"+made.ID, "", nil)
	h := got.Header()
	if got.Code != 200 || got.Body.String() != "<html><script>alert(1)</script>" {
		t.Errorf("%d %q", got.Code, got.Body)
	}
	if h.Get("Content-Type") != "application/octet-stream" || h.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment; filename=") ||
		!strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || strings.ContainsAny(h.Get("Content-Disposition"), "\r\n\u202e") {
		t.Errorf("headers are %v", h)
	}
	if got := s.raw(s.end(s.agent), "GET", "/attachments/"+made.ID, "", nil); got.Code != 404 {
		t.Errorf("another end user: %d", got.Code)
	}
	for _, id := range []string{"..%2f..%2fetc%2fpasswd", "..", "%00", strings.Repeat("0", 32), strings.ToUpper(made.ID), made.ID + "0"} {
		if got := s.raw(admin, "GET", "/attachments/"+id, "", nil); got.Code != 404 {
			t.Errorf("id %q: %d", id, got.Code)
		}
	}
	if got := s.raw(admin, "POST", "/attachments/"+made.ID, "", nil); got.Code != http.StatusMethodNotAllowed {
		t.Errorf("other method: %d", got.Code)
	}
	body, kind = form(t, "a.png", "<html>not a picture</html>", "")
	if got := s.raw(admin, "POST", fmt.Sprintf("/tickets/%d/attachments", tk.ID), kind, body); got.Code != 415 {
		t.Errorf("SEC-167: %d %s", got.Code, got.Body)
	}
}
