package seal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/deskbridge/deskbridge/internal/errs"
)

func key(id string, fill byte) Key { return Key{ID: id, Bytes: bytes.Repeat([]byte{fill}, keySize)} }

func box(t testing.TB, keys ...Key) *Box {
	t.Helper()
	b, err := New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSealedTextHidesTheSecretAndOpensAgain(t *testing.T) {
	b := box(t, key("k1", 1))
	secret := "s3cr3t-canary-of-the-workspace"
	one, err := b.Seal([]byte(secret), "workspace:1:client_secret")
	if err != nil {
		t.Fatal(err)
	}
	two, err := b.Seal([]byte(secret), "workspace:1:client_secret")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(one, secret) || strings.Contains(one, "canary") {
		t.Fatalf("the text shows the secret: %s", one)
	}
	if one == two {
		t.Fatal("the same secret sealed twice gives the same text")
	}
	plain, err := b.Open(one, "workspace:1:client_secret")
	if err != nil || string(plain) != secret {
		t.Fatalf("Open = %q, %v", plain, err)
	}
	// SEC-162: a text of one row does not open in another.
	if _, err := b.Open(one, "workspace:2:client_secret"); !errs.Is(err, errs.Internal) {
		t.Fatalf("opened at another place: %v", err)
	}
}

func TestOpenRefusesWhatWasChanged(t *testing.T) {
	b := box(t, key("k1", 1), key("k2", 2))
	sealed, err := b.Seal([]byte("secret"), "a")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty":           "",
		"plain":           "secret",
		"other version":   "v2" + sealed[2:],
		"other key":       strings.Replace(sealed, ".k1.", ".k2.", 1),
		"unknown key":     strings.Replace(sealed, ".k1.", ".k9.", 1),
		"no body":         "v1.k1.",
		"short body":      "v1.k1.AAAA",
		"cut":             sealed[:len(sealed)-4],
		"longer":          sealed + "AAAA",
		"not base64":      sealed + "!",
		"flipped":         sealed[:len(sealed)-3] + flip(sealed[len(sealed)-3:]),
		"line break":      sealed[:20] + "\n" + sealed[20:],
		"key id with dot": "v1..k1." + sealed[6:],
	} {
		t.Run(name, func(t *testing.T) {
			plain, err := b.Open(text, "a")
			if err == nil {
				t.Fatalf("opened to %q", plain)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Fatalf("the error shows a part of the text: %v", err)
			}
		})
	}
}

func flip(s string) string {
	if s[0] == 'A' {
		return "B" + s[1:]
	}
	return "A" + s[1:]
}

func TestKeysRotateWithOverlap(t *testing.T) {
	old := box(t, key("k1", 1))
	sealed, err := old.Seal([]byte("secret"), "a")
	if err != nil {
		t.Fatal(err)
	}
	both := box(t, key("k2", 2), key("k1", 1))
	if plain, err := both.Open(sealed, "a"); err != nil || string(plain) != "secret" {
		t.Fatalf("the new ring does not open the old text: %q, %v", plain, err)
	}
	if !both.Stale(sealed) || !both.Stale("nonsense") {
		t.Fatal("an old text is not called stale")
	}
	again, err := both.Seal([]byte("secret"), "a")
	if err != nil {
		t.Fatal(err)
	}
	if both.Stale(again) {
		t.Fatal("a new text is called stale")
	}
	if _, err := old.Open(again, "a"); err == nil {
		t.Fatal("a ring without the new key opened its text")
	}
}

func TestNewRefusesBadRings(t *testing.T) {
	for name, keys := range map[string][]Key{
		"empty":     {},
		"short key": {{ID: "k", Bytes: make([]byte, 16)}},
		"double id": {key("k", 1), key("k", 2)},
		"dot in id": {key("a.b", 1)},
		"no id":     {key("", 1)},
	} {
		if _, err := New(keys...); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSealFailsWithoutRandomBytes(t *testing.T) {
	b := box(t, key("k1", 1))
	b.rand = strings.NewReader("short")
	if _, err := b.Seal([]byte("secret"), "a"); err == nil {
		t.Fatal("sealed without a full nonce")
	}
}

func TestOpenFileMakesAPrivateKeyOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "seal.key")
	boxes := make([]*Box, 20)
	var wg sync.WaitGroup
	for i := range boxes {
		wg.Go(func() {
			b, err := OpenFile(path)
			if err != nil {
				t.Error(err)
				return
			}
			boxes[i] = b
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	sealed, err := boxes[0].Seal([]byte("secret"), "a")
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range boxes {
		if plain, err := b.Open(sealed, "a"); err != nil || string(plain) != "secret" {
			t.Fatalf("start %d made another key: %v", i, err)
		}
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Fatalf("files left: %v, %v", left, err)
	}
}

func TestOpenFileRefuses(t *testing.T) {
	good := "k1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		ok   bool
	}{
		"good":           {good, 0o600, true},
		"read only":      {good, 0o400, true},
		"comment":        {"# ours\n\n" + good, 0o600, true},
		"group may read": {good, 0o640, false},
		"world may read": {good, 0o604, false},
		"empty":          {"", 0o600, false},
		"no id":          {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 0o600, false},
		"short key":      {"k1 AAAA\n", 0o600, false},
		"not base64":     {"k1 ????\n", 0o600, false},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "seal.key")
			if err := os.WriteFile(path, []byte(c.text), c.mode); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, c.mode); err != nil {
				t.Fatal(err)
			}
			_, err := OpenFile(path)
			if (err == nil) != c.ok {
				t.Fatalf("err %v, want ok %v", err, c.ok)
			}
			if raw, e := os.ReadFile(path); e != nil || string(raw) != c.text {
				t.Fatalf("the file was changed: %q, %v", raw, e)
			}
			if err != nil && strings.Contains(err.Error(), "AAAA") {
				t.Fatalf("the error shows the key: %v", err)
			}
		})
	}
}

func TestRotateFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seal.key")
	if _, err := Rotate(path); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("rotated a ring that is not there: %v", err)
	}
	old, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := old.Seal([]byte("secret"), "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Rotate(path); err != nil {
		t.Fatal(err)
	}
	now, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := now.Open(sealed, "a"); err != nil || string(plain) != "secret" || !now.Stale(sealed) {
		t.Fatalf("after the rotation: %q, %v, stale %v", plain, err, now.Stale(sealed))
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode after the rotation: %v, %v", info, err)
	}
}

func FuzzOpen(f *testing.F) {
	b, err := New(key("k1", 1))
	if err != nil {
		f.Fatal(err)
	}
	b.rand = strings.NewReader("twelve bytes") // each worker process seals alike
	sealed, err := b.Seal([]byte("secret"), "a")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed, "a")
	f.Add("v1.k1.", "")
	f.Add("", "a")
	f.Fuzz(func(t *testing.T, text, aad string) {
		plain, err := b.Open(text, aad)
		if err == nil && (text != sealed || aad != "a") {
			t.Fatalf("opened %q to %q", text, plain)
		}
	})
}
