// Package archtest holds the architecture as a test: which package may import
// which, and where each third-party library lives. Adding an arrow means editing
// the maps in this package, in sight of review.
package archtest
