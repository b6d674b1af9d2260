package itop

import (
	"context"
	"errors"
	"slices"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// rewrites is how often one entry is written before giving up for now.
const rewrites = 6

// logState is what is known about a ticket's logs during one Append.
type logState struct {
	desk    *Desk
	key     desk.Key
	markers map[desk.Log]map[string]int  // how often each marker is in a log
	bare    map[desk.Log]map[string]bool // texts of entries without a marker, by date
	// unproven are logs that are known from an update's answer: it shows the
	// log as that request wrote it, which somebody else may have replaced.
	unproven map[desk.Log]bool
	careful  bool // read after every write
}

func newLogState(d *Desk, key desk.Key) *logState {
	return &logState{
		desk: d, key: key, markers: map[desk.Log]map[string]int{}, bare: map[desk.Log]map[string]bool{}, unproven: map[desk.Log]bool{},
	}
}

// ensureAll makes the entries be in the logs, in order, and returns how many
// are before the first failure.
func (s *logState) ensureAll(ctx context.Context, entries []desk.Entry) (int, error) {
	for i, e := range entries {
		if err := s.ensure(ctx, e); err != nil {
			return i, err
		}
	}
	return len(entries), nil
}

// proveAll looks once more at what was written without a look of its own, and
// writes again what others have replaced, until a look finds all of it. It
// returns how many are proven, and failed or what failed here.
func (s *logState) proveAll(ctx context.Context, entries []desk.Entry, failed error) (int, error) {
	s.careful = true
	for range rewrites {
		if len(s.unproven) > 0 {
			if err := s.read(ctx, logsOf(entries)...); err != nil {
				return 0, err
			}
		}
		missing := slices.ContainsFunc(entries, func(e desk.Entry) bool { return s.markers[e.Log][e.Marker] == 0 })
		if !missing {
			return len(entries), failed
		}
		if _, err := s.ensureAll(ctx, entries); err != nil {
			return s.present(entries), err
		}
	}
	return s.present(entries), errs.E(errs.Upstream, "Others kept overwriting log entries in iTop.")
}

// present counts the entries in front that are known to be in the log.
func (s *logState) present(entries []desk.Entry) int {
	for i, e := range entries {
		if s.markers[e.Log][e.Marker] == 0 {
			return i
		}
	}
	return len(entries)
}

// ensure makes the entry be in the log, once.
func (s *logState) ensure(ctx context.Context, e desk.Entry) error {
	for range rewrites {
		if s.markers[e.Log][e.Marker] > 0 {
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

// write adds the entry. When the answer shows the log as it was known and ours
// behind it, nobody else is writing, and the look that proves it can wait for
// the entries after this one; otherwise the log is read at once.
func (s *logState) write(ctx context.Context, e desk.Entry) error {
	d := s.desk
	it, err := d.item(ctx, e)
	if err != nil {
		return err
	}
	code := d.logCode(e.Log)
	a, failed := d.call(ctx, request{
		Operation: "core/update", Class: s.key.Class, Key: number(s.key.ID), Comment: comment, OutputFields: code,
		Fields: map[string]any{code: map[string]any{"add_item": it}},
	})
	if errors.Is(failed, errNotAdmin) {
		d.learnNotAdmin()
		return nil // ensure tries again, with the author in the text
	}
	if failed != nil && !errs.Is(failed, errs.Upstream) {
		return failed
	}
	if failed == nil && !s.careful && len(a.Objects) == 1 {
		raw, err := a.Objects[0].readLog(code)
		if err == nil && s.undisturbed(e, raw) {
			s.learn(ctx, e.Log, raw)
			s.unproven[e.Log] = true
			return nil
		}
	}
	var silent unanswered
	if errors.As(failed, &silent) {
		d.recent.wait(s.key, e.Marker, silent.settle)
	}
	return s.prove(ctx, e, it, failed)
}

// undisturbed reports whether a log is what was known, and our entry.
func (s *logState) undisturbed(e desk.Entry, raw []logEntry) bool {
	known, ours := 0, 0
	for i, r := range raw {
		m := markerOf(r)
		switch {
		case m == e.Marker && i == len(raw)-1:
			ours++
		case m != "" && s.markers[e.Log][m] > 0, m == "" && s.bare[e.Log][bareText(r)]:
			known++
		default:
			return false
		}
	}
	return ours == 1 && known == s.size(e.Log)
}

// size counts the entries that a log is known to have; equal texts of others
// in one second count once, which makes us read too often and never too seldom.
func (s *logState) size(log desk.Log) int {
	n := len(s.bare[log])
	for _, times := range s.markers[log] {
		n += times
	}
	return n
}

// prove reads the log after a write. When the write's answer was lost, it looks
// whether the entry is there before it reports the failure.
func (s *logState) prove(ctx context.Context, e desk.Entry, it item, failed error) error {
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
	stripped := bareText(logEntry{Date: s.desk.naive(e.At), HTML: it.Text})
	if s.bare[e.Log][stripped] && !before[stripped] {
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
		delete(s.unproven, log)
	}
	return nil
}

// learn takes over what a log holds.
func (s *logState) learn(ctx context.Context, log desk.Log, raw []logEntry) {
	markers, bare := map[string]int{}, map[string]bool{}
	for _, r := range raw {
		m := markerOf(r)
		if m == "" {
			bare[bareText(r)] = true
			continue
		}
		if markers[m]++; markers[m] == 2 {
			s.desk.log.WarnContext(ctx, "an iTop log holds an entry twice", "ticket", s.key.String(), "marker", m)
		}
	}
	for text := range s.bare[log] {
		if !bare[text] {
			// Theirs is not written again: it may have been removed on purpose.
			s.desk.log.WarnContext(ctx, "somebody else's entry vanished from an iTop log, probably by simultaneous writing", "ticket", s.key.String(), "log", string(log))
		}
	}
	s.markers[log], s.bare[log] = markers, bare
}

// bareText tells entries without a marker apart.
func bareText(r logEntry) string { return r.Date + "\x00" + plain(r.HTML) }
