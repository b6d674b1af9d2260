package httpx

import (
	"io"
	"mime"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// limitedBody cuts a request body. The limit may be changed until the first
// read: the engine sets a default, a route's MaxBody its own.
type limitedBody struct {
	io.ReadCloser
	declared int64
	limit    int64
	cut      io.ReadCloser
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.declared > b.limit {
		return 0, &http.MaxBytesError{Limit: b.limit}
	}
	if b.cut == nil {
		b.cut = http.MaxBytesReader(nil, b.ReadCloser, b.limit)
	}
	return b.cut.Read(p)
}

func limitBody(n int64) gin.HandlerFunc {
	return func(c *gin.Context) {
		if c.Request.Body != nil {
			c.Request.Body = &limitedBody{ReadCloser: c.Request.Body, declared: c.Request.ContentLength, limit: n}
		}
	}
}

// MaxBody replaces the engine's body limit for a route or group, up or down. A
// longer declared length is answered with 413 before anything is read, a longer
// body at the first byte too many (SEC-099, SEC-217): reading then fails with a
// *http.MaxBytesError, which Problem and the API turn into 413.
func MaxBody(n int64) gin.HandlerFunc {
	return func(c *gin.Context) {
		if c.Request.ContentLength > n {
			Problem(c, &http.MaxBytesError{Limit: n})
			return
		}
		if b, ok := c.Request.Body.(*limitedBody); ok {
			b.limit = n
			return
		}
		limitBody(n)(c)
	}
}

// RequireJSON answers 415 to a request with a body that does not say that it is
// JSON (SEC-061): a form of a foreign page cannot say so.
func RequireJSON() gin.HandlerFunc {
	return func(c *gin.Context) {
		if c.Request.ContentLength == 0 {
			return
		}
		kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
		if err != nil || kind != "application/json" {
			writeProblem(c, statusProblem(http.StatusUnsupportedMediaType, "Send application/json."))
		}
	}
}

// requireContentType refuses a body that does not say what it is; what it may be
// is each operation's business.
func requireContentType(c *gin.Context) {
	if c.Request.ContentLength != 0 && c.GetHeader("Content-Type") == "" {
		writeProblem(c, statusProblem(http.StatusUnsupportedMediaType, "Say what the body is, in Content-Type."))
	}
}

// refuseEncodings answers 415 to a compressed body: nothing here unpacks one, so
// a small body cannot become a large one.
func refuseEncodings(c *gin.Context) {
	if e := c.GetHeader("Content-Encoding"); e != "" && e != "identity" {
		writeProblem(c, statusProblem(http.StatusUnsupportedMediaType, "Send the body without Content-Encoding."))
	}
}

// statusProblem is the body for a status that no kind of package errs has.
func statusProblem(status int, detail string) *ProblemDetails {
	return &ProblemDetails{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

// notFound and notAllowed answer what the router has no route for.
func notFound(c *gin.Context) {
	Problem(c, errs.E(errs.NotFound, "There is nothing here."))
}

func notAllowed(c *gin.Context) {
	if c.Writer.Header().Get("Allow") == "" {
		c.Header("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
	}
	writeProblem(c, statusProblem(http.StatusMethodNotAllowed, "This address does not know this method."))
}
