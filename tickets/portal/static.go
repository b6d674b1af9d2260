package portal

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/deskbridge/deskbridge/internal/errs"
)

//go:embed static
var staticFiles embed.FS

// asset is a file that pages load. Its address changes with its content, so that
// browsers may keep it for good.
type asset struct {
	kind string
	body []byte
}

// assets holds the files, and where each is to be found.
type assets struct {
	byName map[string]asset  // by hashed name
	paths  map[string]string // address by plain name, such as "portal.css"
}

func loadAssets() assets {
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	a := assets{byName: map[string]asset{}, paths: map[string]string{}}
	list, err := fs.ReadDir(staticFiles, "static")
	for _, f := range list {
		var body []byte
		if body, err = staticFiles.ReadFile("static/" + f.Name()); err != nil {
			break
		}
		sum := sha256.Sum256(body)
		ext := path.Ext(f.Name())
		name := strings.TrimSuffix(f.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.byName[name] = asset{kind: kinds[ext], body: body}
		a.paths[f.Name()] = root + "/static/" + name
	}
	if err != nil {
		panic("portal: embedded files: " + err.Error())
	}
	return a
}

func (p *Portal) static(c *gin.Context) {
	f, ok := p.assets.byName[c.Param("file")]
	if !ok {
		v := &visit{Context: c, words: negotiate(c.Request.Header.Values("Accept-Language"))}
		p.fail(v, errs.E(errs.NotFound, "There is nothing here."))
		return
	}
	c.Header("Cache-Control", "public, max-age=31536000, immutable")
	c.Data(http.StatusOK, f.kind, f.body)
}
