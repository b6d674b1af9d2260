package jobs_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/db/dbtest"
	"github.com/deskbridge/deskbridge/internal/jobs"
)

// BenchmarkEnqueue enqueues one job per transaction from 32 goroutines, while a
// worker takes them.
func BenchmarkEnqueue(b *testing.B) {
	for _, c := range []struct {
		name   string
		unique bool
		keys   int64
		work   bool
	}{
		{"plain", false, 5000, false},
		{"unique 5000 keys", true, 5000, false},
		{"unique 20 keys", true, 20, false},
		{"unique 20 keys worked", true, 20, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			d := dbtest.New(b)
			q := jobs.NewQueue(d, jobs.Config{Log: quiet})
			q.Handle("noop", func(context.Context, jobs.Job) error { return nil }, jobs.HandlerOptions{})
			if c.work {
				start(b, q)
			}
			var n atomic.Int64
			b.SetParallelism(16)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					key := (n.Add(1) * 7919) % c.keys
					j := jobs.New{Kind: "noop", Key: fmt.Sprint("key ", key), Payload: 1, Unique: c.unique}
					if err := d.Write(context.Background(), func(tx *gorm.DB) error { return q.Enqueue(tx, j) }); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "enqueued/s")
			b.ReportMetric(float64(d.Stats().Reruns), "reruns")
		})
	}
}

// BenchmarkWork works on b.N jobs that do nothing.
func BenchmarkWork(b *testing.B) {
	for _, key := range []string{"none", "5000 keys", "one key"} {
		b.Run(key, func(b *testing.B) {
			d := dbtest.New(b)
			q := jobs.NewQueue(d, jobs.Config{Log: quiet})
			var left atomic.Int64
			left.Store(int64(b.N))
			done := make(chan struct{})
			q.Handle("noop", func(context.Context, jobs.Job) error {
				if left.Add(-1) == 0 {
					close(done)
				}
				return nil
			}, jobs.HandlerOptions{Concurrency: 128})
			fill(b, d, q, key, b.N)
			b.ResetTimer()
			ctx, cancel := context.WithCancel(context.Background())
			ended := make(chan error, 1)
			go func() { ended <- q.Run(ctx) }()
			<-done
			cancel()
			must(b, <-ended)
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "worked/s")
			if !empty(b, q)() {
				b.Error("jobs are left")
			}
		})
	}
}

func fill(b *testing.B, d *db.DB, q *jobs.Queue, key string, n int) {
	for at := 0; at < n; at += 1000 {
		must(b, d.Write(context.Background(), func(tx *gorm.DB) error {
			for i := at; i < min(at+1000, n); i++ {
				j := jobs.New{Kind: "noop", Payload: i}
				switch key {
				case "5000 keys":
					j.Key = fmt.Sprint("key ", i%5000)
				case "one key":
					j.Key = key
				}
				if err := q.Enqueue(tx, j); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

// BenchmarkPickUp enqueues a hundred jobs a second and measures how long each
// waits between its commit and its handler.
func BenchmarkPickUp(b *testing.B) {
	d := dbtest.New(b)
	q := jobs.NewQueue(d, jobs.Config{Log: quiet})
	began := make(chan time.Time, 1)
	q.Handle("pick", func(context.Context, jobs.Job) error { began <- time.Now(); return nil }, jobs.HandlerOptions{})
	start(b, q)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var waits []time.Duration
	for b.Loop() {
		<-tick.C
		var committed time.Time
		must(b, d.Write(context.Background(), func(tx *gorm.DB) error {
			db.OnCommit(tx, func() { committed = time.Now() })
			return q.Enqueue(tx, jobs.New{Kind: "pick", Key: "k"})
		}))
		waits = append(waits, (<-began).Sub(committed))
	}
	slices.Sort(waits)
	b.ReportMetric(float64(waits[len(waits)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds())/1000, "p99-ms")
}
