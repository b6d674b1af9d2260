package strict

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Sentence is an error whose text is a sentence for people, shown as it is.
type Sentence string

// Error returns the sentence.
func (s Sentence) Error() string { return string(s) }

// Say returns a formatted Sentence.
func Say(format string, args ...any) error { return Sentence(fmt.Sprintf(format, args...)) }

// Join puts a key below a path.
func Join(path, key string) string {
	switch {
	case path == "":
		return key
	case key == "" || strings.HasPrefix(key, "["):
		return path + key
	}
	return path + "." + key
}

// Bool reads a boolean as people and iTop write it: true, false, yes, no, on,
// off, 1 and 0, in any case (IC-45).
func Bool(s string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, Say("Must be true or false (yes, no, 1 and 0 work too), not %q.", s)
}

// days is a number of days in front of a duration: "30d", "1d12h".
var days = regexp.MustCompile(`^(\d{1,5})d(.*)$`)

// Duration reads a duration with its unit: "800ms", "20s", "5m", "12h", "30d".
// A number without unit is refused, except 0; so is less than nothing.
func Duration(s string) (time.Duration, error) {
	rest, whole := s, time.Duration(0)
	if m := days.FindStringSubmatch(s); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return 0, durationError(s)
		}
		whole, rest = time.Duration(n)*24*time.Hour, m[2]
		if rest == "" {
			return whole, nil
		}
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 || whole+d < 0 { // the last: longer than a Duration can be
		return 0, durationError(s)
	}
	return whole + d, nil
}

// durationError says what a duration looks like.
func durationError(s string) error {
	return Say("Must be a duration such as 800ms, 20s, 5m, 12h or 30d, not %q.", s)
}

// Hint returns " Did you mean x?" for the nearest name among the given ones,
// or else a list of them when there are few.
func Hint(name string, among []string) string {
	if near := Nearest(name, among); near != "" {
		return fmt.Sprintf(" Did you mean %s?", near)
	}
	if len(among) <= 12 {
		return " Allowed: " + strings.Join(among, ", ") + "."
	}
	return ""
}

// Nearest returns the name that is most like the given one, or "" when none
// is near: more than a third of its letters would have to change.
func Nearest(name string, among []string) string {
	best, least := "", len(name)/3+1
	for _, a := range among {
		if d := distance(strings.ToLower(name), strings.ToLower(a)); d <= least && (best == "" || d < least) {
			best, least = a, d
		}
	}
	return best
}

// distance is the Levenshtein distance, with a swap of neighbours as one step.
func distance(a, b string) int {
	if len(a) > 80 || len(b) > 80 {
		return 80
	}
	var prev2 []int
	prev := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], prev2[j-2]+1)
			}
		}
		prev2, prev = prev, row
	}
	return prev[len(b)]
}

// yamlLine finds "line 3: " in an error of the YAML library.
var yamlLine = regexp.MustCompile(`line (\d+): `)

// lineOf returns the line that a YAML syntax error names, or 0.
func lineOf(err error) int {
	m := yamlLine.FindStringSubmatch(err.Error())
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// syntaxOf returns the text of a YAML syntax error without prefix and line.
func syntaxOf(err error) string {
	s := strings.TrimPrefix(err.Error(), "yaml: ")
	return yamlLine.ReplaceAllString(s, "") + "."
}
