package portal

import "sync"

// turns lets one at a time do something for the same key. A form that is sent
// twice at once is so worked on one after the other, and the second one sees
// what the first one did.
type turns struct {
	mu   sync.Mutex
	keys map[int64]*turn
}

type turn struct {
	mu      sync.Mutex
	waiting int
}

func newTurns() *turns { return &turns{keys: map[int64]*turn{}} }

// take waits for the key's turn; the caller calls the result when done.
func (t *turns) take(key int64) (done func()) {
	t.mu.Lock()
	k := t.keys[key]
	if k == nil {
		k = &turn{}
		t.keys[key] = k
	}
	k.waiting++
	t.mu.Unlock()

	k.mu.Lock()
	return func() {
		k.mu.Unlock()
		t.mu.Lock()
		defer t.mu.Unlock()
		if k.waiting--; k.waiting == 0 {
			delete(t.keys, key)
		}
	}
}
