package auth

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// IDInput is the input of operations on one thing.
type IDInput struct {
	ID int64 `path:"id" minimum:"1" doc:"Id."`
}

type usersInput struct {
	PageInput
	Search string `query:"search" maxLength:"200" doc:"Part of the e-mail address or the name, in any case."`
}

type newUserBody struct {
	Email    string   `json:"email" maxLength:"254" doc:"E-mail address, unique in any case."`
	Name     string   `json:"name" maxLength:"800" doc:"Full name."`
	Role     Role     `json:"role" enum:"administrator,dispatcher,supporter,portal" doc:"What the user is to the desk."`
	PersonID int64    `json:"person_id,omitempty" minimum:"0" doc:"Id of the contact of the desk."`
	Profiles []string `json:"profiles,omitempty" maxItems:"50" doc:"Names of profiles, such as Portal user."`
	Password string   `json:"password,omitempty" maxLength:"1024" format:"password" doc:"At least 10 characters, not easy to guess. Without one the user cannot sign in yet."`
}

type userChangeBody struct {
	Email    *string   `json:"email,omitempty" maxLength:"254" doc:"E-mail address, unique in any case."`
	Name     *string   `json:"name,omitempty" maxLength:"800" doc:"Full name."`
	Role     *Role     `json:"role,omitempty" enum:"administrator,dispatcher,supporter,portal" doc:"Another role revokes API keys with more rights."`
	PersonID *int64    `json:"person_id,omitempty" minimum:"0" doc:"Id of the contact of the desk; 0 for none."`
	Profiles *[]string `json:"profiles,omitempty" maxItems:"50" doc:"Names of profiles, such as Portal user."`
	Disabled *bool     `json:"disabled,omitempty" doc:"Disabling ends all sessions and API keys of the user at once."`
}

type passwordBody struct {
	Password string `json:"password" maxLength:"1024" format:"password" doc:"At least 10 characters, not easy to guess."`
}

func (s *Service) userRoutes(api huma.API) {
	tags := []string{"Users"}
	huma.Register(api, huma.Operation{
		OperationID: "list-users", Method: http.MethodGet, Path: "/users", Tags: tags, Summary: "List users", Description: "Administrators only.",
	}, func(ctx context.Context, in *usersInput) (*bodyOf[listing[userView]], error) {
		p, err := Check(ctx, Administrator)
		if err != nil {
			return nil, err
		}
		after, err := in.after()
		if err != nil {
			return nil, err
		}
		found, err := s.ListUsers(ctx, p.DeskID, UserFilter{Search: in.Search, After: after, Limit: in.Limit})
		return &bodyOf[listing[userView]]{Body: viewList(found.Items, found.Total, found.Next, viewUser)}, err
	})
	huma.Register(api, huma.Operation{
		OperationID: "create-user", Method: http.MethodPost, Path: "/users", Tags: tags, DefaultStatus: http.StatusCreated,
		Summary: "Make a user", Description: "Administrators only.",
	}, func(ctx context.Context, in *bodyOf[newUserBody]) (*bodyOf[userView], error) {
		p, err := Check(ctx, Administrator)
		if err != nil {
			return nil, err
		}
		b := in.Body
		u, err := s.CreateUser(ctx, NewUser{DeskID: p.DeskID, PersonID: b.PersonID, Email: b.Email, Name: b.Name, Role: b.Role, Profiles: b.Profiles, Password: b.Password})
		return &bodyOf[userView]{Body: viewUser(u)}, err
	})
	huma.Register(api, huma.Operation{
		OperationID: "show-user", Method: http.MethodGet, Path: "/users/{id}", Tags: tags, Summary: "Show a user", Description: "Administrators only.",
	}, func(ctx context.Context, in *IDInput) (*bodyOf[userView], error) {
		p, err := Check(ctx, Administrator)
		if err != nil {
			return nil, err
		}
		u, err := s.User(ctx, p.DeskID, in.ID)
		return &bodyOf[userView]{Body: viewUser(u)}, err
	})
	huma.Register(api, huma.Operation{
		OperationID: "update-user", Method: http.MethodPatch, Path: "/users/{id}", Tags: tags,
		Summary: "Change or disable a user", Description: "Administrators only. Members that are absent stay as they are.",
	}, func(ctx context.Context, in *struct {
		IDInput
		Body userChangeBody
	}) (*bodyOf[userView], error) {
		p, err := Check(ctx, Administrator)
		if err != nil {
			return nil, err
		}
		u, err := s.UpdateUser(ctx, p.DeskID, in.ID, UserChange(in.Body))
		return &bodyOf[userView]{Body: viewUser(u)}, err
	})
	huma.Register(api, huma.Operation{
		OperationID: "set-user-password", Method: http.MethodPut, Path: "/users/{id}/password", Tags: tags, DefaultStatus: http.StatusNoContent,
		Summary: "Set a user's password", Description: "Administrators only. Ends all sessions of the user.",
	}, func(ctx context.Context, in *struct {
		IDInput
		Body passwordBody
	}) (*struct{}, error) {
		p, err := Check(ctx, Administrator)
		if err != nil {
			return nil, err
		}
		return nil, s.SetPassword(ctx, p.DeskID, in.ID, in.Body.Password)
	})
}

type newKeyBody struct {
	Name  string `json:"name" maxLength:"400" doc:"What the key is for."`
	Role  Role   `json:"role" enum:"administrator,dispatcher,supporter,portal" doc:"The role that the key speaks with."`
	Scope string `json:"scope" enum:"read,write" doc:"Whether the key may change anything."`
}

// NewKeyView shows a key in clear, once.
type NewKeyView struct {
	KeyView
	Token string `json:"token" doc:"The key. It is shown now and never again."`
}

func (s *Service) keyRoutes(api huma.API) {
	tags := []string{"API keys"}
	huma.Register(api, huma.Operation{
		OperationID: "list-api-keys", Method: http.MethodGet, Path: "/api-keys", Tags: tags,
		Summary: "List API keys", Description: "Newest first, revoked ones included. Administrators only.",
	}, func(ctx context.Context, in *struct{ PageInput }) (*bodyOf[listing[KeyView]], error) {
		p, err := Check(ctx, Administrator)
		if err != nil {
			return nil, err
		}
		before, err := in.after()
		if err != nil {
			return nil, err
		}
		found, err := s.ListAPIKeys(ctx, p.DeskID, before, in.Limit)
		return &bodyOf[listing[KeyView]]{Body: viewList(found.Items, found.Total, found.Next, viewKey)}, err
	})
	huma.Register(api, huma.Operation{
		OperationID: "create-api-key", Method: http.MethodPost, Path: "/api-keys", Tags: tags, DefaultStatus: http.StatusCreated,
		Summary: "Make an API key", Description: "The key belongs to the caller and ends with the caller's account. Administrators only, and not with an API key.",
	}, func(ctx context.Context, in *bodyOf[newKeyBody]) (*bodyOf[NewKeyView], error) {
		p, err := Check(ctx, Administrator)
		if err != nil {
			return nil, err
		}
		if p.APIKeyID != 0 {
			return nil, errs.E(errs.Forbidden, "An API key cannot make another one.")
		}
		k, token, err := s.CreateAPIKey(ctx, NewAPIKey{DeskID: p.DeskID, UserID: p.UserID, Name: in.Body.Name, Role: in.Body.Role, Scope: in.Body.Scope})
		return &bodyOf[NewKeyView]{Body: NewKeyView{KeyView: viewKey(k), Token: token}}, err
	})
	huma.Register(api, huma.Operation{
		OperationID: "revoke-api-key", Method: http.MethodDelete, Path: "/api-keys/{id}", Tags: tags, DefaultStatus: http.StatusNoContent,
		Summary: "Revoke an API key", Description: "At once and for good. Administrators only.",
	}, func(ctx context.Context, in *IDInput) (*struct{}, error) {
		p, err := Check(ctx, Administrator)
		if err != nil {
			return nil, err
		}
		return nil, s.RevokeAPIKey(ctx, p.DeskID, in.ID)
	})
}
