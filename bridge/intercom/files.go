package intercom

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/go-resty/resty/v2"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// maxRedirects is how often the address of an attachment may send us on.
const maxRedirects = 3

// fileDomains are the domains that Intercom serves attachments and inline
// images from; their sub-domains count too.
var fileDomains = []string{
	"intercomcdn.com", "intercomcdn.eu", "intercom.io", "intercom.com", "intercomassets.com", "intercomassets.eu",
	"intercomusercontent.com",
}

// hostRules says where files may come from.
type hostRules struct {
	base  *url.URL // the API's own address, which a stand-in serves files from too
	extra []string
}

func newHostRules(base *url.URL, extra []string) hostRules {
	return hostRules{base: base, extra: extra}
}

// allow reports whether a file may be fetched from u: https at a host of
// Intercom's, or whatever the API's own scheme and host are. An attacker who
// writes an address into a message must not make us fetch it.
func (h hostRules) allow(u *url.URL) bool {
	if u.User != nil {
		return false
	}
	if u.Scheme == h.base.Scheme && u.Host == h.base.Host {
		return true
	}
	if u.Scheme != "https" || (u.Port() != "" && u.Port() != "443") {
		return false
	}
	host := strings.ToLower(u.Hostname())
	if slices.Contains(h.extra, host) || attachmentDomain(host) {
		return true
	}
	for _, d := range fileDomains {
		if host == d || strings.HasSuffix(host, "."+d) {
			return true
		}
	}
	return false
}

// attachmentDomain knows intercom-attachments-1.com to -9.com and the
// sub-domains that workspaces have there.
func attachmentDomain(host string) bool {
	labels := strings.Split(host, ".")
	if n := len(labels); n >= 2 && labels[n-1] == "com" {
		digit, ok := strings.CutPrefix(labels[n-2], "intercom-attachments-")
		return ok && len(digit) == 1 && digit >= "1" && digit <= "9"
	}
	return false
}

func (h hostRules) redirects() resty.RedirectPolicy {
	return resty.RedirectPolicyFunc(func(r *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return errs.E(errs.Upstream, "The file's address sends us on too often.")
		}
		if !h.allow(r.URL) {
			return errs.E(errs.Forbidden, "The file's address leads away from Intercom.")
		}
		return nil
	})
}

// FileAllowed reports whether Download would fetch from an address.
func (k *Client) FileAllowed(address string) bool {
	u, err := url.Parse(address)
	return err == nil && k.hosts.allow(u)
}

// Download fetches an attachment or an inline image, without the access token.
// Forbidden when the address is not one of Intercom's, TooLarge when there are
// more than limit bytes, Upstream when it cannot be fetched; an expired address
// is NotFound or Forbidden. The content type is the server's word, not sniffed.
func (k *Client) Download(ctx context.Context, address string, limit int64) (File, error) {
	u, err := url.Parse(address)
	if err != nil || !k.hosts.allow(u) {
		return File{}, errs.E(errs.Forbidden, "The file's address is not one of Intercom's.")
	}
	ctx, cancel := context.WithTimeout(ctx, 3*k.c.Timeout)
	defer cancel()
	res, err := k.files.R().SetContext(ctx).SetDoNotParseResponse(true).Get(address)
	if err != nil {
		if kind := errs.KindOf(err); kind == errs.Forbidden {
			return File{}, errs.Wrap(&APIError{Err: withoutURL(err)}, kind, "The file's address leads away from Intercom.")
		}
		return File{}, errs.Wrap(&APIError{Err: withoutURL(err)}, errs.Upstream, "The file cannot be fetched from Intercom.")
	}
	body := res.RawBody()
	defer body.Close()
	if res.IsError() {
		kind, _ := kindOf(res.StatusCode())
		if kind == errs.Denied {
			kind = errs.Forbidden // the address has expired; the token is not concerned
		}
		return File{}, errs.Wrap(&APIError{Status: res.StatusCode()}, kind, "Intercom does not give the file.")
	}
	data, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return File{}, errs.Wrap(&APIError{Err: withoutURL(err)}, errs.Upstream, "The file cannot be fetched from Intercom.")
	}
	if int64(len(data)) > limit {
		return File{}, errs.E(errs.TooLarge, "The file is larger than %d bytes.", limit)
	}
	return File{Name: fileName(res.Header(), u), ContentType: res.Header().Get("Content-Type"), Data: data}, nil
}

// withoutURL takes the address out of an error: it is signed, and whoever has
// it can read the file.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func fileName(h http.Header, u *url.URL) string {
	if _, params, err := mime.ParseMediaType(h.Get("Content-Disposition")); err == nil && params["filename"] != "" {
		return path.Base(params["filename"])
	}
	if name := path.Base(u.Path); name != "." && name != "/" {
		return name
	}
	return "file"
}
