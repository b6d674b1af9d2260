package auth

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/internal/httpx"
)

// setupLife is how long a set-up token works.
const setupLife = 24 * time.Hour

// mainDesk is the desk that the migrations make.
const mainDesk = 1

// SetupToken returns a new token for the page where the first administrator is
// made, and takes back older ones; ok is false when there is an administrator.
// The process prints it at every start until it was used: there is no account
// and no password to begin with (SEC-199).
func (s *Service) SetupToken(ctx context.Context) (token string, ok bool, err error) {
	token, err = s.secretText()
	if err != nil {
		return "", false, err
	}
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		has, err := hasAdministrator(tx)
		if err != nil {
			return err
		}
		if ok = !has; !ok {
			return dropSetupTokens(tx)
		}
		return replaceSetupToken(tx, tokenHash(token), s.conf.Now())
	})
	if err != nil || !ok {
		return "", false, err
	}
	return token, true, nil
}

// SetupOpen reports whether the first administrator is still to be made.
func (s *Service) SetupOpen(ctx context.Context) (bool, error) {
	has, err := hasAdministrator(s.db.Read(ctx))
	return !has, err
}

// Setup makes the first administrator, of the main desk, for the holder of the
// set-up token. Of many calls at once one succeeds; a mistake in the other fields
// leaves the token as it was.
func (s *Service) Setup(ctx context.Context, token, email, name, password string) (User, error) {
	now := s.conf.Now()
	if err := s.bySetup.take(peer(httpx.Address(ctx)), now); err != nil {
		return User{}, err
	}
	denied := errs.E(errs.Denied, "This set-up link was used, has ended, or is not the newest one. Start the server again for a new one.")
	if live, err := liveSetupToken(s.db.Read(ctx), tokenHash(token), now); err != nil || !live {
		return User{}, cmpErr(err, denied)
	}
	if password == "" {
		return User{}, errs.InvalidField("password", "must have at least %d characters", minPassword)
	}
	r, err := s.newRow(ctx, NewUser{DeskID: mainDesk, Email: email, Name: name, Role: Administrator, Password: password})
	if err != nil {
		return User{}, err
	}
	ctx = AsActor(ctx, "setup")
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		if used, err := useSetupToken(tx, tokenHash(token), now); err != nil || !used {
			return cmpErr(err, denied)
		}
		if has, err := hasAdministrator(tx); err != nil || has {
			return cmpErr(err, denied)
		}
		return s.storeUser(ctx, tx, &r)
	})
	if err != nil {
		return User{}, err
	}
	return r.user(), nil
}
