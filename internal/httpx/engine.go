package httpx

import (
	"crypto/rand"
	"log/slog"
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"
)

// Config holds what the engine and the server need to know. The zero Config is
// a safe one.
type Config struct {
	Log            *slog.Logger   // slog.Default when nil
	MaxBody        int64          // default limit of request bodies in bytes; 1 MiB when 0
	TrustedProxies []netip.Prefix // peers whose X-Forwarded-For is believed; none when empty
	HTTPS          bool           // the public address is https: answers ask browsers to stay with it
	CSRFExempt     []string       // path prefixes whose routes verify a signature or a header token, never a cookie
	NewID          func() string
	Now            func() time.Time
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.MaxBody == 0 {
		c.MaxBody = 1 << 20
	}
	if c.NewID == nil {
		c.NewID = rand.Text
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// New returns an engine without routes: every answer it gives carries the
// security headers, every request a limit, an id and a log line.
func New(c Config) *gin.Engine {
	c = c.withDefaults()
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false
	e.RedirectFixedPath = false
	e.UseRawPath = false
	e.ForwardedByClientIP = len(c.TrustedProxies) > 0
	proxies := make([]string, 0, len(c.TrustedProxies))
	for _, p := range c.TrustedProxies {
		proxies = append(proxies, p.String())
	}
	_ = e.SetTrustedProxies(proxies) // fails on malformed text alone, which a Prefix never gives
	e.Use(observe(c), secureHeaders(c.HTTPS), knownMethods, crossOrigin(c.CSRFExempt), limitBody(c.MaxBody), refuseEncodings)
	e.NoRoute(notFound)
	e.NoMethod(notAllowed)
	return e
}
