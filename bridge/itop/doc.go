// Package itop is the desk that lives in an iTop: it speaks iTop's REST
// services (versions 1.3 and 1.4) and fulfils desk.Desk.
//
// It owns iTop's words: OQL, case logs and how an entry carries its marker
// through iTop's HTML sanitizer, naive dates in the server's zone, the built-in
// description of the ITIL classes, and what each error code means for a retry.
// It does not know conversations, links or the ledger (package bridge), stores
// nothing of its own and starts no goroutine. Package itoptest is the fake.
package itop
