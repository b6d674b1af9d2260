package intercomtest

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Transport carries requests to Handler without a network, whatever their
// host; the prefix of BaseURL, if any, is stripped. Answers that Handler breaks off end in io.ErrUnexpectedEOF, as a broken
// connection does; a call that hangs ends with its context.
func (s *Server) Transport() http.RoundTripper {
	h := s.Handler()
	if u, err := url.Parse(s.c.BaseURL); err == nil {
		h = http.StripPrefix(strings.TrimRight(u.Path, "/"), h)
	}
	return local{h}
}

type local struct{ h http.Handler }

// RoundTrip serves r.
func (l local) RoundTrip(r *http.Request) (res *http.Response, err error) {
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler { //nolint:errorlint // it is panicked with as it is
				panic(p)
			}
			res, err = nil, io.ErrUnexpectedEOF
			if ctxErr := r.Context().Err(); ctxErr != nil {
				err = ctxErr
			}
		}
	}()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer in.Body.Close() // the client's to close, and read to its end
	w := &written{header: http.Header{}}
	l.h.ServeHTTP(w, in)
	return w.response(r), nil
}

// written is an answer in memory.
type written struct {
	header http.Header
	sent   http.Header // as it was when the status was written
	status int
	body   bytes.Buffer
}

// Header returns the header to be sent.
func (w *written) Header() http.Header { return w.header }

// WriteHeader keeps the first status and the header of that moment.
func (w *written) WriteHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
	}
}

// Write keeps p.
func (w *written) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

func (w *written) response(r *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK)
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}
}
