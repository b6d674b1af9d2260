package bridge

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	// rushSize is how many webhooks at a time make a rush.
	rushSize = 24
	// rushEcho is how long a rush is believed to go on after it was last seen:
	// between two commits nobody is inside for a moment.
	rushEcho = 50 * time.Millisecond
	// rushPause is how long a rush may hold up a conversation.
	rushPause = 3 * time.Second
)

// rush lets acknowledging go before working. Intercom gives up on a webhook
// after seconds and on an endpoint that often fails for good; a message that
// reaches its ticket a moment later harms nobody, and the more have gathered
// the less each of them costs.
type rush struct {
	now    func() time.Time
	inside atomic.Int64
	seen   atomic.Int64 // when so many were inside last, in nanoseconds
}

// enter counts a webhook in; the function that it returns counts it out.
func (r *rush) enter() func() {
	if r.inside.Add(1) >= rushSize {
		r.seen.Store(r.now().UnixNano())
	}
	return func() { r.inside.Add(-1) }
}

func (r *rush) on() bool {
	return r.now().UnixNano()-r.seen.Load() < int64(rushEcho)
}

// pass waits until the rush is over, but not for longer than rushPause and ctx.
func (r *rush) pass(ctx context.Context) {
	if !r.on() {
		return
	}
	limit := time.NewTimer(rushPause)
	defer limit.Stop()
	tick := time.NewTicker(rushEcho)
	defer tick.Stop()
	for r.on() {
		select {
		case <-tick.C:
		case <-limit.C:
			return
		case <-ctx.Done():
			return
		}
	}
}
