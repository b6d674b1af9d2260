package bridge

import (
	"context"
	"sync"
	"time"

	"github.com/deskbridge/deskbridge/bridge/intercom"
)

const (
	// flightTime is how long an answer may take when nobody waits any more: a
	// slow desk's lists are worth having for the next click.
	flightTime = 30 * time.Second
	// maxFlights bounds the answers that are kept for a Refresh. Over it the
	// oldest is forgotten, and its Refresh shows the home card.
	maxFlights = 512
)

// flight is an answer on its way. canvas is valid once done is closed.
type flight struct {
	id           string
	workspace    int64
	conversation string
	done         chan struct{}
	canvas       intercom.Canvas
}

// flights keeps the answers that took longer than a card may, so that Refresh
// finds them instead of beginning anew, and for ever, with a desk that is slow.
type flights struct {
	base    context.Context // ends when the service is closed
	stop    context.CancelFunc
	running sync.WaitGroup

	mu    sync.Mutex // guards the rest
	byID  map[string]*flight
	order []string
}

func newFlights() *flights {
	f := &flights{byID: map[string]*flight{}}
	f.base, f.stop = context.WithCancel(context.Background())
	return f
}

// close ends what is on its way and waits for it.
func (f *flights) close() {
	f.stop()
	f.running.Wait()
}

// start works out an answer that outlives the request. answer must not panic.
func (f *flights) start(ctx context.Context, workspace int64, conversation string, answer func(context.Context) intercom.Canvas) *flight {
	fl := &flight{id: newToken(), workspace: workspace, conversation: conversation, done: make(chan struct{})}
	f.mu.Lock()
	f.byID[fl.id] = fl
	f.order = append(f.order, fl.id)
	for len(f.order) > maxFlights {
		delete(f.byID, f.order[0])
		f.order = f.order[1:]
	}
	f.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flightTime)
	unhook := context.AfterFunc(f.base, cancel)
	f.running.Go(func() {
		defer cancel()
		defer unhook()
		defer close(fl.done)
		fl.canvas = answer(ctx)
	})
	return fl
}

// take finds an answer for the conversation that it was begun for, and nil for
// any other.
func (f *flights) take(id string, workspace int64, conversation string) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	fl := f.byID[id]
	if fl == nil || fl.workspace != workspace || fl.conversation != conversation {
		return nil
	}
	return fl
}

// land forgets an answer that was given.
func (f *flights) land(fl *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.byID, fl.id)
	for i, id := range f.order {
		if id == fl.id {
			f.order = append(f.order[:i:i], f.order[i+1:]...)
			break
		}
	}
}
