package archtest

import (
	"errors"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/deskbridge/deskbridge"

// arrows says which of our packages each package may import. A package that is
// missing here has no right to exist yet; "..." may import all of them.
var arrows = map[string][]string{
	"cmd/deskbridge": {"..."},
	"cmd/loadtest":   {"bridge/intercom", "internal/db", "tickets"},

	"bridge": {"bridge/builtin", "bridge/desk", "bridge/intercom", "bridge/itop", "bridge/workspace", "tickets",
		"internal/audit", "internal/auth", "internal/db", "internal/errs", "internal/httpx", "internal/jobs", "internal/seal"},
	"bridge/desk":                   {"internal/errs"},
	"bridge/desktest":               {"bridge/desk", "internal/errs"},
	"bridge/builtin":                {"bridge/desk", "bridge/oql", "tickets", "internal/errs", "internal/db"},
	"bridge/intercom":               {"internal/errs"},
	"bridge/intercom/intercomtest":  {"bridge/intercom", "internal/errs"},
	"bridge/intercom/intercomjudge": {"bridge/intercom"},
	"bridge/itop":                   {"bridge/desk", "bridge/oql", "internal/errs"},
	"bridge/itop/itoptest":          {},
	"bridge/oql":                    {"internal/errs"},
	"bridge/workspace":              {"bridge/oql", "internal/errs", "internal/strict"},
	"tickets":                       {"internal/audit", "internal/auth", "internal/db", "internal/errs", "internal/httpx"},
	"tickets/portal":                {"tickets", "internal/auth", "internal/errs", "internal/httpx"},
	"config":                        {"internal/errs", "internal/strict"},
	"web":                           {},
	"internal/archtest":             {},
	"internal/audit":                {"internal/db", "internal/errs"},
	"internal/auth":                 {"internal/audit", "internal/db", "internal/errs", "internal/httpx"},
	"internal/db":                   {"internal/errs"},
	"internal/db/dbtest":            {"internal/db"},
	"internal/errs":                 {},
	"internal/httpx":                {"internal/errs"},
	"internal/jobs":                 {"internal/auth", "internal/db", "internal/errs"},
	"internal/seal":                 {"internal/errs"},
	"internal/strict":               {"internal/errs"},
}

// homes says which packages may import a third-party module. A library has one
// home; the few with more are the ones that a domain's edge is made of.
var homes = map[string][]string{
	"code.dny.dev/ssrf":                  {"internal/httpx"},
	"github.com/alexedwards/argon2id":    {"internal/auth"},
	"github.com/alexedwards/scs/v2":      {"internal/auth"},
	"github.com/caarlos0/env/v11":        {"config"},
	"github.com/danielgtaylor/huma/v2":   {"bridge", "internal/auth", "internal/httpx", "internal/jobs", "tickets"},
	"github.com/gabriel-vasile/mimetype": {"bridge", "tickets"},
	"github.com/getkin/kin-openapi":      {"bridge/intercom/intercomjudge"},
	"github.com/gin-gonic/gin":           {"bridge", "cmd/deskbridge", "cmd/loadtest", "internal/auth", "internal/httpx", "tickets", "tickets/portal"},
	"github.com/go-resty/resty/v2":       {"bridge/intercom", "bridge/itop"},
	"github.com/golang-jwt/jwt/v5":       {"bridge/intercom"},
	"github.com/jackc/pgx/v5":            {"internal/db", "internal/db/dbtest"},
	"github.com/mattn/go-sqlite3":        {"internal/db"},
	"github.com/microcosm-cc/bluemonday": {"bridge", "bridge/itop", "tickets", "tickets/portal"},
	"github.com/robfig/cron/v3":          {"bridge/workspace", "cmd/deskbridge", "config"},
	"github.com/spf13/cobra":             {"cmd/deskbridge"},
	"github.com/spf13/pflag":             {"cmd/deskbridge"},
	"go.yaml.in/yaml/v3":                 {"bridge/workspace", "config", "internal/strict"},
	"golang.org/x/net":                   {"bridge/intercom", "bridge/intercom/intercomtest", "bridge/itop", "bridge/itop/itoptest", "tickets", "tickets/portal"},
	"golang.org/x/sync":                  {"cmd/deskbridge"},
	"golang.org/x/term":                  {"cmd/deskbridge"},
	"golang.org/x/text":                  {"bridge/workspace", "internal/auth", "tickets"},
	"golang.org/x/time":                  {"internal/auth"},
	"gorm.io/driver/postgres":            {"internal/db"},
	"gorm.io/driver/sqlite":              {"internal/db"},
	"gorm.io/gorm":                       {"bridge", "cmd/deskbridge", "internal/audit", "internal/auth", "internal/db", "internal/jobs", "tickets"},
}

// listed is one of our packages and what its own files import; those of its
// tests are free.
type listed struct {
	path    string // below the module; "." is the root
	imports []string
}

// packages reads the tree itself instead of asking go list, so that the test's
// cached result ends when a file of any package changes.
func packages(t *testing.T) []listed {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	err = filepath.WalkDir(root, func(dir string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !e.IsDir() {
			return nil
		}
		if outside(root, dir) {
			return filepath.SkipDir
		}
		p, err := build.Default.ImportDir(dir, 0)
		if none := (*build.NoGoError)(nil); errors.As(err, &none) {
			return nil
		}
		if err != nil {
			return err
		}
		path, err := filepath.Rel(root, dir)
		all = append(all, listed{path: filepath.ToSlash(path), imports: p.Imports})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no package was found")
	}
	return all
}

// outside reports whether dir holds no packages of this module.
func outside(root, dir string) bool {
	if dir == root {
		return false
	}
	name := filepath.Base(dir)
	if name == "testdata" || name == "node_modules" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func TestArrows(t *testing.T) {
	for _, p := range packages(t) {
		allowed, known := arrows[p.path]
		if !known {
			t.Errorf("%s is not on the map: say in arrows what it may import", p.path)
			continue
		}
		if slices.Contains(allowed, "...") {
			continue
		}
		for _, i := range p.imports {
			if to, ours := strings.CutPrefix(i, module+"/"); ours && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s, which is no arrow of the architecture", p.path, to)
			}
		}
	}
}

func TestLibrariesHaveOneHome(t *testing.T) {
	for _, p := range packages(t) {
		for _, i := range p.imports {
			first, _, _ := strings.Cut(i, "/")
			if !strings.Contains(first, ".") || strings.HasPrefix(i, module) {
				continue
			}
			lib := libraryOf(i)
			if lib == "" {
				t.Errorf("%s imports %s, which has no home: give it one in homes", p.path, i)
			} else if !slices.Contains(homes[lib], p.path) {
				t.Errorf("%s imports %s, whose home is %s", p.path, i, strings.Join(homes[lib], ", "))
			}
		}
	}
}

func libraryOf(path string) string {
	for lib := range homes {
		if path == lib || strings.HasPrefix(path, lib+"/") {
			return lib
		}
	}
	return ""
}
