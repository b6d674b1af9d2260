package bridge

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/bridge/builtin"
	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/bridge/itop"
	"github.com/deskbridge/deskbridge/bridge/workspace"
	"github.com/deskbridge/deskbridge/internal/db"
)

// live is a workspace in use: its set-up, its desk and its channel, opened. Only
// quiet ever changes; a new version of the set-up replaces the whole.
type live struct {
	id, deskID int64
	version    int64
	slug       string
	setup      workspace.Workspace
	class      string // of tickets
	place      string // names the desk, so that a ticket's key is unique
	desk       desk.Desk
	channel    channel
	region     intercom.Region
	secrets    []string // of incoming requests, newest first
	settle     time.Duration
	reread     bool // the access token allows to read conversations
	verified   bool // Messenger identities are signed
	back       backRules
	quiet      atomic.Int64 // until when Intercom is not asked for exactness, in Unix nanoseconds
}

// conversationURL opens a conversation in Intercom.
func (w *live) conversationURL(c conversationRow) string {
	return intercom.ConversationURL(w.region, c.AppID, c.RemoteID)
}

// scope is the query that says who belongs to the Intercom workspace that a
// conversation is in.
func (w *live) scope(appID string) string {
	scope, _ := w.setup.ScopeOf(appID)
	return scope
}

type workspaceRow struct {
	ID         int64
	DeskID     int64
	Slug       string
	Name       string
	Setup      string // sealed
	Version    int64
	Polled     string // the desk's cursor
	SearchedAt db.Time
	CreatedAt  db.Time
	UpdatedAt  db.Time
}

func (workspaceRow) TableName() string { return "bridge_workspaces" }

// aad binds a sealed set-up to its workspace.
func (r workspaceRow) aad() string { return fmt.Sprintf("workspace/%d/%s", r.DeskID, r.Slug) }

// registry keeps the workspaces in use. A change made here is seen at once, one
// made by another node within stale.
type registry struct {
	s  *Service
	mu sync.Mutex // guards the maps
	// by id, and by Intercom's workspace id
	ids     map[int64]*live
	apps    map[string]int64
	checked time.Time
}

// stale is how old the registry's knowledge of other nodes' changes may be.
const stale = 3 * time.Second

func newRegistry(s *Service) *registry {
	return &registry{s: s, ids: map[int64]*live{}, apps: map[string]int64{}}
}

// forget makes the next look-up read everything again.
func (r *registry) forget() {
	r.mu.Lock()
	r.checked = time.Time{}
	r.mu.Unlock()
}

// refresh brings the registry up to date when it may not be. A workspace whose
// set-up cannot be opened is left out and logged; the others work on.
func (r *registry) refresh(ctx context.Context) error {
	now := r.s.now()
	if !r.checked.IsZero() && now.Sub(r.checked) < stale && now.Sub(r.checked) >= 0 {
		return nil
	}
	q := r.s.db.Read(ctx)
	var rows []workspaceRow
	if err := q.Select("id", "version").Find(&rows).Error; err != nil {
		return err
	}
	ids, changed := map[int64]*live{}, len(rows) != len(r.ids)
	for _, row := range rows {
		if w := r.ids[row.ID]; w != nil && w.version == row.Version {
			ids[row.ID] = w
			continue
		}
		changed = true
		var full workspaceRow
		if err := q.Where("id = ?", row.ID).Take(&full).Error; err != nil {
			return err
		}
		w, err := r.s.open(full)
		if err != nil {
			r.s.log.Error("workspace cannot be used", "workspace", full.Slug, "error", err)
			continue
		}
		ids[row.ID] = w
	}
	if changed {
		var apps []struct {
			AppID       string
			WorkspaceID int64
		}
		if err := q.Table("bridge_apps").Find(&apps).Error; err != nil {
			return err
		}
		r.apps = map[string]int64{}
		for _, a := range apps {
			r.apps[a.AppID] = a.WorkspaceID
		}
	}
	r.ids, r.checked = ids, now
	return nil
}

func (r *registry) byID(ctx context.Context, id int64) (*live, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.refresh(ctx); err != nil {
		return nil, err
	}
	if w := r.ids[id]; w != nil {
		return w, nil
	}
	return nil, notFound("workspace")
}

func (r *registry) byApp(ctx context.Context, appID string) (*live, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.refresh(ctx); err != nil {
		return nil, err
	}
	if w := r.ids[r.apps[appID]]; w != nil {
		return w, nil
	}
	return nil, notFound("workspace")
}

func (r *registry) bySlug(ctx context.Context, deskID int64, slug string) (*live, error) {
	all, err := r.all(ctx)
	if err != nil {
		return nil, err
	}
	for _, w := range all {
		if w.slug == slug && w.deskID == deskID {
			return w, nil
		}
	}
	return nil, notFound("workspace")
}

func (r *registry) all(ctx context.Context) ([]*live, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.refresh(ctx); err != nil {
		return nil, err
	}
	list := make([]*live, 0, len(r.ids))
	for _, w := range r.ids {
		list = append(list, w)
	}
	return list, nil
}

// open makes a workspace's set-up usable.
func (s *Service) open(row workspaceRow) (*live, error) {
	plainText, err := s.box.Open(row.Setup, row.aad())
	if err != nil {
		return nil, err
	}
	setup, err := workspace.Parse(strings.NewReader(string(plainText)), workspace.Options{Stored: true})
	if err != nil {
		return nil, err
	}
	return s.openSetup(row.ID, row.DeskID, row.Version, setup)
}

// openSetup opens the desk and the channel of a set-up. It connects to nothing.
func (s *Service) openSetup(id, deskID, version int64, setup workspace.Workspace) (*live, error) {
	region, err := intercom.ParseRegion(setup.Channel.Region)
	if err != nil {
		return nil, err
	}
	w := &live{
		id: id, deskID: deskID, version: version, slug: setup.Slug, setup: setup, class: setup.TicketClass(), region: region,
		settle: setup.Sync.Settle, reread: setup.AccessToken() != "", verified: setup.Messenger.JWTSecret != "",
		secrets: setup.ClientSecrets(),
		back: backRules{
			entries: sendAs(setup.Sync.Back.PublicEntries), status: sendAs(setup.Sync.Back.Status),
			statuses: setup.Sync.Back.Statuses, adminID: setup.Sync.Back.AdminID,
		},
	}
	w.channel = mute{}
	if token := setup.AccessToken(); token != "" {
		client, err := intercom.New(intercom.Config{
			Token: token, Region: region, APIBase: setup.Channel.APIBase, Transport: s.transport(setup.Channel.AllowPrivate), Now: s.now,
		})
		if err != nil {
			return nil, err
		}
		w.channel = intercomChannel{client: client, owner: &owner{}, appCode: setup.Channel.AppCode}
	}
	switch setup.Desk.Kind {
	case workspace.DeskBuiltin:
		w.place = builtinPlace(deskID)
		w.desk = builtin.New(s.tickets, deskID, builtin.Config{PublicURL: s.publicURL})
	case workspace.DeskITop:
		w.place = strings.TrimSuffix(setup.Desk.URL, "/")
		w.desk, err = itop.New(itop.Config{
			URL: setup.Desk.URL, Auth: setup.Desk.Auth, User: setup.Desk.User, Password: setup.Desk.Password.Reveal(),
			Token: setup.Desk.Token.Reveal(), TimeZone: setup.Desk.TimeZone, Class: setup.TicketClass(), Mapping: setup.Integration.AttributesMapping,
			Transport: s.transport(setup.Desk.AllowPrivate), Log: s.log,
		})
	default:
		err = errors.New("unknown kind of desk " + setup.Desk.Kind)
	}
	return w, err
}

// setCursor stores how far a workspace's desk has been polled.
func setCursor(tx *gorm.DB, workspaceID int64, cursor string) error {
	return tx.Exec("UPDATE bridge_workspaces SET polled = ? WHERE id = ?", cursor, workspaceID).Error
}

func builtinPlace(deskID int64) string { return fmt.Sprintf("builtin/%d", deskID) }
