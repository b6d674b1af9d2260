// Package errs gives every failure a kind, which one place turns into an HTTP
// status, and a text that may be shown to people.
//
// It owns the kinds and nothing else: no statuses (httpx), no logging.
package errs

import (
	"errors"
	"fmt"
)

// Kind says what a failure means to the caller.
type Kind string

// The kinds. The empty kind of a foreign error reads as Internal.
const (
	Invalid     Kind = "invalid"     // the input is wrong; Fields says where
	Denied      Kind = "denied"      // not signed in, or a wrong signature
	Forbidden   Kind = "forbidden"   // known, but not allowed
	NotFound    Kind = "not_found"   // no such thing, or not in the caller's scope
	Conflict    Kind = "conflict"    // the state does not allow it
	Throttled   Kind = "throttled"   // too many tries; come back later
	TooLarge    Kind = "too_large"   // over a stated limit
	Upstream    Kind = "upstream"    // a remote system failed; a later try may work
	Unavailable Kind = "unavailable" // our store cannot take it now; nothing was done, come back later
	Internal    Kind = "internal"    // our fault; the text never leaves the process
)

// Field is a mistake at one place of the input. Path is dotted, as the caller
// wrote it ("title", "caller.email"); Text is a sentence for people.
type Field struct {
	Path string `json:"path"`
	Text string `json:"text"`
}

// Error is a failure with a kind and a text for people. Err, when set, is the
// cause: it is logged once at the top and never shown.
type Error struct {
	Kind   Kind
	Text   string
	Fields []Field
	Err    error
}

// Error returns the text and, after it, the cause.
func (e *Error) Error() string {
	s := e.Text
	if s == "" {
		s = string(e.Kind)
	}
	for _, f := range e.Fields {
		s += "; " + f.Path + ": " + f.Text
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// E returns an error of a kind with a formatted text for people. Causes go
// through Wrap, so that they are logged but not shown.
func E(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Text: fmt.Sprintf(format, args...)}
}

// Wrap returns err under a kind and a text for people; nil stays nil.
func Wrap(err error, k Kind, text string) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: k, Text: text, Err: err}
}

// InvalidField returns an Invalid error about one field.
func InvalidField(path, format string, args ...any) *Error {
	t := fmt.Sprintf(format, args...)
	return &Error{Kind: Invalid, Text: "Some of the input is not valid.", Fields: []Field{{Path: path, Text: t}}}
}

// Fields collects mistakes so that all of them are reported at once.
type Fields []Field

// Add records a mistake at path.
func (f *Fields) Add(path, format string, args ...any) {
	*f = append(*f, Field{Path: path, Text: fmt.Sprintf(format, args...)})
}

// Err returns an Invalid error with every mistake, or nil when there is none.
func (f Fields) Err() error {
	if len(f) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Text: "Some of the input is not valid.", Fields: f}
}

// KindOf returns the kind of the first Error in err's chain, Internal for any
// other error and "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is of kind k.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }

// Text returns what people may read about err: the text of the first Error in
// its chain, and a constant sentence for internal and foreign errors.
func Text(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Kind != Internal && e.Text != "" {
		return e.Text
	}
	return "Something went wrong on our side. Try again; the log has the details."
}

// FieldsOf returns the mistakes that err carries, if any.
func FieldsOf(err error) []Field {
	var e *Error
	if errors.As(err, &e) {
		return e.Fields
	}
	return nil
}
