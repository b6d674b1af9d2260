package main

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// IC-43: the guide tells why the chat may not be shown. IC-41: an own Intercom
// app for each installation. IC-06: the agents' inbox cannot be embedded.
func TestIC43_GuideHelpsWithTrouble(t *testing.T) {
	b, err := os.ReadFile("../../docs/guides/connect-intercom.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"enabled_portals", "allowed_profiles", "Launcher is disabled in settings or current page does not match display conditions", "User traffic",
		"/intercom/canvas/initialize", "/intercom/canvas/submit", "/intercom/webhooks"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("the guide does not say %q", want)
		}
	}
}

// IC-06: none of our pages lets itself be framed, and none frames Intercom's
// inbox, which refuses it.
func TestIC06_NothingIsFramed(t *testing.T) {
	p := newProcess(t)
	p.start()
	for _, path := range []string{"/app", "/portal/sign-in", "/api/docs"} {
		res, err := http.Get(p.url(path))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if csp := res.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("SEC-071: %s may be framed: %q", path, csp)
		}
		if strings.Contains(string(body), "<iframe") {
			t.Errorf("%s frames something", path)
		}
	}
}
