package portal

import (
	"html/template"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// attachmentAddress finds an attachment in the address of a picture or a link,
// whichever surface it was written for.
var attachmentAddress = regexp.MustCompile(`/attachments/([0-9a-f]{32})$`)

// present makes the desk's clean HTML fit to stand among the portal's own:
//
//   - nothing in it has an id, a name or a class, by which it could pose as part
//     of the page to our scripts and styles;
//   - attachments are fetched through the portal;
//   - pictures from elsewhere become links, since loading them would tell
//     strangers who reads the ticket, and the page's policy stops them;
//   - headings become ones that stand below ours.
//
// It relies on the desk for what may run or frame (tickets.CleanHTML) and drops
// all that is no text, element or end of one.
func present(clean string) template.HTML {
	z := html.NewTokenizer(strings.NewReader(clean))
	var b strings.Builder
	for {
		switch z.Next() {
		case html.ErrorToken:
			return template.HTML(b.String()) //nolint:gosec // every token was cleaned by the desk and written by the tokenizer
		case html.TextToken:
			t := z.Token()
			b.WriteString(t.String())
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			t := z.Token()
			if tame(&t); t.DataAtom == atom.Img {
				picture(&b, t)
				continue
			}
			b.WriteString(t.String())
		}
	}
}

// tame changes one element as present says.
func tame(t *html.Token) {
	switch t.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		t.Data, t.DataAtom = "h3", atom.H3
	}
	kept := t.Attr[:0]
	for _, a := range t.Attr {
		switch a.Key {
		case "id", "name", "class", "usemap", "for", "headers":
			continue
		case "href", "src":
			if m := attachmentAddress.FindStringSubmatch(a.Val); m != nil {
				a.Val = root + "/files/" + m[1]
			}
		}
		kept = append(kept, a)
	}
	t.Attr = kept
}

// picture writes a picture of ours, and a link in place of any other.
func picture(b *strings.Builder, t html.Token) {
	src, alt := "", ""
	for _, a := range t.Attr {
		switch a.Key {
		case "src":
			src = a.Val
		case "alt":
			alt = a.Val
		}
	}
	if strings.HasPrefix(src, root+"/files/") {
		b.WriteString(`<img src="` + html.EscapeString(src) + `" alt="` + html.EscapeString(alt) + `" loading="lazy">`)
		return
	}
	address := safeLink(src)
	if address == "" {
		b.WriteString(html.EscapeString(alt))
		return
	}
	if alt == "" {
		alt = address
	}
	b.WriteString(`<a href="` + html.EscapeString(address) + `" rel="nofollow noreferrer noopener" target="_blank">` + html.EscapeString(alt) + `</a>`)
}

// safeLink returns an address that a page may link to, or "".
func safeLink(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return ""
	}
	return u.String()
}
