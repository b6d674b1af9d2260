package main

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// With no file and no flag the server makes its own keys and database, readable
// by nobody else, prints its address and a one-time set-up link, answers, and
// ends with 0 on SIGTERM. (REL-13, SEC-199)
func TestFirstStart(t *testing.T) {
	p := newProcess(t)
	p.start()
	said := p.log.String()
	link := regexp.MustCompile(`/app/setup#token=(\S+)`).FindStringSubmatch(said)
	if !strings.Contains(said, "listens on http://"+p.addr) || link == nil {
		t.Fatalf("it says:\n%s", said)
	}
	err := filepath.WalkDir(p.data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o, want 600", path, info.Mode().Perm())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/livez": 200, "/readyz": 200, "/api/v1/workspaces": 401, "/no/such/page": 404, "/app": 200, "/portal/sign-in": 200} {
		if got := p.get(path); got != want {
			t.Errorf("GET %s: %d, want %d", path, got, want)
		}
	}
	first := map[string]string{"token": link[1], "email": "ada@first.test", "name": "Ada First", "password": "correct horse battery staple"}
	if got := p.post("/api/v1/setup", first); got/100 != 2 {
		t.Errorf("set-up: %d", got)
	}
	if got := p.post("/api/v1/setup", first); got/100 == 2 {
		t.Error("the set-up link worked twice")
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
	p.log = &syncBuffer{}
	p.start()
	if strings.Contains(p.log.String(), "/app/setup") {
		t.Error("a set-up link is printed although there is an administrator")
	}
}

func (p *process) get(path string) int {
	p.t.Helper()
	c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := c.Get(p.url(path))
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

func (p *process) post(path string, body any) int {
	p.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := http.Post(p.url(path), "application/json", bytes.NewReader(b))
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// serve --check reports every mistake at once, by key, with what is allowed.
func TestServeCheck(t *testing.T) {
	p := newProcess(t)
	file := filepath.Join(t.TempDir(), "deskbridge.yaml")
	bad := "listen: nowhere\nlog:\n  level: loud\n  format: xml\nsesion:\n  idle: 1h\n"
	if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
		t.Fatal(err)
	}
	// The environment would win over the file's address.
	for i, e := range p.env {
		if strings.HasPrefix(e, "DESKBRIDGE_LISTEN=") {
			p.env[i] = "DESKBRIDGE_LISTEN=" // as if it were not set
		}
	}
	out, err := p.run("", "serve", "--check", "--config", file)
	if err == nil {
		t.Error("the check passes")
	}
	for _, want := range []string{"log.level", "log.format", "sesion", "session"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not named in:\n%s", want, out)
		}
	}
	if out, err := newProcess(t).run("", "serve", "--check"); err != nil {
		t.Errorf("the defaults do not pass: %v\n%s", err, out)
	}
}

// REL-15: a second server on the same file is refused; commands beside a
// running one work.
func TestREL15_SecondServer(t *testing.T) {
	p := newProcess(t)
	p.start()
	second := *p
	second.env = append([]string{}, p.env...)
	for i, e := range second.env {
		if strings.HasPrefix(e, "DESKBRIDGE_LISTEN=") {
			second.env[i] = "DESKBRIDGE_LISTEN=127.0.0.1:0"
		}
	}
	if out, err := second.run("", "serve"); err == nil || !strings.Contains(out, "Another Deskbridge process") {
		t.Errorf("a second server: %v\n%s", err, out)
	}
	p.must("correct horse battery staple\n", "user", "add", "otto@beside.test", "--name", "Otto", "--role", "dispatcher")
	if out := p.must("", "user", "list"); !strings.Contains(out, "otto@beside.test") {
		t.Errorf("the list: %s", out)
	}
	key := strings.TrimSpace(p.must("", "apikey", "add", "robot", "--role", "administrator", "--scope", "read"))
	r, err := http.NewRequest(http.MethodGet, p.url("/api/v1/users"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusOK || !bytes.Contains(body, []byte("otto@beside.test")) {
		t.Errorf("the key made beside the server: %d %s", res.StatusCode, body)
	}
	p.must("another good passphrase\n", "user", "passwd", "otto@beside.test")
}

// REL-40, REL-41: a copy made while the server runs, put into an empty data
// directory with the keys, starts and has everything.
func TestREL40_BackupAndRestore(t *testing.T) {
	p := newProcess(t)
	p.start()
	p.must("correct horse battery staple\n", "user", "add", "otto@backup.test", "--role", "dispatcher")
	p.must(sampleWorkspace, "workspace", "apply", "-")
	file := filepath.Join(t.TempDir(), "copy.db")
	p.must("", "backup", file)
	if out, err := p.run("", "backup", file); err == nil || !strings.Contains(out, "not overwritten") {
		t.Errorf("a second copy over the first: %v %s", err, out)
	}
	fresh := newProcess(t)
	for from, to := range map[string]string{file: "deskbridge.db", filepath.Join(p.data, "keys"): "keys"} {
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(fresh.data, to), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fresh.start()
	if out := fresh.must("", "user", "list"); !strings.Contains(out, "otto@backup.test") {
		t.Errorf("after restoring: %s", out)
	}
	if out := fresh.must("", "workspace", "export", "sample", "--reveal-secrets"); !strings.Contains(out, "a-client-secret") {
		t.Errorf("the workspace after restoring:\n%s", out)
	}
	if out := fresh.must("", "workspace", "export", "sample"); strings.Contains(out, "a-client-secret") {
		t.Errorf("a secret is shown without being asked for:\n%s", out)
	}
	if code := fresh.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

const sampleWorkspace = `workspace: sample
name: Sample
channel: {kind: intercom, region: eu}
desk: {kind: builtin}
combodo-intercom-integration:
  workspaces:
    abc123: {scope: "SELECT Organization"}
  sync_app.client_secret: a-client-secret
  sync_app.access_token: an-access-token
`

// SEC-161: secrets are sealed in the database and in no log.
func TestSEC161_SecretsAtRest(t *testing.T) {
	p := newProcess(t, "DESKBRIDGE_LOG_LEVEL=debug")
	p.start()
	p.must(sampleWorkspace, "workspace", "apply", "-")
	<-time.After(50 * time.Millisecond)
	_ = p.stop()
	err := filepath.WalkDir(p.data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte("a-client-secret")) || bytes.Contains(b, []byte("an-access-token")) {
			t.Errorf("%s holds a secret in clear", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(p.log.String(), "a-client-secret") {
		t.Error("the log holds a secret")
	}
}

// IC-44: the extension's own configuration becomes a workspace that can be
// applied.
func TestIC44_ImportAndApply(t *testing.T) {
	p := newProcess(t)
	file := filepath.Join(t.TempDir(), "config-itop.php")
	php := `<?php
$MySettings = array('app_root_url' => 'https://itop.example.com/', 'timezone' => 'Europe/Berlin');
$MyModuleSettings = array(
	'combodo-intercom-integration' => array(
		'workspaces' => array('abc123' => array('scope' => 'SELECT Organization')),
		'sync_app.client_secret' => 'a-client-secret',
		'sync_app.access_token' => 'an-access-token',
		'sync_app.search_ticket.done_states' => array('rejected', 'closed', 'resolved'),
	),
);`
	if err := os.WriteFile(file, []byte(php), 0o600); err != nil {
		t.Fatal(err)
	}
	out := p.must("", "workspace", "import-itop", file)
	for _, want := range []string{"abc123", "https://itop.example.com/", "Europe/Berlin", "resolved"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
}

// The demo refuses to be seen by others: its passwords are printed.
func TestDemoListensHereOnly(t *testing.T) {
	for addr, ok := range map[string]bool{"127.0.0.1:8080": true, "localhost:8080": true, "[::1]:8080": true, "0.0.0.0:8080": false, ":8080": false, "192.168.1.7:80": false} {
		if err := onlyHere(addr); (err == nil) != ok {
			t.Errorf("%s: %v", addr, err)
		}
	}
}
