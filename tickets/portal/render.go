package portal

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"

	"github.com/deskbridge/deskbridge/internal/httpx"
	"github.com/deskbridge/deskbridge/tickets"
)

//go:embed templates
var templateFiles embed.FS

// page is a parsed page together with the frame around it.
type page struct{ *template.Template }

// parsePages reads the embedded pages: one for each file but the frame.
func parsePages() map[string]page {
	out := map[string]page{}
	frame := template.Must(template.ParseFS(templateFiles, "templates/frame.html", "templates/parts.html"))
	for _, name := range []string{"sign-in", "signed-out", "password", "list", "nobody", "new", "ticket", "failure"} {
		out[name] = page{template.Must(template.Must(frame.Clone()).ParseFS(templateFiles, "templates/"+name+".html"))}
	}
	return out
}

// sheet is what a page is filled with.
type sheet struct {
	words
	p        *Portal
	Title    string
	User     string // name of who is signed in, "" for strangers
	Here     string // path of the page, to mark it in the menu; "" on failures
	Notices  []notice
	Failed   bool // the page shows a form again that has mistakes
	Settings *settings
	Body     any
}

// Asset returns the address of an embedded file.
func (s sheet) Asset(name string) (string, error) {
	if path, ok := s.p.assets.paths[name]; ok {
		return path, nil
	}
	return "", fmt.Errorf("portal: there is no embedded file %q", name)
}

// Disclaimer is what stands above entries that came from Intercom, in the same
// words in every language (IC-37).
func (sheet) Disclaimer() string { return tickets.Disclaimer }

// show renders a page into the answer. A page that shows a signed-in user what
// they asked for carries the Messenger, if they are to see one; failures never
// do, so that all of a kind are equal.
func (p *Portal) show(v *visit, status int, name, title string, body any) {
	s := sheet{words: v.words, p: p, Title: title, Body: body}
	if v.known {
		s.User = v.who.Name
	}
	if name != "failure" {
		s.Here = v.FullPath()
		s.Notices = v.takeNotices()
		s.Failed = status == http.StatusUnprocessableEntity
		s.Settings = p.messengerFor(v)
	}
	if s.Settings != nil {
		httpx.AllowSources(messengerSources())(v.Context)
	}
	var b bytes.Buffer
	if err := p.pages[name].ExecuteTemplate(&b, "frame.html", s); err != nil {
		httpx.Problem(v.Context, fmt.Errorf("render page %s: %w", name, err))
		return
	}
	v.Data(status, "text/html; charset=utf-8", b.Bytes())
}
