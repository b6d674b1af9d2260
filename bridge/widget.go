package bridge

import (
	"context"
	"fmt"
	"time"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/internal/auth"
)

// messengerTTL is how long a Messenger identity is good for: as long as a page
// may stay open.
const messengerTTL = 12 * time.Hour

// Widget returns the Messenger settings for a signed-in user of a portal, or
// nil when they see none: the portal must be enabled, one of their profiles
// allowed, and a workspace's scope must match (IC-28 to IC-30). Who they are is
// signed when the workspace has a Messenger secret; without one they are named
// only, as the extension does.
func (s *Service) Widget(ctx context.Context, p auth.Principal, portal string) (*intercom.MessengerSettings, error) {
	all, err := s.rooms.all(ctx)
	if err != nil {
		return nil, err
	}
	for _, w := range all {
		if w.deskID != p.DeskID {
			continue
		}
		person, err := w.portalPerson(ctx, p)
		if err != nil {
			return nil, err
		}
		appID, ok, err := w.setup.WidgetFor(portal, p.Profiles, func(scope string) (bool, error) {
			return w.desk.InScope(ctx, scope, person)
		})
		if err != nil {
			return nil, err
		}
		if ok {
			return s.messenger(w, appID, person, p)
		}
	}
	return nil, nil
}

// portalPerson is the desk's person behind a user of the portal.
func (w *live) portalPerson(ctx context.Context, p auth.Principal) (desk.Person, error) {
	if p.PersonID != 0 && w.place == builtinPlace(w.deskID) {
		return w.desk.Person(ctx, "Person", fmt.Sprint(p.PersonID))
	}
	return w.byEmail(ctx, p.Email)
}

func (s *Service) messenger(w *live, appID string, person desk.Person, p auth.Principal) (*intercom.MessengerSettings, error) {
	m := &intercom.MessengerSettings{
		APIBase: w.region.MessengerBase(), AppID: appID, UserID: fmt.Sprintf("%s-%d", w.slug, p.UserID), Email: p.Email, Name: p.Name,
		Attributes: map[string]any{},
	}
	if person.ID != "" {
		m.Attributes[intercom.AttributeITopClass], m.Attributes[intercom.AttributeITopID] = person.Class, person.ID
	}
	secret := w.setup.Messenger.JWTSecret.Reveal()
	if secret == "" {
		return m, nil
	}
	var err error
	m.UserJWT, err = intercom.UserJWT(secret, intercom.UserClaims{UserID: m.UserID, Email: m.Email, Name: m.Name, Attributes: m.Attributes,
		IssuedAt: s.now()}, messengerTTL)
	return m, err
}
