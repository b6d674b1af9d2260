package portal

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/tickets"
)

// maxListed is how many services the form offers.
const maxListed = 500

// newPage is the form for a new ticket, with what was typed so far.
type newPage struct {
	Token              string
	Title, Description string
	Services           []choice
	Subservices        []choice
	Asked              bool // a service is chosen, so that its sub-services are known
	Urgencies          []choice
	Custom             []customInput
	Limits             limits
	Errors             []item
	*mistakes
}

// customInput is the input of one custom field. Field is its name in the form
// and in the desk's mistakes.
type customInput struct {
	Field, Label, Value, Kind string
	Options                   []choice
	Required                  bool
}

// draft is a new ticket as the form has it.
type draft struct {
	title, description  string
	service, subservice int64
	urgency             int
	custom              tickets.Values
}

func (p *Portal) showNew(v *visit) error {
	d := draft{urgency: 3}
	d.service, _ = strconv.ParseInt(v.Query("service"), 10, 64)
	return p.renderNew(v, http.StatusOK, d, &mistakes{})
}

// readDraft takes the form's fields. What is no number is none.
func readDraft(v *visit, defs []tickets.CustomField) draft {
	d := draft{title: v.value("title"), description: v.value("description"), custom: tickets.Values{}}
	d.service, _ = strconv.ParseInt(v.value("service_id"), 10, 64)
	d.subservice, _ = strconv.ParseInt(v.value("servicesubcategory_id"), 10, 64)
	d.urgency, _ = strconv.Atoi(v.value("urgency"))
	for _, f := range defs {
		if raw := v.value("custom." + f.Code); raw != "" {
			d.custom[f.Code] = raw
		}
	}
	return d
}

func (p *Portal) create(v *visit) error {
	if err := v.readForm(p.maxUpload()); err != nil {
		return err
	}
	defer p.busy.take(v.who.UserID)()
	defs, err := p.tickets.CustomFields(v.ctx(), v.actor(), tickets.UserRequest)
	if err != nil {
		return err
	}
	d, bad := readDraft(v, defs), &mistakes{}
	if v.value("step") == "service" { // only the sub-services were asked for
		return p.renderNew(v, http.StatusOK, d, bad)
	}
	files := v.uploads()
	p.checkUploads(v, files, bad)
	d.check(v, defs, p.conf, bad)
	if bad.any() {
		return p.renderNew(v, http.StatusUnprocessableEntity, d, bad)
	}
	t, err := p.tickets.Create(v.ctx(), v.actor(), d.ticket(p.token(v)))
	if err != nil {
		if !bad.addAll(v, err) {
			return err
		}
		return p.renderNew(v, http.StatusUnprocessableEntity, d, bad)
	}
	codes, err := p.attachNew(v, t.ID, files)
	if err != nil {
		return err
	}
	v.tell(append([]string{noticeCreated}, codes...)...)
	v.see(ticketPath(t))
	return nil
}

// attachNew attaches the files of a new ticket. The ticket is there already, so
// a file that is refused is told of on its page.
func (p *Portal) attachNew(v *visit, ticket int64, files []*multipart.FileHeader) ([]string, error) {
	_, err := p.attach(v, ticket, files)
	switch errs.KindOf(err) {
	case "":
		return nil, nil
	case errs.TooLarge:
		return []string{noticeFileLarge}, nil
	case errs.Invalid:
		return []string{noticeFileKind}, nil
	}
	return nil, err
}

// check finds mistakes before the desk does, so that those of the files are
// shown together with all others.
func (d draft) check(v *visit, defs []tickets.CustomField, c Config, bad *mistakes) {
	if strings.TrimSpace(d.title) == "" {
		bad.add("title", v.T("wrong.title"))
	}
	if strings.TrimSpace(d.description) == "" {
		bad.add("description", v.T("wrong.description"))
	} else if n := len([]rune(d.description)); n > maxReply {
		bad.add("description", v.T("wrong.long", maxReply))
	}
	if d.urgency < 1 || d.urgency > 4 {
		bad.add("urgency", v.T("wrong.urgency"))
	}
	for _, f := range defs {
		value, err := f.Parse(d.custom[f.Code], c.Location)
		switch {
		case err != nil:
			bad.add("custom."+f.Code, v.mistake(errs.Field{Text: errs.Text(err)}))
		case value == "" && f.Mandatory:
			bad.add("custom."+f.Code, v.T("wrong.needed", f.Label))
		}
	}
}

// ticket is what the desk is asked to make. The desk makes one ticket for one
// token; what was typed is part of it, so that a form that somebody went back to
// and changed makes another one.
func (d draft) ticket(token string) tickets.NewTicket {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q %d %d %d", d.title, d.description, d.service, d.subservice, d.urgency)
	for _, code := range slices.Sorted(maps.Keys(d.custom)) {
		fmt.Fprintf(sum, " %q=%q", code, d.custom[code])
	}
	return tickets.NewTicket{
		Token: "portal:" + token + ":" + hex.EncodeToString(sum.Sum(nil)[:12]),
		Class: tickets.UserRequest, Origin: tickets.OriginPortal, Title: d.title, Description: tickets.HTMLFromText(d.description), Urgency: d.urgency,
		ServiceID: d.service, ServiceSubcategoryID: d.subservice, Custom: d.custom,
	}
}

// renderNew shows the form with what was typed.
func (p *Portal) renderNew(v *visit, status int, d draft, bad *mistakes) error {
	page := newPage{Token: p.token(v), Title: d.title, Description: d.description, Limits: p.limits(), mistakes: bad}
	for n := 1; n <= 4; n++ {
		page.Urgencies = append(page.Urgencies, choice{strconv.Itoa(n), v.T("urgency." + strconv.Itoa(n)), n == d.urgency})
	}
	if err := p.offer(v, &page, d); err != nil {
		return err
	}
	defs, err := p.tickets.CustomFields(v.ctx(), v.actor(), tickets.UserRequest)
	if err != nil {
		return err
	}
	fields := []string{"title", "description", "service_id", "servicesubcategory_id", "urgency"}
	for _, f := range defs {
		in := customInputOf(v, f, d.custom[f.Code])
		page.Custom = append(page.Custom, in)
		fields = append(fields, in.Field)
	}
	page.Errors = bad.list(append(fields, "files")...)
	p.show(v, status, "new", v.T("new.title"), page)
	return nil
}

// offer lists the services that the visitor's organisation may choose, and the
// parts of the chosen one.
func (p *Portal) offer(v *visit, page *newPage, d draft) error {
	services, _, err := p.tickets.Services(v.ctx(), v.actor(), tickets.DirectoryFilter{Limit: maxListed})
	if err != nil {
		return err
	}
	for _, s := range services {
		chosen := s.ID == d.service
		page.Asked = page.Asked || chosen
		page.Services = append(page.Services, choice{strconv.FormatInt(s.ID, 10), s.Name, chosen})
	}
	if !page.Asked {
		return nil
	}
	subs, _, err := p.tickets.Subcategories(v.ctx(), v.actor(), tickets.DirectoryFilter{ParentID: d.service, Limit: maxListed})
	if err != nil {
		return err
	}
	for _, s := range subs {
		page.Subservices = append(page.Subservices, choice{strconv.FormatInt(s.ID, 10), s.Name, s.ID == d.subservice})
	}
	return nil
}

// customInputOf describes the input that fits a custom field's type.
func customInputOf(v *visit, f tickets.CustomField, value string) customInput {
	in := customInput{Field: "custom." + f.Code, Label: f.Label, Value: value, Kind: string(f.Type), Required: f.Mandatory}
	switch f.Type {
	case tickets.FieldEnum:
		for _, o := range f.Options {
			in.Options = append(in.Options, choice{o.Value, o.Label, o.Value == value})
		}
	case tickets.FieldBool:
		in.Kind = string(tickets.FieldEnum)
		for _, b := range []string{"true", "false"} {
			in.Options = append(in.Options, choice{b, v.T("bool." + b), b == value})
		}
	case tickets.FieldDateTime:
		in.Value = strings.Replace(value, " ", "T", 1) // as the browser's own input writes it
	}
	return in
}
