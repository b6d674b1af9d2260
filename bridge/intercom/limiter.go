package intercom

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// window is how long one of Intercom's rate limit windows lasts.
const window = 10 * time.Second

// limiter keeps calls within Intercom's rate limit. Each window of 10 s allows
// a number of calls, which the answers tell. While more than half of them are
// left calls pass at once; after that they are spread over the rest of the
// window; when none is left they wait for the next. Calls in flight count as
// used, so that parallel callers wait instead of being refused.
type limiter struct {
	now func() time.Time

	mu       sync.Mutex
	limit    int       // calls per window
	left     int       // calls left in this window
	told     bool      // an answer has told left in this window
	reset    time.Time // when the next window begins
	slot     time.Time // when the last spread call was let through
	inFlight int
}

func newLimiter(limit int, now func() time.Time) *limiter {
	return &limiter{now: now, limit: limit, left: limit}
}

// wait returns when a call may be made. The caller hands the answer's header to
// done, or nil when there was none.
func (l *limiter) wait(ctx context.Context) (done func(http.Header), err error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		d := l.take()
		if d <= 0 {
			return l.done, nil
		}
		t := time.NewTimer(d)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil, ctx.Err()
		case <-t.C:
		}
	}
}

// take takes one call, or returns how long to wait before trying again.
func (l *limiter) take() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if !now.Before(l.reset) {
		l.reset, l.left, l.told = now.Add(window), l.limit-l.inFlight, false
	}
	if l.left <= 0 {
		return l.reset.Sub(now)
	}
	if l.left <= l.limit/2 {
		next := l.slot.Add(l.reset.Sub(now) / time.Duration(l.left+1))
		if d := next.Sub(now); d > 0 {
			return d
		}
		l.slot = now
	}
	l.left--
	l.inFlight++
	return 0
}

// done counts a call as answered and learns from its header.
func (l *limiter) done(h http.Header) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
	if limit, ok := header(h, "X-RateLimit-Limit"); ok && limit > 0 {
		l.limit = int(limit)
	}
	remaining, ok := header(h, "X-RateLimit-Remaining")
	if !ok {
		return
	}
	reset := l.resetOf(h)
	left := int(remaining) - l.inFlight
	if l.told && reset.Before(l.reset) {
		return // an answer of a window that is over
	}
	if !l.told || reset.After(l.reset) {
		l.left = left
	} else {
		l.left = min(l.left, left)
	}
	l.reset, l.told = reset, true
}

// refused learns from a refusal and returns when the next window begins.
func (l *limiter) refused(h http.Header) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reset, l.left, l.told = l.resetOf(h), 0, true
	return l.reset
}

// resetOf reads when the window ends. A time that is over, or absurdly far away
// because clocks differ, is taken as one window from now.
func (l *limiter) resetOf(h http.Header) time.Time {
	now := l.now()
	if s, ok := header(h, "X-RateLimit-Reset"); ok {
		if t := time.Unix(s, 0); t.After(now) && t.Before(now.Add(6*window)) {
			return t
		}
	}
	return now.Add(window)
}
