package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"

	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/internal/strict"
)

// Flags hands over the flags that were given, by the name of the setting
// ("log.level") or of the flag ("log-level"). Unknown names are mistakes.
type Flags func(set func(name, value string))

// Load reads the settings: defaults, then the file at path (none when path is
// empty), then environ (os.Environ's form), then flags (may be nil). It returns
// every mistake of all of them in one errs.Invalid, by key; the Config is
// filled as far as possible in any case, so that Report can show it.
func Load(path string, environ []string, flags Flags) (Config, error) {
	c := Default()
	c.sources = map[string]string{}
	var wrong errs.Fields
	c.readFile(path, &wrong)
	c.readEnvironment(environ, &wrong)
	c.readFlags(flags, &wrong)
	c.validate(&wrong)
	return c, wrong.Err()
}

// readFile reads the YAML file.
func (c *Config) readFile(path string, wrong *errs.Fields) {
	if path == "" {
		return
	}
	f, err := os.Open(path)
	if err != nil {
		wrong.Add("file", "%s cannot be read: %s.", path, reason(err))
		return
	}
	defer func() { _ = f.Close() }()
	doc := strict.Decoder{Parsers: parsers()}.Decode(f, c)
	for _, m := range doc.Mistakes {
		name := m.Path
		if name == "" {
			name = "file"
		}
		wrong.Add(name, "%s%s", place(path, m.Line), m.Text)
	}
	for _, k := range Keys() {
		if doc.Has(k.Name) {
			c.sources[k.Name] = strings.TrimSuffix(place(path, doc.Line(k.Name)), ": ")
		}
	}
	c.foldLevels(doc, wrong)
}

// foldLevels moves log_level_min, iTop's spelling, into log.
func (c *Config) foldLevels(doc *strict.Document, wrong *errs.Fields) {
	for _, channel := range slices.Sorted(maps.Keys(c.LogLevelMin)) {
		level := c.LogLevelMin[channel]
		other, twice := c.Log.Levels[channel]
		if channel == "" && doc.Has("log.level") {
			other, twice = c.Log.Level, true
		}
		if twice && other != level {
			wrong.Add("log_level_min", "Says %s for channel %q, but log says %s. Keep one of them.", level, channel, other)
		}
	}
	c.takeLevelMin()
	c.takeDefaultLevel()
}

// takeLevelMin adds log_level_min to log.levels and empties it.
func (c *Config) takeLevelMin() {
	if len(c.LogLevelMin) == 0 {
		return
	}
	merged := Levels{}
	for channel, level := range c.Log.Levels {
		merged[channel] = level
	}
	for channel, level := range c.LogLevelMin {
		merged[channel] = level
	}
	c.Log.Levels, c.LogLevelMin = merged, nil
}

// takeDefaultLevel moves the level of the empty channel to log.level.
func (c *Config) takeDefaultLevel() {
	level, ok := c.Log.Levels[""]
	if !ok {
		return
	}
	rest := Levels{}
	for channel, l := range c.Log.Levels {
		if channel != "" {
			rest[channel] = l
		}
	}
	c.Log.Level, c.Log.Levels = level, rest
}

// readEnvironment applies the variables that are settings.
func (c *Config) readEnvironment(environ []string, wrong *errs.Fields) {
	given := map[string]string{}
	for _, pair := range environ {
		if name, value, ok := strings.Cut(pair, "="); ok && strings.HasPrefix(name, Prefix) {
			given[name] = value
		}
	}
	var names []string
	for _, k := range Keys() {
		names = append(names, k.Env)
		if value, ok := given[k.Env]; ok {
			c.set(k, value, "environment", wrong)
			delete(given, k.Env)
		}
	}
	for name := range given {
		// Others may use names that begin like ours; a near miss is a slip.
		if near := strict.Nearest(strings.TrimPrefix(name, Prefix), trimAll(names, Prefix)); near != "" {
			wrong.Add(name, "There is no such variable. Did you mean %s?", Prefix+near)
		}
	}
}

// readFlags applies the flags that were given.
func (c *Config) readFlags(flags Flags, wrong *errs.Fields) {
	if flags == nil {
		return
	}
	byName, names := map[string]Key{}, []string(nil)
	for _, k := range Keys() {
		byName[k.Name], byName[k.Flag] = k, k
		names = append(names, k.Flag)
	}
	flags(func(name, value string) {
		k, ok := byName[name]
		if !ok {
			wrong.Add(name, "There is no such flag.%s", strict.Hint(strings.ReplaceAll(name, ".", "-"), names))
			return
		}
		c.set(k, value, "flag", wrong)
	})
}

// set gives one setting a value from text. The environment's parser reads
// flags too, one setting at a time, so that every mistake has its key.
func (c *Config) set(k Key, value, source string, wrong *errs.Fields) {
	if value == "" {
		return // an empty variable is one that is not set
	}
	funcs := map[reflect.Type]env.ParserFunc{}
	for t, p := range parsers() {
		funcs[t] = p
	}
	err := env.ParseWithOptions(c, env.Options{
		Prefix:      Prefix,
		Environment: map[string]string{k.Env: value},
		FuncMap:     funcs,
	})
	if err != nil {
		wrong.Add(k.Name, "%s (from the %s)", sentence(err), source)
		return
	}
	c.takeLevelMin()
	c.takeDefaultLevel()
	c.sources[k.Name] = source
}

// sentence returns what is wrong without the environment parser's words around
// it.
func sentence(err error) string {
	for {
		switch e := err.(type) { //nolint:errorlint // it unwraps step by step itself
		case strict.Sentence:
			return string(e)
		case env.AggregateError:
			if len(e.Errors) == 0 {
				return "Cannot be read."
			}
			err = e.Errors[0]
		case env.ParseError:
			err = e.Err
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		default:
			return "Cannot be read: " + fmt.Sprint(err) + "."
		}
	}
}

// place returns "file:3: " for a line of a file.
func place(path string, line int) string {
	if line == 0 {
		return path + ": "
	}
	return fmt.Sprintf("%s:%d: ", path, line)
}

// reason returns why a file could not be opened, without its path.
func reason(err error) string {
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// trimAll cuts a prefix off every name.
func trimAll(names []string, prefix string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = strings.TrimPrefix(n, prefix)
	}
	return out
}
