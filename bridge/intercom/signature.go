package intercom

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Intercom signs webhooks with HMAC-SHA1; the choice is not ours.
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// The headers that carry a signature.
const (
	CanvasHeader  = "X-Body-Signature"
	WebhookHeader = "X-Hub-Signature"
)

const webhookPrefix = "sha1="

// VerifyCanvas checks the X-Body-Signature of a Canvas Kit call (also of the
// daily health check and of the uninstall webhook): 64 hexadecimal digits of
// HMAC-SHA256 over the body exactly as it arrived. Denied unless it fits.
// An empty secret fits nothing. The comparison takes the same time wherever
// the digits differ.
func VerifyCanvas(secret, header string, body []byte) error {
	return verify(sha256.New, []string{secret}, header, body)
}

// VerifyCanvasAny is VerifyCanvas while a secret is being changed: one fitting
// secret is enough, empty ones are passed over, and all are always tried.
func VerifyCanvasAny(secrets []string, header string, body []byte) error {
	return verify(sha256.New, secrets, header, body)
}

// VerifyWebhook checks the X-Hub-Signature of a notification: "sha1=" and 40
// hexadecimal digits of HMAC-SHA1 over the body exactly as it arrived. It
// answers like VerifyCanvas.
func VerifyWebhook(secret, header string, body []byte) error {
	return VerifyWebhookAny([]string{secret}, header, body)
}

// VerifyWebhookAny is VerifyWebhook while a secret is being changed.
func VerifyWebhookAny(secrets []string, header string, body []byte) error {
	digits, ok := strings.CutPrefix(header, webhookPrefix)
	if !ok {
		return errSignature(header)
	}
	return verify(sha1.New, secrets, digits, body)
}

// SignCanvas returns the X-Body-Signature of a body.
func SignCanvas(secret string, body []byte) string {
	return hex.EncodeToString(mac(sha256.New, secret, body))
}

// SignWebhook returns the X-Hub-Signature of a body.
func SignWebhook(secret string, body []byte) string {
	return webhookPrefix + hex.EncodeToString(mac(sha1.New, secret, body))
}

func verify(h func() hash.Hash, secrets []string, digits string, body []byte) error {
	given, err := hex.DecodeString(digits)
	if err != nil || len(given) != h().Size() {
		return errSignature(digits)
	}
	fits := false
	for _, s := range secrets {
		if s == "" {
			continue
		}
		if hmac.Equal(mac(h, s, body), given) {
			fits = true
		}
	}
	if !fits {
		return errSignature(digits)
	}
	return nil
}

// errSignature says no more than whether there was a signature at all.
func errSignature(header string) error {
	if header == "" {
		return errs.E(errs.Denied, "The request carries no signature.")
	}
	return errs.E(errs.Denied, "The signature does not fit the body.")
}

func mac(h func() hash.Hash, secret string, body []byte) []byte {
	m := hmac.New(h, []byte(secret))
	m.Write(body)
	return m.Sum(nil)
}
