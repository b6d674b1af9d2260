package httpx_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/internal/httpx"
)

// edge is an engine whose log can be read.
type edge struct {
	*gin.Engine
	log *bytes.Buffer
}

func newEdge(c httpx.Config) edge {
	e := edge{log: new(bytes.Buffer)}
	c.Log = slog.New(slog.NewJSONHandler(e.log, nil))
	e.Engine = httpx.New(c)
	e.GET("/thing", func(c *gin.Context) { c.String(http.StatusOK, httpx.Address(c.Request.Context())) })
	e.POST("/thing", func(c *gin.Context) {
		if _, err := io.ReadAll(c.Request.Body); err != nil {
			httpx.Problem(c, err)
			return
		}
		c.Status(http.StatusNoContent)
	})
	return e
}

func (e edge) do(method, target, body string, header ...string) *httptest.ResponseRecorder {
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req := httptest.NewRequest(method, target, r)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	e.ServeHTTP(rec, req)
	return rec
}

// lines returns the log, one map a line.
func (e edge) lines(t testing.TB) []map[string]any {
	t.Helper()
	var all []map[string]any
	for l := range strings.Lines(e.log.String()) {
		var v map[string]any
		if err := json.Unmarshal([]byte(l), &v); err != nil {
			t.Fatalf("log line %q: %v", l, err)
		}
		all = append(all, v)
	}
	return all
}

// problem checks the shape of a refusal and returns it.
func problem(t testing.TB, rec *httptest.ResponseRecorder, status int) map[string]any {
	t.Helper()
	if rec.Code != status {
		t.Fatalf("status %d, want %d: %s", rec.Code, status, rec.Body)
	}
	if ct := rec.Header().Get("Content-Type"); ct != "application/problem+json" {
		t.Fatalf("content type %q", ct)
	}
	if cc := rec.Header().Get("Cache-Control"); cc != "no-store" {
		t.Fatalf("Cache-Control %q", cc)
	}
	var v map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
		t.Fatalf("body %q: %v", rec.Body, err)
	}
	for _, k := range []string{"type", "title", "status", "detail"} {
		if v[k] == nil || v[k] == "" {
			t.Fatalf("no %s in %s", k, rec.Body)
		}
	}
	if v["status"] != float64(status) {
		t.Fatalf("status in the body %v", v["status"])
	}
	return v
}

func TestProblemGivesEveryKindItsStatus(t *testing.T) {
	cause := errors.New("secret cause")
	for _, c := range []struct {
		err    error
		status int
		detail string
	}{
		{errs.InvalidField("caller.email", "is missing"), 422, "Some of the input is not valid."},
		{errs.E(errs.Denied, "Sign in."), 401, "Sign in."},
		{errs.E(errs.Forbidden, "No."), 403, "No."},
		{errs.E(errs.NotFound, "None."), 404, "None."},
		{errs.E(errs.Conflict, "Closed."), 409, "Closed."},
		{errs.E(errs.Throttled, "Slow."), 429, "Slow."},
		{errs.E(errs.TooLarge, "Big."), 413, "Big."},
		{errs.Wrap(cause, errs.Upstream, "iTop does not answer."), 502, "iTop does not answer."},
		{errs.Wrap(cause, errs.Unavailable, "Busy."), 503, "Busy."},
		{errs.Wrap(cause, errs.Internal, "secret text"), 500, errs.Text(nil)},
		{cause, 500, errs.Text(nil)},
		{&http.MaxBytesError{Limit: 7}, 413, "The request body is too large: at most 7 bytes."},
	} {
		e := newEdge(httpx.Config{})
		e.GET("/fail", func(g *gin.Context) { httpx.Problem(g, c.err) })
		rec := e.do("GET", "/fail", "")
		v := problem(t, rec, c.status)
		if v["detail"] != c.detail {
			t.Errorf("%v: detail %q", c.err, v["detail"])
		}
		if strings.Contains(rec.Body.String(), "secret") {
			t.Errorf("the cause is shown: %s", rec.Body)
		}
		// SEC-245: our own faults name the request in the log; what is hidden is
		// logged once.
		hidden := strings.Count(e.log.String(), "secret cause")
		if want := map[bool]int{true: 1}[errors.Is(c.err, cause)]; hidden != want {
			t.Errorf("%v: the cause is logged %d times", c.err, hidden)
		}
		id := rec.Header().Get("X-Request-Id")
		if _, has := v["instance"]; has != (c.status == 500) || has && v["instance"] != "urn:deskbridge:request:"+id {
			t.Errorf("%v: instance %v", c.err, v["instance"])
		}
		if (rec.Header().Get("Retry-After") != "") != (c.status == 429) {
			t.Errorf("%v: Retry-After %q", c.err, rec.Header().Get("Retry-After"))
		}
	}
}

func TestProblemShowsEveryMistakeWithItsPlace(t *testing.T) {
	e := newEdge(httpx.Config{})
	var f errs.Fields
	f.Add("title", "must not be empty")
	f.Add("caller.email", "is not an address")
	e.GET("/fail", func(g *gin.Context) { httpx.Problem(g, f.Err()) })
	v := problem(t, e.do("GET", "/fail", ""), 422)
	raw, err := json.Marshal(v["errors"])
	if err != nil || string(raw) != `[{"location":"title","message":"must not be empty"},{"location":"caller.email","message":"is not an address"}]` {
		t.Fatalf("errors %s, %v", raw, err)
	}
}

func TestProblemSaysWhenToComeBack(t *testing.T) {
	e := newEdge(httpx.Config{})
	e.GET("/fail", func(g *gin.Context) {
		httpx.Problem(g, httpx.WithRetryAfter(errs.E(errs.Throttled, "Slow."), 1500*time.Millisecond))
	})
	rec := e.do("GET", "/fail", "")
	if problem(t, rec, 429); rec.Header().Get("Retry-After") != "2" {
		t.Fatalf("Retry-After %q", rec.Header().Get("Retry-After"))
	}
}

func TestAccessLogHasOneLineWithoutSecrets(t *testing.T) {
	e := newEdge(httpx.Config{NewID: func() string { return "req1" }})
	// SEC-014, SEC-246: canaries in every place where a secret may stand.
	e.do("GET", "/thing?token=canary1&api_key=dbk_canary2", "", "Cookie", "deskbridge=canary3", "Authorization", "Bearer canary4", "Referer", "https://x/?canary5")
	if strings.Contains(e.log.String(), "canary") {
		t.Fatalf("a secret was logged: %s", e.log)
	}
	lines := e.lines(t)
	if len(lines) != 1 {
		t.Fatalf("%d lines", len(lines))
	}
	l := lines[0]
	if l["method"] != "GET" || l["path"] != "/thing" || l["status"] != float64(200) || l["remote"] != "192.0.2.1" || l["request"] != "req1" || l["bytes"] != float64(9) {
		t.Fatalf("line %v", l)
	}
	if _, ok := l["ms"].(float64); !ok {
		t.Fatalf("ms %v", l["ms"])
	}
}

// SEC-049: a path with line breaks and escapes stays one JSON line.
func TestAccessLogEscapesPaths(t *testing.T) {
	e := newEdge(httpx.Config{})
	e.do("GET", "/x%0d%0aforged%1b%5b31m", "")
	e.do("GET", "/"+strings.Repeat("a", 5000), "")
	if lines := e.lines(t); len(lines) != 2 || lines[0]["path"] != "/x\r\nforged\x1b[31m" || len(lines[1]["path"].(string)) > 600 {
		t.Fatalf("lines %v", lines)
	}
	if bytes.ContainsAny(e.log.Bytes(), "\r\x1b") {
		t.Fatal("a control character is in the log")
	}
}

// SEC-229: a panic in one handler is a 500, logged once with its stack.
func TestPanicIsAnsweredAndLoggedOnce(t *testing.T) {
	e := newEdge(httpx.Config{})
	e.GET("/panic", func(*gin.Context) { panic("canary of the panic") })
	v := problem(t, e.do("GET", "/panic", ""), 500)
	if strings.Contains(v["detail"].(string), "canary") {
		t.Fatalf("the panic is shown: %v", v)
	}
	lines := e.lines(t)
	if len(lines) != 2 || lines[0]["error"] != "canary of the panic" || !strings.Contains(lines[0]["stack"].(string), "engine_test.go") || lines[1]["status"] != float64(500) {
		t.Fatalf("lines %v", lines)
	}
	if rec := e.do("GET", "/thing", ""); rec.Code != 200 {
		t.Fatalf("after the panic: %d", rec.Code)
	}
}

func TestPanicInTheMiddleOfAnAnswerCutsTheConnection(t *testing.T) {
	e := newEdge(httpx.Config{})
	e.GET("/panic", func(c *gin.Context) {
		c.String(http.StatusOK, "half of the ans")
		c.Writer.Flush()
		panic("late")
	})
	srv := httptest.NewServer(e)
	defer srv.Close()
	res, err := http.Get(srv.URL + "/panic")
	if err == nil {
		_, err = io.ReadAll(res.Body)
		res.Body.Close()
	}
	if err == nil {
		t.Fatal("the caller takes half an answer for a whole one")
	}
}

func TestEveryAnswerHasTheSecurityHeaders(t *testing.T) {
	e := newEdge(httpx.Config{HTTPS: true})
	for _, target := range []string{"/thing", "/nothing"} {
		h := e.do("GET", target, "").Header()
		for name, want := range map[string]string{
			"Content-Security-Policy":    "base-uri 'none'; default-src 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'", // SEC-071
			"X-Content-Type-Options":     "nosniff",
			"Referrer-Policy":            "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin",
			"Cache-Control":              "no-store", // SEC-081
			"Strict-Transport-Security":  "max-age=31536000",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", target, name, h.Get(name))
			}
		}
		if h.Get("Permissions-Policy") == "" || h.Get("X-Request-Id") == "" || h.Get("Server") != "" {
			t.Errorf("%s: headers %v", target, h)
		}
	}
	if h := newEdge(httpx.Config{}).do("GET", "/thing", "").Header(); h.Get("Strict-Transport-Security") != "" {
		t.Error("plain http asks for https")
	}
}

func TestAllowSourcesExtendsThePolicyOfAGroup(t *testing.T) {
	e := newEdge(httpx.Config{})
	portal := e.Group("/portal", httpx.AllowSources(httpx.Sources{
		Script: []string{"https://widget.intercom.io", "'unsafe-inline'", "*", "https://x; object-src *"}, Image: []string{"data:"},
	}))
	portal.GET("/a", func(*gin.Context) {})
	portal.GET("/b", httpx.AllowSources(httpx.Sources{Script: []string{"https://js.intercomcdn.com"}, FrameAncestors: []string{"https://good.example"}}), func(*gin.Context) {})
	for target, want := range map[string]string{
		"/portal/a": "base-uri 'none'; default-src 'self'; form-action 'self'; frame-ancestors 'none'; img-src 'self' data:; object-src 'none'; script-src 'self' https://widget.intercom.io",
		"/portal/b": "base-uri 'none'; default-src 'self'; form-action 'self'; frame-ancestors https://good.example; img-src 'self' data:; object-src 'none'; script-src 'self' https://widget.intercom.io https://js.intercomcdn.com",
		"/thing":    "base-uri 'none'; default-src 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
	} {
		if got := e.do("GET", target, "").Header().Get("Content-Security-Policy"); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", target, got, want)
		}
	}
}

func TestUnknownPlacesAndMethods(t *testing.T) {
	e := newEdge(httpx.Config{})
	problem(t, e.do("GET", "/nothing", ""), 404)
	problem(t, e.do("GET", "/thing/", ""), 404)
	problem(t, e.do("GET", "/thing/x.css", ""), 404) // SEC-081
	problem(t, e.do("GET", "/thing;x.css", ""), 404)
	problem(t, e.do("GET", "//thing", ""), 404)
	if rec := e.do("PUT", "/thing", ""); rec.Header().Get("Allow") == "" {
		t.Errorf("405 without Allow")
	} else {
		problem(t, rec, 405) // SEC-062
	}
	for _, m := range []string{"TRACE", "CONNECT", "PROPFIND", "TRACK", "get"} { // SEC-078
		problem(t, e.do(m, "http://example.com/thing", ""), 405)
		problem(t, e.do(m, "http://example.com/nothing", ""), 405)
	}
	if rec := e.do("GET", "/thing", "", "X-HTTP-Method-Override", "DELETE"); rec.Code != 200 {
		t.Errorf("method override: %d", rec.Code)
	}
}

func TestCrossSiteChangesAreRefused(t *testing.T) {
	e := newEdge(httpx.Config{CSRFExempt: []string{"/intercom/"}})
	e.POST("/intercom/webhooks", func(*gin.Context) {})
	e.POST("/intercomx", func(*gin.Context) {})
	for _, c := range []struct {
		name, target string
		header       []string
		status       int
	}{
		{"SEC-057", "/thing", []string{"Origin", "https://evil.example"}, 403},
		{"SEC-057 with a port", "/thing", []string{"Origin", "http://example.com:81"}, 403},
		{"SEC-057 subdomain", "/thing", []string{"Origin", "http://example.com.evil"}, 403},
		{"SEC-058", "/thing", []string{"Origin", "null"}, 403},
		{"SEC-059", "/thing", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"SEC-059 same site", "/thing", []string{"Sec-Fetch-Site", "same-site", "Origin", "http://other.example.com"}, 403},
		{"own page", "/thing", []string{"Sec-Fetch-Site", "same-origin", "Origin", "http://example.com"}, 204},
		{"typed in", "/thing", []string{"Sec-Fetch-Site", "none"}, 204},
		{"program", "/thing", nil, 204},
		{"API key", "/thing", []string{"Origin", "https://app.example", "Authorization", "Bearer dbk_x"}, 204},
		{"Basic is sent by browsers", "/thing", []string{"Origin", "https://app.example", "Authorization", "Basic eDp5"}, 403},
		{"signed webhook", "/intercom/webhooks", []string{"Origin", "https://app.intercom.com", "Sec-Fetch-Site", "cross-site"}, 200},
		{"not below the exempt path", "/intercomx", []string{"Origin", "https://evil.example"}, 403},
		{"dots to the exempt path", "/intercom/../thing", []string{"Origin", "https://evil.example"}, 403},
	} {
		if rec := e.do("POST", c.target, "", c.header...); rec.Code != c.status {
			t.Errorf("%s: %d, want %d", c.name, rec.Code, c.status)
		} else if c.status == 403 {
			problem(t, rec, 403)
		}
	}
	if rec := e.do("GET", "/thing", "", "Sec-Fetch-Site", "cross-site"); rec.Code != 200 {
		t.Errorf("a link from elsewhere: %d", rec.Code)
	}
}

func TestForwardedAddressesAreBelievedFromProxiesAlone(t *testing.T) {
	spoof := []string{"X-Forwarded-For", "198.51.100.9", "X-Real-Ip", "198.51.100.9", "Forwarded", "for=198.51.100.9"}
	if got := newEdge(httpx.Config{}).do("GET", "/thing", "", spoof...).Body.String(); got != "192.0.2.1" { // SEC-075
		t.Errorf("no proxy: %s", got)
	}
	if got := newEdge(httpx.Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}).do("GET", "/thing", "", spoof...).Body.String(); got != "192.0.2.1" {
		t.Errorf("another proxy: %s", got)
	}
	if got := newEdge(httpx.Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}}).do("GET", "/thing", "", spoof...).Body.String(); got != "198.51.100.9" {
		t.Errorf("our proxy: %s", got)
	}
}

func TestBodiesAreLimited(t *testing.T) {
	e := newEdge(httpx.Config{MaxBody: 100})
	e.POST("/files", httpx.MaxBody(1000), func(c *gin.Context) {
		if _, err := io.ReadAll(c.Request.Body); err != nil {
			httpx.Problem(c, err)
		}
	})
	e.POST("/small", httpx.MaxBody(10), func(*gin.Context) { t.Error("a handler ran for a body that is too large") })
	for _, c := range []struct {
		target string
		n      int
		status int
	}{
		{"/thing", 100, 204}, {"/thing", 101, 413}, {"/files", 1000, 200}, {"/files", 1001, 413}, {"/small", 11, 413}, // SEC-099
	} {
		for _, chunked := range []bool{false, true} {
			if chunked && c.target == "/small" {
				continue // its length is not known before the handler reads
			}
			req := httptest.NewRequest("POST", c.target, strings.NewReader(strings.Repeat("x", c.n)))
			if chunked {
				req.ContentLength = -1
			}
			rec := httptest.NewRecorder()
			e.ServeHTTP(rec, req)
			if rec.Code != c.status {
				t.Errorf("%s %d bytes, chunked %v: %d, want %d", c.target, c.n, chunked, rec.Code, c.status)
			}
			if c.status == 413 {
				problem(t, rec, 413)
				if rec.Header().Get("Connection") != "close" {
					t.Errorf("%s: the connection stays open", c.target)
				}
			}
		}
	}
	// SEC-217: ten declared GiB are refused without reading one byte.
	req := httptest.NewRequest("POST", "/thing", unread{t})
	req.ContentLength = 10 << 30
	rec := httptest.NewRecorder()
	e.ServeHTTP(rec, req)
	problem(t, rec, 413)
	problem(t, e.do("POST", "/thing", "x", "Content-Encoding", "gzip"), 415)
}

// unread is a body that must not be read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func TestRequireJSON(t *testing.T) {
	e := newEdge(httpx.Config{})
	e.POST("/json", httpx.RequireJSON(), func(*gin.Context) {})
	for kind, status := range map[string]int{
		"application/json": 200, "application/json; charset=utf-8": 200, "": 415, "text/plain": 415,
		"application/x-www-form-urlencoded": 415, "text/plain; x=application/json": 415, "application/json; =": 415,
	} { // SEC-061
		if rec := e.do("POST", "/json", "{}", "Content-Type", kind); rec.Code != status {
			t.Errorf("%q: %d, want %d", kind, rec.Code, status)
		}
	}
	if rec := e.do("POST", "/json", ""); rec.Code != 200 {
		t.Errorf("no body: %d", rec.Code)
	}
}
