package main

import (
	"context"

	"github.com/deskbridge/deskbridge/bridge"
	"github.com/deskbridge/deskbridge/internal/auth"
	"github.com/deskbridge/deskbridge/tickets/portal"
)

// messenger gives the portal the Messenger that the bridge's workspaces allow.
type messenger struct{ b *bridge.Service }

// For implements portal.Messenger.
func (m messenger) For(ctx context.Context, p auth.Principal, name string) (*portal.Widget, error) {
	s, err := m.b.Widget(ctx, p, name)
	if err != nil || s == nil {
		return nil, err
	}
	return &portal.Widget{AppID: s.AppID, APIBase: s.APIBase, UserJWT: s.UserJWT, UserID: s.UserID, Email: s.Email, Name: s.Name, Attributes: s.Attributes}, nil
}
