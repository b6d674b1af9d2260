// Package httpx is the edge of the process towards HTTP: the engine that all
// routes hang on, what every answer carries, how an error becomes an answer, how
// the server starts and stops, and the guarded transport for calls that go out.
//
// It owns no routes but the API document and its page. Who is calling is a
// matter of package auth; what a route does, of its domain.
package httpx
