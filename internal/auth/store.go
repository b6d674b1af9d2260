package auth

import (
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

type userRow struct {
	ID           int64
	DeskID       int64
	Email        string
	EmailKey     string
	Name         string
	Role         Role
	PersonID     int64
	Profiles     string
	PasswordHash string
	PasswordAt   db.Time
	Disabled     bool
	SignedInAt   db.Time
	CreatedAt    db.Time
	UpdatedAt    db.Time
}

const userColumns = "u.id, u.desk_id, u.email, u.email_key, u.name, u.role, u.person_id, u.profiles, u.password_hash, " +
	"u.password_at, u.disabled, u.signed_in_at, u.created_at, u.updated_at"

func (r userRow) user() User {
	u := User{
		ID: r.ID, DeskID: r.DeskID, PersonID: r.PersonID, Email: r.Email, Name: r.Name, Role: r.Role, Profiles: []string{},
		Disabled: r.Disabled, HasPassword: r.PasswordHash != "",
		CreatedAt: r.CreatedAt.Time, UpdatedAt: r.UpdatedAt.Time, SignedInAt: r.SignedInAt.Time,
	}
	// A list that cannot be read gives no profile: fewer rights, not more.
	if json.Unmarshal([]byte(r.Profiles), &u.Profiles) != nil || u.Profiles == nil {
		u.Profiles = []string{}
	}
	return u
}

func (r userRow) principal() Principal {
	u := r.user()
	return Principal{UserID: u.ID, DeskID: u.DeskID, PersonID: u.PersonID, Email: u.Email, Name: u.Name, Role: u.Role, Profiles: u.Profiles, Scope: ScopeWrite}
}

// first returns the only row of a query, and whether there was one.
func first[T any](tx *gorm.DB, query string, args ...any) (row T, found bool, err error) {
	var rows []T
	if err := tx.Raw(query, args...).Scan(&rows).Error; err != nil {
		return row, false, err
	}
	if len(rows) == 0 {
		return row, false, nil
	}
	return rows[0], true, nil
}

func userByEmail(tx *gorm.DB, key string) (userRow, bool, error) {
	r, found, err := first[userRow](tx, "SELECT "+userColumns+" FROM users u WHERE u.email_key = ?", key)
	if err != nil {
		return r, false, fmt.Errorf("auth: user by e-mail: %w", err)
	}
	return r, found, nil
}

// userByID answers NotFound for a user of another desk too.
func userByID(tx *gorm.DB, deskID, id int64) (userRow, error) {
	r, found, err := first[userRow](tx, "SELECT "+userColumns+" FROM users u WHERE u.desk_id = ? AND u.id = ?", deskID, id)
	if err != nil {
		return r, fmt.Errorf("auth: user by id: %w", err)
	}
	if !found {
		return r, errs.E(errs.NotFound, "There is no such user.")
	}
	return r, nil
}

// lockUser is userByID for a change: on PostgreSQL nobody else changes the user
// until the transaction ends. SQLite has one writer anyway.
func lockUser(tx *gorm.DB, dialect db.Dialect, deskID, id int64) (userRow, error) {
	if dialect == db.Postgres {
		if err := tx.Exec("SELECT id FROM users WHERE desk_id = ? AND id = ? FOR UPDATE", deskID, id).Error; err != nil {
			return userRow{}, fmt.Errorf("auth: lock user: %w", err)
		}
	}
	return userByID(tx, deskID, id)
}

func insertUser(tx *gorm.DB, r *userRow) error {
	err := tx.Raw("INSERT INTO users (desk_id, email, email_key, name, role, person_id, profiles, password_hash, password_at, disabled, created_at, updated_at) "+
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
		r.DeskID, r.Email, r.EmailKey, r.Name, r.Role, r.PersonID, r.Profiles, r.PasswordHash, r.PasswordAt, r.Disabled, r.CreatedAt, r.UpdatedAt).Scan(&r.ID).Error
	if db.IsUnique(err) {
		return errs.E(errs.Conflict, "Another user has this e-mail address.")
	}
	if err != nil {
		return fmt.Errorf("auth: insert user: %w", err)
	}
	return nil
}

func updateUser(tx *gorm.DB, r userRow) error {
	err := tx.Exec("UPDATE users SET email = ?, email_key = ?, name = ?, role = ?, person_id = ?, profiles = ?, disabled = ?, updated_at = ? WHERE id = ?",
		r.Email, r.EmailKey, r.Name, r.Role, r.PersonID, r.Profiles, r.Disabled, r.UpdatedAt, r.ID).Error
	if db.IsUnique(err) {
		return errs.E(errs.Conflict, "Another user has this e-mail address.")
	}
	if err != nil {
		return fmt.Errorf("auth: update user: %w", err)
	}
	return nil
}

func setPasswordHash(tx *gorm.DB, id int64, hash string, now time.Time) error {
	at := db.TimeOf(now)
	if err := tx.Exec("UPDATE users SET password_hash = ?, password_at = ?, updated_at = ? WHERE id = ?", hash, at, at, id).Error; err != nil {
		return fmt.Errorf("auth: set password: %w", err)
	}
	return nil
}

// otherAdministrator reports whether somebody besides id is an active
// administrator of the desk. On PostgreSQL it locks them until the transaction
// ends, so that two administrators cannot remove each other.
func otherAdministrator(tx *gorm.DB, dialect db.Dialect, deskID, id int64) (bool, error) {
	q := "SELECT id FROM users WHERE desk_id = ? AND role = ? AND disabled = ? ORDER BY id"
	if dialect == db.Postgres {
		q += " FOR UPDATE"
	}
	var ids []int64
	if err := tx.Raw(q, deskID, Administrator, false).Scan(&ids).Error; err != nil {
		return false, fmt.Errorf("auth: administrators: %w", err)
	}
	for _, other := range ids {
		if other != id {
			return true, nil
		}
	}
	return false, nil
}

// hasAdministrator reports whether any desk has an administrator, active or not.
func hasAdministrator(tx *gorm.DB) (bool, error) {
	var n int64
	if err := tx.Raw("SELECT COUNT(*) FROM users WHERE role = ?", Administrator).Scan(&n).Error; err != nil {
		return false, fmt.Errorf("auth: administrators: %w", err)
	}
	return n > 0, nil
}

// killSessions ends the sessions of a user but the one with the hash keep.
func killSessions(tx *gorm.DB, userID int64, keep string) error {
	if err := tx.Exec("DELETE FROM sessions WHERE user_id = ? AND token_hash <> ?", userID, keep).Error; err != nil {
		return fmt.Errorf("auth: end sessions: %w", err)
	}
	return nil
}

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
