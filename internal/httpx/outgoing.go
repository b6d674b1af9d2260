package httpx

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// ErrRefused is in the chain of every error of the outgoing guard: the target is
// not public and was not allowed, or its port is not one of ours.
var ErrRefused = errors.New("the address may not be called from here")

// OutgoingConfig says what a caller may reach. The zero value reaches public
// addresses on ports 80 and 443.
type OutgoingConfig struct {
	AllowPrivate []netip.Prefix // networks that are allowed though they are not public, on any port
	Ports        []uint16       // ports of public addresses; 80 and 443 when empty
	Resolver     Resolver       // net.DefaultResolver when nil
	RootCAs      *x509.CertPool // the system's when nil
	DialTimeout  time.Duration  // for one connection; 10 s when 0
}

// Resolver turns a name into addresses; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// guard decides about addresses.
type guard struct {
	allow    []netip.Prefix
	public   *ssrf.Guardian
	resolver Resolver
	dialer   *net.Dialer
}

func newGuard(c OutgoingConfig) *guard {
	if len(c.Ports) == 0 {
		c.Ports = []uint16{80, 443}
	}
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	if c.DialTimeout == 0 {
		c.DialTimeout = 10 * time.Second
	}
	g := &guard{allow: slices.Clone(c.AllowPrivate), public: ssrf.New(ssrf.WithPorts(c.Ports...)), resolver: c.Resolver}
	g.dialer = &net.Dialer{Timeout: c.DialTimeout, KeepAlive: 30 * time.Second, Control: g.control}
	return g
}

// Outgoing returns the transport for every call that leaves the process for an
// address that somebody typed in. It resolves a name once, refuses it when any
// of its addresses is refused (SEC-145), dials what it checked (SEC-144), and
// checks again in the dialer. It uses no proxy from the environment (SEC-154),
// TLS 1.2 or newer (SEC-155), and cuts long response headers (SEC-157).
//
// One transport for each set of rights: connections are reused within it.
func Outgoing(c OutgoingConfig) *http.Transport {
	g := newGuard(c)
	return &http.Transport{
		Proxy:                  nil,
		DialContext:            g.dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.RootCAs},
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    16,
		MaxResponseHeaderBytes: 64 << 10,
		ForceAttemptHTTP2:      true,
	}
}

func (g *guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("httpx: outgoing address: %w", err)
	}
	number, err := net.DefaultResolver.LookupPort(ctx, "tcp", port)
	if err != nil {
		return nil, fmt.Errorf("httpx: outgoing port: %w", err)
	}
	targets, err := g.resolve(ctx, host, uint16(number))
	if err != nil {
		return nil, err
	}
	var fault error
	for _, t := range targets {
		conn, err := g.dialer.DialContext(ctx, "tcp", t.String())
		if err == nil {
			return conn, nil
		}
		fault = errors.Join(fault, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, fault
}

// resolve returns the addresses of host, all of them checked.
func (g *guard) resolve(ctx context.Context, host string, port uint16) ([]netip.AddrPort, error) {
	var found []netip.Addr
	if ip, err := netip.ParseAddr(host); err == nil {
		found = []netip.Addr{ip}
	} else if found, err = g.resolver.LookupNetIP(ctx, "ip", strings.ToLower(host)); err != nil {
		return nil, fmt.Errorf("httpx: resolve outgoing host: %w", err)
	}
	if len(found) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	targets := make([]netip.AddrPort, 0, len(found))
	for _, ip := range found {
		t := netip.AddrPortFrom(ip.Unmap(), port)
		if err := g.check(t); err != nil {
			return nil, err
		}
		targets = append(targets, t)
	}
	return targets, nil
}

// check refuses an address that is neither public nor allowed. A zone is cut
// off first: prefixes never contain an address with one.
func (g *guard) check(t netip.AddrPort) error {
	ip := t.Addr().WithZone("").Unmap()
	for _, p := range g.allow {
		if p.Contains(ip) {
			return nil
		}
	}
	if err := g.public.SafeAddrPort(netip.AddrPortFrom(ip, t.Port())); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return nil
}

// control is the dialer's own check, of the very address that is connected to.
func (g *guard) control(network, address string, _ syscall.RawConn) error {
	t, err := netip.ParseAddrPort(address)
	if err != nil || !strings.HasPrefix(network, "tcp") {
		return fmt.Errorf("%w: %s %q", ErrRefused, network, address)
	}
	return g.check(t)
}
