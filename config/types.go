package config

import (
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/deskbridge/deskbridge/internal/strict"
)

// Level is the least level that is logged.
type Level slog.Level

// LevelTrace is below debug; iTop has it too.
const LevelTrace = Level(slog.LevelDebug - 4)

// UnmarshalText reads a level: ours, iTop's ("Warning") or iTop's constant as
// it stands in config-itop.php ("LogAPI::LEVEL_DEBUG").
func (l *Level) UnmarshalText(b []byte) error {
	s := strings.ToLower(strings.TrimSpace(string(b)))
	s = strings.TrimPrefix(s, "logapi::level_")
	switch s {
	case "trace":
		*l = LevelTrace
	case "debug":
		*l = Level(slog.LevelDebug)
	case "info", "ok":
		*l = Level(slog.LevelInfo)
	case "warn", "warning":
		*l = Level(slog.LevelWarn)
	case "error":
		*l = Level(slog.LevelError)
	default:
		return strict.Say("Must be one of trace, debug, info, warn, error, not %q.", b)
	}
	return nil
}

// String returns the level as it is written in the file.
func (l Level) String() string {
	switch {
	case l <= LevelTrace:
		return "trace"
	case l <= Level(slog.LevelDebug):
		return "debug"
	case l <= Level(slog.LevelInfo):
		return "info"
	case l <= Level(slog.LevelWarn):
		return "warn"
	}
	return "error"
}

// Levels is a least level for each channel; the empty channel is the default
// (IC-42).
type Levels map[string]Level

// UnmarshalText reads the form for the environment and for flags:
// "combodo-intercom-integration:debug,jobs:warn". A level alone is the default.
func (l *Levels) UnmarshalText(b []byte) error {
	out := Levels{}
	for _, part := range commas(string(b)) {
		channel, text, ok := strings.Cut(part, ":")
		if !ok || strings.HasPrefix(strings.ToLower(part), "logapi::") {
			channel, text = "", part
		}
		var level Level
		if err := level.UnmarshalText([]byte(strings.TrimSpace(text))); err != nil {
			return strict.Say("Must be channel:level pairs with commas between them; %q: %s", part, err)
		}
		out[strings.TrimSpace(channel)] = level
	}
	*l = out
	return nil
}

// DecodeNode reads a block of channels, or one level for all of them, as iTop
// allows both.
func (l *Levels) DecodeNode(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return l.UnmarshalText([]byte(n.Value))
	}
	var plain map[string]Level
	if doc := (strict.Decoder{}).DecodeNode(n, &plain); len(doc.Mistakes) > 0 {
		return doc.Mistakes
	}
	*l = plain
	return nil
}

// String returns the pairs in the form that UnmarshalText reads, sorted.
func (l Levels) String() string {
	parts := make([]string, 0, len(l))
	for _, channel := range slices.Sorted(maps.Keys(l)) {
		parts = append(parts, channel+":"+l[channel].String())
	}
	return strings.Join(parts, ",")
}

// Size is a number of bytes.
type Size int64

// units are the known units of a size, longest first.
var units = []struct {
	name  string
	bytes Size
}{{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"b", 1}}

// UnmarshalText reads a size with its unit: 512KiB, 25MiB, 10MB. A number
// alone is bytes.
func (s *Size) UnmarshalText(b []byte) error {
	text, unit := strings.ToLower(strings.TrimSpace(string(b))), Size(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(text, u.name); ok {
			text, unit = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > int64(1<<50)/int64(unit) {
		return strict.Say("Must be a size such as 512KiB, 25MiB or 1048576, not %q.", b)
	}
	*s = Size(n) * unit
	return nil
}

// String returns the size in the largest binary unit that divides it.
func (s Size) String() string {
	for _, u := range []struct {
		name  string
		bytes Size
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if s > 0 && s%u.bytes == 0 {
			return fmt.Sprintf("%d%s", s/u.bytes, u.name)
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// Prefixes is a list of networks.
type Prefixes []netip.Prefix

// UnmarshalText reads networks with commas between them.
func (p *Prefixes) UnmarshalText(b []byte) error {
	out := Prefixes{}
	for _, part := range commas(string(b)) {
		prefix, err := parsePrefix(part)
		if err != nil {
			return err
		}
		out = append(out, prefix)
	}
	*p = out
	return nil
}

// Strings returns each network as text, for gin's SetTrustedProxies.
func (p Prefixes) Strings() []string {
	out := make([]string, len(p))
	for i, one := range p {
		out[i] = one.String()
	}
	return out
}

// String returns the networks with commas between them.
func (p Prefixes) String() string { return strings.Join(p.Strings(), ",") }

// parsePrefix reads a network, or one address as a network of one.
func parsePrefix(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.Prefix{}, strict.Say("Must be an address or a network such as 10.0.0.0/8 or fd00::/8, not %q.", s)
}

// commas splits a list at commas and drops empty parts.
func commas(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// parsers read the types that neither YAML nor the environment reads well.
func parsers() map[reflect.Type]func(string) (any, error) {
	return map[reflect.Type]func(string) (any, error){
		reflect.TypeFor[netip.Prefix]():  func(s string) (any, error) { return parsePrefix(s) },
		reflect.TypeFor[time.Duration](): func(s string) (any, error) { return strict.Duration(s) },
		reflect.TypeFor[int](): func(s string) (any, error) {
			n, err := strconv.Atoi(s)
			if err != nil {
				return 0, strict.Say("Must be a whole number, not %q.", s)
			}
			return n, nil
		},
	}
}
