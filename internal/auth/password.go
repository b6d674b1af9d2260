package auth

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// The length of a password in characters.
const (
	minPassword = 10
	maxPassword = 256
)

// commonText is a list of words that many passwords are made of, one a line.
//
//go:embed common.txt
var commonText string

// checkPassword reports why text cannot be the password of a user with this
// e-mail and name; nil when it can (SEC-187). path names the input's field.
func checkPassword(path, text, email, name string) error {
	text = norm.NFKC.String(text)
	switch n := utf8.RuneCountInString(text); {
	case n < minPassword:
		return errs.InvalidField(path, "must have at least %d characters", minPassword)
	case n > maxPassword:
		return errs.InvalidField(path, "must have at most %d characters", maxPassword)
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		return errs.InvalidField(path, "must not contain control characters")
	}
	user, host, _ := strings.Cut(strings.ToLower(email), "@")
	host, _, _ = strings.Cut(host, ".")
	own := append(strings.Fields(strings.ToLower(name)), user, host, "deskbridge")
	if guessable(strings.ToLower(text), own) {
		return errs.InvalidField(path, "is too easy to guess; take several words that do not belong together")
	}
	return nil
}

// guessable reports whether a guesser would try text early: what remains of it
// without common words, the user's own names, keyboard runs and digits is shorter
// than a few characters.
func guessable(text string, own []string) bool {
	if distinct(text) < 5 {
		return true
	}
	left := text
	for _, w := range own {
		if utf8.RuneCountInString(w) > 2 {
			left = strings.ReplaceAll(left, w, "")
		}
	}
	if rest(left) < 4 {
		return true
	}
	plain := unleet(text)
	for _, w := range own {
		if utf8.RuneCountInString(w) > 2 {
			plain = strings.ReplaceAll(plain, unleet(w), "")
		}
	}
	// One common word with decoration is guessed early; two are a phrase.
	for word := range strings.Lines(commonText) {
		word = strings.TrimSpace(word)
		for _, form := range []string{left, plain} {
			if cut := strings.ReplaceAll(form, word, ""); cut != form && rest(cut) < 4 {
				return true
			}
		}
	}
	return rest(runs(left)) < 4
}

// rest counts what is not decoration: the letters, or where there are none the
// different symbols, if they are many. Digits are dates and counters.
func rest(s string) int {
	letters, symbols := 0, ""
	for _, r := range s {
		switch {
		case unicode.IsLetter(r):
			letters++
		case !unicode.IsDigit(r) && !unicode.IsSpace(r):
			symbols += string(r)
		}
	}
	if n := distinct(symbols); letters == 0 && n >= 8 {
		return n
	}
	return letters
}

func distinct(s string) int {
	seen := make(map[rune]bool)
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

// rows are the lines of keyboards and the orders that fingers follow.
var rows = []string{
	"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm",
	"1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "qazwsxedcrfvtgbyhnujm", "zaq1xsw2cde3vfr4bgt5",
}

// runs removes pieces of at least four characters of a row, in either direction.
func runs(s string) string {
	for _, row := range rows {
		for _, line := range []string{row, reverse(row)} {
			for n := min(len(line), len(s)); n >= 4; n-- {
				for i := 0; i+n <= len(line); i++ {
					s = strings.ReplaceAll(s, line[i:i+n], "")
				}
			}
		}
	}
	return s
}

func reverse(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// unleet undoes the usual replacements of letters.
func unleet(s string) string {
	return strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i").Replace(s)
}

// hash returns the argon2id hash of a password. Computing waits for a place, so
// that many at once cannot take all memory.
func (s *Service) hash(ctx context.Context, password string) (string, error) {
	if err := s.enterHashing(ctx); err != nil {
		return "", err
	}
	defer s.leaveHashing()
	h, err := argon2id.CreateHash(norm.NFKC.String(password), s.conf.Params)
	if err != nil {
		return "", fmt.Errorf("auth: hash password: %w", err)
	}
	return h, nil
}

// matches reports whether password has this hash. Without a hash it does the
// same work and says no.
func (s *Service) matches(ctx context.Context, password, hash string) (bool, error) {
	real := hash != ""
	if !real {
		hash = s.dummy
	}
	if len(password) > 4*maxPassword {
		password, real = "", false
	}
	if err := s.enterHashing(ctx); err != nil {
		return false, err
	}
	defer s.leaveHashing()
	ok, err := argon2id.ComparePasswordAndHash(norm.NFKC.String(password), hash)
	if err != nil {
		return false, fmt.Errorf("auth: compare password: %w", err)
	}
	return ok && real, nil
}

func (s *Service) enterHashing(ctx context.Context) error {
	select {
	case s.hashing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errs.Wrap(ctx.Err(), errs.Unavailable, "The server is too busy to check passwords right now.")
	}
}

func (s *Service) leaveHashing() { <-s.hashing }
