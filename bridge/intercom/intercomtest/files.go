package intercomtest

import (
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"

	"github.com/deskbridge/deskbridge/bridge/intercom"
)

// keepFiles stores the files of a part and returns them as attachments.
func (s *Server) keepFiles(files []intercom.File) []intercom.Attachment {
	var list []intercom.Attachment
	for _, f := range files {
		id := s.ids.hex()
		s.files[id] = f
		list = append(list, intercom.Attachment{
			Name: f.Name, ContentType: f.ContentType, Size: int64(len(f.Data)),
			URL: strings.TrimRight(s.c.BaseURL, "/") + "/files/" + id + "/" + url.PathEscape(f.Name),
		})
	}
	return list
}

// serveFile gives a file to whoever has its address, as Intercom's signed
// addresses do. A browser must not take it for a page of ours.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	f, ok := s.files[r.PathValue("id")]
	s.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", f.ContentType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	w.Write(f.Data) //nolint:errcheck // the caller is gone
}

// plainText is what Intercom makes of HTML where it shows plain text: links
// become "label (address)".
func plainText(markup string) string {
	var b strings.Builder
	var hrefs []string
	z := html.NewTokenizer(strings.NewReader(markup))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return strings.TrimSpace(b.String())
		case html.TextToken:
			b.Write(z.Text())
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			switch t.Data {
			case "br":
				b.WriteByte('\n')
			case "a":
				hrefs = append(hrefs, href(t))
			}
		case html.EndTagToken:
			switch t := z.Token(); {
			case t.Data == "p" || t.Data == "li" || t.Data == "div":
				b.WriteByte('\n')
			case t.Data == "a" && len(hrefs) > 0:
				if h := hrefs[len(hrefs)-1]; h != "" {
					b.WriteString(" (" + h + ")")
				}
				hrefs = hrefs[:len(hrefs)-1]
			}
		}
	}
}

func href(t html.Token) string {
	for _, a := range t.Attr {
		if a.Key == "href" {
			return a.Val
		}
	}
	return ""
}
