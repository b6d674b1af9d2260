// Package jobs is a durable outbox: work that must happen after a transaction,
// enqueued in that transaction, and run at least once by one node at a time.
//
// It promises:
//   - a job exists exactly when the transaction that enqueued it was committed;
//   - it is run until its handler returns nil, or it is dead (too many attempts,
//     or Permanent), which operators see and can retry;
//   - jobs of one kind and one key run one at a time, across nodes, in the order
//     of their ids. A job that is tried again keeps its place: the later ones of
//     its key wait for it. A key belongs to its kind: the same key under two
//     kinds is two lanes. Jobs with the empty key have no order at all;
//   - a node that died or lost its lease cannot finish a job that another took.
//
// Done jobs are deleted: the domains' own tables hold the truth about what
// happened, a job only wakes whoever works on them. Handlers must bear being
// run twice, as a crash may fall between the work and its completion.
//
// # Lanes and leases
//
// A lane is a kind and a key. A node claims the due jobs of a lane together (up
// to laneBatch) and runs them one after another; the lane's other jobs are
// parked, so that a long lane costs nothing while it waits, and are taken off
// when the claimed ones are done. A claim is a lease, renewed while the handler
// runs; every claim counts up the row's claims number, and a completion names
// it, so that a late one finds nothing to complete. On PostgreSQL claims and
// completions of a kind exclude each other with an advisory lock that is tried,
// never waited for.
//
// The jobs table has no tenant: it is the operators'.
package jobs
