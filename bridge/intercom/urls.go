package intercom

import (
	"net/url"
	"strings"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// Region is where a workspace's data lives.
type Region string

// The regions. The empty region reads as US.
const (
	US Region = "us"
	EU Region = "eu"
	AU Region = "au"
)

// ParseRegion reads a region in any case, as configuration and canvas requests
// write it; "ap", the browser SDK's name for Australia, is AU. The empty text is
// US. Invalid for anything else.
func ParseRegion(s string) (Region, error) {
	switch r := Region(strings.ToLower(strings.TrimSpace(s))); r {
	case "":
		return US, nil
	case US, EU, AU:
		return r, nil
	case "ap":
		return AU, nil
	}
	return "", errs.E(errs.Invalid, "Unknown region %q: use us, eu or au.", s)
}

// APIBase is the address of the REST API.
func (r Region) APIBase() string { return "https://api" + r.infix() + ".intercom.io" }

// AppBase is the address of Intercom's own user interface.
func (r Region) AppBase() string { return "https://app" + r.infix() + ".intercom.com" }

// MessengerBase is the api_base that a Messenger of this region boots with.
func (r Region) MessengerBase() string { return "https://api-iam" + r.infix() + ".intercom.io" }

func (r Region) infix() string {
	switch r {
	case EU, AU:
		return "." + string(r)
	}
	return ""
}

// ConversationURL opens a conversation in the inbox (itop.md 1.5).
func ConversationURL(r Region, workspaceID, conversationID string) string {
	return r.AppBase() + "/a/apps/" + url.PathEscape(workspaceID) +
		"/inbox/inbox/all/conversations/" + url.PathEscape(conversationID)
}
