// Package itoptest is a fake iTop for tests: the REST services of an iTop 3.2
// with the ITIL model, as strict as a real one.
//
// It owns its own copy of what iTop does: codes and messages, logins, rights,
// naive dates in the server's zone, strings for numbers, ordered maps, an HTML
// sanitizer with iTop's lists, case logs that are read, changed and written
// without a lock, and the part of OQL that queries need. What it does not know
// it refuses. It uses nothing of package itop, so that both can be wrong only
// apart; the parity test there compares it with a real iTop.
package itoptest
