package config

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// Report returns the settings one per line, each with where it came from, and
// below them every mistake of err (as Load or Validate returned it). Passwords
// are masked. It is what "deskbridge serve --check" prints.
func Report(c Config, err error) string {
	var b strings.Builder
	walk("", reflect.ValueOf(&c).Elem(), func(name string, _ reflect.StructField, v reflect.Value) {
		if name == "log_level_min" {
			return // has become part of log
		}
		text, from := show(v), c.sources[name]
		switch name {
		case "database":
			text = maskURL(c.DatabaseURL())
		case "public_url":
			text = maskURL(c.BaseURL())
		case "log.level", "log.levels":
			if from == "" {
				from = c.sources["log_level_min"]
			}
		}
		if from == "" {
			from = "default"
		}
		if text == "" {
			text = "-"
		}
		fmt.Fprintf(&b, "%-24s %-32s (%s)\n", name, text, from)
	})
	switch fields := errs.FieldsOf(err); {
	case err == nil:
		b.WriteString("\nThe settings are fine.\n")
	case len(fields) == 0:
		fmt.Fprintf(&b, "\n%s\n", errs.Text(err))
	default:
		noun := "mistakes"
		if len(fields) == 1 {
			noun = "mistake"
		}
		fmt.Fprintf(&b, "\n%d %s:\n", len(fields), noun)
		for _, f := range fields {
			fmt.Fprintf(&b, "  %s: %s\n", f.Path, f.Text)
		}
	}
	return b.String()
}

// maskURL hides everything of an address that may be secret: the
// password before @, and parameters.
func maskURL(s string) string {
	if strings.HasPrefix(s, "sqlite:") {
		return s
	}
	u, err := url.Parse(s)
	if err != nil || u.Opaque != "" {
		scheme, _, _ := strings.Cut(s, ":")
		return scheme + ":" + redacted
	}
	if u.RawQuery != "" {
		u.RawQuery = redacted
	}
	if _, ok := u.User.Password(); ok {
		u.User = url.UserPassword(u.User.Username(), "REDACTED")
	}
	return strings.Replace(u.String(), ":REDACTED@", ":"+redacted+"@", 1)
}
