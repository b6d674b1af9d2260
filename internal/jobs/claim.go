package jobs

import (
	"slices"
	"time"
)

// claim takes the jobs of up to want lanes that may start now, lane by lane in
// order, and parks what waits behind others. It reports whether more may be due.
func (k *lanes) claim(s store, results []result, want int, until time.Time) (batch [][]Job, more bool, err error) {
	window := min(max(4*want, 64), 1024)
	due, err := s.due(k.kind, k.q.conf.Now().UnixMicro(), window)
	if err != nil || len(due) == 0 {
		return nil, false, err
	}
	full := len(due) == window
	chosen, park, left := choose(k.grounded(due, results), want)
	if len(chosen) > 0 && s.postgres {
		if chosen, err = unlocked(s, chosen); err != nil {
			return nil, false, err
		}
	}
	if len(park) > 0 {
		if err := s.park(park); err != nil {
			return nil, false, err
		}
	}
	var ids []int64
	for _, lane := range chosen {
		for _, c := range lane {
			ids = append(ids, c.id)
		}
	}
	if len(ids) == 0 {
		return nil, full && len(park) > 0, nil
	}
	jobs, err := s.claim(ids, k.q.conf.Node, until.UnixMicro())
	if err != nil {
		return nil, false, err
	}
	byID := make(map[int64]Job, len(jobs))
	for _, j := range jobs {
		byID[j.ID] = j
	}
	for _, lane := range chosen {
		var l []Job
		for _, c := range lane {
			l = append(l, byID[c.id])
		}
		batch = append(batch, l)
	}
	return batch, left || full, nil
}

// choose sorts due jobs into lanes: those that may start now, in order, and the
// ids of those that must wait behind others of their key. It reports whether
// some could have started but want was reached.
func choose(due []candidate, want int) (chosen [][]candidate, park []int64, left bool) {
	byKey := map[string][]candidate{}
	var keys []string
	take := func(lane []candidate) {
		if len(chosen) == want {
			left = true
			return
		}
		chosen = append(chosen, lane)
	}
	for _, c := range due {
		if c.key == "" {
			take([]candidate{c})
			continue
		}
		if byKey[c.key] == nil {
			keys = append(keys, c.key)
		}
		byKey[c.key] = append(byKey[c.key], c)
	}
	for _, key := range keys {
		ready, behind := order(byKey[key])
		for _, c := range behind {
			if c.state == Waiting {
				park = append(park, c.id)
			}
		}
		if len(ready) > laneBatch {
			for _, c := range ready[laneBatch:] {
				if len(chosen) < want { // the lane runs, so they are behind it
					park = append(park, c.id)
				}
			}
			ready = ready[:laneBatch]
		}
		if len(ready) > 0 {
			take(ready)
		}
	}
	return chosen, park, left
}

// order splits the due jobs of one lane into those that may start, one after
// another, and those that wait behind a job that is running, backing off or
// parked.
func order(lane []candidate) (ready, behind []candidate) {
	slices.SortFunc(lane, func(a, b candidate) int {
		if a.state != b.state { // the one that is tried again comes first
			return int(b.state) - int(a.state)
		}
		return int(a.id - b.id)
	})
	first := lane[0]
	if first.busy || (first.holder != 0 && first.holder != first.id) {
		return nil, lane
	}
	for i, c := range lane {
		if c.parked != 0 && c.parked < c.id && c.state == Waiting {
			return lane[:i], lane[i:]
		}
	}
	return lane, nil
}

// unlocked cuts each lane before its first job that another transaction holds.
func unlocked(s store, chosen [][]candidate) ([][]candidate, error) {
	var ids []int64
	for _, lane := range chosen {
		for _, c := range lane {
			ids = append(ids, c.id)
		}
	}
	free, err := s.free(ids)
	if err != nil {
		return nil, err
	}
	var out [][]candidate
	for _, lane := range chosen {
		n := slices.IndexFunc(lane, func(c candidate) bool { return !free[c.id] })
		if n < 0 {
			n = len(lane)
		}
		if n > 0 {
			out = append(out, lane[:n])
		}
	}
	return out, nil
}
