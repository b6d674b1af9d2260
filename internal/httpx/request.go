package httpx

import (
	"context"
	"log/slog"
)

type requestKey struct{}

// request is what the engine knows about a request before any route sees it.
type request struct {
	id      string
	address string
	log     *slog.Logger
}

func requestOf(ctx context.Context) request {
	if r, ok := ctx.Value(requestKey{}).(request); ok {
		return r
	}
	return request{log: slog.Default()}
}

// RequestID returns the id that the request's log line and its X-Request-Id
// header carry, or "" outside of a request.
func RequestID(ctx context.Context) string { return requestOf(ctx).id }

// Address returns the caller's address without port, or "" outside of a
// request. It is the peer's own address unless the peer is a trusted proxy
// (SEC-075), so it may be used for limits and for the audit log.
func Address(ctx context.Context) string { return requestOf(ctx).address }

// Log returns the engine's logger with the request's id. Outside of a request it
// is slog's default.
func Log(ctx context.Context) *slog.Logger {
	r := requestOf(ctx)
	if r.id == "" {
		return r.log
	}
	return r.log.With("request", r.id)
}
