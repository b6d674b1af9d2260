package main

import (
	"io"
	"path/filepath"
	"testing"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/tickets"
)

// What -seed makes is what -drain and -canvas count on: ticket k+1 is asked for
// by the person who speaks in conversation k.
func TestSeed(t *testing.T) {
	o := options{seed: 3, database: "sqlite:" + filepath.Join(t.TempDir(), "d.db")}
	if err := seed(t.Context(), o, io.Discard); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(t.Context(), db.Config{URL: o.database})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	s, sys := tickets.New(d, tickets.Config{}), tickets.System(mainDesk, "Test")
	for k := range o.seed {
		p, err := s.PersonByEmail(t.Context(), sys, email(k))
		if err != nil {
			t.Fatal(err)
		}
		ticket, err := s.Ticket(t.Context(), sys, int64(k+1))
		if err != nil || ticket.CallerID != p.ID {
			t.Errorf("ticket %d is of person %d, not %d: %v", k+1, ticket.CallerID, p.ID, err)
		}
	}
}
