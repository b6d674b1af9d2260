package auth

import (
	"context"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/internal/httpx"
)

// Role says what a user is to the desk.
type Role string

// The roles, from the one that may everything to the one that sees its own.
const (
	Administrator Role = "administrator" // sets up workspaces and users
	Dispatcher    Role = "dispatcher"    // assigns tickets to teams
	Supporter     Role = "supporter"     // works on the tickets of a team
	Portal        Role = "portal"        // an end user with own tickets
)

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool {
	return slices.Contains([]Role{Administrator, Dispatcher, Supporter, Portal}, r)
}

// Principal is who a request speaks for. APIKeyID is set when it came with an
// API key, and Scope is then the key's ("read" or "write"); a session's scope is
// "write". PersonID is 0 for a user who is no contact of the desk.
type Principal struct {
	UserID, DeskID, PersonID int64
	Email, Name              string
	Role                     Role
	Profiles                 []string
	APIKeyID                 int64
	Scope                    string
}

type principalKey struct{}

// FromContext returns the principal that the Middleware or WithPrincipal put
// there.
func FromContext(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(Principal)
	return p, ok
}

// WithPrincipal returns a context that speaks for p.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// Check returns the context's principal when it has one of the roles; with no
// role any signed-in caller will do. The error is Denied without a principal and
// Forbidden with another role. Operations of the API call it first.
func Check(ctx context.Context, roles ...Role) (Principal, error) {
	p, ok := FromContext(ctx)
	if !ok {
		return Principal{}, errs.E(errs.Denied, "Sign in first.")
	}
	if len(roles) > 0 && !slices.Contains(roles, p.Role) {
		return Principal{}, errs.E(errs.Forbidden, "Your role does not allow this.")
	}
	return p, nil
}

// Require answers 401 to callers that are not signed in and 403 to those with
// none of the roles; no role means any signed-in caller.
func Require(roles ...Role) gin.HandlerFunc {
	return func(c *gin.Context) {
		if _, err := Check(c.Request.Context(), roles...); err != nil {
			httpx.Problem(c, err)
		}
	}
}
