package intercom

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// UserClaims is who a Messenger user is. UserID is required by Intercom; the
// other fields are signed along so that a browser cannot change them.
type UserClaims struct {
	UserID     string
	Email      string
	Name       string
	Attributes map[string]any // such as AttributeITopClass and AttributeITopID
	IssuedAt   time.Time      // now when zero
}

// UserJWT returns the intercom_user_jwt that proves to Intercom who a Messenger
// user is: HS256 with the workspace's Messenger API secret (not the client
// secret of the app), valid for ttl from IssuedAt on. Invalid without a secret, a user
// id or a lifetime.
func UserJWT(secret string, claims UserClaims, ttl time.Duration) (string, error) {
	switch {
	case secret == "":
		return "", errs.E(errs.Invalid, "The Messenger secret is not set.")
	case claims.UserID == "":
		return "", errs.E(errs.Invalid, "A Messenger user needs an id.")
	case ttl <= 0:
		return "", errs.E(errs.Invalid, "A Messenger token needs a lifetime.")
	}
	if claims.IssuedAt.IsZero() {
		claims.IssuedAt = time.Now()
	}
	c := jwt.MapClaims{}
	maps.Copy(c, claims.Attributes)
	c["user_id"] = claims.UserID
	if claims.Email != "" {
		c["email"] = claims.Email
	}
	if claims.Name != "" {
		c["name"] = claims.Name
	}
	c["iat"] = claims.IssuedAt.Unix()
	c["exp"] = claims.IssuedAt.Add(ttl).Unix()
	s, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString([]byte(secret))
	return s, errs.Wrap(err, errs.Internal, "sign a Messenger token")
}

// MessengerSettings is what a page puts into window.intercomSettings. Fields
// that the token signs are left out of it when there is a token.
type MessengerSettings struct {
	APIBase          string
	AppID            string // the workspace's id
	UserJWT          string
	UserID           string
	Email            string
	Name             string
	LanguageOverride string
	HideLauncher     bool
	Alignment        string // "left" or "right"
	ActionColor      string // "#0055aa"
	Attributes       map[string]any
}

// WidgetURL is the script that draws the Messenger of a workspace.
func WidgetURL(workspaceID string) string { return "https://widget.intercom.io/widget/" + workspaceID }

// MarshalJSON writes the settings as the Messenger reads them. User data goes in
// plain only when there is no token, since a token carries it signed.
func (s MessengerSettings) MarshalJSON() ([]byte, error) {
	m := map[string]any{}
	set := func(key, v string) {
		if v != "" {
			m[key] = v
		}
	}
	if s.UserJWT == "" {
		maps.Copy(m, s.Attributes)
		set("user_id", s.UserID)
		set("email", s.Email)
		set("name", s.Name)
	}
	set("intercom_user_jwt", s.UserJWT)
	set("api_base", s.APIBase)
	set("app_id", s.AppID)
	set("language_override", s.LanguageOverride)
	set("alignment", s.Alignment)
	set("action_color", s.ActionColor)
	if s.HideLauncher {
		m["hide_default_launcher"] = true
	}
	return json.Marshal(m)
}
