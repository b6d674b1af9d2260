package intercomtest

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/deskbridge/deskbridge/bridge/intercom"
)

// Config says whom the stand-in plays and whom it calls.
type Config struct {
	WorkspaceID   string // "ws_demo" when empty
	WorkspaceName string
	Region        intercom.Region
	ClientSecret  string // signs webhooks and canvas calls
	AccessToken   string // the REST API wants it
	// WebhookURL gets the notifications; none are sent while it is empty.
	WebhookURL string
	// CanvasURL gets the canvas calls at CanvasURL/initialize and
	// CanvasURL/submit, unless InitializeURL and SubmitURL say otherwise.
	CanvasURL, InitializeURL, SubmitURL string
	// BaseURL is where Handler is reached, with the prefix that is stripped before
	// it, if any; attachments' addresses begin with it. A client's APIBase is the
	// same. "http://intercom.test" when empty, which Transport serves.
	BaseURL string
	// AppPackageCode marks parts written through the REST API.
	AppPackageCode string
	// PlainText sends bodies as plain text in webhooks, as API versions from 2.15
	// on do; otherwise they are HTML.
	PlainText bool
	// Limit is how many REST calls each 10 s allow; 1,666 when zero.
	Limit int
	// Senders is how many webhooks are under way at once; 1 when zero, which keeps
	// their order. Intercom promises none.
	Senders int
	// HTTP carries webhooks and canvas calls; a client with a timeout of 5 s, as
	// Intercom's, when nil.
	HTTP *http.Client
	Now  func() time.Time // time.Now when nil
}

// Server is the stand-in. It is safe for concurrent use.
type Server struct {
	c Config

	mu            sync.Mutex
	contacts      map[string]*contact
	admins        map[string]*intercom.Admin
	conversations map[string]*conversation
	order         order
	files         map[string]intercom.File
	ids           ids
	faults        Faults
	secret        string
	token         string
	rate          rate
	deliveries    []*delivery // oldest first
	disabled      bool        // the receiver answered 410
	wake          chan struct{}
	listeners     map[chan event]struct{}
}

// order keeps ids in the order in which things came to be.
type order struct {
	contacts, admins, conversations []string
}

type contact struct {
	intercom.Contact
	createdAt time.Time
}

type conversation struct {
	intercom.Conversation
	contactID string
}

// New returns a stand-in with no people in it.
func New(c Config) *Server {
	if c.WorkspaceID == "" {
		c.WorkspaceID = "ws_demo"
	}
	if c.WorkspaceName == "" {
		c.WorkspaceName = "Demo"
	}
	initialize, submit := flows(c.CanvasURL)
	c.InitializeURL, c.SubmitURL = cmp.Or(c.InitializeURL, initialize), cmp.Or(c.SubmitURL, submit)
	if c.BaseURL == "" {
		c.BaseURL = "http://intercom.test"
	}
	if c.AppPackageCode == "" {
		c.AppPackageCode = "deskbridge-app"
	}
	if c.Limit == 0 {
		c.Limit = 1666
	}
	c.Senders = max(c.Senders, 1)
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: 5 * time.Second}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Server{
		c:             c,
		contacts:      map[string]*contact{},
		admins:        map[string]*intercom.Admin{},
		conversations: map[string]*conversation{},
		files:         map[string]intercom.File{},
		ids:           ids{next: c.Now().UnixMilli() * 100},
		secret:        c.ClientSecret,
		token:         c.AccessToken,
		wake:          make(chan struct{}, 1),
		listeners:     map[chan event]struct{}{},
	}
}

// ids makes ids that look like Intercom's. They begin at the time at which the
// stand-in was made, so that a later one never repeats them: whoever remembers
// an earlier run must not take new parts for known ones.
type ids struct{ next int64 }

func (i *ids) number() string {
	i.next++
	return fmt.Sprintf("%015d", i.next)
}

func (i *ids) hex() string {
	i.next++
	return fmt.Sprintf("%024x", i.next)
}

func (i *ids) notification() string {
	i.next++
	return fmt.Sprintf("notif_%08x-0000-4000-8000-%012x", i.next>>24&0xffffffff, i.next&0xffffffffffff)
}

// now is the time as Intercom keeps it: whole seconds.
func (s *Server) now() time.Time { return s.c.Now().UTC().Truncate(time.Second) }

// Rotate changes the client secret and the access token, as an administrator
// does in Intercom; "" leaves one as it is.
func (s *Server) Rotate(clientSecret, accessToken string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if clientSecret != "" {
		s.secret = clientSecret
	}
	if accessToken != "" {
		s.token = accessToken
	}
}

// flows returns the addresses of both flows below one.
func flows(canvasURL string) (initialize, submit string) {
	if canvasURL == "" {
		return "", ""
	}
	base := strings.TrimRight(canvasURL, "/")
	return base + "/initialize", base + "/submit"
}

// Point changes where webhooks and canvas calls go, for a receiver that is
// started after the stand-in. canvasURL is as in Config; an empty address ends
// what went there.
func (s *Server) Point(webhookURL, canvasURL string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.c.WebhookURL, s.disabled = webhookURL, false
	s.c.InitializeURL, s.c.SubmitURL = flows(canvasURL)
}

// Handler serves Intercom's REST API and the files of its conversations.
func (s *Server) Handler() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /files/{id}/{name}", s.serveFile)
	api := http.NewServeMux()
	api.HandleFunc("GET /me", s.me)
	api.HandleFunc("GET /admins", s.listAdmins)
	api.HandleFunc("GET /contacts/{id}", s.readContact)
	api.HandleFunc("POST /contacts/search", s.searchContacts)
	api.HandleFunc("GET /conversations/{id}", s.readConversation)
	api.HandleFunc("POST /conversations/search", s.searchConversations)
	api.HandleFunc("POST /conversations/{id}/reply", s.reply)
	api.HandleFunc("POST /conversations/{id}/parts", s.manage)
	api.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "not_found", "The requested resource was not found")
	})
	m.Handle("/", s.guard(api))
	return m
}
