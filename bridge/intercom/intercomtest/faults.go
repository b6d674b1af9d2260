package intercomtest

import (
	"net/http"
	"strconv"
	"time"
)

// AfterWrite says what happens to the answer of a REST call that changes
// something, after the change has been made.
type AfterWrite string

// The ways in which an applied write looks failed to the caller.
const (
	AnswerBreak AfterWrite = "break" // the connection breaks
	AnswerHang  AfterWrite = "hang"  // no answer until the caller gives up
	AnswerError AfterWrite = "error" // status 500
)

// Faults are switched on and off while the stand-in runs. The zero value has
// none.
type Faults struct {
	// Status answers REST calls with this status instead of doing anything: 401,
	// 429, 500, 503.
	Status int
	// Garbage answers REST calls with a page instead of JSON, with Status or 502.
	Garbage bool
	// Applied lets writes happen and their answers fail (REL-21).
	Applied AfterWrite
	// Times is how many REST calls Status, Garbage or Applied fails; 0 for all
	// until they are switched off.
	Times int

	Duplicate bool // webhooks are sent twice
	Reorder   bool // waiting webhooks are sent newest first
	Lose      bool // webhooks are not sent at all
}

// SetFaults replaces all faults.
func (s *Server) SetFaults(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
}

// next takes the faults for one REST call.
func (s *Server) nextFaults(write bool) Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.faults
	if f.Applied != "" && !write {
		f.Applied = ""
	}
	if f.Status == 0 && !f.Garbage && f.Applied == "" {
		return Faults{}
	}
	if f.Times == 0 {
		return f
	}
	if s.faults.Times--; s.faults.Times == 0 {
		s.faults.Status, s.faults.Garbage, s.faults.Applied = 0, false, ""
	}
	return f
}

// rate counts REST calls in windows of 10 s.
type rate struct {
	reset time.Time
	used  int
}

const window = 10 * time.Second

// count counts one call, writes the headers and reports whether it is allowed.
func (s *Server) count(h http.Header, refuse bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.c.Now()
	if !now.Before(s.rate.reset) {
		s.rate = rate{reset: now.Truncate(window).Add(window)}
	}
	if refuse {
		s.rate.used = s.c.Limit
	}
	ok := s.rate.used < s.c.Limit
	if ok {
		s.rate.used++
	}
	h.Set("X-RateLimit-Limit", strconv.Itoa(s.c.Limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(s.c.Limit-s.rate.used))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(s.rate.reset.Unix(), 10))
	return ok
}

// guard checks the token and the version, counts calls and makes the faults.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		token := s.token
		s.mu.Unlock()
		if token == "" || r.Header.Get("Authorization") != "Bearer "+token {
			refuse(w, http.StatusUnauthorized, "unauthorized", "Access Token Invalid")
			return
		}
		f := s.nextFaults(r.Method != http.MethodGet && !isSearch(r))
		if !s.count(w.Header(), f.Status == http.StatusTooManyRequests) {
			refuse(w, http.StatusTooManyRequests, "rate_limit_exceeded", "Exceeded rate limit of "+strconv.Itoa(s.c.Limit)+" in 10_seconds")
			return
		}
		switch {
		case f.Garbage:
			page(w, f.Status)
		case f.Status == http.StatusUnauthorized:
			refuse(w, f.Status, "token_revoked", "Access Token Revoked")
		case f.Status != 0:
			refuse(w, f.Status, "server_error", "Server error")
		case f.Applied != "":
			next.ServeHTTP(discard{http.Header{}}, r)
			applied(w, r, f.Applied)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func isSearch(r *http.Request) bool {
	return r.URL.Path == "/conversations/search" || r.URL.Path == "/contacts/search"
}

func page(w http.ResponseWriter, status int) {
	if status == 0 {
		status = http.StatusBadGateway
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	w.Write([]byte("<html><body>Bad gateway</body></html>")) //nolint:errcheck // the caller is gone
}

func applied(w http.ResponseWriter, r *http.Request, how AfterWrite) {
	switch how {
	case AnswerError:
		refuse(w, http.StatusInternalServerError, "server_error", "Server error")
	case AnswerHang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	default:
		panic(http.ErrAbortHandler)
	}
}

// discard takes an answer that nobody is to see.
type discard struct{ h http.Header }

// Header returns a header that is thrown away.
func (d discard) Header() http.Header { return d.h }

// Write throws p away.
func (discard) Write(p []byte) (int, error) { return len(p), nil }

// WriteHeader does nothing.
func (discard) WriteHeader(int) {}
