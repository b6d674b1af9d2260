package intercomtest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/bridge/intercom/intercomtest"
)

func TestDeliveryRules(t *testing.T) {
	t.Run("one retry after a minute, then lost", func(t *testing.T) {
		s := newScene(t, intercomtest.Config{})
		s.status = func(int) int { return 500 }
		s.start(t)
		if n := s.DeliverDue(t.Context()); n != 1 {
			t.Errorf("%d attempts at once", n)
		}
		s.clock.Add(59 * time.Second)
		if n := s.DeliverDue(t.Context()); n != 0 {
			t.Errorf("%d attempts within a minute", n)
		}
		s.clock.Add(time.Second)
		if n := s.DeliverDue(t.Context()); n != 1 || s.Waiting() != 0 {
			t.Errorf("%d attempts after a minute, %d waiting", n, s.Waiting())
		}
		if d := s.Deliveries(); len(d) != 1 || d[0].Attempts != 2 || d[0].Status != 500 {
			t.Errorf("%+v", d)
		}
		if s.got[0].ID != s.got[1].ID || s.got[1].Attempts != 2 {
			t.Errorf("the retry is %+v", s.got[1])
		}
	})
	t.Run("recovered", func(t *testing.T) {
		s := newScene(t, intercomtest.Config{})
		s.status = func(n int) int { return map[bool]int{true: 503, false: 200}[n == 1] }
		s.start(t)
		s.DeliverDue(t.Context())
		s.clock.Add(time.Minute)
		s.DeliverDue(t.Context())
		if d := s.Deliveries()[0]; d.Status != 200 || d.Attempts != 2 || s.Waiting() != 0 {
			t.Errorf("%+v", d)
		}
	})
	t.Run("429 waits longer than twice", func(t *testing.T) {
		s := newScene(t, intercomtest.Config{})
		s.status = func(n int) int { return map[bool]int{true: 429, false: 200}[n < 5] }
		s.start(t)
		for range 5 {
			s.DeliverDue(t.Context())
			s.clock.Add(time.Minute)
		}
		if d := s.Deliveries()[0]; d.Status != 200 || d.Attempts != 5 {
			t.Errorf("%+v", d)
		}
	})
	t.Run("410 ends the subscription", func(t *testing.T) {
		s := newScene(t, intercomtest.Config{})
		s.status = func(int) int { return 410 }
		s.start(t)
		s.DeliverDue(t.Context())
		s.start(t)
		if n := s.DeliverDue(t.Context()); n != 0 || len(s.Deliveries()) != 1 {
			t.Errorf("%d attempts after 410", n)
		}
	})
	t.Run("duplicates", func(t *testing.T) {
		s := newScene(t, intercomtest.Config{})
		s.SetFaults(intercomtest.Faults{Duplicate: true})
		s.start(t)
		s.DeliverDue(t.Context())
		if len(s.got) != 2 || s.got[0].ID != s.got[1].ID {
			t.Errorf("got %+v", s.got)
		}
	})
	t.Run("out of order", func(t *testing.T) {
		s := newScene(t, intercomtest.Config{})
		s.SetFaults(intercomtest.Faults{Reorder: true})
		s.say(t, s.start(t), intercomtest.Message{AdminID: s.jane.ID, HTML: "<p>x</p>"})
		s.DeliverDue(t.Context())
		if got := s.topics(); got != "conversation.admin.replied conversation.user.created" {
			t.Errorf("topics %s", got)
		}
	})
	t.Run("lost", func(t *testing.T) {
		s := newScene(t, intercomtest.Config{})
		s.SetFaults(intercomtest.Faults{Lose: true})
		id := s.start(t)
		p, err := s.client.SearchConversations(t.Context(), intercom.Search{UpdatedSince: s.clock.Now()})
		if s.DeliverDue(t.Context()) != 0 || err != nil || len(p.Conversations) != 1 || p.Conversations[0].ID != id {
			t.Errorf("polling finds %+v, %v", p, err)
		}
	})
	t.Run("wrong secret", func(t *testing.T) {
		s := newScene(t, intercomtest.Config{})
		s.Rotate("another", "")
		s.start(t)
		s.DeliverDue(t.Context())
		if d := s.Deliveries()[0]; d.Status != 401 || len(s.got) != 0 {
			t.Errorf("%+v", d)
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		s := newScene(t, intercomtest.Config{})
		s.Point("http://127.0.0.1:1", "")
		s.start(t)
		s.DeliverDue(t.Context())
		if d := s.Deliveries()[0]; d.Status != 0 || d.Error == "" {
			t.Errorf("%+v", d)
		}
	})
}

func TestRunSendsWhatHappens(t *testing.T) {
	s := newScene(t, intercomtest.Config{Senders: 4})
	got := make(chan struct{}, 100)
	s.status = func(int) int { got <- struct{}{}; return 200 }
	done := make(chan error, 1)
	ctx, stop := contextWithCancel(t)
	go func() { done <- s.Server.Run(ctx) }()
	for range 20 {
		s.start(t)
	}
	for range 20 {
		<-got
	}
	stop()
	if err := <-done; !errors.Is(err, ctx.Err()) {
		t.Errorf("Run = %v", err)
	}
}
