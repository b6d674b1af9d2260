package portal_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/deskbridge/deskbridge/internal/auth"
	"github.com/deskbridge/deskbridge/tickets/portal"
)

// rules is a Messenger that decides as a workspace does.
type rules struct {
	portals, profiles []string
	scope             func(auth.Principal) bool
	widget            portal.Widget
	err               error
	asked             int
}

func (r *rules) For(_ context.Context, p auth.Principal, name string) (*portal.Widget, error) {
	r.asked++
	if r.err != nil {
		return nil, r.err
	}
	if !slices.Contains(r.portals, name) || !slices.ContainsFunc(p.Profiles, func(x string) bool { return slices.Contains(r.profiles, x) }) || !r.scope(p) {
		return nil, nil
	}
	w := r.widget
	w.Email = p.Email
	return &w, nil
}

func everyone(auth.Principal) bool { return true }

func shown(r *rules) *rules {
	r.portals, r.profiles, r.scope = []string{"itop-portal"}, []string{"Portal user"}, everyone
	r.widget = portal.Widget{AppID: "abc123", APIBase: "https://api-iam.eu.intercom.io", UserJWT: "head.body.tail", UserID: "w-7", Name: "Pablo"}
	return r
}

var carried = regexp.MustCompile(`<script type="application/json" id="messenger-settings">(.*)</script>`)

// settingsOf are the settings that the page carries; nil for none.
func settingsOf(a answer) map[string]any {
	a.b.t.Helper()
	m := carried.FindStringSubmatch(a.Body.String())
	if m == nil {
		return nil
	}
	var out map[string]any
	if err := json.Unmarshal([]byte(m[1]), &out); err != nil {
		a.b.t.Fatalf("settings %s: %v", m[1], err)
	}
	return out
}

func TestIC30_MessengerNeedsEveryCondition(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*rules)
		want   bool
	}{
		"all":                        {func(*rules) {}, true},
		"IC-28 portal not enabled":   {func(r *rules) { r.portals = []string{"backoffice"} }, false},
		"IC-29 profile not allowed":  {func(r *rules) { r.profiles = []string{"portal user", " Portal user"} }, false},
		"IC-30 no scope matches":     {func(r *rules) { r.scope = func(auth.Principal) bool { return false } }, false},
		"the Messenger has a fault":  {func(r *rules) { r.err = errors.New("down") }, false},
		"an id that leads elsewhere": {func(r *rules) { r.widget.AppID = "../evil" }, false},
		"a server of somebody else":  {func(r *rules) { r.widget.APIBase = "https://api.evil.test" }, false},
		"a server without TLS":       {func(r *rules) { r.widget.APIBase = "http://api-iam.intercom.io" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := shown(&rules{})
			c.change(r)
			s := newSite(t, func(p *portal.Config) { p.Messenger = r })
			mine := s.ticket(s.pablo, "Printer jam")
			b := s.as("pablo@demo.test")
			for _, path := range []string{"/tickets", "/tickets/" + mine.Ref, "/tickets/new", "/password"} {
				a := b.get("/portal" + path).code(http.StatusOK)
				policy := a.Header().Get("Content-Security-Policy")
				if c.want {
					a.has("/portal/static/messenger.")
					if settingsOf(a)["app_id"] != "abc123" || !strings.Contains(policy, "script-src 'self' https://app.intercom.io https://widget.intercom.io https://js.intercomcdn.com;") {
						t.Errorf("%s: %v, %s", path, settingsOf(a), policy)
					}
				} else {
					a.lacks("messenger", "intercom")
					if strings.Contains(policy, "intercom") {
						t.Errorf("%s: %s", path, policy)
					}
				}
			}
			b.get("/portal/tickets/R-999999").code(http.StatusNotFound).lacks("messenger", "intercom")
			s.browser().get("/portal/sign-in").lacks("messenger", "intercom")
			out := b.post("/portal/sign-out", nil).to("/portal/signed-out").follow()
			if got := settingsOf(out); c.want != (got["end"] == true && got["app_id"] == "abc123" && got["api_base"] == "https://api-iam.eu.intercom.io" && len(got) == 3) {
				t.Errorf("after sign-out: %v", got)
			}
			b.get("/portal/signed-out").code(http.StatusOK).lacks("messenger", "intercom")
		})
	}
}

func TestMessengerSettings(t *testing.T) { // SEC-055, IC-31
	r := shown(&rules{})
	s := newSite(t, func(p *portal.Config) { p.Messenger = r })
	b := s.as("pablo@demo.test")
	b.lang = "fr"
	signed := settingsOf(b.get("/portal/tickets"))
	if want := map[string]any{"app_id": "abc123", "api_base": "https://api-iam.eu.intercom.io", "intercom_user_jwt": "head.body.tail", "language_override": "fr"}; !equal(signed, want) {
		t.Errorf("what is signed is in the page: %v", signed)
	}
	evil := `</script><script>alert(1)</script><!--`
	r.widget = portal.Widget{AppID: "abc123", UserID: "w-7", Name: evil, Attributes: map[string]any{"note": evil, "app_id": "evil", "itop_contact_id": "2"}}
	a := b.get("/portal/tickets").lacks("alert(1)</script>").has(`\u003c/script\u003e`)
	if want := map[string]any{"app_id": "abc123", "user_id": "w-7", "name": evil, "email": "pablo@demo.test", "note": evil, "itop_contact_id": "2", "language_override": "fr"}; !equal(settingsOf(a), want) {
		t.Errorf("settings are %v", settingsOf(a))
	}
	// Nobody but our own page after sign-out takes the cookie's word.
	stranger := s.browser()
	for _, value := range []string{"../evil|", "abc|evil.test", "abc|evil.test/.intercom.io", "|"} {
		stranger.cookies["deskbridge-messenger"] = value
		stranger.get("/portal/signed-out").code(http.StatusOK).lacks("messenger", "evil")
	}
	if strings.Contains(s.log.String(), "head.body.tail") {
		t.Error("the log holds the token")
	}
}

func TestMessengerIsNotAskedForWithoutNeed(t *testing.T) {
	r := shown(&rules{})
	s := newSite(t, func(p *portal.Config) { p.Messenger = r })
	s.browser().get("/portal/sign-in")
	s.browser().get("/portal/signed-out")
	s.browser().post("/portal/sign-in", url.Values{"email": {"x"}, "password": {"y"}})
	if r.asked != 0 {
		t.Errorf("asked %d times for nobody", r.asked)
	}
}

func TestStaticFiles(t *testing.T) {
	s := newSite(t, func(p *portal.Config) { p.Messenger = shown(&rules{}) })
	page := s.as("pablo@demo.test").get("/portal/tickets").Body.String()
	found := regexp.MustCompile(`"(/portal/static/[a-z]+\.[0-9a-f]{12}\.(css|js|svg))"`).FindAllStringSubmatch(page, -1)
	kinds := map[string]string{"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
	if len(found) != 4 {
		t.Fatalf("found %v", found)
	}
	for _, m := range found {
		a := s.browser().get(m[1]).code(http.StatusOK)
		if a.Header().Get("Content-Type") != kinds[m[2]] || a.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %v", m[1], a.Header())
		}
	}
	for _, path := range []string{"portal.css", "portal.000000000000.css", "..", "..%2fportal.go"} {
		if a := s.browser().get("/portal/static/" + path).code(http.StatusNotFound); a.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept", path)
		}
	}
}

func equal(a, b map[string]any) bool {
	x, err := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err == nil && err2 == nil && string(x) == string(y)
}
