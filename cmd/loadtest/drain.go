package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/tickets"
)

// drain links a ticket to each conversation as an agent would, by the card,
// sends the messages, and waits until every one is in its ticket's log.
func drain(ctx context.Context, o options, to target, out io.Writer) error {
	if o.requests%o.conversations != 0 || o.first+o.conversations > callers {
		return fmt.Errorf("-drain needs a multiple of the conversations as -n, and at most %d conversations", callers)
	}
	d, err := db.Open(ctx, db.Config{URL: o.database, Guest: true})
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	if o.intercom != "" {
		stop, err := playIntercom(o.intercom)
		if err != nil {
			return err
		}
		defer stop()
	}
	t := newTalk(o, to)
	for k := o.first; k < o.first+o.conversations; k++ {
		if err := t.link(ctx, k); err != nil {
			return fmt.Errorf("link ticket %d: %w", k+1, err)
		}
	}
	t.when = time.Now().Unix() // what is said before the link stays out
	l := load{to: to, connections: min(o.connections, o.requests), requests: o.requests, duration: o.duration, rate: o.rate, source: t.source}
	begin := time.Now()
	r, err := l.run(ctx)
	if err != nil {
		return err
	}
	r.print(out, "webhooks of linked conversations")
	if r.statuses[http.StatusOK] != o.requests {
		return errors.New("not every webhook was acknowledged")
	}
	acknowledged := time.Now()
	if err := arrived(ctx, o, tickets.New(d, tickets.Config{})); err != nil {
		return err
	}
	all := time.Since(begin)
	fmt.Fprintf(out, "drain: %d messages of %d conversations were in their logs %.2f s after the first was sent and %.2f s after the last was acknowledged: %.0f/s\n\n"+
		"| messages | conversations | acknowledged after s | in the logs after s | messages/s |\n|---|---|---|---|---|\n| %d | %d | %.2f | %.2f | %.0f |\n",
		o.requests, o.conversations, all.Seconds(), time.Since(acknowledged).Seconds(), float64(o.requests)/all.Seconds(),
		o.requests, o.conversations, r.took.Seconds(), all.Seconds(), float64(o.requests)/all.Seconds())
	return nil
}

// playIntercom takes every note that the server writes, and knows no
// conversation, so that the notifications' own texts go into the logs. It allows
// far more calls than Intercom does: what is measured is our side.
func playIntercom(address string) (stop func(), err error) {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			h := w.Header()
			h.Set("Content-Type", "application/json")
			h.Set("X-RateLimit-Limit", "1000000")
			h.Set("X-RateLimit-Remaining", "1000000")
			h.Set("X-RateLimit-Reset", strconv.FormatInt(time.Now().Add(10*time.Second).Unix(), 10))
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("GET /me", answer(http.StatusOK, `{"type":"admin","id":"814860"}`))
	mux.Handle("POST /conversations/{id}/reply", answer(http.StatusOK, `{"type":"conversation","id":"1","conversation_parts":{"conversation_parts":[{"type":"conversation_part","id":"note","part_type":"note","author":{"type":"admin","id":"814860"}}]}}`))
	mux.Handle("/", answer(http.StatusNotFound, `{"type":"error.list","errors":[{"code":"not_found","message":"Not found"}]}`))
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(ln)
	}()
	return func() {
		_ = srv.Close()
		<-done
	}, nil
}

// link presses "Link to this conversation" on ticket k+1.
func (t *talk) link(ctx context.Context, k int) error {
	l := canvasTalk{t}.letter(pathSubmit, fmt.Sprintf("link-ticket::%s::%d", tickets.UserRequest, k+1))
	l.fill(l.find(markConversation), int64(k))
	l.fill(l.find(markContact), int64(k))
	l.sign()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.to.base+pathSubmit, bytes.NewReader(l.raw[l.body:]))
	if err != nil {
		return err
	}
	req.Header.Set("X-Body-Signature", string(l.raw[l.sig:l.sig+64]))
	req.Header.Set("Content-Type", "application/json")
	client := http.Client{Timeout: patience}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	switch {
	case err != nil:
		return err
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("the server answered %d", res.StatusCode)
	case !bytes.Contains(body, []byte("is linked")):
		return errors.New("the ticket was not linked: fill a database with -seed, and link each ticket once")
	}
	return nil
}

// arrived waits until each ticket's log has its messages, one ticket after the
// other: looking costs the server's machine little.
func arrived(ctx context.Context, o options, s *tickets.Service) error {
	sys, want := tickets.System(mainDesk, "Load"), o.requests/o.conversations
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	limit := time.Now().Add(o.duration)
	for k := o.first; k < o.first+o.conversations; k++ {
		for {
			list, err := s.Entries(ctx, sys, int64(k+1), tickets.Public)
			if err != nil {
				return err
			}
			if len(list) > want {
				return fmt.Errorf("ticket %d has %d entries, which is more than the %d messages", k+1, len(list), want)
			}
			if len(list) == want {
				break
			}
			if time.Now().After(limit) {
				return fmt.Errorf("ticket %d has %d of %d messages after %s", k+1, len(list), want, o.duration)
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-tick.C:
			}
		}
	}
	return nil
}
