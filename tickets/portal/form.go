package portal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"regexp"
	"slices"

	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/internal/httpx"
	"github.com/deskbridge/deskbridge/tickets"
)

// readForm reads the body of a form of at most limit bytes. Larger ones are
// refused before they are read, when they say how large they are.
func (v *visit) readForm(limit int64) error {
	if v.Request.ContentLength > limit {
		v.Header("Connection", "close")
		return &http.MaxBytesError{Limit: limit}
	}
	httpx.MaxBody(limit)(v.Context)
	kind, _, err := mime.ParseMediaType(v.GetHeader("Content-Type"))
	switch {
	case err == nil && kind == "multipart/form-data":
		err = v.Request.ParseMultipartForm(maxText)
	case err == nil && kind == "application/x-www-form-urlencoded":
		err = v.Request.ParseForm()
	default:
		return errNotForm
	}
	if errors.Is(err, multipart.ErrMessageTooLarge) {
		return &http.MaxBytesError{Limit: limit}
	}
	var tooLong *http.MaxBytesError
	if err != nil && !errors.As(err, &tooLong) {
		return errs.Wrap(err, errs.Invalid, "The form cannot be read.")
	}
	return err
}

// dropForm removes the temporary files of a form.
func (v *visit) dropForm() {
	if f := v.Request.MultipartForm; f != nil {
		if err := f.RemoveAll(); err != nil {
			httpx.Log(v.ctx()).Warn("temporary files of a form stay", "error", err)
		}
	}
}

// value is a field of the form's body; of several of one name the first.
func (v *visit) value(name string) string { return v.Request.PostForm.Get(name) }

// uploads are the files of a form, without the empty field that browsers send
// when nobody chose a file.
func (v *visit) uploads() []*multipart.FileHeader {
	if v.Request.MultipartForm == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(v.Request.MultipartForm.File["files"]), func(f *multipart.FileHeader) bool {
		return f.Filename == "" && f.Size == 0
	})
}

// maxUpload is the longest body of a form with files.
func (p *Portal) maxUpload() int64 { return p.conf.MaxFile + maxText }

// checkUploads says what is wrong with the number and the size of files, before
// anything is stored.
func (p *Portal) checkUploads(v *visit, list []*multipart.FileHeader, bad *mistakes) {
	var sum int64
	for _, f := range list {
		sum += f.Size
	}
	switch {
	case len(list) > maxFiles:
		bad.add("files", v.T("wrong.files", maxFiles))
	case sum > p.conf.MaxFile:
		bad.add("files", v.T("wrong.large", v.Size(p.conf.MaxFile)))
	}
}

// attach stores the files of a form on a ticket. A file that the visitor has put
// there before is not stored again, so that a form can be sent twice. It returns
// how many of the files are on the ticket by now.
func (p *Portal) attach(v *visit, ticket int64, list []*multipart.FileHeader) (int, error) {
	if len(list) == 0 {
		return 0, nil
	}
	there, err := p.tickets.Attachments(v.ctx(), v.actor(), ticket)
	if err != nil {
		return 0, err
	}
	for i, f := range list {
		if err := p.attachOne(v, ticket, f, there); err != nil {
			return i, err
		}
	}
	return len(list), nil
}

func (p *Portal) attachOne(v *visit, ticket int64, f *multipart.FileHeader, there []tickets.Attachment) error {
	data, err := f.Open()
	if err != nil {
		return fmt.Errorf("open an uploaded file: %w", err)
	}
	defer data.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, data); err != nil {
		return fmt.Errorf("read an uploaded file: %w", err)
	}
	hash := hex.EncodeToString(sum.Sum(nil))
	if slices.ContainsFunc(there, func(a tickets.Attachment) bool {
		return a.SHA256 == hash && a.PersonID == v.who.PersonID && a.Size == f.Size
	}) {
		return nil
	}
	if _, err := data.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read an uploaded file: %w", err)
	}
	_, err = p.tickets.Attach(v.ctx(), v.actor(), ticket, tickets.NewFile{Log: tickets.Public, Name: f.Filename, Data: data})
	return err
}

// formToken is what a form carries to be told from others.
var formToken = regexp.MustCompile(`^[A-Za-z0-9_-]{16,64}$`)

// token returns the form's own token, or a new one for a form that lost it.
func (p *Portal) token(v *visit) string {
	if t := v.value("token"); formToken.MatchString(t) {
		return t
	}
	return p.conf.NewToken()
}

// mistakes are what is wrong with a form, by field, in the order in which they
// were found.
type mistakes struct {
	order []string
	texts map[string]string
}

// add notes what is wrong with a field; the first mistake of a field stays.
func (m *mistakes) add(field, text string) {
	if m.texts == nil {
		m.texts = map[string]string{}
	}
	if m.texts[field] == "" {
		m.order = append(m.order, field)
		m.texts[field] = text
	}
}

// addAll notes the mistakes that an error of the desk carries. It reports
// whether the error was one of the input.
func (m *mistakes) addAll(v *visit, err error) bool {
	if !errs.Is(err, errs.Invalid) {
		return false
	}
	fields := errs.FieldsOf(err)
	for _, f := range fields {
		m.add(f.Path, v.mistake(f))
	}
	return len(fields) > 0
}

func (m *mistakes) any() bool { return len(m.order) > 0 }

// Of returns the mistake of a field, "" for none.
func (m *mistakes) Of(field string) string { return m.texts[field] }

// item is a mistake in the list above a form. Field is "" when the form does not
// show the field.
type item struct{ Field, Text string }

// list puts the mistakes into the order of the form's fields.
func (m *mistakes) list(fields ...string) []item {
	var out []item
	for _, f := range fields {
		if m.texts[f] != "" {
			out = append(out, item{f, m.texts[f]})
		}
	}
	for _, f := range m.order {
		if !slices.Contains(fields, f) {
			out = append(out, item{"", m.texts[f]})
		}
	}
	return out
}
