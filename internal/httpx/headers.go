package httpx

import (
	"maps"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// Sources names what a group of pages may load besides this server: hosts or
// schemes as a Content-Security-Policy writes them. Script never gets
// 'unsafe-inline' or 'unsafe-eval' here: such values are dropped.
type Sources struct {
	Script, Style, Image, Font, Connect, Media, Frame, Child, Worker, FormAction []string
	FrameAncestors                                                               []string // who may frame the page, instead of nobody
}

const policyKey = "httpx.policy"

// policy maps a directive to its sources.
type policy map[string][]string

// basePolicy lets a page load from this server alone, and nobody frame it
// (SEC-071).
func basePolicy() policy {
	return policy{
		"default-src":     {"'self'"},
		"object-src":      {"'none'"},
		"base-uri":        {"'none'"},
		"form-action":     {"'self'"},
		"frame-ancestors": {"'none'"},
	}
}

// String writes the directives in a fixed order.
func (p policy) String() string {
	parts := make([]string, 0, len(p))
	for _, name := range slices.Sorted(maps.Keys(p)) {
		parts = append(parts, name+" "+strings.Join(p[name], " "))
	}
	return strings.Join(parts, "; ")
}

// extend returns a copy of p that allows s too.
func (p policy) extend(s Sources) policy {
	next := make(policy, len(p)+4)
	for name, list := range p {
		next[name] = slices.Clone(list)
	}
	for name, list := range map[string][]string{
		"script-src": s.Script, "style-src": s.Style, "img-src": s.Image, "font-src": s.Font, "connect-src": s.Connect,
		"media-src": s.Media, "frame-src": s.Frame, "child-src": s.Child, "worker-src": s.Worker, "form-action": s.FormAction,
	} {
		for _, source := range list {
			if !safeSource(name, source) {
				continue
			}
			if next[name] == nil {
				next[name] = []string{"'self'"}
			}
			next[name] = append(next[name], source)
		}
	}
	ancestors := slices.DeleteFunc(slices.Clone(s.FrameAncestors), func(source string) bool { return !safeSource("frame-ancestors", source) })
	if len(ancestors) > 0 {
		next["frame-ancestors"] = ancestors
	}
	return next
}

// safeSource refuses what would end the directive, open the header, or undo the
// policy for scripts.
func safeSource(directive, source string) bool {
	if source == "" || strings.ContainsAny(source, ";, \t\r\n") {
		return false
	}
	return directive != "script-src" || source != "'unsafe-inline'" && source != "'unsafe-eval'" && source != "*"
}

// AllowSources extends the Content-Security-Policy of a route or group; nested
// groups add up. The engine's policy allows this server alone.
func AllowSources(s Sources) gin.HandlerFunc {
	return func(c *gin.Context) {
		p, ok := c.Value(policyKey).(policy)
		if !ok {
			p = basePolicy()
		}
		p = p.extend(s)
		c.Set(policyKey, p)
		c.Header("Content-Security-Policy", p.String())
	}
}

// secureHeaders sets what every answer carries. Answers are not stored unless a
// handler says otherwise (SEC-081).
func secureHeaders(https bool) gin.HandlerFunc {
	csp := basePolicy().String()
	return func(c *gin.Context) {
		h := c.Writer.Header()
		h.Set("Content-Security-Policy", csp)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if https {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
	}
}
