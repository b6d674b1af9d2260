// Package intercom speaks Intercom's words: the signatures of its calls to us,
// notifications and canvas requests as it sends them, the components of a
// canvas, the REST API that the bridge calls, and the token that lets a portal
// user into the Messenger.
//
// It owns no storage, knows nothing of tickets and does not import package
// bridge. Its stand-in for tests and for the inbox simulator is package
// intercomtest; the judges that hold both to Intercom's own published
// descriptions are in package intercomjudge, which no product code imports.
//
// # Reading JSON
//
// Whatever Intercom sends is read by one small reader (json.go) with fixed
// limits on size and depth. Ids come as strings or as numbers, booleans and
// times in several spellings, and fields may be missing: the reader takes all
// of these and leaves what it does not know alone. When an object holds the
// same key twice, the first one counts and the others are ignored; keys are
// compared exactly. That rule is the same for Peek, ParseNotification,
// ParseCanvasRequest and every answer of the REST API.
package intercom
