// Package portal is where end users meet the built-in desk: pages below /portal
// that the server renders, on which they sign in, find and read their tickets,
// write new ones, answer, attach files, close and re-open.
//
// Every page works without JavaScript; the little there is only adds comfort.
// The pages carry no script and no style of their own, so that the engine's
// strict Content-Security-Policy holds. Texts are in English, German and French.
//
// The portal decides nothing about tickets: whoever signs in, an agent too, is an
// end user here (tickets.AccessOwn) and sees what they are the caller of, with
// the public log. It owns no tables. Where the Intercom Messenger comes from is
// behind the interface Messenger.
package portal
