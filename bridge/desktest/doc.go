// Package desktest is the one conformance suite that every desk passes: the
// built-in one, the fake iTop and a real iTop.
//
// It owns what the bridge relies on, written as tests against desk.Desk. It
// knows no desk: what a desk holds comes from a Fixture, and a test makes the
// tickets it needs, so that the suite may run again and again on one store.
package desktest
