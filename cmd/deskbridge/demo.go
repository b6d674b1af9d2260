package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/deskbridge/deskbridge/bridge"
	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/bridge/intercom/intercomtest"
	"github.com/deskbridge/deskbridge/bridge/workspace"
	"github.com/deskbridge/deskbridge/config"
	"github.com/deskbridge/deskbridge/internal/httpx"
	"github.com/deskbridge/deskbridge/web"
)

func newDemo(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "demo", Short: "Try everything with sample data and a simulated Intercom inbox", Args: cobra.NoArgs,
		Long: "Start the server with sample organisations, people, tickets and a workspace, and a page that plays Intercom's inbox.\n" +
			"Nothing leaves the machine. Everything is in a temporary directory that goes when the server ends, unless --data names another.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			if !s.flags.Changed(flagName("data")) {
				dir, err := os.MkdirTemp("", "deskbridge-demo-")
				if err != nil {
					return err
				}
				defer func() { _ = os.RemoveAll(dir) }()
				c.Data = dir
			}
			c.Database = ""
			if err := onlyHere(c.Listen); err != nil {
				return err
			}
			return demo(cmd.Context(), c, cmd.OutOrStdout())
		},
	}
}

// onlyHere keeps the demo, whose passwords are printed, on the own machine.
func onlyHere(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return errors.New("the demo has known passwords and listens on this machine only: use 127.0.0.1 as the address")
}

// demo runs the server together with a stand-in for Intercom.
func demo(ctx context.Context, c config.Config, out io.Writer) (err error) {
	log := config.Logger(c, os.Stderr)
	a, err := openApp(ctx, c, log, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()

	ln, err := listen(c)
	if err != nil {
		return err
	}
	inbox, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	stand := standIn(c, "http://"+inbox.Addr().String())
	if err := a.demoWorkspace(ctx, stand, "http://"+inbox.Addr().String()); err != nil {
		return err
	}
	people, err := a.seed(ctx)
	if err != nil {
		return err
	}
	stand.people(people)
	if err := a.mountDemo(stand.Server); err != nil {
		return err
	}
	greet(out, c.BaseURL(), people)
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.run(gctx, ln) })
	g.Go(func() error {
		return httpx.Serve(gctx, inbox, stand.Handler(), httpx.ServeConfig{Log: log, Grace: time.Second})
	})
	g.Go(func() error {
		if err := stand.Run(gctx); err != nil && gctx.Err() == nil {
			return err
		}
		return nil
	})
	return g.Wait()
}

// standInServer is the stand-in for Intercom with the secrets that it shares
// with the demo's workspace.
type standInServer struct {
	*intercomtest.Server
	secret, token string
}

// demoApp is the id of the demo's Intercom workspace.
const demoApp = "ws_demo"

func standIn(c config.Config, base string) *standInServer {
	s := &standInServer{secret: rand.Text(), token: rand.Text()}
	s.Server = intercomtest.New(intercomtest.Config{
		WorkspaceID: demoApp, WorkspaceName: "Demo inbox", ClientSecret: s.secret, AccessToken: s.token, BaseURL: base,
		WebhookURL: c.BaseURL() + bridge.PathWebhooks, InitializeURL: c.BaseURL() + bridge.PathInitialize, SubmitURL: c.BaseURL() + bridge.PathSubmit,
		AppPackageCode: "deskbridge-demo",
	})
	return s
}

// people makes the sample people Intercom's contacts and teammates.
func (s *standInServer) people(p sample) {
	for _, c := range p.contacts {
		s.AddContact(c)
	}
	for _, a := range p.admins {
		s.AddAdmin(a)
	}
}

func (a *app) demoWorkspace(ctx context.Context, s *standInServer, base string) error {
	w := workspace.New("demo")
	w.Name = "Demo support"
	w.Channel.APIBase, w.Channel.AllowPrivate, w.Channel.AppCode = base, true, "deskbridge-demo"
	w.Desk.DefaultOrg = "1"
	w.Sync.Settle = 200 * time.Millisecond
	w.Integration.Workspaces = workspace.Scopes{{AppID: demoApp, Scope: "SELECT Organization"}}
	w.Integration.ClientSecret, w.Integration.AccessToken = workspace.Secret(s.secret), workspace.Secret(s.token)
	w.Integration.FormAttributes = []string{"title", "description", "service_id", "servicesubcategory_id", "urgency"}
	w.Integration.DetailsAttributes = []string{"status", "title", "priority", "agent_id", "start_date", "last_update"}
	// The portal of the demo has no Messenger: it would come from Intercom.
	w.Integration.EnabledPortals = []string{}
	text, err := workspace.Marshal(w, true)
	if err != nil {
		return err
	}
	_, err = a.bridge.Apply(ctx, mainDesk, "demo", string(text), workspace.Options{}, false)
	return err
}

// mountDemo adds the simulator's page and what it talks to.
func (a *app) mountDemo(s *intercomtest.Server) error {
	site, err := web.New()
	if err != nil {
		return err
	}
	inbox := http.StripPrefix("/demo/api", s.Inbox())
	a.engine.Any("/demo/api/*path", gin.WrapH(inbox))
	for _, path := range []string{"/demo", "/demo/"} {
		a.engine.GET(path, gin.WrapH(site))
	}
	return nil
}

func greet(out io.Writer, base string, p sample) {
	var b strings.Builder
	fmt.Fprintf(&b, "\nDeskbridge demo: nothing leaves this machine.\n\n")
	fmt.Fprintf(&b, "  Inbox simulator  %s/demo     start here: pick a contact, create a ticket from the card\n", base)
	fmt.Fprintf(&b, "  Portal           %s/portal   sign in as %s\n", base, p.portalEmail)
	fmt.Fprintf(&b, "  Console          %s/app      sign in as %s\n", base, p.adminEmail)
	fmt.Fprintf(&b, "  API              %s/api/docs\n\n", base)
	fmt.Fprintf(&b, "  Password of both: %s\n\n", p.password)
	_, _ = io.WriteString(out, b.String())
}

// sample is who takes part in the demo.
type sample struct {
	contacts                          []intercom.Contact
	admins                            []intercom.Admin
	adminEmail, portalEmail, password string
}
