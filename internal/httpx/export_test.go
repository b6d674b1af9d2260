package httpx

import (
	"context"
	"net"
	"net/http"
	"net/netip"

	"github.com/gin-gonic/gin"
)

// RequestIDForTest answers err under a chosen request id.
func RequestIDForTest(id string, err error) gin.HandlerFunc {
	return func(c *gin.Context) {
		r := requestOf(c.Request.Context())
		r.id = id
		c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), requestKey{}, r))
		Problem(c, err)
	}
}

// CheckTarget is the guard's decision about one address.
func CheckTarget(c OutgoingConfig, t netip.AddrPort) error { return newGuard(c).check(t) }

// ConnLimit is the server's limit of connections.
type ConnLimit struct{ connLimit }

// NewConnLimit returns a limit for n connections.
func NewConnLimit(n int) *ConnLimit {
	return &ConnLimit{connLimit{max: n, conns: make(map[net.Conn]connSeen)}}
}

// State notes a change of a connection.
func (l *ConnLimit) State(c net.Conn, s http.ConnState) { l.state(c, s) }
