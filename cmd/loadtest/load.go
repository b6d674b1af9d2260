package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// source makes the requests of one connection. next returns the request with a
// number, which counts up over all connections.
type source func(n int64) []byte

// result is what came of a load.
type result struct {
	took     time.Duration
	times    []time.Duration // of answered requests, sorted
	statuses map[int]int
	repeated int
	failed   map[string]int // no answer, by reason
}

// load sends requests over all connections until they are done, the time is up
// or ctx ends.
type load struct {
	to          target
	connections int
	requests    int
	duration    time.Duration
	rate        int
	repeat      percent
	source      func() source // for each connection
}

// run sends the load. Connections are made before the clock starts.
func (l load) run(ctx context.Context) (result, error) {
	wires := make([]*wire, l.connections)
	defer func() {
		for _, w := range wires {
			if w != nil {
				w.close()
			}
		}
	}()
	for i := range wires {
		w, err := dial(l.to.address)
		if err != nil {
			return result{}, fmt.Errorf("connect to %s: %w", l.to.address, err)
		}
		wires[i] = w
	}
	parts := make([]result, l.connections)
	var number, sent atomic.Int64
	begin := time.Now()
	end := begin.Add(l.duration)
	var wg sync.WaitGroup
	for i, w := range wires {
		wg.Go(func() {
			_ = w.conn.SetDeadline(end.Add(patience))
			parts[i] = l.one(ctx, w, &number, &sent, begin, end)
		})
	}
	wg.Wait()
	all := result{took: time.Since(begin), statuses: map[int]int{}, failed: map[string]int{}}
	for _, p := range parts {
		all.times = append(all.times, p.times...)
		all.repeated += p.repeated
		for k, v := range p.statuses {
			all.statuses[k] += v
		}
		for k, v := range p.failed {
			all.failed[k] += v
		}
	}
	slices.Sort(all.times)
	return all, nil
}

// one drives one connection. A connection that fails is not made again: the
// failure shall be seen.
func (l load) one(ctx context.Context, w *wire, number, sent *atomic.Int64, begin, end time.Time) result {
	r := result{times: make([]time.Duration, 0, l.requests/l.connections*5/4+16), statuses: map[int]int{}, failed: map[string]int{}}
	next := l.source()
	var again float64 // how much of a repetition is owed
	var request []byte
	for ctx.Err() == nil {
		n := sent.Add(1) - 1
		from := time.Now()
		if n >= int64(l.requests) || from.After(end) {
			return r
		}
		if l.rate > 0 {
			// What waits for its turn behind a slow answer has waited since its turn.
			from = begin.Add(time.Duration(float64(n) / float64(l.rate) * float64(time.Second)))
			if !sleepUntil(ctx, from) {
				return r
			}
		}
		if again >= 1 && request != nil {
			again--
			r.repeated++
		} else {
			request = next(number.Add(1) - 1)
			again += float64(l.repeat)
		}
		if l.rate == 0 {
			from = time.Now() // signing is not the server's time
		}
		status, err := w.do(request)
		if err != nil {
			r.failed[err.Error()]++
			return r
		}
		r.times = append(r.times, time.Since(from))
		r.statuses[status]++
	}
	return r
}

func sleepUntil(ctx context.Context, t time.Time) bool {
	d := time.Until(t)
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// measure sends one load as the options say.
func measure(ctx context.Context, o options, to target, requests int) (result, error) {
	l := load{to: to, connections: min(o.connections, requests), requests: requests, duration: o.duration, rate: o.rate, repeat: o.duplicates}
	if o.canvas {
		l.repeat = 0
		l.source = newCanvasTalk(o, to).source
	} else {
		l.source = newTalk(o, to).source
	}
	return l.run(ctx)
}

// perSecond is how many requests were answered with 200 in a second.
func (r result) perSecond() float64 { return float64(r.statuses[200]) / r.took.Seconds() }

// quantile returns a latency, by nearest rank.
func (r result) quantile(q float64) time.Duration {
	if len(r.times) == 0 {
		return 0
	}
	i := int(math.Ceil(q*float64(len(r.times)))) - 1
	return r.times[max(0, min(i, len(r.times)-1))]
}

func ms(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', 2, 64)
}

// answers lists what came back: "200: 9500, 503: 500, EOF: 1".
func (r result) answers() string {
	var out []string
	for _, s := range slices.Sorted(maps.Keys(r.statuses)) {
		out = append(out, fmt.Sprintf("%d: %d", s, r.statuses[s]))
	}
	for _, s := range slices.Sorted(maps.Keys(r.failed)) {
		out = append(out, fmt.Sprintf("%s: %d", s, r.failed[s]))
	}
	return strings.Join(out, ", ")
}

const tableHead = `| what | acknowledged/s | p50 ms | p90 ms | p99 ms | max ms | answers |
|---|---|---|---|---|---|---|
`

func (r result) row(name string) string {
	return fmt.Sprintf("| %s | %.0f | %s | %s | %s | %s | %s |\n", name, r.perSecond(),
		ms(r.quantile(0.5)), ms(r.quantile(0.9)), ms(r.quantile(0.99)), ms(r.quantile(1)), r.answers())
}

// print writes a line for people and a table for documents.
func (r result) print(w io.Writer, name string) {
	fmt.Fprintf(w, "%s: %d answers in %.1f s, %d of them to repetitions; %.0f acknowledged/s, p50 %s ms, p99 %s ms\n\n%s%s\n",
		name, len(r.times), r.took.Seconds(), r.repeated, r.perSecond(), ms(r.quantile(0.5)), ms(r.quantile(0.99)), tableHead, r.row(name))
}

// percent is a share that is written as "5%" or "0.05".
type percent float64

// String implements flag.Value.
func (p *percent) String() string {
	return strconv.FormatFloat(float64(*p)*100, 'g', -1, 64) + "%"
}

// Set implements flag.Value.
func (p *percent) Set(s string) error {
	digits, hundredths := strings.CutSuffix(s, "%")
	v, err := strconv.ParseFloat(digits, 64)
	if hundredths {
		v /= 100
	}
	if err != nil || !(v >= 0 && v <= 0.9) {
		return fmt.Errorf("a share looks like 5%% and is at most 90%%")
	}
	*p = percent(v)
	return nil
}
