package httpx_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/internal/httpx"
)

// nonPublic are addresses that strangers must not make us call.
var nonPublic = []string{
	"127.0.0.1", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "::ffff:7f00:1", "fe80::1", "fd00::1", "fd00:ec2::254", "169.254.169.254",
	"10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255", "224.0.0.1", "ff02::1", "::127.0.0.1",
	"64:ff9b:1::7f00:1", "fec0::1", "3fff::1", "5f00::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a9fe:a9fe::",
	"2001:0:7f00:1::", "100::1", "2001:db8::1", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "240.0.0.1", "255.255.255.255", "fe80::1%lo",
}

// resolver answers each name with what the test says, call by call.
type resolver struct {
	answers map[string][][]string
	asked   map[string]int
}

func (r *resolver) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	all := r.answers[host]
	if len(all) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	n := min(r.asked[host], len(all)-1)
	r.asked[host]++
	var found []netip.Addr
	for _, a := range all[n] {
		found = append(found, netip.MustParseAddr(a))
	}
	return found, nil
}

func resolve(answers map[string][][]string) *resolver {
	return &resolver{answers: answers, asked: map[string]int{}}
}

// canary is a server on 127.0.0.1 that counts who comes.
type canary struct {
	*httptest.Server
	conns atomic.Int64
}

func newCanary(t testing.TB, h http.HandlerFunc) *canary {
	c := &canary{}
	c.Server = httptest.NewUnstartedServer(h)
	c.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			c.conns.Add(1)
		}
	}
	c.Start()
	t.Cleanup(c.Close)
	return c
}

func (c *canary) port() string {
	u, err := url.Parse(c.URL)
	if err != nil {
		panic(err)
	}
	return u.Port()
}

func portNumber(t testing.TB, c *canary) uint16 {
	t.Helper()
	return netip.MustParseAddrPort(c.Listener.Addr().String()).Port()
}

func get(t testing.TB, c httpx.OutgoingConfig, target string) error {
	t.Helper()
	tr := httpx.Outgoing(c)
	defer tr.CloseIdleConnections()
	client := &http.Client{Transport: tr, Timeout: 10 * time.Second}
	res, err := client.Get(target)
	if err == nil {
		res.Body.Close()
	}
	return err
}

// SEC-109 to SEC-143, SEC-153: every address that is not public is refused when
// it is registered and again when it is dialled.
func TestOutgoingRefusesWhatIsNotPublic(t *testing.T) {
	for _, a := range nonPublic {
		ip := netip.MustParseAddr(a)
		host := a
		if ip.Is6() {
			host = "[" + strings.Replace(a, "%", "%25", 1) + "]"
		}
		if err := httpx.CheckTarget(httpx.OutgoingConfig{}, netip.AddrPortFrom(ip, 443)); !errors.Is(err, httpx.ErrRefused) {
			t.Errorf("%s: the guard says %v", a, err)
		}
		if _, err := httpx.CheckURL(context.Background(), "https://"+host+"/", httpx.OutgoingConfig{}); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: registered: %v", a, err)
		}
		if err := get(t, httpx.OutgoingConfig{}, "http://"+host+"/"); !errors.Is(err, httpx.ErrRefused) {
			t.Errorf("%s: dialled: %v", a, err)
		}
		named := httpx.OutgoingConfig{Resolver: resolve(map[string][][]string{"hook.example": {{a}}})} // SEC-146: whatever the name, CNAMEs included
		if err := get(t, named, "http://hook.example/"); !errors.Is(err, httpx.ErrRefused) {
			t.Errorf("%s by name: dialled: %v", a, err)
		}
		if _, err := httpx.CheckURL(context.Background(), "http://hook.example/", named); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s by name: registered: %v", a, err)
		}
	}
	for _, a := range []string{"8.8.8.8", "2606:4700::1111", "93.184.216.34"} {
		if err := httpx.CheckTarget(httpx.OutgoingConfig{}, netip.AddrPortFrom(netip.MustParseAddr(a), 443)); err != nil {
			t.Errorf("%s is public: %v", a, err)
		}
	}
}

// SEC-144, SEC-145: what is checked is what is dialled, and one bad address in
// an answer spoils all of it.
func TestOutgoingPinsWhatItChecked(t *testing.T) {
	c := newCanary(t, func(http.ResponseWriter, *http.Request) {})
	conf := func(answers ...[]string) httpx.OutgoingConfig {
		return httpx.OutgoingConfig{Ports: []uint16{portNumber(t, c)}, Resolver: resolve(map[string][][]string{"hook.example": answers}), DialTimeout: 50 * time.Millisecond}
	}
	target := "http://hook.example:" + c.port() + "/"
	for name, answers := range map[string][][]string{
		"rebinding: public when registered, ours when called": {{"192.88.99.1"}, {"127.0.0.1"}},
		"mixed":             {{"8.8.8.8", "127.0.0.1"}},
		"mixed, ours first": {{"127.0.0.1", "8.8.8.8"}},
		"mixed families":    {{"8.8.8.8", "::1"}},
	} {
		cc := conf(answers...)
		_, _ = httpx.CheckURL(context.Background(), target, cc)
		if err := get(t, cc, target); !errors.Is(err, httpx.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := c.conns.Load(); n != 0 {
		t.Fatalf("the canary saw %d connections", n)
	}
}

// SEC-147, SEC-149, SEC-150, SEC-151: spellings that some reader takes for
// another address.
func TestCheckURLRefusesOddAddresses(t *testing.T) {
	public := httpx.OutgoingConfig{Resolver: resolve(map[string][][]string{
		"public.example": {{"8.8.8.8"}}, "localhost": {{"127.0.0.1"}}, "localhost.": {{"127.0.0.1"}}, "www.0x.example": {{"8.8.8.8"}},
	})}
	for _, raw := range []string{
		"http://localhost/", "http://localhost./", "http://LOCALHOST/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/",
		"http://0177.0.0.1/", "http://127.0.0.1./", "http://１２７.0.0.1/", "http://127。0。0。1/",
		"gopher://public.example/", "file:///etc/passwd", "ftp://public.example/", "unix:///run/x.sock", "javascript:alert(1)", "//public.example/", "/path", "public.example",
		"http://user:pass@public.example/", "http://public.example:22/", "http://public.example:25/", "http://public.example:6379/", "http://public.example:0/", "http://public.example:99999/",
		"http://public.example:8080/", "http://public.example#@127.0.0.1", "http://public.example#", "http://public.example\\@127.0.0.1/", "http://public.example/\t", "http://pub\nlic.example/", " http://public.example/",
		"http://", "http:///x", "http://:80/", "", "http://public.example/" + strings.Repeat("x", 3000), "http://[::1", "http:public.example", "http://public.example/%zz",
	} {
		if _, err := httpx.CheckURL(context.Background(), raw, public); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", raw, err)
		} else if strings.Contains(err.Error(), "pass") && strings.Contains(err.Error(), "user:pass") {
			t.Errorf("%q: the error repeats it: %v", raw, err)
		}
	}
	for _, raw := range []string{
		"http://public.example/", "https://public.example:443/hook?x=1", "https://PUBLIC.example./", "https://not-yet.example/", "https://8.8.8.8/", "https://[2606:4700::1111]/", "http://www.0x.example/",
	} {
		if _, err := httpx.CheckURL(context.Background(), raw, public); err != nil {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func FuzzCheckURL(f *testing.F) {
	for _, s := range []string{"http://127.0.0.1/", "https://example.com:443/x?y#z", "http://[::1]:80", "http://0x7f.1", "http://a@b", "http://\x00", "HTTP://2130706433"} {
		f.Add(s)
	}
	c := httpx.OutgoingConfig{Resolver: resolve(map[string][][]string{})}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := httpx.CheckURL(context.Background(), raw, c)
		if err != nil {
			if !errs.Is(err, errs.Invalid) {
				t.Fatalf("%q: %v", raw, err)
			}
			return
		}
		if u.User != nil || u.Fragment != "" || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			t.Fatalf("accepted %q as %v", raw, u)
		}
		if ip, err := netip.ParseAddr(u.Hostname()); err == nil && (ip.IsLoopback() || ip.IsPrivate() || ip.IsUnspecified()) {
			t.Fatalf("accepted %q", raw)
		}
	})
}

func TestOutgoingReachesAllowedNetworksAlone(t *testing.T) {
	c := newCanary(t, func(http.ResponseWriter, *http.Request) {})
	here := httpx.OutgoingConfig{AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	if err := get(t, here, c.URL); err != nil {
		t.Fatalf("an allowed network: %v", err)
	}
	if _, err := httpx.CheckURL(context.Background(), c.URL, here); err != nil {
		t.Fatalf("an allowed network is not registered: %v", err)
	}
	for _, other := range []string{"http://10.0.0.1/", "http://[::1]/", "http://[64:ff9b::7f00:1]/"} {
		if err := get(t, here, other); !errors.Is(err, httpx.ErrRefused) {
			t.Errorf("%s: %v", other, err)
		}
	}
	if n := c.conns.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// SEC-154: a proxy from the environment is not used.
func TestOutgoingUsesNoProxy(t *testing.T) {
	c := newCanary(t, func(http.ResponseWriter, *http.Request) {})
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, c.URL)
	}
	err := get(t, httpx.OutgoingConfig{Resolver: resolve(nil)}, "http://hook.example/")
	if err == nil || c.conns.Load() != 0 {
		t.Fatalf("%v, %d connections to the proxy", err, c.conns.Load())
	}
	if httpx.Outgoing(httpx.OutgoingConfig{}).Proxy != nil {
		t.Fatal("the transport has a proxy")
	}
}

// SEC-155: no bad certificate and no old TLS, and no second try without.
func TestOutgoingInsistsOnGoodTLS(t *testing.T) {
	var served atomic.Int64
	start := func(c *tls.Config) *httptest.Server {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served.Add(1) }))
		s.TLS = c
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		t.Cleanup(s.Close)
		return s
	}
	modern, old := start(nil), start(&tls.Config{MaxVersion: tls.VersionTLS11})
	roots := x509.NewCertPool()
	roots.AddCert(modern.Certificate())
	here := httpx.OutgoingConfig{AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, RootCAs: roots}
	untrusted := here
	untrusted.RootCAs = x509.NewCertPool()
	wrongName := here
	wrongName.Resolver = resolve(map[string][][]string{"other.test": {{"127.0.0.1"}}})
	for name, try := range map[string]error{
		"self-signed": get(t, untrusted, modern.URL),
		"TLS 1.1":     get(t, here, old.URL),
		"wrong name":  get(t, wrongName, strings.Replace(modern.URL, "127.0.0.1", "other.test", 1)),
	} {
		if try == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if served.Load() != 0 {
		t.Errorf("%d requests went through", served.Load())
	}
	if err := get(t, here, modern.URL); err != nil {
		t.Errorf("good TLS: %v", err)
	}
}

// SEC-157: response headers are cut.
func TestOutgoingCutsLongHeaders(t *testing.T) {
	c := newCanary(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Long", strings.Repeat("x", 1<<20)) })
	if err := get(t, httpx.OutgoingConfig{AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, c.URL); err == nil {
		t.Fatal("a megabyte of headers was read")
	}
}

func TestRedirects(t *testing.T) {
	inner := newCanary(t, func(http.ResponseWriter, *http.Request) {})
	var outer *canary
	outer = newCanary(t, func(w http.ResponseWriter, r *http.Request) {
		to := map[string]string{
			"/same":     "/end",
			"/other":    strings.Replace(inner.URL, "127.0.0.1", "inner.test", 1),
			"/private":  "http://10.0.0.1/",
			"/metadata": "http://169.254.169.254/latest/",
			"/user":     "http://u:p@outer.test:" + outer.port() + "/end",
			"/file":     "file:///etc/passwd",
			"/loop":     "/loop",
		}[r.URL.Path]
		if to != "" {
			http.Redirect(w, r, to, http.StatusTemporaryRedirect)
		}
	})
	conf := httpx.OutgoingConfig{
		AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Resolver:     resolve(map[string][][]string{"outer.test": {{"127.0.0.1"}}, "inner.test": {{"127.0.0.1"}}}),
	}
	tr := httpx.Outgoing(conf)
	defer tr.CloseIdleConnections()
	client := &http.Client{Transport: tr, CheckRedirect: httpx.Redirects(3), Timeout: 10 * time.Second}
	for _, c := range []struct {
		path, header string
		ok           bool
	}{
		{"/same", "", true}, {"/same", "Authorization", true}, {"/other", "", true},
		{"/other", "Authorization", false}, {"/other", "Cookie", false}, {"/other", "X-Auth-Token", false},
		{"/private", "", false}, {"/metadata", "", false}, {"/user", "", false}, {"/file", "", false}, {"/loop", "", false},
	} {
		req, err := http.NewRequest("GET", "http://outer.test:"+outer.port()+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.header != "" {
			req.Header.Set(c.header, "canary=1")
		}
		res, err := client.Do(req)
		if err == nil {
			res.Body.Close()
		}
		if (err == nil) != c.ok {
			t.Errorf("%s with %q: %v", c.path, c.header, err)
		}
		if err != nil && !errors.Is(err, httpx.ErrRefused) {
			t.Errorf("%s with %q: not refused but failed: %v", c.path, c.header, err)
		}
	}
	if n := inner.conns.Load(); n != 1 {
		t.Errorf("the other host saw %d connections, want the one without credentials", n)
	}
	client.CheckRedirect = httpx.NoRedirects
	res, err := client.Get("http://outer.test:" + outer.port() + "/private")
	if err != nil || res.StatusCode != http.StatusTemporaryRedirect {
		t.Fatalf("no redirects: %v, %v", res, err)
	}
	res.Body.Close()
	post, err := http.NewRequest("POST", "http://outer.test:"+outer.port()+"/other", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	client.CheckRedirect = httpx.Redirects(3)
	if res, err := client.Do(post); !errors.Is(err, httpx.ErrRefused) {
		t.Errorf("a body went to another host: %v, %v", res, err)
	}
}

func TestRedirectsNeverLeaveHTTPS(t *testing.T) {
	at := func(raw string) *http.Request { return httptest.NewRequest("GET", raw, nil) }
	check := httpx.Redirects(5)
	if err := check(at("http://a.example/"), []*http.Request{at("https://a.example/")}); !errors.Is(err, httpx.ErrRefused) {
		t.Errorf("https to http: %v", err)
	}
	if err := check(at("https://a.example/"), []*http.Request{at("http://a.example/")}); err != nil {
		t.Errorf("http to https: %v", err)
	}
}
