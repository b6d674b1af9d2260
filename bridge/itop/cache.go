package itop

import (
	"sync"
	"time"
)

// cache keeps answers for a short while, because one call costs iTop about
// 60 ms of a processor. When it is full, everything old goes first and then
// everything: it is a speed-up, never a store.
type cache[T any] struct {
	now  func() time.Time
	life time.Duration
	max  int

	mu   sync.Mutex
	rows map[string]cached[T]
}

type cached[T any] struct {
	value T
	until time.Time
}

func newCache[T any](max int, life time.Duration, now func() time.Time) *cache[T] {
	return &cache[T]{now: now, life: life, max: max, rows: map[string]cached[T]{}}
}

func (c *cache[T]) get(key string) (T, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.rows[key]
	if !ok || c.now().After(r.until) {
		var zero T
		return zero, false
	}
	return r.value, true
}

func (c *cache[T]) put(key string, value T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.rows) >= c.max {
		now := c.now()
		for k, r := range c.rows {
			if now.After(r.until) {
				delete(c.rows, k)
			}
		}
		if len(c.rows) >= c.max {
			clear(c.rows)
		}
	}
	c.rows[key] = cached[T]{value, c.now().Add(c.life)}
}

// locks gives one mutex per ticket and forgets it when nobody holds it.
type locks struct {
	mu   sync.Mutex
	held map[string]*held
}

type held struct {
	users int
	busy  chan struct{}
}

func newLocks() *locks { return &locks{held: map[string]*held{}} }

// lock waits for the key, or for done. It returns the function that unlocks,
// or nil when done came first.
func (l *locks) lock(key string, done <-chan struct{}) func() {
	l.mu.Lock()
	h := l.held[key]
	if h == nil {
		h = &held{busy: make(chan struct{}, 1)}
		l.held[key] = h
	}
	h.users++
	l.mu.Unlock()
	release := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if h.users--; h.users == 0 {
			delete(l.held, key)
		}
	}
	select {
	case h.busy <- struct{}{}:
		return func() { <-h.busy; release() }
	case <-done:
		release()
		return nil
	}
}

func (c *cache[T]) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.rows, key)
}
