package workspace

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// place is where a secret is: the keys that lead to it, and the value.
type place struct {
	keys  []string
	value *Secret
}

// path returns the dotted path.
func (p place) path() string { return strings.Join(p.keys, ".") }

// secrets returns every secret but the list of previous client secrets.
func (w *Workspace) secrets() []place {
	return []place{
		{[]string{"desk", "password"}, &w.Desk.Password},
		{[]string{"desk", "token"}, &w.Desk.Token},
		{[]string{"desk", "webhook_secret"}, &w.Desk.WebhookSecret},
		{[]string{"messenger", "jwt_secret"}, &w.Messenger.JWTSecret},
		{[]string{Module, "sync_app.client_secret"}, &w.Integration.ClientSecret},
		{[]string{Module, "sync_app.access_token"}, &w.Integration.AccessToken},
	}
}

// previousKey is the path of the list of previous client secrets.
const previousKey = Module + ".sync_app.client_secret_previous"

// resolve replaces references and masks by the secrets that they stand for.
func (w *Workspace) resolve(o Options) errs.Fields {
	var wrong errs.Fields
	// The previous secrets get their own memory: w may share it with others.
	w.Integration.ClientSecretPrevious = append([]Secret(nil), w.Integration.ClientSecretPrevious...)
	old := Workspace{}
	if o.Existing != nil {
		old = *o.Existing
	}
	before := old.secrets()
	for i, p := range w.secrets() {
		o.one(&wrong, p.path(), p.value, *before[i].value)
	}
	kept := old.Integration.ClientSecretPrevious
	for i := range w.Integration.ClientSecretPrevious {
		var was Secret
		if i < len(kept) {
			was = kept[i]
		}
		o.one(&wrong, fmt.Sprintf("%s[%d]", previousKey, i), &w.Integration.ClientSecretPrevious[i], was)
	}
	return wrong
}

// reference finds ${NAME}.
var reference = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$`)

// one resolves one secret. Its value is never part of a mistake.
func (o Options) one(wrong *errs.Fields, path string, s *Secret, was Secret) {
	if o.Stored {
		return
	}
	if s.IsMasked() {
		if was == "" {
			*s = ""
			wrong.Add(path, "Is masked, but there is no secret to keep. Write the secret, ${NAME} or file:/path.")
			return
		}
		*s = was
		return
	}
	if m := reference.FindStringSubmatch(s.Reveal()); m != nil {
		*s = ""
		if o.Getenv == nil {
			wrong.Add(path, "References such as ${%s} are read on the command line only.", m[1])
			return
		}
		value, ok := o.Getenv(m[1])
		if !ok || value == "" {
			wrong.Add(path, "The environment variable %s is not set.", m[1])
			return
		}
		*s = Secret(value)
		return
	}
	if file, ok := strings.CutPrefix(s.Reveal(), "file:"); ok {
		*s = o.file(wrong, path, file)
	}
}

// maxSecret is the longest secret in bytes.
const maxSecret = 4096

// file reads a secret from a file, without the line break at its end.
func (o Options) file(wrong *errs.Fields, path, name string) Secret {
	if o.ReadFile == nil {
		wrong.Add(path, "References such as file:/path are read on the command line only.")
		return ""
	}
	data, err := o.ReadFile(name)
	if err != nil {
		wrong.Add(path, "The file %s cannot be read.", name)
		return ""
	}
	text := strings.TrimRight(string(data), "\r\n")
	if text == "" || len(text) > maxSecret {
		wrong.Add(path, "The file %s must hold one secret of at most %d bytes.", name, maxSecret)
		return ""
	}
	return Secret(text)
}

// placeholder finds the values that the extension and its wiki ship as
// examples.
var placeholder = regexp.MustCompile(`(?i)^<?(PUT_?YOUR|YOUR_|CHANGE_?ME|ITOP_USER_TOKEN|REPLACE_?ME|XXXX)`)

// isPlaceholder reports whether somebody forgot to fill in a value.
func isPlaceholder(s string) bool { return placeholder.MatchString(strings.TrimSpace(s)) }
