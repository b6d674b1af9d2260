package portal_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/internal/auth"
)

func TestSignInListRead(t *testing.T) {
	s := newSite(t)
	mine := s.ticket(s.pablo, "Printer jam")
	s.ticket(s.frida, "Secret of Frida")
	b := s.browser()
	b.get("/portal").to("/portal/sign-in")
	b.get("/portal/sign-in").code(http.StatusOK).has("Sign in", `autocomplete="current-password"`)
	b.post("/portal/sign-in", url.Values{"email": {" Pablo@Demo.test "}, "password": {good}}).to("/portal/tickets")
	b.get("/portal").to("/portal/tickets")
	b.get("/portal/tickets").code(http.StatusOK).has("Printer jam", mine.Ref, "Pablo Picasso").lacks("Secret of Frida")
	b.get("/portal/tickets/"+mine.Ref).code(http.StatusOK).has("Printer jam", "Paper in tray 2")
	b.get("/portal/sign-in").to("/portal/tickets")
}

func TestSignInSaysTheSameAboutEveryWrongPair(t *testing.T) { // SEC-185
	s := newSite(t)
	unknown := s.browser().post("/portal/sign-in", url.Values{"email": {"pablo@demo.test"}, "password": {"not this one"}}).code(http.StatusUnauthorized)
	wrong := s.browser().post("/portal/sign-in", url.Values{"email": {"nobody@demo.test"}, "password": {"not this one"}}).code(http.StatusUnauthorized)
	unknown.has("The e-mail address or the password is wrong.", `value="pablo@demo.test"`).lacks("not this one")
	if a, b := strings.ReplaceAll(unknown.Body.String(), "pablo@", "nobody@"), wrong.Body.String(); a != b {
		t.Fatalf("answers differ:\n%s\n%s", a, b)
	}
	s.browser().post("/portal/sign-in", url.Values{"email": {"pablo@demo.test"}}).code(http.StatusUnprocessableEntity).has("Enter your e-mail address and your password.")
}

func TestSignInThrottled(t *testing.T) {
	s := newSite(t)
	form := url.Values{"email": {"pablo@demo.test"}, "password": {"not this one"}}
	for range 5 {
		s.browser().post("/portal/sign-in", form).code(http.StatusUnauthorized)
	}
	a := s.browser().post("/portal/sign-in", form).code(http.StatusTooManyRequests).has("Too many attempts. Try again in 30 seconds.")
	if got := a.Header().Get("Retry-After"); got != "30" {
		t.Fatalf("Retry-After is %q", got)
	}
}

func TestSignInLeadsBack(t *testing.T) {
	s := newSite(t)
	mine := s.ticket(s.pablo, "Printer jam")
	b := s.browser()
	page := b.get("/portal/tickets/" + mine.Ref).to("/portal/sign-in?next=%2Fportal%2Ftickets%2FR-000001").follow()
	b.post("/portal/sign-in", with(page.hidden(), "email", "pablo@demo.test", "password", good)).to("/portal/tickets/" + mine.Ref)
	for _, next := range []string{"https://evil.test/", "//evil.test/portal/", "/portal/../app", "/portal/\\evil", "/app", "javascript:alert(1)", "/portal//evil", "/portal/%2e%2e", strings.Repeat("/portal/a", 100)} {
		s.browser().post("/portal/sign-in", url.Values{"email": {"frida@demo.test"}, "password": {good}, "next": {next}}).to("/portal/tickets")
	}
	// What was searched for does not go into the address of the sign-in page.
	s.browser().get("/portal/tickets?q=private").to("/portal/sign-in")
	s.browser().post("/portal/tickets/R-000001/close", nil).to("/portal/sign-in?next=%2Fportal%2Ftickets%2FR-000001")
	s.browser().post("/portal/password", nil).to("/portal/sign-in?next=%2Fportal%2Fpassword")
	s.browser().get("/portal/tickets/new?service=4").to("/portal/sign-in?next=%2Fportal%2Ftickets%2Fnew")
}

func TestSignOutEndsTheSession(t *testing.T) { // SEC-190
	s := newSite(t)
	b := s.as("pablo@demo.test")
	old := b.cookies["deskbridge"]
	b.post("/portal/sign-out", nil).to("/portal/signed-out").follow().code(http.StatusOK).has("You are signed out").lacks("messenger", "<nav")
	b.cookies["deskbridge"] = old
	b.get("/portal/tickets").to("/portal/sign-in")
	s.browser().post("/portal/sign-out", nil).to("/portal/signed-out") // without a session too
}

func TestKeysAreNoWayIn(t *testing.T) {
	s := newSite(t)
	mine := s.ticket(s.pablo, "Printer jam")
	b := s.as("pablo@demo.test")
	u, err := s.auth.UserByEmail(s.ctx, 1, "pablo@demo.test")
	s.ok(err)
	_, secret, err := s.auth.CreateAPIKey(s.ctx, auth.NewAPIKey{DeskID: 1, UserID: u.ID, Name: "k", Role: auth.Portal, Scope: auth.ScopeWrite})
	s.ok(err)
	r := httptest.NewRequest(http.MethodGet, "/portal/tickets/"+mine.Ref, nil)
	r.Header.Set("Authorization", "Bearer "+secret)
	b.send(r).code(http.StatusSeeOther)
}

func TestChangePassword(t *testing.T) {
	s := newSite(t)
	b, other := s.as("pablo@demo.test"), s.as("pablo@demo.test")
	s.browser().get("/portal/password").code(http.StatusSeeOther)
	b.get("/portal/password").code(http.StatusOK).has("At least 10 characters")
	for name, c := range map[string]struct {
		current, password, again string
		want                     []string
	}{
		"nothing":    {"", "", "", []string{"2 things need your attention", "Enter your current password.", "Enter a new password."}},
		"different":  {good, "purple monkey dishwasher", "purple monkey", []string{"The two new passwords differ."}},
		"short":      {good, "purple", "purple", []string{"At least 10 characters."}},
		"guessable":  {good, "password1234", "password1234", []string{"This is too easy to guess."}},
		"not theirs": {"not this one", "purple monkey dishwasher", "purple monkey dishwasher", []string{"This is not your current password."}},
	} {
		t.Run(name, func(t *testing.T) {
			a := b.post("/portal/password", url.Values{"current": {c.current}, "password": {c.password}, "again": {c.again}}).code(http.StatusUnprocessableEntity)
			a.has(c.want...).has(`role="alert"`, `aria-invalid="true"`).lacks(`value="purple`)
		})
	}
	fresh := "purple monkey dishwasher"
	b.post("/portal/password", url.Values{"current": {good}, "password": {fresh}, "again": {fresh}}).follow().code(http.StatusOK).has("Your password was changed.")
	b.get("/portal/password").code(http.StatusOK).lacks("Your password was changed.")
	other.get("/portal/tickets").to("/portal/sign-in") // SEC-189
	s.browser().post("/portal/sign-in", url.Values{"email": {"pablo@demo.test"}, "password": {good}}).code(http.StatusUnauthorized)
	s.browser().post("/portal/sign-in", url.Values{"email": {"pablo@demo.test"}, "password": {fresh}}).to("/portal/tickets")
	s.now = s.now.Add(time.Hour)
	for range 5 {
		b.post("/portal/password", url.Values{"current": {"x"}, "password": {fresh}, "again": {fresh}}).code(http.StatusUnprocessableEntity)
	}
	b.post("/portal/password", url.Values{"current": {"x"}, "password": {fresh}, "again": {fresh}}).code(http.StatusTooManyRequests).has("Too many attempts.")
}

func TestAgentsSeeWhatTheyCalled(t *testing.T) {
	s := newSite(t)
	own := s.ticket(s.agent, "My own screen")
	theirs := s.move(s.ticket(s.pablo, "Printer jam"), "ev_assign") // assigned to the agent
	b := s.as("ada@desk.test")
	b.get("/portal/tickets").code(http.StatusOK).has(own.Ref).lacks("Printer jam")
	b.get("/portal/tickets/" + theirs.Ref).code(http.StatusNotFound)
	root := s.as("root@desk.test")
	root.get("/portal/tickets").code(http.StatusOK).has("Your account belongs to no contact")
	root.get("/portal/tickets/new").code(http.StatusForbidden)
	root.get("/portal/tickets/" + own.Ref).code(http.StatusForbidden)
}

func TestCookiesOnHTTPS(t *testing.T) { // SEC-073
	s := newSite(t, https)
	b := s.as("pablo@demo.test")
	a := b.post("/portal/password", url.Values{"current": {good}, "password": {"purple monkey dishwasher"}, "again": {"purple monkey dishwasher"}}).code(http.StatusSeeOther)
	for _, c := range a.Result().Cookies() {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" {
			t.Errorf("cookie %s", c)
		}
	}
	a.follow().has("Your password was changed.")
}
