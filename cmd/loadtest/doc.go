// Command loadtest measures a running Deskbridge: how many webhooks it
// acknowledges in a second and how long each takes, the same for the card's
// first call, and how long what was acknowledged takes to reach the tickets.
//
// It signs what it sends as Intercom does, keeps its connections, and is bounded
// in count and in time. It writes HTTP/1.1 by hand, because it shares the
// machine with the server that it measures: a request costs it one system call
// to send and one to read.
//
// It is a tool for people who work on Deskbridge (see docs/performance.md). It
// refuses to send to other machines unless it is told to: a load test of
// somebody else's server is an attack.
package main
