package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// keySize is the length of an AES-256 key in bytes.
const keySize = 32

// version opens every sealed text; another algorithm gets another one.
const version = "v1"

var keyID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// Key is one key of a ring. Its ID stands in every text that it sealed; it says
// nothing about the bytes.
type Key struct {
	ID    string
	Bytes []byte // 32 bytes
}

// Box seals and opens. It is immutable and safe for concurrent use.
type Box struct {
	current string
	ciphers map[string]cipher.AEAD
	rand    io.Reader
}

// New returns a box whose first key seals; all keys open. It fails on an empty
// ring, a doubled or malformed id, and a key that is not 32 bytes long.
func New(keys ...Key) (*Box, error) {
	if len(keys) == 0 {
		return nil, errs.E(errs.Internal, "seal: the key ring is empty")
	}
	b := &Box{current: keys[0].ID, ciphers: make(map[string]cipher.AEAD, len(keys)), rand: rand.Reader}
	for _, k := range keys {
		if !keyID.MatchString(k.ID) {
			return nil, errs.E(errs.Internal, "seal: a key id must be 1 to 32 letters, digits, - or _")
		}
		if _, double := b.ciphers[k.ID]; double {
			return nil, errs.E(errs.Internal, "seal: key id %q is there twice", k.ID)
		}
		if len(k.Bytes) != keySize {
			return nil, errs.E(errs.Internal, "seal: key %q has %d bytes, not %d", k.ID, len(k.Bytes), keySize)
		}
		block, err := aes.NewCipher(k.Bytes)
		if err != nil {
			return nil, fmt.Errorf("seal: key %q: %w", k.ID, err)
		}
		if b.ciphers[k.ID], err = cipher.NewGCM(block); err != nil {
			return nil, fmt.Errorf("seal: key %q: %w", k.ID, err)
		}
	}
	return b, nil
}

// Seal encrypts plain under the ring's first key. aad names the place where the
// text will be stored ("workspace:7:intercom.client_secret"); Open needs the
// same one, so a text copied to another row does not open there.
func (b *Box) Seal(plain []byte, aad string) (string, error) {
	c := b.ciphers[b.current]
	nonce := make([]byte, c.NonceSize(), c.NonceSize()+len(plain)+c.Overhead())
	if _, err := io.ReadFull(b.rand, nonce); err != nil {
		return "", fmt.Errorf("seal: random bytes: %w", err)
	}
	sealed := c.Seal(nonce, nonce, plain, b.bind(b.current, aad))
	return version + "." + b.current + "." + base64.RawURLEncoding.EncodeToString(sealed), nil
}

// Open decrypts what Seal made with the same aad. Its error never holds a part
// of the text: it is of kind Internal, because a text that does not open was
// changed, moved, or sealed with a key that is no longer in the ring.
func (b *Box) Open(sealed, aad string) ([]byte, error) {
	id, raw, err := parse(sealed)
	if err != nil {
		return nil, err
	}
	c, known := b.ciphers[id]
	if !known {
		return nil, errs.E(errs.Internal, "seal: no key %q in the ring", id)
	}
	if len(raw) < c.NonceSize() {
		return nil, errs.E(errs.Internal, "seal: the text is too short")
	}
	plain, err := c.Open(nil, raw[:c.NonceSize()], raw[c.NonceSize():], b.bind(id, aad))
	if err != nil {
		return nil, errs.E(errs.Internal, "seal: the text was changed, moved, or sealed with another key")
	}
	return plain, nil
}

// Stale reports whether a sealed text was not made with the current key and
// should be sealed again. A text that Seal did not make is stale too.
func (b *Box) Stale(sealed string) bool {
	id, _, err := parse(sealed)
	return err != nil || id != b.current
}

// bind makes the additional data of one text: version and key id go in, so that
// they cannot be swapped either.
func (b *Box) bind(id, aad string) []byte {
	return []byte(version + "\x00" + id + "\x00" + aad)
}

func parse(sealed string) (id string, raw []byte, err error) {
	v, rest, ok := strings.Cut(sealed, ".")
	if !ok || v != version {
		return "", nil, errs.E(errs.Internal, "seal: the text has no known version")
	}
	id, body, ok := strings.Cut(rest, ".")
	if !ok || !keyID.MatchString(id) {
		return "", nil, errs.E(errs.Internal, "seal: the text names no key")
	}
	raw, err = base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil || strings.ContainsAny(body, "\r\n") { // which the decoder skips
		return "", nil, errs.E(errs.Internal, "seal: the text is not base64")
	}
	return id, raw, nil
}
