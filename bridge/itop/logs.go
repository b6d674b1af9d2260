package itop

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// rewrites is how often one entry is written before giving up for now.
const rewrites = 6

// Append writes each entry with its own add_item, which is all that iTop has,
// and reads the log again before it goes on: iTop reads, changes and writes a
// log without a lock, so that somebody else's write at the same moment may have
// replaced ours. Then ours is written again. Entries that an earlier call wrote
// and that have since been lost in the same way are restored first.
func (d *Desk) Append(ctx context.Context, key desk.Key, entries []desk.Entry) ([]string, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	for i, e := range entries {
		if err := checkEntry(i, e); err != nil {
			return nil, err
		}
	}
	unlock := d.locks.lock(key.String(), ctx.Done())
	if unlock == nil {
		return nil, errs.Wrap(ctx.Err(), errs.Upstream, "The log was not written in time.")
	}
	defer unlock()
	var ids []string
	state := logState{desk: d, key: key, markers: map[desk.Log]map[string]int{}, bare: map[desk.Log]map[string]bool{}}
	before := d.recent.of(key)
	if err := state.read(ctx, logsOf(before, entries)...); err != nil {
		return nil, err
	}
	for _, e := range before {
		if err := state.ensure(ctx, e); err != nil {
			return nil, err
		}
	}
	for _, e := range entries {
		if err := state.ensure(ctx, e); err != nil {
			return ids, err
		}
		ids = append(ids, "m:"+e.Marker)
	}
	return ids, nil
}

// logsOf lists the logs that some entries belong to.
func logsOf(lists ...[]desk.Entry) []desk.Log {
	var out []desk.Log
	for _, l := range []desk.Log{desk.Public, desk.Private} {
		for _, e := range slices.Concat(lists...) {
			if e.Log == l {
				out = append(out, l)
				break
			}
		}
	}
	return out
}

// logState is what is known about a ticket's logs during one Append.
type logState struct {
	desk    *Desk
	key     desk.Key
	markers map[desk.Log]map[string]int  // how often each marker is in a log
	bare    map[desk.Log]map[string]bool // texts of entries without a marker, by date
}

// ensure makes the entry be in the log, once.
func (s *logState) ensure(ctx context.Context, e desk.Entry) error {
	for range rewrites {
		if s.markers[e.Log][e.Marker] > 0 {
			s.desk.recent.add(s.key, e)
			return nil
		}
		if until := s.desk.recent.pending(s.key, e.Marker); !until.IsZero() {
			return errs.E(errs.Upstream, "iTop has not answered an earlier try to write this entry; it is looked for again later.")
		}
		if err := s.write(ctx, e); err != nil {
			return err
		}
	}
	return errs.E(errs.Upstream, "Others kept overwriting this log entry in iTop.")
}

// write adds the entry and reads the log again. When the answer was lost it
// looks whether the entry is there before it reports the failure.
func (s *logState) write(ctx context.Context, e desk.Entry) error {
	d := s.desk
	it, err := d.item(ctx, e)
	if err != nil {
		return err
	}
	_, failed := d.call(ctx, request{
		Operation: "core/update", Class: s.key.Class, Key: number(s.key.ID), Comment: comment, OutputFields: "id",
		Fields: map[string]any{d.logCode(e.Log): map[string]any{"add_item": it}},
	})
	if errors.Is(failed, errNotAdmin) {
		d.learnNotAdmin()
		return nil // ensure tries again, with the author in the text
	}
	if failed != nil && !errs.Is(failed, errs.Upstream) {
		return failed
	}
	var silent unanswered
	if errors.As(failed, &silent) {
		d.recent.wait(s.key, e.Marker, silent.settle)
	}
	before := s.bare[e.Log]
	if err := s.read(ctx, e.Log); err != nil {
		if failed != nil {
			return failed
		}
		return err
	}
	if s.markers[e.Log][e.Marker] > 0 {
		return nil
	}
	if failed != nil {
		return failed
	}
	if text := bareKey(d.naive(e.At), plain(it.Text)); s.bare[e.Log][text] && !before[text] {
		return errs.E(errs.Invalid, "iTop's HTML sanitizer removes the class of <div>, by which entries are recognised; allow it in the configuration (html_sanitizer).")
	}
	return nil
}

// read loads the logs anew. When it fails, what was known stays.
func (s *logState) read(ctx context.Context, logs ...desk.Log) error {
	if len(logs) == 0 {
		return nil
	}
	raw, err := s.desk.readLogs(ctx, s.key, logs...)
	if err != nil {
		return err
	}
	for _, log := range logs {
		s.learn(ctx, log, raw[log])
	}
	return nil
}

func (s *logState) learn(ctx context.Context, log desk.Log, raw []logEntry) {
	markers, bare := map[string]int{}, map[string]bool{}
	for _, r := range raw {
		m := markerOf(r)
		if m == "" {
			bare[bareKey(r.Date, plain(r.HTML))] = true
			continue
		}
		if markers[m]++; markers[m] == 2 {
			s.desk.log.WarnContext(ctx, "an iTop log holds an entry twice", "ticket", s.key.String(), "marker", m)
		}
	}
	for text := range s.bare[log] {
		if !bare[text] {
			// Theirs cannot be written again: it may have been removed on purpose.
			s.desk.log.WarnContext(ctx, "somebody else's entry vanished from an iTop log, probably by simultaneous writing", "ticket", s.key.String(), "log", string(log))
		}
	}
	s.markers[log], s.bare[log] = markers, bare
}

func bareKey(date, text string) string { return date + "\x00" + text }

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
