package bridge

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/bridge/workspace"
	"github.com/deskbridge/deskbridge/internal/auth"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// Routes registers the operations on workspaces and the ledger. They are for
// administrators; dispatchers may read the ledger and try again.
func (s *Service) Routes(api huma.API) {
	tags := []string{"Workspaces"}
	huma.Register(api, huma.Operation{OperationID: "list-workspaces", Method: http.MethodGet, Path: "/workspaces", Tags: tags,
		Summary: "List workspaces"}, s.listWorkspaces)
	huma.Register(api, huma.Operation{OperationID: "get-workspace", Method: http.MethodGet, Path: "/workspaces/{slug}", Tags: tags,
		Summary: "Get a workspace", Description: "The set-up comes as YAML with its secrets masked."}, s.getWorkspace)
	huma.Register(api, huma.Operation{OperationID: "apply-workspace", Method: http.MethodPut, Path: "/workspaces/{slug}", Tags: tags,
		Summary: "Make or change a workspace", Description: "Masked secrets keep their value. With dry_run the document is only checked."}, s.putWorkspace)
	huma.Register(api, huma.Operation{OperationID: "test-workspace", Method: http.MethodPost, Path: "/workspaces/{slug}/test", Tags: tags,
		Summary: "Test the connections of a workspace", Description: "Changes nothing."}, s.testWorkspace)
	huma.Register(api, huma.Operation{OperationID: "preview-card", Method: http.MethodGet, Path: "/workspaces/{slug}/preview", Tags: tags,
		Summary: "Draw a card as agents see it in Intercom"}, s.previewCard)
	tags = []string{"Ledger"}
	huma.Register(api, huma.Operation{OperationID: "list-ledger", Method: http.MethodGet, Path: "/workspaces/{slug}/ledger", Tags: tags,
		Summary: "List what was mirrored, newest first"}, s.listLedgerRows)
	huma.Register(api, huma.Operation{OperationID: "retry-ledger-row", Method: http.MethodPost, Path: "/workspaces/{slug}/ledger/{id}/retry", Tags: tags,
		Summary: "Try a failed row again"}, s.retryRow)
	huma.Register(api, huma.Operation{OperationID: "retry-failed-rows", Method: http.MethodPost, Path: "/workspaces/{slug}/ledger/retry-failed", Tags: tags,
		Summary: "Try all failed rows again"}, s.retryRows)
}

type slugPath struct {
	Slug string `path:"slug" maxLength:"64" doc:"Name of the workspace."`
}

// WorkspaceView is a workspace in a list.
type WorkspaceView struct {
	Slug    string    `json:"slug" doc:"Name in addresses and commands."`
	Name    string    `json:"name" doc:"Name for people."`
	Channel string    `json:"channel" doc:"Where people talk: intercom."`
	Desk    string    `json:"desk" doc:"Where tickets live: builtin or itop."`
	AppIDs  []string  `json:"app_ids" doc:"Ids of the Intercom workspaces."`
	Problem string    `json:"problem,omitempty" doc:"Why it cannot be used; absent when it can."`
	Counts  Tally     `json:"counts" doc:"Links and rows of the ledger."`
	Updated time.Time `json:"updated_at" doc:"Last change of the set-up."`
}

func viewWorkspace(w Workspace) WorkspaceView {
	ids := w.AppIDs
	if ids == nil {
		ids = []string{}
	}
	return WorkspaceView{Slug: w.Slug, Name: w.Name, Channel: w.Channel, Desk: w.Desk, AppIDs: ids, Problem: w.Problem, Counts: w.Counts, Updated: w.Updated.Time}
}

type endpoints struct {
	Initialize string `json:"initialize" doc:"Initialize flow URL of the Intercom app."`
	Submit     string `json:"submit" doc:"Submit flow URL of the Intercom app."`
	Webhooks   string `json:"webhooks" doc:"Webhook URL of the Intercom app."`
	ITop       string `json:"itop,omitempty" doc:"Where iTop's webhook may tell of changes."`
}

type workspaceDetail struct {
	WorkspaceView
	YAML      string    `json:"yaml" doc:"The set-up, secrets masked."`
	Endpoints endpoints `json:"endpoints" doc:"Addresses to paste into Intercom."`
}

type listWorkspacesOut struct {
	Body struct {
		Items []WorkspaceView `json:"items"`
	}
}

func (s *Service) listWorkspaces(ctx context.Context, _ *struct{}) (*listWorkspacesOut, error) {
	p, err := auth.Check(ctx, auth.Administrator, auth.Dispatcher)
	if err != nil {
		return nil, err
	}
	all, err := s.Workspaces(ctx, p.DeskID)
	if err != nil {
		return nil, err
	}
	out := &listWorkspacesOut{}
	out.Body.Items = make([]WorkspaceView, len(all))
	for i, w := range all {
		out.Body.Items[i] = viewWorkspace(w)
	}
	return out, nil
}

type workspaceOut struct{ Body workspaceDetail }

func (s *Service) getWorkspace(ctx context.Context, in *slugPath) (*workspaceOut, error) {
	p, err := auth.Check(ctx, auth.Administrator)
	if err != nil {
		return nil, err
	}
	return s.detail(ctx, p.DeskID, in.Slug)
}

func (s *Service) detail(ctx context.Context, deskID int64, slug string) (*workspaceOut, error) {
	w, err := s.Workspace(ctx, deskID, slug)
	if err != nil {
		return nil, err
	}
	yaml, err := s.Export(ctx, deskID, slug, false)
	if err != nil {
		return nil, err
	}
	d := workspaceDetail{WorkspaceView: viewWorkspace(w), YAML: yaml, Endpoints: endpoints{
		Initialize: s.publicURL + PathInitialize, Submit: s.publicURL + PathSubmit, Webhooks: s.publicURL + PathWebhooks}}
	if w.Desk == workspace.DeskITop {
		d.Endpoints.ITop = s.publicURL + "/itop/webhooks/" + slug
	}
	return &workspaceOut{Body: d}, nil
}

type putWorkspaceIn struct {
	Slug   string `path:"slug" maxLength:"64" doc:"Name of the workspace."`
	DryRun bool   `query:"dry_run" doc:"Only check the document."`
	Body   struct {
		YAML string `json:"yaml" maxLength:"262144" doc:"The set-up. Masked secrets keep their value."`
	}
}

func (s *Service) putWorkspace(ctx context.Context, in *putWorkspaceIn) (*workspaceOut, error) {
	p, err := auth.Check(ctx, auth.Administrator)
	if err != nil {
		return nil, err
	}
	if slug := workspace.SlugOf(in.Body.YAML); slug != in.Slug {
		return nil, errs.InvalidField("workspace", "The document is for workspace %q, the address for %q.", slug, in.Slug)
	}
	setup, err := s.Apply(ctx, p.DeskID, auth.Actor(ctx), in.Body.YAML, workspace.Options{}, in.DryRun)
	if err != nil {
		return nil, err
	}
	if !in.DryRun {
		return s.detail(ctx, p.DeskID, in.Slug)
	}
	return &workspaceOut{Body: workspaceDetail{WorkspaceView: WorkspaceView{Slug: setup.Slug, Name: setup.Name, Channel: setup.Channel.Kind,
		Desk: setup.Desk.Kind, AppIDs: setup.AppIDs()}, YAML: masked(setup)}}, nil
}

type findingView struct {
	OK      bool   `json:"ok" doc:"Whether it works."`
	Subject string `json:"subject" doc:"What was tried."`
	Text    string `json:"text" doc:"What was found, and what to do."`
	Fatal   bool   `json:"fatal" doc:"The bridge cannot work without it."`
}

type testOut struct {
	Body struct {
		Findings []findingView `json:"findings"`
	}
}

func (s *Service) testWorkspace(ctx context.Context, in *slugPath) (*testOut, error) {
	p, err := auth.Check(ctx, auth.Administrator)
	if err != nil {
		return nil, err
	}
	found, err := s.Test(ctx, p.DeskID, in.Slug)
	if err != nil {
		return nil, err
	}
	out := &testOut{}
	out.Body.Findings = make([]findingView, len(found))
	for i, f := range found {
		out.Body.Findings[i] = findingView(f)
	}
	return out, nil
}

type previewIn struct {
	Slug  string `path:"slug" maxLength:"64" doc:"Name of the workspace."`
	Card  string `query:"card" default:"home" enum:"home,linked,ongoing,search,create,view" doc:"Which card."`
	Email string `query:"email" maxLength:"254" doc:"E-mail of the contact to draw it for."`
}

// previewOut carries a canvas as JSON that huma passes on as it is.
type previewOut struct {
	Body struct {
		Canvas intercom.Canvas `json:"canvas" doc:"A Canvas Kit canvas."`
		Height int             `json:"height" doc:"Estimated height in pixels; the first card may have 400."`
	}
}

func (s *Service) previewCard(ctx context.Context, in *previewIn) (*previewOut, error) {
	p, err := auth.Check(ctx, auth.Administrator)
	if err != nil {
		return nil, err
	}
	c, err := s.Preview(ctx, p.DeskID, in.Slug, in.Card, in.Email)
	if err != nil {
		return nil, err
	}
	out := &previewOut{}
	out.Body.Canvas, out.Body.Height = c, intercom.Height(c)
	return out, nil
}

type ledgerIn struct {
	Slug         string `path:"slug" maxLength:"64" doc:"Name of the workspace."`
	Status       string `query:"status" enum:"pending,done,failed,skipped" doc:"Only rows in this state."`
	Direction    string `query:"direction" enum:"in,out" doc:"in: to the ticket; out: to the conversation."`
	Conversation string `query:"conversation" maxLength:"128" doc:"Only of this Intercom conversation."`
	Ticket       string `query:"ticket" maxLength:"64" doc:"Only of this ticket's ref."`
	Cursor       int64  `query:"cursor" minimum:"0" doc:"next of the page before."`
	Limit        int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Rows on a page."`
}

type ledgerView struct {
	ID           int64     `json:"id"`
	Direction    string    `json:"direction" doc:"in: to the ticket; out: to the conversation."`
	Status       string    `json:"status" doc:"pending, done, failed or skipped."`
	Reason       string    `json:"reason,omitempty" doc:"Why it was skipped."`
	Log          string    `json:"log" doc:"public or private."`
	Conversation string    `json:"conversation_id"`
	TicketRef    string    `json:"ticket_ref"`
	TicketKey    string    `json:"ticket_key" doc:"Class and id: UserRequest::12."`
	Author       string    `json:"author"`
	Excerpt      string    `json:"excerpt" doc:"The first words."`
	Attempts     int       `json:"attempts"`
	Error        string    `json:"error,omitempty" doc:"What went wrong at the last try."`
	RemoteID     string    `json:"remote_id,omitempty" doc:"Id at the other side."`
	Said         time.Time `json:"said_at"`
	Created      time.Time `json:"created_at"`
	Updated      time.Time `json:"updated_at"`
}

type ledgerOut struct {
	Body struct {
		Items []ledgerView `json:"items"`
		Next  string       `json:"next,omitempty" doc:"Cursor of the next page; absent on the last."`
	}
}

func (s *Service) listLedgerRows(ctx context.Context, in *ledgerIn) (*ledgerOut, error) {
	w, err := s.forOperators(ctx, in.Slug)
	if err != nil {
		return nil, err
	}
	rows, err := listLedger(s.db.Read(ctx), w.id, LedgerFilter{Status: in.Status, Direction: in.Direction, Conversation: in.Conversation,
		Ticket: in.Ticket, Before: in.Cursor, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	out := &ledgerOut{}
	if len(rows) > in.Limit {
		rows = rows[:in.Limit]
		out.Body.Next = strconv.FormatInt(rows[in.Limit-1].ID, 10)
	}
	out.Body.Items = make([]ledgerView, len(rows))
	for i, r := range rows {
		text := r.HTML
		if text == "" {
			text = r.PartHTML
		}
		out.Body.Items[i] = ledgerView{ID: r.ID, Direction: r.Direction, Status: r.Status, Reason: r.Reason, Log: r.Log, Conversation: r.ConversationID,
			TicketRef: r.TicketRef, TicketKey: desk.Key{Class: r.TicketClass, ID: r.TicketID}.String(), Author: r.Author, Excerpt: excerpt(text, 160),
			Attempts: r.Attempts, Error: r.Error, RemoteID: r.RemoteID, Said: r.SaidAt.Time, Created: r.CreatedAt.Time, Updated: r.UpdatedAt.Time}
	}
	return out, nil
}

func (s *Service) forOperators(ctx context.Context, slug string) (*live, error) {
	p, err := auth.Check(ctx, auth.Administrator, auth.Dispatcher)
	if err != nil {
		return nil, err
	}
	return s.rooms.bySlug(ctx, p.DeskID, slug)
}

type retryIn struct {
	Slug string `path:"slug" maxLength:"64" doc:"Name of the workspace."`
	ID   int64  `path:"id" minimum:"1" doc:"Id of the row."`
}

type retryOut struct {
	Body struct {
		Retried int `json:"retried" doc:"How many rows are tried again."`
	}
}

func (s *Service) retryRow(ctx context.Context, in *retryIn) (*retryOut, error) {
	w, err := s.forOperators(ctx, in.Slug)
	if err != nil {
		return nil, err
	}
	n, err := s.retryFailed(ctx, w, 0, in.ID, auth.Actor(ctx))
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, notFound("failed row")
	}
	out := &retryOut{}
	out.Body.Retried = n
	return out, nil
}

func (s *Service) retryRows(ctx context.Context, in *slugPath) (*retryOut, error) {
	w, err := s.forOperators(ctx, in.Slug)
	if err != nil {
		return nil, err
	}
	n, err := s.retryFailed(ctx, w, 0, 0, auth.Actor(ctx))
	if err != nil {
		return nil, err
	}
	out := &retryOut{}
	out.Body.Retried = n
	return out, nil
}
