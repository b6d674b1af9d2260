package tickets

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/db/dbtest"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// desk is a Service on a fresh database with a few people and teams.
type desk struct {
	t testing.TB
	*Service
	ctx     context.Context
	db      *db.DB
	sys     Actor // the process
	disp    Actor // a dispatcher
	org     Organisation
	other   Organisation
	caller  Person // of org
	agent   Person // member of team
	agent2  Person // member of team
	team    Team
	team2   Team
	mu      sync.Mutex
	changes []Change
	clock   atomic.Int64
}

var start = time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{t: t, ctx: context.Background(), db: dbtest.New(t), sys: System(1, "Bridge"),
		disp: Actor{DeskID: 1, UserID: 9, Name: "Dora Dispatcher", Access: AccessDesk}}
	d.Service = New(d.db, Config{
		Files: t.TempDir(),
		Now:   func() time.Time { return start.Add(time.Duration(d.clock.Add(1)) * time.Second) },
		Notify: func(_ *gorm.DB, c Change) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.changes = append(d.changes, c)
			return nil
		},
	})
	orgs, err := d.CreateOrganisations(d.ctx, d.disp, Organisation{Name: "Demo", Code: "D"}, Organisation{Name: "Other"})
	d.ok(err)
	d.org, d.other = orgs[0], orgs[1]
	ps, err := d.CreatePersons(d.ctx, d.disp,
		Person{FirstName: "Pablo", Name: "Picasso", Email: "Pablo.Picasso@demo.com", OrgID: d.org.ID},
		Person{FirstName: "Ada", Name: "Agent", Email: "ada@desk.test", OrgID: d.other.ID},
		Person{FirstName: "Bob", Name: "Agent", Email: "bob@desk.test", OrgID: d.other.ID})
	d.ok(err)
	d.caller, d.agent, d.agent2 = ps[0], ps[1], ps[2]
	teams, err := d.CreateTeams(d.ctx, d.disp, Team{Name: "Help"}, Team{Name: "Network"})
	d.ok(err)
	d.team, d.team2 = teams[0], teams[1]
	d.ok(d.SetMember(d.ctx, d.disp, Member{TeamID: d.team.ID, PersonID: d.agent.ID, Read: true, Write: true}))
	return d
}

func (d *desk) ok(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// kind fails unless err is of kind k.
func (d *desk) kind(err error, k errs.Kind) {
	d.t.Helper()
	if errs.KindOf(err) != k {
		d.t.Fatalf("error is %v (kind %q), want kind %q", err, errs.KindOf(err), k)
	}
}

// field fails unless err names a mistake at path.
func (d *desk) field(err error, path string) {
	d.t.Helper()
	for _, f := range errs.FieldsOf(err) {
		if f.Path == path {
			return
		}
	}
	d.t.Fatalf("error %v has no field %q", err, path)
}

func (d *desk) end(p Person) Actor {
	return Actor{DeskID: 1, UserID: 100 + p.ID, PersonID: p.ID, Name: p.Friendlyname, Access: AccessOwn}
}

func (d *desk) supporter(p Person) Actor {
	return Actor{DeskID: 1, UserID: 100 + p.ID, PersonID: p.ID, Name: p.Friendlyname, Access: AccessTeams}
}

// create makes a ticket of the caller with what else is set in n.
func (d *desk) create(n NewTicket) Ticket {
	d.t.Helper()
	if n.Title == "" {
		n.Title = "Printer jam"
	}
	if n.Description == "" {
		n.Description = "<p>Paper in tray 2</p>"
	}
	if n.OrgID == 0 {
		n.OrgID = d.org.ID
	}
	if n.CallerID == 0 {
		n.CallerID = d.caller.ID
	}
	t, err := d.Create(d.ctx, d.sys, n)
	d.ok(err)
	return t
}

// secondDesk adds a desk to the database.
func (d *desk) secondDesk() Actor {
	d.t.Helper()
	d.ok(d.db.Write(d.ctx, func(tx *gorm.DB) error {
		return tx.Exec("INSERT INTO desks (id, name, created_at) VALUES (2, 'second', 0)").Error
	}))
	return Actor{DeskID: 2, UserID: 77, Name: "Mallory", Access: AccessDesk}
}

func ptr[T any](v T) *T { return &v }

func refsOf(p Page) string {
	s := ""
	for _, t := range p.Tickets {
		s += t.Ref + " "
	}
	return fmt.Sprintf("%s(%d)", s, p.Total)
}

// benchStates spreads tickets over states without the steps in between.
func (s *Service) benchStates(ctx context.Context, list []Ticket, states []Status) error {
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		for i := range list {
			before := list[i]
			list[i].Status = states[i%len(states)]
			if err := updateTicket(tx, &list[i]); err != nil {
				return err
			}
			if err := s.reindex(tx, &list[i], &before); err != nil {
				return err
			}
		}
		return nil
	})
}
