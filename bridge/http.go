package bridge

import (
	"errors"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/bridge/itop"
	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/internal/httpx"
)

// Paths that Intercom and iTop call. They verify signatures or secrets and know
// no cookies.
const (
	PathWebhooks   = "/intercom/webhooks"
	PathInitialize = "/intercom/canvas/initialize"
	PathSubmit     = "/intercom/canvas/submit"
	PathHealth     = "/intercom/health"
	PathITop       = "/itop/webhooks/:workspace"
)

// Prefixes are the paths below which no cookie is looked at.
func Prefixes() []string { return []string{"/intercom/", "/itop/"} }

// Mount adds the routes that Intercom and iTop call.
func (s *Service) Mount(r gin.IRouter) {
	body := httpx.MaxBody(intercom.MaxBody)
	for _, path := range []string{PathWebhooks, PathInitialize, PathSubmit} {
		r.HEAD(path, func(c *gin.Context) { c.Status(http.StatusOK) })
	}
	r.POST(PathWebhooks, body, s.webhook)
	r.POST(PathInitialize, body, s.canvas)
	r.POST(PathSubmit, body, s.canvas)
	r.POST(PathHealth, body, s.health)
	r.POST(PathITop, body, s.itopWebhook)
}

// raw reads the body as it was signed.
func raw(c *gin.Context) ([]byte, bool) {
	if e := c.GetHeader("Content-Encoding"); e != "" && e != "identity" {
		httpx.Problem(c, errs.E(errs.Invalid, "Send the body without a content encoding."))
		return nil, false
	}
	b, err := io.ReadAll(c.Request.Body)
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		httpx.Problem(c, errs.E(errs.TooLarge, "The body is longer than %d bytes.", long.Limit))
	case err != nil:
		httpx.Problem(c, errs.Wrap(err, errs.Invalid, "The body could not be read."))
	default:
		return b, true
	}
	return nil, false
}

func (s *Service) webhook(c *gin.Context) {
	body, ok := raw(c)
	if !ok {
		return
	}
	if err := s.Receive(c.Request.Context(), c.GetHeader("X-Hub-Signature"), body); err != nil {
		httpx.Problem(c, err)
		return
	}
	c.Data(http.StatusOK, "application/json", okBody)
}

var okBody = []byte(`{"status":"ok"}`)

func (s *Service) canvas(c *gin.Context) {
	body, ok := raw(c)
	if !ok {
		return
	}
	answer, err := s.Card(c.Request.Context(), c.GetHeader("X-Body-Signature"), body)
	if err != nil {
		httpx.Problem(c, err)
		return
	}
	c.JSON(http.StatusOK, intercom.Answer{Canvas: answer})
}

func (s *Service) health(c *gin.Context) {
	body, ok := raw(c)
	if !ok {
		return
	}
	if err := s.Healthy(c.Request.Context(), c.GetHeader("X-Body-Signature"), body); err != nil {
		httpx.Problem(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"state": "OK"})
}

// itopWebhook takes a hint from iTop that a ticket changed. The secret is in a
// header, so that it is in no log.
func (s *Service) itopWebhook(c *gin.Context) {
	body, ok := raw(c)
	if !ok {
		return
	}
	key, err := itop.ParseNotification(body)
	if err == nil {
		err = s.HintITop(c.Request.Context(), c.Param("workspace"), c.GetHeader("X-Deskbridge-Secret"), key)
	}
	if err != nil {
		httpx.Problem(c, err)
		return
	}
	c.Data(http.StatusOK, "application/json", okBody)
}
