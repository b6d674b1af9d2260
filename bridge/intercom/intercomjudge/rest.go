package intercomjudge

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/deskbridge/deskbridge/bridge/intercom"
)

// JudgeTransport returns a transport that hands calls on to next and fails the
// test when a request of ours, or the answer to it, does not fit Intercom's
// description of the REST API, or lacks the version or the bearer token.
//
// Downloads of files carry no token and are no part of the API: they pass
// unjudged. Errors that the description does not list for a call (429, 500) are
// judged as error lists when they are JSON.
func JudgeTransport(t testing.TB, next http.RoundTripper) http.RoundTripper {
	t.Helper()
	return transport{t: t, doc: loadREST(t), next: next}
}

type transport struct {
	t    testing.TB
	doc  *openapi3.T
	next http.RoundTripper
}

// RoundTrip judges and hands on.
func (j transport) RoundTrip(r *http.Request) (*http.Response, error) {
	j.t.Helper()
	body, err := drain(r.Body)
	if err != nil {
		return nil, err
	}
	judged := r.Clone(r.Context())
	r.Body, judged.Body = reader(body), reader(body)

	route, params := findRoute(j.doc, r.Method, r.URL.Path)
	if route == nil {
		if r.Header.Get("Authorization") != "" {
			j.t.Errorf("%s %s is not in Intercom's description", r.Method, r.URL.Path)
		}
		return j.next.RoundTrip(r)
	}
	in := &openapi3filter.RequestValidationInput{
		Request: judged, PathParams: params, Route: route,
		Options: filterOptions(),
	}
	j.request(r, in, body)
	res, err := j.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer, err := drain(res.Body)
	res.Body = reader(answer)
	if err != nil {
		res.Body = broken{Reader: bytes.NewReader(answer), err: err}
		return res, nil
	}
	j.answer(r, in, route, res, answer)
	return res, nil
}

// findRoute finds the operation of a call by its path alone, whatever host
// stands in for Intercom; of several fitting paths the one with the fewest
// parameters.
func findRoute(doc *openapi3.T, method, path string) (*routers.Route, map[string]string) {
	var best *routers.Route
	var params map[string]string
	for pattern, item := range doc.Paths.Map() {
		op := item.GetOperation(method)
		if op == nil {
			continue
		}
		if p, ok := match(pattern, path); ok && (best == nil || len(p) < len(params)) {
			best = &routers.Route{Spec: doc, Path: pattern, PathItem: item, Method: method, Operation: op}
			params = p
		}
	}
	return best, params
}

func match(pattern, path string) (map[string]string, bool) {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	params := map[string]string{}
	for i, w := range want {
		switch {
		case strings.HasPrefix(w, "{") && got[i] != "":
			params[strings.Trim(w, "{}")] = got[i]
		case w != got[i]:
			return nil, false
		}
	}
	return params, true
}

func filterOptions() *openapi3filter.Options {
	o := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true}
	o.WithCustomSchemaErrorFunc(brief)
	return o
}

func (j transport) request(r *http.Request, in *openapi3filter.RequestValidationInput, body []byte) {
	j.t.Helper()
	if got := r.Header.Get("Intercom-Version"); got != intercom.Version {
		j.t.Errorf("%s %s asks for version %q, not %q", r.Method, r.URL.Path, got, intercom.Version)
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
		j.t.Errorf("%s %s carries no bearer token", r.Method, r.URL.Path)
	}
	if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
		j.t.Errorf("%s %s does not fit Intercom's description: %v\n%s", r.Method, r.URL.Path, err, body)
	}
}

func (j transport) answer(r *http.Request, in *openapi3filter.RequestValidationInput, route *routers.Route, res *http.Response, body []byte) {
	j.t.Helper()
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: res.StatusCode, Header: res.Header, Body: reader(body),
		Options: filterOptions(),
	}
	if err := openapi3filter.ValidateResponse(r.Context(), out); err != nil {
		j.t.Errorf("the answer %d to %s %s does not fit Intercom's description: %v\n%s", res.StatusCode, r.Method, r.URL.Path, err, body)
	}
	if res.StatusCode < 400 || !strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		return
	}
	if err := visit(route.Spec.Components.Schemas["error"], body); err != nil {
		j.t.Errorf("the error %d to %s %s is no error list: %v\n%s", res.StatusCode, r.Method, r.URL.Path, err, body)
	}
}

func drain(b io.ReadCloser) ([]byte, error) {
	if b == nil || b == http.NoBody {
		return nil, nil
	}
	data, err := io.ReadAll(b)
	return data, errors.Join(err, b.Close())
}

func reader(b []byte) io.ReadCloser {
	if b == nil {
		return http.NoBody
	}
	return io.NopCloser(bytes.NewReader(b))
}

// broken is an answer that ended early: its beginning, then the error.
type broken struct {
	io.Reader
	err error
}

// Read hands out the beginning and then the error.
func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = b.err
	}
	return n, err
}

// Close does nothing; the body has been read.
func (broken) Close() error { return nil }
