package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/robfig/cron/v3"
	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/bridge"
	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/config"
	"github.com/deskbridge/deskbridge/internal/audit"
	"github.com/deskbridge/deskbridge/internal/auth"
	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/httpx"
	"github.com/deskbridge/deskbridge/internal/jobs"
	"github.com/deskbridge/deskbridge/internal/seal"
	"github.com/deskbridge/deskbridge/tickets"
	"github.com/deskbridge/deskbridge/tickets/portal"
	"github.com/deskbridge/deskbridge/web"
)

// mainDesk is the desk that every installation has.
const mainDesk = 1

// app is the whole process, put together. Commands and end-to-end tests start
// the same one.
type app struct {
	conf    config.Config
	log     *slog.Logger
	db      *db.DB
	audit   *audit.Log
	auth    *auth.Service
	jobs    *jobs.Queue
	tickets *tickets.Service
	bridge  *bridge.Service
	engine  *gin.Engine
}

// openApp opens the database, migrates it and builds every part. It starts
// nothing; close releases what it holds.
//
// A guest may work beside a running server. It migrates only when there is none.
func openApp(ctx context.Context, c config.Config, log *slog.Logger, guest bool) (*app, error) {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	d, err := db.Open(ctx, db.Config{URL: c.DatabaseURL(), Log: log, Guest: guest})
	if err != nil {
		return nil, err
	}
	a := &app{conf: c, log: log, db: d}
	if err := a.build(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return a, nil
}

func (a *app) close() error {
	a.bridge.Close()
	return a.db.Close()
}

func (a *app) build(ctx context.Context) error {
	c := a.conf
	if err := a.db.Migrate(ctx); err != nil {
		return err
	}
	box, err := seal.OpenFile(filepath.Join(c.Data, "keys"))
	if err != nil {
		return err
	}
	a.audit = audit.New(a.db, audit.Config{})
	a.auth, err = auth.New(a.db, a.audit, auth.Config{PublicURL: c.BaseURL(), Idle: c.Session.Idle, Lifetime: c.Session.Absolute, Log: a.log})
	if err != nil {
		return err
	}
	a.jobs = jobs.NewQueue(a.db, jobs.Config{Grace: c.ShutdownGrace, Log: a.log})
	a.tickets = tickets.New(a.db, tickets.Config{Files: filepath.Join(c.Data, "files"), MaxFile: int64(c.Limits.Upload), BaseURL: c.BaseURL(),
		Audit: a.audit, Notify: a.ticketChanged})
	a.bridge = bridge.New(a.db, a.jobs, box, a.audit, a.tickets, bridge.Config{PublicURL: c.BaseURL(), Transport: a.transport(),
		MaxFile: int64(c.Limits.Upload), KeepReceipts: c.Retention.Receipts, Log: a.log})
	return a.routes()
}

// ticketChanged passes on what people did with tickets of the built-in desk.
// What the bridge wrote itself carries a marker and is no news to it.
func (a *app) ticketChanged(tx *gorm.DB, c tickets.Change) error {
	if c.Kind == tickets.Created || c.Kind == tickets.Appended && (c.Entry == nil || c.Entry.Marker != "") {
		return nil
	}
	return a.bridge.TicketChanged(tx, c.DeskID, desk.Key{Class: string(c.Class), ID: fmt.Sprint(c.TicketID)})
}

// transport gives the bridge its ways out: to public addresses, and for
// workspaces that allow it to private ones too.
func (a *app) transport() func(bool) http.RoundTripper {
	public := httpx.Outgoing(httpx.OutgoingConfig{AllowPrivate: a.conf.Outgoing.AllowPrivate})
	private := httpx.Outgoing(httpx.OutgoingConfig{AllowPrivate: append([]netip.Prefix{
		netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"),
		netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("fc00::/7"),
	}, a.conf.Outgoing.AllowPrivate...)})
	return func(allowPrivate bool) http.RoundTripper {
		if allowPrivate {
			return private
		}
		return public
	}
}

func (a *app) routes() error {
	c := a.conf
	site, err := web.New()
	if err != nil {
		return err
	}
	a.engine = httpx.New(httpx.Config{Log: a.log, MaxBody: int64(c.Limits.Body), TrustedProxies: c.TrustedProxies,
		HTTPS: c.TLS.On() || len(c.PublicURL) > 8 && c.PublicURL[:8] == "https://", CSRFExempt: bridge.Prefixes()})
	a.engine.GET("/livez", func(g *gin.Context) { g.String(http.StatusOK, "ok\n") })
	a.engine.GET("/readyz", a.ready)
	a.bridge.Mount(a.engine)

	a.engine.Use(a.auth.Middleware())
	api := httpx.NewAPI(a.engine, version())
	a.auth.Routes(api)
	a.tickets.Routes(api)
	a.bridge.Routes(api)
	a.jobs.Routes(api, mainDesk)
	portal.New(a.tickets, a.auth, portal.Config{PublicURL: c.BaseURL(), Messenger: messenger{a.bridge},
		MaxFile: int64(c.Limits.Upload), Log: a.log}).Mount(a.engine)
	for _, path := range []string{"/app", "/app/*page", "/assets/*file"} {
		a.engine.GET(path, gin.WrapH(site))
		a.engine.HEAD(path, gin.WrapH(site))
	}
	a.engine.GET("/", func(g *gin.Context) { g.Redirect(http.StatusFound, "/app") })
	return nil
}

// ready answers whether requests can be served: the database answers.
func (a *app) ready(g *gin.Context) {
	if err := a.db.Ready(g.Request.Context()); err != nil {
		httpx.Problem(g, err)
		return
	}
	g.String(http.StatusOK, "ok\n")
}

// run serves on ln, works on jobs and keeps the schedules until ctx ends, then
// finishes what it has.
func (a *app) run(ctx context.Context, ln net.Listener) error {
	schedules, err := a.schedules(ctx)
	if err != nil {
		return err
	}
	// Jobs outlive requests: what a request leaves behind is still worked on
	// while the server shuts down.
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.jobs.Run(gctx) })
	g.Go(func() error { return a.auth.Run(gctx) })
	g.Go(func() error {
		schedules.Start()
		<-gctx.Done()
		<-schedules.Stop().Done()
		return nil
	})
	g.Go(func() error {
		return httpx.Serve(gctx, ln, a.engine, httpx.ServeConfig{MaxConns: a.conf.Limits.Connections, Grace: a.conf.ShutdownGrace, Log: a.log})
	})
	return g.Wait()
}

// schedules are what happens by the clock. A run that is still busy is not
// started again beside itself.
func (a *app) schedules(ctx context.Context) (*cron.Cron, error) {
	c := cron.New(cron.WithChain(cron.SkipIfStillRunning(cron.DiscardLogger)))
	add := func(spec, what string, do func(context.Context) error) error {
		_, err := c.AddFunc(spec, func() {
			if err := do(ctx); err != nil && ctx.Err() == nil {
				a.log.Warn(what+" failed", "error", err)
			}
		})
		if err != nil {
			return fmt.Errorf("schedule of %s: %w", what, err)
		}
		return nil
	}
	return c, errors.Join(
		add(a.conf.Intervals.Reconcile, "reconcile", a.bridge.Reconcile),
		add(a.conf.Intervals.DeskPoll, "desk poll", a.bridge.PollDesks),
		add("@hourly", "forgetting old audit records", a.forgetAudit),
		add("@hourly", "sweeping interrupted uploads", a.sweep),
	)
}

// forgetAudit removes audit records that are older than operators want them.
func (a *app) forgetAudit(ctx context.Context) error {
	if a.conf.Retention.Audit == 0 {
		return nil
	}
	return a.db.Write(ctx, func(tx *gorm.DB) error { return a.audit.Forget(tx, time.Now().Add(-a.conf.Retention.Audit)) })
}

// sweep removes what interrupted uploads left behind.
func (a *app) sweep(ctx context.Context) error {
	_, err := a.tickets.Sweep(ctx, time.Hour)
	return err
}
