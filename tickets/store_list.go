package tickets

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"
)

// conditions collects the parts of a WHERE on tickets t.
type conditions struct {
	parts []string
	args  []any
}

func (c *conditions) add(part string, args ...any) {
	c.parts = append(c.parts, part)
	c.args = append(c.args, args...)
}

func (c *conditions) String() string { return strings.Join(c.parts, " AND ") }

// listConditions says in SQL what Filter and the actor's reach allow. Only the
// most selective part may use its index: without statistics a planner takes
// any of several equally good-looking ones, and an index on states has half the
// tickets under one value. An expression around a column keeps its index out.
func listConditions(r reach, f Filter) *conditions {
	c := &conditions{}
	c.add("t.desk_id = ?", r.a.DeskID)
	chosen := false
	column := func(name, plain string) string {
		if chosen {
			return "(" + name + plain + ")"
		}
		chosen = true
		return name
	}
	const number, text = " + 0", " || ''"
	if f.IDs != nil {
		c.add(column("t.id", number)+" IN ?", f.IDs)
	}
	if f.IntercomRef != "" {
		c.add("t.intercom_ref <> '' AND "+column("t.intercom_ref", text)+" = ?", f.IntercomRef)
	}
	if r.a.Access == AccessOwn {
		c.add(column("t.caller_id", number)+" = ?", r.a.PersonID)
	}
	for _, ref := range []struct {
		name string
		id   int64
	}{{"t.caller_id", f.CallerID}, {"t.agent_id", f.AgentID}, {"t.team_id", f.TeamID}} {
		if ref.id != 0 {
			c.add(column(ref.name, number)+" = ?", ref.id)
		}
	}
	if len(f.OrgIDs) > 0 {
		c.add(column("t.org_id", number)+" IN ?", f.OrgIDs)
	}
	if states := f.states(); states != nil {
		c.add(column("t.status", text)+" IN ?", states)
	}
	if f.Class != "" {
		c.add("(t.class || '') = ?", string(f.Class))
	}
	if f.NoTeam {
		c.add("(t.team_id + 0) IS NULL")
	}
	if f.NoAgent {
		c.add("(t.agent_id + 0) IS NULL")
	}
	if where, args := r.where(); where != "" && r.a.Access != AccessOwn {
		c.add(where, args...)
	}
	return c
}

// few reports whether the filter leaves so little that sorting it is cheaper
// than walking through all tickets in their order.
func (f Filter) few(a Actor) bool {
	return f.IDs != nil || f.IntercomRef != "" || f.CallerID != 0 || f.AgentID != 0 || a.Access == AccessOwn
}

// merged reports whether a list, newest first, is best merged of one list for
// each state: when it may be long and the index that narrows it ends with the
// state.
func (f Filter) merged(a Actor) bool {
	newest := f.Sort == "" || f.Sort == SortNewest
	byOrg := len(f.OrgIDs) == 1
	byState := len(f.OrgIDs) == 0 && f.states() != nil
	return newest && (byOrg || byState) && !f.few(a) && f.TeamID == 0 && f.Offset+f.Limit <= maxMerge
}

// newestByState returns what listTicketIDs would, newest first, state by state:
// each list comes ready in order from the index on states and classes, however
// many tickets are in a state.
func newestByState(tx *gorm.DB, r reach, f Filter) ([]int64, error) {
	states := f.states()
	if states == nil {
		for _, s := range Statuses() {
			states = append(states, string(s))
		}
	}
	classes := Classes()
	if f.Class != "" {
		classes = []Class{f.Class}
	}
	var all []int64
	for _, state := range states {
		for _, class := range classes {
			one := f
			one.States, one.ExcludeStates, one.Class = nil, nil, ""
			c := listConditions(r, one)
			c.add("t.status = ? AND t.class = ?", state, string(class))
			ids, err := listTicketIDs(tx, c, orders[SortNewest], f.Limit+f.Offset, 0)
			if err != nil {
				return nil, err
			}
			all = append(all, ids...)
		}
	}
	slices.SortFunc(all, func(a, b int64) int { return cmp.Compare(b, a) })
	if f.Offset >= len(all) {
		return nil, nil
	}
	return all[f.Offset:min(f.Offset+f.Limit, len(all))], nil
}

// states returns the states that the filter lets through, nil for all. A list
// of what is wanted is what both indexes can use, so exclusion becomes one.
func (f Filter) states() []string {
	if len(f.States) == 0 && len(f.ExcludeStates) == 0 {
		return nil
	}
	out := []string{}
	for _, s := range Statuses() {
		wanted := len(f.States) == 0
		for _, w := range f.States {
			wanted = wanted || w == s
		}
		for _, x := range f.ExcludeStates {
			wanted = wanted && x != s
		}
		if wanted {
			out = append(out, string(s))
		}
	}
	return out
}

var orders = map[Sort]string{
	"":           "t.id DESC",
	SortNewest:   "t.id DESC",
	SortOldest:   "t.id",
	SortUpdated:  "t.last_update DESC, t.id DESC",
	SortPriority: "t.priority, t.id",
}

func countTickets(tx *gorm.DB, c *conditions) (int, error) {
	var n int
	if err := tx.Raw("SELECT count(*) FROM tickets t WHERE "+c.String(), c.args...).Scan(&n).Error; err != nil {
		return 0, fmt.Errorf("count tickets: %w", err)
	}
	return n, nil
}

func listTicketIDs(tx *gorm.DB, c *conditions, order string, limit, offset int) ([]int64, error) {
	args := append(append([]any{}, c.args...), limit, offset)
	var ids []int64
	err := tx.Raw("SELECT t.id FROM tickets t WHERE "+c.String()+" ORDER BY "+order+" LIMIT ? OFFSET ?", args...).Scan(&ids).Error
	if err != nil {
		return nil, fmt.Errorf("list tickets: %w", err)
	}
	return ids, nil
}
