package tickets

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/deskbridge/deskbridge/internal/auth"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// Routes registers the operations of tickets and of everything they refer to.
// The auth middleware must run before them. What an operation may do is decided
// by the Service for the Actor, not here.
func (s *Service) Routes(api huma.API) {
	s.ticketRoutes(api)
	s.logRoutes(api)
	s.attachmentRoutes(api)
	s.organisationRoutes(api)
	s.personRoutes(api)
	s.teamRoutes(api)
	s.serviceRoutes(api)
	s.fieldRoutes(api)
}

type bodyOf[T any] struct{ Body T }

// IDInput is the id in a path. Like PageInput it is exported because huma reads
// embedded structs only then.
type IDInput struct {
	ID int64 `path:"id" minimum:"1" doc:"Id."`
}

// PageInput is the input that every list takes.
type PageInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many to return at most."`
	Cursor string `query:"cursor" maxLength:"20" doc:"The next of the page before."`
}

func (p PageInput) offset() (int, error) {
	if p.Cursor == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(p.Cursor, 10, 32)
	if err != nil || n < 0 {
		return 0, errs.InvalidField("query.cursor", "This is not a cursor of this list.")
	}
	return int(n), nil
}

// listed is the answer of every list.
func listed[A, B any](items []A, total, offset int, view func(A) B) *bodyOf[listing[B]] {
	l := listing[B]{Items: make([]B, 0, len(items)), Total: total}
	for _, v := range items {
		l.Items = append(l.Items, view(v))
	}
	if end := offset + len(items); end < total && len(items) > 0 {
		l.Next = strconv.Itoa(end)
	}
	return &bodyOf[listing[B]]{Body: l}
}

// as returns the actor of the request; Denied when nobody is signed in.
func as(ctx context.Context) (Actor, error) {
	p, err := auth.Check(ctx)
	return ActorOf(p), err
}

var refusals = []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity}

// operation describes an operation in the API's document.
func operation(id, method, path, tag, summary, description string) huma.Operation {
	o := huma.Operation{OperationID: id, Method: method, Path: path, Tags: []string{tag}, Summary: summary, Description: description, Errors: refusals}
	switch method {
	case http.MethodPost:
		o.DefaultStatus = http.StatusCreated
	case http.MethodDelete:
		o.DefaultStatus = http.StatusNoContent
	}
	return o
}

// handle registers an operation that needs an actor.
func handle[I, O any](api huma.API, o huma.Operation, fn func(ctx context.Context, a Actor, in *I) (*O, error)) {
	huma.Register(api, o, func(ctx context.Context, in *I) (*O, error) {
		a, err := as(ctx)
		if err != nil {
			return nil, err
		}
		return fn(ctx, a, in)
	})
}

func body[T any](v T, err error) (*bodyOf[T], error) {
	if err != nil {
		return nil, err
	}
	return &bodyOf[T]{Body: v}, nil
}
