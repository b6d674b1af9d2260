package itop

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// Append writes each entry with its own add_item, which is all that iTop has.
// iTop reads, changes and writes a log without a lock, so that somebody else's
// write at the same moment may replace ours. Therefore the log is read again
// before an entry counts as written, and what is missing is written again.
// Entries that an earlier call wrote and that have since been lost in the same
// way are restored first.
func (d *Desk) Append(ctx context.Context, key desk.Key, entries []desk.Entry) ([]string, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	entries = slices.Clone(entries)
	for i := range entries {
		if err := checkEntry(i, entries[i]); err != nil {
			return nil, err
		}
		if entries[i].At.IsZero() {
			entries[i].At = d.now()
		}
	}
	unlock := d.locks.lock(key.String(), ctx.Done())
	if unlock == nil {
		return nil, errs.Wrap(ctx.Err(), errs.Upstream, "The log was not written in time.")
	}
	defer unlock()
	before := d.recent.of(key)
	s := newLogState(d, key)
	if err := s.read(ctx, logsOf(before, entries)...); err != nil {
		return nil, err
	}
	all := slices.Concat(before, entries)
	done, failed := s.ensureAll(ctx, all)
	done, failed = s.proveAll(ctx, all[:done], failed)
	ids := make([]string, 0, len(entries))
	for i, e := range all[:done] {
		d.recent.add(key, e)
		if i >= len(before) {
			ids = append(ids, "m:"+e.Marker)
		}
	}
	return ids, failed
}

// logsOf lists the logs that some entries belong to.
func logsOf(lists ...[]desk.Entry) []desk.Log {
	var out []desk.Log
	for _, l := range []desk.Log{desk.Public, desk.Private} {
		if slices.ContainsFunc(slices.Concat(lists...), func(e desk.Entry) bool { return e.Log == l }) {
			out = append(out, l)
		}
	}
	return out
}

// readLogs reads the named logs of a ticket.
func (d *Desk) readLogs(ctx context.Context, key desk.Key, logs ...desk.Log) (map[desk.Log][]logEntry, error) {
	var codes []string
	for _, l := range logs {
		codes = append(codes, d.logCode(l))
	}
	a, err := d.get(ctx, key.Class, "SELECT "+key.Class+" WHERE id = "+quote(key.ID), codes, 0, 0)
	if err != nil {
		return nil, err
	}
	if len(a.Objects) == 0 {
		return nil, errs.E(errs.NotFound, "iTop has no such ticket, or does not show it to this account.")
	}
	out := map[desk.Log][]logEntry{}
	for _, l := range logs {
		if d.lacks(key.Class, d.logCode(l)) {
			return nil, errs.E(errs.Invalid, "This iTop's class %s has no attribute %s.", key.Class, d.logCode(l))
		}
		if out[l], err = a.Objects[0].readLog(d.logCode(l)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// item writes an entry for REST: under the author's account when there is one
// and we may, under a free name when we may, else with the name in the text.
func (d *Desk) item(ctx context.Context, e desk.Entry) (item, error) {
	if e.At.IsZero() {
		e.At = d.now()
	}
	if !d.mayImpersonate() {
		return item{Date: instant(e.At), Format: "html", Text: d.render(e, true)}, nil
	}
	id, err := d.account(ctx, e.Author.PersonID)
	if err != nil {
		return item{}, err
	}
	user, name := number(id), e.Author.Name
	return item{Date: instant(e.At), Format: "html", Text: d.render(e, false), UserID: &user, Login: &name}, nil
}

// mayImpersonate is true until iTop says otherwise; it is asked again after an
// hour, because rights change.
func (d *Desk) mayImpersonate() bool {
	return d.now().Unix() >= d.refused.Load()
}

// learnNotAdmin remembers that this account may not write for others. It is
// false when that was known, so that nobody tries for ever.
func (d *Desk) learnNotAdmin() bool {
	known := !d.mayImpersonate()
	d.refused.Store(d.now().Add(time.Hour).Unix())
	return !known
}

// Entries returns all entries of both logs, oldest first. An entry that this
// process wrote a short while ago and that somebody's simultaneous write has
// replaced is written again first.
func (d *Desk) Entries(ctx context.Context, key desk.Key) ([]desk.Entry, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	all, err := d.allEntries(ctx, key)
	if err != nil || len(d.lost(key, all)) == 0 {
		return all, err
	}
	if _, err := d.Append(ctx, key, nil); err != nil {
		return nil, err
	}
	return d.allEntries(ctx, key)
}

func (d *Desk) allEntries(ctx context.Context, key desk.Key) ([]desk.Entry, error) {
	raw, err := d.readLogs(ctx, key, desk.Public, desk.Private)
	if err != nil {
		return nil, err
	}
	return merge(d.entries(desk.Public, raw[desk.Public]), d.entries(desk.Private, raw[desk.Private])), nil
}

// lost lists recent entries of ours that are no longer in the logs.
func (d *Desk) lost(key desk.Key, have []desk.Entry) []desk.Entry {
	in := map[string]bool{}
	for _, e := range have {
		in[e.Marker] = true
	}
	var out []desk.Entry
	for _, e := range d.recent.of(key) {
		if !in[e.Marker] {
			out = append(out, e)
		}
	}
	return out
}

// recent remembers for a short while what was written to which ticket, and
// which writes got no answer.
type recent struct {
	now  func() time.Time
	life time.Duration
	max  int

	mu      sync.Mutex
	rows    []written
	waiting map[string]time.Time
}

type written struct {
	key   desk.Key
	entry desk.Entry
	at    time.Time
}

func newRecent(max int, life time.Duration, now func() time.Time) *recent {
	return &recent{now: now, life: life, max: max, waiting: map[string]time.Time{}}
}

func (r *recent) add(key desk.Key, e desk.Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, key.String()+"\x00"+e.Marker)
	for _, w := range r.rows {
		if w.key == key && w.entry.Marker == e.Marker {
			return
		}
	}
	r.rows = append(r.rows, written{key, e, r.now()})
	drop := max(len(r.rows)-r.max, 0)
	for drop < len(r.rows) && r.now().Sub(r.rows[drop].at) > r.life {
		drop++
	}
	r.rows = append([]written(nil), r.rows[drop:]...)
}

// of returns what was written to a ticket, in order.
func (r *recent) of(key desk.Key) []desk.Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []desk.Entry
	for _, w := range r.rows {
		if w.key == key && r.now().Sub(w.at) <= r.life {
			out = append(out, w.entry)
		}
	}
	return out
}

func (r *recent) wait(key desk.Key, marker string, settle time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, until := range r.waiting {
		if r.now().After(until) {
			delete(r.waiting, k)
		}
	}
	r.waiting[key.String()+"\x00"+marker] = r.now().Add(settle)
}

func (r *recent) pending(key desk.Key, marker string) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	until := r.waiting[key.String()+"\x00"+marker]
	if r.now().After(until) {
		return time.Time{}
	}
	return until
}
