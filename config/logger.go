package config

import (
	"context"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"
)

// ChannelKey is the attribute that puts a logger into a channel:
// log.With("channel", "combodo-intercom-integration").
const ChannelKey = "channel"

// redacted stands for what a log or a report leaves out.
const redacted = "[redacted]"

// Logger returns the process's logger, which writes to w one line per event.
// Each channel has its own least level (IC-42). Values of attributes whose key
// sounds like a secret are left out, whatever they hold.
func Logger(c Config, w io.Writer) *slog.Logger {
	least := c.Log.Level
	for _, l := range c.Log.Levels {
		least = min(least, l)
	}
	options := &slog.HandlerOptions{Level: slog.Level(least), ReplaceAttr: redact}
	var inner slog.Handler = slog.NewTextHandler(w, options)
	if c.Log.Format == "json" {
		inner = slog.NewJSONHandler(w, options)
	}
	return slog.New(&channels{inner: inner, base: c.Log.Level, levels: c.Log.Levels, least: c.Log.Level})
}

// channels is a handler that knows the channel that its logger is in. It is
// never changed after it was made.
type channels struct {
	inner   slog.Handler
	base    Level  // for channels that levels does not name
	levels  Levels // read only
	least   Level  // of this handler's channel
	grouped bool   // below a group, "channel" is somebody else's word
}

// Enabled reports whether the handler's channel logs the level.
func (h *channels) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.Level(h.least) }

// Handle passes the record on.
func (h *channels) Handle(ctx context.Context, r slog.Record) error { return h.inner.Handle(ctx, r) }

// WithAttrs returns a handler with the attributes, in the channel that they
// name.
func (h *channels) WithAttrs(attrs []slog.Attr) slog.Handler {
	out := *h
	out.inner = h.inner.WithAttrs(attrs)
	for _, a := range attrs {
		if h.grouped || a.Key != ChannelKey {
			continue
		}
		out.least = h.base
		if l, ok := h.levels[a.Value.Resolve().String()]; ok {
			out.least = l
		}
	}
	return &out
}

// WithGroup returns a handler whose further attributes are in a group.
func (h *channels) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	out := *h
	out.inner, out.grouped = h.inner.WithGroup(name), true
	return &out
}

// secretWords are parts of keys whose values are never logged.
var secretWords = []string{"password", "passwd", "pwd", "passphrase", "secret", "token", "authorization", "cookie", "api_key", "apikey", "credential", "signature", "private_key", "jwt"}

// userinfo finds "user:password@" in an address, bearer a bearer token.
var (
	userinfo = regexp.MustCompile(`(://[^/\s:@]*):[^/\s@]+@`)
	bearer   = regexp.MustCompile(`(?i)\b(bearer)\s+[A-Za-z0-9._~+/=-]{12,}`)
)

// redact leaves out values by their key, and passwords within texts.
func redact(groups []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() != slog.KindBool && (soundsSecret(a.Key) || slices.ContainsFunc(groups, soundsSecret)) {
		return slog.String(a.Key, redacted)
	}
	switch a.Value.Kind() {
	case slog.KindString:
		return slog.String(a.Key, scrub(a.Value.String()))
	case slog.KindAny:
		if err, ok := a.Value.Any().(error); ok {
			return slog.String(a.Key, scrub(err.Error()))
		}
	}
	return a
}

// soundsSecret reports whether a key names a secret.
func soundsSecret(key string) bool {
	key = strings.ReplaceAll(strings.ToLower(key), "-", "_")
	return slices.ContainsFunc(secretWords, func(w string) bool { return strings.Contains(key, w) })
}

// scrub takes passwords out of addresses and tokens out of headers.
func scrub(s string) string {
	if strings.Contains(s, "@") {
		s = userinfo.ReplaceAllString(s, "$1:"+redacted+"@")
	}
	return bearer.ReplaceAllString(s, "$1 "+redacted)
}
