package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"
)

// start runs a claimed lane.
func (k *lanes) start(work context.Context, lane []Job, until time.Time) {
	k.mu.Lock()
	k.active++
	for _, j := range lane {
		ctx, cancel := context.WithCancelCause(work)
		k.flights[j.ID] = &flight{claims: j.claims, key: j.Key, until: until, cancel: cancel, ctx: ctx}
	}
	k.mu.Unlock()
	go k.work(lane)
}

// work runs the jobs of a lane one after another. After one that must be tried
// again the rest goes back: it waits behind that one.
func (k *lanes) work(lane []Job) {
	i := 0
	defer func() {
		if i < len(lane) { // the handler ended this goroutine (runtime.Goexit)
			k.report(lane[i:], k.failed(lane[i], errors.New("the handler ended its goroutine")))
		}
		k.mu.Lock()
		k.active--
		k.mu.Unlock()
		poke(k.finished)
	}()
	for i < len(lane) {
		r := k.one(lane[i])
		if !r.done && r.to == Retrying {
			rest := lane[i:]
			i = len(lane)
			k.report(rest, r)
			return
		}
		r.end = i == len(lane)-1
		k.report(lane[i:i+1], r)
		i++
	}
}

// report hands in the result of the first of jobs; the others go back behind it.
func (k *lanes) report(jobs []Job, first result) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.results = append(k.results, first)
	for _, j := range jobs[1:] {
		k.results = append(k.results, result{job: j, to: Parked, back: true, runAt: j.RunAt, text: j.LastError})
	}
	poke(k.finished)
}

// one runs the handler on one job.
func (k *lanes) one(j Job) (r result) {
	k.mu.Lock()
	ctx := k.flights[j.ID].ctx
	k.mu.Unlock()
	if ctx.Err() != nil || k.q.stopping.Load() {
		return result{job: j, to: Retrying, back: true, runAt: j.RunAt, text: j.LastError}
	}
	ctx, cancel := context.WithTimeout(ctx, k.o.Timeout)
	defer cancel()
	err := k.call(ctx, j)
	switch cause := context.Cause(ctx); {
	case err == nil:
		k.q.worked.Add(1)
		return result{job: j, done: true}
	case errors.Is(cause, errStopped):
		return result{job: j, to: Retrying, back: true, runAt: j.RunAt, text: j.LastError}
	}
	return k.failed(j, err)
}

// call runs the handler and turns a panic into an error.
func (k *lanes) call(ctx context.Context, j Job) (err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if p := recover(); p != nil {
			err = fmt.Errorf("the handler panicked: %v\n%s", p, debug.Stack())
		}
	}()
	err = k.h(ctx, j)
	returned = true
	return err
}

// clean makes an error's text fit to be stored: it may hold what a remote system
// sent, and PostgreSQL refuses NUL and what is not UTF-8.
func clean(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), maxError)], "")
	return strings.ReplaceAll(text, "\x00", "")
}

// failed decides what becomes of a job after an error.
func (k *lanes) failed(j Job, err error) result {
	now := k.q.conf.Now()
	var s snooze
	if errors.As(err, &s) {
		return result{job: j, to: Retrying, back: true, runAt: now.Add(time.Duration(s)), text: j.LastError}
	}
	text := clean(err.Error())
	var p permanent
	if errors.As(err, &p) || j.Attempt >= k.limit(j) {
		k.q.died.Add(1)
		k.q.conf.Log.Error("a job is dead", "kind", k.kind, "job", j.ID, "attempt", j.Attempt, "error", text)
		return result{job: j, to: Dead, runAt: j.RunAt, text: text}
	}
	k.q.retried.Add(1)
	wait := k.o.backoff(j.Attempt, k.q.conf.Rand())
	k.q.conf.Log.Warn("a job failed and is tried again", "kind", k.kind, "job", j.ID, "attempt", j.Attempt, "wait", wait, "error", text)
	return result{job: j, to: Retrying, runAt: now.Add(wait), text: text}
}
