package intercomjudge

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

//go:embed testdata/*.yaml.gz
var packed embed.FS

const (
	restFile   = "intercom-openapi-2.16.yaml"
	canvasFile = "intercom-openapi-2.11.yaml"
)

// sharedDir finds the folder of original descriptions beside the repository:
// DESKBRIDGE_SHARED, or ../shared seen from the repository's root. "" when
// there is none, as in a fresh clone.
func sharedDir() string {
	if d := os.Getenv("DESKBRIDGE_SHARED"); d != "" {
		return filepath.Join(d, "data")
	}
	dir, err := os.Getwd()
	for err == nil {
		d := filepath.Join(dir, "shared", "data")
		if _, err := os.Stat(filepath.Join(d, restFile)); err == nil {
			return d
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	return ""
}

func packedFile(name string) ([]byte, error) {
	b, err := packed.ReadFile("testdata/" + name + ".gz")
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

func load(name string) (*openapi3.T, error) {
	b, err := packedFile(name)
	if d := sharedDir(); d != "" {
		if original, readErr := os.ReadFile(filepath.Join(d, name)); readErr == nil {
			b, err = original, nil
		}
	}
	if err != nil {
		return nil, err
	}
	if name == canvasFile {
		b = addMissing(b)
	}
	return openapi3.NewLoader().LoadFromData(b)
}

// rest loads the description of the REST API once; it takes a third of a
// second. It is not validated as a whole: parts that we do not use have faults.
var rest = sync.OnceValues(func() (*openapi3.T, error) { return load(restFile) })

var canvasSchemas = sync.OnceValues(func() (openapi3.Schemas, error) {
	doc, err := load(canvasFile)
	if err != nil {
		return nil, err
	}
	relaxCanvas(doc)
	return doc.Components.Schemas, nil
})

// Load reads the descriptions, which takes long on a busy machine. A test that
// judges canvases inside a deadline calls it first; JudgeTransport does so for
// the REST API.
func Load(t testing.TB) {
	t.Helper()
	loadREST(t)
	loadCanvas(t)
}

func loadREST(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := rest()
	return must(t, doc, err)
}

func loadCanvas(t testing.TB) openapi3.Schemas {
	t.Helper()
	s, err := canvasSchemas()
	return must(t, s, err)
}

func must[T any](t testing.TB, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatalf("load Intercom's description: %v", err)
	}
	return v
}
