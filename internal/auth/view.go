package auth

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/deskbridge/deskbridge/internal/audit"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// principalView is who a caller is.
type principalView struct {
	UserID   int64    `json:"user_id" doc:"Id of the user; 0 for an API key of no user."`
	DeskID   int64    `json:"desk_id" doc:"Id of the desk."`
	PersonID int64    `json:"person_id" doc:"Id of the contact of the desk; 0 when there is none."`
	Email    string   `json:"email" doc:"E-mail address; empty for an API key of no user."`
	Name     string   `json:"name" doc:"Full name, or the name of the API key."`
	Role     Role     `json:"role" enum:"administrator,dispatcher,supporter,portal" doc:"What the caller is to the desk."`
	Profiles []string `json:"profiles" nullable:"false" doc:"Names of profiles, such as Portal user."`
	APIKeyID int64    `json:"api_key_id" doc:"Id of the API key; 0 for a session."`
	Scope    string   `json:"scope" enum:"read,write" doc:"Whether the caller may change anything."`
}

func viewPrincipal(p Principal) principalView {
	if p.Profiles == nil {
		p.Profiles = []string{}
	}
	return principalView(p)
}

// userView is a user as the API shows it.
type userView struct {
	ID          int64      `json:"id" doc:"Id of the user."`
	Email       string     `json:"email" doc:"E-mail address, unique in any case."`
	Name        string     `json:"name" doc:"Full name."`
	Role        Role       `json:"role" enum:"administrator,dispatcher,supporter,portal" doc:"What the user is to the desk."`
	PersonID    int64      `json:"person_id" doc:"Id of the contact of the desk; 0 when there is none."`
	Profiles    []string   `json:"profiles" nullable:"false" doc:"Names of profiles, such as Portal user."`
	Disabled    bool       `json:"disabled" doc:"A disabled user has no sessions and no working keys."`
	HasPassword bool       `json:"has_password" doc:"Whether the user can sign in with a password."`
	CreatedAt   time.Time  `json:"created_at" doc:"When the user was made."`
	UpdatedAt   time.Time  `json:"updated_at" doc:"When the user was last changed."`
	SignedInAt  *time.Time `json:"signed_in_at,omitempty" doc:"When the user last signed in; absent when never."`
}

func viewUser(u User) userView {
	return userView{ID: u.ID, Email: u.Email, Name: u.Name, Role: u.Role, PersonID: u.PersonID, Profiles: u.Profiles, Disabled: u.Disabled,
		HasPassword: u.HasPassword, CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt, SignedInAt: moment(u.SignedInAt)}
}

// KeyView is an API key as the API shows it: never the key itself.
type KeyView struct {
	ID         int64      `json:"id" doc:"Id of the key."`
	UserID     int64      `json:"user_id" doc:"Whose key it is; 0 for a program's own."`
	Name       string     `json:"name" doc:"What the key is for."`
	Prefix     string     `json:"prefix" doc:"The first characters of the key."`
	Role       Role       `json:"role" enum:"administrator,dispatcher,supporter,portal" doc:"The role that the key speaks with."`
	Scope      string     `json:"scope" enum:"read,write" doc:"Whether the key may change anything."`
	CreatedBy  string     `json:"created_by" doc:"Who made the key."`
	CreatedAt  time.Time  `json:"created_at" doc:"When the key was made."`
	LastUsedAt *time.Time `json:"last_used_at,omitempty" doc:"When the key was last used, to the minute; absent when never."`
	RevokedAt  *time.Time `json:"revoked_at,omitempty" doc:"When the key was revoked; absent while it works."`
}

func viewKey(k APIKey) KeyView {
	return KeyView{ID: k.ID, UserID: k.UserID, Name: k.Name, Prefix: k.Prefix, Role: k.Role, Scope: k.Scope, CreatedBy: k.CreatedBy,
		CreatedAt: k.CreatedAt, LastUsedAt: moment(k.LastUsedAt), RevokedAt: moment(k.RevokedAt)}
}

// changeView is one record of the audit log.
type changeView struct {
	ID      int64           `json:"id" doc:"Id of the record."`
	At      time.Time       `json:"at" doc:"When it happened."`
	Actor   string          `json:"actor" doc:"Who did it: user:7, key:3, setup, cli or system." example:"user:7"`
	Action  string          `json:"action" doc:"What was done." example:"user.updated"`
	Subject string          `json:"subject" doc:"To what." example:"user:9"`
	Old     json.RawMessage `json:"old,omitempty" doc:"The value before; absent when there was none. Secrets are masked."`
	New     json.RawMessage `json:"new,omitempty" doc:"The value after; absent when there is none. Secrets are masked."`
	Address string          `json:"address" doc:"The caller's address; empty for the process itself."`
}

func viewChange(r audit.Record) changeView {
	return changeView(r)
}

// listing is a page of anything.
type listing[T any] struct {
	Items []T    `json:"items" nullable:"false" doc:"This page."`
	Total int64  `json:"total" doc:"How many there are on all pages."`
	Next  string `json:"next,omitempty" doc:"Cursor of the next page; absent on the last one."`
}

func viewList[A, B any](items []A, total, next int64, view func(A) B) listing[B] {
	l := listing[B]{Items: make([]B, 0, len(items)), Total: total}
	for _, item := range items {
		l.Items = append(l.Items, view(item))
	}
	if next != 0 {
		l.Next = strconv.FormatInt(next, 10)
	}
	return l
}

// PageInput is the input that every list takes. huma sees embedded structs only when
// their names are exported.
type PageInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many to return at most."`
	Cursor string `query:"cursor" maxLength:"20" doc:"The next of the page before."`
}

func (p PageInput) after() (int64, error) {
	if p.Cursor == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(p.Cursor, 10, 64)
	if err != nil || n < 0 {
		return 0, errs.InvalidField("query.cursor", "is not a cursor of this list")
	}
	return n, nil
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
