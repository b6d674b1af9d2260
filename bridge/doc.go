// Package bridge joins conversations with tickets.
//
// It owns workspaces, links, the ledger, the sync in both directions with pause
// and resume, the look-up of authors, and the cards in Intercom's inbox. It
// knows a conversation's words from package intercom and a ticket's from
// package desk; it never talks to a remote system inside a request that it
// cannot answer without.
//
// # How a part becomes an entry
//
// A notification is verified and stored as a receipt together with one job, in
// one transaction, before it is answered (receive.go). The job, one at a time
// per conversation and so per ticket, absorbs the receipts into parts
// (absorb.go), gives every part a ledger row on every link (plan.go), and
// carries the pending rows over in order (inbound.go, outbound.go). The ledger
// is the truth; a job only wakes its worker, so a lost, doubled or late job
// changes nothing.
//
// # Who writes
//
// A ticket has at most one conversation and a conversation's job runs once at a
// time across nodes: so each ticket has one writer. What the bridge itself wrote
// is recognised by the id that was recorded when it was written (a marker in the
// ticket's log, the part's id in the conversation), never by its text.
package bridge
