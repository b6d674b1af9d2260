package intercom

import (
	"strings"
	"time"

	"golang.org/x/net/html"
)

// OwnPart describes a part that we tried to write and do not know whether it
// arrived.
type OwnPart struct {
	AuthorID string    // in whose name; "" for anyone
	Note     bool      // a note, not a comment
	HTML     string    // what it said, as it was sent; "" for anything
	Since    time.Time // when the first try began; zero for any time
	// Known reports parts that are accounted for, so that the same text said
	// twice is not found twice. It gets Part.Key; nil knows none.
	Known func(key string) bool
}

// skew is how much earlier than our clock Intercom's may date a part.
const skew = time.Minute

// FindOwnPart looks in a conversation that was read after a failed write for
// the part that the write would have made: same author, same kind, same words.
// Words are compared without mark-up and spacing, since Intercom rewrites both.
// The newest fitting part is returned.
func FindOwnPart(c Conversation, own OwnPart) (Part, bool) {
	words := plainWords(own.HTML)
	for i := len(c.Parts) - 1; i >= 0; i-- {
		p := c.Parts[i]
		switch {
		case p.Redacted, p.PartType != messageType(own.Note):
		case own.AuthorID != "" && p.Author.ID != own.AuthorID:
		case !own.Since.IsZero() && p.CreatedAt.Before(own.Since.Add(-skew)):
		case own.Known != nil && own.Known(p.Key()):
		case words != "" && plainWords(p.Body) != words:
		default:
			return p, true
		}
	}
	return Part{}, false
}

// plainWords returns the words of HTML or plain text, one space between them.
func plainWords(s string) string {
	if s == "" {
		return ""
	}
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return strings.Join(strings.Fields(b.String()), " ")
		case html.TextToken:
			b.Write(z.Text())
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			if name, _ := z.TagName(); !inline[string(name)] {
				b.WriteByte(' ')
			}
		}
	}
}

// inline are the elements that do not part words.
var inline = map[string]bool{
	"a": true, "b": true, "i": true, "em": true, "strong": true, "span": true, "u": true, "code": true, "font": true, "s": true,
}
