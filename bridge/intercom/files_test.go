package intercom_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/internal/errs"
)

func TestFileHosts(t *testing.T) {
	k, err := intercom.New(intercom.Config{Token: token, FileHosts: []string{"files.demo.example"}})
	if err != nil {
		t.Fatal(err)
	}
	for address, ok := range map[string]bool{
		"https://downloads.intercomcdn.com/i/o/1/a.png":    true,
		"https://downloads.eu.intercomcdn.eu/a":            true,
		"https://ws.intercom-attachments-7.com/i/o/1":      true,
		"https://intercom-attachments-1.com/i":             true,
		"https://files.demo.example/a":                     true,
		"https://api.intercom.io/a":                        true,
		"http://downloads.intercomcdn.com/a":               false,
		"https://downloads.intercomcdn.com:8443/a":         false,
		"https://intercomcdn.com.evil.example/a":           false,
		"https://evilintercomcdn.com/a":                    false,
		"https://intercom-attachments-7.com.evil.example/": false,
		"https://intercom-attachments-77.com/":             false,
		"https://user@downloads.intercomcdn.com/a":         false,
		"https://169.254.169.254/latest/meta-data":         false,
		"file:///etc/passwd":                               false,
		"https://downloads.intercomcdn.com@evil.example/a": false,
		"": false,
	} {
		if got := k.FileAllowed(address); got != ok {
			t.Errorf("FileAllowed(%q) = %v", address, got)
		}
	}
}

func TestDownloadFollowsOnlyToIntercom(t *testing.T) {
	redirect := func(to string) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/start") {
				return answers(302, "", "Location", to).RoundTrip(r)
			}
			if r.URL.Host != "downloads.intercomcdn.com" {
				t.Errorf("went to %s", r.URL.Host)
			}
			return answers(200, "ok", "Content-Disposition", `attachment; filename="../../a.png"`).RoundTrip(r)
		})
	}
	const start = "https://downloads.intercomcdn.com/start"
	f, err := newClient(t, redirect("https://downloads.intercomcdn.com/end")).Download(t.Context(), start, 10)
	if err != nil || string(f.Data) != "ok" || f.Name != "a.png" {
		t.Errorf("Download = %+v, %v", f, err)
	}
	_, err = newClient(t, redirect("https://169.254.169.254/")).Download(t.Context(), start, 10)
	want(t, err, errs.Forbidden)
	_, err = newClient(t, redirect(start)).Download(t.Context(), start, 10)
	want(t, err, errs.Upstream)
	_, err = newClient(t, answers(403, "")).Download(t.Context(), start+"?signature=abc", 10)
	want(t, err, errs.Forbidden)
	if strings.Contains(err.Error(), "abc") {
		t.Errorf("the signed address is in the error: %v", err)
	}
	_, err = newClient(t, answers(401, "")).Download(t.Context(), start, 10)
	want(t, err, errs.Forbidden)
}
