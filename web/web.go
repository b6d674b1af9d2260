package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed all:dist
var built embed.FS

// ContentSecurityPolicy is what the pages need, and no more: no inline script,
// no inline style element, and nothing from elsewhere, so that a picture in a
// stranger's message does not tell who reads it.
const ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; " +
	"img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

const (
	// assets is where the build puts every file whose name carries a hash of
	// its content.
	assets = "/assets/"
	// forever suits a file whose name changes with its content.
	forever = "public, max-age=31536000, immutable"
	// always makes the browser ask each time whether its copy still holds.
	always = "no-cache"
)

// compressible lists the kinds of file that are worth sending compressed.
var compressible = []string{"text/", "application/javascript", "application/json", "image/svg+xml"}

// Site serves the built pages. It is safe for concurrent use.
type Site struct {
	files map[string]*file // by path below dist, such as "assets/app-1a2b.js"
}

// file is one built file, compressed once at the start when that makes it
// smaller. As it is, it is read for each answer: most browsers take it
// compressed, and a copy of it would stay in memory.
type file struct {
	kind    string
	tag     string // strong entity tag of the file as it is
	read    func() ([]byte, error)
	gzipped []byte // nil when compression does not pay
}

// New reads the embedded files. It fails when a page is missing, which means
// that the front end was not built.
func New() (*Site, error) {
	dist, err := fs.Sub(built, "dist")
	if err != nil {
		return nil, fmt.Errorf("open the built front end: %w", err)
	}
	return newSite(dist)
}

func newSite(dist fs.FS) (*Site, error) {
	s := &Site{files: map[string]*file{}}
	err := fs.WalkDir(dist, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		s.files[name], err = newFile(name, func() ([]byte, error) { return fs.ReadFile(dist, name) })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the built front end: %w", err)
	}
	for _, page := range []string{"app.html", "demo.html"} {
		if s.files[page] == nil {
			return nil, fmt.Errorf("the built front end has no %s: run npm ci && npm run build in web", page)
		}
	}
	return s, nil
}

func newFile(name string, read func() ([]byte, error)) (*file, error) {
	content, err := read()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	f := &file{kind: kindOf(name), tag: hex.EncodeToString(sum[:12]), read: read}
	for _, kind := range compressible {
		if !strings.HasPrefix(f.kind, kind) {
			continue
		}
		packed, err := compress(content)
		if err != nil {
			return nil, fmt.Errorf("compress %s: %w", name, err)
		}
		if len(packed) < len(content) {
			f.gzipped = packed
		}
	}
	return f, nil
}

// kindOf names the types of our own files itself: the machine's MIME tables
// may say otherwise, and a script of a wrong type does not run.
func kindOf(name string) string {
	switch ext := path.Ext(name); ext {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	default:
		if kind := mime.TypeByExtension(ext); kind != "" {
			return kind
		}
		return "application/octet-stream"
	}
}

func compress(content []byte) ([]byte, error) {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// ServeHTTP answers /assets/* with the file of that name, /app and everything
// below it with the console, and /demo and everything below it with the
// simulator, apart from /demo/api, which is not ours. All else is not found.
// A missing asset is not answered with a page: a browser that holds an old page
// must notice that its files are gone.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, cache := s.find(path.Clean("/" + r.URL.Path))
	if f == nil {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Method not allowed", http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	if cache == always {
		h.Set("Content-Security-Policy", ContentSecurityPolicy)
	}
	h.Set("Cache-Control", cache)
	h.Set("Content-Type", f.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	f.serve(w, r)
}

// find returns the file for a clean path and how long it may be kept; nil when
// there is none.
func (s *Site) find(p string) (*file, string) {
	switch {
	case strings.HasPrefix(p, assets):
		return s.files[p[1:]], forever
	case below(p, "/demo/api"):
		return nil, ""
	case below(p, "/app"):
		return s.files["app.html"], always
	case below(p, "/demo"):
		return s.files["demo.html"], always
	default:
		return nil, ""
	}
}

func below(p, root string) bool {
	return p == root || strings.HasPrefix(p, root+"/")
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	body, tag := []byte(nil), f.tag
	if f.gzipped != nil {
		h.Add("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Values("Accept-Encoding")) {
			body, tag = f.gzipped, f.tag+"-gzip"
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("ETag", `"`+tag+`"`)
	if holds(r.Header.Values("If-None-Match"), tag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if body == nil {
		var err error
		if body, err = f.read(); err != nil { // it was read at the start
			http.Error(w, "The file cannot be read", http.StatusInternalServerError)
			return
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the reader has gone: nobody is left to tell
	}
}

// acceptsGzip reports whether one of the codings is gzip (or any) with a
// quality other than 0.
func acceptsGzip(headers []string) bool {
	for coding := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		name, params, _ := strings.Cut(coding, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name != "gzip" && name != "*" {
			continue
		}
		quality, found := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		if !found {
			return true
		}
		q, err := strconv.ParseFloat(quality, 64)
		return err == nil && q > 0
	}
	return false
}

// holds reports whether the browser already has the file with this tag. The
// comparison is weak, as RFC 9110 asks for If-None-Match.
func holds(headers []string, tag string) bool {
	for candidate := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == "*" || candidate == `"`+tag+`"` {
			return true
		}
	}
	return false
}
