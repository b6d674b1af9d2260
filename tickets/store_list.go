package tickets

import (
	"fmt"
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

// listConditions says in SQL what Filter and the actor's reach allow.
func listConditions(r reach, f Filter) *conditions {
	c := &conditions{}
	c.add("t.desk_id = ?", r.a.DeskID)
	if f.Class != "" {
		c.add("t.class = ?", string(f.Class))
	}
	if states := f.states(); states != nil {
		c.add("t.status IN ?", states)
	}
	if len(f.OrgIDs) > 0 {
		c.add("t.org_id IN ?", f.OrgIDs)
	}
	for _, ref := range []struct {
		column string
		id     int64
	}{{"caller_id", f.CallerID}, {"agent_id", f.AgentID}, {"team_id", f.TeamID}} {
		if ref.id != 0 {
			c.add("t."+ref.column+" = ?", ref.id)
		}
	}
	if f.NoTeam {
		c.add("t.team_id IS NULL")
	}
	if f.NoAgent {
		c.add("t.agent_id IS NULL")
	}
	if f.IntercomRef != "" {
		c.add("t.intercom_ref = ? AND t.intercom_ref <> ''", f.IntercomRef)
	}
	if f.IDs != nil {
		c.add("t.id IN ?", f.IDs)
	}
	if where, args := r.where(); where != "" {
		c.add(where, args...)
	}
	return c
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

func listTicketIDs(tx *gorm.DB, c *conditions, order Sort, limit, offset int) ([]int64, error) {
	args := append(append([]any{}, c.args...), limit, offset)
	var ids []int64
	err := tx.Raw("SELECT t.id FROM tickets t WHERE "+c.String()+" ORDER BY "+orders[order]+" LIMIT ? OFFSET ?", args...).Scan(&ids).Error
	if err != nil {
		return nil, fmt.Errorf("list tickets: %w", err)
	}
	return ids, nil
}
