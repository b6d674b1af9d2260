package portal

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/deskbridge/deskbridge/internal/auth"
	"github.com/deskbridge/deskbridge/internal/httpx"
)

// messengerPatience is how long a page waits for the answer whether it shows the
// Messenger. A page is worth more than the Messenger on it.
const messengerPatience = 800 * time.Millisecond

// Messenger decides who sees the Intercom Messenger in a portal, and as whom.
type Messenger interface {
	// For returns nil when the user sees none: the portal is not enabled, none
	// of their profiles is allowed, or no workspace's scope matches (IC-28 to
	// IC-30).
	For(ctx context.Context, p auth.Principal, portal string) (*Widget, error)
}

// Widget is what the Messenger is booted with. With UserJWT the other data of
// the user is signed in it and stays out of the page.
type Widget struct {
	AppID      string // Intercom's id of the workspace
	APIBase    string // https://api-iam.intercom.io and its regional kin; "" for Intercom's default
	UserJWT    string
	UserID     string
	Email      string
	Name       string
	Attributes map[string]any
}

// settings is what the page carries for our script.
type settings struct {
	Widget
	language string
	end      bool // the visitor has signed out: shut the Messenger down
}

// MarshalJSON writes the settings as window.intercomSettings takes them. Inside
// of a page "<" must not stand for itself (SEC-055); encoding/json escapes it.
func (s settings) MarshalJSON() ([]byte, error) {
	m := map[string]any{"app_id": s.AppID}
	set := func(key, value string) {
		if value != "" {
			m[key] = value
		}
	}
	set("api_base", s.APIBase)
	switch {
	case s.end:
		m["end"] = true
		return json.Marshal(m)
	case s.UserJWT != "":
		m["intercom_user_jwt"] = s.UserJWT
	default:
		own := maps.Clone(m)
		maps.Copy(m, s.Attributes)
		maps.Copy(m, own) // no attribute stands in for what names the workspace
		set("user_id", s.UserID)
		set("email", s.Email)
		set("name", s.Name)
	}
	set("language_override", s.language)
	return json.Marshal(m)
}

var appID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// safe reports whether a widget leads to Intercom and nowhere else.
func (w *Widget) safe() bool {
	if !appID.MatchString(w.AppID) {
		return false
	}
	if w.APIBase == "" {
		return true
	}
	u, err := url.Parse(w.APIBase)
	return err == nil && u.Scheme == "https" && strings.HasSuffix(u.Hostname(), ".intercom.io") && u.User == nil
}

// messengerFor returns the settings of the visitor's Messenger, nil for none;
// on the page after sign-out those to shut it down with.
func (p *Portal) messengerFor(v *visit) *settings {
	if !v.known {
		return v.takeShutdown()
	}
	w := p.widget(v)
	if w == nil {
		return nil
	}
	return &settings{Widget: *w, language: v.lang}
}

// widget asks for the visitor's widget. What fails is logged, and there is none.
func (p *Portal) widget(v *visit) *Widget {
	if p.conf.Messenger == nil || !v.known {
		return nil
	}
	ctx, cancel := context.WithTimeout(v.ctx(), messengerPatience)
	defer cancel()
	w, err := p.conf.Messenger.For(ctx, v.who, ID)
	if err != nil {
		httpx.Log(v.ctx()).Warn("no Messenger on this page", "error", err)
		return nil
	}
	if w == nil {
		return nil
	}
	if !w.safe() {
		httpx.Log(v.ctx()).Warn("no Messenger on this page: workspace id or api_base are not Intercom's", "app_id", w.AppID)
		return nil
	}
	return w
}

// noteShutdown remembers over the sign-out which Messenger is to be shut down:
// its workspace's id and server, which every page with it shows anyway.
func (v *visit) noteShutdown(w *Widget) {
	if w != nil {
		v.setCookie("messenger", w.AppID+"|"+strings.TrimPrefix(w.APIBase, "https://"))
	}
}

func (v *visit) takeShutdown() *settings {
	if v.FullPath() != root+"/signed-out" {
		return nil
	}
	id, host, _ := strings.Cut(v.takeCookie("messenger"), "|")
	w := Widget{AppID: id}
	if host != "" {
		w.APIBase = "https://" + host
	}
	if !w.safe() {
		return nil
	}
	return &settings{Widget: w, end: true}
}

// messengerSources is what Intercom's Messenger loads and talks to, by Intercom's
// own list (help article 3894), for all its regions, without the video sites.
// It needs 'unsafe-inline' for styles; scripts stay with named hosts.
func messengerSources() httpx.Sources {
	sheets := []string{"https://intercom-sheets.com", "https://www.intercom-reporting.com"}
	images := []string{
		"blob:", "data:", "https://js.intercomcdn.com", "https://static.intercomassets.com", "https://static.intercomassets.eu",
		"https://static.au.intercomassets.com", "https://downloads.intercomcdn.com", "https://downloads.intercomcdn.eu",
		"https://downloads.au.intercomcdn.com", "https://uploads.intercomusercontent.com", "https://gifs.intercomcdn.com",
		"https://video-messages.intercomcdn.com", "https://messenger-apps.intercom.io", "https://messenger-apps.eu.intercom.io",
		"https://messenger-apps.au.intercom.io", "https://*.intercom-attachments.com", "https://*.intercom-attachments.eu",
		"https://*.au.intercom-attachments.com",
	}
	for n := range 9 {
		images = append(images, fmt.Sprintf("https://*.intercom-attachments-%d.com", n+1))
	}
	return httpx.Sources{
		Script: []string{"https://app.intercom.io", "https://widget.intercom.io", "https://js.intercomcdn.com"},
		Style:  []string{"'unsafe-inline'"},
		Connect: []string{
			"https://*.intercom.io", "wss://*.intercom.io", "https://*.intercom-messenger.com", "wss://*.intercom-messenger.com",
			"https://uploads.intercomcdn.com", "https://uploads.intercomcdn.eu", "https://uploads.au.intercomcdn.com",
			"https://uploads.eu.intercomcdn.com", "https://uploads.intercomusercontent.com",
		},
		Image:      images,
		Font:       []string{"https://js.intercomcdn.com", "https://fonts.intercomcdn.com"},
		Media:      []string{"https://js.intercomcdn.com", "https://downloads.intercomcdn.com", "https://downloads.intercomcdn.eu", "https://downloads.au.intercomcdn.com"},
		Frame:      sheets,
		Child:      append([]string{"blob:"}, sheets...),
		Worker:     []string{"blob:"},
		FormAction: []string{"https://intercom.help", "https://api-iam.intercom.io", "https://api-iam.eu.intercom.io", "https://api-iam.au.intercom.io"},
	}
}
