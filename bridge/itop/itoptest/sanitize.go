package itoptest

import (
	"html"
	"regexp"
	"strings"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// The lists of iTop's HTMLDOMSanitizer.
var (
	tags = func() map[string]string {
		m := map[string]string{
			"a": "href name style class target title data-role data-object-class data-object-id", "img": "src style class alt title width height",
			"ol": "reversed start style class type", "li": "style class value", "table": "style class width summary align border cellpadding cellspacing",
			"font": "face color style class size", "col": "style", "pre": "class", "figcaption": "class", "mark": "class",
		}
		for _, t := range strings.Fields("p blockquote span div ul h1 h2 h3 h4 nav section code thead tbody tr td th fieldset legend hr figure") {
			m[t] = "style class colspan rowspan"
		}
		for _, t := range strings.Fields("b i u em strong") {
			m[t] = "class"
		}
		for _, t := range strings.Fields("br colgroup big small tt kbd samp var del s ins cite q center") {
			m[t] = ""
		}
		return m
	}()
	reHref = regexp.MustCompile(`(?i)^(https?|ftp)://|^mailto:`)
	reSrc  = regexp.MustCompile(`(?i)^(http:|https:|data:)`)
)

var reClass = regexp.MustCompile(` class="[^"]*"`)

func (s *Server) sanitize(text string) string {
	text = sanitize(text)
	if s.config.NoClasses {
		return reClass.ReplaceAllString(text, "")
	}
	return text
}

// sanitize keeps what iTop keeps: elements that are not in the list go with all
// that is in them, comments and attributes too.
func sanitize(s string) string {
	if s == "" {
		return ""
	}
	nodes, err := xhtml.ParseFragment(strings.NewReader(s), &xhtml.Node{Type: xhtml.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		return ""
	}
	var b strings.Builder
	for _, n := range nodes {
		write(&b, n)
	}
	return b.String()
}

func write(b *strings.Builder, n *xhtml.Node) {
	switch n.Type {
	case xhtml.TextNode:
		b.WriteString(strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\u00a0", "&nbsp;").Replace(n.Data))
	case xhtml.ElementNode:
		allowed, ok := tags[n.Data]
		if !ok {
			return
		}
		b.WriteString("<" + n.Data)
		for _, a := range n.Attr {
			if !contains(strings.Fields(allowed), a.Key) || a.Key == "href" && !reHref.MatchString(a.Val) || a.Key == "src" && !reSrc.MatchString(a.Val) {
				continue
			}
			b.WriteString(" " + a.Key + `="` + strings.NewReplacer("&", "&amp;", `"`, "&quot;").Replace(a.Val) + `"`)
		}
		b.WriteString(">")
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			write(b, c)
		}
		switch n.Data {
		case "br", "img", "hr", "col":
		default:
			b.WriteString("</" + n.Data + ">")
		}
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

var (
	reLineEnd = regexp.MustCompile(`(?i)<br>|</(p|div|li|h[1-4]|pre)>`)
	reLink    = regexp.MustCompile(`<a href="([^"]*)"[^>]*>([^<]*)</a>`)
	reAnyTag  = regexp.MustCompile(`<[^>]*>`)
)

// toText is roughly iTop's HtmlToText.
func toText(s string) string {
	s = reLink.ReplaceAllString(s, "[$2]($1)")
	return strings.TrimSpace(html.UnescapeString(reAnyTag.ReplaceAllString(reLineEnd.ReplaceAllString(s, "\n"), "")))
}
