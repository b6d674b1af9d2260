package config

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Prefix starts the name of every environment variable that is a setting.
const Prefix = "DESKBRIDGE_"

// Key is one setting: how it is named and what it is for.
type Key struct {
	Name    string // in the file, dotted: "log.level"
	Env     string // "DESKBRIDGE_LOG_LEVEL"
	Flag    string // without dashes in front: "log-level"
	Default string // as it would be written
	About   string // a phrase for people
}

// Keys returns all settings in the order of the file.
func Keys() []Key {
	c := Default()
	var keys []Key
	walk("", reflect.ValueOf(&c).Elem(), func(name string, f reflect.StructField, v reflect.Value) {
		keys = append(keys, Key{
			Name:    name,
			Env:     Prefix + f.Tag.Get("env"),
			Flag:    strings.NewReplacer(".", "-", "_", "-").Replace(name),
			Default: show(v),
			About:   f.Tag.Get("about"),
		})
	})
	return keys
}

// walk calls fn for every setting below v.
func walk(path string, v reflect.Value, fn func(name string, f reflect.StructField, v reflect.Value)) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key := f.Tag.Get("yaml")
		if key == "" {
			continue
		}
		name := strings.TrimPrefix(path+"."+key, ".")
		if f.Tag.Get("env") == "" {
			walk(name, v.Field(i), fn)
			continue
		}
		fn(name, f, v.Field(i))
	}
}

// show returns a value as it would be written in the file.
func show(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return showDuration(x)
	case fmt.Stringer:
		return x.String()
	default:
		return fmt.Sprint(x)
	}
}

// showDuration writes whole days as days and leaves out zero parts.
func showDuration(d time.Duration) string {
	if d > 0 && d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
