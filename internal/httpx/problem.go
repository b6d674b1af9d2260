package httpx

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// problemType is the media type of RFC 9457.
const problemType = "application/problem+json"

// defaultRetry is the Retry-After of a Throttled error that names no time.
const defaultRetry = 30 * time.Second

// ProblemDetails is the body of every refusal (RFC 9457). Instance is set only
// for faults of ours, where it names the request in the log; otherwise two
// refusals of the same kind are equal byte by byte (SEC-039).
type ProblemDetails struct {
	Type     string         `json:"type" doc:"Kind of problem; about:blank when the status says it all." example:"about:blank"`
	Title    string         `json:"title" doc:"The status in words." example:"Not Found"`
	Status   int            `json:"status" doc:"HTTP status code." example:"404"`
	Detail   string         `json:"detail" doc:"A sentence for people about this occurrence."`
	Instance string         `json:"instance,omitempty" doc:"Id of the request in the server's log, for faults of the server."`
	Errors   []ProblemField `json:"errors,omitempty" doc:"Every mistake in the input, with its place."`
}

// ProblemField is one mistake in the input.
type ProblemField struct {
	Location string `json:"location" doc:"Dotted path in the body, or query.<name>, path.<name>, header.<name>." example:"caller.email"`
	Message  string `json:"message" doc:"A sentence for people."`
}

// Error returns the sentence for people.
func (p *ProblemDetails) Error() string { return p.Detail }

// GetStatus implements huma.StatusError.
func (p *ProblemDetails) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *ProblemDetails) ContentType(string) string { return problemType }

// retryer is an error that knows when a new try may work.
type retryer interface{ RetryAfter() time.Duration }

type retryError struct {
	error
	after time.Duration
}

func (e *retryError) Unwrap() error             { return e.error }
func (e *retryError) RetryAfter() time.Duration { return e.after }

// WithRetryAfter adds to err the time after which a new try may work; the answer
// says it in Retry-After.
func WithRetryAfter(err error, d time.Duration) error {
	if err == nil {
		return nil
	}
	return &retryError{error: err, after: d}
}

// Problem answers c with err as problem+json and stops the chain of handlers.
// What the kind does not let people read is logged once, here, and not shown.
// When the answer has begun already, it can only be logged.
func Problem(c *gin.Context, err error) {
	p := problemOf(c.Request.Context(), err, c.Writer.Header())
	if c.Writer.Written() {
		c.Abort()
		return
	}
	writeProblem(c, p)
}

func writeProblem(c *gin.Context, p *ProblemDetails) {
	c.Abort()
	body, err := json.Marshal(p)
	if err != nil {
		Log(c.Request.Context()).Error("problem not written", "error", err)
		c.Status(http.StatusInternalServerError)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.Data(p.Status, problemType, body)
}

// problemOf maps err to its body, sets the headers that belong to it, and logs
// what is hidden.
func problemOf(ctx context.Context, err error, h http.Header) *ProblemDetails {
	kind, detail := errs.KindOf(err), errs.Text(err)
	var tooLong *http.MaxBytesError
	if errors.As(err, &tooLong) {
		kind, detail = errs.TooLarge, "The request body is too large: at most "+strconv.FormatInt(tooLong.Limit, 10)+" bytes."
	}
	status := statusOf(kind)
	p := &ProblemDetails{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
	for _, f := range errs.FieldsOf(err) {
		p.Errors = append(p.Errors, ProblemField{Location: f.Path, Message: f.Text})
	}
	hint(h, p, err)
	report(ctx, p, err)
	return p
}

// hint sets the headers that a status asks for.
func hint(h http.Header, p *ProblemDetails, err error) {
	var r retryer
	switch {
	case errors.As(err, &r):
		h.Set("Retry-After", strconv.Itoa(max(1, int((r.RetryAfter()+time.Second-1)/time.Second))))
	case p.Status == http.StatusTooManyRequests:
		h.Set("Retry-After", strconv.Itoa(int(defaultRetry/time.Second)))
	}
	if p.Status == http.StatusRequestEntityTooLarge {
		h.Set("Connection", "close") // the rest of the body is not read
	}
}

// report logs what the caller is not told: our own faults as errors, remote ones
// as warnings. Refusals of the caller's own making have the access line.
func report(ctx context.Context, p *ProblemDetails, err error) {
	if err == nil || p.Status < http.StatusInternalServerError {
		return
	}
	level := slog.LevelError
	switch {
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		level = slog.LevelDebug // the caller has gone
	case p.Status != http.StatusInternalServerError:
		level = slog.LevelWarn
	}
	if p.Status == http.StatusInternalServerError {
		p.Detail = errs.Text(nil)
		p.Instance = instance(ctx)
	}
	Log(ctx).Log(ctx, level, "request failed", "status", p.Status, "error", err.Error())
}

// instance names the request in the log.
func instance(ctx context.Context) string {
	if id := RequestID(ctx); id != "" {
		return "urn:deskbridge:request:" + id
	}
	return ""
}

func statusOf(k errs.Kind) int {
	switch k {
	case errs.Invalid:
		return http.StatusUnprocessableEntity
	case errs.Denied:
		return http.StatusUnauthorized
	case errs.Forbidden:
		return http.StatusForbidden
	case errs.NotFound:
		return http.StatusNotFound
	case errs.Conflict:
		return http.StatusConflict
	case errs.Throttled:
		return http.StatusTooManyRequests
	case errs.TooLarge:
		return http.StatusRequestEntityTooLarge
	case errs.Upstream:
		return http.StatusBadGateway
	case errs.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}
