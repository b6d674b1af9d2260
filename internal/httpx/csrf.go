package httpx

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// crossOrigin refuses changes that a browser asks for on behalf of a foreign
// page (SEC-057, SEC-058, SEC-059). Two doors are exempt, because nothing that a
// browser adds by itself opens them: routes below exempt prefixes, which verify
// a signature or a token, and requests with a bearer token, for which package
// auth ignores cookies.
func crossOrigin(exempt []string) gin.HandlerFunc {
	check := http.NewCrossOriginProtection()
	return func(c *gin.Context) {
		if Bearer(c.Request) != "" || slices.ContainsFunc(exempt, func(p string) bool { return strings.HasPrefix(c.FullPath(), p) }) {
			return
		}
		if check.Check(c.Request) != nil {
			Problem(c, errs.E(errs.Forbidden, "This request comes from another site."))
		}
	}
}

// Bearer returns the token of an Authorization header with scheme Bearer, or "".
func Bearer(r *http.Request) string {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// knownMethods refuses TRACE, CONNECT, PROPFIND and what else no route here
// speaks (SEC-078). Headers that override the method are not read anywhere.
func knownMethods(c *gin.Context) {
	switch c.Request.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
	default:
		notAllowed(c)
	}
}
