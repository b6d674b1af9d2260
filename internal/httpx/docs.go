package httpx

import (
	"encoding/json"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// mountDocs serves the OpenAPI document. It is rendered at the first request,
// when all operations are registered.
func mountDocs(engine *gin.Engine, api huma.API) {
	var once sync.Once
	var doc []byte
	var fault error
	engine.GET("/api/openapi.json", func(c *gin.Context) {
		once.Do(func() { doc, fault = json.Marshal(api.OpenAPI()) })
		if fault != nil {
			Problem(c, errs.Wrap(fault, errs.Internal, "render the API document"))
			return
		}
		c.Data(http.StatusOK, "application/openapi+json", doc)
	})
}
