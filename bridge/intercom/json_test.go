package intercom

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// SEC-101: a body of 10,000 levels is refused at once, through every door.
func TestSEC101_DeepJSON(t *testing.T) {
	for name, body := range map[string]string{
		"arrays":           strings.Repeat("[", 10000) + strings.Repeat("]", 10000),
		"objects":          strings.Repeat(`{"a":`, 10000) + "1" + strings.Repeat("}", 10000),
		"never closed":     strings.Repeat("[", 10000),
		"below the fields": `{"id":"n","topic":"ping","data":{"item":` + strings.Repeat("[", 10000) + strings.Repeat("]", 10000) + `}}`,
	} {
		t.Run(name, func(t *testing.T) {
			best := time.Hour // of some tries: others use this machine too
			for range 10 {
				began := time.Now()
				_, parsed := ParseNotification([]byte(body))
				_, _, _, _, peeked := Peek([]byte(body))
				_, asked := ParseCanvasRequest([]byte(body))
				best = min(best, time.Since(began))
				for door, err := range map[string]error{"ParseNotification": parsed, "Peek": peeked, "ParseCanvasRequest": asked} {
					if !errs.Is(err, errs.Invalid) {
						t.Errorf("%s: %v, want one of kind Invalid", door, err)
					}
				}
			}
			if best > 50*time.Millisecond {
				t.Errorf("took %v", best)
			}
		})
	}
	at := func(n int) error {
		_, err := document([]byte(strings.Repeat("[", n)+strings.Repeat("]", n)), MaxBody)
		return err
	}
	if err := at(maxDepth); err != nil {
		t.Errorf("the deepest allowed level: %v", err)
	}
	if err := at(maxDepth + 1); err == nil {
		t.Error("one level too many is taken")
	}
}

func TestTooLarge(t *testing.T) {
	body := []byte(`{"id":"n","topic":"ping","x":"` + strings.Repeat("a", MaxBody) + `"}`)
	if _, err := ParseNotification(body); !errs.Is(err, errs.TooLarge) {
		t.Errorf("ParseNotification: %v", err)
	}
	if _, _, _, _, err := Peek(body); !errs.Is(err, errs.TooLarge) {
		t.Errorf("Peek: %v", err)
	}
}

func TestScalars(t *testing.T) {
	doc, err := document([]byte(`{"s":"a\u0062\n\ud83d\ude00","n":12,"f":1.5e3,"big":215474343849634,"z":0,"t":true,"f2":false,"nul":null,
		"nt":"12","bt":"true","time":"1767323095","iso":"2026-01-02T03:04:55Z","neg":-5,"far":99999999999999,"lone":"\ud800","list":[1,"a",null],"o":{"k":"v"}}`), MaxBody)
	if err != nil {
		t.Fatal(err)
	}
	o := doc.object()
	when := time.Unix(1767323095, 0).UTC()
	for _, c := range []struct {
		name      string
		got, want any
	}{
		{"escapes", o.get("s").text(), "ab\n😀"},
		{"number as text", o.get("n").text(), "12"},
		{"large id", o.get("big").id(), "215474343849634"},
		{"id with an exponent", o.get("f").id(), "1500"},
		{"zero is nobody", o.get("z").id(), ""},
		{"text as number", o.get("nt").int(), int64(12)},
		{"fraction as number", o.get("f").int(), int64(1500)},
		{"true", o.get("t").bool(), true},
		{"true in a text", o.get("bt").bool(), true},
		{"false", o.get("f2").bool(), false},
		{"time in a text", o.get("time").time(), when},
		{"time in letters", o.get("iso").time(), when},
		{"negative time", o.get("neg").time(), time.Time{}},
		{"absurd time", o.get("far").time(), time.Time{}},
		{"lone surrogate", o.get("lone").text(), "\ufffd"},
		{"null", o.get("nul").text(), ""},
		{"missing", o.get("nothing").text(), ""},
		{"list", o.get("list").any(), []any{json.Number("1"), "a", nil}},
		{"object", o.get("o").any(), map[string]any{"k": "v"}},
		{"text of an object", o.get("o").text(), ""},
		{"items of a text", len(o.get("s").items()), 0},
		{"path", doc.get("o", "k").text(), "v"},
		{"path through a text", doc.get("s", "k").text(), ""},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: %#v, want %#v", c.name, c.got, c.want)
		}
	}
}

// FuzzDocument compares the reader with the standard library's: both accept
// the same texts, up to the depth limit, and find the same values.
func FuzzDocument(f *testing.F) {
	for _, s := range []string{
		`{}`, `[]`, `null`, `"a"`, `-0.5e+3`, `{"a":[1,{"b":"\u00e9\\\""}],"a":2}`, ` [ 1 , 2 ] `, `01`, `1.`, `"\x"`, `{"a"}`, `[1,]`,
		`tru`, `{"a":1,}`, "\"\x01\"", "\"\xff\"", `"\ud83d"`, `[[[[]]]]`, `{"":{}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := document(b, MaxBody)
		if valid := json.Valid(b); (err == nil) != valid {
			if valid && strings.Contains(err.Error(), "deeper") {
				return
			}
			t.Fatalf("document says %v, json.Valid %v: %q", err, valid, b)
		}
		if err != nil {
			return
		}
		var want any
		d := json.NewDecoder(strings.NewReader(string(b)))
		d.UseNumber()
		if d.Decode(&want) != nil || twice(v) {
			return
		}
		if got := v.any(); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q is %#v, want %#v", b, got, want)
		}
	})
}

// twice reports whether a key stands twice in an object, where the standard
// library keeps the last and we keep the first.
func twice(v value) bool {
	found := false
	seen := map[string]bool{}
	v.each(func(m member) bool {
		k := unquote(m.key)
		found = found || seen[k] || twice(m.val)
		seen[k] = true
		return true
	})
	for _, it := range v.items() {
		found = found || twice(it)
	}
	return found
}
