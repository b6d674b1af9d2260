package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/deskbridge/deskbridge/bridge/intercom"
)

// compare measures the server and, in turns with it, a gin server in a process
// of its own that does nothing but read a webhook and check its signature: what
// this machine could do if nothing were kept.
func compare(ctx context.Context, o options, to target, out io.Writer) error {
	bare, stop, err := startBaseline(ctx, o.secret)
	if err != nil {
		return err
	}
	defer stop()
	var best, most float64
	for range o.rounds {
		alone, err := measure(ctx, o, bare, o.requests)
		if err != nil {
			return err
		}
		alone.print(out, "gin, signature only")
		ours, err := measure(ctx, o, to, o.requests)
		if err != nil {
			return err
		}
		ours.print(out, "webhooks")
		best, most = max(best, ours.perSecond()), max(most, alone.perSecond())
	}
	if most > 0 {
		fmt.Fprintf(out, "ratio: %.2f of what gin acknowledges when it checks the signature alone\n", best/most)
	}
	return nil
}

// startBaseline starts this program again as the baseline's server.
func startBaseline(ctx context.Context, secret string) (target, func(), error) {
	self, err := os.Executable()
	if err != nil {
		return target{}, nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-serve-baseline") //nolint:gosec // this program itself
	cmd.Env = append(os.Environ(), secretVariable+"="+secret)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return target{}, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return target{}, nil, err
	}
	if err := cmd.Start(); err != nil {
		return target{}, nil, fmt.Errorf("start the baseline: %w", err)
	}
	stop := func() {
		_ = in.Close()
		_ = cmd.Wait()
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return target{}, nil, fmt.Errorf("the baseline did not start: %w", err)
	}
	to, err := parseTarget(strings.TrimSpace(line), false)
	if err != nil {
		stop()
	}
	return to, stop, err
}

// serveBaseline prints its address and serves until stdin ends.
func serveBaseline(ctx context.Context, secret string, stdin io.Reader, stdout io.Writer) error {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.POST(pathWebhooks, func(c *gin.Context) {
		body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, intercom.MaxBody))
		if err != nil || intercom.VerifyWebhook(secret, c.GetHeader(intercom.WebhookHeader), body) != nil {
			c.Status(http.StatusUnauthorized)
			return
		}
		c.Data(http.StatusOK, "application/json", []byte(`{"status":"ok"}`))
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "http://%s\n", ln.Addr())
	srv := &http.Server{Handler: e, ReadHeaderTimeout: 10 * time.Second}
	ctx, done := context.WithCancel(ctx)
	go func() {
		defer done()
		_, _ = io.Copy(io.Discard, stdin)
	}()
	stopped := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stopped()
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
