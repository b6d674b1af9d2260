package httpx_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/deskbridge/deskbridge/internal/httpx"
)

// running is a server that the test stops.
type running struct {
	addr string
	stop context.CancelFunc
	done chan error
	log  *bytes.Buffer
}

func serve(t *testing.T, h http.Handler, c httpx.ServeConfig) *running {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &running{addr: ln.Addr().String(), done: make(chan error, 1), log: new(bytes.Buffer)}
	c.Log = slog.New(slog.NewTextHandler(r.log, nil))
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	go func() { r.done <- httpx.Serve(ctx, ln, h, c) }()
	t.Cleanup(func() {
		stop()
		http.DefaultClient.CloseIdleConnections()
	})
	return r
}

// wait returns what Serve returned.
func (r *running) wait(t *testing.T) error {
	t.Helper()
	select {
	case err := <-r.done:
		return err
	case <-time.After(30 * time.Second):
		t.Fatal("the server does not stop")
		return nil
	}
}

func dial(t *testing.T, r *running) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

// REL-13: a request that runs is finished, a new one is not accepted.
func TestServeFinishesWhatRuns(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	inside, let, stopping := make(chan struct{}), make(chan struct{}), make(chan struct{})
	r := serve(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		close(inside)
		<-let
		if q.Context().Err() != nil {
			t.Error("the request's context ended before the request")
		}
		_, _ = io.WriteString(w, "done")
	}), httpx.ServeConfig{OnStop: func() { close(stopping) }})
	got := make(chan string, 1)
	go func() {
		res, err := http.Get("http://" + r.addr)
		if err != nil {
			got <- err.Error()
			return
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		got <- string(body)
	}()
	<-inside
	r.stop()
	<-stopping
	if c, err := net.Dial("tcp", r.addr); err == nil {
		c.Close()
		t.Error("a new connection was accepted while stopping")
	}
	close(let)
	if body := <-got; body != "done" {
		t.Fatalf("the running request got %q", body)
	}
	if err := r.wait(t); err != nil {
		t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestServeCutsWhatDoesNotFinish(t *testing.T) {
	inside, ended := make(chan struct{}), make(chan struct{})
	r := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		close(inside)
		<-q.Context().Done()
		close(ended)
	}), httpx.ServeConfig{Grace: 10 * time.Millisecond})
	go func() {
		if res, err := http.Get("http://" + r.addr); err == nil {
			res.Body.Close()
		}
	}()
	<-inside
	r.stop()
	if err := r.wait(t); err != nil {
		t.Fatal(err)
	}
	<-ended
	if !strings.Contains(r.log.String(), "cut off") {
		t.Errorf("log %q", r.log)
	}
}

func TestServeReportsAListenerThatFails(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if err := httpx.Serve(context.Background(), ln, http.NotFoundHandler(), httpx.ServeConfig{}); err == nil {
		t.Fatal("a closed listener was served")
	}
}

// SEC-213: who sends nothing, or a body byte by byte, is closed.
func TestServeClosesSlowCallers(t *testing.T) {
	var fault atomic.Value
	r := serve(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if _, err := io.ReadAll(q.Body); err != nil {
			fault.Store(err)
		}
	}), httpx.ServeConfig{ReadHeaderTimeout: 50 * time.Millisecond, ReadTimeout: 100 * time.Millisecond})
	for name, begin := range map[string]string{
		"nothing":       "",
		"half a header": "GET / HTTP/1.1\r\nHost: x\r\nX-Half: ",
		"half a body":   "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
	} {
		c := dial(t, r)
		_, _ = io.WriteString(c, begin)
		if _, err := io.ReadAll(c); err != nil && !errors.Is(err, net.ErrClosed) && isTimeout(err) {
			t.Errorf("%s: the connection stays open: %v", name, err)
		}
	}
	if fault.Load() == nil {
		t.Error("the handler read half a body as a whole one")
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// SEC-214: who does not read an answer does not hold its handler.
func TestServeClosesSlowReaders(t *testing.T) {
	failed := make(chan error, 1)
	r := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		block := make([]byte, 1<<20)
		for {
			if _, err := w.Write(block); err != nil {
				failed <- err
				return
			}
		}
	}), httpx.ServeConfig{WriteTimeout: 100 * time.Millisecond})
	c := dial(t, r)
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	select {
	case <-failed: //nolint:errcheck // that writing failed is what it waits for
	case <-time.After(30 * time.Second):
		t.Fatal("the handler still writes")
	}
}

func TestServeRefusesLongHeadersAndSmuggling(t *testing.T) {
	r := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "handled") }), httpx.ServeConfig{MaxHeaderBytes: 1 << 10})
	for name, raw := range map[string]string{
		"long header":    "GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 1<<16) + "\r\n\r\n",
		"two lengths":    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", // SEC-077
		"two hosts":      "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
		"no host":        "GET / HTTP/1.1\r\n\r\n",
		"odd encoding":   "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", // SEC-077
		"space in name":  "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
		"not a protocol": "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
	} {
		c := dial(t, r)
		_, _ = io.WriteString(c, raw)
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			continue // closed without an answer
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode < 400 || !res.Close || strings.Contains(string(body), "handled") {
			t.Errorf("%s: %d, close %v, %q", name, res.StatusCode, res.Close, body)
		}
	}
}

// fakeConn notes that it was closed.
type fakeConn struct {
	net.Conn
	closed bool
}

func (c *fakeConn) Close() error {
	c.closed = true
	return nil
}

// SEC-215: beyond the cap the connection that has waited longest goes, never a
// busy one.
func TestConnectionsAreCapped(t *testing.T) {
	l := httpx.NewConnLimit(3)
	c := make([]*fakeConn, 8)
	for i := range c {
		c[i] = &fakeConn{}
	}
	l.State(c[0], http.StateNew)
	l.State(c[0], http.StateActive)
	l.State(c[1], http.StateNew)
	l.State(c[2], http.StateNew)
	l.State(c[2], http.StateActive)
	l.State(c[2], http.StateIdle)
	open := func(want ...bool) {
		t.Helper()
		for i, w := range want {
			if c[i].closed == w {
				t.Fatalf("connection %d: closed %v", i, c[i].closed)
			}
		}
	}
	open(true, true, true)
	l.State(c[3], http.StateNew)
	open(true, false, true, true) // 1 waited longest
	l.State(c[1], http.StateClosed)
	l.State(c[3], http.StateActive)
	l.State(c[4], http.StateNew)
	open(true, false, false, true, true)
	l.State(c[2], http.StateClosed)
	l.State(c[4], http.StateActive)
	l.State(c[5], http.StateNew) // all are busy: the new one goes
	open(true, false, false, true, true, false)
	l.State(c[5], http.StateClosed)
	l.State(c[0], http.StateClosed)
	l.State(c[6], http.StateNew)
	open(true, false, false, true, true, false, true)
	l.State(c[3], http.StateHijacked)
	l.State(c[7], http.StateNew)
	open(true, false, false, true, true, false, true, true)
}

// SEC-215 end to end: idle connections, however many, do not keep callers out.
func TestIdleConnectionsDoNotKeepCallersOut(t *testing.T) {
	r := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }), httpx.ServeConfig{MaxConns: 10})
	for range 100 {
		dial(t, r)
	}
	c := dial(t, r)
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("%v, %v", res, err)
	}
	res.Body.Close()
}
