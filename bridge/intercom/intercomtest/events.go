package intercomtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// event tells the simulator's page that something is to be read anew.
type event struct {
	Name string `json:"-"` // "conversation" or "delivery"
	ID   string `json:"id"`
}

const (
	eventBuffer = 64               // events that a slow page may lag behind
	heartbeat   = 25 * time.Second // keeps proxies from closing a silent stream
)

// changed tells listeners of a conversation.
func (s *Server) changed(conversationID string) {
	s.announce(event{Name: "conversation", ID: conversationID})
}

// announce never waits: a listener that lags too far behind is cut off, and its
// browser connects again.
func (s *Server) announce(e event) {
	for l := range s.listeners {
		select {
		case l <- e:
		default:
			delete(s.listeners, l)
			close(l)
		}
	}
}

func (s *Server) listen() chan event {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := make(chan event, eventBuffer)
	s.listeners[l] = struct{}{}
	return l
}

func (s *Server) unlisten(l chan event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
}

// stream serves events until the page leaves.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	c := http.NewResponseController(w)
	// A server's write timeout is for answers, not for streams; where it cannot
	// be lifted the browser connects again.
	c.SetWriteDeadline(time.Time{}) //nolint:errcheck // see above
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	l := s.listen()
	defer s.unlisten(l)
	w.WriteHeader(http.StatusOK)
	fmt.Fprint(w, ": welcome\n\n") // Flush reports it
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for c.Flush() == nil {
		select {
		case <-r.Context().Done():
			return
		case <-beat.C:
			fmt.Fprint(w, ": still here\n\n") // Flush reports it
		case e, open := <-l:
			if !open {
				return
			}
			data, err := json.Marshal(e)
			if err != nil {
				return
			}
			fmt.Fprintf(w, "event: %s\ndata: %s\n\n", e.Name, data) // Flush reports it
		}
	}
}
