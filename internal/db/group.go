package db

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
)

// maxReruns is how often a closure is run again after PostgreSQL chose it as
// the victim of a deadlock.
const maxReruns = 10

// group is one transaction and the requests in it.
type group struct {
	w       *writer
	s       *session
	members []*request
	saved   bool // the savepoint s exists
	clean   bool // and nothing was written after it
	again   *request
}

func (g *group) begin() error {
	g.s.broken = nil
	if err := g.w.failed(); err != nil {
		return err
	}
	begin := "BEGIN"
	if g.s.d.dialect == SQLite {
		begin = "BEGIN IMMEDIATE"
	}
	for try := 0; ; try++ {
		err := g.s.connect(context.Background())
		if err == nil {
			err = g.s.control(begin)
		}
		if err == nil {
			return nil
		}
		if g.s.d.dialect == Postgres {
			g.s.disconnect()
			if try == 0 {
				continue // the server may have been restarted; nothing has run yet
			}
		}
		return unavailable(err)
	}
}

// next returns the next request that still waits, nil when there is none or the
// group is full.
func (g *group) next() *request {
	for len(g.members) < g.s.limit {
		select {
		case r := <-g.s.queue:
			if r.move(started) {
				return r
			}
		default:
			return nil
		}
	}
	return nil
}

// run runs one closure and reports whether the transaction can take another.
// The first closure needs no savepoint: when it fails, the transaction is empty.
func (g *group) run(r *request) bool {
	g.members = append(g.members, r)
	if len(g.members) > 1 {
		if err := g.savepoint(); err != nil {
			g.s.broken = err
			r.fail(unavailable(err))
			return false
		}
	}
	if g.call(r) == nil {
		g.clean = false
		return g.s.broken == nil
	}
	g.w.stats.rolledBack.Add(1)
	if len(g.members) == 1 || g.s.broken != nil {
		return false
	}
	if err := g.s.control("ROLLBACK TO s"); err != nil {
		g.s.broken = err
		return false
	}
	g.clean = true
	if g.again != nil {
		return false // commit, which frees the locks, before it is run again
	}
	return true
}

func (g *group) savepoint() error {
	switch {
	case !g.saved:
		g.saved = true
		return g.s.control("SAVEPOINT s")
	case !g.clean:
		return g.s.control("RELEASE s", "SAVEPOINT s")
	}
	return nil
}

// call runs the closure of r and keeps its error or panic in r.
func (g *group) call(r *request) (err error) {
	g.s.cur = r
	returned := false
	defer func() {
		g.s.cur = nil
		if returned {
			return
		}
		r.panicked = recover()
		err = errGoexit
		if r.panicked == nil {
			g.s.broken = errGoexit
		} else {
			g.w.d.conf.Log.Error("a write panicked", "panic", fmt.Sprint(r.panicked), "stack", string(debug.Stack()))
		}
		r.fail(err)
	}()
	err = r.fn(g.s.base.WithContext(r.ctx))
	returned = true
	if err != nil {
		if isRetry(err) {
			g.again = r
		}
		r.fail(unavailable(err))
	}
	return err
}

// end commits what is in the group, or rolls it back, and answers everybody.
func (g *group) end() {
	if len(g.members) == 0 {
		return
	}
	again := []*request{g.again}
	if err := g.commit(); err != nil && isRetry(err) { // over the last steps
		again = slices.DeleteFunc(slices.Clone(g.members), func(r *request) bool { return !r.undone })
		if g.again != nil {
			again = append(again, g.again)
		}
	}
	g.w.stats.group(len(g.members))
	for _, r := range g.members {
		if !slices.Contains(again, r) {
			close(r.done)
		}
	}
	for _, r := range again {
		if r != nil {
			g.rerun(r)
			close(r.done)
		}
	}
}

// lastSteps runs what closures left with BeforeCommit, each order once.
func (g *group) lastSteps() error {
	type owned struct {
		lastStep
		r *request
	}
	var steps []owned
	seen := map[string]bool{}
	for _, r := range g.members {
		for _, l := range r.last {
			if !seen[l.order] {
				seen[l.order] = true
				steps = append(steps, owned{l, r})
			}
		}
	}
	slices.SortFunc(steps, func(a, b owned) int { return strings.Compare(a.order, b.order) })
	defer func() { g.s.cur = nil }()
	for _, o := range steps {
		g.s.cur = o.r
		if err := o.fn(g.s.base); err != nil {
			return fmt.Errorf("before the commit: %w", err)
		}
	}
	return nil
}

// commit ends the transaction. When it fails, everybody in it has failed with
// the error that it returns.
func (g *group) commit() error {
	s := g.s
	err := s.broken
	if err == nil && len(g.members) == 1 && g.members[0].err != nil {
		if err := s.control("ROLLBACK"); err != nil {
			s.disconnect()
		}
		return nil
	}
	if err == nil {
		err = g.lastSteps()
	}
	if err == nil {
		err = s.control("COMMIT")
	}
	if err == nil {
		return nil
	}
	g.w.stats.failedGroups.Add(1)
	s.broken = nil
	if e := s.control("ROLLBACK"); e != nil && s.d.dialect == Postgres { // SQLite may have done it already
		s.disconnect()
	}
	if isFatal(err) {
		g.w.stop(err)
	}
	for _, r := range g.members {
		r.undone = r.err == nil
		r.fail(unavailable(fmt.Errorf("the group was rolled back: %w", err)))
	}
	return err
}

// rerun runs a closure that lost a deadlock again, in a transaction of its own.
func (g *group) rerun(r *request) {
	for range maxReruns {
		g.w.stats.reruns.Add(1)
		r.err, r.panicked, r.undone, r.hooks, r.last = nil, nil, false, nil, nil
		one := &group{w: g.w, s: g.s}
		if err := one.begin(); err != nil {
			r.fail(err)
			return
		}
		one.run(r)
		if err := one.commit(); one.again == nil && (err == nil || !isRetry(err)) {
			return
		}
	}
}
