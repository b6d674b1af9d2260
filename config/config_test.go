package config

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// update rewrites the golden files: go test ./config -update.
var update = flag.Bool("update", false, "rewrite golden files")

// golden compares got with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs\n--- got\n%s\n--- want\n%s", name, got, want)
	}
}

// file writes a settings file and returns its path.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "deskbridge.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaultIsValid(t *testing.T) {
	c, err := Load("", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:8080" || c.DatabaseURL() != "sqlite:data/deskbridge.db" || c.BaseURL() != "http://127.0.0.1:8080" {
		t.Errorf("got %s, %s, %s", c.Listen, c.DatabaseURL(), c.BaseURL())
	}
}

func TestPrecedence(t *testing.T) {
	path := file(t, "listen: 127.0.0.1:1\ndata: from-file\nlog: {level: warn}\nlimits: {body: 2MiB}\n")
	environ := []string{"DESKBRIDGE_LISTEN=127.0.0.1:2", "DESKBRIDGE_LOG_LEVEL=error", "DESKBRIDGE_SESSION_IDLE=", "OTHER=x"}
	c, err := Load(path, environ, func(set func(name, value string)) { set("listen", "127.0.0.1:3") })
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:3" || c.Log.Level.String() != "error" || c.Data != "from-file" || c.Limits.Body != 2<<20 || c.Session.Idle != 12*time.Hour {
		t.Errorf("got %s, %s, %s, %s, %s", c.Listen, c.Log.Level, c.Data, c.Limits.Body, c.Session.Idle)
	}
	for name, want := range map[string]string{"listen": "flag", "log.level": "environment", "data": path + ":2", "session.idle": ""} {
		if got := c.sources[name]; got != want {
			t.Errorf("%s comes from %q, want %q", name, got, want)
		}
	}
}

// Each setting can be given in each way, and reads the same.
func TestEverySettingEveryWay(t *testing.T) {
	values := map[string]string{
		"listen": ":9000", "public_url": "https://desk.example.com", "data": "elsewhere", "database": "sqlite:x.db",
		"log.level": "debug", "log.format": "json", "log.levels": "jobs:warn", "log_level_min": "jobs:warn",
		"trusted_proxies": "10.0.0.0/8,192.0.2.1", "limits.body": "512KiB", "limits.upload": "10MB", "limits.connections": "100",
		"session.idle": "30m", "session.absolute": "2d12h", "tls.cert": os.Args[0], "tls.key": os.Args[0],
		"outgoing.allow_private": "fd00::/8", "retention.receipts": "60d", "retention.audit": "0s",
		"intervals.reconcile": "@every 1m", "intervals.desk_poll": "* * * * *", "shutdown_grace": "5s",
	}
	var environ []string
	var flags [][2]string
	for _, k := range Keys() {
		value, ok := values[k.Name]
		if !ok {
			t.Fatalf("the test does not know %s", k.Name)
		}
		if k.About == "" {
			t.Errorf("%s says nothing about itself", k.Name)
		}
		environ = append(environ, k.Env+"="+value)
		flags = append(flags, [2]string{k.Flag, value})
	}
	fromEnvironment, err := Load("", environ, nil)
	if err != nil {
		t.Fatal(err)
	}
	fromFlags, err := Load("", nil, func(set func(name, value string)) {
		for _, f := range flags {
			set(f[0], f[1])
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	fromEnvironment.sources, fromFlags.sources = nil, nil
	if !reflect.DeepEqual(fromEnvironment, fromFlags) {
		t.Errorf("environment and flags differ:\n%+v\n%+v", fromEnvironment, fromFlags)
	}
	c := fromFlags
	want := Prefixes{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32")}
	if !reflect.DeepEqual(c.TrustedProxies, want) || c.Session.Absolute != 60*time.Hour || c.Limits.Upload != 10_000_000 || c.Retention.Audit != 0 {
		t.Errorf("got %+v", c)
	}
	if c.Log.Levels["jobs"].String() != "warn" || c.BaseURL() != "https://desk.example.com" {
		t.Errorf("got %v, %s", c.Log.Levels, c.BaseURL())
	}
}

func TestReportGolden(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	text := `listen: nowhere
public_ur: https://x.example.com
public_url: https://user:pw@x.example.com/desk
data: ./data
database: mysql://root:s3cret@db/x
log:
  level: loud
  format: xml
  levels: {jobs: warn, combodo-intercom-integration: 7}
log_level_min: {jobs: error}
trusted_proxies: [10.0.0.0/8, proxy.example.com]
limits: {body: 5, upload: many, connections: 2}
limits: {body: 1MiB}
session: {idle: 12, absolute: 1h}
tls: {cert: missing.pem}
outgoing: [10.0.0.0/8]
retention: {receipts: 1h}
intervals: {reconcile: sometimes, desk_pol: x}
shutdown_grace: 1h
`
	if err := os.WriteFile("deskbridge.yaml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := []string{"DESKBRIDGE_LIMITS_CONNECTIONS=few", "DESKBRIDGE_LISTEM=x", "DESKBRIDGE_ACME_CLIENT_SECRET=not-a-setting"}
	c, err := Load("deskbridge.yaml", environ, func(set func(name, value string)) {
		set("log-fromat", "json")
		set("trusted-proxies", "x")
	})
	if !errs.Is(err, errs.Invalid) {
		t.Fatalf("got %v", err)
	}
	report := Report(c, err)
	if strings.Contains(report, "s3cret") || strings.Contains(report, "pw@") {
		t.Errorf("the report shows a password:\n%s", report)
	}
	t.Chdir(here)
	golden(t, "report.golden", report)
}

// Names that begin like ours and are nobody's slip are left alone.
func TestForeignVariables(t *testing.T) {
	for _, pair := range []string{"DESKBRIDGE_CONFIG=x.yaml", "DESKBRIDGE_TEST_POSTGRES=x", "DESKBRIDGE_ACME_TOKEN=x", "DESKBRIDGE_TEST_ITOP_URL=x"} {
		if _, err := Load("", []string{pair}, nil); err != nil {
			t.Errorf("%s: %v", pair, err)
		}
	}
}

func TestLevelsSaidTwice(t *testing.T) {
	_, err := Load(file(t, "log: {level: info, levels: {jobs: warn}}\nlog_level_min: {'': error, jobs: error}\n"), nil, nil)
	if got := errs.FieldsOf(err); len(got) != 2 || got[0].Path != "log_level_min" {
		t.Errorf("got %v, want two mistakes about log_level_min", got)
	}
}

func TestReportMasksDatabase(t *testing.T) {
	for given, want := range map[string]string{
		"postgres://u:s3cret@db:5432/x?sslmode=disable&password=s3cret": "postgres://u:[redacted]@db:5432/x",
		"postgres://u@db/x": "postgres://u@db/x",
	} {
		c, err := Load("", []string{"DESKBRIDGE_DATABASE=" + given}, nil)
		if err != nil {
			t.Fatal(err)
		}
		report := Report(c, err)
		if strings.Contains(report, "s3cret") || !strings.Contains(report, want) || !strings.Contains(report, "(environment)") {
			t.Errorf("%s: got\n%s", given, report)
		}
	}
	bad := "postgres://u:s3c%ret@db/x"
	c, err := Load("", []string{"DESKBRIDGE_DATABASE=" + bad}, nil)
	if err == nil || strings.Contains(Report(c, err)+err.Error(), "s3c") {
		t.Errorf("a broken address: got %v\n%s", err, Report(c, err))
	}
}

func TestExampleLoads(t *testing.T) {
	c, err := Load("../docs/deskbridge.example.yaml", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Log.Levels["combodo-intercom-integration"].String() != "debug" {
		t.Errorf("got %v", c.Log.Levels)
	}
	// What the example calls a default is one.
	d := Default()
	d.PublicURL, d.Log.Levels, d.TrustedProxies, d.Outgoing = c.PublicURL, c.Log.Levels, c.TrustedProxies, c.Outgoing
	c.sources = nil
	if !reflect.DeepEqual(c, d) {
		t.Errorf("the example differs from the defaults:\n%+v\n%+v", c, d)
	}
}

func TestGuideNamesEverySetting(t *testing.T) {
	guide, err := os.ReadFile("../docs/guides/settings.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range Keys() {
		for _, word := range []string{"`" + k.Name + "`", "`" + k.Env + "`"} {
			if !strings.Contains(string(guide), word) {
				t.Errorf("docs/guides/settings.md does not name %s", word)
			}
		}
	}
}

func TestBaseURL(t *testing.T) {
	for _, c := range []struct{ listen, public, cert, want string }{
		{":8080", "", "", "http://localhost:8080"},
		{"0.0.0.0:80", "", "x", "https://localhost:80"},
		{"[::1]:8080", "", "", "http://[::1]:8080"},
		{":8080", "https://desk.example.com/", "", "https://desk.example.com"},
	} {
		got := Config{Listen: c.listen, PublicURL: c.public, TLS: TLS{Cert: c.cert}}.BaseURL()
		if got != c.want {
			t.Errorf("%+v: got %s", c, got)
		}
	}
}
