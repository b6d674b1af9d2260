package strict

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

// sample has a field of every kind that is decoded.
type sample struct {
	Name  string            `yaml:"name"`
	On    bool              `yaml:"on"`
	Count int               `yaml:"count"`
	Wait  time.Duration     `yaml:"wait"`
	List  []string          `yaml:"list"`
	Map   map[string]string `yaml:"map"`
	Inner struct {
		Deep string `yaml:"deep.key"`
	} `yaml:"inner"`
	private string
}

func TestDecode(t *testing.T) {
	got := sample{Name: "default", Count: 7, Map: map[string]string{"a": "1", "b": "2"}, List: []string{"x"}, private: "p"}
	doc := Decoder{}.Decode(strings.NewReader("name:\non: yes\nwait: 1d12h\nlist: one\nmap: {b: 3, '': empty, c: }\ninner: {deep.key: 010}\n"), &got)
	want := sample{Name: "default", On: true, Count: 7, Wait: 36 * time.Hour, List: []string{"one"}, Map: map[string]string{"a": "1", "b": "3", "": "empty"}, private: "p"}
	want.Inner.Deep = "010"
	if len(doc.Mistakes) > 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, doc.Mistakes, want)
	}
	if doc.Has("name") || !doc.Has("inner.deep.key") || doc.Line("inner.deep.key") != 6 || doc.Line("list[3]") != 4 || doc.Line("nothing") != 0 {
		t.Error("lines or presence are wrong")
	}
}

func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"nmae: x":               "nmae: There is no such key. Did you mean name?",
		"other: x":              "other: There is no such key. Allowed: name, on, count, wait, list, map, inner.",
		"name: [a]":             "name: Must be a single value, not a list.",
		"on: 2":                 `on: Must be true or false (yes, no, 1 and 0 work too), not "2".`,
		"count: 1.5":            `count: Must be a whole number, not "1.5".`,
		"wait: -1s":             `wait: Must be a duration such as 800ms, 20s, 5m, 12h or 30d, not "-1s".`,
		"wait: 99999d99999999h": `wait: Must be a duration such as 800ms, 20s, 5m, 12h or 30d, not "99999d99999999h".`,
		"wait: 99999d200000h":   `wait: Must be a duration such as 800ms, 20s, 5m, 12h or 30d, not "99999d200000h".`,
		"list: {a: b}":          "list: Must be a list, not a block of keys.",
		"list: [a, ]\nmap: x":   "map: Must be a block of keys, not a single value.",
		"list: [a, ~]":          "list[1]: Is empty.",
		"inner: [a]":            "inner: Must be a block of keys, not a list.",
		"name: a\nname: b":      "name: Is given twice; the first time in line 1.",
		"a: &a b\nname: *a":     "a: There is no such key. Allowed: name, on, count, wait, list, map, inner.; name: Aliases (*a) are not supported; write the value out.",
		"[a]: b":                ": A key must be a single word.",
		"gone: x":               "gone: Use name.",
		"just text":             ": Must be a block of keys, not a single value.",
		"name: 'open":           ": This is not YAML: found unexpected end of stream.",
	} {
		var s sample
		doc := Decoder{Gone: map[string]string{"gone": "Use name."}}.Decode(strings.NewReader(text), &s)
		if got := doc.Mistakes.Error(); got != want {
			t.Errorf("%q\n got %s\nwant %s", text, got, want)
		}
	}
	var s sample
	if doc := (Decoder{}).Decode(strings.NewReader(strings.Repeat("#", maxDocument+1)), &s); len(doc.Mistakes) != 1 {
		t.Error("a document that is too long was read")
	}
}

func TestNearest(t *testing.T) {
	among := []string{"sync_app.client_secret", "sync_app.access_token", "workspaces"}
	for name, want := range map[string]string{
		"sync_app.cleint_secret": "sync_app.client_secret", "Workspace": "workspaces", "x": "", "": "", "completely_else": "",
	} {
		if got := Nearest(name, among); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
