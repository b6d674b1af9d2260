package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

func get(t *testing.T, s *Site, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func small(t *testing.T) *Site {
	t.Helper()
	s, err := newSite(fstest.MapFS{
		"app.html":           {Data: []byte("console")},
		"demo.html":          {Data: []byte("simulator")},
		"assets/app-1a2b.js": {Data: []byte(strings.Repeat("let a=1;", 200))},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPagesAndAssets(t *testing.T) {
	s := small(t)
	rows := []struct {
		path   string
		status int
		cache  string
		want   string
	}{
		{"/app", 200, always, "console"},
		{"/app/", 200, always, "console"},
		{"/app/workspaces/main", 200, always, "console"},
		{"/app/setup", 200, always, "console"},
		{"/demo", 200, always, "simulator"},
		{"/demo/x", 200, always, "simulator"},
		{"/demo/api/state", 404, "", ""},
		{"/demo/api", 404, "", ""},
		{"/application", 404, "", ""},
		{"/", 404, "", ""},
		{"/app.html", 404, "", ""},
		{"/assets/app-1a2b.js", 200, forever, "let a=1;"},
		{"/assets/app-old.js", 404, "", ""},
		{"/assets/", 404, "", ""},
		{"/assets/../app.html", 404, "", ""},
		{"/app/../assets/app-1a2b.js", 200, forever, "let a=1;"},
	}
	for _, row := range rows {
		t.Run(row.path, func(t *testing.T) {
			r := get(t, s, row.path)
			if r.StatusCode != row.status {
				t.Fatalf("status %d, want %d", r.StatusCode, row.status)
			}
			if row.status == 404 {
				return
			}
			if got := r.Header.Get("Cache-Control"); got != row.cache {
				t.Errorf("Cache-Control %q, want %q", got, row.cache)
			}
			if got := body(t, r); !strings.HasPrefix(got, row.want) {
				t.Errorf("body %.20q, want %q", got, row.want)
			}
			page := row.cache == always
			if has := r.Header.Get("Content-Security-Policy") != ""; has != page {
				t.Errorf("has a content security policy: %v, want %v", has, page)
			}
		})
	}
}

func TestCompressionAndRevalidation(t *testing.T) {
	s := small(t)
	const script = "/assets/app-1a2b.js"
	plain := get(t, s, script)
	packed := get(t, s, script, "Accept-Encoding", "br, gzip;q=0.8")
	if got := packed.Header.Get("Content-Encoding"); got != "gzip" {
		t.Fatalf("Content-Encoding %q, want gzip", got)
	}
	z, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if string(unpacked) != body(t, plain) {
		t.Error("the compressed file differs from the plain one")
	}
	if plain.Header.Get("ETag") == packed.Header.Get("ETag") {
		t.Error("the compressed file has the tag of the plain one")
	}
	if got := get(t, s, script, "Accept-Encoding", "gzip;q=0").Header.Get("Content-Encoding"); got != "" {
		t.Errorf("refused gzip was sent all the same: %q", got)
	}
	again := get(t, s, script, "If-None-Match", `"x", W/`+plain.Header.Get("ETag"))
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("status %d for a copy that still holds, want 304", again.StatusCode)
	}
	if b := body(t, again); b != "" {
		t.Errorf("304 has a body: %q", b)
	}
}

func TestOtherMethodsAreRefused(t *testing.T) {
	w := httptest.NewRecorder()
	small(t).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/app", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("status %d, want 405", w.Code)
	}
	w = httptest.NewRecorder()
	small(t).ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/app", nil))
	if w.Code != http.StatusOK || w.Body.Len() != 0 || w.Header().Get("Content-Length") != "7" {
		t.Errorf("HEAD: status %d, length %s, body %q", w.Code, w.Header().Get("Content-Length"), w.Body)
	}
}

func TestMissingPageIsReported(t *testing.T) {
	_, err := newSite(fstest.MapFS{"app.html": {Data: []byte("x")}})
	if err == nil || !strings.Contains(err.Error(), "demo.html") {
		t.Errorf("error %v does not name the missing page", err)
	}
}

// TestBuiltPages reads what is really embedded: every file that a page names is
// there, and no page breaks the policy it is served with.
func TestBuiltPages(t *testing.T) {
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	reference := regexp.MustCompile(`(?:src|href)="([^"]+)"`)
	for _, page := range []string{"/app", "/demo"} {
		html := body(t, get(t, s, page))
		found := 0
		for _, m := range reference.FindAllStringSubmatch(html, -1) {
			if !strings.HasPrefix(m[1], assets) {
				if strings.Contains(m[1], "//") {
					t.Errorf("%s loads %s from elsewhere", page, m[1])
				}
				continue
			}
			found++
			if r := get(t, s, m[1]); r.StatusCode != http.StatusOK {
				t.Errorf("%s names %s, which answers %d", page, m[1], r.StatusCode)
			}
		}
		if found == 0 {
			t.Errorf("%s loads nothing", page)
		}
		if regexp.MustCompile(`<script>|<style|\son\w+=|\sstyle=`).MatchString(html) {
			t.Errorf("%s has inline script or style", page)
		}
	}
}
