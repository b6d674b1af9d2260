package portal_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/deskbridge/deskbridge/tickets"
)

// payloads are texts that must stay texts (SEC-041, SEC-042, SEC-044, SEC-045).
var payloads = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `<svg onload=alert(1)>`, `<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>`,
	`</textarea><script>alert(1)</script>`, `</title><script>alert(1)</script>`, `' onmouseover='alert(1)`, `<a href="javascript:alert(1)">x</a>`, `<a href="data:text/html,<script>alert(1)</script>">x</a>`,
	`{{constructor.constructor('alert(1)')()}}`, `{{.}}`, `${7*7}`, `<%= 7*7 %>`, `<iframe src="https://evil.test"></iframe>`, `<form action="https://evil.test"><input name=a></form>`,
	`<style>*{display:none}</style>`, `<base href="https://evil.test/">`, `<p id="messenger-settings" name="x" class="errors">pose</p>`, `<script type="application/json" id="messenger-settings">{"app_id":"evil"}</script>`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `<img src="https://evil.test/pixel.png" alt="pic">`, "\u202egpj.exe", "Z\u0337\u0321\u031b\u034e\u0300a\u0336", "a\u200bb", `--><script>alert(1)</script>`, `<![CDATA[<script>alert(1)</script>]]>`,
}

// harmless fails when the page holds an element that our templates do not have.
func harmless(t *testing.T, page string) {
	t.Helper()
	z, settings, inMain := html.NewTokenizer(strings.NewReader(page)), 0, false
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		tok := z.Token()
		attr := map[string]string{}
		for _, a := range tok.Attr {
			attr[a.Key] = a.Val
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcdoc" {
				t.Errorf("attribute %s in %s", a.Key, tok)
			}
			if a.Key == "href" || a.Key == "src" || a.Key == "action" || a.Key == "formaction" {
				if v := strings.ToLower(strings.TrimSpace(a.Val)); strings.HasPrefix(v, "javascript:") || strings.HasPrefix(v, "data:") || strings.HasPrefix(v, "vbscript:") {
					t.Errorf("address in %s", tok)
				}
			}
		}
		switch tok.Data {
		case "main":
			inMain = true
		case "script":
			if inMain || !strings.HasPrefix(attr["src"], "/portal/static/") {
				t.Errorf("script %s", tok)
			}
		case "iframe", "style", "base", "object", "embed", "math", "noscript", "meta":
			if inMain {
				t.Errorf("element %s", tok)
			}
		case "form":
			if !strings.HasPrefix(attr["action"], "/portal/") {
				t.Errorf("form %s", tok)
			}
		case "img":
			if !strings.HasPrefix(attr["src"], "/portal/files/") {
				t.Errorf("picture %s", tok)
			}
		}
		if attr["id"] == "messenger-settings" {
			settings++
		}
	}
	if settings > 0 {
		t.Error("something poses as the Messenger's settings")
	}
}

func TestTextsOfStrangersStayTexts(t *testing.T) { // SEC-041, SEC-042, SEC-043, SEC-046
	s := newSite(t)
	b := s.as("pablo@demo.test")
	for _, p := range payloads {
		made, err := s.tickets.Create(s.ctx, s.sys, tickets.NewTicket{Title: p, Description: p, OrgID: s.org.ID, CallerID: s.pablo.ID})
		if err != nil { // nothing is left of it
			made = s.ticket(s.pablo, p)
		}
		s.entry(made, tickets.NewEntry{Log: tickets.Public, HTML: p, Author: p, Synced: true, Source: p})
		_, err = s.tickets.Attach(s.ctx, s.sys, made.ID, tickets.NewFile{Log: tickets.Public, Name: p + ".txt", Data: strings.NewReader(p)})
		s.ok(err)
		page := b.get("/portal/tickets/" + made.Ref).code(http.StatusOK).Body.String()
		harmless(t, page)
		for _, frame := range []string{`dir="auto"`, "<bdi>"} {
			if !strings.Contains(page, frame) {
				t.Errorf("the page lacks %s", frame)
			}
		}
		harmless(t, b.get("/portal/tickets").Body.String())
		harmless(t, b.get("/portal/tickets?q="+url.QueryEscape(p)+"&status="+url.QueryEscape(p)+"&sort="+url.QueryEscape(p)).Body.String())
		harmless(t, b.post("/portal/tickets/new", url.Values{"title": {p}, "description": {p}, "urgency": {p}, "token": {p}, "service_id": {p}}).Body.String())
		harmless(t, b.post("/portal/tickets/"+made.Ref+"/reply", url.Values{"text": {strings.Repeat(p, 30_001/len(p)+1)}, "after": {p}}).Body.String())
		harmless(t, s.browser().post("/portal/sign-in", url.Values{"email": {p}, "next": {p}}).Body.String())
		harmless(t, s.browser().get("/portal/sign-in?next="+url.QueryEscape(p)).Body.String())
		if t.Failed() {
			t.Fatalf("payload %q", p)
		}
	}
}

func TestPicturesAndAttachmentsInEntries(t *testing.T) {
	s := newSite(t)
	mine := s.ticket(s.pablo, "Printer jam")
	png := "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
	file, err := s.tickets.Attach(s.ctx, s.sys, mine.ID, tickets.NewFile{Log: tickets.Public, Name: "a.png", Data: strings.NewReader(png)})
	s.ok(err)
	s.entry(mine, tickets.NewEntry{Log: tickets.Public, Author: "A", HTML: `<h1>Big</h1><p>see <img src="https://desk.test` + tickets.AttachmentPath(file.ID) + `" alt="tray"> and <a href="` +
		tickets.AttachmentPath(file.ID) + `">this</a>, <img src="https://evil.test/p.png"></p>`})
	b := s.as("pablo@demo.test")
	b.get("/portal/tickets/"+mine.Ref).has(`<img src="/portal/files/`+file.ID+`" alt="tray" loading="lazy">`, `<a href="/portal/files/`+file.ID, "<h3>Big</h3>",
		`<a href="https://evil.test/p.png" rel="nofollow noreferrer noopener" target="_blank">https://evil.test/p.png</a>`).lacks(`src="https://`)
	if got := b.get("/portal/files/" + file.ID).code(http.StatusOK).Header().Get("Content-Type"); got != "image/png" {
		t.Errorf("type is %s", got)
	}
}

func TestFormsOfForeignPages(t *testing.T) { // SEC-057, SEC-058, SEC-059
	s := newSite(t)
	mine := s.move(s.ticket(s.pablo, "Printer jam"), "ev_assign", "ev_resolve")
	b := s.as("pablo@demo.test")
	for _, header := range [][2]string{{"Origin", "https://evil.test"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}} {
		for _, path := range []string{"/sign-in", "/sign-out", "/password", "/tickets/new", "/tickets/" + mine.Ref + "/reply", "/tickets/" + mine.Ref + "/close", "/tickets/" + mine.Ref + "/reopen"} {
			r := httptest.NewRequest(http.MethodPost, "/portal"+path, strings.NewReader("text=hello"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set(header[0], header[1])
			b.send(r).code(http.StatusForbidden)
		}
	}
	for _, path := range []string{"/sign-out", "/tickets/" + mine.Ref + "/close", "/tickets/" + mine.Ref + "/reopen"} { // SEC-062
		b.get("/portal" + path).code(http.StatusMethodNotAllowed)
	}
	b.get("/portal/tickets/" + mine.Ref).code(http.StatusOK).has("Is this solved?")
}

func TestBodiesThatAreNoForms(t *testing.T) {
	s := newSite(t)
	mine := s.ticket(s.pablo, "Printer jam")
	b := s.as("pablo@demo.test")
	post := func(path, kind, body string) answer {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		if kind != "" {
			r.Header.Set("Content-Type", kind)
		}
		return b.send(r)
	}
	path := "/portal/tickets/" + mine.Ref + "/reply"
	for _, kind := range []string{"", "text/plain", "application/json", "nonsense"} { // SEC-061
		post(path, kind, `{"text":"hello"}`).code(http.StatusUnsupportedMediaType).has("This cannot be read")
		post("/portal/sign-in", kind, `{"email":"x"}`).code(http.StatusUnsupportedMediaType)
	}
	post(path, "multipart/form-data; boundary=x", "--x\r\nbroken").code(http.StatusUnprocessableEntity)
	post(path, "multipart/form-data", "x").code(http.StatusUnprocessableEntity)
	post(path, "application/x-www-form-urlencoded", "text=%zz").code(http.StatusUnprocessableEntity)
	// SEC-175, SEC-217: too long, said so or not, and too many parts.
	post(path, "application/x-www-form-urlencoded", "text="+strings.Repeat("a", 3<<20)).code(http.StatusRequestEntityTooLarge).has("Too large")
	post("/portal/sign-in", "application/x-www-form-urlencoded", "email="+strings.Repeat("a", 70<<10)).code(http.StatusRequestEntityTooLarge)
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader("text="+strings.Repeat("a", 3<<20)))
	r.ContentLength = -1
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	b.send(r).code(http.StatusRequestEntityTooLarge)
	post(path, "multipart/form-data; boundary=x", strings.Repeat("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n", 2000)+"--x--").code(http.StatusRequestEntityTooLarge)
	if s.count("ticket_entries") != 0 {
		t.Error("something was written")
	}
	// Strangers' bodies are not read at all.
	s.browser().postFiles("/portal/tickets/new", nil, upload{"a.txt", "hello"}).to("/portal/sign-in?next=%2Fportal%2Ftickets%2Fnew")
}

func TestHeadersOfPages(t *testing.T) {
	s := newSite(t)
	a := s.as("pablo@demo.test").get("/portal/tickets").code(http.StatusOK)
	for name, want := range map[string]string{
		"Cache-Control":           "no-store",
		"Content-Type":            "text/html; charset=utf-8",
		"Vary":                    "Accept-Language, Cookie",
		"Content-Security-Policy": "base-uri 'none'; default-src 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
	} {
		if got := a.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, bad := range []string{"<style", "style=", "<script>", "onclick="} {
		a.lacks(bad)
	}
}
