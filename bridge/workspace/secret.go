package workspace

import (
	"encoding/json"
	"fmt"
	"log/slog"
)

// Masked stands for a secret wherever one is shown. A masked value that comes
// back means "keep the secret there is".
const Masked = "********"

// Secret is a text that shows itself only when asked by Reveal: formatting,
// logging and encoding all give Masked, or nothing when it is empty.
type Secret string

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

// IsMasked reports whether the value is the mask and not a secret.
func (s Secret) IsMasked() bool { return s == Masked }

// String returns Masked, or "" for an empty secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return Masked
}

// Format writes the mask for every verb, %x and %#v included.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// LogValue masks the secret in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON masks the secret in JSON.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalYAML masks the secret in YAML; Marshal alone can reveal it.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }
