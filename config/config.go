package config

import (
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"time"
)

// Config is every setting of the process. The zero value is not useful: start
// from Default or Load.
type Config struct {
	Listen         string        `yaml:"listen" env:"LISTEN" about:"address to listen on: host:port"`
	PublicURL      string        `yaml:"public_url" env:"PUBLIC_URL" about:"address under which people and Intercom reach the server; empty: http://<listen>"`
	Data           string        `yaml:"data" env:"DATA" about:"directory for the database, keys and files"`
	Database       string        `yaml:"database" env:"DATABASE" about:"sqlite:PATH or postgres://…; empty: sqlite:<data>/deskbridge.db"`
	Log            Log           `yaml:"log"`
	LogLevelMin    Levels        `yaml:"log_level_min" env:"LOG_LEVEL_MIN" about:"iTop's spelling of log.levels; the empty channel is the default level"`
	TrustedProxies Prefixes      `yaml:"trusted_proxies" env:"TRUSTED_PROXIES" about:"addresses of reverse proxies whose X-Forwarded-For is believed"`
	Limits         Limits        `yaml:"limits"`
	Session        Session       `yaml:"session"`
	TLS            TLS           `yaml:"tls"`
	Outgoing       Outgoing      `yaml:"outgoing"`
	Retention      Retention     `yaml:"retention"`
	Intervals      Intervals     `yaml:"intervals"`
	ShutdownGrace  time.Duration `yaml:"shutdown_grace" env:"SHUTDOWN_GRACE" about:"how long requests and jobs may take to finish after SIGTERM"`

	sources map[string]string // where a key's value came from: "file:3", "environment", "flag"
}

// Log says what is logged and how.
type Log struct {
	Level  Level  `yaml:"level" env:"LOG_LEVEL" about:"least level: trace, debug, info, warn, error"`
	Format string `yaml:"format" env:"LOG_FORMAT" about:"text or json"`
	Levels Levels `yaml:"levels" env:"LOG_LEVELS" about:"least level by channel: combodo-intercom-integration: debug"`
}

// Limits bounds what strangers may send.
type Limits struct {
	Body        Size `yaml:"body" env:"LIMITS_BODY" about:"longest request body"`
	Upload      Size `yaml:"upload" env:"LIMITS_UPLOAD" about:"longest uploaded file"`
	Connections int  `yaml:"connections" env:"LIMITS_CONNECTIONS" about:"most connections at one time"`
}

// Session says how long people stay signed in.
type Session struct {
	Idle     time.Duration `yaml:"idle" env:"SESSION_IDLE" about:"sign out after this long without a request"`
	Absolute time.Duration `yaml:"absolute" env:"SESSION_ABSOLUTE" about:"sign out after this long in any case"`
}

// TLS names the certificate, when the process itself speaks HTTPS.
type TLS struct {
	Cert string `yaml:"cert" env:"TLS_CERT" about:"certificate file (PEM); empty: plain HTTP, for a reverse proxy in front"`
	Key  string `yaml:"key" env:"TLS_KEY" about:"key file (PEM) of the certificate"`
}

// On reports whether the process speaks HTTPS.
func (t TLS) On() bool { return t.Cert != "" }

// Outgoing bounds where the process may connect to.
type Outgoing struct {
	AllowPrivate Prefixes `yaml:"allow_private" env:"OUTGOING_ALLOW_PRIVATE" about:"private networks that outgoing calls may reach"`
}

// Retention says how long records are kept.
type Retention struct {
	Receipts time.Duration `yaml:"receipts" env:"RETENTION_RECEIPTS" about:"receipts of notifications, which tell a second delivery from a first"`
	Audit    time.Duration `yaml:"audit" env:"RETENTION_AUDIT" about:"who changed what; 0: for ever"`
}

// Intervals says how often something is looked for without being told. Cron
// specifications of five fields, or "@every 30s".
type Intervals struct {
	Reconcile string `yaml:"reconcile" env:"INTERVALS_RECONCILE" about:"look in Intercom for messages that no webhook brought"`
	DeskPoll  string `yaml:"desk_poll" env:"INTERVALS_DESK_POLL" about:"look in desks for changed tickets"`
}

// Default returns the settings that hold when nothing else is said.
func Default() Config {
	return Config{
		Listen:        "127.0.0.1:8080",
		Data:          "./data",
		Log:           Log{Level: Level(slog.LevelInfo), Format: "text"},
		Limits:        Limits{Body: 1 << 20, Upload: 25 << 20, Connections: 4096},
		Session:       Session{Idle: 12 * time.Hour, Absolute: 7 * 24 * time.Hour},
		Retention:     Retention{Receipts: 30 * 24 * time.Hour, Audit: 400 * 24 * time.Hour},
		Intervals:     Intervals{Reconcile: "*/5 * * * *", DeskPoll: "@every 30s"},
		ShutdownGrace: 20 * time.Second,
	}
}

// DatabaseURL returns the database to open: Database, or the SQLite file in
// the data directory. It may hold a password.
func (c Config) DatabaseURL() string {
	if c.Database != "" {
		return c.Database
	}
	return "sqlite:" + filepath.Join(c.Data, "deskbridge.db")
}

// BaseURL returns the address under which the server is reached, without a
// slash at the end: PublicURL, or one made of Listen.
func (c Config) BaseURL() string {
	if c.PublicURL != "" {
		return trimSlash(c.PublicURL)
	}
	scheme := "http"
	if c.TLS.On() {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return scheme + "://" + c.Listen
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// trimSlash removes slashes at the end.
func trimSlash(s string) string {
	for len(s) > 0 && s[len(s)-1] == '/' {
		s = s[:len(s)-1]
	}
	return s
}
