// Package web owns what browsers load: the console, the inbox simulator and
// their style sheets, scripts and icons. The sources are TypeScript in src; the
// built files in dist are committed and embedded, so that building the product
// needs no Node.
//
// The package serves files and nothing else: it knows no session, and the pages
// ask /api/v1 and /demo/api for all that they show. The ticket portal is not
// here; it is drawn by the server.
package web
