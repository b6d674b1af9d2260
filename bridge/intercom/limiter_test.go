package intercom_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/bridge/intercom/intercomtest"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// Parallel callers wait for the next window instead of being refused, and are
// spread over the window once half of it is used.
func TestRateLimitIsRespected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit, calls = 20, 90
		w := newWorkspace(t, intercomtest.Config{Limit: limit})
		var within []time.Duration // when the calls of the first window came through
		began := time.Now()
		k, err := intercom.New(intercom.Config{Token: token, APIBase: "http://intercom.test", Transport: w.Transport(), Window: limit})
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex // guards within
		var wg sync.WaitGroup
		for range calls {
			wg.Go(func() {
				if _, err := k.Me(t.Context()); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if at := time.Since(began); at > 0 && at < 7*time.Second {
					within = append(within, at)
				}
			})
		}
		wg.Wait()
		if len(within) < 3 {
			t.Errorf("the second half of the first window came through at once, but for %v", within)
		}
		if took := time.Since(began); took < 35*time.Second || took > 60*time.Second {
			t.Errorf("%d calls at %d per 10 s took %v", calls, limit, took)
		}
	})
}

func TestWaitingForTheRateLimitEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorkspace(t, intercomtest.Config{Limit: 1})
		k, err := intercom.New(intercom.Config{Token: token, APIBase: "http://intercom.test", Transport: w.Transport(), Window: 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.Me(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = k.Me(ctx)
		want(t, err, errs.Throttled)
		if !errors.Is(err, context.DeadlineExceeded) || intercom.Ambiguous(err) {
			t.Errorf("%v", err)
		}
	})
}
