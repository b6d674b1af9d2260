package itop

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// probe is a code that no datamodel has. A call that sets it passes the checks
// of rights, which come first, and then fails without having changed anything.
// It sorts last, so that what stands before it in the request is judged first.
const probe = "zz_deskbridge_probe"

// Check tries the connection and each right. Writing is tried with calls that
// must fail after iTop has checked the rights.
func (d *Desk) Check(ctx context.Context) []desk.Finding {
	a, err := d.call(ctx, request{Operation: "list_operations"})
	if err != nil {
		return []desk.Finding{{Subject: "Log in", Text: d.loginAdvice(err), Fatal: true}}
	}
	found := []desk.Finding{{OK: true, Subject: "Log in", Text: "iTop answers and accepts this account."}}
	found = append(found, d.checkClock(a))
	class := d.config.Class
	newest, ok := d.checkRead(ctx, class)
	found = append(found, ok)
	if !ok.OK {
		return found
	}
	found = append(found, d.checkPeople(ctx), d.checkWrite(ctx, class), d.checkNames(ctx, class), d.checkLink(ctx, class))
	found = append(found, d.checkOrigin(ctx, class, newest), d.checkFiles(ctx))
	if newest != nil {
		found = append(found, d.checkZone(*newest, d.clock(a)))
	}
	return found
}

func (d *Desk) loginAdvice(err error) string {
	text := reason(err)
	switch {
	case strings.Contains(text, "REST Services User"):
		return text + " Give the account the profile \"REST Services User\"."
	case errs.Is(err, errs.Denied) && d.config.Auth == AuthToken:
		return text + " The token needs the scope REST/JSON, and \"token\" must be in allowed_login_types."
	case errs.Is(err, errs.Denied):
		return text + " Check user and password, and that \"" + d.config.Auth + "\" is in allowed_login_types."
	}
	return text
}

// reason says in one text what iTop minded.
func reason(err error) string {
	fields := errs.FieldsOf(err)
	if len(fields) == 0 {
		return errs.Text(err)
	}
	var all []string
	for _, f := range fields {
		all = append(all, f.Path+": "+f.Text)
	}
	return strings.Join(all, " ")
}

func (d *Desk) checkClock(a *answer) desk.Finding {
	f := desk.Finding{OK: true, Subject: "Clock", Text: "Both clocks agree."}
	if skew := d.clock(a).Sub(d.now()).Round(time.Second); skew > time.Minute || skew < -time.Minute {
		f.OK, f.Text = false, "iTop's clock differs from ours by "+skew.String()+"; entries will seem to come too early or too late. Set both by NTP."
	}
	return f
}

func (d *Desk) checkRead(ctx context.Context, class string) (*desk.Ticket, desk.Finding) {
	f := desk.Finding{Subject: "Read tickets", Fatal: true}
	page, err := d.tickets(ctx, class, "SELECT "+class+" AS t", nil, 1, 1)
	if err != nil {
		f.Text = reason(err) + " The account must be allowed to read class " + class + " (profile Support Agent, for example)."
		return nil, f
	}
	if len(d.describe(class)) == 0 {
		f.Text = "Class " + class + " is not described. Write its attributes into the workspace's configuration."
		return nil, f
	}
	f.OK, f.Fatal, f.Text = true, false, "Tickets of class "+class+" can be read."
	if len(page.Tickets) == 0 {
		return nil, f
	}
	return &page.Tickets[0], f
}

func (d *Desk) checkPeople(ctx context.Context) desk.Finding {
	f := desk.Finding{Subject: "Read people"}
	_, err := d.call(ctx, request{Operation: "core/get", Class: "Contact", Key: "SELECT Contact", OutputFields: contactFields, Limit: 1, Page: 1})
	if err != nil {
		f.Fatal, f.Text = true, reason(err)+" The account must be allowed to read class Contact to find callers and agents."
		return f
	}
	f.OK, f.Text = true, "Contacts can be read."
	return f
}

// refusedAfterRights reports whether a call failed only at the probe, that is
// after the rights were found sufficient.
func refusedAfterRights(err error) bool {
	var unknown errUnknownCode
	return errors.As(err, &unknown) && unknown.code == probe
}

func (d *Desk) checkWrite(ctx context.Context, class string) desk.Finding {
	f := desk.Finding{Subject: "Make and change tickets"}
	_, err := d.call(ctx, request{Operation: "core/create", Class: class, Comment: comment, OutputFields: "id", Fields: map[string]any{probe: "1"}})
	if !refusedAfterRights(err) {
		f.Fatal, f.Text = true, reason(err)+" The account must be allowed to create and modify class "+class+"."
		return f
	}
	f.OK, f.Text = true, "Tickets can be made and changed."
	return f
}

func (d *Desk) checkNames(ctx context.Context, class string) desk.Finding {
	f := desk.Finding{Subject: "Write log entries for others"}
	none := int64(0)
	name := "Deskbridge"
	_, err := d.call(ctx, request{
		Operation: "core/create", Class: class, Comment: comment, OutputFields: "id",
		Fields: map[string]any{
			d.codes.public: map[string]any{"items": []item{{Date: instant(d.now()), Text: "<p>x</p>", UserID: &none, Login: &name}}},
			probe:          "1",
		},
	})
	switch {
	case refusedAfterRights(err):
		d.refused.Store(0)
		f.OK, f.Text = true, "Log entries carry the real author."
	case errors.Is(err, errNotAdmin):
		d.learnNotAdmin()
		f.Text = "iTop lets only administrators do this. Entries are written in the account's name, with the author in the text. The profile Administrator would put the real author's name on each entry."
	default:
		f.Text = reason(err)
	}
	return f
}

func (d *Desk) checkLink(ctx context.Context, class string) desk.Finding {
	f := desk.Finding{OK: true, Subject: "Show the link on the ticket", Text: "The ticket shows its conversation."}
	d.missing.drop(class)
	codes := []string{d.codes.ref, d.codes.url, d.codes.sync}
	if _, err := d.get(ctx, class, "SELECT "+class+" WHERE id = 0", codes, 0, 0); err != nil {
		return desk.Finding{Subject: f.Subject, Text: reason(err)}
	}
	var lacks []string
	for _, c := range codes {
		if d.lacks(class, c) {
			lacks = append(lacks, c)
		}
	}
	if len(lacks) > 0 {
		f.OK = false
		f.Text = "The datamodel lacks " + strings.Join(lacks, ", ") + ". Linking works without; with them agents see the conversation in iTop too. The guide has the XML."
	}
	return f
}

// checkOrigin asks an existing ticket to take the origin together with an
// urgency that cannot be: iTop lists all that it minds and changes nothing.
func (d *Desk) checkOrigin(ctx context.Context, class string, newest *desk.Ticket) desk.Finding {
	f := desk.Finding{OK: true, Subject: "Origin chat", Text: "Tickets made from a chat get the origin chat."}
	if newest == nil {
		f.Text = "There is no ticket yet to try the origin chat with. When iTop refuses it, tickets are made without."
		return f
	}
	_, err := d.call(ctx, request{
		Operation: "core/update", Class: class, Key: number(newest.ID), Comment: comment, OutputFields: "id",
		Fields: map[string]any{"origin": "chat", "urgency": probe},
	})
	for _, field := range errs.FieldsOf(err) {
		if field.Path == "origin" {
			f.OK, f.Text = false, "Attribute origin has no value chat; tickets keep iTop's default. The guide has the XML that adds it."
		}
	}
	return f
}

func (d *Desk) checkFiles(ctx context.Context) desk.Finding {
	f := desk.Finding{Subject: "Attach files"}
	_, err := d.call(ctx, request{Operation: "core/create", Class: "Attachment", Comment: comment, OutputFields: "id", Fields: map[string]any{probe: "1"}})
	if !refusedAfterRights(err) {
		f.Text = reason(err) + " With the right to create class Attachment, files and pictures of the conversation are copied onto the ticket."
		return f
	}
	f.OK, f.Text = true, "Files can be attached to tickets."
	return f
}

// checkZone finds a wrong zone by a stamp that lies in the future; one that is
// too far in the past looks like an old ticket and cannot be told.
func (d *Desk) checkZone(t desk.Ticket, now time.Time) desk.Finding {
	f := desk.Finding{OK: true, Subject: "Time zone", Text: "Dates are read in " + d.zone.String() + "."}
	if t.Updated.After(now.Add(2 * time.Minute)) {
		f.OK, f.Text = false, "The newest ticket was changed in the future when dates are read in "+d.zone.String()+". Set time_zone to the value of \"timezone\" in iTop's configuration."
	}
	return f
}
