package httpx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// maxURL is the longest address that CheckURL takes, in bytes.
const maxURL = 2048

// CheckURL returns raw as an address that may be stored and called later: http
// or https, a host, no user and password, no fragment, a port and a target that
// c allows (SEC-109, SEC-147 to SEC-151). The error is Invalid, with a sentence
// that does not repeat the address.
//
// A host that does not resolve right now passes: the transport checks again at
// every connection.
func CheckURL(ctx context.Context, raw string, c OutgoingConfig) (*url.URL, error) {
	odd := func(r rune) bool {
		return r == '\\' || r == '@' || unicode.IsSpace(r) || unicode.IsControl(r) || r > unicode.MaxASCII
	}
	if raw == "" || len(raw) > maxURL || strings.ContainsFunc(raw, odd) {
		return nil, errs.E(errs.Invalid, "The address is not a plain URL: no spaces, backslashes, @ or characters beyond ASCII.")
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return nil, errs.E(errs.Invalid, "The address is not a full URL.")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errs.E(errs.Invalid, "The address must begin with https:// or http://.")
	case u.User != nil || strings.Contains(raw, "#"):
		return nil, errs.E(errs.Invalid, "The address must not contain a user, a password or a fragment.")
	}
	port, err := portOf(u)
	if err != nil {
		return nil, err
	}
	host := strings.TrimSuffix(u.Hostname(), ".")
	if _, err := netip.ParseAddr(host); err != nil && endsInNumber(host) {
		return nil, errs.E(errs.Invalid, "The address has a number where its host name ends.")
	}
	if _, err := newGuard(c).resolve(ctx, host, port); errors.Is(err, ErrRefused) {
		return nil, errs.E(errs.Invalid, "The address is not a public one, or its port is not allowed.")
	}
	return u, nil
}

func portOf(u *url.URL) (uint16, error) {
	if u.Port() == "" {
		if u.Scheme == "https" {
			return 443, nil
		}
		return 80, nil
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || n == 0 {
		return 0, errs.E(errs.Invalid, "The port of the address is not a number from 1 to 65535.")
	}
	return uint16(n), nil
}

// endsInNumber reports whether some resolver would read host as an IPv4 address
// in an odd spelling: 127.1, 2130706433, 0x7f.1, 0177.0.0.1.
func endsInNumber(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if hex, ok := strings.CutPrefix(strings.ToLower(last), "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}

// travelling are the request headers that a redirect may carry to another host.
// Everything else may be a credential under a name of its own.
var travelling = []string{"Accept", "Accept-Encoding", "Accept-Language", "Range", "Referer", "User-Agent"}

// NoRedirects makes a client return a redirect as the answer it is. Signed and
// authenticated calls use it.
func NoRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Redirects returns a policy for http.Client.CheckRedirect and for resty that
// follows at most limit redirects, never from https to http, never to an address
// with a user in it, and to another host only when the request carries no header
// that could be a credential. Where a redirect leads is checked by the Outgoing
// transport like any other target.
func Redirects(limit int) func(req *http.Request, via []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		from := via[len(via)-1].URL
		switch {
		case len(via) > limit:
			return fmt.Errorf("%w: more than %d redirects", ErrRefused, limit)
		case req.URL.Scheme != "https" && (from.Scheme == "https" || req.URL.Scheme != "http"):
			return fmt.Errorf("%w: redirect to %s", ErrRefused, req.URL.Scheme)
		case req.URL.User != nil:
			return fmt.Errorf("%w: redirect with a user", ErrRefused)
		case sameOrigin(req.URL, via[0].URL):
			return nil
		}
		for name := range via[0].Header {
			if !slices.Contains(travelling, http.CanonicalHeaderKey(name)) {
				return fmt.Errorf("%w: redirect to another host with header %s", ErrRefused, name)
			}
		}
		if req.Body != nil && req.Body != http.NoBody {
			return fmt.Errorf("%w: redirect of a body to another host", ErrRefused)
		}
		return nil
	}
}

func sameOrigin(a, b *url.URL) bool {
	pa, errA := portOf(a)
	pb, errB := portOf(b)
	return errA == nil && errB == nil && pa == pb && strings.EqualFold(a.Hostname(), b.Hostname())
}
