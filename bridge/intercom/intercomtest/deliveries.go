package intercomtest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// Intercom's delivery rules (intercom.md 2.4).
const (
	retryAfter   = time.Minute   // one retry of a failed delivery
	throttledFor = 2 * time.Hour // deliveries answered 429 are dropped after this
	keptDone     = 1000          // finished deliveries that are remembered
)

// delivery is a notification on its way.
type delivery struct {
	Delivery
	notification object
	due          time.Time
	queued       time.Time
	done         bool
	sending      bool
}

// Delivery is how the sending of one notification went.
type Delivery struct {
	ID             string    `json:"id"` // the notification's; doubles share it
	Topic          string    `json:"topic"`
	ConversationID string    `json:"conversation_id"`
	Status         int       `json:"status"` // of the last answer; 0 when there was none
	Attempts       int       `json:"attempts"`
	MS             int64     `json:"ms"`
	Error          string    `json:"error"`
	SentAt         time.Time `json:"sent_at"` // of the last attempt; zero before the first
}

// notify queues a notification about a conversation with the given new parts.
func (s *Server) notify(topic string, v *conversation, parts ...intercom.Part) {
	body := asHTML
	if s.c.PlainText {
		body = plainText
	}
	item := viewConversation(v, body)
	item["conversation_parts"] = viewParts(parts, body)
	s.queue(topic, v.ID, item)
}

func (s *Server) queue(topic, conversationID string, item object) {
	if s.c.WebhookURL == "" || s.faults.Lose || s.disabled {
		return
	}
	now := s.c.Now()
	id := s.ids.notification()
	copies := 1
	if s.faults.Duplicate {
		copies = 2
	}
	for range copies {
		s.deliveries = append(s.deliveries, &delivery{
			Delivery: Delivery{ID: id, Topic: topic, ConversationID: conversationID},
			due:      now, queued: now,
			notification: object{
				"type": "notification_event", "app_id": s.c.WorkspaceID, "id": id, "topic": topic,
				"data":            object{"type": "notification_event_data", "item": item},
				"delivery_status": "pending", "delivered_at": 0, "links": object{}, "self": nil,
				"first_sent_at": unix(now), "created_at": unix(now),
			},
		})
	}
	s.forget()
	s.wakeUp()
}

// wakeUp makes Run look for what is due.
func (s *Server) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// forget drops the oldest finished deliveries.
func (s *Server) forget() {
	for len(s.deliveries) > keptDone && s.deliveries[0].done {
		s.deliveries = slices.Delete(s.deliveries, 0, 1)
	}
}

// Connect does what Intercom does when a webhook address is entered: a HEAD
// request that must succeed, and then a ping, which is queued.
func (s *Server) Connect(ctx context.Context) error {
	s.mu.Lock()
	address := s.c.WebhookURL
	s.mu.Unlock()
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		return errs.Wrap(err, errs.Invalid, "The webhook address is not valid.")
	}
	res, err := s.c.HTTP.Do(r)
	if err != nil {
		return errs.Wrap(err, errs.Upstream, "The webhook address does not answer.")
	}
	res.Body.Close()
	if res.StatusCode/100 != 2 {
		return errs.E(errs.Upstream, "The webhook address answers HEAD with %d.", res.StatusCode)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue(intercom.TopicPing, "", object{"type": "ping", "message": "something something interzen"})
	return nil
}

// Run sends webhooks, and retries, when they are due, until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	for {
		s.DeliverDue(ctx)
		next := time.NewTimer(s.untilDue())
		select {
		case <-ctx.Done():
			next.Stop()
			return ctx.Err()
		case <-s.wake:
			next.Stop()
		case <-next.C:
		}
	}
}

// untilDue returns how long nothing will be due, at most an hour: a change
// wakes Run anyway.
func (s *Server) untilDue() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.c.Now()
	first := now.Add(time.Hour)
	for _, d := range s.deliveries {
		if !d.done && !d.sending && d.due.Before(first) {
			first = d.due
		}
	}
	return first.Sub(now)
}

// DeliverDue sends what is due by the stand-in's clock, and what becomes due
// meanwhile, and returns how many requests it made.
func (s *Server) DeliverDue(ctx context.Context) int {
	sent := 0
	for ctx.Err() == nil {
		batch := s.due()
		if len(batch) == 0 {
			break
		}
		var wg sync.WaitGroup
		slots := make(chan struct{}, s.c.Senders)
		for _, d := range batch {
			slots <- struct{}{}
			wg.Go(func() {
				s.deliver(ctx, d)
				<-slots
			})
		}
		wg.Wait()
		sent += len(batch)
	}
	return sent
}

// due takes the deliveries that are to be sent now.
func (s *Server) due() []*delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.c.Now()
	var batch []*delivery
	for _, d := range s.deliveries {
		if !d.done && !d.sending && !d.due.After(now) {
			d.sending = true
			batch = append(batch, d)
		}
	}
	if s.faults.Reorder {
		slices.Reverse(batch)
	}
	return batch
}

// deliver makes one attempt and decides whether there will be another.
func (s *Server) deliver(ctx context.Context, d *delivery) {
	s.mu.Lock()
	d.Attempts++
	d.notification["delivery_attempts"] = d.Attempts
	body, err := json.Marshal(d.notification)
	address, secret := s.c.WebhookURL, s.secret
	s.mu.Unlock()
	began := s.c.Now()
	status := 0
	if err == nil {
		status, err = s.post(ctx, address, body, intercom.WebhookHeader, intercom.SignWebhook(secret, body), nil)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.c.Now()
	d.sending, d.Status, d.Error = false, status, ""
	d.SentAt, d.MS = began.UTC(), now.Sub(began).Milliseconds()
	if err != nil {
		d.Error = err.Error()
	}
	switch {
	case ctx.Err() != nil:
		d.Attempts-- // stopped, not failed
	case status/100 == 2:
		d.done = true
	case status == http.StatusGone:
		d.done, s.disabled = true, true
	case status == http.StatusTooManyRequests:
		d.due = now.Add(retryAfter)
		d.done = d.due.Sub(d.queued) > throttledFor
	default:
		d.due = now.Add(retryAfter)
		d.done = d.Attempts >= 2
	}
	if d.done {
		d.notification = nil
	} else {
		s.wakeUp()
	}
	s.announce(event{Name: "delivery", ID: d.ID})
}

// post sends a signed body and reads the answer into result, when there is one.
func (s *Server) post(ctx context.Context, address string, body []byte, header, signature string, result *[]byte) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "intercom-parrot-service-client/1.0")
	r.Header.Set(header, signature)
	res, err := s.c.HTTP.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, intercom.MaxBody))
	if result != nil {
		*result = b
	}
	return res.StatusCode, err
}

// Deliveries returns the newest deliveries first, at most 100.
func (s *Server) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Delivery{}
	for i := len(s.deliveries) - 1; i >= 0 && len(list) < 100; i-- {
		list = append(list, s.deliveries[i].Delivery)
	}
	return list
}

// Waiting returns how many deliveries are neither done nor lost.
func (s *Server) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, d := range s.deliveries {
		if !d.done {
			n++
		}
	}
	return n
}
