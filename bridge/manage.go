package bridge

import (
	"context"
	"errors"
	"strings"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/bridge/workspace"
	"github.com/deskbridge/deskbridge/internal/audit"
	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// Workspace is a workspace as administrators see it.
type Workspace struct {
	Slug, Name, Channel, Desk string
	AppIDs                    []string
	Version                   int64
	Updated                   db.Time
	Counts                    Tally
	// Problem says why the workspace cannot be used; empty when it can.
	Problem string
}

// Tally counts a workspace's links and the rows of its ledger.
type Tally struct {
	Links   int64 `json:"links" doc:"Linked tickets."`
	Pending int64 `json:"pending" doc:"Messages on their way."`
	Done    int64 `json:"done" doc:"Messages that were copied."`
	Failed  int64 `json:"failed" doc:"Messages that could not be copied."`
	Skipped int64 `json:"skipped" doc:"Messages that were left out on purpose."`
}

// Apply makes or changes the workspace that a YAML document describes. Secrets
// that are masked in it keep their value. With dryRun it only checks. The error
// names every mistake by its path.
func (s *Service) Apply(ctx context.Context, deskID int64, actor, document string, o workspace.Options, dryRun bool) (workspace.Workspace, error) {
	slug := workspace.SlugOf(document)
	old, err := s.stored(ctx, deskID, slug)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return workspace.Workspace{}, err
	}
	if err == nil {
		o.Existing = &old
	}
	setup, err := workspace.Parse(strings.NewReader(document), o)
	if err != nil {
		return workspace.Workspace{}, err
	}
	if _, err := s.openSetup(0, deskID, 0, setup); err != nil {
		return workspace.Workspace{}, err
	}
	if dryRun {
		return setup, s.appsFree(s.db.Read(ctx), setup)
	}
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		if err := s.appsFree(tx, setup); err != nil {
			return err
		}
		return s.save(tx, deskID, actor, setup, o.Existing)
	})
	if err == nil {
		s.rooms.forget()
	}
	return setup, err
}

// appsFree refuses Intercom workspaces that belong to another workspace here.
func (s *Service) appsFree(tx *gorm.DB, setup workspace.Workspace) error {
	var taken []string
	err := tx.Raw(`SELECT a.app_id FROM bridge_apps a JOIN bridge_workspaces w ON w.id = a.workspace_id WHERE a.app_id IN ? AND w.slug <> ?`,
		append(setup.AppIDs(), ""), setup.Slug).Scan(&taken).Error
	if err != nil {
		return err
	}
	var wrong errs.Fields
	for _, id := range taken {
		wrong.Add(workspace.Module+".workspaces."+id, "This Intercom workspace is used by another workspace here.")
	}
	return wrong.Err()
}

func (s *Service) save(tx *gorm.DB, deskID int64, actor string, setup workspace.Workspace, old *workspace.Workspace) error {
	now := db.TimeOf(s.now())
	var row workspaceRow
	err := tx.Where("slug = ?", setup.Slug).Take(&row).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		row = workspaceRow{DeskID: deskID, Slug: setup.Slug, CreatedAt: now}
	case err != nil:
		return err
	case row.DeskID != deskID:
		return errs.InvalidField("workspace", "This name is taken.")
	}
	plainText, err := workspace.Marshal(setup, true)
	if err != nil {
		return err
	}
	if row.Setup, err = s.box.Seal(plainText, row.aad()); err != nil {
		return err
	}
	row.Name, row.UpdatedAt, row.Version = setup.Name, now, row.Version+1
	if err := tx.Save(&row).Error; err != nil {
		return err
	}
	if err := tx.Exec("DELETE FROM bridge_apps WHERE workspace_id = ?", row.ID).Error; err != nil {
		return err
	}
	for _, id := range setup.AppIDs() {
		if err := tx.Exec("INSERT INTO bridge_apps (app_id, workspace_id) VALUES (?, ?)", id, row.ID).Error; err != nil {
			return err
		}
	}
	var before any
	if old != nil {
		before = masked(*old)
	}
	return s.auditor.Record(tx, audit.Entry{DeskID: deskID, Actor: actor, Action: "workspace.applied", Subject: "workspace:" + setup.Slug,
		Old: before, New: masked(setup)})
}

// masked is a set-up as the audit log keeps it: without its secrets.
func masked(w workspace.Workspace) string {
	b, err := workspace.Marshal(w, false)
	if err != nil {
		return ""
	}
	return string(b)
}

// stored returns a workspace's set-up with its secrets.
func (s *Service) stored(ctx context.Context, deskID int64, slug string) (workspace.Workspace, error) {
	var row workspaceRow
	err := s.db.Read(ctx).Where("desk_id = ? AND slug = ?", deskID, slug).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return workspace.Workspace{}, notFound("workspace")
	}
	if err != nil {
		return workspace.Workspace{}, err
	}
	b, err := s.box.Open(row.Setup, row.aad())
	if err != nil {
		return workspace.Workspace{}, err
	}
	return workspace.Parse(strings.NewReader(string(b)), workspace.Options{Stored: true})
}

// Export returns a workspace's set-up as YAML, with its secrets only when
// reveal asks for them.
func (s *Service) Export(ctx context.Context, deskID int64, slug string, reveal bool) (string, error) {
	w, err := s.stored(ctx, deskID, slug)
	if err != nil {
		return "", err
	}
	b, err := workspace.Marshal(w, reveal)
	return string(b), err
}

// Workspaces lists a desk's workspaces by name.
func (s *Service) Workspaces(ctx context.Context, deskID int64) ([]Workspace, error) {
	var rows []workspaceRow
	if err := s.db.Read(ctx).Where("desk_id = ?", deskID).Order("slug").Find(&rows).Error; err != nil {
		return nil, err
	}
	out := make([]Workspace, 0, len(rows))
	for _, r := range rows {
		w, err := s.describe(ctx, r)
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// Workspace returns one workspace of a desk.
func (s *Service) Workspace(ctx context.Context, deskID int64, slug string) (Workspace, error) {
	var row workspaceRow
	err := s.db.Read(ctx).Where("desk_id = ? AND slug = ?", deskID, slug).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Workspace{}, notFound("workspace")
	}
	if err != nil {
		return Workspace{}, err
	}
	return s.describe(ctx, row)
}

func (s *Service) describe(ctx context.Context, r workspaceRow) (Workspace, error) {
	w := Workspace{Slug: r.Slug, Name: r.Name, Version: r.Version, Updated: r.UpdatedAt}
	if l, err := s.open(r); err != nil {
		w.Problem = errs.Text(err)
	} else {
		w.Channel, w.Desk, w.AppIDs = l.setup.Channel.Kind, l.setup.Desk.Kind, l.setup.AppIDs()
	}
	var err error
	w.Counts, err = tally(s.db.Read(ctx), r.ID)
	return w, err
}

// Test tries everything a workspace needs, without changing anything.
func (s *Service) Test(ctx context.Context, deskID int64, slug string) ([]desk.Finding, error) {
	w, err := s.rooms.bySlug(ctx, deskID, slug)
	if err != nil {
		return nil, err
	}
	return append(s.testChannel(ctx, w), w.desk.Check(ctx)...), nil
}

func (s *Service) testChannel(ctx context.Context, w *live) []desk.Finding {
	ch, ok := w.channel.(intercomChannel)
	if !ok {
		return []desk.Finding{{Subject: "Access token", Text: "There is none: this workspace has the widget only."}}
	}
	me, err := ch.client.Me(ctx)
	if err != nil {
		return []desk.Finding{{Subject: "Access token", Fatal: true, Text: errs.Text(err)}}
	}
	out := []desk.Finding{{OK: true, Subject: "Access token", Text: "Works, and speaks as " + me.Name + "."}}
	if _, ok := w.setup.ScopeOf(me.Workspace.ID); !ok {
		out = append(out, desk.Finding{Subject: "Workspace id", Fatal: true,
			Text: "The token belongs to Intercom workspace " + me.Workspace.ID + ", which is not among the configured ones."})
	} else {
		out = append(out, desk.Finding{OK: true, Subject: "Workspace id", Text: "The token belongs to " + me.Workspace.ID + "."})
	}
	if len(w.secrets) == 0 {
		out = append(out, desk.Finding{Subject: "Client secret", Fatal: true, Text: "There is none, so every request from Intercom is refused."})
	}
	return out
}

// Preview draws a card with a workspace's set-up, for administrators to check.
// No conversation is touched: the card is what an agent sees in a new one.
func (s *Service) Preview(ctx context.Context, deskID int64, slug, card, email string) (intercom.Canvas, error) {
	w, err := s.rooms.bySlug(ctx, deskID, slug)
	if err != nil {
		return intercom.Canvas{}, err
	}
	ids := map[string]string{"home": "", "linked": idLinked, "ongoing": idOngoing, "search": idSearch, "create": idCreate, "view": idViewOngoing}
	id, ok := ids[card]
	if !ok {
		return intercom.Canvas{}, errs.InvalidField("card", "Choose one of home, linked, ongoing, search, create, view.")
	}
	if card == "view" {
		found, err := w.desk.Find(ctx, desk.Filter{Class: w.class, Limit: 1})
		if err != nil {
			return intercom.Canvas{}, err
		}
		if len(found.Tickets) == 0 {
			return intercom.Canvas{}, errs.E(errs.NotFound, "There is no ticket to show yet.")
		}
		id += sep + found.Tickets[0].Key.String()
	}
	req := intercom.CanvasRequest{
		ComponentID: id, Admin: intercom.Admin{Name: "Preview"},
		Contact:      intercom.Contact{Role: "user", Name: "Preview", Email: email},
		Conversation: intercom.Conversation{ID: "preview"},
	}
	if ids := w.setup.AppIDs(); len(ids) > 0 {
		req.WorkspaceID = ids[0]
	}
	return s.draw(ctx, w, req, nil), nil
}
