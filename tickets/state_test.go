package tickets

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// TestStateMachine asks for every stimulus in every state.
func TestStateMachine(t *testing.T) {
	allowed := map[Status]map[Stimulus]Status{
		StatusNew:      {EvAssign: StatusAssigned, EvReject: StatusRejected},
		StatusAssigned: {EvReassign: StatusAssigned, EvPending: StatusPending, EvResolve: StatusResolved, EvReject: StatusRejected},
		StatusPending:  {EvAssign: StatusAssigned, EvResolve: StatusResolved, EvReject: StatusRejected},
		StatusResolved: {EvReopen: StatusAssigned, EvClose: StatusClosed},
		StatusRejected: {EvReopen: StatusNew, EvClose: StatusClosed},
		StatusClosed:   {},
	}
	way := map[Status][]Stimulus{
		StatusNew: nil, StatusAssigned: {EvAssign}, StatusPending: {EvAssign, EvPending}, StatusResolved: {EvAssign, EvResolve},
		StatusClosed: {EvAssign, EvResolve, EvClose}, StatusRejected: {EvReject},
	}
	d := newDesk(t)
	full := Patch{TeamID: &d.team.ID, Solution: ptr("Done"), PendingReason: ptr("Waiting")}
	for _, from := range Statuses() {
		for _, by := range Stimuli() {
			t.Run(fmt.Sprintf("%s_%s", from, by), func(t *testing.T) {
				tk := d.create(NewTicket{})
				for _, step := range way[from] {
					_, err := d.Apply(d.ctx, d.disp, tk.ID, step, full)
					d.ok(err)
				}
				d.changes = nil
				got, err := d.Apply(d.ctx, d.disp, tk.ID, by, full)
				to, ok := allowed[from][by]
				if !ok {
					d.kind(err, errs.Conflict)
					return
				}
				d.ok(err)
				if got.Status != to {
					t.Errorf("is %s, want %s", got.Status, to)
				}
				if moved := len(d.changes) == 1 && d.changes[0].Kind == Moved && d.changes[0].From == from && d.changes[0].To == to; moved != (from != to) {
					t.Errorf("changes are %+v", d.changes)
				}
			})
		}
	}
}

func TestStimuliNeedWhatTheyAreAbout(t *testing.T) {
	d := newDesk(t)
	tk := d.create(NewTicket{})
	apply := func(by Stimulus, p Patch) (Ticket, error) { return d.Apply(d.ctx, d.disp, tk.ID, by, p) }
	_, err := apply(EvAssign, Patch{})
	d.field(err, "team_id")
	got, err := apply(EvAssign, Patch{TeamID: &d.team.ID})
	d.ok(err)
	if got.AssignmentDate.IsZero() {
		t.Error("no assignment date")
	}
	_, err = apply(EvPending, Patch{})
	d.field(err, "pending_reason")
	got, err = apply(EvPending, Patch{PendingReason: ptr("Parts")})
	d.ok(err)
	if got.PendingReason != "Parts" {
		t.Errorf("ticket is %+v", got)
	}
	_, err = apply(EvResolve, Patch{Solution: ptr(" ")})
	d.field(err, "solution")
	got, err = apply(EvResolve, Patch{Solution: ptr("New toner"), ResolutionCode: ptr("hardware repair")})
	d.ok(err)
	if got.ResolutionDate.IsZero() || got.PendingReason != "" || got.Solution != "New toner" {
		t.Errorf("ticket is %+v", got)
	}
	_, err = apply(EvReopen, Patch{Version: 1})
	d.kind(err, errs.Conflict)
	got, err = apply(EvReopen, Patch{})
	d.ok(err)
	if !got.ResolutionDate.IsZero() {
		t.Error("a re-opened ticket has a resolution date")
	}
}

func TestEndUserClosesAndReopens(t *testing.T) {
	d := newDesk(t)
	tk := d.create(NewTicket{})
	end := d.end(d.caller)
	_, err := d.Apply(d.ctx, end, tk.ID, EvReject, Patch{})
	d.kind(err, errs.Forbidden)
	_, err = d.Update(d.ctx, end, tk.ID, Patch{Title: ptr("x")})
	d.kind(err, errs.Forbidden)
	_, err = d.Apply(d.ctx, d.disp, tk.ID, EvAssign, Patch{AgentID: &d.agent.ID})
	d.ok(err)
	_, err = d.Apply(d.ctx, d.disp, tk.ID, EvResolve, Patch{Solution: ptr("Done")})
	d.ok(err)
	_, err = d.Apply(d.ctx, end, tk.ID, EvClose, Patch{Urgency: ptr(1)})
	d.kind(err, errs.Forbidden)
	got, err := d.Apply(d.ctx, end, tk.ID, EvReopen, Patch{})
	d.ok(err)
	if got.Status != StatusAssigned {
		t.Errorf("is %s", got.Status)
	}
	_, err = d.Apply(d.ctx, d.disp, tk.ID, EvResolve, Patch{})
	d.ok(err)
	can, err := d.Can(d.ctx, end, Ticket{DeskID: 1, CallerID: d.caller.ID, Status: StatusResolved})
	d.ok(err)
	if !slices.Equal(can, []Stimulus{EvReopen, EvClose}) {
		t.Errorf("an end user can %v", can)
	}
	_, err = d.Apply(d.ctx, d.end(d.agent2), tk.ID, EvClose, Patch{})
	d.kind(err, errs.NotFound)
	got, err = d.Apply(d.ctx, end, tk.ID, EvClose, Patch{})
	d.ok(err)
	if got.Status != StatusClosed || got.CloseDate.IsZero() {
		t.Errorf("ticket is %+v", got)
	}
}

// TestAnyWayThroughTheStateMachine walks at random: a closed ticket never moves
// again, dates and states agree, versions grow, and the history tells the way.
func TestAnyWayThroughTheStateMachine(t *testing.T) {
	d := newDesk(t)
	rapid.Check(t, func(rt *rapid.T) {
		tk := d.create(NewTicket{})
		state, version := tk.Status, tk.Version
		var way []string
		for _, by := range rapid.SliceOfN(rapid.SampledFrom(Stimuli()), 1, 8).Draw(rt, "stimuli") {
			p := Patch{TeamID: &d.team.ID, Solution: ptr("s"), PendingReason: ptr("p")}
			got, err := d.Apply(d.ctx, d.disp, tk.ID, by, p)
			to, ok := state.Next(by)
			if ok != (err == nil) {
				rt.Fatalf("%s in %s: %v", by, state, err)
			}
			if !ok {
				continue
			}
			if got.Status != to || got.Version < version {
				rt.Fatalf("%s in %s gave %s, version %d after %d", by, state, got.Status, got.Version, version)
			}
			if got.Status == StatusResolved && got.ResolutionDate.IsZero() || got.Status == StatusClosed && got.CloseDate.IsZero() || got.Status == StatusNew && !got.CloseDate.IsZero() {
				rt.Fatalf("dates of %+v", got)
			}
			if to != state {
				way = append(way, string(state)+">"+string(to))
			}
			state, version = to, got.Version
		}
		hist, err := d.History(d.ctx, d.disp, tk.ID)
		if err != nil {
			rt.Fatal(err)
		}
		var told []string
		for _, h := range hist {
			if h.Attribute == "status" {
				told = append(told, h.Old+">"+h.New)
			}
		}
		if !slices.Equal(way, told) {
			rt.Fatalf("went %v, history tells %v", way, told)
		}
	})
}
