package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// asMain makes the test binary behave as the command, so that tests can start,
// kill and restart a real process.
const asMain = "DESKBRIDGE_TEST_AS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// process is a server in a process of its own.
type process struct {
	t    *testing.T
	data string
	addr string
	env  []string
	cmd  *exec.Cmd
	log  *syncBuffer
}

// syncBuffer keeps what a process says.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// newProcess prepares a server with an empty data directory and a free address.
func newProcess(t *testing.T, env ...string) *process {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, data: t.TempDir(), addr: addr, log: &syncBuffer{}}
	p.env = append(os.Environ(), asMain+"=1", "DESKBRIDGE_DATA="+p.data, "DESKBRIDGE_LISTEN="+addr)
	p.env = append(p.env, env...)
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("the server said:\n%s", tail(p.log.String(), 6000))
		}
	})
	return p
}

func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}

func (p *process) url(path string) string { return "http://" + p.addr + path }

// start starts the server and waits until it is ready.
func (p *process) start() {
	p.t.Helper()
	self, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	p.cmd = exec.Command(self, "serve")
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = p.env, p.log, p.log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	waitFor(p.t, time.Minute, func() string {
		res, err := http.Get(p.url("/readyz"))
		if err != nil {
			return "not ready: " + err.Error()
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Sprintf("not ready: %d", res.StatusCode)
		}
		return ""
	})
}

// kill ends the server with SIGKILL, as a power cut would.
func (p *process) kill() {
	if p.cmd == nil || p.cmd.Process == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	p.cmd = nil
}

// stop ends the server with SIGTERM and returns its exit code.
func (p *process) stop() int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		p.t.Fatal(err)
	}
	_ = p.cmd.Wait()
	code := p.cmd.ProcessState.ExitCode()
	p.cmd = nil
	return code
}

// run runs a command beside the server, if that runs, and returns what it
// prints.
func (p *process) run(stdin string, args ...string) (string, error) {
	p.t.Helper()
	self, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env, cmd.Stdin = p.env, strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// must runs a command that has to work.
func (p *process) must(stdin string, args ...string) string {
	p.t.Helper()
	out, err := p.run(stdin, args...)
	if err != nil {
		p.t.Fatalf("deskbridge %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// waitFor polls until what returns "" or the time is up.
func waitFor(t *testing.T, limit time.Duration, what func() string) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		why := what()
		if why == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still not so after %s: %s", limit, why)
		}
		<-time.After(20 * time.Millisecond)
	}
}
