// Package desk is the vocabulary between the bridge and the places where
// tickets live: what a ticket, a log entry, a person and a form attribute are,
// and the one interface that every desk fulfils (the built-in one and iTop;
// package desktest is its conformance suite).
//
// Words are iTop's, because that is the richer model: classes, attribute codes,
// a public and a private case log. The package owns no storage and no HTTP.
package desk
