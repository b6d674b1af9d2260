package jobs_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/db/dbtest"
	"github.com/deskbridge/deskbridge/internal/jobs"
)

// A node that hangs past its lease loses the job to another, and its late
// result changes nothing. REL-12
func TestExpiredLeaseIsTakenOver(t *testing.T) {
	d := dbtest.New(t)
	c := newClock()
	a := newQueue(d, c, func(f *jobs.Config) { f.Node, f.Lease = "a", time.Hour })
	b := newQueue(d, c, func(f *jobs.Config) { f.Node, f.Lease = "b", time.Hour })
	began, hang := make(chan string, 10), make(chan struct{})
	a.Handle("l", func(context.Context, jobs.Job) error { began <- "a"; <-hang; return nil }, jobs.HandlerOptions{})
	again := make(chan jobs.Job, 10)
	goOn := make(chan error)
	b.Handle("l", func(_ context.Context, j jobs.Job) error { again <- j; return <-goOn }, jobs.HandlerOptions{})
	enqueue(t, d, a, jobs.New{Kind: "l", Key: "k", Payload: 1}, jobs.New{Kind: "l", Key: "k", Payload: 2})
	start(t, a)
	receive(t, "node a", began)
	c.advance(61 * time.Minute) // a's lease ends while its handler hangs
	start(t, b)
	if j := receive(t, "node b", again); j.Attempt != 2 || string(j.Payload) != "1" || j.Node != "b" {
		t.Errorf("b got %+v, want the first job's second attempt", j)
	}
	close(hang)
	until(t, "a's late result to be refused", func() bool { return a.Stats().Late > 0 })
	if l := list(t, b, jobs.Filter{States: []jobs.State{jobs.Running}}); len(l) == 0 || l[0].Node != "b" {
		t.Errorf("a's result touched b's job: %+v", l)
	}
	goOn <- nil
	close(goOn)
	until(t, "an empty table", empty(t, b))
}

// A long handler keeps its job, however long it takes.
func TestLeaseIsRenewed(t *testing.T) {
	d := dbtest.New(t)
	c := newClock()
	q := newQueue(d, c, func(f *jobs.Config) { f.Lease = 30 * time.Millisecond })
	began, hang := make(chan struct{}, 10), make(chan struct{})
	q.Handle("long", func(context.Context, jobs.Job) error { began <- struct{}{}; <-hang; return nil }, jobs.HandlerOptions{})
	enqueue(t, d, q, jobs.New{Kind: "long"})
	start(t, q)
	receive(t, "the run", began)
	for range 5 {
		c.advance(29 * time.Millisecond)
		until(t, "a renewed lease", func() bool {
			var end int64
			must(t, d.Read(context.Background()).Raw("SELECT lease_until FROM jobs").Scan(&end).Error)
			return end == c.now().Add(30*time.Millisecond).UnixMicro()
		})
	}
	close(hang)
	until(t, "an empty table", empty(t, q))
	if len(began) != 0 || q.Stats() != (jobs.Stats{Worked: 1}) {
		t.Errorf("ran again: %+v", q.Stats())
	}
}

// The handler of a job that another node took is told to stop.
func TestLostLeaseEndsTheHandler(t *testing.T) {
	d := dbtest.New(t)
	q := newQueue(d, newClock(), func(f *jobs.Config) { f.Lease = 30 * time.Millisecond })
	began, ended := make(chan struct{}, 10), make(chan struct{}, 10)
	q.Handle("lost", func(ctx context.Context, _ jobs.Job) error {
		began <- struct{}{}
		<-ctx.Done()
		ended <- struct{}{}
		return ctx.Err()
	}, jobs.HandlerOptions{})
	enqueue(t, d, q, jobs.New{Kind: "lost"})
	start(t, q)
	receive(t, "the run", began)
	must(t, d.Write(context.Background(), func(tx *gorm.DB) error {
		return tx.Exec("UPDATE jobs SET node = 'other', claims = claims + 1, lease_until = lease_until + 1000000000").Error
	}))
	receive(t, "the handler's end", ended)
	until(t, "the late result", func() bool { return q.Stats().Late == 1 })
	if l := list(t, q, jobs.Filter{}); len(l) != 1 || l[0].State != jobs.Running || l[0].Node != "other" {
		t.Errorf("the other node's job is now %+v", l)
	}
}

func TestShutdownWaitsForWhatRuns(t *testing.T) { // REL-13
	d := dbtest.New(t)
	q := newQueue(d, newClock())
	began, hang := make(chan int64, 10), make(chan struct{})
	q.Handle("s", func(_ context.Context, j jobs.Job) error { began <- j.ID; <-hang; return nil }, jobs.HandlerOptions{})
	enqueue(t, d, q, jobs.New{Kind: "s", Key: "k"}, jobs.New{Kind: "s", Key: "k"}, jobs.New{Kind: "s", Key: "k"})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- q.Run(ctx) }()
	first := receive(t, "the run", began)
	cancel()
	enqueue(t, d, q, jobs.New{Kind: "s", Key: "after the stop"})
	select {
	case err := <-ended:
		t.Fatalf("Run ended before its handler: %v", err)
	default:
	}
	close(hang)
	must(t, receive(t, "the end of Run", ended))
	l := list(t, q, jobs.Filter{})
	if len(l) != 3 || l[0].ID == first {
		t.Fatalf("left: %+v", l)
	}
	for _, j := range l {
		if j.State == jobs.Running || j.Attempt != 0 || j.Node != "" {
			t.Errorf("not given back: %+v", j)
		}
	}
	next := newQueue(d, newClock())
	order := make(chan int64, 10)
	next.Handle("s", func(_ context.Context, j jobs.Job) error { order <- j.ID; return nil }, jobs.HandlerOptions{Concurrency: 1})
	start(t, next)
	until(t, "an empty table", empty(t, next))
	if a, b := <-order, <-order; a > b {
		t.Errorf("ran %d before %d", a, b)
	}
}

// After the grace a handler that obeys its context is not blamed, and one that
// does not obey cannot hold up the end.
func TestShutdownEndsAfterItsGrace(t *testing.T) {
	d := dbtest.New(t)
	q := newQueue(d, newClock(), func(f *jobs.Config) { f.Grace = time.Millisecond })
	began, hang := make(chan struct{}, 10), make(chan struct{})
	t.Cleanup(func() { close(hang) })
	q.Handle("obeys", func(ctx context.Context, _ jobs.Job) error { began <- struct{}{}; <-ctx.Done(); return ctx.Err() }, jobs.HandlerOptions{})
	q.Handle("hangs", func(context.Context, jobs.Job) error { began <- struct{}{}; <-hang; return nil }, jobs.HandlerOptions{})
	enqueue(t, d, q, jobs.New{Kind: "obeys"}, jobs.New{Kind: "hangs"})
	stop := start(t, q)
	receive(t, "a run", began)
	receive(t, "a run", began)
	stop()
	l := list(t, q, jobs.Filter{})
	if len(l) != 2 || l[0].State != jobs.Retrying || l[0].Attempt != 0 || l[0].LastError != "" {
		t.Errorf("the one that obeyed: %+v", l)
	}
	if l[1].State != jobs.Running {
		t.Errorf("the one that hangs was given away: %+v", l[1])
	}
}

// Two nodes on one database: every job once, one at a time per key, in order.
func TestTwoNodes(t *testing.T) {
	address := dbtest.URL(t)
	first := dbtest.Open(t, address)
	nodes := []*db.DB{first, first}
	if dbtest.OnPostgres() {
		nodes[1] = dbtest.Open(t, address)
	}
	const count, keys = 600, 20
	var mu sync.Mutex
	runs := map[int64]int{}
	seen := map[string][]int64{}
	var running [keys]atomic.Int32
	byNode := map[string]int{}
	var queues []*jobs.Queue
	c := newClock()
	for n, d := range nodes {
		q := newQueue(d, c, func(f *jobs.Config) { f.Node = fmt.Sprint("node", n) })
		q.Handle("both", func(_ context.Context, j jobs.Job) error {
			var k int
			if err := j.Decode(&k); err != nil {
				return err
			}
			if k >= 0 && running[k].Add(1) > 1 {
				t.Errorf("two jobs of %s at once", j.Key)
			}
			mu.Lock()
			runs[j.ID]++
			byNode[j.Node]++
			seen[j.Key] = append(seen[j.Key], j.ID)
			mu.Unlock()
			if k >= 0 {
				running[k].Add(-1)
			}
			return nil
		}, jobs.HandlerOptions{Concurrency: 3})
		queues = append(queues, q)
	}
	for _, q := range queues {
		start(t, q)
	}
	var wg sync.WaitGroup
	for n, d := range nodes {
		wg.Go(func() {
			for i := range count / 2 {
				j := jobs.New{Kind: "both", Payload: -1}
				if i%3 > 0 {
					j.Key, j.Payload = fmt.Sprint("key", i%keys), i%keys
				}
				if err := d.Write(context.Background(), func(tx *gorm.DB) error { return queues[n].Enqueue(tx, j) }); err != nil {
					t.Errorf("enqueue: %v", err)
				}
			}
		})
	}
	wg.Wait()
	until(t, "an empty table", empty(t, queues[0]))
	mu.Lock()
	defer mu.Unlock()
	if len(runs) != count {
		t.Errorf("%d jobs ran, want %d", len(runs), count)
	}
	for id, n := range runs {
		if n != 1 {
			t.Errorf("job %d ran %d times", id, n)
		}
	}
	if len(byNode) != 2 {
		t.Errorf("jobs by node: %v", byNode)
	}
	// Two nodes that enqueue at once for one key have no order between them on
	// PostgreSQL, as ids are given before the commit.
	for key, ids := range seen {
		if key != "" && !dbtest.OnPostgres() && !slices.IsSorted(ids) {
			t.Errorf("%s ran as %v", key, ids)
		}
	}
}

// crashVariable names the database for a child process that dies in a handler.
const crashVariable = "DESKBRIDGE_TEST_JOBS_CRASH"

// A process killed between the work and its completion: the job runs again, and
// the ones behind it keep their order. REL-01, REL-19
func TestKilledBetweenWorkAndCompletion(t *testing.T) {
	if address := os.Getenv(crashVariable); address != "" {
		crashInHandler(t, address)
	}
	address := dbtest.URL(t)
	child := exec.Command(os.Args[0], "-test.run=^TestKilledBetweenWorkAndCompletion$")
	child.Env = append(os.Environ(), crashVariable+"="+address)
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	worked := bufio.NewScanner(out)
	worked.Scan()
	err = child.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL || worked.Text() != "worked" {
		t.Fatalf("the child ended with %v, %q", err, worked.Text())
	}
	d := dbtest.Open(t, address)
	c := newClock()
	c.advance(24 * 365 * 10 * time.Hour) // past the child's lease, for PostgreSQL
	q := newQueue(d, c)
	ran := make(chan jobs.Job, 10)
	q.Handle("crash", func(_ context.Context, j jobs.Job) error { ran <- j; return nil }, jobs.HandlerOptions{})
	start(t, q)
	until(t, "an empty table", empty(t, q))
	one, two := receive(t, "the first job", ran), receive(t, "the second job", ran)
	if string(one.Payload) != "1" || one.Attempt != 2 || string(two.Payload) != "2" {
		t.Errorf("ran %+v, then %+v", one, two)
	}
}

func crashInHandler(t *testing.T, address string) {
	d := dbtest.Open(t, address)
	q := jobs.NewQueue(d, jobs.Config{Log: quiet})
	q.Handle("crash", func(context.Context, jobs.Job) error {
		fmt.Println("worked")
		return syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}, jobs.HandlerOptions{})
	enqueue(t, d, q, jobs.New{Kind: "crash", Key: "k", Payload: 1}, jobs.New{Kind: "crash", Key: "k", Payload: 2})
	_ = q.Run(context.Background())
}
