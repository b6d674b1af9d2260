// Package audit keeps who changed what, when, from where, with the old and the
// new value.
//
// It owns the table audit_log: it adds rows in the caller's transaction and
// reads them, and never changes one. Callers mask secrets before they hand
// values over; audit masks well-known secret names once more, as a net.
package audit
