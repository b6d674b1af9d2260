package intercom_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/bridge/intercom/intercomjudge"
	"github.com/deskbridge/deskbridge/bridge/intercom/intercomtest"
	"github.com/deskbridge/deskbridge/internal/errs"
)

const token = "dG9rOnNlY3JldC1hY2Nlc3MtdG9rZW4="

// workspace is a stand-in with two teammates, a contact and a conversation,
// and a judged client for it.
type workspace struct {
	*intercomtest.Server
	client       *intercom.Client
	jane, bob    intercom.Admin
	pablo        intercom.Contact
	conversation string
}

func newWorkspace(t *testing.T, c intercomtest.Config) *workspace {
	t.Helper()
	c.AccessToken, c.ClientSecret = token, "secret"
	w := &workspace{Server: intercomtest.New(c)}
	w.jane = w.AddAdmin(intercom.Admin{Name: "Jane Doe", Email: "jane.doe@demo.com"})
	w.bob = w.AddAdmin(intercom.Admin{Name: "Bob Roe", Email: "bob.roe@demo.com"})
	w.pablo = w.AddContact(intercom.Contact{
		Name: "Pablo Picasso", Email: "pablo.picasso@demo.com", ExternalID: "2",
		CustomAttributes: map[string]any{intercom.AttributeITopClass: "Person", intercom.AttributeITopID: 2},
	})
	v, err := w.StartConversation(w.pablo.ID, "<p>The printer is jammed.</p>")
	if err != nil {
		t.Fatal(err)
	}
	w.conversation = v.ID
	w.client = newClient(t, intercomjudge.JudgeTransport(t, w.Transport()))
	return w
}

func newClient(t *testing.T, via http.RoundTripper) *intercom.Client {
	t.Helper()
	k, err := intercom.New(intercom.Config{Token: token, APIBase: "http://intercom.test", Transport: via})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func want(t *testing.T, err error, k errs.Kind) {
	t.Helper()
	if errs.KindOf(err) != k {
		t.Errorf("error %v is of kind %q, want %q", err, errs.KindOf(err), k)
	}
}

// Every call, its request and its answer, judged by Intercom's description.
func TestEveryCall(t *testing.T) {
	w := newWorkspace(t, intercomtest.Config{WorkspaceID: "l4e36xhv"})
	ctx := t.Context()

	me, err := w.client.Me(ctx)
	if err != nil || me.Workspace.ID != "l4e36xhv" || me.Workspace.Region != "US" || me.Email != w.jane.Email {
		t.Errorf("Me = %+v, %v", me, err)
	}
	admins, err := w.client.Admins(ctx)
	if err != nil || len(admins) != 2 || admins[1].Name != "Bob Roe" {
		t.Errorf("Admins = %+v, %v", admins, err)
	}
	c, err := w.client.Contact(ctx, w.pablo.ID)
	if class, id, ok := c.ITop(); err != nil || !ok || class != "Person" || id != "2" {
		t.Errorf("Contact = %+v, %v", c, err)
	}
	c, err = w.client.FindContactByEmail(ctx, "pablo.picasso@demo.com")
	if err != nil || c.ID != w.pablo.ID || c.Role != "user" {
		t.Errorf("FindContactByEmail = %+v, %v", c, err)
	}
	w.AddContact(intercom.Contact{Role: "lead", Email: "both@demo.com"})
	both := w.AddContact(intercom.Contact{Role: "user", Email: "both@demo.com"})
	c, err = w.client.FindContactByEmail(ctx, "both@demo.com")
	if err != nil || c.ID != both.ID {
		t.Errorf("of a lead and a user FindContactByEmail = %+v, %v", c, err)
	}
	_, err = w.client.FindContactByEmail(ctx, "nobody@demo.com")
	want(t, err, errs.NotFound)

	p, err := w.client.Reply(ctx, w.conversation, intercom.Reply{
		AdminID: w.jane.ID, HTML: "<p>Have you tried the <b>other</b> tray?</p>",
		Files: []intercom.File{{Name: "tray.txt", ContentType: "text/plain", Data: []byte("tray 2")}},
	})
	if err != nil || !p.Public() || p.Author.ID != w.jane.ID || p.AppPackageCode == "" {
		t.Fatalf("Reply = %+v, %v", p, err)
	}
	f, err := w.client.Download(ctx, p.Attachments[0].URL, 100)
	if err != nil || string(f.Data) != "tray 2" || f.Name != "tray.txt" || f.ContentType != "text/plain" {
		t.Errorf("Download = %+v, %v", f, err)
	}
	_, err = w.client.Download(ctx, p.Attachments[0].URL, 5)
	want(t, err, errs.TooLarge)

	note, err := w.client.Reply(ctx, w.conversation, intercom.Reply{AdminID: w.bob.ID, Note: true, HTML: "<p>R-000001</p>", Silent: true})
	if err != nil || !note.Private() {
		t.Errorf("note = %+v, %v", note, err)
	}
	said, err := w.client.ReplyAsContact(ctx, w.conversation, intercom.ContactReply{ContactID: w.pablo.ID, HTML: "<p>Thanks</p>"})
	if err != nil || !said.Author.EndUser() {
		t.Errorf("ReplyAsContact = %+v, %v", said, err)
	}
	v, err := w.client.Assign(ctx, w.conversation, w.jane.ID, intercom.Assignee{Type: "admin", ID: w.bob.ID}, "")
	if err != nil || v.AdminAssigneeID != w.bob.ID {
		t.Errorf("Assign = %+v, %v", v, err)
	}
	v, err = w.client.Assign(ctx, w.conversation, w.jane.ID, intercom.Assignee{}, "")
	if err != nil || v.AdminAssigneeID != "" {
		t.Errorf("Assign to nobody = %+v, %v", v, err)
	}
	v, err = w.client.Close(ctx, w.conversation, w.jane.ID, "<p>Done.</p>")
	if err != nil || v.State != intercom.StateClosed {
		t.Errorf("Close = %+v, %v", v, err)
	}
	v, err = w.client.Open(ctx, w.conversation, w.jane.ID)
	if err != nil || v.State != intercom.StateOpen {
		t.Errorf("Open = %+v, %v", v, err)
	}
	v, err = w.client.Conversation(ctx, w.conversation)
	if err != nil || len(v.Parts) != 7 || v.Truncated || !v.Source.Source || v.Source.Body != "<p>The printer is jammed.</p>" {
		t.Errorf("Conversation = %+v, %v", v, err)
	}
	var messages []string
	for _, p := range v.Messages() {
		messages = append(messages, p.PartType)
	}
	if got := strings.Join(messages, " "); got != "comment comment note comment close" {
		t.Errorf("messages: %s", got)
	}
}

func TestSearchTurnsPages(t *testing.T) {
	w := newWorkspace(t, intercomtest.Config{})
	for range 6 {
		if _, err := w.StartConversation(w.pablo.ID, "<p>Again.</p>"); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	pages, cursor := 0, ""
	for {
		p, err := w.client.SearchConversations(t.Context(), intercom.Search{UpdatedSince: time.Unix(1, 0), PerPage: 3, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range p.Conversations {
			seen[c.ID] = true
		}
		if pages++; p.Total != 7 {
			t.Errorf("total %d", p.Total)
		}
		if cursor = p.Next; cursor == "" {
			break
		}
	}
	if pages != 3 || len(seen) != 7 {
		t.Errorf("%d conversations on %d pages", len(seen), pages)
	}
	p, err := w.client.SearchConversations(t.Context(), intercom.Search{UpdatedSince: time.Now().Add(time.Hour)})
	if err != nil || len(p.Conversations) != 0 {
		t.Errorf("changed in the future: %+v, %v", p, err)
	}
}

// REL-21: pagination as older versions write it.
func TestREL21_CursorInAnAddress(t *testing.T) {
	k := newClient(t, answers(200, `{"type":"conversation.list","total_count":"2","data":[{"id":1}],
		"pages":{"next":"https://api.intercom.io/conversations?per_page=1&starting_after=abc"}}`))
	p, err := k.SearchConversations(t.Context(), intercom.Search{})
	if err != nil || p.Next != "abc" || p.Total != 2 || p.Conversations[0].ID != "1" {
		t.Errorf("page = %+v, %v", p, err)
	}
}

func Test500PartsAreFlagged(t *testing.T) {
	w := newWorkspace(t, intercomtest.Config{})
	for i := range 501 {
		if _, err := w.Say(w.conversation, intercomtest.Message{ContactID: w.pablo.ID, HTML: fmt.Sprintf("<p>%d</p>", i)}); err != nil {
			t.Fatal(err)
		}
	}
	v, err := w.client.Conversation(t.Context(), w.conversation)
	if err != nil || len(v.Parts) != 500 || v.PartsTotal != 501 || !v.Truncated || v.Parts[0].Body != "<p>1</p>" {
		t.Errorf("%d of %d parts, truncated %v, %v", len(v.Parts), v.PartsTotal, v.Truncated, err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answers(status int, body string, header ...string) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		h := http.Header{"Content-Type": {"application/json"}}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r, ProtoMajor: 1, ProtoMinor: 1}, nil
	})
}

func TestErrorsByStatus(t *testing.T) {
	body := func(code string) string {
		return `{"type":"error.list","request_id":"req-1","errors":[{"code":"` + code + `","message":"No.","field":"f"}]}`
	}
	for _, c := range []struct {
		status int
		code   string
		kind   errs.Kind
		maybe  bool
	}{
		{400, "parameter_invalid", errs.Invalid, false},
		{401, "token_revoked", errs.Denied, false},
		{403, "api_plan_restricted", errs.Forbidden, false},
		{404, "not_found", errs.NotFound, false},
		{409, "conflict", errs.Conflict, false},
		{410, "contact_merged", errs.NotFound, false},
		{413, "too_large", errs.TooLarge, false},
		{422, "data_invalid", errs.Invalid, false},
		{429, "rate_limit_exceeded", errs.Throttled, false},
		{500, "server_error", errs.Upstream, true},
		{503, "service_unavailable", errs.Upstream, true},
	} {
		t.Run(c.code, func(t *testing.T) {
			_, err := newClient(t, answers(c.status, body(c.code))).Reply(t.Context(), "1", intercom.Reply{AdminID: "1", HTML: "x"})
			want(t, err, c.kind)
			if intercom.CodeOf(err) != c.code || intercom.RequestID(err) != "req-1" || intercom.Ambiguous(err) != c.maybe {
				t.Errorf("code %q, request %q, ambiguous %v", intercom.CodeOf(err), intercom.RequestID(err), intercom.Ambiguous(err))
			}
			_, err = newClient(t, answers(c.status, body(c.code))).Me(t.Context())
			if intercom.Ambiguous(err) {
				t.Error("a reading call is never ambiguous")
			}
		})
	}
	for name, via := range map[string]http.RoundTripper{
		"a page":          answers(200, "<html>"),
		"a list":          answers(200, "[]"),
		"an empty answer": answers(200, ""),
		"a redirect":      answers(302, "", "Location", "https://evil.example/"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newClient(t, via).Me(t.Context())
			want(t, err, errs.Upstream)
		})
	}
}

// IC-17: the token goes out as bearer, and nowhere else.
func TestIC17_TokenStaysInTheHeader(t *testing.T) {
	var got http.Header
	echo := `{"type":"error.list","errors":[{"code":"x","message":"bad token ` + token + `"}]}`
	k := newClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		got = r.Header
		if strings.Contains(r.URL.String(), token) {
			t.Error("the token is in the address")
		}
		return answers(401, echo).RoundTrip(r)
	}))
	_, err := k.Me(t.Context())
	if h := got.Get("Authorization"); h != "Bearer "+token {
		t.Errorf("Authorization: %q", h)
	}
	if got.Get("Intercom-Version") != "2.16" {
		t.Errorf("Intercom-Version: %q", got.Get("Intercom-Version"))
	}
	for _, text := range []string{err.Error(), errs.Text(err), fmt.Sprintf("%+v %#v", err, errors.Unwrap(err))} {
		if strings.Contains(text, token) {
			t.Errorf("the token is in an error: %s", text)
		}
	}
	_, err = newClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "read", Err: errors.New("reset")}
	})).Me(t.Context())
	if err == nil || strings.Contains(err.Error(), token) {
		t.Errorf("the token is in an error: %v", err)
	}
	k = newClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("Authorization") != "" {
			t.Error("a download carries the token")
		}
		return answers(200, "data").RoundTrip(r)
	}))
	if _, err := k.Download(t.Context(), "https://downloads.intercomcdn.com/i/o/1/a.png?signature=x", 10); err != nil {
		t.Error(err)
	}
}

func TestNewWantsAToken(t *testing.T) {
	for _, c := range []intercom.Config{{}, {Token: " "}, {Token: "t", APIBase: "api.intercom.io"}, {Token: "t", APIBase: "ftp://x"}} {
		if _, err := intercom.New(c); !errs.Is(err, errs.Invalid) {
			t.Errorf("New(%+v) = %v", c, err)
		}
	}
}

// IC-17, and regions: where calls go.
func TestRegions(t *testing.T) {
	for r, host := range map[intercom.Region]string{"": "api.intercom.io", intercom.US: "api.intercom.io", intercom.EU: "api.eu.intercom.io", intercom.AU: "api.au.intercom.io"} {
		var got *url.URL
		k, err := intercom.New(intercom.Config{Token: token, Region: r, Transport: roundTrip(func(q *http.Request) (*http.Response, error) {
			got = q.URL
			return answers(200, `{"id":"1"}`).RoundTrip(q)
		})})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.Me(t.Context()); err != nil || got.Scheme != "https" || got.Host != host {
			t.Errorf("region %q calls %v, %v", r, got, err)
		}
	}
}

func TestIDsCannotLeaveTheirPlace(t *testing.T) {
	k := newClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		t.Errorf("%s was asked for", r.URL)
		return answers(404, "{}").RoundTrip(r)
	}))
	for _, id := range []string{"", "last", "search", "..", "1/..", "1?x=1", "1%2f2", "1 ", "1\n", strings.Repeat("1", 65)} {
		_, err := k.Conversation(t.Context(), id)
		want(t, err, errs.Invalid)
		_, err = k.Reply(t.Context(), id, intercom.Reply{AdminID: "1", HTML: "x"})
		want(t, err, errs.Invalid)
		_, err = k.Contact(t.Context(), id)
		want(t, err, errs.Invalid)
	}
}

func TestReplyNeedsAnAuthorAndFewFiles(t *testing.T) {
	k := newClient(t, answers(500, ""))
	_, err := k.Reply(t.Context(), "1", intercom.Reply{HTML: "x"})
	want(t, err, errs.Invalid)
	_, err = k.ReplyAsContact(t.Context(), "1", intercom.ContactReply{HTML: "x"})
	want(t, err, errs.Invalid)
	_, err = k.Close(t.Context(), "1", "", "")
	want(t, err, errs.Invalid)
	_, err = k.Reply(t.Context(), "1", intercom.Reply{AdminID: "1", Files: make([]intercom.File, 11)})
	want(t, err, errs.Invalid)
}

// A real server and a real connection, for what a transport in memory cannot
// show.
func TestOverTheNetwork(t *testing.T) {
	w := newWorkspace(t, intercomtest.Config{})
	srv := &http.Server{Handler: w.Handler(), ReadHeaderTimeout: time.Second}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(l) //nolint:errcheck // closed below
	defer srv.Close()
	k, err := intercom.New(intercom.Config{Token: token, APIBase: "http://" + l.Addr().String() + "/", Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Me(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.SetFaults(intercomtest.Faults{Applied: intercomtest.AnswerBreak, Times: 1})
	_, err = k.Reply(t.Context(), w.conversation, intercom.Reply{AdminID: w.jane.ID, HTML: "x"})
	want(t, err, errs.Upstream)
	if !intercom.Ambiguous(err) {
		t.Errorf("%v is not ambiguous", err)
	}
	if v, err := k.Conversation(t.Context(), w.conversation); err != nil || len(v.Parts) != 1 {
		b, _ := json.Marshal(v)
		t.Errorf("the conversation is %s, %v", b, err)
	}
}
