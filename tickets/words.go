package tickets

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const (
	maxWord       = 40   // runes of one word; longer ones are cut, in the index and in queries alike
	maxQueryWords = 16   // words of one query; the rest is not looked at
	maxIndexWords = 8000 // distinct words of one ticket's log that are indexed
	minPrefix     = 3    // runes that the last word of a query needs to stand for longer ones
)

// refPattern finds refs in a query or a text, however many noughts they have.
var refPattern = regexp.MustCompile(`(?i)\b([RI])-([0-9]{1,12})\b`)

// partialRef finds a ref that is still being typed at the end of a query.
var partialRef = regexp.MustCompile(`(?i)(?:^|\s)([RI])-([0-9]{1,6})$`)

// fullRef matches a text that is one ref and nothing else.
var fullRef = regexp.MustCompile(`(?i)^\s*([RI])-([0-9]{1,12})\s*$`)

// letters that Unicode does not take apart.
var plainLetters = strings.NewReplacer("ß", "ss", "ø", "o", "ł", "l", "đ", "d", "ð", "d", "æ", "ae", "œ", "oe", "þ", "th", "ı", "i", "ħ", "h")

// fold returns s without case and diacritics, so that "Über" is found by "uber".
func fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFKD.String(s) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return plainLetters.Replace(b.String())
}

// alone reports whether the script of r is written without blanks between
// words; each rune of it is then a word.
func alone(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// words returns the words of a text, folded, in order: runs of letters, digits
// and inner underscores, and refs as one word ("r000012"). No word contains
// anything else, so that a word is a literal in every query language, and none
// begins with an underscore, as the words of a scope do.
func words(s string) []string {
	s = refPattern.ReplaceAllStringFunc(s, func(m string) string { return " " + refWord(m) + " " })
	var out []string
	var word []rune
	flush := func() {
		if w := strings.Trim(string(word[:min(len(word), maxWord)]), "_"); w != "" {
			out = append(out, w)
		}
		word = word[:0]
	}
	for _, r := range fold(s) {
		switch {
		case alone(r):
			flush()
			out = append(out, string(r))
		case unicode.IsLetter(r) || unicode.IsNumber(r) || r == '_':
			word = append(word, r)
		default:
			flush()
		}
	}
	flush()
	return out
}

// refWord returns a ref as the index writes it: "R-12" is "r000012".
func refWord(ref string) string {
	m := fullRef.FindStringSubmatch(ref)
	if m == nil {
		return ""
	}
	n, err := strconv.ParseInt(m[2], 10, 64)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s%06d", strings.ToLower(m[1]), n)
}

// wordSet collects distinct words in order.
type wordSet struct {
	seen map[string]bool
	list []string
}

func newWordSet(joined string) *wordSet {
	w := &wordSet{seen: map[string]bool{}}
	for _, s := range strings.Fields(joined) {
		w.seen[s] = true
		w.list = append(w.list, s)
	}
	return w
}

// add adds the words of a text and reports whether any was new.
func (w *wordSet) add(text string) bool {
	fresh := false
	for _, s := range words(text) {
		if !w.seen[s] && len(w.list) < maxIndexWords {
			w.seen[s] = true
			w.list = append(w.list, s)
			fresh = true
		}
	}
	return fresh
}

func (w *wordSet) String() string { return strings.Join(w.list, " ") }

// query is a search as the index understands it.
type query struct {
	words  []string // all must be there
	prefix string   // beginning of a word that must be there, "" for none
}

// parseQuery reads what a person typed. Everything in it is a literal: there
// are no operators (SEC-050, SEC-051).
func parseQuery(s string) query {
	var q query
	s = strings.TrimRightFunc(s, unicode.IsSpace)
	if m := partialRef.FindStringSubmatch(s); m != nil && len(m[2]) < 6 && strings.HasPrefix(m[2], "0") {
		q.prefix = strings.ToLower(m[1]) + m[2]
		s = strings.TrimSpace(s[:len(s)-len(m[0])])
	}
	seen := map[string]bool{}
	list := words(s)
	if q.prefix == "" && len(list) > 0 {
		last := list[len(list)-1]
		if runes(last) >= minPrefix && !refPattern.MatchString(lastField(s)) {
			q.prefix = last
			list = list[:len(list)-1]
		}
	}
	for _, w := range list {
		if !seen[w] && len(q.words) < maxQueryWords {
			seen[w] = true
			q.words = append(q.words, w)
		}
	}
	return q
}

func lastField(s string) string {
	f := strings.Fields(s)
	if len(f) == 0 {
		return ""
	}
	return f[len(f)-1]
}

func (q query) empty() bool { return len(q.words) == 0 && q.prefix == "" }
