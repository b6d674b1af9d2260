package httpx

import (
	"errors"
	"net/http"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
)

// APIPrefix is where the product's own API lives.
const APIPrefix = "/api/v1"

var installErrors sync.Once

// NewAPI mounts the product's API at /api/v1 and its OpenAPI 3.1 document at
// /api/openapi.json, shown at /api/docs. Operations return errs errors; they and
// huma's own refusals get the same body as Problem gives.
//
// huma keeps its error constructor in a variable of its package; NewAPI sets it
// once for the process.
func NewAPI(engine *gin.Engine, version string) huma.API {
	installErrors.Do(func() {
		huma.NewError = func(status int, msg string, causes ...error) huma.StatusError {
			return details(status, msg, causes)
		}
		huma.NewErrorWithContext = apiError
	})
	cfg := huma.DefaultConfig("Deskbridge", version)
	cfg.Info.Description = "Tickets, and the bridge between them and the places where people talk."
	cfg.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	cfg.Servers = []*huma.Server{{URL: APIPrefix}}
	cfg.CreateHooks = nil
	cfg.DocsPath, cfg.OpenAPIPath, cfg.SchemasPath = "", "", ""
	cfg.Formats = map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat}
	cfg.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key":     {Type: "http", Scheme: "bearer", Description: "An API key: dbk_…"},
		"session": {Type: "apiKey", In: "cookie", Name: "__Host-deskbridge", Description: "The cookie that POST /session sets."},
	}
	cfg.Security = []map[string][]string{{"key": {}}, {"session": {}}}
	api := humagin.NewWithGroup(engine, engine.Group(APIPrefix, requireContentType), cfg)
	mountDocs(engine, api)
	return api
}

// schemaName puts the package's name before the type's, so that two domains may
// each have a listing or a view of the same name: huma panics on doubles.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name, home := huma.DefaultSchemaNamer(t, hint), path.Base(t.PkgPath())
	if t.PkgPath() == "" || home == "httpx" {
		return name
	}
	return strings.ToUpper(home[:1]) + home[1:] + name
}

// apiError turns what an operation or huma itself refused into our body.
func apiError(ctx huma.Context, status int, msg string, causes ...error) huma.StatusError {
	h := make(http.Header)
	var p *ProblemDetails
	if cause := domainError(status, causes); cause != nil {
		p = problemOf(ctx.Context(), cause, h)
	} else {
		p = details(status, msg, causes)
		hint(h, p, nil)
		report(ctx.Context(), p, errors.Join(append([]error{errors.New(msg)}, causes...)...))
	}
	for k, v := range h {
		ctx.SetHeader(k, v[0])
	}
	return p
}

// domainError returns the error that an operation returned, or that reading the
// body met; nil when huma speaks for itself.
func domainError(status int, causes []error) error {
	if len(causes) != 1 {
		return nil
	}
	var own huma.ErrorDetailer
	var tooLong *http.MaxBytesError
	if errors.As(causes[0], &tooLong) || status == http.StatusInternalServerError && !errors.As(causes[0], &own) {
		return causes[0]
	}
	return nil
}

// details is the body of a refusal by huma: validation, syntax, media type.
// Values are not echoed, they may be passwords.
func details(status int, msg string, causes []error) *ProblemDetails {
	p := &ProblemDetails{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: sentence(msg)}
	for _, cause := range causes {
		var d huma.ErrorDetailer
		if !errors.As(cause, &d) {
			continue
		}
		p.Errors = append(p.Errors, place(d.ErrorDetail()))
	}
	slices.SortStableFunc(p.Errors, func(a, b ProblemField) int { return strings.Compare(a.Location, b.Location) })
	return p
}

// place writes huma's mistake as ours: members of the body without the word
// body, and a missing one at its own place instead of its parent's.
func place(e *huma.ErrorDetail) ProblemField {
	f := ProblemField{Location: e.Location, Message: e.Message}
	if name, ok := strings.CutPrefix(e.Message, "expected required property "); ok {
		f.Location += "." + strings.TrimSuffix(name, " to be present")
		f.Message = "is required"
	}
	f.Location = strings.TrimPrefix(f.Location, "body.")
	return f
}

func sentence(msg string) string {
	if msg == "" {
		return ""
	}
	if msg == "validation failed" {
		return "Some of the input is not valid."
	}
	return strings.ToUpper(msg[:1]) + msg[1:] + "."
}
