package bridge_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/bridge"
	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/bridge/workspace"
	"github.com/deskbridge/deskbridge/internal/audit"
	"github.com/deskbridge/deskbridge/internal/db/dbtest"
	"github.com/deskbridge/deskbridge/internal/jobs"
	"github.com/deskbridge/deskbridge/internal/seal"
	"github.com/deskbridge/deskbridge/tickets"
)

// workshop is the bridge over the built-in desk, for benchmarks.
type workshop struct {
	b       *testing.B
	bridge  *bridge.Service
	jobs    *jobs.Queue
	tickets *tickets.Service
	actor   tickets.Actor
	org     int64
}

// forgetful is an Intercom that takes every reply and knows no conversation, so
// that the notifications' own texts are used.
type forgetful struct{}

func (forgetful) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := http.StatusNotFound, `{"type":"error.list","errors":[{"code":"not_found","message":"Not found"}]}`
	switch {
	case r.URL.Path == "/me":
		status, body = http.StatusOK, `{"type":"admin","id":"1"}`
	case strings.HasSuffix(r.URL.Path, "/reply"):
		status, body = http.StatusOK, `{"type":"conversation","id":"1","conversation_parts":{"conversation_parts":[{"type":"conversation_part","id":"note","part_type":"note","author":{"type":"admin","id":"1"}}]}}`
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func newWorkshop(b *testing.B) *workshop {
	b.Helper()
	w := &workshop{b: b, actor: tickets.System(1, "Bench")}
	log := slog.New(slog.DiscardHandler)
	box, err := seal.New(seal.Key{ID: "1", Bytes: make([]byte, 32)})
	w.must(err)
	d := dbtest.New(b)
	auditor := audit.New(d, audit.Config{})
	w.jobs = jobs.NewQueue(d, jobs.Config{Log: log})
	w.tickets = tickets.New(d, tickets.Config{Files: b.TempDir(), Audit: auditor})
	w.bridge = bridge.New(d, w.jobs, box, auditor, w.tickets, bridge.Config{Log: log, Transport: func(bool) http.RoundTripper { return forgetful{} }})
	orgs, err := w.tickets.CreateOrganisations(b.Context(), w.actor, tickets.Organisation{Name: "Demo"})
	w.must(err)
	w.org = orgs[0].ID
	room := setup()
	room.Sync.Back.PublicEntries, room.Sync.Back.Status = workspace.BackOff, workspace.BackOff
	text, err := workspace.Marshal(room, true)
	w.must(err)
	_, err = w.bridge.Apply(b.Context(), 1, "bench", string(text), workspace.Options{}, false)
	w.must(err)
	return w
}

func (w *workshop) must(err error) {
	w.b.Helper()
	if err != nil {
		w.b.Fatal(err)
	}
}

// work runs the jobs until the benchmark ends.
func (w *workshop) work() {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.jobs.Run(ctx) }()
	w.b.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			w.b.Error(err)
		}
	})
}

// people makes n persons with tickets each, and returns them.
func (w *workshop) people(n, ticketsEach int) []tickets.Person {
	w.b.Helper()
	list := make([]tickets.Person, n)
	for i := range list {
		list[i] = tickets.Person{OrgID: w.org, FirstName: "Person", Name: strconv.Itoa(i), Email: fmt.Sprintf("p%d@demo.test", i)}
	}
	list, err := w.tickets.CreatePersons(w.b.Context(), w.actor, list...)
	w.must(err)
	for range ticketsEach {
		for some := range slices.Chunk(list, 1000) {
			var ts []tickets.NewTicket
			for _, p := range some {
				ts = append(ts, tickets.NewTicket{Title: "The printer is jammed", Description: "<p>Again, on floor 3.</p>", OrgID: w.org, CallerID: p.ID})
			}
			_, err := w.tickets.CreateMany(w.b.Context(), w.actor, ts)
			w.must(err)
		}
	}
	return list
}

// message is a signed notification of the n-th message, in one of so many
// conversations; like Intercom's it has about 2 KB.
func message(n, conversations int64) (signature string, body []byte) {
	k := n % conversations
	body = fmt.Appendf(nil, `{"type":"notification_event","app_id":%q,"id":"notif_1%07d","topic":"conversation.user.replied","data":{"item":{"type":"conversation","id":"c%d",
"created_at":%d,"updated_at":%[4]d,"open":true,"state":"open","filler":%q,
"source":{"type":"conversation","id":"1","body":"<p>first</p>","author":{"type":"user","id":"u%[3]d","name":"Person %[3]d","email":"p%[3]d@demo.test"}},
"contacts":{"type":"contact.list","contacts":[{"type":"contact","id":"u%[3]d"}]},
"conversation_parts":{"type":"conversation_part.list","total_count":1,"conversation_parts":[{"type":"conversation_part","id":"1%07[2]d","part_type":"comment",
"body":"<p>message number %[2]d about the <b>other</b> tray of the printer</p>","created_at":%[4]d,"author":{"type":"user","id":"u%[3]d","name":"Person %[3]d","email":"p%[3]d@demo.test"}}]}}}}`,
		appID, n, k, time.Now().Unix(), bytes.Repeat([]byte("x"), 900))
	return intercom.SignWebhook(secret, body), body
}

// canvasBody is a signed canvas request of an agent in a conversation with p.
func canvasBody(k int64, p tickets.Person, component string) (signature string, body []byte) {
	body = fmt.Appendf(nil, `{"workspace_id":%q,"component_id":%q,"admin":{"id":"1","name":"Jane"},"conversation":{"type":"conversation","id":"c%d","created_at":1779200000},
"contact":{"type":"contact","id":"u%[3]d","role":"user","email":%q,"name":"Person"}}`, appID, component, k, p.Email)
	return intercom.SignCanvas(secret, body), body
}

// BenchmarkReceive takes webhooks from 64 goroutines: each is verified, known as
// new, and on the disk when Receive returns. With "worked", the jobs turn them
// into messages at the same time.
func BenchmarkReceive(b *testing.B) {
	for _, worked := range []bool{false, true} {
		b.Run(map[bool]string{false: "alone", true: "worked"}[worked], func(b *testing.B) {
			w := newWorkshop(b)
			if worked {
				w.work()
			}
			var n atomic.Int64
			b.SetParallelism(32)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					signature, body := message(n.Add(1), 1000)
					if err := w.bridge.Receive(context.Background(), signature, body); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "webhooks/s")
		})
	}
}

// BenchmarkDrain carries b.N messages of 20 linked conversations into the logs
// of their tickets.
func BenchmarkDrain(b *testing.B) {
	const conversations = 20
	w := newWorkshop(b)
	people := w.people(conversations, 1)
	for k, p := range people {
		signature, body := canvasBody(int64(k), p, fmt.Sprintf("link-ticket::UserRequest::%d", k+1))
		_, err := w.bridge.Card(b.Context(), signature, body)
		w.must(err)
	}
	for n := range int64(b.N) {
		signature, body := message(n, conversations)
		w.must(w.bridge.Receive(b.Context(), signature, body))
	}
	b.ResetTimer()
	began := time.Now()
	w.work()
	for k := range int64(conversations) {
		want := int((int64(b.N) - k + conversations - 1) / conversations)
		for {
			list, err := w.tickets.Entries(b.Context(), w.actor, k+1, tickets.Public)
			w.must(err)
			if len(list) >= want {
				break
			}
			if time.Since(began) > time.Minute {
				b.Fatalf("ticket %d has %d of %d messages after a minute", k+1, len(list), want)
			}
			<-time.After(10 * time.Millisecond)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// BenchmarkHomeCard draws the first card with 100,000 tickets in the desk, or as
// many as DESKBRIDGE_BENCH_TICKETS says; making them takes minutes.
func BenchmarkHomeCard(b *testing.B) {
	n, err := strconv.Atoi(os.Getenv("DESKBRIDGE_BENCH_TICKETS"))
	if err != nil || n < 1 {
		n = 100_000
	}
	w := newWorkshop(b)
	each := 20
	people := w.people(max(1, n/each), each)
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		p := people[i%len(people)]
		signature, body := canvasBody(int64(i), p, "")
		from := time.Now()
		_, err := w.bridge.Card(b.Context(), signature, body)
		took = append(took, time.Since(from))
		w.must(err)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
