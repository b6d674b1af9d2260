package intercom

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// The vectors of the platform's facts (intercom.md 1.5 and 2.2).
const (
	vectorBody    = `{"workspace_id":"abcd123"}`
	vectorSecret  = "secret"
	vectorCanvas  = "21bef8c317ff16803dab6c00656b9f3552cc9573092b918998274e98355bf4ca"
	vectorWebhook = "sha1=c0b83f33afd2aa978e2408d91d702485fea2de54"
)

// IC-16: the client secret authenticates what comes in.
func TestIC16_GoldenSignatures(t *testing.T) {
	if got := SignCanvas(vectorSecret, []byte(vectorBody)); got != vectorCanvas {
		t.Errorf("SignCanvas = %s", got)
	}
	if got := SignWebhook(vectorSecret, []byte(vectorBody)); got != vectorWebhook {
		t.Errorf("SignWebhook = %s", got)
	}
	if err := VerifyCanvas(vectorSecret, vectorCanvas, []byte(vectorBody)); err != nil {
		t.Errorf("VerifyCanvas: %v", err)
	}
	if err := VerifyWebhook(vectorSecret, vectorWebhook, []byte(vectorBody)); err != nil {
		t.Errorf("VerifyWebhook: %v", err)
	}
}

func TestWrongSignaturesAreDenied(t *testing.T) {
	type verify func(secret, header string, body []byte) error
	again, err := json.MarshalIndent(map[string]string{"workspace_id": "abcd123"}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	emptyCanvas, emptyWebhook := SignCanvas("", []byte(vectorBody)), SignWebhook("", []byte(vectorBody))
	for _, c := range []struct {
		name                 string
		verify               verify
		secret, header, body string
	}{
		{"SEC-082 canvas without a signature", VerifyCanvas, vectorSecret, "", vectorBody},
		{"SEC-082 webhook without a signature", VerifyWebhook, vectorSecret, "", vectorBody},
		{"SEC-082 webhook with the prefix alone", VerifyWebhook, vectorSecret, "sha1=", vectorBody},
		{"SEC-083 canvas with a wrong signature", VerifyCanvas, vectorSecret, strings.Repeat("0", 64), vectorBody},
		{"SEC-083 webhook with a wrong signature", VerifyWebhook, vectorSecret, "sha1=" + strings.Repeat("0", 40), vectorBody},
		{"SEC-083 the last digit", VerifyCanvas, vectorSecret, vectorCanvas[:63] + "b", vectorBody},
		{"SEC-083 too short", VerifyCanvas, vectorSecret, vectorCanvas[:62], vectorBody},
		{"SEC-083 too long", VerifyCanvas, vectorSecret, vectorCanvas + "00", vectorBody},
		{"SEC-083 no digits", VerifyCanvas, vectorSecret, strings.Repeat("z", 64), vectorBody},
		{"SEC-083 no prefix", VerifyWebhook, vectorSecret, strings.TrimPrefix(vectorWebhook, "sha1="), vectorBody},
		{"SEC-085 the same JSON written anew", VerifyCanvas, vectorSecret, vectorCanvas, string(again)},
		{"SEC-085 one more space", VerifyWebhook, vectorSecret, vectorWebhook, vectorBody + " "},
		{"SEC-086 the signature of a webhook on a canvas", VerifyCanvas, vectorSecret, vectorWebhook, vectorBody},
		{"SEC-086 the signature of a canvas on a webhook", VerifyWebhook, vectorSecret, "sha1=" + vectorCanvas, vectorBody},
		{"SEC-086 the signature of another app", VerifyCanvas, "another", vectorCanvas, vectorBody},
		{"SEC-087 an empty secret on a canvas", VerifyCanvas, "", emptyCanvas, vectorBody},
		{"SEC-087 an empty secret on a webhook", VerifyWebhook, "", emptyWebhook, vectorBody},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.verify(c.secret, c.header, []byte(c.body))
			if !errs.Is(err, errs.Denied) {
				t.Fatalf("err = %v, want one of kind Denied", err)
			}
			if strings.Contains(err.Error(), vectorCanvas) || (c.secret != "" && strings.Contains(err.Error(), `"`+c.secret)) {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
}

// SEC-097, SEC-087: several secrets while one is changed.
func TestRotatedSecrets(t *testing.T) {
	body := []byte(vectorBody)
	for _, c := range []struct {
		name    string
		secrets []string
		fits    bool
	}{
		{"new one", []string{vectorSecret, "old"}, true},
		{"old one", []string{"new", vectorSecret}, true},
		{"retired", []string{"new"}, false},
		{"none at all", nil, false},
		{"empty ones are passed over", []string{"", vectorSecret}, true},
		{"only empty ones", []string{"", ""}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := VerifyCanvasAny(c.secrets, vectorCanvas, body); (err == nil) != c.fits {
				t.Errorf("canvas: %v", err)
			}
			if err := VerifyWebhookAny(c.secrets, vectorWebhook, body); (err == nil) != c.fits {
				t.Errorf("webhook: %v", err)
			}
		})
	}
}

// SEC-098: the whole digest is computed and compared, wherever it differs. The
// test counts work instead of nanoseconds: hmac.Equal is constant by contract,
// so what must hold is that no early return depends on a matching prefix.
func TestSEC098_NoShortcutByPrefix(t *testing.T) {
	body := []byte(vectorBody)
	wrongFirst := "0" + vectorCanvas[1:]
	wrongLast := vectorCanvas[:63] + "0"
	work := func(header string) float64 {
		return testing.AllocsPerRun(100, func() {
			if VerifyCanvas(vectorSecret, header, body) == nil {
				t.Error("a wrong signature fits")
			}
		})
	}
	if a, b := work(wrongFirst), work(wrongLast); a != b {
		t.Errorf("a signature wrong at its beginning costs %v allocations, at its end %v", a, b)
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("secret", vectorCanvas, []byte(vectorBody))
	f.Add("", "", []byte(nil))
	f.Add("secret", vectorWebhook, []byte(vectorBody))
	f.Fuzz(func(t *testing.T, secret, header string, body []byte) {
		if secret == "" {
			if VerifyCanvas(secret, header, body) == nil || VerifyWebhook(secret, header, body) == nil {
				t.Error("an empty secret fits")
			}
			return
		}
		if err := VerifyCanvas(secret, SignCanvas(secret, body), body); err != nil {
			t.Error(err)
		}
		if err := VerifyWebhook(secret, SignWebhook(secret, body), body); err != nil {
			t.Error(err)
		}
		if VerifyCanvas(secret, header, body) == nil && !strings.EqualFold(header, SignCanvas(secret, body)) {
			t.Error("another signature fits")
		}
	})
}
