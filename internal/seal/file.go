package seal

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// OpenFile reads the key ring at path and makes it, with one random key and
// mode 0600, when there is none. The file has one key a line, "<id> <base64 of
// 32 bytes>"; the first line seals, the others only open. To rotate, Rotate
// puts a new line on top.
//
// A file that its group or the world may read is refused, and so is an empty
// one: going on with a new key would make every stored secret unreadable.
func OpenFile(path string) (*Box, error) {
	keys, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = create(path); err != nil {
			return nil, err
		}
		keys, err = readFile(path)
	}
	if err != nil {
		return nil, err
	}
	return New(keys...)
}

// Rotate puts a new random key on top of the ring at path, atomically, and
// returns the new ring. Texts of the older keys still open.
func Rotate(path string) (*Box, error) {
	keys, err := readFile(path)
	if err != nil {
		return nil, err
	}
	fresh, err := newKey()
	if err != nil {
		return nil, err
	}
	keys = append([]Key{fresh}, keys...)
	tmp, err := writeTemp(path, keys)
	if err != nil {
		return nil, err
	}
	if err := os.Rename(tmp, path); err != nil {
		_ = os.Remove(tmp)
		return nil, fmt.Errorf("seal: replace key file: %w", err)
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	return New(keys...)
}

func readFile(path string) ([]Key, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("seal: open key file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("seal: key file: %w", err)
	}
	if m := info.Mode().Perm(); runtime.GOOS != "windows" && m&0o077 != 0 {
		return nil, errs.E(errs.Internal, "seal: %s can be read by others (mode %04o); run chmod 600 on it, and think about new keys", path, m)
	}
	var keys []Key
	for s := bufio.NewScanner(f); s.Scan(); {
		line := strings.TrimSpace(s.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, text, ok := strings.Cut(line, " ")
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if !ok || err != nil {
			return nil, errs.E(errs.Internal, "seal: line %d of the key file is not \"<id> <base64>\"", len(keys)+1)
		}
		keys = append(keys, Key{ID: id, Bytes: raw})
	}
	if len(keys) == 0 {
		return nil, errs.E(errs.Internal, "seal: %s holds no key; put it back from a backup", path)
	}
	return keys, nil
}

// create makes the file with a link of a finished temporary file: of several
// processes that start at once one wins, and none sees a half-written ring.
func create(path string) error {
	k, err := newKey()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("seal: key directory: %w", err)
	}
	tmp, err := writeTemp(path, []Key{k})
	if err != nil {
		return err
	}
	defer os.Remove(tmp)
	if err := os.Link(tmp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("seal: make key file: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

func newKey() (Key, error) {
	raw := make([]byte, keySize+4)
	if _, err := rand.Read(raw); err != nil {
		return Key{}, fmt.Errorf("seal: random bytes: %w", err)
	}
	return Key{ID: "k" + hex.EncodeToString(raw[keySize:]), Bytes: raw[:keySize]}, nil
}

// writeTemp writes the ring beside path with mode 0600 (what os.CreateTemp
// gives) and returns the temporary file's name.
func writeTemp(path string, keys []Key) (string, error) {
	var text bytes.Buffer
	for _, k := range keys {
		fmt.Fprintf(&text, "%s %s\n", k.ID, base64.StdEncoding.EncodeToString(k.Bytes))
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return "", fmt.Errorf("seal: make key file: %w", err)
	}
	_, err = f.Write(text.Bytes())
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return "", fmt.Errorf("seal: write key file: %w", err)
	}
	return f.Name(), nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("seal: key directory: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil && runtime.GOOS != "windows" {
		return fmt.Errorf("seal: key directory: %w", err)
	}
	return nil
}
