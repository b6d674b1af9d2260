package auth

import (
	"context"
	"testing"

	"github.com/alexedwards/argon2id"

	"github.com/deskbridge/deskbridge/internal/audit"
	"github.com/deskbridge/deskbridge/internal/db/dbtest"
	"github.com/deskbridge/deskbridge/internal/errs"
)

func newService(t testing.TB) *Service {
	t.Helper()
	d := dbtest.New(t)
	s, err := New(d, audit.New(d, audit.Config{}), Config{Params: &argon2id.Params{Memory: 64, Iterations: 3, Parallelism: 1, SaltLength: 16, KeyLength: 32}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// SEC-185: an account that does not exist costs what one that does costs: the
// hash to compare with has the same parameters.
func TestUnknownAccountsCostTheSame(t *testing.T) {
	s := newService(t)
	known, err := s.hash(context.Background(), "correct horse 9 battery")
	if err != nil {
		t.Fatal(err)
	}
	a, _, _, err := argon2id.DecodeHash(known)
	if err != nil {
		t.Fatal(err)
	}
	b, _, _, err := argon2id.DecodeHash(s.dummy)
	if err != nil || *a != *b {
		t.Fatalf("%+v and %+v, %v", a, b, err)
	}
	if ok, err := s.matches(context.Background(), "", ""); ok || err != nil {
		t.Fatalf("no hash: %v, %v", ok, err)
	}
}

// SEC-187: every character counts, beyond 72 bytes too, and one character has
// one meaning however it is composed.
func TestPasswordsAreNotCut(t *testing.T) {
	s := newService(t)
	ctx := context.Background()
	long := "0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 end"
	h, err := s.hash(ctx, long)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{long: true, long[:72]: false, long[:len(long)-1] + "D": false} {
		if ok, err := s.matches(ctx, text, h); ok != want || err != nil {
			t.Errorf("%q: %v, %v", text, ok, err)
		}
	}
	if h, err = s.hash(ctx, "gr\u00fcne Wiese"); err != nil {
		t.Fatal(err)
	}
	if ok, err := s.matches(ctx, "gru\u0308ne Wiese", h); !ok || err != nil {
		t.Errorf("decomposed: %v, %v", ok, err)
	}
}

// Hashes wait for a place, so that a flood cannot take all memory; a caller that
// goes away stops waiting.
func TestHashingIsBounded(t *testing.T) {
	s := newService(t)
	for range cap(s.hashing) {
		s.hashing <- struct{}{}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.matches(ctx, "x", ""); !errs.Is(err, errs.Unavailable) {
		t.Fatalf("no place and no caller: %v", err)
	}
}
