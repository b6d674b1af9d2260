package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "loadtest:", err)
		}
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	url, secret, app        string
	conversations, first    int
	connections             int
	requests                int
	duration                time.Duration
	duplicates              percent
	rate, rounds            int
	canvas, baseline, drain bool
	serveBaseline, remote   bool
	database, intercom      string
	seed                    int
}

// secretVariable holds the secret where it shall not stand in the process list.
const secretVariable = "LOADTEST_SECRET"

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("loadtest", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.url, "url", "http://127.0.0.1:8080", "the server, without a path")
	f.StringVar(&o.secret, "secret", os.Getenv(secretVariable), "Intercom's client secret; better in $"+secretVariable)
	f.StringVar(&o.app, "app", "load", "Intercom's workspace id (app_id)")
	f.IntVar(&o.conversations, "conversations", 1000, "how many conversations the messages belong to")
	f.IntVar(&o.first, "first", 0, "number of the first conversation, and with it of its person and ticket")
	f.IntVar(&o.connections, "c", 64, "connections, each with one request at a time")
	f.IntVar(&o.requests, "n", 200_000, "requests in all")
	f.DurationVar(&o.duration, "duration", time.Minute, "end after this time even if requests are left")
	f.Var(&o.duplicates, "duplicates", "share of notifications that are sent twice, such as 5%")
	f.IntVar(&o.rate, "rate", 0, "requests in a second, evenly spaced; 0 is as many as are answered")
	f.IntVar(&o.rounds, "rounds", 1, "how often to measure; the ratio is that of the best rounds")
	f.BoolVar(&o.canvas, "canvas", false, "send the card's initialize calls instead of webhooks")
	f.BoolVar(&o.baseline, "baseline", false, "measure, besides, a gin server that does nothing but check the signature")
	f.BoolVar(&o.drain, "drain", false, "link tickets to the conversations first, and measure how long the messages take to be in their logs; needs -database and what -seed made")
	f.StringVar(&o.database, "database", "", "the server's database, for -seed and -drain")
	f.StringVar(&o.intercom, "intercom", "", "with -drain: play Intercom at this address, the workspace's api_base, while the test runs")
	f.IntVar(&o.seed, "seed", 0, "fill an empty database with so many tickets, and end; the server must not run")
	f.BoolVar(&o.remote, "allow-remote", false, "send to other machines than this one")
	f.BoolVar(&o.serveBaseline, "serve-baseline", false, "be the server of -baseline, until standard input ends")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	return o, errors.Join(o.check(), noMore(f))
}

func noMore(f *flag.FlagSet) error {
	if f.NArg() > 0 {
		return fmt.Errorf("%q is no flag", f.Arg(0))
	}
	return nil
}

// The bounds of a run. A connection's latencies are kept in memory.
const (
	maxConnections = 4096
	maxRequests    = 10_000_000
	maxDuration    = time.Hour
	maxTickets     = 1_000_000
)

func (o options) check() error {
	switch {
	case o.seed > 0 || o.drain:
		if o.database == "" {
			return errors.New("give the server's -database")
		}
		if o.seed > maxTickets {
			return fmt.Errorf("at most %d tickets", maxTickets)
		}
	case o.secret == "":
		return fmt.Errorf("give the -secret, or set %s", secretVariable)
	}
	switch {
	case o.first < 0 || o.conversations < 1 || o.first+o.conversations > 99_999:
		return errors.New("-first and -conversations must be at least 0 and 1, and together at most 99999")
	case o.connections < 1 || o.connections > maxConnections:
		return fmt.Errorf("-c must be between 1 and %d", maxConnections)
	case o.requests < 1 || o.requests > maxRequests:
		return fmt.Errorf("-n must be between 1 and %d", maxRequests)
	case o.duration <= 0 || o.duration > maxDuration:
		return fmt.Errorf("-duration must be at most %s", maxDuration)
	case o.rate < 0 || o.rounds < 1 || o.rounds > 100:
		return errors.New("-rate must not be negative, -rounds between 1 and 100")
	case o.baseline && o.canvas:
		return errors.New("-baseline is for webhooks")
	}
	return nil
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	switch {
	case o.serveBaseline:
		return serveBaseline(ctx, o.secret, stdin, stdout)
	case o.seed > 0:
		return seed(ctx, o, stdout)
	}
	to, err := parseTarget(o.url, o.remote)
	if err != nil {
		return err
	}
	switch {
	case o.drain:
		return drain(ctx, o, to, stdout)
	case o.baseline:
		return compare(ctx, o, to, stdout)
	}
	name := "webhooks"
	if o.canvas {
		name = "canvas initialize"
	}
	for range o.rounds {
		r, err := measure(ctx, o, to, o.requests)
		if err != nil {
			return err
		}
		r.print(stdout, name)
	}
	return nil
}
