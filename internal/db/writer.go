package db

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// The states of a request. Only the one who moves it on may act on it.
const (
	waiting   = iota
	started   // a writer runs it; its caller must wait for the answer
	abandoned // its caller went away first; it is never run
)

// errGoexit stands for a closure that ended its goroutine.
var errGoexit = errors.New("db: the closure of a write called runtime.Goexit (t.FailNow does)")

// request is one closure on its way through the writer.
type request struct {
	ctx   context.Context
	fn    func(tx *gorm.DB) error
	state atomic.Int32
	done  chan struct{} // closed when the fields below are final

	err      error
	panicked any
	undone   bool // it succeeded, but its group did not
	hooks    []func()
	last     []lastStep
}

// lastStep is what a closure left for the end of its group.
type lastStep struct {
	order string
	fn    func(tx *gorm.DB) error
}

func (r *request) move(to int32) bool { return r.state.CompareAndSwap(waiting, to) }

// fail records that the closure's work is not stored.
func (r *request) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.hooks, r.last = nil, nil
}

// writer commits the requests that wait, many at a time. Each session has a
// goroutine that takes from its queue, which is one for all but WriteAlone's.
type writer struct {
	d        *DB
	queue    chan *request
	alone    chan *request // of WriteAlone; PostgreSQL only
	sessions []*session
	closing  chan struct{}
	once     sync.Once
	loops    sync.WaitGroup
	exited   chan struct{} // closed when no loop runs any more
	fatal    atomic.Pointer[error]
	stats    counters
}

func newWriter(ctx context.Context, d *DB, dial func(gorm.ConnPool) gorm.Dialector) (*writer, error) {
	w := &writer{d: d, queue: make(chan *request, d.conf.QueueSize), closing: make(chan struct{}), exited: make(chan struct{})}
	for range d.conf.Writers {
		w.sessions = append(w.sessions, &session{d: d, queue: w.queue, limit: d.conf.GroupSize})
	}
	if d.dialect == Postgres {
		w.alone = make(chan *request, d.conf.QueueSize)
		w.sessions = append(w.sessions, &session{d: d, queue: w.alone, limit: 1})
	}
	for _, s := range w.sessions {
		err := s.connect(ctx)
		if err == nil {
			s.base, err = gorm.Open(dial(s), d.gormConfig())
		}
		if err != nil {
			return nil, err
		}
	}
	for _, s := range w.sessions {
		w.loops.Add(1)
		go w.loop(s)
	}
	go func() {
		w.loops.Wait()
		close(w.exited)
	}()
	return w, nil
}

// Write runs fn in a transaction and returns after its commit. Closures that
// wait at the same time share one transaction, each in its own savepoint: an
// error or a panic in fn undoes only what fn wrote, and the panic goes on in
// the caller. fn must not use the network, wait for others, or call Write.
//
// fn is run once. The only exception is PostgreSQL ending it as the victim of a
// deadlock or a serialization failure: what it wrote is undone and it is run
// again, so that what it does in memory must bear repeating.
//
// The error is fn's own, or of kind errs.Unavailable when the store could not
// take it (queue or disk full, I/O error, connection lost): then nothing is
// stored, except that after a connection to PostgreSQL broke during the commit
// nobody knows. When ctx ends while fn still waits, fn is not run; once it runs,
// Write waits for the outcome.
func (d *DB) Write(ctx context.Context, fn func(tx *gorm.DB) error) error {
	return d.write(ctx, d.writer.queue, fn)
}

// WriteAlone is Write for a closure that locks rows which the closures of other
// groups may wait for: on PostgreSQL it shares its transaction with no other, so
// that its locks are short. On SQLite it is Write.
func (d *DB) WriteAlone(ctx context.Context, fn func(tx *gorm.DB) error) error {
	if d.writer.alone != nil {
		return d.write(ctx, d.writer.alone, fn)
	}
	return d.write(ctx, d.writer.queue, fn)
}

func (d *DB) write(ctx context.Context, queue chan<- *request, fn func(tx *gorm.DB) error) error {
	if err := ctx.Err(); err != nil {
		return gaveUp(ctx)
	}
	w := d.writer
	if err := w.failed(); err != nil {
		return err
	}
	r := &request{ctx: ctx, fn: fn, done: make(chan struct{})}
	select {
	case <-w.closing:
		return unavailable(ErrClosed)
	default:
	}
	select {
	case queue <- r:
	default:
		w.stats.refused.Add(1)
		return errs.Wrap(errFull, errs.Unavailable, "The server is busy. Try again in a moment.")
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		if r.move(abandoned) {
			return gaveUp(ctx)
		}
		<-r.done
	case <-w.exited:
		if r.move(abandoned) {
			return unavailable(ErrClosed)
		}
		<-r.done
	}
	if r.panicked != nil {
		panic(r.panicked)
	}
	if r.err != nil {
		return r.err
	}
	for _, h := range r.hooks {
		h()
	}
	return nil
}

func gaveUp(ctx context.Context) error {
	return errs.Wrap(fmt.Errorf("gave up before the write began: %w", context.Cause(ctx)), errs.Unavailable, "The request ended before it could be stored. Nothing was stored.")
}

// close ends the loops after what is queued was answered.
func (w *writer) close() {
	w.once.Do(func() { close(w.closing) })
	<-w.exited
	for _, s := range w.sessions {
		s.mu.Lock()
		s.forget()
		if s.conn != nil {
			_ = s.conn.Close()
			s.conn = nil
		}
		s.mu.Unlock()
	}
}

// failed returns why no write is taken any more, or nil.
func (w *writer) failed() error {
	if p := w.fatal.Load(); p != nil {
		return *p
	}
	return nil
}

func (w *writer) loop(s *session) {
	goexit := true
	defer func() {
		if goexit {
			go w.loop(s) // a closure took this goroutine with it
			return
		}
		w.loops.Done()
	}()
	for {
		select {
		case r := <-s.queue:
			w.group(s, r)
		case <-w.closing:
			for {
				select {
				case r := <-s.queue:
					w.group(s, r)
				default:
					goexit = false
					return
				}
			}
		}
	}
}

// group runs first and all that wait behind it in one transaction, commits and
// answers them. A closure that lost a deadlock is run again, alone.
func (w *writer) group(s *session, first *request) {
	if !first.move(started) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// The callers of the group before were just answered; let them queue up
	// first. It makes groups about half as large again.
	runtime.Gosched()
	g := &group{w: w, s: s}
	defer g.end() // also when a closure ends the goroutine
	if err := g.begin(); err != nil {
		first.fail(err)
		close(first.done)
		s.drain(err)
		return
	}
	for r := first; r != nil; r = g.next() {
		if !g.run(r) {
			break
		}
	}
}

// drain answers everything that waits with err: the store is gone, and each of
// them would only wait for the same answer.
func (s *session) drain(err error) {
	for {
		select {
		case r := <-s.queue:
			if r.move(started) {
				r.fail(err)
				close(r.done)
			}
		default:
			return
		}
	}
}

// stop refuses every later write: what is on the disk is not known any more.
func (w *writer) stop(err error) {
	w.d.conf.Log.Error("the database takes no writes any more; check the disk, then restart", "error", err)
	e := errs.Wrap(err, errs.Unavailable, "The database stopped taking writes after a disk error. An operator must check the disk and restart the server.")
	w.fatal.CompareAndSwap(nil, &e)
}
