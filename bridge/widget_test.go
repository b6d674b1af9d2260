package bridge_test

import (
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/deskbridge/deskbridge/bridge/workspace"
	"github.com/deskbridge/deskbridge/internal/auth"
)

// IC-02, IC-15, IC-28, IC-29, IC-30, IC-31: the widget needs an enabled portal,
// an allowed profile and a matching scope; the first matching line wins.
func TestIC30_WidgetConditions(t *testing.T) {
	h := open(t, func(w *workspace.Workspace) {
		w.Integration.Workspaces = workspace.Scopes{
			{AppID: "ws_other", Scope: "SELECT Organization WHERE name = 'Other'"},
			{AppID: appID, Scope: "SELECT Organization"},
			{AppID: "ws_last", Scope: "SELECT Organization"},
		}
		w.Integration.EnabledPortals = []string{"itop-portal"}
		w.Integration.AllowedProfiles = []string{"Portal user"}
		w.Messenger.JWTSecret = "messenger-secret"
	})
	pablo := auth.Principal{UserID: 7, DeskID: 1, PersonID: h.pablo.ID, Email: "pablo@demo.test", Name: "Pablo Picasso", Role: auth.Portal, Profiles: []string{"Portal user"}}
	for name, tc := range map[string]struct {
		portal string
		change func(*auth.Principal)
		want   string
	}{
		"all three hold":                  {"itop-portal", func(*auth.Principal) {}, appID},
		"IC-28: another portal":           {"backoffice", func(*auth.Principal) {}, ""},
		"IC-29: no profile":               {"itop-portal", func(p *auth.Principal) { p.Profiles = nil }, ""},
		"IC-29: a profile in small print": {"itop-portal", func(p *auth.Principal) { p.Profiles = []string{"portal user"} }, ""},
		"another desk's user":             {"itop-portal", func(p *auth.Principal) { p.DeskID = 2 }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := pablo
			tc.change(&p)
			got, err := h.bridge.Widget(t.Context(), p, tc.portal)
			h.must(err)
			switch {
			case got == nil && tc.want != "":
				t.Error("no widget")
			case got != nil && got.AppID != tc.want:
				t.Errorf("the widget of %q, want %q", got.AppID, tc.want)
			}
		})
	}
}

// Who the user is, is signed: HS256 with the Messenger's secret, iTop's class
// and id inside (IC-35).
func TestWidgetIdentityIsSigned(t *testing.T) {
	h := open(t, func(w *workspace.Workspace) { w.Messenger.JWTSecret = "messenger-secret" })
	p := auth.Principal{UserID: 7, DeskID: 1, PersonID: h.pablo.ID, Email: "pablo@demo.test", Name: "Pablo", Role: auth.Portal, Profiles: []string{"Portal user"}}
	got, err := h.bridge.Widget(t.Context(), p, "itop-portal")
	h.must(err)
	claims := jwt.MapClaims{}
	_, err = jwt.ParseWithClaims(got.UserJWT, claims, func(*jwt.Token) (any, error) { return []byte("messenger-secret"), nil }, jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired())
	h.must(err)
	if claims["itop_contact_class"] != "Person" || claims["email"] != "pablo@demo.test" || claims["user_id"] != "test-7" {
		t.Errorf("claims: %v", claims)
	}
	if exp, err := claims.GetExpirationTime(); err != nil || time.Until(exp.Time) > 24*time.Hour {
		t.Errorf("it is good until %v (%v)", exp, err)
	}
}

// IC-04: widget and tickets work independently: a workspace with the widget
// only refuses every signed request, and one without portals shows no widget.
func TestIC04_FeaturesAreIndependent(t *testing.T) {
	h := open(t, func(w *workspace.Workspace) {
		w.Sync.Enabled = false
		w.Integration.ClientSecret, w.Integration.AccessToken = "", ""
	})
	p := auth.Principal{UserID: 7, DeskID: 1, PersonID: h.pablo.ID, Email: "pablo@demo.test", Profiles: []string{"Portal user"}}
	if got, err := h.bridge.Widget(t.Context(), p, "itop-portal"); err != nil || got == nil {
		t.Errorf("widget only: %v %v", got, err)
	}
	c := h.talk("<p>Hello</p>")
	a, err := h.stand.Initialize(t.Context(), c, h.agent.ID)
	h.must(err)
	if a.Status != 401 {
		t.Errorf("SEC-087: a card without a client secret: %d", a.Status)
	}
	h.apply(func(w *workspace.Workspace) { w.Integration.EnabledPortals = []string{} })
	if got, err := h.bridge.Widget(t.Context(), p, "itop-portal"); err != nil || got != nil {
		t.Errorf("tickets only: %v %v", got, err)
	}
	h.card(c)
}

// IC-05, IC-16, IC-45: mistakes in a workspace are all named, and nothing changes.
func TestApplyNamesEveryMistake(t *testing.T) {
	h := open(t, nil)
	_, err := h.bridge.Apply(t.Context(), 1, "test", "workspace: bad\nname: Bad\ndesk: {kind: shed}\nchannel: {kind: intercom, region: mars}\ncombodo-intercom-integration:\n  api_key: x\n", workspace.Options{}, false)
	if err == nil {
		t.Fatal("it was applied")
	}
	for _, want := range []string{"desk.kind", "channel.region", "api_key", "workspaces"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not named: %v", want, err)
		}
	}
	all, err := h.bridge.Workspaces(t.Context(), 1)
	h.must(err)
	if len(all) != 1 {
		t.Errorf("%d workspaces, want 1", len(all))
	}
}

// An Intercom workspace belongs to one workspace here.
func TestAppBelongsToOneWorkspace(t *testing.T) {
	h := open(t, nil)
	w := setup()
	w.Slug = "second"
	text, err := workspace.Marshal(w, true)
	h.must(err)
	if _, err = h.bridge.Apply(t.Context(), 1, "test", string(text), workspace.Options{}, false); err == nil || !strings.Contains(err.Error(), appID) {
		t.Errorf("a second workspace for %s: %v", appID, err)
	}
}

// Masked secrets keep their value when an export is applied again.
func TestApplyKeepsMaskedSecrets(t *testing.T) {
	h := open(t, nil)
	text, err := h.bridge.Export(t.Context(), 1, "test", false)
	h.must(err)
	if strings.Contains(text, secret) || strings.Contains(text, token) {
		t.Fatalf("the export shows secrets:\n%s", text)
	}
	_, err = h.bridge.Apply(t.Context(), 1, "test", text, workspace.Options{}, false)
	h.must(err)
	c := h.talk("<p>Hello</p>")
	h.card(c) // signed with the secret that must have been kept
}
