package portal

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// failure is the page that stands where another one cannot. Key names its title
// and text in the catalogue.
type failure struct {
	Key     string
	Request string // id of the request in the log, for faults of ours
	status  int
}

// errNotForm is the answer to a body that no form of ours sends (SEC-061).
var errNotForm = errors.New("portal: the body is not a form")

// failureOf turns an error into its page.
func failureOf(err error) failure {
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return failure{Key: "large", status: http.StatusRequestEntityTooLarge}
	case errors.Is(err, errNotForm):
		return failure{Key: "form", status: http.StatusUnsupportedMediaType}
	}
	switch errs.KindOf(err) {
	case errs.Invalid:
		return failure{Key: "form", status: http.StatusUnprocessableEntity}
	case errs.Denied, errs.Forbidden:
		return failure{Key: "forbidden", status: http.StatusForbidden}
	case errs.NotFound:
		return failure{Key: "missing", status: http.StatusNotFound}
	case errs.Conflict:
		return failure{Key: "conflict", status: http.StatusConflict}
	case errs.Throttled:
		return failure{Key: "throttled", status: http.StatusTooManyRequests}
	case errs.TooLarge:
		return failure{Key: "large", status: http.StatusRequestEntityTooLarge}
	case errs.Unavailable, errs.Upstream:
		return failure{Key: "busy", status: http.StatusServiceUnavailable}
	}
	return failure{Key: "fault", status: http.StatusInternalServerError}
}

// retryAfter is when a new try may work, as the error says; 0 when it does not.
func retryAfter(err error) time.Duration {
	var r interface{ RetryAfter() time.Duration }
	if errors.As(err, &r) {
		return max(time.Second, r.RetryAfter())
	}
	return 0
}

// seconds writes a duration as a Retry-After has it, rounded up.
func seconds(d time.Duration) string {
	return strconv.Itoa(int((d + time.Second - 1) / time.Second))
}
