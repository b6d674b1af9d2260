package itop

import (
	"html"
	"regexp"
	"strings"
)

var (
	reBreak  = regexp.MustCompile(`(?i)<br\s*/?>|</(p|div|li|tr|h[1-6]|pre|blockquote)\s*>`)
	reDrop   = regexp.MustCompile(`(?is)<(script|style)\b.*?</(script|style)\s*>|<!--.*?-->|<!DOCTYPE[^>]*>|<\?[^>]*>`)
	reTag    = regexp.MustCompile(`(?s)</?[A-Za-z][^>]*>`)
	reBlanks = regexp.MustCompile(`[ \t\x{00A0}]+`)
	reLines  = regexp.MustCompile(`\n{3,}`)
)

// plain turns HTML into text of several lines.
func plain(s string) string {
	s = reDrop.ReplaceAllString(s, "")
	s = strings.ReplaceAll(s, "\r", "")
	s = reBreak.ReplaceAllString(s, "\n")
	s = html.UnescapeString(reTag.ReplaceAllString(s, ""))
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSpace(reBlanks.ReplaceAllString(l, " "))
	}
	return strings.TrimSpace(reLines.ReplaceAllString(strings.Join(lines, "\n"), "\n\n"))
}

// rich turns plain text into HTML; what already holds tags stays as it is, for
// iTop's sanitizer to judge.
func rich(s string) string {
	if reTag.MatchString(s) {
		return s
	}
	lines := strings.Split(strings.ReplaceAll(strings.TrimSpace(s), "\r\n", "\n"), "\n")
	for i, l := range lines {
		lines[i] = html.EscapeString(l)
	}
	return "<p>" + strings.Join(lines, "<br>") + "</p>"
}
