package bridge

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/microcosm-cc/bluemonday"

	"github.com/deskbridge/deskbridge/bridge/desk"
)

// sendAs says how a ticket's news are told to its conversation.
type sendAs string

// The ways. Their names are those of the workspace file.
const (
	asReply sendAs = "reply" // the end user reads it
	asNote  sendAs = "note"  // agents only
	asOff   sendAs = "off"
)

// backRules say what goes back from a ticket, and how.
type backRules struct {
	entries  sendAs
	status   sendAs
	statuses []string // states worth telling; empty: all
	adminID  string
}

func (b backRules) tells(status string) bool {
	return len(b.statuses) == 0 || slices.Contains(b.statuses, status)
}

// cleaner keeps what people write in messages and drops everything that could
// act: scripts, styles, forms, frames, event handlers, odd schemes. A policy is
// safe for concurrent use once built.
var cleaner = newCleaner()

func newCleaner() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "b", "strong", "i", "em", "u", "s", "code", "pre", "blockquote", "ul", "ol", "li", "h1", "h2", "h3", "h4", "hr", "span", "div", "table", "thead", "tbody", "tr", "td", "th")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto", "tel")
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.AllowImages()
	return p
}

var (
	looksLikeHTML = regexp.MustCompile(`(?i)<(p|br|div|a|b|i|strong|em|ul|ol|li|img|span|h[1-6]|blockquote|pre|code|table)\b[^>]*>`)
	imageTag      = regexp.MustCompile(`(?i)<img\b[^>]*>`)
	imageSource   = regexp.MustCompile(`(?i)\bsrc\s*=\s*["']([^"']+)["']`)
	anyTag        = regexp.MustCompile(`<[^>]*>`)
)

// clean returns a part's body as safe HTML. Intercom sends HTML or plain text,
// depending on the app's API version.
func clean(body string) string {
	if !looksLikeHTML.MatchString(body) {
		return paragraph(body)
	}
	return strings.TrimSpace(cleaner.Sanitize(body))
}

// paragraph returns plain text as HTML, line by line.
func paragraph(text string) string {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if text == "" {
		return ""
	}
	return "<p>" + strings.ReplaceAll(html.EscapeString(text), "\n", "<br>") + "</p>"
}

// plain returns the words of an HTML text, for excerpts and comparisons.
func plain(h string) string {
	h = regexp.MustCompile(`(?i)</(p|div|li|h[1-6]|tr)>|<br\s*/?>`).ReplaceAllString(h, " ")
	return strings.Join(strings.Fields(html.UnescapeString(anyTag.ReplaceAllString(h, ""))), " ")
}

// excerpt returns at most n runes of the words of an HTML text.
func excerpt(h string, n int) string {
	r := []rune(plain(h))
	if len(r) <= n {
		return string(r)
	}
	return string(r[:n-1]) + "…"
}

// ticketName is a ticket's ref, linked when there is somewhere to go.
func ticketName(ref, url string) string {
	if url == "" {
		return "<b>" + html.EscapeString(ref) + "</b>"
	}
	return fmt.Sprintf(`<a href="%s">%s</a>`, html.EscapeString(url), html.EscapeString(ref))
}

// entryMessage is a public log entry as the conversation reads it. Replies are
// made in one teammate's name, so each says who wrote it; a note says where it
// comes from as well.
func entryMessage(how sendAs, t desk.Ticket, e desk.Entry) string {
	body := clean(e.HTML)
	if how == asNote {
		return fmt.Sprintf("<p>%s, %s wrote:</p>%s", ticketName(t.Ref, t.AgentURL), html.EscapeString(e.Author.Name), body)
	}
	return fmt.Sprintf("<p><b>%s:</b></p>%s", html.EscapeString(e.Author.Name), body)
}

// statusMessage tells that a ticket changed its state.
func statusMessage(t desk.Ticket) string {
	return fmt.Sprintf("<p>Ticket %s is now: %s.</p>", ticketName(t.Ref, t.PortalURL), html.EscapeString(strings.ToLower(t.StatusLabel)))
}

// createdMessage tells the end user that a ticket was made.
func createdMessage(t desk.Ticket) string {
	return fmt.Sprintf("<p>A ticket has been created from this conversation. You can follow it here: %s</p>", ticketName(t.Ref, t.PortalURL))
}

// linkedMessage tells the agents that a ticket was linked.
func linkedMessage(admin string, t desk.Ticket) string {
	return fmt.Sprintf("<p>%s linked the ticket %s to this conversation.</p>", html.EscapeString(admin), ticketName(t.Ref, t.AgentURL))
}
