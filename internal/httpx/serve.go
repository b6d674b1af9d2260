package httpx

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// ServeConfig bounds what strangers can hold of the server. A zero field takes
// the default that its comment names.
type ServeConfig struct {
	ReadHeaderTimeout time.Duration // 10 s
	ReadTimeout       time.Duration // 60 s for a whole request (SEC-213); a handler may move its own deadline
	WriteTimeout      time.Duration // 2 min for a whole answer (SEC-214); streams move their own deadline
	IdleTimeout       time.Duration // 2 min between requests
	MaxHeaderBytes    int           // 64 KiB
	MaxConns          int           // 4096 at a time (SEC-215); sockets that were taken over do not count
	Grace             time.Duration // 10 s to finish what runs when the context ends (REL-13)
	Log               *slog.Logger  // slog.Default when nil
	OnStop            func()        // runs when stopping begins: closes long polls and sockets
}

func (c ServeConfig) withDefaults() ServeConfig {
	set := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	set(&c.ReadHeaderTimeout, 10*time.Second)
	set(&c.ReadTimeout, time.Minute)
	set(&c.WriteTimeout, 2*time.Minute)
	set(&c.IdleTimeout, 2*time.Minute)
	set(&c.Grace, 10*time.Second)
	if c.MaxHeaderBytes == 0 {
		c.MaxHeaderBytes = 64 << 10
	}
	if c.MaxConns == 0 {
		c.MaxConns = 4096
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

// Serve answers requests on ln until ctx ends. Then it accepts no more, lets
// running requests finish for Grace, cuts the rest, and returns nil. It closes
// ln. Contexts of requests live on until their request is done or cut.
func Serve(ctx context.Context, ln net.Listener, h http.Handler, c ServeConfig) error {
	c = c.withDefaults()
	base, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	limit := &connLimit{max: c.MaxConns, conns: make(map[net.Conn]connSeen)}
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: c.ReadHeaderTimeout,
		ReadTimeout:       c.ReadTimeout,
		WriteTimeout:      c.WriteTimeout,
		IdleTimeout:       c.IdleTimeout,
		MaxHeaderBytes:    c.MaxHeaderBytes,
		ConnState:         limit.state,
		BaseContext:       func(net.Listener) context.Context { return base },
		ErrorLog:          slog.NewLogLogger(c.Log.Handler(), slog.LevelDebug),
	}
	if c.OnStop != nil {
		srv.RegisterOnShutdown(c.OnStop)
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	select {
	case err := <-failed:
		return fmt.Errorf("httpx: serve: %w", err)
	case <-ctx.Done():
	}
	grace, done := context.WithTimeout(base, c.Grace)
	defer done()
	if err := srv.Shutdown(grace); err != nil {
		c.Log.Warn("requests were cut off at shutdown", "after", c.Grace, "error", err)
		cut()
		_ = srv.Close() // the connections go away either way
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("httpx: serve: %w", err)
	}
	return nil
}

// connLimit keeps the number of connections at or below max. When one more
// comes, the connection that has waited longest without asking for anything
// goes; when all are busy, the new one does. So idle connections, however many,
// never keep a caller out.
type connLimit struct {
	max int

	mu    sync.Mutex
	conns map[net.Conn]connSeen
	seq   uint64
}

type connSeen struct {
	seq     uint64 // order of the last change
	waiting bool   // no request is running
}

// state follows one connection; it is the server's ConnState.
func (l *connLimit) state(conn net.Conn, s http.ConnState) {
	if out := l.note(conn, s); out != nil {
		_ = out.Close()
	}
}

// note records the change and returns the connection to close, if any.
func (l *connLimit) note(conn net.Conn, s http.ConnState) net.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	switch s {
	case http.StateHijacked, http.StateClosed:
		delete(l.conns, conn)
		return nil
	case http.StateNew, http.StateIdle:
		l.conns[conn] = connSeen{seq: l.seq, waiting: true}
	default:
		l.conns[conn] = connSeen{seq: l.seq}
	}
	if s != http.StateNew || len(l.conns) <= l.max {
		return nil
	}
	out := conn
	oldest := l.seq
	for c, seen := range l.conns {
		if seen.waiting && seen.seq < oldest {
			out, oldest = c, seen.seq
		}
	}
	delete(l.conns, out)
	return out
}
