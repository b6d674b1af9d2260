package portal

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// words speaks one language of the catalogue.
type words struct{ lang string }

// negotiate picks the language that a browser likes best among ours; English
// when it names none of them.
func negotiate(headers []string) words {
	best, quality := "en", 0.0
	for part := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		tag, params, _ := strings.Cut(part, ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q="); ok {
			var err error
			if q, err = strconv.ParseFloat(v, 64); err != nil {
				continue
			}
		}
		lang, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		if catalogue(lang) != nil && q > quality && q <= 1 {
			best, quality = lang, q
		}
	}
	return words{lang: best}
}

// catalogue returns the texts of a language, nil when there is none.
func catalogue(lang string) map[string]string {
	switch lang {
	case "en":
		return english
	case "de":
		return german
	case "fr":
		return french
	}
	return nil
}

// Lang is the language's code.
func (w words) Lang() string { return w.lang }

// T returns the text of a key, with args in their places.
func (w words) T(key string, args ...any) string {
	text, ok := catalogue(w.lang)[key]
	if !ok {
		text = key
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// N is T for a number of things: the key with ".one" for one of them.
func (w words) N(key string, n int) string {
	if n == 1 || n == 0 && w.lang == "fr" {
		key += ".one"
	}
	return w.T(key, n)
}

// When writes a moment for people, with its zone.
func (w words) When(t time.Time) string {
	switch w.lang {
	case "de":
		return t.Format("02.01.2006, 15:04 MST")
	case "fr":
		return t.Format("02/01/2006 15:04 MST")
	}
	return t.Format("2 Jan 2006, 15:04 MST")
}

// Machine writes a moment as <time datetime> has it.
func (words) Machine(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Size writes a number of bytes for people.
func (w words) Size(n int64) string {
	units := []string{"B", "KB", "MB", "GB"}
	if w.lang == "fr" {
		units = []string{"o", "Ko", "Mo", "Go"}
	}
	size, i := float64(n), 0
	for size >= 1024 && i < len(units)-1 {
		size, i = size/1024, i+1
	}
	text := strconv.FormatFloat(size, 'f', 1, 64)
	if i == 0 || size >= 10 {
		text = strconv.FormatFloat(size, 'f', 0, 64)
	}
	if w.lang != "en" {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text + "\u00a0" + units[i]
}

// wait says in words how long to wait.
func (w words) wait(d time.Duration) string {
	if d <= 90*time.Second {
		return w.N("wait.seconds", int((d+time.Second-1)/time.Second))
	}
	return w.N("wait.minutes", int((d+time.Minute-1)/time.Minute))
}

// said knows the sentences in which the desk and package auth name mistakes, and
// the keys that say the same here.
var said = []struct {
	pattern *regexp.Regexp
	key     string
}{
	{regexp.MustCompile(`^A title is needed\.$`), "wrong.title"},
	{regexp.MustCompile(`^A description is needed\.$`), "wrong.description"},
	{regexp.MustCompile(`^Write something\.$`), "wrong.text"},
	{regexp.MustCompile(`^At most (\d+) characters\.$`), "wrong.long"},
	{regexp.MustCompile(`^At most (\d+) KiB\.$`), "wrong.kib"},
	{regexp.MustCompile(`^Choose 1 \(critical\)`), "wrong.urgency"},
	{regexp.MustCompile(`^(.+) is needed\.$`), "wrong.needed"},
	{regexp.MustCompile(`^This is not one of the choices\.$`), "wrong.choice"},
	{regexp.MustCompile(`^This must be a whole number\.$`), "wrong.integer"},
	{regexp.MustCompile(`^This must be a number such as`), "wrong.decimal"},
	{regexp.MustCompile(`^This must be a date such as`), "wrong.date"},
	{regexp.MustCompile(`^This must be a date and time`), "wrong.datetime"},
	{regexp.MustCompile(`^This must be a number of seconds\.$`), "wrong.duration"},
	{regexp.MustCompile(`^This must be true or false\.$`), "wrong.bool"},
	{regexp.MustCompile(`^There is no such service\.$|no contract for this service`), "wrong.service"},
	{regexp.MustCompile(`^There is no such sub-service\.$|not part of the chosen service`), "wrong.subservice"},
	{regexp.MustCompile(`^This person is obsolete\.$`), "wrong.person"},
	{regexp.MustCompile(`^Programs are not accepted\.$`), "wrong.program"},
	{regexp.MustCompile(`^The content is not what the name says`), "wrong.content"},
	{regexp.MustCompile(`^is not your password$`), "wrong.current"},
	{regexp.MustCompile(`^must have at least (\d+) characters$`), "wrong.short"},
	{regexp.MustCompile(`^must have at most (\d+) characters$`), "wrong.long"},
	{regexp.MustCompile(`^must not contain control characters$`), "wrong.control"},
	{regexp.MustCompile(`^is too easy to guess`), "wrong.guess"},
}

// mistake says a sentence of the desk in this language, and in its own words
// when it is none that is known here.
func (w words) mistake(f errs.Field) string {
	for _, s := range said {
		if m := s.pattern.FindStringSubmatch(f.Text); m != nil {
			args := make([]any, 0, 1)
			for _, part := range m[1:] {
				args = append(args, part)
			}
			return w.T(s.key, args...)
		}
	}
	return f.Text
}
