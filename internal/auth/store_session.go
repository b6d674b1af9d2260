package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

type ownerKey struct{}

// sessionStore keeps scs's sessions in the table sessions. It decides by the
// service's clock when a session has ended; scs's own expiry is not used.
type sessionStore struct{ s *Service }

// errNoContext is what the methods without a context answer; scs calls those
// with one when a store has them.
var errNoContext = errors.New("auth: the session store needs a context")

// Delete implements scs.Store.
func (*sessionStore) Delete(string) error { return errNoContext }

// Find implements scs.Store.
func (*sessionStore) Find(string) ([]byte, bool, error) { return nil, false, errNoContext }

// Commit implements scs.Store.
func (*sessionStore) Commit(string, []byte, time.Time) error { return errNoContext }

// DeleteCtx implements scs.CtxStore.
func (st *sessionStore) DeleteCtx(ctx context.Context, hash string) error {
	_, found, err := first[sessionRow](st.s.db.Read(ctx), "SELECT data, seen_at FROM sessions WHERE token_hash = ?", hash)
	if err != nil || !found {
		return err
	}
	return st.s.db.Write(ctx, func(tx *gorm.DB) error { return endSession(tx, hash) })
}

type sessionRow struct {
	Data   []byte
	SeenAt db.Time
}

// FindCtx implements scs.CtxStore. It finds no session that was idle for too
// long or is too old (SEC-191), and notes that the session is in use.
func (st *sessionStore) FindCtx(ctx context.Context, hash string) ([]byte, bool, error) {
	s, now := st.s, st.s.conf.Now()
	r, found, err := first[sessionRow](s.db.Read(ctx), "SELECT data, seen_at FROM sessions WHERE token_hash = ? AND seen_at > ? AND created_at > ?",
		hash, db.TimeOf(now.Add(-s.conf.Idle)), db.TimeOf(now.Add(-s.conf.Lifetime)))
	if err != nil || !found {
		return nil, false, err
	}
	if now.Sub(r.SeenAt.Time) >= touchEvery {
		err = s.db.Write(ctx, func(tx *gorm.DB) error {
			return tx.Exec("UPDATE sessions SET seen_at = ? WHERE token_hash = ?", db.TimeOf(now), hash).Error
		})
		if err != nil {
			return nil, false, err
		}
	}
	return r.Data, true, nil
}

// CommitCtx implements scs.CtxStore. A session is only ever written at sign-in,
// for the user in ctx, and only when that user is still active and still has the
// password that was checked: a change in between wins.
func (st *sessionStore) CommitCtx(ctx context.Context, hash string, data []byte, _ time.Time) error {
	s := st.s
	r, ok := ctx.Value(ownerKey{}).(userRow)
	if !ok {
		return errs.E(errs.Internal, "auth: a session without a user is not stored")
	}
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		at := db.TimeOf(s.conf.Now())
		// The update locks the user's row and looks at it again behind whoever had it.
		res := tx.Exec("UPDATE users SET signed_in_at = ? WHERE id = ? AND disabled = ? AND password_hash = ?", at, r.ID, false, r.PasswordHash)
		if res.Error != nil {
			return fmt.Errorf("auth: note sign-in: %w", res.Error)
		}
		if res.RowsAffected == 0 {
			return errWrong()
		}
		err := tx.Exec("INSERT INTO sessions (token_hash, user_id, data, created_at, seen_at) VALUES (?, ?, ?, ?, ?)", hash, r.ID, data, at, at).Error
		if err != nil {
			return fmt.Errorf("auth: store session: %w", err)
		}
		e := entry(WithPrincipal(ctx, r.principal()), r.DeskID, "session.started", fmt.Sprintf("user:%d", r.ID))
		return s.audit.Record(tx, e)
	})
}

// sweep removes sessions that have ended.
func (s *Service) sweep(ctx context.Context) error {
	now := s.conf.Now()
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Exec("DELETE FROM sessions WHERE seen_at <= ? OR created_at <= ?", db.TimeOf(now.Add(-s.conf.Idle)), db.TimeOf(now.Add(-s.conf.Lifetime))).Error
	})
}

// endSession removes one session; one that is not there is no error.
func endSession(tx *gorm.DB, hash string) error {
	if err := tx.Exec("DELETE FROM sessions WHERE token_hash = ?", hash).Error; err != nil {
		return fmt.Errorf("auth: end session: %w", err)
	}
	return nil
}

// killSessions ends the sessions of a user but the one with the hash keep.
func killSessions(tx *gorm.DB, userID int64, keep string) error {
	if err := tx.Exec("DELETE FROM sessions WHERE user_id = ? AND token_hash <> ?", userID, keep).Error; err != nil {
		return fmt.Errorf("auth: end sessions: %w", err)
	}
	return nil
}
