package auth

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/deskbridge/deskbridge/internal/audit"
)

// open marks operations that ask for no sign-in.
var open = []map[string][]string{{}}

// Routes registers the operations of sessions, set-up, users, API keys and the
// audit log. The Middleware must run before them.
func (s *Service) Routes(api huma.API) {
	s.sessionRoutes(api)
	s.userRoutes(api)
	s.keyRoutes(api)
	huma.Register(api, huma.Operation{
		OperationID: "list-changes", Method: http.MethodGet, Path: "/audit", Tags: []string{"Audit"},
		Summary: "List who changed what", Description: "Newest first. Administrators only.",
	}, s.listChanges)
}

type bodyOf[T any] struct{ Body T }

// signedIn is the answer that sets or takes back the cookie.
type signedIn struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      principalView
}

type signedOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

type credentials struct {
	Email    string `json:"email" maxLength:"254" doc:"E-mail address, in any case."`
	Password string `json:"password" maxLength:"1024" doc:"Password." format:"password"`
}

type firstUser struct {
	Token    string `json:"token" maxLength:"100" doc:"The token of the set-up link that the server printed."`
	Email    string `json:"email" maxLength:"254" doc:"E-mail address of the first administrator."`
	Name     string `json:"name" maxLength:"800" doc:"Full name."`
	Password string `json:"password" maxLength:"1024" format:"password" doc:"At least 10 characters, not easy to guess."`
}

type passwordChange struct {
	Current  string `json:"current" maxLength:"1024" format:"password" doc:"The password so far."`
	Password string `json:"password" maxLength:"1024" format:"password" doc:"The new one: at least 10 characters, not easy to guess."`
}

type setupState struct {
	Open bool `json:"open" doc:"Whether the first administrator is still to be made."`
}

func (s *Service) sessionRoutes(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "sign-in", Method: http.MethodPost, Path: "/session", Tags: []string{"Session"}, Security: open, DefaultStatus: http.StatusOK,
		Summary: "Sign in", Description: "Starts a session and sets its cookie. Every wrong pair has the same answer, 401; after too many, 429 with Retry-After.",
		Errors: []int{http.StatusUnauthorized, http.StatusUnprocessableEntity, http.StatusTooManyRequests},
	}, func(ctx context.Context, in *bodyOf[credentials]) (*signedIn, error) {
		p, cookie, err := s.signIn(ctx, in.Body.Email, in.Body.Password)
		if err != nil {
			return nil, err
		}
		return &signedIn{SetCookie: *cookie, Body: viewPrincipal(p)}, nil
	})
	huma.Register(api, huma.Operation{
		OperationID: "show-session", Method: http.MethodGet, Path: "/session", Tags: []string{"Session"},
		Summary: "Show who is calling", Errors: []int{http.StatusUnauthorized},
	}, func(ctx context.Context, _ *struct{}) (*bodyOf[principalView], error) {
		p, err := Check(ctx)
		if err != nil {
			return nil, err
		}
		return &bodyOf[principalView]{Body: viewPrincipal(p)}, nil
	})
	huma.Register(api, huma.Operation{
		OperationID: "sign-out", Method: http.MethodDelete, Path: "/session", Tags: []string{"Session"}, Security: open, DefaultStatus: http.StatusNoContent,
		Summary: "Sign out", Description: "Ends the session on the server. Works without a session too.",
	}, func(ctx context.Context, _ *struct{}) (*signedOut, error) {
		cookie, err := s.signOut(ctx)
		if err != nil {
			return nil, err
		}
		return &signedOut{SetCookie: *cookie}, nil
	})
	huma.Register(api, huma.Operation{
		OperationID: "change-password", Method: http.MethodPost, Path: "/session/password", Tags: []string{"Session"}, DefaultStatus: http.StatusNoContent,
		Summary: "Change the own password", Description: "Ends all other sessions of the user.",
		Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusTooManyRequests},
	}, func(ctx context.Context, in *bodyOf[passwordChange]) (*struct{}, error) {
		return nil, s.ChangePassword(ctx, in.Body.Current, in.Body.Password)
	})
	huma.Register(api, huma.Operation{
		OperationID: "show-setup", Method: http.MethodGet, Path: "/setup", Tags: []string{"Set-up"}, Security: open,
		Summary: "Show whether the server still needs its first administrator",
	}, func(ctx context.Context, _ *struct{}) (*bodyOf[setupState], error) {
		still, err := s.SetupOpen(ctx)
		return &bodyOf[setupState]{Body: setupState{Open: still}}, err
	})
	huma.Register(api, huma.Operation{
		OperationID: "set-up", Method: http.MethodPost, Path: "/setup", Tags: []string{"Set-up"}, Security: open, DefaultStatus: http.StatusCreated,
		Summary: "Make the first administrator", Description: "Works once, with the token of the link that the server prints at its start.",
		Errors: []int{http.StatusUnauthorized, http.StatusUnprocessableEntity, http.StatusTooManyRequests},
	}, func(ctx context.Context, in *bodyOf[firstUser]) (*bodyOf[userView], error) {
		u, err := s.Setup(ctx, in.Body.Token, in.Body.Email, in.Body.Name, in.Body.Password)
		return &bodyOf[userView]{Body: viewUser(u)}, err
	})
}

type changesInput struct {
	PageInput
	Subject string `query:"subject" maxLength:"200" doc:"Only changes to this." example:"user:9"`
	Actor   string `query:"actor" maxLength:"200" doc:"Only changes by this one." example:"user:7"`
	Action  string `query:"action" maxLength:"200" doc:"Only changes of this kind." example:"user.updated"`
}

func (s *Service) listChanges(ctx context.Context, in *changesInput) (*bodyOf[listing[changeView]], error) {
	p, err := Check(ctx, Administrator)
	if err != nil {
		return nil, err
	}
	before, err := in.after()
	if err != nil {
		return nil, err
	}
	found, err := s.audit.List(ctx, p.DeskID, audit.Filter{Subject: in.Subject, Actor: in.Actor, Action: in.Action, Before: before, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	return &bodyOf[listing[changeView]]{Body: viewList(found.Items, found.Total, found.Next, viewChange)}, nil
}
