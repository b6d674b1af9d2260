package portal

import (
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/tickets"
)

// maxReply is the longest answer in characters. As HTML it stays far below what
// an entry may have.
const maxReply = 30_000

// reply adds an answer and its files. What was sent twice is stored once: the
// form says which was the visitor's last entry when it was shown, so the same
// text after that one is the same answer, even on another day and another node.
func (p *Portal) reply(v *visit) error {
	t, err := p.ticket(v) // before anything of the body is read
	if err != nil {
		return err
	}
	if err := v.readForm(p.maxUpload()); err != nil {
		return err
	}
	defer p.busy.take(v.who.UserID)()
	after, err := strconv.ParseInt(v.value("after"), 10, 64)
	if err != nil || after < 0 {
		after = 0
	}
	form := replyForm{Text: v.value("text"), After: after, mistakes: &mistakes{}}
	files, bad := v.uploads(), form.mistakes
	text := tickets.HTMLFromText(form.Text)
	switch {
	case !mayReply(t):
		return errs.E(errs.Conflict, "A closed ticket takes no answers.")
	case text == "" && len(files) == 0:
		bad.add("text", v.T("wrong.text"))
	case utf8.RuneCountInString(form.Text) > maxReply:
		bad.add("text", v.T("wrong.long", maxReply))
	}
	p.checkUploads(v, files, bad)
	if !bad.any() {
		// Files first: when one is refused, the text is still in the form.
		if _, err := p.attach(v, t.ID, files); err != nil && !bad.addFile(v, err) {
			return err
		}
	}
	if !bad.any() && text != "" {
		if err := p.say(v, t.ID, after, text); err != nil && !bad.addAll(v, err) {
			return err
		}
	}
	if bad.any() {
		form.Errors = bad.list("text", "files")
		return p.renderTicket(v, http.StatusUnprocessableEntity, t, form)
	}
	if text == "" {
		v.tell(noticeAttached)
	} else {
		v.tell(noticeReplied)
	}
	v.see(ticketPath(t) + "#main") // the form's own address ends in #reply, far below the notice
	return nil
}

// say appends the text, unless the visitor has said just that after the entry
// that they saw last.
func (p *Portal) say(v *visit, ticket, after int64, text string) error {
	there, err := p.tickets.Entries(v.ctx(), v.actor(), ticket, tickets.Public)
	if err != nil {
		return err
	}
	for _, e := range there {
		if e.ID > after && e.PersonID == v.who.PersonID && e.ByDesk && e.HTML == text {
			return nil
		}
	}
	_, err = p.tickets.AppendEntries(v.ctx(), v.actor(), ticket, []tickets.NewEntry{{Log: tickets.Public, HTML: text}})
	return err
}

// addFile notes why a file was refused. It reports whether it was.
func (m *mistakes) addFile(v *visit, err error) bool {
	switch errs.KindOf(err) {
	case errs.TooLarge:
		m.add("files", v.T("wrong.file-large"))
		return true
	case errs.Invalid:
		for _, f := range errs.FieldsOf(err) {
			m.add("files", strings.TrimSpace(v.mistake(f)))
		}
		return m.any()
	}
	return false
}
