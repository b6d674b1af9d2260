package jobs

import (
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// maxList is the most jobs that List returns.
const maxList = 500

// Filter narrows List; zero fields do not.
type Filter struct {
	Kind   string
	Key    string
	States []State
	After  int64 // only ids greater than this, for the next page
	Limit  int   // at most 500, which is also the default
}

// List returns jobs by id, for operators.
func (q *Queue) List(ctx context.Context, f Filter) ([]Job, error) {
	where, args := []string{"id > ?"}, []any{f.After}
	if f.Kind != "" {
		where, args = append(where, "kind = ?"), append(args, f.Kind)
	}
	if f.Key != "" {
		where, args = append(where, "job_key = ?"), append(args, f.Key)
	}
	if len(f.States) > 0 {
		where, args = append(where, "state IN ?"), append(args, f.States)
	}
	if f.Limit <= 0 || f.Limit > maxList {
		f.Limit = maxList
	}
	rows, err := q.db.Read(ctx).Raw("SELECT "+columns+" FROM jobs WHERE "+strings.Join(where, " AND ")+" ORDER BY id LIMIT ?", append(args, f.Limit)...).Rows()
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	defer rows.Close()
	return scan(rows)
}

// Count is how many jobs of a kind are in a state.
type Count struct {
	Kind  string
	State State
	Jobs  int64
}

// Counts returns the number of jobs by kind and state, for metrics.
func (q *Queue) Counts(ctx context.Context) ([]Count, error) {
	var out []Count
	err := q.db.Read(ctx).Raw("SELECT kind, state, count(*) AS jobs FROM jobs GROUP BY kind, state ORDER BY kind, state").Scan(&out).Error
	if err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	return out, nil
}

// Stats are what this node's handlers did since the queue was made.
type Stats struct {
	Worked  int64 // handlers that returned nil
	Retried int64 // failures that are tried again
	Died    int64 // failures that are not
	Late    int64 // results refused because the lease was lost
}

// Stats returns this node's numbers, for metrics.
func (q *Queue) Stats() Stats {
	return Stats{Worked: q.worked.Load(), Retried: q.retried.Load(), Died: q.died.Load(), Late: q.late.Load()}
}

// Retry lets a dead job run again, now and with all its attempts. When a unique
// job of its kind and key waits anyway, that one is enough and the dead one is
// removed. It returns errs.NotFound for an unknown id and errs.Conflict for a
// job that is not dead.
func (q *Queue) Retry(ctx context.Context, id int64) error {
	return q.db.Write(ctx, func(tx *gorm.DB) error {
		var kind string
		var state State
		row := tx.Raw("SELECT kind, state FROM jobs WHERE id = ?", id).Row()
		if err := row.Scan(&kind, &state); err != nil {
			return errs.Wrap(err, errs.NotFound, "There is no such job; it may be done.")
		}
		if state != Dead {
			return errs.E(errs.Conflict, "The job is %s, not dead.", state)
		}
		n, err := db.Exec(tx, `DELETE FROM jobs WHERE id = ? AND state = 4 AND unique_job AND EXISTS
(SELECT 1 FROM jobs o WHERE o.kind = jobs.kind AND o.job_key = jobs.job_key AND o.unique_job AND o.state IN (0, 2, 3))`, id)
		if err == nil && n == 0 {
			_, err = db.Exec(tx, "UPDATE jobs SET state = 0, attempts = 0, run_at = ? WHERE id = ? AND state = 4", q.conf.Now().UnixMicro(), id)
		}
		if err != nil {
			return fmt.Errorf("retry job %d: %w", id, err)
		}
		if k := q.kinds[kind]; k != nil {
			db.OnCommit(tx, k.signal)
		}
		return nil
	})
}
