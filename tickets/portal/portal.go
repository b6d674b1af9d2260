package portal

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/deskbridge/deskbridge/internal/auth"
	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/internal/httpx"
	"github.com/deskbridge/deskbridge/tickets"
)

// ID is what the portal is called where portals are enabled by name, such as in
// a workspace's enabled_portals (IC-28): the name of iTop's own portal, so that
// a configuration moves between the desks.
const ID = "itop-portal"

const (
	root = "/portal"

	// maxForm is the longest body of a form without files.
	maxForm = 64 << 10
	// maxText is how much of a body may be text, in a form with files.
	maxText = 1 << 20
	// maxFiles is how many files one form may bring.
	maxFiles = 5
	// perPage is how many tickets a page lists.
	perPage = 20
)

// Config holds what a deployment and tests change. The zero Config works.
type Config struct {
	PublicURL string         // where browsers find the server; https makes cookies Secure and __Host-
	Messenger Messenger      // nil shows no Messenger
	Location  *time.Location // zone of times in pages without JavaScript and of date-times in custom fields; UTC when nil
	MaxFile   int64          // most bytes of files in one form; 20 MiB when 0, and best what tickets.Config has
	Log       *slog.Logger   // slog.Default when nil
	Now       func() time.Time
	NewToken  func() string // what makes each form distinct
}

// Portal serves the pages. It is safe for concurrent use.
type Portal struct {
	tickets *tickets.Service
	auth    *auth.Service
	conf    Config
	pages   map[string]page
	assets  assets
	busy    *turns
}

// New returns the portal of the desk t, whose users sign in with a. It panics
// when an embedded page is malformed, which the tests exclude.
func New(t *tickets.Service, a *auth.Service, c Config) *Portal {
	if c.Location == nil {
		c.Location = time.UTC
	}
	if c.MaxFile == 0 {
		c.MaxFile = 20 << 20
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.NewToken == nil {
		c.NewToken = rand.Text
	}
	return &Portal{tickets: t, auth: a, conf: c, pages: parsePages(), assets: loadAssets(), busy: newTurns()}
}

// Mount registers the pages below /portal. The engine must be one of
// httpx.New's, which refuses forms of foreign pages (SEC-057), and auth's
// Middleware must run before.
func (p *Portal) Mount(r gin.IRouter) {
	g := r.Group(root)
	g.GET("", p.serve(p.home))
	g.GET("/static/:file", p.static)
	g.GET("/sign-in", p.serve(p.showSignIn))
	g.POST("/sign-in", p.serve(p.signIn))
	g.POST("/sign-out", p.serve(p.signOut))
	g.GET("/signed-out", p.serve(p.signedOut))
	g.GET("/password", p.serve(signedIn(p.showPassword)))
	g.POST("/password", p.serve(signedIn(p.changePassword)))
	g.GET("/tickets", p.serve(signedIn(p.list)))
	g.GET("/tickets/new", p.serve(owner(p.showNew)))
	g.POST("/tickets/new", p.serve(owner(p.create)))
	g.GET("/tickets/:ref", p.serve(owner(p.showTicket)))
	g.POST("/tickets/:ref/reply", p.serve(owner(p.reply)))
	g.POST("/tickets/:ref/close", p.serve(owner(p.close)))
	g.POST("/tickets/:ref/reopen", p.serve(owner(p.reopen)))
	g.GET("/files/:id", p.serve(owner(p.file)))
}

// visit is one request with who makes it and in which language.
type visit struct {
	*gin.Context
	words
	who    auth.Principal
	known  bool
	secure bool
}

// actor is the visitor as the desk knows them: always an end user.
func (v *visit) actor() tickets.Actor {
	return tickets.Actor{DeskID: v.who.DeskID, UserID: v.who.UserID, PersonID: v.who.PersonID, Name: v.who.Name,
		Access: tickets.AccessOwn, ReadOnly: v.who.Scope == auth.ScopeRead}
}

// ctx is the request's context.
func (v *visit) ctx() context.Context { return v.Request.Context() }

// handler answers a visit, or returns why it could not: then the visitor gets a
// page that says so.
type handler func(v *visit) error

// serve turns a handler into gin's. Programs with an API key are strangers here:
// they have the API.
func (p *Portal) serve(h handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		v := &visit{Context: c, words: negotiate(c.Request.Header.Values("Accept-Language")), secure: strings.HasPrefix(strings.ToLower(p.conf.PublicURL), "https://")}
		v.who, v.known = auth.FromContext(c.Request.Context())
		if v.who.APIKeyID != 0 {
			v.who, v.known = auth.Principal{}, false
		}
		c.Header("Vary", "Accept-Language, Cookie")
		defer v.dropForm()
		if err := h(v); err != nil {
			p.fail(v, err)
		}
	}
}

// signedIn sends strangers to the sign-in page, which leads back to what they
// asked for.
func signedIn(h handler) handler {
	return func(v *visit) error {
		if !v.known {
			v.toSignIn()
			return nil
		}
		return h(v)
	}
}

// owner lets those pass who are a person of the desk: others own no tickets.
func owner(h handler) handler {
	return signedIn(func(v *visit) error {
		if v.who.PersonID == 0 {
			return errs.E(errs.Forbidden, "This account belongs to nobody whom the desk knows, so that it has no tickets of its own.")
		}
		return h(v)
	})
}

func (p *Portal) home(v *visit) error {
	if !v.known {
		v.toSignIn()
		return nil
	}
	v.see(root + "/tickets")
	return nil
}

// see sends the browser to another page of the portal, with GET (303).
func (v *visit) see(path string) { v.Redirect(http.StatusSeeOther, path) }

// fail answers with a page that says what went wrong. It is the same page, byte
// for byte, for what does not exist and for what is somebody else's (SEC-039).
func (p *Portal) fail(v *visit, err error) {
	f := failureOf(err)
	if f.status >= http.StatusInternalServerError {
		httpx.Log(v.ctx()).Error("portal request failed", "status", f.status, "error", err.Error())
		f.Request = httpx.RequestID(v.ctx())
	}
	if after := retryAfter(err); after > 0 {
		v.Header("Retry-After", seconds(after))
	}
	if v.Writer.Written() {
		v.Abort()
		return
	}
	p.show(v, f.status, "failure", v.T("failure."+f.Key+".title"), f)
}
