package main

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"testing"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/tickets"
)

// beside opens the server's database beside it, as the commands do.
func beside(t *testing.T, p *process) (*db.DB, *tickets.Service) {
	t.Helper()
	d, err := db.Open(context.Background(), db.Config{URL: "sqlite:" + p.data + "/deskbridge.db", Guest: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return d, tickets.New(d, tickets.Config{Files: p.data + "/files"})
}

// seedOrganisation makes the organisation that the storm's tickets belong to.
func seedOrganisation(t *testing.T, p *process) {
	t.Helper()
	p.must("", "migrate")
	d, s := beside(t, p)
	defer func() { _ = d.Close() }()
	if _, err := s.CreateOrganisations(t.Context(), tickets.System(mainDesk, "Test"), tickets.Organisation{Name: "Storm"}); err != nil {
		t.Fatal(err)
	}
}

// builtinMarkers returns a function that reads the parts in a ticket's logs, in
// the order of the log, from the database of a running server.
func builtinMarkers(t *testing.T, p *process) func(key string) []string {
	t.Helper()
	d, s := beside(t, p)
	t.Cleanup(func() { _ = d.Close() })
	return func(key string) []string {
		t.Helper()
		_, id, _ := strings.Cut(key, "::")
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		entries, err := s.Entries(context.Background(), tickets.System(mainDesk, "Test"), n, tickets.Public)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, e := range entries {
			out = append(out, lastPart(e.Marker))
		}
		return out
	}
}
