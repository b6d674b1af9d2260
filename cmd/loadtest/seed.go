package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/tickets"
)

// What -seed makes besides tickets. Person k has the address that the k-th
// conversation's end user has, and asked for tickets k+1, k+1+callers, and so
// on.
const (
	callers   = 5000
	seedBatch = 1000
	mainDesk  = 1
)

// seed fills an empty database with tickets, through the domain's own code: refs,
// logs and the search index are as if people had made them.
func seed(ctx context.Context, o options, out io.Writer) error {
	d, err := db.Open(ctx, db.Config{URL: o.database})
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	if err := d.Migrate(ctx); err != nil {
		return err
	}
	files, err := os.MkdirTemp("", "loadtest-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(files) }()
	s, sys := tickets.New(d, tickets.Config{Files: files}), tickets.System(mainDesk, "Load")
	orgs, err := s.CreateOrganisations(ctx, sys, tickets.Organisation{Name: "Load"})
	if err != nil {
		return err
	}
	people := make([]tickets.Person, callers)
	for k := range people {
		people[k] = tickets.Person{FirstName: "Person", Name: fmt.Sprintf("%06d", k), Email: email(k), OrgID: orgs[0].ID}
	}
	if people, err = s.CreatePersons(ctx, sys, people...); err != nil {
		return err
	}
	words := newWords()
	for from := 0; from < o.seed; from += seedBatch {
		var list []tickets.NewTicket
		for i := from; i < min(from+seedBatch, o.seed); i++ {
			list = append(list, tickets.NewTicket{Title: "Printer " + words.text(4), Description: "<p>" + words.text(40) + "</p>",
				OrgID: orgs[0].ID, CallerID: people[i%callers].ID})
		}
		if _, err := s.CreateMany(ctx, sys, list); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "%d tickets of %d people are in the database\n", o.seed, callers)
	return nil
}

// words makes texts whose words are as unevenly frequent as those of a
// language, the same ones in every run.
type words struct {
	zipf *rand.Zipf
	list []string
}

func newWords() *words {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // texts of a load test, the same in every run
	syllables := strings.Fields("ba co di fu ger hal in jo ken lo mar net or print que rou ser ter un ver wa xe yo zi")
	w := &words{zipf: rand.NewZipf(r, 1.1, 4, 19_999)}
	for range 20_000 {
		var b strings.Builder
		for range 1 + r.IntN(4) {
			b.WriteString(syllables[r.IntN(len(syllables))])
		}
		w.list = append(w.list, b.String())
	}
	return w
}

func (w *words) text(n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = w.list[w.zipf.Uint64()]
	}
	return strings.Join(out, " ")
}
