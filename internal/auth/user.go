package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// User is a person who can sign in. It never holds the password or its hash.
type User struct {
	ID          int64
	DeskID      int64
	PersonID    int64 // the contact of the desk, 0 when there is none
	Email       string
	Name        string
	Role        Role
	Profiles    []string
	Disabled    bool
	HasPassword bool
	CreatedAt   time.Time
	UpdatedAt   time.Time
	SignedInAt  time.Time // zero when never
}

// NewUser is what a user begins with. Without a password the user exists but
// cannot sign in until SetPassword.
type NewUser struct {
	DeskID   int64
	PersonID int64
	Email    string
	Name     string
	Role     Role
	Profiles []string
	Password string
}

// UserChange holds what should become different; nil leaves a value as it is.
type UserChange struct {
	Email    *string
	Name     *string
	Role     *Role
	PersonID *int64
	Profiles *[]string
	Disabled *bool
}

// UserFilter narrows a listing.
type UserFilter struct {
	Search string // part of the e-mail address or the name, in any case
	After  int64  // only users with a larger id: the cursor
	Limit  int    // 1 to 200; 50 when 0
}

// UserPage is a part of the users, by id. Next is 0 at the end.
type UserPage struct {
	Items []User
	Total int64
	Next  int64
}

const maxPage = 200

// CreateUser makes a user. The e-mail address must be new, whatever its case.
func (s *Service) CreateUser(ctx context.Context, n NewUser) (User, error) {
	r, err := s.newRow(ctx, n)
	if err != nil {
		return User{}, err
	}
	err = s.db.Write(ctx, func(tx *gorm.DB) error { return s.storeUser(ctx, tx, &r) })
	if err != nil {
		return User{}, err
	}
	return r.user(), nil
}

// storeUser inserts a checked row and records it.
func (s *Service) storeUser(ctx context.Context, tx *gorm.DB, r *userRow) error {
	if err := insertUser(tx, r); err != nil {
		return err
	}
	e := entry(ctx, r.DeskID, "user.created", fmt.Sprintf("user:%d", r.ID))
	e.New = auditView(*r)
	return s.audit.Record(tx, e)
}

// newRow checks n and hashes its password.
func (s *Service) newRow(ctx context.Context, n NewUser) (userRow, error) {
	r := userRow{DeskID: n.DeskID, PersonID: n.PersonID, Role: n.Role, CreatedAt: db.TimeOf(s.conf.Now())}
	r.UpdatedAt = r.CreatedAt
	var mistakes errs.Fields
	setEmail(&r, n.Email, &mistakes)
	setName(&r, n.Name, &mistakes)
	setProfiles(&r, n.Profiles, &mistakes)
	if !n.Role.Valid() {
		mistakes.Add("role", "must be administrator, dispatcher, supporter or portal")
	}
	if n.Password != "" {
		mistakes = append(mistakes, errs.FieldsOf(checkPassword("password", n.Password, n.Email, n.Name))...)
	}
	if err := mistakes.Err(); err != nil || n.Password == "" {
		return r, err
	}
	var err error
	r.PasswordAt = r.CreatedAt
	r.PasswordHash, err = s.hash(ctx, n.Password)
	return r, err
}

// UpdateUser changes a user of the desk. Disabling ends the user's sessions and
// keys at once (SEC-031); another role revokes the keys that have more rights.
// The last active administrator of a desk can be neither disabled nor given
// another role: Conflict.
func (s *Service) UpdateUser(ctx context.Context, deskID, id int64, c UserChange) (User, error) {
	var r userRow
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		old, err := lockUser(tx, s.db.Dialect(), deskID, id)
		if err != nil {
			return err
		}
		if r, err = changed(old, c, s.conf.Now()); err != nil {
			return err
		}
		if old.Role == Administrator && !old.Disabled && (r.Role != Administrator || r.Disabled) {
			if other, err := otherAdministrator(tx, s.db.Dialect(), deskID, id); err != nil || !other {
				return cmpErr(err, errs.E(errs.Conflict, "This is the last administrator. Make another one first."))
			}
		}
		if err := updateUser(tx, r); err != nil {
			return err
		}
		if err := s.withdraw(tx, old, r); err != nil {
			return err
		}
		e := entry(ctx, deskID, "user.updated", fmt.Sprintf("user:%d", id))
		if r.Disabled != old.Disabled {
			e.Action = map[bool]string{true: "user.disabled", false: "user.enabled"}[r.Disabled]
		}
		e.Old, e.New = auditView(old), auditView(r)
		return s.audit.Record(tx, e)
	})
	if err != nil {
		return User{}, err
	}
	return r.user(), nil
}

// withdraw takes from a changed user what it may no longer have.
func (s *Service) withdraw(tx *gorm.DB, old, now userRow) error {
	if now.Disabled {
		if err := killSessions(tx, now.ID, ""); err != nil {
			return err
		}
		_, err := revokeKeys(tx, s.conf.Now(), "user_id = ?", now.ID)
		return err
	}
	if now.Role != old.Role && now.Role != Administrator {
		_, err := revokeKeys(tx, s.conf.Now(), "user_id = ? AND role <> ?", now.ID, now.Role)
		return err
	}
	return nil
}

func changed(r userRow, c UserChange, now time.Time) (userRow, error) {
	var mistakes errs.Fields
	if c.Email != nil {
		setEmail(&r, *c.Email, &mistakes)
	}
	if c.Name != nil {
		setName(&r, *c.Name, &mistakes)
	}
	if c.Profiles != nil {
		setProfiles(&r, *c.Profiles, &mistakes)
	}
	if c.Role != nil {
		if r.Role = *c.Role; !r.Role.Valid() {
			mistakes.Add("role", "must be administrator, dispatcher, supporter or portal")
		}
	}
	if c.PersonID != nil {
		r.PersonID = *c.PersonID
	}
	if c.Disabled != nil {
		r.Disabled = *c.Disabled
	}
	r.UpdatedAt = db.TimeOf(now)
	return r, mistakes.Err()
}

// SetPassword gives a user of the desk a new password and ends all its sessions.
func (s *Service) SetPassword(ctx context.Context, deskID, id int64, password string) error {
	r, err := userByID(s.db.Read(ctx), deskID, id)
	if err != nil {
		return err
	}
	return s.replacePassword(ctx, r, password, "password", "")
}

// replacePassword stores a new password and ends the user's sessions but the one
// with the hash keep (SEC-189).
func (s *Service) replacePassword(ctx context.Context, r userRow, password, path, keep string) error {
	if err := checkPassword(path, password, r.Email, r.Name); err != nil {
		return err
	}
	hash, err := s.hash(ctx, password)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		if err := setPasswordHash(tx, r.ID, hash, s.conf.Now()); err != nil {
			return err
		}
		if err := killSessions(tx, r.ID, keep); err != nil {
			return err
		}
		return s.audit.Record(tx, entry(ctx, r.DeskID, "user.password_set", fmt.Sprintf("user:%d", r.ID)))
	})
}

// User returns a user of the desk; one of another desk is NotFound.
func (s *Service) User(ctx context.Context, deskID, id int64) (User, error) {
	r, err := userByID(s.db.Read(ctx), deskID, id)
	if err != nil {
		return User{}, err
	}
	return r.user(), nil
}

// UserByEmail returns the user of the desk with this e-mail address in any case;
// NotFound when there is none.
func (s *Service) UserByEmail(ctx context.Context, deskID int64, email string) (User, error) {
	r, found, err := userByEmail(s.db.Read(ctx), emailKey(email))
	if err != nil {
		return User{}, err
	}
	if !found || r.DeskID != deskID {
		return User{}, errs.E(errs.NotFound, "There is no such user.")
	}
	return r.user(), nil
}

// ListUsers returns the users of a desk, oldest first.
func (s *Service) ListUsers(ctx context.Context, deskID int64, f UserFilter) (UserPage, error) {
	if f.Limit < 0 || f.Limit > maxPage {
		return UserPage{}, errs.InvalidField("limit", "must be between 1 and %d", maxPage)
	}
	if f.Limit == 0 {
		f.Limit = 50
	}
	rows, total, err := usersPage(s.db.Read(ctx), deskID, f)
	if err != nil {
		return UserPage{}, err
	}
	p := UserPage{Total: total}
	if len(rows) > f.Limit {
		rows = rows[:f.Limit]
		p.Next = rows[f.Limit-1].ID
	}
	p.Items = make([]User, 0, len(rows))
	for _, r := range rows {
		p.Items = append(p.Items, r.user())
	}
	return p, nil
}

func emailKey(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

func setEmail(r *userRow, email string, mistakes *errs.Fields) {
	email = strings.TrimSpace(email)
	a, err := mail.ParseAddress(email)
	if err != nil || a.Address != email || len(email) > 254 || strings.ContainsFunc(email, unprintable) {
		mistakes.Add("email", "is not an e-mail address")
		return
	}
	r.Email, r.EmailKey = email, emailKey(email)
}

func setName(r *userRow, name string, mistakes *errs.Fields) {
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		mistakes.Add("name", "must not be empty")
	case utf8.RuneCountInString(name) > 200 || strings.ContainsFunc(name, unprintable) || !utf8.ValidString(name):
		mistakes.Add("name", "must be one line of at most 200 characters")
	}
	r.Name = name
}

func setProfiles(r *userRow, profiles []string, mistakes *errs.Fields) {
	bad := func(p string) bool {
		return strings.TrimSpace(p) == "" || utf8.RuneCountInString(p) > 100 || strings.ContainsFunc(p, unprintable)
	}
	if len(profiles) > 50 || slices.ContainsFunc(profiles, bad) {
		mistakes.Add("profiles", "must be at most 50 names of at most 100 characters")
		return
	}
	if profiles == nil {
		profiles = []string{}
	}
	raw, err := json.Marshal(profiles)
	if err != nil {
		mistakes.Add("profiles", "cannot be stored")
		return
	}
	r.Profiles = string(raw)
}

func unprintable(c rune) bool { return unicode.IsControl(c) || c == '\u2028' || c == '\u2029' }

// auditView is what the audit log keeps of a user.
func auditView(r userRow) map[string]any {
	u := r.user()
	return map[string]any{
		"email": u.Email, "name": u.Name, "role": u.Role, "person_id": u.PersonID, "profiles": u.Profiles, "disabled": u.Disabled,
	}
}

// cmpErr returns the first error that is not nil.
func cmpErr(err error, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
