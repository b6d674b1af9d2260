package bridge

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// Work waits while many webhooks come in at a time, not while few do, and never
// for long.
func TestRush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &rush{now: time.Now}
		waited := func(ctx context.Context) time.Duration {
			from := time.Now()
			r.pass(ctx)
			return time.Since(from)
		}
		var leave []func()
		for range rushSize - 1 {
			leave = append(leave, r.enter())
		}
		if d := waited(t.Context()); d != 0 {
			t.Errorf("waited %s for a few", d)
		}
		leave = append(leave, r.enter())
		for _, l := range leave {
			l()
		}
		if d := waited(t.Context()); d < rushEcho || d > 2*rushEcho {
			t.Errorf("waited %s for a rush that was over", d)
		}

		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go func() { // a rush without end
			var leave []func()
			for range rushSize {
				leave = append(leave, r.enter())
			}
			for ctx.Err() == nil {
				r.enter()()
				select {
				case <-time.After(time.Millisecond):
				case <-ctx.Done():
				}
			}
			for _, l := range leave {
				l()
			}
		}()
		synctest.Wait()
		if d := waited(t.Context()); d != rushPause {
			t.Errorf("waited %s in a long rush", d)
		}
		short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if d := waited(short); d != 10*time.Millisecond {
			t.Errorf("waited %s after the context ended", d)
		}
	})
}
