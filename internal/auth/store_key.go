package auth

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

type keyRow struct {
	ID         int64
	DeskID     int64
	UserID     *int64
	Name       string
	Prefix     string
	TokenHash  string
	Role       Role
	Scope      string
	CreatedBy  string
	CreatedAt  db.Time
	LastUsedAt db.Time
	RevokedAt  db.Time
}

const keyColumns = "k.id, k.desk_id, k.user_id, k.name, k.prefix, k.token_hash, k.role, k.scope, k.created_by, k.created_at, k.last_used_at, k.revoked_at"

func insertKey(tx *gorm.DB, r *keyRow) error {
	err := tx.Raw("INSERT INTO api_keys (desk_id, user_id, name, prefix, token_hash, role, scope, created_by, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
		r.DeskID, r.UserID, r.Name, r.Prefix, r.TokenHash, r.Role, r.Scope, r.CreatedBy, r.CreatedAt).Scan(&r.ID).Error
	if err != nil {
		return fmt.Errorf("auth: insert API key: %w", err)
	}
	return nil
}

// liveKey finds the key with this hash unless it was revoked or its user was
// disabled.
func liveKey(tx *gorm.DB, hash string) (keyRow, userRow, bool, error) {
	k, found, err := first[keyRow](tx, "SELECT "+keyColumns+" FROM api_keys k WHERE k.token_hash = ? AND k.revoked_at = 0", hash)
	if err != nil {
		return k, userRow{}, false, fmt.Errorf("auth: API key: %w", err)
	}
	if !found || k.UserID == nil {
		return k, userRow{}, found, nil
	}
	u, err := userByID(tx, k.DeskID, *k.UserID)
	if errs.Is(err, errs.NotFound) {
		return k, u, false, nil
	}
	return k, u, err == nil && !u.Disabled, err
}

func revokeKeys(tx *gorm.DB, now time.Time, where string, args ...any) (int64, error) {
	res := tx.Exec("UPDATE api_keys SET revoked_at = ? WHERE revoked_at = 0 AND "+where, append([]any{db.TimeOf(now)}, args...)...)
	if res.Error != nil {
		return 0, fmt.Errorf("auth: revoke API keys: %w", res.Error)
	}
	return res.RowsAffected, nil
}

// keyByID answers NotFound for a key of another desk too.
func keyByID(tx *gorm.DB, deskID, id int64) (keyRow, error) {
	r, found, err := first[keyRow](tx, "SELECT "+keyColumns+" FROM api_keys k WHERE k.desk_id = ? AND k.id = ?", deskID, id)
	if err != nil {
		return r, fmt.Errorf("auth: API key: %w", err)
	}
	if !found {
		return r, errs.E(errs.NotFound, "There is no such API key.")
	}
	return r, nil
}

// keysPage returns one row more than the limit when there is a next page.
func keysPage(tx *gorm.DB, deskID, before int64, limit int) (rows []keyRow, total int64, err error) {
	if err := tx.Raw("SELECT COUNT(*) FROM api_keys WHERE desk_id = ?", deskID).Scan(&total).Error; err != nil {
		return nil, 0, fmt.Errorf("auth: count API keys: %w", err)
	}
	q, args := "SELECT "+keyColumns+" FROM api_keys k WHERE k.desk_id = ?", []any{deskID}
	if before > 0 {
		q, args = q+" AND k.id < ?", append(args, before)
	}
	if err := tx.Raw(q+" ORDER BY k.id DESC LIMIT ?", append(args, limit+1)...).Scan(&rows).Error; err != nil {
		return nil, 0, fmt.Errorf("auth: list API keys: %w", err)
	}
	return rows, total, nil
}

func noteKeyUse(tx *gorm.DB, id int64, now time.Time) error {
	if err := tx.Exec("UPDATE api_keys SET last_used_at = ? WHERE id = ?", db.TimeOf(now), id).Error; err != nil {
		return fmt.Errorf("auth: note use of API key: %w", err)
	}
	return nil
}
