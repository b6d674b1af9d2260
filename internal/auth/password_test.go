package auth

import (
	"strings"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// SEC-187: long and foreign passwords are fine, the ones that everybody tries
// first are not.
func TestCheckPassword(t *testing.T) {
	bad := []string{
		"", "short", "123456789", "1234567890", "0987654321", "0123456789", "9876543210", "1111111111", "1234554321", "1q2w3e4r5t", "q1w2e3r4t5",
		"qwertyuiop", "qwertyuiop123", "1qaz2wsx3edc", "zaq12wsxcde3", "asdfghjkl1", "asdfghjklasdf", "abcdefghij", "abcd123456", "qwerty12345", "Qwerty!234567",
		"password123", "Password123!", "P@ssw0rd123", "passwordpassword", "iloveyou123", "basketball", "volleyball", "watermelon", "strawberry", "skateboard",
		"manchester", "liverpool1", "washington", "california", "university", "technology", "enterprise", "lamborghini", "mitsubishi", "christopher", "christina1",
		"jacqueline", "constantine", "wolverines", "undertaker", "rockandroll", "cheerleader", "heartbreaker", "birmingham", "nottingham", "tottenham1",
		"playstation", "blackberry", "sunshine123", "princess123", "football123", "1234567890a", "aaaaaaaaaaaa", "abababababab", "welcome2026!", "Sommer2026!!", "Winter2025!",
		"administrator", "changeme123", "letmein1234", "trustno1trustno1", "michael1234", "!!!!!!!!!!!!", "          ", "12/03/1987", "01-02-2003!!",
		"deskbridge", "Deskbridge2026", "ada.lovelace", "AdaLovelace1", "lovelace1815", "example12345", strings.Repeat("x", 300), "with\x00control", "line\nbreak and more",
	}
	for _, p := range bad {
		if err := checkPassword("password", p, "ada.lovelace@example.org", "Ada Lovelace"); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q is accepted", p)
		} else if errs.FieldsOf(err)[0].Path != "password" || len(p) > 8 && strings.Contains(err.Error(), p) {
			t.Errorf("%q: error %v", p, err)
		}
	}
	for _, p := range []string{
		"correct horse battery staple", "correct horse 9 battery", "Tr0ub4dor&3zebra", "kP9#vLq2xZ", "паролькошка77", "öffne die türe bitte", "gänseblümchenwiese", "monkey piano lamp",
		"密码很长很安全的一句话吧", "qwerty violins marmalade", strings.Repeat("long enough ", 20), "🐢🦊🐙🦉🐝🐌🦀🐳🦒🐘", "xKq-77-vbz-QPL", "^%&*(){}[]<>~#-_=",
	} {
		if err := checkPassword("password", p, "ada.lovelace@example.org", "Ada Lovelace"); err != nil {
			t.Errorf("%q: %v", p, err)
		}
	}
}

func FuzzCheckPassword(f *testing.F) {
	f.Add("password123", "a@b.c", "A B")
	f.Add("\xff\xfe", "", "")
	f.Fuzz(func(_ *testing.T, p, email, name string) {
		if len(p) < 2000 && len(email) < 300 && len(name) < 300 {
			_ = checkPassword("password", p, email, name)
		}
	})
}

func TestThrottleIsBoundedAndRefills(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	th := newThrottle(3, 10*time.Second)
	for range 3 {
		if err := th.take("a", now); err != nil {
			t.Fatal(err)
		}
	}
	err := th.take("a", now)
	if !errs.Is(err, errs.Throttled) {
		t.Fatalf("the fourth: %v", err)
	}
	if r, ok := err.(interface{ RetryAfter() time.Duration }); !ok || r.RetryAfter() <= 0 || r.RetryAfter() > 10*time.Second {
		t.Fatalf("no time to come back in %v", err)
	}
	if err := th.take("b", now); err != nil {
		t.Fatalf("another key: %v", err)
	}
	if err := th.take("a", now.Add(10*time.Second)); err != nil {
		t.Fatalf("after the interval: %v", err)
	}
	if err := th.take("a", now.Add(11*time.Second)); err == nil {
		t.Fatal("the refused attempts gave a burst back")
	}
	th.forget("a")
	if err := th.take("a", now); err != nil {
		t.Fatalf("forgotten: %v", err)
	}
	for i := range maxThrottled + 100 {
		_ = th.take(strings.Repeat("k", i%7)+string(rune(0x1000+i)), now)
	}
	if len(th.keys) > maxThrottled || th.order.Len() != len(th.keys) {
		t.Fatalf("%d keys, %d in order", len(th.keys), th.order.Len())
	}
}

func TestPeerJoinsAddressesOfOneCaller(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8:1:2:3::4": "2001:db8:1:2::/64", "2001:db8:1:2::9%eth0": "2001:db8:1:2::/64", "": "", "junk": "junk",
	} {
		if got := peer(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
