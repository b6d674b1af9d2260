package tickets

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/db/dbtest"
)

// benchSize is how many tickets the benchmarks run on; DESKBRIDGE_BENCH_TICKETS
// changes it.
func benchSize() int {
	if n, err := strconv.Atoi(os.Getenv("DESKBRIDGE_BENCH_TICKETS")); err == nil && n > 0 {
		return n
	}
	return 100_000
}

// benchDB opens a fresh database, or the one that DESKBRIDGE_BENCH_DB names and
// an earlier run filled; filling takes minutes.
func benchDB(b *testing.B) (d *db.DB, filled bool) {
	b.Helper()
	path := os.Getenv("DESKBRIDGE_BENCH_DB")
	if path == "" {
		return dbtest.New(b), false
	}
	_, err := os.Stat(path)
	return dbtest.Open(b, "sqlite:"+path), err == nil
}

// vocabulary makes words that are as unevenly frequent as those of a language.
type vocabulary struct {
	r    *rand.Rand
	zipf *rand.Zipf
	list []string
}

func newVocabulary() *vocabulary {
	r := rand.New(rand.NewPCG(1, 2))
	syllables := strings.Fields("ba co di fu ger hal in jo ken lo mar net or print que rou ser ter un ver wa xe yo zi")
	v := &vocabulary{r: r, zipf: rand.NewZipf(r, 1.1, 4, 19_999)}
	for range 20_000 {
		var w strings.Builder
		for range 1 + r.IntN(4) {
			w.WriteString(syllables[r.IntN(len(syllables))])
		}
		v.list = append(v.list, w.String())
	}
	return v
}

func (v *vocabulary) text(n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = v.list[v.zipf.Uint64()]
	}
	return strings.Join(out, " ")
}

// benchDesk is a desk with benchSize tickets of 5,000 callers in 50
// organisations. "printer" is in all of them, "rareword" in one of a thousand.
func benchDesk(b *testing.B) (*Service, Actor, []Person) {
	b.Helper()
	ctx := context.Background()
	var tick atomic.Int64
	store, filled := benchDB(b)
	s := New(store, Config{Files: b.TempDir(), Now: func() time.Time { return start.Add(time.Duration(tick.Add(1)) * time.Millisecond) }})
	sys := System(1, "Bench")
	fatal := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	if filled {
		var people []Person
		fatal(store.Read(ctx).Raw("SELECT id, org_id FROM persons ORDER BY id").Scan(&people).Error)
		return s, sys, people
	}
	orgs := make([]Organisation, 50)
	for i := range orgs {
		orgs[i].Name = fmt.Sprintf("Organisation %d", i)
	}
	orgs, err := s.CreateOrganisations(ctx, sys, orgs...)
	fatal(err)
	people := make([]Person, 5_000)
	for i := range people {
		people[i] = Person{FirstName: "Person", Name: fmt.Sprint(i), Email: fmt.Sprintf("p%d@example.org", i), OrgID: orgs[i%len(orgs)].ID}
	}
	people, err = s.CreatePersons(ctx, sys, people...)
	fatal(err)
	voc := newVocabulary()
	states := []Status{StatusNew, StatusAssigned, StatusClosed, StatusClosed, StatusClosed}
	n := benchSize()
	for from := 0; from < n; from += 1000 {
		var list []NewTicket
		for i := from; i < min(from+1000, n); i++ {
			p := people[i%len(people)]
			title := "Printer " + voc.text(4)
			if i%1000 == 0 {
				title += " rareword"
			}
			list = append(list, NewTicket{Title: title, Description: "<p>" + voc.text(40) + "</p>", OrgID: p.OrgID, CallerID: p.ID,
				Log: []NewEntry{{Log: Public, HTML: voc.text(20), Author: "A", Marker: "m:1"}, {Log: Private, HTML: voc.text(10), Author: "A", Marker: "m:2"}}})
		}
		made, err := s.CreateMany(ctx, sys, list)
		fatal(err)
		fatal(s.benchStates(ctx, made, states))
	}
	return s, sys, people
}

// BenchmarkDesk measures lists, counts, searches and writes with 100,000
// tickets. Besides the mean it reports the 99th percentile.
func BenchmarkDesk(b *testing.B) {
	s, sys, people := benchDesk(b)
	ctx := context.Background()
	began := time.Now().UnixNano()
	open := []Status{StatusRejected, StatusClosed}
	end := Actor{DeskID: 1, PersonID: people[7].ID, Access: AccessOwn}
	supporter := Actor{DeskID: 1, PersonID: people[8].ID, Access: AccessTeams}
	list := func(a Actor, f Filter) func(i int) error {
		return func(int) error { _, err := s.List(ctx, a, f); return err }
	}
	for _, c := range []struct {
		name string
		do   func(i int) error
	}{
		{"count_of_caller", func(i int) error {
			_, err := s.Count(ctx, sys, Filter{Class: UserRequest, CallerID: people[i%len(people)].ID, ExcludeStates: open})
			return err
		}},
		{"list_of_caller", func(i int) error {
			_, err := s.List(ctx, sys, Filter{Class: UserRequest, CallerID: people[i%len(people)].ID, ExcludeStates: open})
			return err
		}},
		{"person_by_email", func(i int) error {
			_, err := s.PersonByEmail(ctx, sys, fmt.Sprintf("P%d@example.org", i%len(people)))
			return err
		}},
		{"ticket", func(i int) error { _, err := s.Ticket(ctx, sys, int64(1+i%1000)); return err }},
		{"conversation", list(sys, Filter{IntercomRef: "215468"})},
		{"list_all", list(sys, Filter{})},
		{"list_open", list(sys, Filter{ExcludeStates: open})},
		{"list_updated", list(sys, Filter{Sort: SortUpdated})},
		{"list_organisation", list(sys, Filter{OrgIDs: []int64{3}})},
		{"list_supporter", list(supporter, Filter{})},
		{"search_rare", list(sys, Filter{Words: "rareword"})},
		{"search_common", list(sys, Filter{Words: "printer"})},
		{"search_common_prefix", list(sys, Filter{Words: "prin"})},
		{"search_two_common", list(sys, Filter{Words: "printer printer ba"})},
		{"search_common_open", list(sys, Filter{Words: "printer", ExcludeStates: open})},
		{"search_common_organisation", list(sys, Filter{Words: "printer", OrgIDs: []int64{3}})},
		{"search_common_end_user", list(end, Filter{Words: "printer"})},
		{"search_rare_and_common", list(sys, Filter{Words: "rareword printer"})},
		{"search_nothing", list(sys, Filter{Words: "nosuchword"})},
		{"create", func(i int) error {
			p := people[i%len(people)]
			_, err := s.Create(ctx, sys, NewTicket{Title: "Printer jam", Description: "<p>It jams again</p>", OrgID: p.OrgID, CallerID: p.ID})
			return err
		}},
		{"append", func(i int) error {
			_, err := s.AppendEntries(ctx, sys, int64(1+i%1000), []NewEntry{{Log: Public, HTML: fmt.Sprintf("<p>any news %d</p>", i%50), Author: "A", Marker: fmt.Sprintf("b:%d:%d", began, i)}})
			return err
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				from := time.Now()
				if err := c.do(i); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(from))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100])/1e6, "p99-ms")
		})
	}
	b.Run("append_parallel", func(b *testing.B) {
		var n atomic.Int64
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				i := n.Add(1)
				if _, err := s.AppendEntries(ctx, sys, 2000+i%500, []NewEntry{{Log: Public, HTML: "<p>any news</p>", Author: "A", Marker: fmt.Sprintf("p:%d:%d", began, i)}}); err != nil {
					b.Error(err)
				}
			}
		})
	})
}
