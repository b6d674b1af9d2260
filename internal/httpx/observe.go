package httpx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// maxLoggedPath is how much of a path the access line shows.
const maxLoggedPath = 512

// observe gives the request its id, writes its access line, and turns a panic
// into one log entry with the stack and a 500.
//
// The line has the path without its query; queries, cookies and headers may hold
// secrets and are never logged (SEC-014, SEC-246).
func observe(c Config) gin.HandlerFunc {
	return func(g *gin.Context) {
		start := c.Now()
		r := request{id: c.NewID(), address: g.ClientIP(), log: c.Log}
		g.Request = g.Request.WithContext(context.WithValue(g.Request.Context(), requestKey{}, r))
		g.Header("X-Request-Id", r.id)
		cut := false
		func() {
			defer func() { cut = recovered(g, recover()) }()
			g.Next()
		}()
		path := g.Request.URL.Path
		if len(path) > maxLoggedPath {
			path = path[:maxLoggedPath] + "…"
		}
		c.Log.Info("request",
			"method", g.Request.Method, "path", path, "status", g.Writer.Status(),
			"ms", float64(c.Now().Sub(start)/(10*time.Microsecond))/100, "bytes", max(0, g.Writer.Size()),
			"remote", r.address, "request", r.id)
		if cut {
			panic(http.ErrAbortHandler)
		}
	}
}

// recovered answers after a panic. It reports whether the connection must be
// cut, because the answer had begun.
func recovered(g *gin.Context, fault any) (cut bool) {
	if fault == nil {
		return false
	}
	if err, ok := fault.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		return true
	}
	ctx := g.Request.Context()
	Log(ctx).Error("panic", "error", fmt.Sprint(fault), "stack", string(debug.Stack()))
	g.Abort()
	if g.Writer.Written() {
		return true
	}
	p := statusProblem(http.StatusInternalServerError, errs.Text(nil))
	p.Instance = instance(ctx)
	writeProblem(g, p)
	return false
}
