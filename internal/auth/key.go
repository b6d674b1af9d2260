package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// The scopes of an API key.
const (
	ScopeRead  = "read"  // GET and HEAD alone (SEC-038)
	ScopeWrite = "write" // whatever the role allows
)

// keyPrefix opens every API key, so that people and scanners recognise one.
const keyPrefix = "dbk_"

// shownChars is how much of a key is kept to tell keys apart.
const shownChars = len(keyPrefix) + 6

// APIKey is what is kept of a key; the key itself is shown once, by CreateAPIKey.
type APIKey struct {
	ID         int64
	DeskID     int64
	UserID     int64 // whose key it is: it ends with the user; 0 for a program's own
	Name       string
	Prefix     string // "dbk_" and the first six characters
	Role       Role
	Scope      string
	CreatedBy  string
	CreatedAt  time.Time
	LastUsedAt time.Time // zero when never; exact to a minute
	RevokedAt  time.Time // zero while it works
}

// NewAPIKey is what a key begins with. A key of a user has the user's role, or
// any role when the user is an administrator.
type NewAPIKey struct {
	DeskID int64
	UserID int64
	Name   string
	Role   Role
	Scope  string
}

// APIKeyPage is a part of a desk's keys, newest first, revoked ones included.
type APIKeyPage struct {
	Items []APIKey
	Total int64
	Next  int64
}

func (r keyRow) key() APIKey {
	k := APIKey{ID: r.ID, DeskID: r.DeskID, Name: r.Name, Prefix: r.Prefix, Role: r.Role, Scope: r.Scope, CreatedBy: r.CreatedBy,
		CreatedAt: r.CreatedAt.Time, LastUsedAt: r.LastUsedAt.Time, RevokedAt: r.RevokedAt.Time}
	if r.UserID != nil {
		k.UserID = *r.UserID
	}
	return k
}

// CreateAPIKey makes a key and returns it in clear, for the only time.
func (s *Service) CreateAPIKey(ctx context.Context, n NewAPIKey) (APIKey, string, error) {
	var mistakes errs.Fields
	n.Name = strings.TrimSpace(n.Name)
	if n.Name == "" || utf8.RuneCountInString(n.Name) > 100 || strings.ContainsFunc(n.Name, unprintable) {
		mistakes.Add("name", "must be one line of 1 to 100 characters")
	}
	if !n.Role.Valid() {
		mistakes.Add("role", "must be administrator, dispatcher, supporter or portal")
	}
	if n.Scope != ScopeRead && n.Scope != ScopeWrite {
		mistakes.Add("scope", "must be read or write")
	}
	if err := mistakes.Err(); err != nil {
		return APIKey{}, "", err
	}
	secret, err := s.secretText()
	if err != nil {
		return APIKey{}, "", err
	}
	token := keyPrefix + secret
	r := keyRow{DeskID: n.DeskID, Name: n.Name, Prefix: token[:shownChars], TokenHash: tokenHash(token), Role: n.Role, Scope: n.Scope,
		CreatedBy: Actor(ctx), CreatedAt: db.TimeOf(s.conf.Now())}
	if n.UserID != 0 {
		r.UserID = &n.UserID
	}
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		if n.UserID != 0 {
			u, err := lockUser(tx, s.db.Dialect(), n.DeskID, n.UserID)
			if err != nil {
				return err
			}
			if u.Disabled || u.Role != Administrator && u.Role != n.Role {
				return errs.InvalidField("role", "must be the user's own role")
			}
		}
		if err := insertKey(tx, &r); err != nil {
			return err
		}
		e := entry(ctx, r.DeskID, "api_key.created", fmt.Sprintf("key:%d", r.ID))
		e.New = map[string]any{"name": r.Name, "prefix": r.Prefix, "role": r.Role, "scope": r.Scope, "user_id": n.UserID}
		return s.audit.Record(tx, e)
	})
	if err != nil {
		return APIKey{}, "", err
	}
	return r.key(), token, nil
}

// ListAPIKeys returns a page of a desk's keys: those with a smaller id than
// before (0 for the newest), at most limit (1 to 200; 50 when 0).
func (s *Service) ListAPIKeys(ctx context.Context, deskID, before int64, limit int) (APIKeyPage, error) {
	if limit < 0 || limit > maxPage {
		return APIKeyPage{}, errs.InvalidField("limit", "must be between 1 and %d", maxPage)
	}
	if limit == 0 {
		limit = 50
	}
	rows, total, err := keysPage(s.db.Read(ctx), deskID, before, limit)
	if err != nil {
		return APIKeyPage{}, err
	}
	p := APIKeyPage{Total: total}
	if len(rows) > limit {
		rows = rows[:limit]
		p.Next = rows[limit-1].ID
	}
	p.Items = make([]APIKey, 0, len(rows))
	for _, r := range rows {
		p.Items = append(p.Items, r.key())
	}
	return p, nil
}

// RevokeAPIKey ends a key of the desk for good. A second call changes nothing; a
// key of another desk is NotFound.
func (s *Service) RevokeAPIKey(ctx context.Context, deskID, id int64) error {
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		r, err := keyByID(tx, deskID, id)
		if err != nil {
			return err
		}
		if n, err := revokeKeys(tx, s.conf.Now(), "id = ?", id); err != nil || n == 0 {
			return err
		}
		e := entry(ctx, deskID, "api_key.revoked", fmt.Sprintf("key:%d", id))
		e.Old = map[string]any{"name": r.Name, "prefix": r.Prefix, "role": r.Role, "scope": r.Scope}
		return s.audit.Record(tx, e)
	})
}

// resolveKey returns who a key speaks for, and notes its use once a minute.
func (s *Service) resolveKey(ctx context.Context, token string) (Principal, bool, error) {
	if !strings.HasPrefix(token, keyPrefix) || len(token) > 100 {
		return Principal{}, false, nil
	}
	k, u, live, err := liveKey(s.db.Read(ctx), tokenHash(token))
	if err != nil || !live {
		return Principal{}, false, err
	}
	now := s.conf.Now()
	if now.Sub(k.LastUsedAt.Time) >= time.Minute {
		if err := s.db.Write(ctx, func(tx *gorm.DB) error { return noteKeyUse(tx, k.ID, now) }); err != nil {
			return Principal{}, false, err
		}
	}
	p := Principal{DeskID: k.DeskID, Name: k.Name, Profiles: []string{}}
	if k.UserID != nil {
		p = u.principal()
	}
	p.Role, p.Scope, p.APIKeyID = k.Role, k.Scope, k.ID
	return p, true, nil
}

// tokenHash is how keys and set-up tokens are stored. They hold 256 random bits,
// so a plain SHA-256 cannot be guessed back.
func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// secretText returns 32 random bytes as 43 characters of base 62.
func (s *Service) secretText() (string, error) {
	raw := make([]byte, 32)
	if _, err := io.ReadFull(s.conf.Rand, raw); err != nil {
		return "", fmt.Errorf("auth: random bytes: %w", err)
	}
	text := new(big.Int).SetBytes(raw).Text(62)
	return strings.Repeat("0", max(0, 43-len(text))) + text, nil
}
