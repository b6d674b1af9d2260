package auth

import (
	"encoding/json"
	"fmt"
	"strings"
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

// activeUser returns a user of any desk unless it is disabled.
func activeUser(tx *gorm.DB, id int64) (userRow, bool, error) {
	r, found, err := first[userRow](tx, "SELECT "+userColumns+" FROM users u WHERE u.id = ? AND u.disabled = ?", id, false)
	if err != nil {
		return r, false, fmt.Errorf("auth: active user: %w", err)
	}
	return r, found, nil
}

// usersPage returns one row more than the limit when there is a next page. What
// is searched for is taken literally (SEC-051).
func usersPage(tx *gorm.DB, deskID int64, f UserFilter) (rows []userRow, total int64, err error) {
	cond, args := "u.desk_id = ?", []any{deskID}
	if f.Search != "" {
		like := "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(strings.ToLower(f.Search)) + "%"
		cond += ` AND (u.email_key LIKE ? ESCAPE '\' OR LOWER(u.name) LIKE ? ESCAPE '\')`
		args = append(args, like, like)
	}
	if err := tx.Raw("SELECT COUNT(*) FROM users u WHERE "+cond, args...).Scan(&total).Error; err != nil {
		return nil, 0, fmt.Errorf("auth: count users: %w", err)
	}
	q := "SELECT " + userColumns + " FROM users u WHERE " + cond + " AND u.id > ? ORDER BY u.id LIMIT ?"
	if err := tx.Raw(q, append(args, f.After, f.Limit+1)...).Scan(&rows).Error; err != nil {
		return nil, 0, fmt.Errorf("auth: list users: %w", err)
	}
	return rows, total, nil
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

func dropSetupTokens(tx *gorm.DB) error {
	if err := tx.Exec("DELETE FROM setup_tokens").Error; err != nil {
		return fmt.Errorf("auth: drop set-up tokens: %w", err)
	}
	return nil
}

func replaceSetupToken(tx *gorm.DB, hash string, now time.Time) error {
	if err := dropSetupTokens(tx); err != nil {
		return err
	}
	err := tx.Exec("INSERT INTO setup_tokens (token_hash, created_at, expires_at) VALUES (?, ?, ?)", hash, db.TimeOf(now), db.TimeOf(now.Add(setupLife))).Error
	if err != nil {
		return fmt.Errorf("auth: set-up token: %w", err)
	}
	return nil
}

func liveSetupToken(tx *gorm.DB, hash string, now time.Time) (bool, error) {
	var n int64
	if err := tx.Raw("SELECT COUNT(*) FROM setup_tokens WHERE token_hash = ? AND expires_at > ?", hash, db.TimeOf(now)).Scan(&n).Error; err != nil {
		return false, fmt.Errorf("auth: set-up token: %w", err)
	}
	return n > 0, nil
}

// useSetupToken removes the token and reports whether it was there: of several
// at once one gets it.
func useSetupToken(tx *gorm.DB, hash string, now time.Time) (bool, error) {
	res := tx.Exec("DELETE FROM setup_tokens WHERE token_hash = ? AND expires_at > ?", hash, db.TimeOf(now))
	if res.Error != nil {
		return false, fmt.Errorf("auth: use set-up token: %w", res.Error)
	}
	return res.RowsAffected > 0, nil
}
