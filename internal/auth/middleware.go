package auth

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/internal/httpx"
)

// Middleware finds out who is calling, by "Authorization: Bearer dbk_..." or by
// the session's cookie, and puts the principal into the request's context. A
// request with a bearer token is never given the cookie's rights: package httpx
// lets such requests come from other sites.
//
// It does not ask anybody to sign in, that is Require's part. It refuses two
// things: a change asked for with a read key (SEC-038), and every request whose
// caller cannot be found out because the store is down. Keys are read from the
// header alone, never from the address (SEC-198).
func (s *Service) Middleware() gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx := c.Request.Context()
		var p Principal
		var ok bool
		var err error
		if c.GetHeader("Authorization") != "" {
			p, ok, err = s.resolveKey(ctx, httpx.Bearer(c.Request))
		} else if cookie, none := c.Request.Cookie(s.CookieName()); none == nil && cookie.Value != "" && len(cookie.Value) < 200 {
			ctx = context.WithValue(ctx, visitKey{}, visit{token: cookie.Value})
			p, ok, err = s.resolve(ctx, cookie.Value)
		}
		if err != nil {
			httpx.Problem(c, err)
			return
		}
		if ok {
			if p.Scope == ScopeRead && !safe(c.Request.Method) {
				httpx.Problem(c, errs.E(errs.Forbidden, "This API key may only read."))
				return
			}
			ctx = WithPrincipal(ctx, p)
		}
		c.Request = c.Request.WithContext(ctx)
	}
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}
