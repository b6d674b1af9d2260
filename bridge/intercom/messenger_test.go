package intercom_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/internal/errs"
)

func TestUserJWT(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	s, err := intercom.UserJWT("messenger-secret", intercom.UserClaims{
		UserID: "7", Email: "pablo.picasso@demo.com", Name: "Pablo Picasso", IssuedAt: now,
		Attributes: map[string]any{intercom.AttributeITopClass: "Person", intercom.AttributeITopID: "2", "user_id": "8"},
	}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	claims := jwt.MapClaims{}
	key := func(k string) jwt.Keyfunc { return func(*jwt.Token) (any, error) { return []byte(k), nil } }
	tok, err := jwt.ParseWithClaims(s, claims, key("messenger-secret"), jwt.WithValidMethods([]string{"HS256"}))
	if err != nil || !tok.Valid {
		t.Fatal(err)
	}
	if claims["user_id"] != "7" || claims["email"] != "pablo.picasso@demo.com" || claims[intercom.AttributeITopID] != "2" {
		t.Errorf("claims %v", claims)
	}
	if exp, err := claims.GetExpirationTime(); err != nil || !exp.Equal(now.Add(time.Hour)) {
		t.Errorf("expires %v, %v", exp, err)
	}
	if _, err := jwt.Parse(s, key("other")); err == nil {
		t.Error("another secret fits")
	}
	for _, c := range []struct {
		secret, user string
		ttl          time.Duration
	}{{"", "7", time.Hour}, {"s", "", time.Hour}, {"s", "7", 0}} {
		_, err := intercom.UserJWT(c.secret, intercom.UserClaims{UserID: c.user}, c.ttl)
		want(t, err, errs.Invalid)
	}
}

// What the token signs is not sent in plain beside it.
func TestMessengerSettings(t *testing.T) {
	s := intercom.MessengerSettings{
		APIBase: intercom.EU.MessengerBase(), AppID: "abcd123", UserID: "7", Email: "p@demo.com", Name: "P",
		Attributes: map[string]any{intercom.AttributeITopID: "2"}, HideLauncher: true,
	}
	plain, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	const head = `{"api_base":"https://api-iam.eu.intercom.io","app_id":"abcd123",`
	if string(plain) != head+`"email":"p@demo.com","hide_default_launcher":true,"itop_contact_id":"2","name":"P","user_id":"7"}` {
		t.Errorf("without a token: %s", plain)
	}
	s.UserJWT = "a.b.c"
	signed, err := json.Marshal(s)
	if err != nil || string(signed) != head+`"hide_default_launcher":true,"intercom_user_jwt":"a.b.c"}` {
		t.Errorf("with a token: %s, %v", signed, err)
	}
}

func TestAddresses(t *testing.T) {
	for got, want := range map[string]string{
		intercom.ConversationURL(intercom.US, "abcd123", "215474343849634"): "https://app.intercom.com/a/apps/abcd123/inbox/inbox/all/conversations/215474343849634",
		intercom.ConversationURL("", "a b", "1/2"):                          "https://app.intercom.com/a/apps/a%20b/inbox/inbox/all/conversations/1%2F2",
		intercom.ConversationURL(intercom.EU, "a", "1"):                     "https://app.eu.intercom.com/a/apps/a/inbox/inbox/all/conversations/1",
		intercom.ConversationURL(intercom.AU, "a", "1"):                     "https://app.au.intercom.com/a/apps/a/inbox/inbox/all/conversations/1",
		intercom.US.MessengerBase():                                         "https://api-iam.intercom.io",
		intercom.AU.MessengerBase():                                         "https://api-iam.au.intercom.io",
		intercom.WidgetURL("abcd123"):                                       "https://widget.intercom.io/widget/abcd123",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for s, want := range map[string]intercom.Region{"": intercom.US, "US": intercom.US, " eu ": intercom.EU, "au": intercom.AU, "ap": intercom.AU} {
		if r, err := intercom.ParseRegion(s); err != nil || r != want {
			t.Errorf("ParseRegion(%q) = %q, %v", s, r, err)
		}
	}
	_, err := intercom.ParseRegion("mars")
	want(t, err, errs.Invalid)
}
