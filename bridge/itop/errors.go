package itop

import (
	"errors"
	"regexp"
	"strings"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// Codes of iTop's REST services (class RestResult).
const (
	codeUnauthorized = 1
	codeNoVersion    = 2
	codeNoJSON       = 3
	codeBadJSON      = 4
	codeNoUser       = 5
	codeNoPassword   = 6
	codeVersion      = 10
	codeOperation    = 11
	codeInternal     = 100
)

// errNotAdmin is in the chain when iTop refused user_id in a log entry.
var errNotAdmin = errors.New("only administrators can set the user id")

// errUnknownCode is in the chain when the datamodel lacks an attribute.
type errUnknownCode struct{ code string }

// Error names the attribute.
func (e errUnknownCode) Error() string { return "the datamodel has no attribute " + e.code }

var (
	reInvalidCode = regexp.MustCompile(`invalid attribute code '([^']*)'`)
	reUnknownAttr = regexp.MustCompile(`^(\w+): Unknown attribute`)
	reFilterCode  = regexp.MustCompile(`Unknown filter code - found '([^']*)'`)
	reUnexpected  = regexp.MustCompile(`Unexpected value for attribute '([^']*)' \((\w+)\) : (.*?)(?:, Unexpected value|: issues = |$)`)
	reFieldError  = regexp.MustCompile(`^(\w+): (.+)$`)
	reBusy        = regexp.MustCompile(`(?i)mysql|deadlock|lock wait|gone away|too many connections|read.?only|maintenance|failed to connect|database`)
)

// codeError turns a code other than 0 into an error whose kind says whether a
// later try may work: Upstream and Throttled may, the others need a person.
func codeError(code int, message string, sent int) error {
	const large = 1 << 20
	switch code {
	case codeUnauthorized:
		if strings.Contains(message, "Only administrators can set the user id") {
			return errs.Wrap(errNotAdmin, errs.Denied, "iTop lets only administrators write log entries for others.")
		}
		// PHP drops the whole body of a post above post_max_size, credentials included.
		if sent > large && message == "Invalid login" {
			return errTooLarge()
		}
		return errs.E(errs.Denied, "iTop refused: %s", message)
	case codeNoUser, codeNoPassword, codeNoVersion, codeNoJSON:
		if sent > large {
			return errTooLarge()
		}
		if code == codeNoUser || code == codeNoPassword {
			return errs.E(errs.Denied, "iTop did not see the credentials: %s", message)
		}
		return errs.E(errs.Upstream, "Something between here and iTop dropped the request: %s", message)
	case codeBadJSON:
		return errs.E(errs.Internal, "iTop could not read the request: %s", message)
	case codeVersion, codeOperation:
		return errs.E(errs.Invalid, "This iTop is too old or lacks an operation: %s", message)
	case codeInternal:
		return internalError(message)
	}
	return errs.E(errs.Upstream, "iTop answered with code %d: %s", code, message)
}

func errTooLarge() error {
	return errs.E(errs.TooLarge, "The request is larger than iTop's PHP accepts (post_max_size).")
}

// internalError reads code 100, which stands for everything from a typing
// mistake to a lost database. What is not recognised may be retried.
func internalError(message string) error {
	for _, re := range []*regexp.Regexp{reInvalidCode, reUnknownAttr, reFilterCode} {
		if m := re.FindStringSubmatch(message); m != nil {
			e := errs.InvalidField(m[1], "This iTop's datamodel has no such attribute.")
			e.Err = errUnknownCode{m[1]}
			return e
		}
	}
	if strings.Contains(message, "is not a valid class") {
		return errs.InvalidField("class", "This iTop's datamodel has no such class.")
	}
	if all := reUnexpected.FindAllStringSubmatch(beforeIssues(message), -1); all != nil {
		var fields errs.Fields
		for _, m := range all {
			fields.Add(m[2], "%s", sentence(m[1], m[3]))
		}
		return fields.Err()
	}
	if strings.HasPrefix(message, "Invalid object ") || strings.HasPrefix(message, "No item found for query") {
		return errs.E(errs.NotFound, "iTop has no such object, or does not show it to this account.")
	}
	if strings.HasPrefix(message, "Query failed to execute") || strings.Contains(message, "OqlNormalizeException") || strings.Contains(message, "OQLParser") {
		return errs.E(errs.Invalid, "iTop does not understand the query: %s", short(message))
	}
	if reBusy.MatchString(message) {
		return errs.E(errs.Upstream, "iTop failed: %s", short(message))
	}
	if m := reFieldError.FindStringSubmatch(message); m != nil {
		return errs.InvalidField(m[1], "%s", short(m[2]))
	}
	return errs.E(errs.Upstream, "iTop failed: %s", short(message))
}

// beforeIssues drops the repetition that iTop appends to its own list.
func beforeIssues(s string) string {
	head, _, _ := strings.Cut(s, ": issues = ")
	// The separator is kept so that every item ends the same way.
	return strings.ReplaceAll(head, ", Unexpected value for attribute", ": issues = Unexpected value for attribute")
}

// sentence says in plain words what iTop means.
func sentence(label, reason string) string {
	switch {
	case strings.HasPrefix(reason, "Null not allowed"):
		return label + " is required."
	case strings.HasPrefix(reason, "Value not allowed"):
		return label + " must be one of the values offered."
	}
	return label + ": " + short(reason)
}

// short keeps messages readable; iTop appends queries and class lists.
func short(s string) string {
	const limit = 300
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
}
