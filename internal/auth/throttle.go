package auth

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/internal/httpx"
)

// maxThrottled is how many keys a throttle remembers; the one unused for longest
// is forgotten first. An attacker who pushes a key out has paid for as many
// attempts elsewhere.
const maxThrottled = 20_000

// throttle allows a burst of attempts per key and then one each interval.
type throttle struct {
	burst int
	every time.Duration

	mu    sync.Mutex
	keys  map[string]*list.Element
	order *list.List // *throttled, most recently used in front
}

type throttled struct {
	key string
	lim *rate.Limiter
}

func newThrottle(burst int, every time.Duration) *throttle {
	return &throttle{burst: burst, every: every, keys: make(map[string]*list.Element), order: list.New()}
}

// take counts an attempt. When there were too many, the error is Throttled and
// says how long to wait; the attempt then does not count.
func (t *throttle) take(key string, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, known := t.keys[key]
	if !known {
		at = t.order.PushFront(&throttled{key: key, lim: rate.NewLimiter(rate.Every(t.every), t.burst)})
		t.keys[key] = at
		if t.order.Len() > maxThrottled {
			last := t.order.Remove(t.order.Back()).(*throttled)
			delete(t.keys, last.key)
		}
	}
	t.order.MoveToFront(at)
	lim := at.Value.(*throttled).lim
	if lim.AllowN(now, 1) {
		return nil
	}
	missing := 1 - lim.TokensAt(now)
	wait := time.Duration(missing * float64(t.every))
	return httpx.WithRetryAfter(errs.E(errs.Throttled, "Too many attempts. Try again later."), wait)
}

// forget gives a key its burst back.
func (t *throttle) forget(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at, known := t.keys[key]; known {
		t.order.Remove(at)
		delete(t.keys, key)
	}
}

// peer is the address that limits count: an IPv6 caller has a whole /64.
func peer(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.WithZone("").Unmap()
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}
