package portal

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/internal/errs"
)

func TestNegotiate(t *testing.T) {
	for header, want := range map[string]string{
		"": "en", "de": "de", "de-CH, en;q=0.5": "de", "fr-CA;q=0.8, de;q=0.9": "de", "es, fr;q=0.1": "fr", "es": "en", "*": "en",
		"de;q=0, fr": "fr", "de;q=nonsense": "en", "de;q=NaN, en;q=0.1": "en", "DE": "de", ";;,,": "en", "de; q=0.2, fr ; q = 0.3": "fr", "de;q=7, fr;q=0.1": "fr",
	} {
		if got := negotiate([]string{header}).lang; got != want {
			t.Errorf("%q gives %s, want %s", header, got, want)
		}
	}
}

func TestCatalogues(t *testing.T) {
	verbs := regexp.MustCompile(`%[a-z]`)
	for _, lang := range []string{"de", "fr"} {
		c := catalogue(lang)
		for key, text := range english {
			if c[key] == "" {
				t.Errorf("%s lacks %q", lang, key)
			}
			if a, b := verbs.FindAllString(text, -1), verbs.FindAllString(c[key], -1); !slices.Equal(a, b) {
				t.Errorf("%s: %q takes %v, not %v", lang, key, b, a)
			}
		}
		for key := range c {
			if english[key] == "" {
				t.Errorf("%s has %q, which nobody asks for", lang, key)
			}
		}
	}
	literal := regexp.MustCompile(`(?:\.T|\.N|\$\.T) "([^"]+)"`)
	err := fs.WalkDir(templateFiles, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		body, err := templateFiles.ReadFile(name)
		for _, m := range literal.FindAllStringSubmatch(string(body), -1) {
			if english[m[1]] == "" {
				t.Errorf("%s asks for %q", name, m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range said {
		if english[s.key] == "" {
			t.Errorf("said asks for %q", s.key)
		}
	}
	for _, key := range []string{"missing", "forbidden", "conflict", "throttled", "large", "form", "busy", "fault"} {
		if english["failure."+key+".title"] == "" || english["failure."+key+".text"] == "" {
			t.Errorf("no page for failure %q", key)
		}
	}
	for code := range warnings() {
		if english["notice."+code] == "" {
			t.Errorf("no text for notice %q", code)
		}
	}
}

func TestWordsForNumbers(t *testing.T) {
	at := time.Date(2026, 1, 31, 8, 5, 0, 0, time.UTC)
	for lang, want := range map[string][]string{
		"en": {"31 Jan 2026, 08:05 UTC", "1.5\u00a0MB", "20\u00a0KB", "1\u00a0B", "30 seconds", "1 second", "2 minutes"},
		"de": {"31.01.2026, 08:05 UTC", "1,5\u00a0MB", "20\u00a0KB", "1\u00a0B", "30 Sekunden", "1 Sekunde", "2 Minuten"},
		"fr": {"31/01/2026 08:05 UTC", "1,5\u00a0Mo", "20\u00a0Ko", "1\u00a0o", "30 secondes", "1 seconde", "2 minutes"},
	} {
		w := words{lang: lang}
		got := []string{w.When(at), w.Size(3 << 19), w.Size(20 << 10), w.Size(1), w.wait(29500 * time.Millisecond), w.wait(time.Second), w.wait(100 * time.Second)}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q", lang, got)
		}
	}
}

func TestMistakesInOtherWords(t *testing.T) {
	w := words{lang: "de"}
	for text, want := range map[string]string{
		"A title is needed.":               "Geben Sie einen Titel ein.",
		"At most 255 characters.":          "Höchstens 255 Zeichen.",
		"Cost centre is needed.":           "Cost centre wird benötigt.",
		"must have at least 10 characters": "Mindestens 10 Zeichen.",
		"Something new.":                   "Something new.",
	} {
		if got := w.mistake(errs.Field{Text: text}); got != want {
			t.Errorf("%q is %q", text, got)
		}
	}
	if strings.Contains(w.T("no such key"), "%") {
		t.Error("an unknown key is not itself")
	}
}
