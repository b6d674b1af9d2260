package jobs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/deskbridge/deskbridge/internal/db"
)

// Run works on jobs until ctx ends. Then it claims no more, waits up to Grace
// for the handlers that run, ends their contexts, and gives back what was
// claimed and not begun. It is called once.
func (q *Queue) Run(ctx context.Context) error {
	if q.run {
		return errors.New("jobs: Run was called twice")
	}
	q.run = true
	if q.db.Dialect() == db.SQLite {
		// The file is ours alone: whoever had claimed something is gone.
		for _, k := range q.kinds {
			if err := k.expire(ctx, time.Time{}); err != nil {
				if ctx.Err() != nil {
					return nil
				}
				return fmt.Errorf("take over %s jobs: %w", k.kind, err)
			}
		}
	}
	work, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(errStopped)
	var loops, keeper sync.WaitGroup
	for _, k := range q.kinds {
		loops.Go(func() { k.loop(ctx, work) })
	}
	ended := make(chan struct{})
	keeper.Go(func() { q.keep(work, ended) })
	keeper.Go(func() { q.grace(ctx, stop, ended) })
	loops.Wait()
	close(ended)
	keeper.Wait()
	return nil
}

// grace ends the handlers when they take too long after ctx.
func (q *Queue) grace(ctx context.Context, stop context.CancelCauseFunc, ended <-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-ended:
		return
	}
	q.stopping.Store(true)
	over := time.NewTimer(q.conf.Grace)
	defer over.Stop()
	select {
	case <-over.C:
		stop(errStopped)
	case <-ended:
	}
}

// keep renews leases until the loops have ended.
func (q *Queue) keep(work context.Context, ended <-chan struct{}) {
	tick := time.NewTicker(max(q.conf.Lease/3, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			for _, k := range q.kinds {
				k.renew(context.WithoutCancel(work))
			}
		case <-ended:
			return
		}
	}
}
