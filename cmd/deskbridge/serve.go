package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/deskbridge/deskbridge/config"
)

func newServe(s *settings) *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use: "serve", Short: "Start the server", Args: cobra.NoArgs,
		Long: "Start the server. Without a file and without flags it listens on 127.0.0.1:8080 and keeps everything in ./data.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.load()
			if check {
				cmd.Print(config.Report(c, err))
				return err
			}
			if err != nil {
				return err
			}
			return serve(cmd.Context(), c, cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "check the settings, report every mistake, and end")
	return cmd
}

// serve runs the server until ctx ends.
func serve(ctx context.Context, c config.Config, out io.Writer) (err error) {
	log := config.Logger(c, os.Stderr)
	a, err := openApp(ctx, c, log, false)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := a.close(); err == nil {
			err = cerr
		}
	}()
	ln, err := listen(c)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Deskbridge listens on %s\n", c.BaseURL())
	if err := a.invite(ctx, out); err != nil {
		return err
	}
	// The start leaves garbage that a server which idles would keep for long.
	debug.FreeOSMemory()
	log.Info("started", "listen", ln.Addr().String(), "version", version())
	err = a.run(ctx, ln)
	log.Info("stopped")
	return err
}

// invite prints the one-time link that makes the first administrator.
func (a *app) invite(ctx context.Context, out io.Writer) error {
	token, open, err := a.auth.SetupToken(ctx)
	if err != nil || !open {
		return err
	}
	// After the #, a browser keeps the token to itself.
	fmt.Fprintf(out, "Set it up: %s/app/setup#token=%s\n", a.conf.BaseURL(), token)
	return nil
}

func listen(c config.Config) (net.Listener, error) {
	ln, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", c.Listen, err)
	}
	if !c.TLS.On() {
		return ln, nil
	}
	cert, err := tls.LoadX509KeyPair(c.TLS.Cert, c.TLS.Key)
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	return tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}), nil
}
