package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/internal/httpx"
)

// touchEvery is how often a session that is in use is written: the idle timeout
// is exact to so much.
const touchEvery = 5 * time.Minute

// userKey names the user in a session's data.
const userKey = "user"

type visitKey struct{}

// visit is the cookie that a request came with. The Middleware puts it into the
// context, so that signing in can replace it and signing out can end it.
type visit struct{ token string }

func visitOf(ctx context.Context) visit {
	v, _ := ctx.Value(visitKey{}).(visit)
	return v
}

// CookieName is the name of the session's cookie: with the __Host- prefix when
// the public address is https (SEC-073).
func (s *Service) CookieName() string {
	if s.secure() {
		return "__Host-deskbridge"
	}
	return "deskbridge"
}

func (s *Service) cookie(token string, life time.Duration) *http.Cookie {
	c := &http.Cookie{Name: s.CookieName(), Value: token, Path: "/", HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode, MaxAge: int(life / time.Second)}
	if token == "" {
		c.MaxAge = -1
	}
	return c
}

// SignIn checks e-mail and password and starts a session, whose cookie it sets
// on c; what session the caller had ends. For pages that are rendered by the
// server; programs use POST /api/v1/session. The errors are those of the API:
// Denied for every wrong pair, Throttled after too many.
func (s *Service) SignIn(c *gin.Context, email, password string) (Principal, error) {
	p, cookie, err := s.signIn(c.Request.Context(), email, password)
	if err != nil {
		return Principal{}, err
	}
	http.SetCookie(c.Writer, cookie)
	c.Request = c.Request.WithContext(WithPrincipal(c.Request.Context(), p))
	return p, nil
}

// SignOut ends the caller's session on the server and takes the cookie back.
func (s *Service) SignOut(c *gin.Context) error {
	cookie, err := s.signOut(c.Request.Context())
	if err != nil {
		return err
	}
	http.SetCookie(c.Writer, cookie)
	return nil
}

// errWrong is the one answer to every wrong pair of e-mail and password.
func errWrong() error {
	return errs.E(errs.Denied, "The e-mail address or the password is wrong.")
}

// signIn does the same work for a known and an unknown address (SEC-185).
func (s *Service) signIn(ctx context.Context, email, password string) (Principal, *http.Cookie, error) {
	now, key, from := s.conf.Now(), emailKey(email), peer(httpx.Address(ctx))
	if len(key) > 254 {
		key = key[:254]
	}
	pair := key + "\x00" + from
	if err := errors.Join(s.byPeer.take(from, now), s.byPair.take(pair, now)); err != nil {
		return Principal{}, nil, err
	}
	r, found, err := userByEmail(s.db.Read(ctx), key)
	if err != nil {
		return Principal{}, nil, err
	}
	ok, err := s.matches(ctx, password, r.PasswordHash)
	if err != nil {
		return Principal{}, nil, err
	}
	if !ok || !found || r.Disabled {
		httpx.Log(ctx).Warn("sign-in refused", "remote", httpx.Address(ctx))
		return Principal{}, nil, errWrong()
	}
	s.byPair.forget(pair)
	cookie, err := s.begin(ctx, r)
	if err != nil {
		return Principal{}, nil, err
	}
	return r.principal(), cookie, nil
}

// begin starts a session under a new token; the old one dies (SEC-015).
func (s *Service) begin(ctx context.Context, r userRow) (*http.Cookie, error) {
	sc, err := s.sessions.Load(ctx, visitOf(ctx).token)
	if err == nil {
		err = s.sessions.RenewToken(sc)
	}
	if err != nil {
		return nil, fmt.Errorf("auth: renew session: %w", err)
	}
	s.sessions.Put(sc, userKey, r.ID)
	token, _, err := s.sessions.Commit(context.WithValue(sc, ownerKey{}, r))
	if err != nil {
		return nil, err
	}
	return s.cookie(token, s.conf.Lifetime), nil
}

func (s *Service) signOut(ctx context.Context) (*http.Cookie, error) {
	token := visitOf(ctx).token
	p, ok := FromContext(ctx)
	if token != "" && ok && p.APIKeyID == 0 {
		err := s.db.Write(ctx, func(tx *gorm.DB) error {
			if err := endSession(tx, hashOf(token)); err != nil {
				return err
			}
			return s.audit.Record(tx, entry(ctx, p.DeskID, "session.ended", fmt.Sprintf("user:%d", p.UserID)))
		})
		if err != nil {
			return nil, err
		}
	}
	return s.cookie("", 0), nil
}

// ChangePassword replaces the caller's own password and ends the other sessions
// (SEC-189). It needs the current password, and a session: a key may not.
func (s *Service) ChangePassword(ctx context.Context, current, password string) error {
	p, err := Check(ctx)
	if err != nil {
		return err
	}
	if p.APIKeyID != 0 {
		return errs.E(errs.Forbidden, "Passwords cannot be changed with an API key.")
	}
	r, err := userByID(s.db.Read(ctx), p.DeskID, p.UserID)
	if err != nil {
		return err
	}
	pair := r.EmailKey + "\x00" + peer(httpx.Address(ctx))
	if err := s.byPair.take(pair, s.conf.Now()); err != nil {
		return err
	}
	ok, err := s.matches(ctx, current, r.PasswordHash)
	if err != nil {
		return err
	}
	if !ok {
		return errs.InvalidField("current", "is not your password")
	}
	s.byPair.forget(pair)
	return s.replacePassword(ctx, r, password, "password", hashOf(visitOf(ctx).token))
}

// resolve returns who the cookie's session belongs to.
func (s *Service) resolve(ctx context.Context, token string) (Principal, bool, error) {
	sc, err := s.sessions.Load(ctx, token)
	if err != nil {
		return Principal{}, false, err
	}
	id := s.sessions.GetInt64(sc, userKey)
	if id == 0 {
		return Principal{}, false, nil
	}
	r, found, err := activeUser(s.db.Read(ctx), id)
	if err != nil || !found {
		return Principal{}, false, err
	}
	return r.principal(), true, nil
}

// hashOf is how scs stores a token.
func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
