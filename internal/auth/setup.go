package auth

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
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
		if err := tx.Exec("DELETE FROM setup_tokens").Error; err != nil {
			return fmt.Errorf("auth: old set-up tokens: %w", err)
		}
		if ok = !has; !ok {
			return nil
		}
		now := s.conf.Now()
		err = tx.Exec("INSERT INTO setup_tokens (token_hash, created_at, expires_at) VALUES (?, ?, ?)", tokenHash(token), db.TimeOf(now), db.TimeOf(now.Add(setupLife))).Error
		if err != nil {
			return fmt.Errorf("auth: set-up token: %w", err)
		}
		return nil
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
	const live = "FROM setup_tokens WHERE token_hash = ? AND expires_at > ?"
	var n int64
	if err := s.db.Read(ctx).Raw("SELECT COUNT(*) "+live, tokenHash(token), db.TimeOf(now)).Scan(&n).Error; err != nil {
		return User{}, fmt.Errorf("auth: set-up token: %w", err)
	}
	if n == 0 {
		return User{}, denied
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
		res := tx.Exec("DELETE "+live, tokenHash(token), db.TimeOf(now))
		if res.Error != nil {
			return fmt.Errorf("auth: use set-up token: %w", res.Error)
		}
		if res.RowsAffected == 0 {
			return denied
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
