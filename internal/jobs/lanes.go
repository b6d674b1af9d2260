package jobs

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// afterGrace is how long a shutdown waits for handlers whose context it ended.
const afterGrace = time.Second

// lanes runs the jobs of one kind on this node. One goroutine, loop, claims and
// writes results; one goroutine per claimed lane runs handlers.
type lanes struct {
	q    *Queue
	kind string
	h    Handler
	o    HandlerOptions

	wake     chan struct{} // something of the kind is due
	finished chan struct{} // results holds something, or a lane ended

	mu      sync.Mutex // guards what follows
	results []result
	flights map[int64]*flight // claimed, and the result not yet written, by job id
	active  int               // lanes that run
}

// flight is a claimed job on this node.
type flight struct {
	claims int64
	key    string
	until  time.Time // when the lease ends
	cancel context.CancelCauseFunc
	ctx    context.Context
}

// result is what became of a claimed job.
type result struct {
	job   Job
	done  bool // else it goes to the state below
	to    State
	back  bool // the attempt does not count
	runAt time.Time
	text  string
	end   bool // the lane has ended with it, and the next jobs of its key may go
}

func newLanes(q *Queue, kind string, h Handler, o HandlerOptions) *lanes {
	return &lanes{q: q, kind: kind, h: h, o: o, flights: map[int64]*flight{},
		wake: make(chan struct{}, 1), finished: make(chan struct{}, 1)}
}

// signal wakes the loop; a signal that waits already is enough.
func (k *lanes) signal() { poke(k.wake) }

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// take returns the results that nobody wrote yet, and how many lanes run.
func (k *lanes) take() ([]result, int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r := k.results
	k.results = nil
	return r, k.active
}

// giveBack keeps results for the next try to write them.
func (k *lanes) giveBack(r []result) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.results = append(r, k.results...)
}

// loop claims while ctx lives, and writes results until all lanes have ended.
// Handlers run under work.
func (k *lanes) loop(ctx, work context.Context) {
	poll := time.NewTicker(k.q.conf.Poll)
	defer poll.Stop()
	stop, given := ctx.Done(), work.Done()
	var giveUp <-chan time.Time
	hungry := true
	for {
		if giveUp == nil && work.Err() != nil {
			giveUp = time.After(afterGrace)
		}
		results, active := k.take()
		stopping := ctx.Err() != nil
		if stopping && active == 0 && len(results) == 0 {
			return
		}
		want := 0
		if hungry && !stopping {
			want = k.o.Concurrency - active
		}
		if len(results) > 0 || want > 0 {
			more, err := k.turn(work, results, want)
			if err == nil {
				hungry = more || (hungry && want <= 0)
				continue
			}
			k.giveBack(results)
			k.pause(work, err)
			select {
			case <-giveUp:
				return
			default:
				continue
			}
		}
		select {
		case <-k.wake:
			hungry = true
		case <-k.finished:
		case <-poll.C:
			if !stopping && k.look(work) {
				hungry = true
			}
		case <-stop:
			stop = nil
		case <-given:
			given = nil
		case <-giveUp:
			return // what still runs keeps its lease until that ends
		}
	}
}

// pause waits after a turn that could not be written.
func (k *lanes) pause(work context.Context, err error) {
	wait := k.q.conf.Poll
	if errors.Is(err, errBusy) {
		wait = time.Millisecond + time.Duration(k.q.conf.Rand()*float64(3*time.Millisecond))
	} else {
		k.q.conf.Log.Warn("jobs could not be claimed or completed", "kind", k.kind, "error", err)
	}
	select {
	case <-time.After(wait):
	case <-work.Done():
	}
}

// look asks a reader what nobody announced. It reports whether jobs are due,
// and takes expired leases over.
func (k *lanes) look(ctx context.Context) bool {
	due, expired, err := k.q.probe(ctx, k.kind, k.q.conf.Now().UnixMicro())
	if err != nil {
		if ctx.Err() == nil {
			k.q.conf.Log.Warn("jobs could not be looked for", "kind", k.kind, "error", err)
		}
		return false
	}
	for id, claims := range expired {
		if k.flies(id, claims) {
			continue // the clock has jumped; the next renewal mends it
		}
		err := k.expire(ctx, k.q.conf.Now())
		if err != nil && !errors.Is(err, errBusy) {
			k.q.conf.Log.Warn("expired jobs could not be taken over", "kind", k.kind, "error", err)
		}
		return due || err == nil
	}
	return due
}

// turn writes results and claims jobs for up to want lanes, in one transaction,
// and starts the lanes. It reports whether more may be due.
func (k *lanes) turn(work context.Context, results []result, want int) (more bool, err error) {
	if want > 0 {
		select {
		case <-k.wake: // what it announced is committed, so this turn sees it
		default:
		}
	}
	until := k.q.conf.Now().Add(k.q.conf.Lease)
	var batch [][]Job
	var missed int64
	write := func(results []result, want int) error {
		return k.q.db.WriteAlone(context.WithoutCancel(work), func(tx *gorm.DB) error {
			s := k.q.store(tx)
			batch, more, missed = nil, false, 0
			if err := s.exclude(k.kind); err != nil {
				return err
			}
			freed, late, err := k.complete(s, results)
			if err != nil {
				return err
			}
			missed = late
			if want > 0 {
				batch, more, err = k.claim(s, results, want, until)
			}
			more = more || (want <= 0 && freed)
			return err
		})
	}
	err = write(results, want)
	if err != nil && len(results) > 0 && !errors.Is(err, errBusy) && !errs.Is(err, errs.Unavailable) {
		// One of them cannot be written: the others must not suffer.
		for _, r := range results {
			switch e := write([]result{r}, 0); {
			case errors.Is(e, errBusy) || errs.Is(e, errs.Unavailable):
				k.giveBack([]result{r})
			case e == nil:
				k.land([]result{r})
			default:
				k.land([]result{r})
				k.q.conf.Log.Error("a job could not be completed; it runs again when its lease ends", "kind", k.kind, "job", r.job.ID, "error", e)
			}
		}
		return true, nil
	}
	if err != nil {
		return false, err
	}
	k.land(results)
	if missed > 0 {
		k.q.late.Add(missed)
		k.q.conf.Log.Warn("jobs were finished after their lease was lost; another run counts", "kind", k.kind, "jobs", missed)
	}
	for _, lane := range batch {
		k.start(work, lane, until)
	}
	return more, nil
}

// land forgets the jobs of results. Until then their leases are renewed.
func (k *lanes) land(results []result) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, r := range results {
		if f := k.flights[r.job.ID]; f != nil && f.claims == r.job.claims {
			f.cancel(nil)
			delete(k.flights, r.job.ID)
		}
	}
}

// complete writes results. It reports whether parked jobs were let go, and how
// many results came after the lease was lost.
func (k *lanes) complete(s store, results []result) (freed bool, late int64, err error) {
	if len(results) == 0 {
		return false, 0, nil
	}
	var done []Job
	var ended []string
	for _, r := range results {
		if r.end && r.job.Key != "" {
			ended = append(ended, r.job.Key)
		}
		if r.done {
			done = append(done, r.job)
			continue
		}
		attempts := r.job.Attempt
		if r.back {
			attempts--
		}
		held, err := s.put(r.job, r.to, attempts, r.runAt.UnixMicro(), r.text)
		if err != nil {
			return false, 0, err
		}
		if !held {
			late++
		}
	}
	if len(done) > 0 {
		n, err := s.remove(done)
		if err != nil {
			return false, 0, err
		}
		late += int64(len(done)) - n
	}
	freed, err = k.unpark(s, ended)
	return freed, late, err
}

func (k *lanes) unpark(s store, keys []string) (freed bool, err error) {
	if len(keys) == 0 {
		return false, nil
	}
	if any, err := s.anyParked(k.kind); err != nil || !any {
		return false, err
	}
	slices.Sort(keys) // the order in which unique jobs are enqueued: no deadlock
	for _, key := range keys {
		n, err := s.unpark(k.kind, key)
		if err != nil {
			return false, err
		}
		freed = freed || n > 0
	}
	return freed, nil
}

// expire gives jobs back whose lease ended before now, except those that this
// node still runs: its clock has jumped, and it renews them.
func (k *lanes) expire(ctx context.Context, now time.Time) error {
	return k.q.db.WriteAlone(ctx, func(tx *gorm.DB) error {
		s := k.q.store(tx)
		if err := s.exclude(k.kind); err != nil {
			return err
		}
		end := int64(math.MaxInt64)
		if !now.IsZero() {
			end = now.UnixMicro()
		}
		jobs, err := s.expired(k.kind, end)
		if err != nil {
			return err
		}
		held := map[string]bool{} // lanes whose first job will be tried again
		var ended []string
		for _, j := range jobs {
			if k.flies(j.ID, j.claims) {
				continue
			}
			to, text := Retrying, "The worker stopped before the job was finished."
			switch {
			case j.Attempt >= k.limit(j):
				to = Dead
			case j.Key != "" && held[j.Key]:
				to = Parked
			}
			held[j.Key] = held[j.Key] || to == Retrying
			if to == Dead {
				ended = append(ended, j.Key)
			}
			if _, err := s.put(j, to, j.Attempt, j.RunAt.UnixMicro(), text); err != nil {
				return err
			}
			k.q.conf.Log.Warn("a job's worker stopped before it was finished", "kind", k.kind, "job", j.ID, "node", j.Node, "now", to.String())
		}
		_, err = k.unpark(s, ended)
		return err
	})
}

// flies reports whether this node runs a claim.
func (k *lanes) flies(id, claims int64) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	f := k.flights[id]
	return f != nil && f.claims == claims
}

// grounded leaves out the jobs whose lane still runs here under a lease that
// was lost: this node must not run it twice at once. What results tell about is
// over.
func (k *lanes) grounded(due []candidate, results []result) []candidate {
	over := make(map[int64]bool, len(results))
	for _, r := range results {
		over[r.job.ID] = true
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	keys, ids := map[string]bool{}, map[int64]bool{}
	for id, f := range k.flights {
		if !over[id] {
			ids[id] = true
			keys[f.key] = f.key != ""
		}
	}
	return slices.DeleteFunc(due, func(c candidate) bool { return keys[c.key] || ids[c.id] })
}

// limit returns after how many attempts a job is dead.
func (k *lanes) limit(j Job) int {
	if j.MaxAttempts > 0 {
		return j.MaxAttempts
	}
	return k.o.MaxAttempts
}

// renew prolongs the leases of what runs here, and ends handlers whose lease is
// gone.
func (k *lanes) renew(ctx context.Context) {
	k.mu.Lock()
	flights := make(map[int64]*flight, len(k.flights))
	for id, f := range k.flights {
		flights[id] = f
	}
	k.mu.Unlock()
	if len(flights) == 0 {
		return
	}
	until := k.q.conf.Now().Add(k.q.conf.Lease)
	var held map[int64]int64
	err := k.q.db.WriteAlone(ctx, func(tx *gorm.DB) (err error) {
		held, err = k.q.store(tx).renew(k.kind, k.q.conf.Node, until.UnixMicro())
		return err
	})
	if err != nil {
		k.q.conf.Log.Warn("leases could not be renewed", "kind", k.kind, "error", err)
	}
	now := k.q.conf.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, f := range flights {
		switch {
		case err == nil && held[id] == f.claims:
			f.until = until
		case err == nil || now.After(f.until):
			f.cancel(errLeaseLost)
		}
	}
}
