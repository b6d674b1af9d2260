package jobs

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/deskbridge/deskbridge/internal/auth"
	"github.com/deskbridge/deskbridge/internal/errs"
)

type jobView struct {
	ID        int64     `json:"id"`
	Kind      string    `json:"kind" doc:"What it does: bridge.sync works on one conversation."`
	Key       string    `json:"key" doc:"Jobs of one kind and key run one at a time."`
	State     string    `json:"state" doc:"waiting, running, retrying, parked or dead."`
	Attempt   int       `json:"attempt" doc:"How often it was begun."`
	RunAt     time.Time `json:"run_at" doc:"Earliest start."`
	CreatedAt time.Time `json:"created_at"`
	LastError string    `json:"last_error,omitempty" doc:"Why the last try failed."`
}

type listJobsIn struct {
	State string `query:"state" enum:"waiting,running,retrying,parked,dead" doc:"Only jobs in this state."`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many to return at most."`
}

type listJobsOut struct {
	Body struct {
		Items []jobView `json:"items"`
	}
}

type retryJobIn struct {
	ID int64 `path:"id" minimum:"1" doc:"Id of the job."`
}

// operators lets administrators of the installation's own desk in: jobs belong
// to no desk.
func operators(ctx context.Context, desk int64) error {
	p, err := auth.Check(ctx, auth.Administrator)
	if err == nil && p.DeskID != desk {
		err = errs.E(errs.Forbidden, "Your role does not allow this.")
	}
	return err
}

// Routes registers the operations that show what the process has to do and try
// dead jobs again. They are for administrators of the desk that the installation
// belongs to.
func (q *Queue) Routes(api huma.API, desk int64) {
	tags := []string{"Jobs"}
	states := map[string]State{"waiting": Waiting, "running": Running, "retrying": Retrying, "parked": Parked, "dead": Dead}
	huma.Register(api, huma.Operation{OperationID: "list-jobs", Method: http.MethodGet, Path: "/jobs", Tags: tags,
		Summary: "List jobs", Description: "What waits, runs or failed. Administrators only."},
		func(ctx context.Context, in *listJobsIn) (*listJobsOut, error) {
			if err := operators(ctx, desk); err != nil {
				return nil, err
			}
			f := Filter{Limit: in.Limit}
			if in.State != "" {
				f.States = []State{states[in.State]}
			}
			list, err := q.List(ctx, f)
			if err != nil {
				return nil, err
			}
			out := &listJobsOut{}
			out.Body.Items = make([]jobView, len(list))
			for i, j := range list {
				out.Body.Items[i] = jobView{ID: j.ID, Kind: j.Kind, Key: j.Key, State: j.State.String(), Attempt: j.Attempt, RunAt: j.RunAt, CreatedAt: j.CreatedAt, LastError: j.LastError}
			}
			return out, nil
		})
	huma.Register(api, huma.Operation{OperationID: "retry-job", Method: http.MethodPost, Path: "/jobs/{id}/retry", Tags: tags, DefaultStatus: http.StatusNoContent,
		Summary: "Try a dead job again", Description: "Administrators only."},
		func(ctx context.Context, in *retryJobIn) (*struct{}, error) {
			if err := operators(ctx, desk); err != nil {
				return nil, err
			}
			return nil, q.Retry(ctx, in.ID)
		})
}
