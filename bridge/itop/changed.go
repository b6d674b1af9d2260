package itop

import (
	"context"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
)

const (
	// overlap is how far a poll looks back behind the last one: iTop stamps a
	// change before it commits it, and triggers may run in between.
	overlap = time.Minute
	// settled is how old a stamp must be to tell two changes of a ticket apart;
	// iTop's stamps are whole seconds.
	settled = 2 * time.Second
	// batch is how many tickets one query names.
	batch = 200
)

// Changed polls last_update. The cursor holds the server's clock, so that
// neither our clock nor the zone matters, and what was reported within the
// overlap, so that it is not reported twice.
func (d *Desk) Changed(ctx context.Context, cursor string, among []desk.Key) ([]desk.Key, string, error) {
	if cursor == "" {
		a, err := d.call(ctx, request{Operation: "list_operations"})
		if err != nil {
			return nil, "", err
		}
		return nil, poll{at: d.clock(a)}.String(), nil
	}
	last, ok := parsePoll(cursor)
	if !ok {
		return nil, "", errs.E(errs.Invalid, "The cursor is not one of this desk.")
	}
	next := poll{seen: map[string]int64{}}
	var changed []desk.Key
	for class, ids := range byClass(among) {
		for start := 0; start < len(ids); start += batch {
			some, err := d.poll(ctx, class, ids[start:min(start+batch, len(ids))], last, &next)
			if err != nil {
				return nil, "", err
			}
			changed = append(changed, some...)
		}
	}
	if next.at.IsZero() {
		next.at = last.at
	}
	sort.Slice(changed, func(i, j int) bool { return changed[i].String() < changed[j].String() })
	return changed, next.String(), nil
}

// clock is the server's time of an answer, or ours when it does not tell.
func (d *Desk) clock(a *answer) time.Time {
	if a.at.IsZero() {
		return d.now()
	}
	return a.at
}

func byClass(keys []desk.Key) map[string][]string {
	out := map[string][]string{}
	for _, k := range keys {
		if checkKey(k) == nil {
			out[k.Class] = append(out[k.Class], k.ID)
		}
	}
	return out
}

// poll reads the stamps of some tickets of one class.
func (d *Desk) poll(ctx context.Context, class string, ids []string, last poll, next *poll) ([]desk.Key, error) {
	// In the hour that autumn repeats the later time is written smaller.
	since := d.naive(last.at.Add(-overlap))
	if now := d.naive(d.now().Add(-overlap)); now < since {
		since = now
	}
	oql := "SELECT " + class + " WHERE id IN " + list(ids) + " AND last_update >= " + quote(since)
	a, err := d.call(ctx, request{Operation: "core/get", Class: class, Key: oql, OutputFields: "last_update"})
	if err != nil {
		return nil, err
	}
	at := d.clock(a)
	if next.at.IsZero() || at.Before(next.at) {
		next.at = at
	}
	var changed []desk.Key
	for _, o := range a.Objects {
		key := desk.Key{Class: class, ID: string(o.Key)}
		stamp := d.parseTime(o.text("last_update"))
		known, reported := last.seen[key.String()]
		if !reported || known != stamp.Unix() {
			changed = append(changed, key)
		}
		if at.Sub(stamp) >= settled {
			next.seen[key.String()] = stamp.Unix()
		}
	}
	return changed, nil
}

// poll is a decoded cursor: "1767323045 UserRequest::12=1767323040 ...".
type poll struct {
	at   time.Time
	seen map[string]int64
}

// String writes the cursor.
func (p poll) String() string {
	parts := make([]string, 0, len(p.seen))
	for k, stamp := range p.seen {
		parts = append(parts, k+"="+strconv.FormatInt(stamp, 10))
	}
	sort.Strings(parts)
	return strings.Join(append([]string{strconv.FormatInt(p.at.Unix(), 10)}, parts...), " ")
}

func parsePoll(s string) (poll, bool) {
	parts := strings.Fields(s)
	if len(parts) == 0 {
		return poll{}, false
	}
	at, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return poll{}, false
	}
	p := poll{at: time.Unix(at, 0).UTC(), seen: map[string]int64{}}
	for _, part := range parts[1:] {
		k, v, _ := strings.Cut(part, "=")
		stamp, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return poll{}, false
		}
		p.seen[k] = stamp
	}
	return p, true
}
