package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
)

// laneBatch is how many jobs of one lane are claimed, or taken off the park,
// together.
const laneBatch = 16

// maxError is how many bytes of an error's text a job keeps.
const maxError = 2000

// errBusy says that another node claims or completes jobs of the kind right now.
var errBusy = errors.New("jobs: another node works on the kind's rows")

const insertPlain = `INSERT INTO jobs (kind, job_key, payload, unique_job, max_attempts, run_at, created_at)
VALUES (?, ?, ?, FALSE, ?, ?, ?)`

// The conflict must be an update, even one that changes nothing: on PostgreSQL
// it locks the waiting row until our commit, so that nobody runs that job
// before what we wrote can be seen.
const insertUnique = `INSERT INTO jobs (kind, job_key, payload, unique_job, max_attempts, run_at, created_at)
VALUES (?, ?, ?, TRUE, ?, ?, ?)
ON CONFLICT (kind, job_key) WHERE unique_job AND state IN (0, 2, 3)
DO UPDATE SET run_at = excluded.run_at WHERE jobs.state <> 2 AND excluded.run_at < jobs.run_at`

// insert stores a job; a unique one at the end of the group, as many
// transactions lock the one row that waits.
func insert(tx *gorm.DB, j New, payload string, runAt, now int64) error {
	if !j.Unique {
		_, err := db.Exec(tx, insertPlain, j.Kind, j.Key, payload, j.MaxAttempts, runAt, now)
		return err
	}
	order := "job\x00" + j.Kind + "\x00" + j.Key
	if runAt > now {
		order += "\x00" + strconv.FormatInt(runAt, 10)
	}
	db.BeforeCommit(tx, order, func(tx *gorm.DB) error {
		_, err := db.Exec(tx, insertUnique, j.Kind, j.Key, payload, j.MaxAttempts, runAt, now)
		return err
	})
	return nil
}

// store is the SQL of one transaction.
type store struct {
	tx       *gorm.DB
	postgres bool
}

func (q *Queue) store(tx *gorm.DB) store {
	return store{tx: tx, postgres: q.db.Dialect() == db.Postgres}
}

// exclude keeps other nodes from the rows of a kind until the commit. It does
// not wait: waiting inside a group could deadlock with its other closures.
func (s store) exclude(kind string) error {
	if !s.postgres {
		return nil
	}
	var mine bool
	if err := db.QueryRow(s.tx, []any{&mine}, "SELECT pg_try_advisory_xact_lock(hashtextextended('deskbridge.jobs.' || current_schema() || '.' || ?, 0))", kind); err != nil {
		return err
	}
	if !mine {
		return errBusy
	}
	return nil
}

// in returns a condition on a list of ids, and its value.
func (s store) in(ids []int64) (string, any) {
	if s.postgres {
		return "= ANY(?)", ids
	}
	b, _ := json.Marshal(ids) // integers cannot fail
	return "IN (SELECT value FROM json_each(?))", string(b)
}

// candidate is a due job and what stands in the way of its lane.
type candidate struct {
	id     int64
	key    string
	state  State
	busy   bool  // a job of the lane runs
	holder int64 // the lane's retrying job, 0 if none
	parked int64 // the lane's first parked job, 0 if none
}

const selectDue = `SELECT j.id, j.job_key, j.state,
	j.job_key <> '' AND EXISTS (SELECT 1 FROM jobs r WHERE r.kind = j.kind AND r.job_key = j.job_key AND r.state = 1),
	CASE WHEN j.job_key = '' THEN 0 ELSE COALESCE((SELECT min(r.id) FROM jobs r WHERE r.kind = j.kind AND r.job_key = j.job_key AND r.state = 2), 0) END,
	CASE WHEN j.job_key = '' THEN 0 ELSE COALESCE((SELECT min(r.id) FROM jobs r WHERE r.kind = j.kind AND r.job_key = j.job_key AND r.state = 3), 0) END
FROM jobs j WHERE j.kind = ? AND j.state IN (0, 2) AND j.run_at <= ? ORDER BY j.run_at, j.id LIMIT ?`

// due returns the first jobs of a kind that could start now.
func (s store) due(kind string, now int64, limit int) ([]candidate, error) {
	rows, err := db.Query(s.tx, selectDue, kind, now, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []candidate
	for rows.Next() {
		var c candidate
		if err := rows.Scan(&c.id, &c.key, &c.state, &c.busy, &c.holder, &c.parked); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// free returns those of ids that no other transaction has locked, which is the
// case while one merges a unique job into them.
func (s store) free(ids []int64) (map[int64]bool, error) {
	rows, err := db.Query(s.tx, "SELECT id FROM jobs WHERE id = ANY(?) AND state IN (0, 2) FOR UPDATE SKIP LOCKED", ids)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[int64]bool{}
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out[id] = true
	}
	return out, rows.Err()
}

// claim takes the jobs for a node and returns them by id.
func (s store) claim(ids []int64, node string, until int64) ([]Job, error) {
	cond, arg := s.in(ids)
	rows, err := db.Query(s.tx, `UPDATE jobs SET state = 1, claims = claims + 1, attempts = attempts + 1, node = ?, lease_until = ?
WHERE id `+cond+` RETURNING `+columns, node, until, arg)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out, err := scan(rows)
	slices.SortFunc(out, func(a, b Job) int { return int(a.ID - b.ID) })
	return out, err
}

// park sets fresh jobs aside until their lane moves on.
func (s store) park(ids []int64) error {
	if s.postgres {
		_, err := db.Exec(s.tx, "UPDATE jobs SET state = 3 WHERE id IN (SELECT id FROM jobs WHERE id = ANY(?) AND state = 0 FOR UPDATE SKIP LOCKED)", ids)
		return err
	}
	cond, arg := s.in(ids)
	_, err := db.Exec(s.tx, "UPDATE jobs SET state = 3 WHERE state = 0 AND id "+cond, arg)
	return err
}

// anyParked reports whether the kind has parked jobs at all.
func (s store) anyParked(kind string) (bool, error) {
	var n int
	err := db.QueryRow(s.tx, []any{&n}, "SELECT count(*) FROM (SELECT 1 FROM jobs WHERE kind = ? AND state = 3 LIMIT 1) AS p", kind)
	return n > 0, err
}

// unpark lets the next jobs of a lane wait again, and returns how many.
func (s store) unpark(kind, key string) (int64, error) {
	return db.Exec(s.tx, `UPDATE jobs SET state = 0 WHERE id IN
(SELECT id FROM jobs WHERE kind = ? AND job_key = ? AND state = 3 ORDER BY id LIMIT ?)`, kind, key, laneBatch)
}

// remove deletes done jobs whose claim still holds and returns how many.
func (s store) remove(done []Job) (int64, error) {
	if s.postgres {
		ids, claims := make([]int64, len(done)), make([]int64, len(done))
		for i, j := range done {
			ids[i], claims[i] = j.ID, j.claims
		}
		return db.Exec(s.tx, `DELETE FROM jobs USING unnest(?::bigint[], ?::bigint[]) AS d(id, claims)
WHERE jobs.id = d.id AND jobs.claims = d.claims AND jobs.state = 1`, ids, claims)
	}
	var n int64
	for _, j := range done {
		one, err := db.Exec(s.tx, "DELETE FROM jobs WHERE id = ? AND claims = ? AND state = 1", j.ID, j.claims)
		if err != nil {
			return n, err
		}
		n += one
	}
	return n, nil
}

// put writes a claimed job back in another state, and reports whether its claim
// still held.
func (s store) put(j Job, to State, attempts int, runAt int64, text string) (bool, error) {
	if to != Dead {
		// A unique job that waits beside this one is covered by it.
		if _, err := db.Exec(s.tx, `DELETE FROM jobs WHERE kind = ? AND job_key = ? AND unique_job AND state IN (0, 2, 3) AND id <> ?
AND EXISTS (SELECT 1 FROM jobs m WHERE m.id = ? AND m.unique_job AND m.claims = ? AND m.state = 1)`, j.Kind, j.Key, j.ID, j.ID, j.claims); err != nil {
			return false, err
		}
	}
	n, err := db.Exec(s.tx, `UPDATE jobs SET state = ?, attempts = ?, run_at = ?, last_error = ?, node = '', lease_until = 0
WHERE id = ? AND claims = ? AND state = 1`, int(to), attempts, runAt, text, j.ID, j.claims)
	return n > 0, err
}

// renew prolongs every lease of a node on a kind and returns the claims that
// still hold, by job.
func (s store) renew(kind, node string, until int64) (map[int64]int64, error) {
	rows, err := db.Query(s.tx, "UPDATE jobs SET lease_until = ? WHERE kind = ? AND state = 1 AND node = ? RETURNING id, claims", until, kind, node)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return scanClaims(rows)
}

// expired returns the running jobs of a kind whose lease ended before now.
func (s store) expired(kind string, now int64) ([]Job, error) {
	rows, err := db.Query(s.tx, "SELECT "+columns+" FROM jobs WHERE kind = ? AND state = 1 AND lease_until < ? ORDER BY id", kind, now)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return scan(rows)
}

// columns are what scan reads.
const columns = "id, kind, job_key, payload, state, attempts, max_attempts, run_at, created_at, node, last_error, claims"

func scan(rows *sql.Rows) ([]Job, error) {
	var out []Job
	for rows.Next() {
		var j Job
		var payload string
		var runAt, createdAt int64
		if err := rows.Scan(&j.ID, &j.Kind, &j.Key, &payload, &j.State, &j.Attempt, &j.MaxAttempts,
			&runAt, &createdAt, &j.Node, &j.LastError, &j.claims); err != nil {
			return nil, err
		}
		j.Payload = json.RawMessage(payload)
		j.RunAt, j.CreatedAt = time.UnixMicro(runAt).UTC(), time.UnixMicro(createdAt).UTC()
		out = append(out, j)
	}
	return out, rows.Err()
}

// probe reports, through a reader so that idle polling costs no write, whether
// a kind has a due job, and returns the claims, by job, whose lease ended.
func (q *Queue) probe(ctx context.Context, kind string, now int64) (due bool, expired map[int64]int64, err error) {
	err = q.db.Read(ctx).Raw("SELECT EXISTS (SELECT 1 FROM jobs WHERE kind = ? AND state IN (0, 2) AND run_at <= ?)", kind, now).Row().Scan(&due)
	if err != nil {
		return false, nil, err
	}
	rows, err := q.db.Read(ctx).Raw("SELECT id, claims FROM jobs WHERE kind = ? AND state = 1 AND lease_until < ?", kind, now).Rows()
	if err != nil {
		return false, nil, err
	}
	defer rows.Close()
	expired, err = scanClaims(rows)
	return due, expired, err
}

// scanClaims reads rows of an id and its claims.
func scanClaims(rows *sql.Rows) (map[int64]int64, error) {
	out := map[int64]int64{}
	for rows.Next() {
		var id, claims int64
		if err := rows.Scan(&id, &claims); err != nil {
			return nil, err
		}
		out[id] = claims
	}
	return out, rows.Err()
}
