package jobs

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// New describes a job to enqueue.
type New struct {
	// Kind names the handler.
	Kind string
	// Key orders jobs: those of one kind and key run one at a time, by id. The
	// empty key has no order.
	Key string
	// Payload is stored as JSON; nil is null.
	Payload any
	// RunAt is the earliest start; zero is now. A job that is not due yet, and
	// was never tried, lets later ones of its key pass.
	RunAt time.Time
	// Unique allows at most one waiting job per kind and key. When there is one,
	// this one is merged into it: the waiting job keeps its payload, and starts
	// earlier if this one would (but not earlier than its back-off says). One
	// that runs already does not count, so that what changed during the run is
	// looked at by another. Its row is written at the end of the transaction.
	Unique bool
	// MaxAttempts overrides the handler's number.
	MaxAttempts int
}

// State is where a job stands. A done job has none: its row is gone.
type State int

// The states, as the table stores them.
const (
	Waiting  State = 0
	Running  State = 1
	Retrying State = 2 // waits to be tried again, and holds its key meanwhile
	Parked   State = 3 // waits behind another job of its key
	Dead     State = 4
)

var stateNames = [...]string{"waiting", "running", "retrying", "parked", "dead"}

// String returns the state's name in lower case.
func (s State) String() string {
	if s < 0 || int(s) >= len(stateNames) {
		return fmt.Sprintf("state(%d)", int(s))
	}
	return stateNames[s]
}

// Job is a stored job.
type Job struct {
	ID          int64
	Kind        string
	Key         string
	Payload     json.RawMessage
	State       State
	Attempt     int // how often it was begun, this time included
	MaxAttempts int // 0: the handler's number
	RunAt       time.Time
	CreatedAt   time.Time
	Node        string // who runs it
	LastError   string

	claims int64
}

// Decode reads the payload into v.
func (j Job) Decode(v any) error {
	if err := json.Unmarshal(j.Payload, v); err != nil {
		return Permanent(fmt.Errorf("the payload of job %d (%s) cannot be read: %w", j.ID, j.Kind, err))
	}
	return nil
}

// Handler does the work of one job. Its context ends when the time is up, when
// the lease was lost, and when a shutdown does not wait longer. Any error but
// Snooze and Permanent means: try again later. A panic is an error.
type Handler func(ctx context.Context, j Job) error

// HandlerOptions are per kind; zero fields have defaults.
type HandlerOptions struct {
	// Concurrency is how many lanes of the kind this node works on at once. The
	// default is 16.
	Concurrency int
	// MaxAttempts is how often a job is begun before it is dead. The default is
	// 20: with the default back-off about an hour and a half on average.
	MaxAttempts int
	// Timeout ends the handler's context. The default is a minute.
	Timeout time.Duration
	// BackoffBase and BackoffMax bound the wait after attempt n: random between
	// zero and the smaller of BackoffMax and BackoffBase * 2^(n-1) (full
	// jitter). The defaults are a second and ten minutes.
	BackoffBase, BackoffMax time.Duration
}

func (o HandlerOptions) withDefaults() HandlerOptions {
	if o.Concurrency <= 0 {
		o.Concurrency = 16
	}
	if o.MaxAttempts <= 0 {
		o.MaxAttempts = 20
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Minute
	}
	if o.BackoffBase <= 0 {
		o.BackoffBase = time.Second
	}
	if o.BackoffMax <= 0 {
		o.BackoffMax = 10 * time.Minute
	}
	return o
}

// backoff returns how long to wait after the given attempt; r is in [0,1).
func (o HandlerOptions) backoff(attempt int, r float64) time.Duration {
	limit := o.BackoffMax
	if shift := attempt - 1; shift < 32 && o.BackoffBase<<shift < limit {
		limit = o.BackoffBase << shift
	}
	return time.Duration(r * float64(limit))
}

// Config tunes a queue; zero fields have defaults.
type Config struct {
	// Node names this process in leases. The default is random; two nodes must
	// not share one.
	Node string
	// Lease is how long a claim lasts without being renewed, which it is every
	// third of that. The default is 30 s. It is the time after which another
	// node takes over from one that died; on SQLite, where only one process can
	// have the file, a restart takes over at once.
	Lease time.Duration
	// Poll is how often a kind looks for jobs that nobody announced: due after a
	// back-off, or enqueued by another node. The default is 200 ms.
	Poll time.Duration
	// Grace is how long a shutdown waits for running handlers. The default is
	// 10 s.
	Grace time.Duration
	// Now is the clock that decides what is due and expired.
	Now func() time.Time
	// Rand returns a number in [0,1) for the jitter.
	Rand func() float64
	// Log receives failures of jobs and of the queue.
	Log *slog.Logger
}

// Queue enqueues and works on jobs. It is safe for concurrent use.
type Queue struct {
	db    *db.DB
	conf  Config
	kinds map[string]*lanes
	run   bool

	stopping                    atomic.Bool // Run's context has ended
	worked, retried, died, late atomic.Int64
}

// NewQueue returns a queue on d; it starts nothing.
func NewQueue(d *db.DB, c Config) *Queue {
	if c.Node == "" {
		c.Node = rand.Text()
	}
	if c.Lease <= 0 {
		c.Lease = 30 * time.Second
	}
	if c.Poll <= 0 {
		c.Poll = 200 * time.Millisecond
	}
	if c.Grace <= 0 {
		c.Grace = 10 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = mathrand.Float64
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return &Queue{db: d, conf: c, kinds: map[string]*lanes{}}
}

// Handle registers the handler of a kind. It must be called before Run, once
// per kind; anything else is a mistake in the program and panics.
func (q *Queue) Handle(kind string, h Handler, o HandlerOptions) {
	if q.run || q.kinds[kind] != nil || kind == "" || h == nil {
		panic("jobs: Handle after Run, twice, or without a kind or handler: " + kind)
	}
	q.kinds[kind] = newLanes(q, kind, h, o.withDefaults())
}

// Enqueue stores a job in the caller's transaction, which must be one of
// db.Write, and wakes this node's workers after the commit.
func (q *Queue) Enqueue(tx *gorm.DB, j New) error {
	if j.Kind == "" || clean(j.Kind) != j.Kind || clean(j.Key) != j.Key {
		return errs.E(errs.Internal, "a job needs a kind, and a key, of valid text up to %d bytes", maxError)
	}
	payload := []byte("null")
	if j.Payload != nil {
		var err error
		if payload, err = json.Marshal(j.Payload); err != nil {
			return fmt.Errorf("write the payload of a %s job: %w", j.Kind, err)
		}
	}
	now := q.conf.Now()
	runAt := now
	if !j.RunAt.IsZero() {
		runAt = j.RunAt
	}
	if err := insert(tx, j, string(payload), runAt.UnixMicro(), now.UnixMicro()); err != nil {
		return fmt.Errorf("enqueue a %s job: %w", j.Kind, err)
	}
	if k := q.kinds[j.Kind]; k != nil && !runAt.After(now) {
		db.OnCommit(tx, k.signal)
	}
	return nil
}

// snooze is the error of Snooze.
type snooze time.Duration

func (s snooze) Error() string { return "snoozed for " + time.Duration(s).String() }

// Snooze is what a handler returns to run the job again after d without counting
// the attempt: it is not a failure that something is not ready yet. The job
// keeps its place in its key.
func Snooze(d time.Duration) error { return snooze(max(d, 0)) }

// permanent is the error of Permanent.
type permanent struct{ err error }

func (p permanent) Error() string { return p.err.Error() }
func (p permanent) Unwrap() error { return p.err }

// Permanent is what a handler returns to make the job dead at once: no later try
// could succeed.
func Permanent(err error) error {
	if err == nil {
		err = errors.New("permanent failure")
	}
	return permanent{err}
}

// errLeaseLost is the cause that ends a handler whose job another node took.
var errLeaseLost = errors.New("jobs: the lease was lost")

// errStopped is the cause that ends a handler when the grace of a shutdown is
// over.
var errStopped = errors.New("jobs: the server stops")
