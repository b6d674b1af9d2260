package config

import (
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// Validate checks the settings against each other and against the machine. It
// reports every mistake at once, by key, with what is allowed.
func (c Config) Validate() error {
	var wrong errs.Fields
	c.validate(&wrong)
	return wrong.Err()
}

func (c Config) validate(wrong *errs.Fields) {
	c.validateAddresses(wrong)
	c.validateDatabase(wrong)
	c.validateTLS(wrong)
	if c.Log.Format != "text" && c.Log.Format != "json" {
		wrong.Add("log.format", "Must be text or json, not %q.", c.Log.Format)
	}
	between(wrong, "limits.body", c.Limits.Body, 64<<10, 64<<20)
	between(wrong, "limits.upload", c.Limits.Upload, c.Limits.Body, 1<<30)
	if n := c.Limits.Connections; n < 16 || n > 1<<20 {
		wrong.Add("limits.connections", "Must be between 16 and %d, not %d.", 1<<20, n)
	}
	lasts(wrong, "session.idle", c.Session.Idle, time.Minute, 90*24*time.Hour)
	lasts(wrong, "session.absolute", c.Session.Absolute, time.Minute, 365*24*time.Hour)
	if c.Session.Absolute < c.Session.Idle {
		wrong.Add("session.absolute", "Must not be shorter than session.idle (%s).", showDuration(c.Session.Idle))
	}
	lasts(wrong, "retention.receipts", c.Retention.Receipts, 24*time.Hour, 10*365*24*time.Hour)
	if c.Retention.Audit != 0 {
		lasts(wrong, "retention.audit", c.Retention.Audit, 24*time.Hour, 100*365*24*time.Hour)
	}
	schedule(wrong, "intervals.reconcile", c.Intervals.Reconcile)
	schedule(wrong, "intervals.desk_poll", c.Intervals.DeskPoll)
	lasts(wrong, "shutdown_grace", c.ShutdownGrace, time.Second, 10*time.Minute)
}

// validateAddresses checks where the process listens and how it is called.
func (c Config) validateAddresses(wrong *errs.Fields) {
	_, port, err := net.SplitHostPort(c.Listen)
	n, perr := strconv.Atoi(port)
	if err != nil || perr != nil || n < 0 || n > 65535 {
		wrong.Add("listen", "Must be host:port such as 127.0.0.1:8080, [::1]:8080 or :8080, not %q.", c.Listen)
	}
	if c.PublicURL == "" {
		return
	}
	u, err := url.Parse(c.PublicURL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		wrong.Add("public_url", "Must be an address such as https://desk.example.com.")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		wrong.Add("public_url", "Must have no user, no ? and no #.")
	case strings.Trim(u.Path, "/") != "":
		wrong.Add("public_url", "Must have no path: give the server a host name of its own.")
	}
}

// validateDatabase checks the database's address and never repeats it, because
// it may hold a password.
func (c Config) validateDatabase(wrong *errs.Fields) {
	if strings.TrimSpace(c.Data) == "" {
		wrong.Add("data", "Must name a directory.")
	} else if info, err := os.Stat(c.Data); err == nil && !info.IsDir() {
		wrong.Add("data", "%s is a file; it must be a directory.", c.Data)
	}
	path, sqlite := strings.CutPrefix(c.Database, "sqlite:")
	switch {
	case c.Database == "":
	case sqlite && path != "":
	case strings.HasPrefix(c.Database, "postgres://"), strings.HasPrefix(c.Database, "postgresql://"):
		if u, err := url.Parse(c.Database); err != nil || u.Host == "" && u.Query().Get("host") == "" || strings.Trim(u.Path, "/") == "" {
			wrong.Add("database", "Must be postgres://user:password@host:5432/name; special characters in the password are written as %%XX.")
		}
	default:
		wrong.Add("database", "Must begin with sqlite: (then a path) or postgres:// (then user:password@host/name).")
	}
}

// validateTLS checks that certificate and key come together and are there.
func (c Config) validateTLS(wrong *errs.Fields) {
	if (c.TLS.Cert == "") != (c.TLS.Key == "") {
		wrong.Add("tls", "Needs both cert and key, or neither.")
	}
	for name, path := range map[string]string{"tls.cert": c.TLS.Cert, "tls.key": c.TLS.Key} {
		if path == "" {
			continue
		}
		if info, err := os.Stat(path); err != nil {
			wrong.Add(name, "%s cannot be read: %s.", path, reason(err))
		} else if info.IsDir() {
			wrong.Add(name, "%s is a directory; it must be a file.", path)
		}
	}
}

// between checks a size.
func between(wrong *errs.Fields, name string, s, least, most Size) {
	if s < least || s > most {
		wrong.Add(name, "Must be between %s and %s, not %s.", least, most, s)
	}
}

// lasts checks a duration.
func lasts(wrong *errs.Fields, name string, d, least, most time.Duration) {
	if d < least || d > most {
		wrong.Add(name, "Must be between %s and %s, not %s.", showDuration(least), showDuration(most), showDuration(d))
	}
}

// schedule checks a cron specification.
func schedule(wrong *errs.Fields, name, spec string) {
	if _, err := cron.ParseStandard(spec); err != nil {
		wrong.Add(name, "Must be a cron specification such as \"*/5 * * * *\" or \"@every 30s\", not %q.", spec)
	}
}
