package httpx

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"path"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// apidocs holds Swagger UI and our page around it; its README says where the
// files come from.
//
//go:embed apidocs/index.html apidocs/start.js apidocs/swagger-ui-bundle.js apidocs/swagger-ui.css
var apidocs embed.FS

// mountDocs serves the OpenAPI document, rendered at the first request when all
// operations are registered, and the page that shows it. The page makes no
// request to anybody else.
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
	viewer := engine.Group("/api/docs", AllowSources(Sources{Image: []string{"data:"}}))
	viewer.GET("", viewerFile("index.html", "text/html; charset=utf-8"))
	viewer.GET("/start.js", viewerFile("start.js", "text/javascript; charset=utf-8"))
	viewer.GET("/swagger-ui-bundle.js", viewerFile("swagger-ui-bundle.js", "text/javascript; charset=utf-8"))
	viewer.GET("/swagger-ui.css", viewerFile("swagger-ui.css", "text/css; charset=utf-8"))
}

// viewerFile serves one embedded file, to be checked for a newer one each time.
// It is read for each answer: few ask for it, and a copy would stay in memory.
func viewerFile(name, kind string) gin.HandlerFunc {
	name = path.Join("apidocs", name)
	body, err := apidocs.ReadFile(name)
	sum := sha256.Sum256(body)
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	return func(c *gin.Context) {
		if err != nil {
			Problem(c, err)
			return
		}
		c.Header("Cache-Control", "no-cache")
		c.Header("ETag", tag)
		if c.GetHeader("If-None-Match") == tag {
			c.Status(http.StatusNotModified)
			return
		}
		body, err := apidocs.ReadFile(name)
		if err != nil {
			Problem(c, err)
			return
		}
		c.Data(http.StatusOK, kind, body)
	}
}
