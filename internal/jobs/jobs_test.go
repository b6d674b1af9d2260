package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/db/dbtest"
	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/internal/jobs"
)

// patience is how long a test waits for something that must happen.
const patience = 20 * time.Second

var quiet = slog.New(slog.DiscardHandler)

// clock is a clock that tests move.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC).UnixMicro())
	return c
}
func (c *clock) now() time.Time          { return time.UnixMicro(c.at.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.at.Add(d.Microseconds()) }

// newQueue returns a queue that polls often and waits the whole back-off.
func newQueue(d *db.DB, c *clock, change ...func(*jobs.Config)) *jobs.Queue {
	conf := jobs.Config{Poll: 5 * time.Millisecond, Now: c.now, Rand: func() float64 { return 0.999999 }, Log: quiet}
	for _, f := range change {
		f(&conf)
	}
	return jobs.NewQueue(d, conf)
}

// start runs q until the returned function is called, which waits for its end.
func start(t testing.TB, q *jobs.Queue) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- q.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			select {
			case err := <-ended:
				if err != nil {
					t.Errorf("Run: %v", err)
				}
			case <-time.After(patience):
				t.Error("Run did not end")
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func enqueue(t testing.TB, d *db.DB, q *jobs.Queue, list ...jobs.New) {
	t.Helper()
	must(t, d.Write(context.Background(), func(tx *gorm.DB) error {
		for _, j := range list {
			if err := q.Enqueue(tx, j); err != nil {
				return err
			}
		}
		return nil
	}))
}

func list(t testing.TB, q *jobs.Queue, f jobs.Filter) []jobs.Job {
	t.Helper()
	l, err := q.List(context.Background(), f)
	must(t, err)
	return l
}

// until polls for a condition and fails the test when it does not come.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for: %s", what)
		}
	}
}

func empty(t testing.TB, q *jobs.Queue) func() bool {
	return func() bool { return len(list(t, q, jobs.Filter{})) == 0 }
}

func receive[T any](t testing.TB, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("waited in vain for: %s", what)
		panic("unreachable")
	}
}

func TestEnqueueFollowsTheTransaction(t *testing.T) {
	d := dbtest.New(t)
	q := newQueue(d, newClock())
	got := make(chan string, 10)
	q.Handle("hello", func(_ context.Context, j jobs.Job) error {
		var s string
		err := j.Decode(&s)
		got <- s
		return err
	}, jobs.HandlerOptions{})
	start(t, q)
	failed := errors.New("the caller's own failure")
	err := d.Write(context.Background(), func(tx *gorm.DB) error {
		if err := q.Enqueue(tx, jobs.New{Kind: "hello", Payload: "undone"}); err != nil {
			return err
		}
		return failed
	})
	if !errors.Is(err, failed) {
		t.Fatalf("Write = %v", err)
	}
	enqueue(t, d, q, jobs.New{Kind: "hello", Payload: "kept"})
	if s := receive(t, "the job", got); s != "kept" {
		t.Errorf("ran %q, want only what was committed", s)
	}
	until(t, "an empty table", empty(t, q))
	if len(got) != 0 {
		t.Errorf("ran %q too", <-got)
	}
}

func TestOrderPerKey(t *testing.T) {
	d := dbtest.New(t)
	q := newQueue(d, newClock())
	const keys, each = 7, 60
	var mu sync.Mutex
	seen := map[string][]int{}
	running := map[string]int{}
	q.Handle("step", func(_ context.Context, j jobs.Job) error {
		var n int
		if err := j.Decode(&n); err != nil {
			return err
		}
		mu.Lock()
		running[j.Key]++
		if running[j.Key] > 1 {
			t.Errorf("two jobs of %s at once", j.Key)
		}
		seen[j.Key] = append(seen[j.Key], n)
		mu.Unlock()
		mu.Lock()
		running[j.Key]--
		mu.Unlock()
		return nil
	}, jobs.HandlerOptions{Concurrency: 4})
	start(t, q)
	for n := range each {
		for k := range keys {
			enqueue(t, d, q, jobs.New{Kind: "step", Key: fmt.Sprint("k", k), Payload: n})
		}
	}
	until(t, "an empty table", empty(t, q))
	for key, s := range seen {
		if len(s) != each || !slices.IsSorted(s) {
			t.Errorf("%s ran as %v", key, s)
		}
	}
	if len(seen) != keys {
		t.Errorf("%d keys ran", len(seen))
	}
}

// A job that is tried again keeps its place: later ones of its key wait, other
// keys do not. A deep lane is parked meanwhile.
func TestRetryKeepsItsPlace(t *testing.T) {
	d := dbtest.New(t)
	c := newClock()
	q := newQueue(d, c)
	var mu sync.Mutex
	var seen []string
	broken := true
	q.Handle("w", func(_ context.Context, j jobs.Job) error {
		mu.Lock()
		defer mu.Unlock()
		var s string
		if err := j.Decode(&s); err != nil {
			return err
		}
		if s == "a0" && broken {
			return errors.New("the remote is down")
		}
		seen = append(seen, s)
		return nil
	}, jobs.HandlerOptions{BackoffBase: time.Minute})
	var all []jobs.New
	for n := range 40 {
		all = append(all, jobs.New{Kind: "w", Key: "a", Payload: fmt.Sprint("a", n)})
	}
	all = append(all, jobs.New{Kind: "w", Key: "b", Payload: "b0"})
	enqueue(t, d, q, all...)
	start(t, q)
	until(t, "b to pass and a to wait", func() bool {
		l := list(t, q, jobs.Filter{Key: "a"})
		parked := list(t, q, jobs.Filter{Key: "a", States: []jobs.State{jobs.Parked}})
		return l[0].State == jobs.Retrying && len(parked) == 39 && len(list(t, q, jobs.Filter{Key: "b"})) == 0
	})
	if first := list(t, q, jobs.Filter{Key: "a", Limit: 1})[0]; first.Attempt != 1 || first.LastError != "the remote is down" {
		t.Errorf("the failed job is %+v", first)
	}
	mu.Lock()
	broken = false
	mu.Unlock()
	c.advance(61 * time.Second)
	until(t, "an empty table", empty(t, q))
	mu.Lock()
	defer mu.Unlock()
	if seen[0] != "b0" || len(seen) != 41 {
		t.Fatalf("ran %v", seen)
	}
	for n, s := range seen[1:] {
		if s != fmt.Sprint("a", n) {
			t.Fatalf("ran %v", seen)
		}
	}
}

func TestBackoffIsBoundedAndPoisonDies(t *testing.T) { // REL-48
	d := dbtest.New(t)
	c := newClock()
	q := newQueue(d, c)
	q.Handle("poison", func(context.Context, jobs.Job) error { panic("bad bytes \x00\xff") },
		jobs.HandlerOptions{MaxAttempts: 5, BackoffBase: 10 * time.Second, BackoffMax: 30 * time.Second})
	ran := make(chan int64, 10)
	q.Handle("fine", func(_ context.Context, j jobs.Job) error { ran <- j.ID; return nil }, jobs.HandlerOptions{})
	enqueue(t, d, q, jobs.New{Kind: "poison", Key: "x"}, jobs.New{Kind: "poison", Key: "x"}, jobs.New{Kind: "fine"})
	start(t, q)
	receive(t, "the other kind", ran)
	for attempt, wait := range []time.Duration{10, 20, 30, 30} {
		var j jobs.Job
		until(t, fmt.Sprint("attempt ", attempt+1), func() bool {
			j = list(t, q, jobs.Filter{Kind: "poison"})[0]
			return j.State == jobs.Retrying && j.Attempt == attempt+1
		})
		if got := j.RunAt.Sub(c.now()).Round(time.Second); got != wait*time.Second {
			t.Errorf("attempt %d waits %v, want %v", attempt+1, got, wait*time.Second)
		}
		c.advance(31 * time.Second)
	}
	var first jobs.Job
	until(t, "a dead job and the next of its key", func() bool {
		l := list(t, q, jobs.Filter{Kind: "poison"})
		first = l[0]
		return first.State == jobs.Dead && l[1].State == jobs.Retrying
	})
	if first.Attempt != 5 || first.LastError == "" {
		t.Errorf("the dead job is %+v", first)
	}
	counts, err := q.Counts(context.Background())
	must(t, err)
	if !slices.Contains(counts, jobs.Count{Kind: "poison", State: jobs.Dead, Jobs: 1}) {
		t.Errorf("counts = %v", counts)
	}
}

func TestPermanentAndRetry(t *testing.T) {
	d := dbtest.New(t)
	q := newQueue(d, newClock())
	var fixed atomic.Bool
	q.Handle("p", func(_ context.Context, j jobs.Job) error {
		if !fixed.Load() {
			return fmt.Errorf("wrapped: %w", jobs.Permanent(errors.New("no such ticket")))
		}
		return nil
	}, jobs.HandlerOptions{})
	enqueue(t, d, q, jobs.New{Kind: "p", Key: "k"})
	start(t, q)
	until(t, "a dead job", func() bool { return list(t, q, jobs.Filter{})[0].State == jobs.Dead })
	j := list(t, q, jobs.Filter{States: []jobs.State{jobs.Dead}})[0]
	if j.Attempt != 1 || j.LastError != "wrapped: no such ticket" {
		t.Errorf("dead job %+v", j)
	}
	fixed.Store(true)
	must(t, q.Retry(context.Background(), j.ID))
	until(t, "an empty table", empty(t, q))
	if err := q.Retry(context.Background(), j.ID); !errs.Is(err, errs.NotFound) {
		t.Errorf("retry of a done job = %v", err)
	}
}

func TestSnoozeCountsNoAttempt(t *testing.T) {
	d := dbtest.New(t)
	c := newClock()
	q := newQueue(d, c)
	attempts := make(chan int, 100)
	var ready atomic.Bool
	q.Handle("s", func(_ context.Context, j jobs.Job) error {
		attempts <- j.Attempt
		if !ready.Load() {
			return jobs.Snooze(time.Hour)
		}
		return nil
	}, jobs.HandlerOptions{MaxAttempts: 1})
	enqueue(t, d, q, jobs.New{Kind: "s", Key: "k"})
	start(t, q)
	for range 3 {
		if n := receive(t, "a run", attempts); n != 1 {
			t.Errorf("attempt %d, want 1", n)
		}
		until(t, "the snoozed job", func() bool {
			l := list(t, q, jobs.Filter{})
			return l[0].State == jobs.Retrying && l[0].RunAt.Equal(c.now().Add(time.Hour)) && l[0].Attempt == 0
		})
		c.advance(time.Hour)
	}
	receive(t, "the run that is snoozed last", attempts)
	ready.Store(true)
	until(t, "the last snooze", func() bool { return list(t, q, jobs.Filter{})[0].State == jobs.Retrying })
	c.advance(time.Hour)
	until(t, "an empty table", empty(t, q))
}

func TestUniqueMergesWaitingJobs(t *testing.T) {
	d := dbtest.New(t)
	c := newClock()
	q := newQueue(d, c)
	began, goOn := make(chan int64, 10), make(chan error)
	q.Handle("u", func(ctx context.Context, j jobs.Job) error {
		began <- j.ID
		return <-goOn
	}, jobs.HandlerOptions{BackoffBase: time.Minute})
	wake := jobs.New{Kind: "u", Key: "k", Unique: true}
	later := wake
	later.RunAt = c.now().Add(time.Hour)
	enqueue(t, d, q, later, wake, later, wake)
	l := list(t, q, jobs.Filter{})
	if len(l) != 1 || !l[0].RunAt.Equal(c.now()) {
		t.Fatalf("waiting: %+v; want one job, due now", l)
	}
	start(t, q)
	first := receive(t, "the first run", began)
	enqueue(t, d, q, wake, wake) // the change that arrives during the run
	if n := len(list(t, q, jobs.Filter{})); n != 2 {
		t.Fatalf("%d jobs, want the running one and one waiting", n)
	}
	goOn <- errors.New("failed") // the failed one covers the waiting one
	until(t, "one job that is tried again", func() bool {
		l := list(t, q, jobs.Filter{})
		return len(l) == 1 && l[0].State == jobs.Retrying && l[0].ID == first
	})
	enqueue(t, d, q, wake)
	if l := list(t, q, jobs.Filter{}); len(l) != 1 || !l[0].RunAt.After(c.now()) {
		t.Errorf("a new change cut the back-off short: %+v", l)
	}
	c.advance(time.Minute)
	receive(t, "the second run", began)
	enqueue(t, d, q, wake)
	goOn <- nil
	receive(t, "the run for the change during the second", began)
	goOn <- nil
	until(t, "an empty table", empty(t, q))
}

// A job that is not due yet lets later ones of its key pass, and runs in time.
func TestRunAt(t *testing.T) {
	d := dbtest.New(t)
	c := newClock()
	q := newQueue(d, c)
	ran := make(chan string, 10)
	q.Handle("at", func(_ context.Context, j jobs.Job) error {
		var s string
		err := j.Decode(&s)
		ran <- s
		return err
	}, jobs.HandlerOptions{})
	enqueue(t, d, q, jobs.New{Kind: "at", Key: "k", Payload: "tomorrow", RunAt: c.now().Add(24 * time.Hour)}, jobs.New{Kind: "at", Key: "k", Payload: "now"})
	start(t, q)
	if s := receive(t, "the due job", ran); s != "now" {
		t.Errorf("ran %s", s)
	}
	c.advance(24 * time.Hour)
	if s := receive(t, "the scheduled job", ran); s != "tomorrow" {
		t.Errorf("ran %s", s)
	}
}
