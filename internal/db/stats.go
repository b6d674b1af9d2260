package db

import (
	"math/bits"
	"sync/atomic"
)

// Stats are numbers about the writer since the database was opened.
type Stats struct {
	QueueDepth   int       // closures that wait now
	QueueSize    int       // how many may
	Writes       int64     // closures that were run
	Groups       int64     // commits they shared
	LargestGroup int64     // most closures in one commit
	GroupSizes   [12]int64 // groups by size: 1, 2-3, 4-7, ..., 2048 and more
	RolledBack   int64     // closures that failed or panicked
	FailedGroups int64     // commits that failed
	Refused      int64     // writes refused because the queue was full
	Reruns       int64     // closures run again after a deadlock
}

type counters struct {
	writes, groups, largest, rolledBack, failedGroups, refused, reruns atomic.Int64
	sizes                                                              [12]atomic.Int64
}

func (c *counters) group(n int) {
	c.writes.Add(int64(n))
	c.groups.Add(1)
	c.sizes[min(bits.Len(uint(n))-1, len(c.sizes)-1)].Add(1)
	for {
		old := c.largest.Load()
		if int64(n) <= old || c.largest.CompareAndSwap(old, int64(n)) {
			return
		}
	}
}

// Stats returns the writer's numbers, for metrics.
func (d *DB) Stats() Stats {
	c := &d.writer.stats
	s := Stats{
		QueueDepth: len(d.writer.queue) + len(d.writer.alone), QueueSize: cap(d.writer.queue),
		Writes: c.writes.Load(), Groups: c.groups.Load(), LargestGroup: c.largest.Load(),
		RolledBack: c.rolledBack.Load(), FailedGroups: c.failedGroups.Load(),
		Refused: c.refused.Load(), Reruns: c.reruns.Load(),
	}
	for i := range c.sizes {
		s.GroupSizes[i] = c.sizes[i].Load()
	}
	return s
}
