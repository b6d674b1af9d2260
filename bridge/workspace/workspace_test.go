package workspace

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// update rewrites the golden files: go test ./bridge/workspace -update.
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

// fixture reads a file of testdata.
func fixture(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// commandLine resolves the references of acme.yaml.
func commandLine() Options {
	return Options{
		Getenv: func(name string) (string, bool) {
			v, ok := map[string]string{"ACME_ITOP_TOKEN": "itop-token-1", "ACME_CLIENT_SECRET": "client-secret-1"}[name]
			return v, ok
		},
		ReadFile: func(path string) ([]byte, error) {
			if path != "/run/secrets/itop-webhook" {
				return nil, os.ErrNotExist
			}
			return []byte("itop-webhook-secret-1\n"), nil
		},
	}
}

// acme parses the fixture acme.yaml.
func acme(t *testing.T) Workspace {
	t.Helper()
	w, err := Parse(bytes.NewReader(fixture(t, "acme.yaml")), commandLine())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// small is a document with what must be said and nothing else.
const small = `
workspace: small
combodo-intercom-integration:
  workspaces: {abcd1234: {scope: SELECT Organization}}
  sync_app.client_secret: s3cret-client
  sync_app.access_token: s3cret-token
`

// parse reads a document that is right.
func parse(t *testing.T, doc string) Workspace {
	t.Helper()
	w, err := Parse(strings.NewReader(doc), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// mistakes returns the mistakes of a document by path.
func mistakes(t *testing.T, doc string, o Options) map[string]string {
	t.Helper()
	_, err := Parse(strings.NewReader(doc), o)
	out := map[string]string{}
	for _, f := range errs.FieldsOf(err) {
		out[f.Path] = f.Text
	}
	return out
}

func TestParseGolden(t *testing.T) {
	w := acme(t)
	masked, err := Marshal(w, false)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "acme.masked.golden", string(masked))
	for _, secret := range []string{"itop-token-1", "client-secret-1", "itop-webhook-secret-1", "messenger-secret-1", "old-client-secret", "dG9rOmFjbWU="} {
		if strings.Contains(string(masked), secret) {
			t.Errorf("the masked export holds the secret %s", secret)
		}
	}
}

func TestParseReportsEverythingAtOnce(t *testing.T) {
	_, err := Parse(bytes.NewReader(fixture(t, "wrong.yaml")), Options{})
	if !errs.Is(err, errs.Invalid) {
		t.Fatalf("got %v, want an Invalid error", err)
	}
	var b strings.Builder
	for _, f := range errs.FieldsOf(err) {
		fmt.Fprintf(&b, "%s: %s\n", f.Path, f.Text)
	}
	golden(t, "wrong.golden", b.String())
}

// The block keeps the extension's own name, and so does the log channel.
// IC-01
func TestIC01_BlockIsNamedAsTheExtension(t *testing.T) {
	if Module != "combodo-intercom-integration" {
		t.Errorf("the module is called %s", Module)
	}
	text, err := Marshal(parse(t, small), false)
	if err != nil || !strings.Contains(string(text), "\ncombodo-intercom-integration:\n") {
		t.Errorf("the export has no such block (%v):\n%s", err, text)
	}
	if m := mistakes(t, strings.Replace(small, "combodo-intercom-integration:", "combodo-intercom:", 1), Options{}); m["combodo-intercom"] == "" {
		t.Error("a block of another name was accepted")
	}
}

// IC-04
func TestIC04_EitherFeatureAlone(t *testing.T) {
	widgetOnly := parse(t, "workspace: w\nsync: {enabled: false}\ncombodo-intercom-integration:\n  workspaces: {abcd1234: {scope: SELECT Organization}}\n")
	if len(widgetOnly.ClientSecrets()) != 0 {
		t.Error("a workspace without sync has client secrets")
	}
	if _, ok, err := widgetOnly.WidgetFor("itop-portal", []string{"Portal user"}, everyone); !ok || err != nil {
		t.Errorf("the widget alone: got %v, %v", ok, err)
	}
	syncOnly := parse(t, small+"  enabled_portals: []\n")
	if _, ok, _ := syncOnly.WidgetFor("itop-portal", []string{"Portal user"}, everyone); ok || len(syncOnly.ClientSecrets()) != 1 {
		t.Error("sync alone shows a widget, or has no secret")
	}
}

// IC-05
func TestIC05_APIKeyIsAMigrationError(t *testing.T) {
	m := mistakes(t, small+"  api_key: abc\n", Options{})
	if got := m[Module+".api_key"]; !strings.Contains(got, "workspaces:") || !strings.Contains(got, "line 7") || len(m) != 1 {
		t.Errorf("got %v, want one mistake that names workspaces", m)
	}
}

// IC-15
func TestIC15_Workspaces(t *testing.T) {
	w := acme(t)
	if got := w.AppIDs(); !reflect.DeepEqual(got, []string{"zz99yy88", "abcd1234"}) {
		t.Errorf("got %v, want the order of the file", got)
	}
	if scope, ok := w.ScopeOf("zz99yy88"); !ok || scope != "SELECT Organization WHERE name = 'Demo'" {
		t.Errorf("got %q, %v", scope, ok)
	}
	if _, ok := w.ScopeOf("other"); ok {
		t.Error("a foreign workspace id has a scope")
	}
	at := Module + ".workspaces"
	for name, c := range map[string]struct{ line, path string }{
		"none":        {"workspaces: {}", at},
		"placeholder": {"workspaces: {PUT_YOUR_WORKSPACE_ID_HERE: {scope: SELECT Organization}}", at + ".PUT_YOUR_WORKSPACE_ID_HERE"},
		"no scope":    {"workspaces: {abcd1234: {}}", at + ".abcd1234.scope"},
		"no query":    {"workspaces: {abcd1234: {scope: SELECT Organization WHERE}}", at + ".abcd1234.scope"},
		"twice":       {"workspaces: {abcd1234: {scope: SELECT A}, abcd1234: {scope: SELECT B}}", at + ".abcd1234"},
	} {
		doc := strings.Replace(small, "workspaces: {abcd1234: {scope: SELECT Organization}}", c.line, 1)
		if m := mistakes(t, doc, Options{}); m[c.path] == "" {
			t.Errorf("%s: got %v, want a mistake at %s", name, m, c.path)
		}
	}
}

// SEC-087: an empty secret never means "accept all".
// IC-16, IC-17
func TestIC16_IC17_SecretsMustBeReal(t *testing.T) {
	for _, value := range []string{"", `""`, "PUT_YOUR_APP_CLIENT_SECRET_HERE", `" s"`, `"a\nb"`, "${NOPE}", "file:/nope", `"********"`} {
		doc := strings.Replace(small, "s3cret-client", value, 1)
		doc = strings.Replace(doc, "s3cret-token", strings.ReplaceAll(value, "CLIENT_SECRET", "ACCESS_TOKEN"), 1)
		m := mistakes(t, doc, commandLine())
		for _, key := range []string{".sync_app.client_secret", ".sync_app.access_token"} {
			if m[Module+key] == "" {
				t.Errorf("%s: %q was accepted", key, value)
			}
		}
	}
	w := acme(t)
	if got := w.ClientSecrets(); !reflect.DeepEqual(got, []string{"client-secret-1", "old-client-secret"}) {
		t.Errorf("got %d secrets, want the current and then the previous one", len(got))
	}
	if w.AccessToken() != "dG9rOmFjbWU=" {
		t.Error("the access token is not the one of the file")
	}
	var empty Workspace
	empty.Sync.Enabled = true
	if len(empty.ClientSecrets()) != 0 {
		t.Error("an empty secret counts as a secret")
	}
}

// IC-18, IC-19
func TestIC18_IC19_ClassAndMapping(t *testing.T) {
	w := acme(t)
	for key, want := range map[string]string{"public_log": "customer_log", "private_log": "private_log", "org_id": "org_id"} {
		if got := w.Attribute(key); got != want {
			t.Errorf("%s is mapped to %s, want %s", key, got, want)
		}
	}
	if parse(t, small).TicketClass() != "UserRequest" {
		t.Error("the class is not UserRequest by default")
	}
	itop := "desk: {kind: itop, url: https://x/, user: u, password: p}\n"
	m := mistakes(t, itop+small+"  sync_app.ticket.class: Incident\n", Options{})
	at := Module + ".sync_app.ticket.attributes_mapping."
	for _, key := range []string{"intercom_ref", "intercom_url", "intercom_sync_activated"} {
		if m[at+key] == "" {
			t.Errorf("another class needs no mapping of %s", key)
		}
	}
	mapped := "  sync_app.ticket.attributes_mapping: {intercom_ref: a, intercom_url: b, intercom_sync_activated: c}\n"
	if m := mistakes(t, itop+small+"  sync_app.ticket.class: Incident\n"+mapped, Options{}); len(m) != 0 {
		t.Errorf("a mapped class: got %v", m)
	}
	if m := mistakes(t, small+"  sync_app.ticket.attributes_mapping: {calle_id: x}\n", Options{}); !strings.Contains(m[at+"calle_id"], "caller_id") {
		t.Errorf("got %v, want a hint at caller_id", m)
	}
}

func TestIC22ToIC27_Defaults(t *testing.T) {
	w := parse(t, small)
	for name, c := range map[string]struct{ got, want any }{
		"IC-22": {w.FormAttributes(), []string{"title", "description", "urgency"}},
		"IC-23": {w.ExcludedStates(), []string{"rejected", "closed"}},
		"IC-24": {w.SubtitleAttribute(), "title"},
		"IC-25": {w.DetailsAttributes(), []string{"status", "title", "description", "start_date", "last_update"}},
		"IC-26": {w.ShowOpenInBackoffice(), true},
		"IC-27": {w.Integration.PortalURLMakerClass, "iTopPortalViewUrlMaker"},
		"IC-28": {w.Integration.EnabledPortals, []string{"itop-portal"}},
		"IC-29": {w.Integration.AllowedProfiles, []string{"Portal user"}},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: got %v, want %v", name, c.got, c.want)
		}
	}
	if m := mistakes(t, small+"  sync_app.portal_url_maker_class: Mine\n", Options{}); m[Module+".sync_app.portal_url_maker_class"] == "" {
		t.Error("IC-27: an unknown class was accepted")
	}
}

func TestIC23_BothSpellings(t *testing.T) {
	done, excluded := "  sync_app.search_ticket.done_states: [resolved]\n", "  sync_app.search_ticket.excluded_states: [closed]\n"
	for name, c := range map[string]struct {
		lines string
		want  []string
	}{
		"done_states":     {done, []string{"resolved"}},
		"excluded_states": {excluded, []string{"closed"}},
		"both":            {done + excluded, []string{"closed"}},
		"none excluded":   {done + "  sync_app.search_ticket.excluded_states: []\n", []string{}},
	} {
		if got := parse(t, small+c.lines).ExcludedStates(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// IC-45
func TestIC45_Booleans(t *testing.T) {
	for value, want := range map[string]bool{
		"true": true, "1": true, "yes": true, `"TRUE"`: true, "on": true, "false": false, "0": false, "no": false, `"0"`: false, "False": false,
	} {
		w := parse(t, small+"  sync_app.view_ticket.show_open_in_backoffice_button: "+value+"\n")
		if w.ShowOpenInBackoffice() != want {
			t.Errorf("%s is read as %v", value, !want)
		}
	}
}

func TestUnknownKeyHasAHint(t *testing.T) {
	m := mistakes(t, small+"  sync_app.client_secrets: x\n", Options{})
	if got := m[Module+".sync_app.client_secrets"]; !strings.Contains(got, "Did you mean sync_app.client_secret?") || !strings.Contains(got, "line 7") {
		t.Errorf("got %v", m)
	}
}

func TestStoredFormIsReadBack(t *testing.T) {
	w := acme(t)
	w.Integration.AccessToken = "${LOOKS_LIKE_A_REFERENCE}"
	text, err := Marshal(w, true)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(bytes.NewReader(text), Options{Stored: true})
	if err != nil || !reflect.DeepEqual(again, w) {
		t.Errorf("read back with %v:\n%#v\nwant\n%#v", err, again, w)
	}
}

func TestMaskedSecretsAreKept(t *testing.T) {
	w := acme(t)
	text, err := Marshal(w, false)
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(text), "name: Acme support", "name: Acme help", 1)
	got, err := Parse(strings.NewReader(edited), Options{Existing: &w})
	if err != nil {
		t.Fatal(err)
	}
	want := w
	want.Name = "Acme help"
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v\nwant %#v", got, want)
	}
	if m := mistakes(t, edited, Options{}); m[Module+".sync_app.client_secret"] == "" || m[previousKey+"[0]"] == "" {
		t.Errorf("masks without anything to keep: got %v", m)
	}
	if m := mistakes(t, string(fixture(t, "acme.yaml")), Options{}); !strings.Contains(m["desk.token"], "command line") || !strings.Contains(m["desk.webhook_secret"], "command line") {
		t.Errorf("references were resolved for whom they are not: %v", m)
	}
}

func TestDiffShowsNoSecret(t *testing.T) {
	before, after := acme(t), acme(t)
	after.Sync.Settle = time.Second
	after.Integration.ClientSecret = "client-secret-2"
	after.Integration.ClientSecretPrevious = []Secret{"client-secret-1"}
	after.Desk.WebhookSecret = ""
	got, err := Diff(before, after)
	if err != nil {
		t.Fatal(err)
	}
	want := []Change{
		{"desk.webhook_secret", Masked, ""},
		{"sync.settle", "2s", "1s"},
		{Module + ".sync_app.client_secret", Masked, "changed"},
		{previousKey + "[0]", Masked, "changed"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestSecretNeverShowsItself(t *testing.T) {
	w := acme(t)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", w.Integration.ClientSecret, "workspace", w)
	asJSON, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	s := w.Integration.ClientSecret
	shown := fmt.Sprintf("%v %+v %#v %s %q %x %X %d", s, w, w, s, s, s, s, s) + log.String() + string(asJSON)
	for _, secret := range []string{"client-secret-1", "itop-token-1", "old-client-secret", fmt.Sprintf("%x", "client-secret-1")} {
		if strings.Contains(shown, secret) {
			t.Errorf("%s shows in %s", secret, shown)
		}
	}
}

// FuzzParse: no document makes Parse panic, and what it accepts survives
// export and import.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"acme.yaml", "wrong.yaml"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Add(small)
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, doc string) {
		w, err := Parse(strings.NewReader(doc), Options{})
		if err != nil {
			return
		}
		text, err := Marshal(w, true)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(bytes.NewReader(text), Options{Stored: true})
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		once, _ := Marshal(again, true)
		if string(once) != string(text) {
			t.Fatalf("got\n%s\nwant\n%s", once, text)
		}
	})
}
