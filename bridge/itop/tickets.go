package itop

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
)

const (
	// tokenWindow is how long a second try of one form finds the first one's ticket.
	tokenWindow = 7 * 24 * time.Hour
	// maxOrgs is how many organisations of a scope are written into a query.
	maxOrgs = 500
	comment = "Deskbridge"
)

// Ticket returns one ticket.
func (d *Desk) Ticket(ctx context.Context, key desk.Key, attributes []string) (desk.Ticket, error) {
	if err := checkKey(key); err != nil {
		return desk.Ticket{}, err
	}
	page, err := d.tickets(ctx, key.Class, "SELECT "+key.Class+" AS t WHERE t.id = "+quote(key.ID), attributes, 0, 0)
	if err != nil {
		return desk.Ticket{}, err
	}
	if len(page.Tickets) == 0 {
		return desk.Ticket{}, errs.E(errs.NotFound, "iTop has no such ticket, or does not show it to this account.")
	}
	return page.Tickets[0], nil
}

func checkKey(k desk.Key) error {
	if !isWord(k.Class) || !isID(k.ID) {
		return errs.E(errs.NotFound, "iTop has no such ticket, or does not show it to this account.")
	}
	return nil
}

// Find returns a page of tickets in iTop's own order of the class, which for
// tickets is by ref, newest first.
func (d *Desk) Find(ctx context.Context, f desk.Filter) (desk.TicketPage, error) {
	if !isWord(f.Class) {
		return desk.TicketPage{}, errs.InvalidField("class", "is required")
	}
	for _, id := range []string{f.CallerID, f.OrgID} {
		if id != "" && !isID(id) {
			return desk.TicketPage{}, nil // MySQL would read it as some number
		}
	}
	oql, err := d.filter(ctx, f)
	if err != nil {
		return desk.TicketPage{}, err
	}
	if f.Limit <= 0 {
		f.Limit = defaultPage
	}
	f.Offset = max(f.Offset, 0)
	limit, page, skip := f.Limit, f.Offset/f.Limit+1, 0
	if f.Offset%f.Limit != 0 {
		limit, page, skip = f.Offset+f.Limit, 1, f.Offset
	}
	out, err := d.tickets(ctx, f.Class, oql, f.Attributes, limit, page)
	if err != nil {
		return desk.TicketPage{}, err
	}
	out.Tickets = out.Tickets[min(skip, len(out.Tickets)):]
	return out, nil
}

// filter writes a Filter as OQL, every value quoted.
func (d *Desk) filter(ctx context.Context, f desk.Filter) (string, error) {
	where := []string{"1"}
	for _, k := range []struct{ code, id string }{{d.codes.caller, f.CallerID}, {d.codes.org, f.OrgID}} {
		if k.id == "" {
			continue
		}
		where = append(where, "t."+k.code+" = "+quote(k.id))
	}
	if f.Scope != "" {
		ids, all, err := d.scopeOrgs(ctx, f.Scope, maxOrgs)
		switch {
		case err != nil:
			return "", err
		case !all:
			where = append(where, "t."+d.codes.org+" IN ("+f.Scope+")")
		case len(ids) > 0:
			where = append(where, "t."+d.codes.org+" IN "+list(ids))
		}
	}
	if len(f.ExcludeStates) > 0 {
		where = append(where, "t."+d.codes.status+" NOT IN "+list(f.ExcludeStates))
	}
	for _, w := range words(f.Words) {
		var any []string
		for _, code := range []string{"ref", "title", "description", d.codes.public, d.codes.private} {
			any = append(any, "t."+code+" LIKE "+contains(w))
		}
		where = append(where, "("+strings.Join(any, " OR ")+")")
	}
	return "SELECT " + f.Class + " AS t WHERE " + strings.Join(where, " AND "), nil
}

// words splits a search; more than eight add nothing but work for the server.
func words(s string) []string {
	w := strings.Fields(s)
	return w[:min(len(w), 8)]
}

// tickets runs a query and reads what desk.Ticket holds.
func (d *Desk) tickets(ctx context.Context, class, oql string, attributes []string, limit, page int) (desk.TicketPage, error) {
	all := d.describe(class)
	base := d.baseCodes()
	codes := append([]string(nil), base...)
	for _, code := range attributes {
		a := described(all, code)
		if !isWord(code) || !showable(a.Type) || contained(codes, code) {
			continue
		}
		codes = append(codes, code)
		if friendly := code + "_friendlyname"; a.Type == desk.TypeKey && !contained(codes, friendly) {
			codes = append(codes, friendly)
		}
	}
	for _, code := range base {
		if a, ok := find(all, code); ok && a.Type == desk.TypeKey && contained(attributes, code) {
			codes = append(codes, code+"_friendlyname")
		}
	}
	a, err := d.get(ctx, class, oql, codes, limit, page)
	if err != nil {
		return desk.TicketPage{}, err
	}
	out := desk.TicketPage{Total: a.total()}
	for _, o := range a.Objects {
		out.Tickets = append(out.Tickets, d.ticket(o, all, attributes))
	}
	return out, nil
}

// baseCodes are what every desk.Ticket holds.
func (d *Desk) baseCodes() []string {
	return []string{"ref", "title", "last_update", d.codes.status, d.codes.org, d.codes.caller, d.codes.ref, d.codes.url, d.codes.sync}
}

// showable reports whether a card can show an attribute (IC-08).
func showable(t desk.AttributeType) bool {
	switch t {
	case desk.TypeCaseLog, desk.TypeLinkedSet, desk.TypeBlob, desk.TypeCustomFields, desk.TypeDashboard:
		return false
	}
	return true
}

func (d *Desk) ticket(o object, all []Attribute, attributes []string) desk.Ticket {
	key := desk.Key{Class: o.Class, ID: string(o.Key)}
	status := o.text(d.codes.status)
	label, _ := find(all, d.codes.status)
	t := desk.Ticket{
		Key: key, Ref: o.text("ref"), Title: o.text("title"), Status: status, StatusLabel: label.label(status),
		OrgID: keyText(o.text(d.codes.org)), CallerID: keyText(o.text(d.codes.caller)), Updated: d.parseTime(o.text("last_update")),
		IntercomRef: o.text(d.codes.ref), IntercomURL: o.text(d.codes.url), SyncActive: o.flag(d.codes.sync),
		AgentURL: d.AgentURL(key), PortalURL: d.PortalURL(key),
	}
	for _, code := range attributes {
		raw, ok := o.Fields[code]
		if !ok || len(raw) == 0 || raw[0] == '{' || raw[0] == '[' {
			continue
		}
		a := described(all, code)
		v := desk.Value{Code: code, Label: a.Label, Type: a.Type, Raw: o.text(code)}
		switch a.Type {
		case desk.TypeKey:
			v.Raw = keyText(v.Raw)
			v.Text = strings.TrimSpace(o.text(code + "_friendlyname"))
		case desk.TypeEnum:
			v.Text = a.label(v.Raw)
		case desk.TypeHTML:
			v.Text = plain(v.Raw)
		default:
			v.Text = strings.TrimSpace(v.Raw)
		}
		t.Values = append(t.Values, v)
	}
	return t
}

// tokenClass is what a new ticket's description carries so that a second try
// finds it. Histories (CMDBChangeOpCreate) would do too, but only
// administrators may read them.
func tokenClass(token string) string {
	sum := sha256.Sum256([]byte(token))
	return markerPrefix + "t-" + hex.EncodeToString(sum[:16])
}

// Create makes a ticket with its logs in one core/create, once for each token.
func (d *Desk) Create(ctx context.Context, t desk.NewTicket) (desk.Ticket, error) {
	if t.Class == "" {
		t.Class = d.config.Class
	}
	if !isWord(t.Class) {
		return desk.Ticket{}, errs.InvalidField("class", "is required")
	}
	unlock := d.locks.lock("create\x00"+t.Token, ctx.Done())
	if unlock == nil {
		return desk.Ticket{}, errs.Wrap(ctx.Err(), errs.Upstream, "The ticket was not made in time.")
	}
	defer unlock()
	if t.Token != "" {
		if made, err := d.byToken(ctx, t); err != nil || made.ID != "" {
			return made, err
		}
	}
	fields, err := d.newFields(ctx, t)
	if err != nil {
		return desk.Ticket{}, err
	}
	made, err := d.create(ctx, t, fields)
	if err == nil || t.Token == "" || !errs.Is(err, errs.Upstream) {
		return made, err
	}
	// The answer was lost or unreadable; the ticket may be there all the same.
	if found, again := d.byToken(ctx, t); again == nil && found.ID != "" {
		return found, nil
	}
	return desk.Ticket{}, err
}

func (d *Desk) byToken(ctx context.Context, t desk.NewTicket) (desk.Ticket, error) {
	oql := "SELECT " + t.Class + " AS t WHERE t.start_date >= " + quote(d.naive(d.now().Add(-tokenWindow))) +
		" AND t.description LIKE " + contains(tokenClass(t.Token))
	page, err := d.tickets(ctx, t.Class, oql, nil, 0, 0)
	if err != nil || len(page.Tickets) == 0 {
		return desk.Ticket{}, err
	}
	if len(page.Tickets) > 1 {
		d.log.WarnContext(ctx, "iTop holds several tickets made by one form", "class", t.Class, "count", len(page.Tickets))
	}
	oldest := page.Tickets[0]
	for _, x := range page.Tickets {
		if number(x.ID) < number(oldest.ID) {
			oldest = x
		}
	}
	return oldest, nil
}

func (d *Desk) newFields(ctx context.Context, t desk.NewTicket) (map[string]any, error) {
	raw := map[string]string{}
	for k, v := range t.Values {
		raw[k] = v
	}
	if raw[d.codes.org] == "" {
		raw[d.codes.org] = t.OrgID
	}
	fields, err := d.fields(ctx, t.Class, raw)
	if err != nil {
		return nil, err
	}
	if _, set := fields[d.codes.org]; !set {
		return nil, errs.InvalidField(d.codes.org, "Organization is required.")
	}
	if _, set := fields[d.codes.caller]; !set && isID(t.Caller.ID) {
		fields[d.codes.caller] = number(t.Caller.ID)
	}
	if text, ok := fields["description"].(string); ok && t.Token != "" {
		fields["description"] = `<div class="` + tokenClass(t.Token) + `">` + text + `</div>`
	}
	if _, set := fields["origin"]; !set && t.Origin != "" && !d.lacks(t.Class, "origin") {
		fields["origin"] = t.Origin
	}
	if t.Link.Ref != "" {
		for code, v := range d.linkFields(t.Class, t.Link) {
			fields[code] = v
		}
	}
	return fields, nil
}

// create sends the ticket, dropping on the way what this iTop's datamodel or
// this account's rights do not allow.
func (d *Desk) create(ctx context.Context, t desk.NewTicket, fields map[string]any) (desk.Ticket, error) {
	for range 16 {
		if err := d.logFields(ctx, t, fields); err != nil {
			return desk.Ticket{}, err
		}
		a, err := d.call(ctx, request{
			Operation: "core/create", Class: t.Class, Comment: comment, Fields: fields,
			OutputFields: strings.Join(append([]string{"id"}, d.present(t.Class, d.baseCodes())...), ","),
		})
		if err != nil {
			if d.dropUnsupported(t, fields, err) {
				continue
			}
			return desk.Ticket{}, err
		}
		if len(a.Objects) != 1 {
			return desk.Ticket{}, errs.E(errs.Upstream, "iTop did not say which ticket it made.")
		}
		return d.ticket(a.Objects[0], d.describe(t.Class), nil), nil
	}
	return desk.Ticket{}, errs.E(errs.Invalid, "iTop kept refusing attributes of %s.", t.Class)
}

// dropUnsupported takes back what is ours to add and not the form's: link
// attributes that the datamodel lacks, the origin, other people's names.
func (d *Desk) dropUnsupported(t desk.NewTicket, fields map[string]any, err error) bool {
	if errors.Is(err, errNotAdmin) {
		return d.learnNotAdmin()
	}
	var unknown errUnknownCode
	if errors.As(err, &unknown) {
		if _, asked := t.Values[unknown.code]; asked || !contained(append(d.baseCodes(), "origin"), unknown.code) {
			return false
		}
		d.learn(t.Class, unknown.code)
		delete(fields, unknown.code)
		return true
	}
	if _, mine := t.Values["origin"]; mine {
		return false
	}
	for _, f := range errs.FieldsOf(err) {
		if _, set := fields["origin"]; set && f.Path == "origin" {
			delete(fields, "origin")
			return true
		}
	}
	return false
}

// logFields puts the conversation so far into the two logs.
func (d *Desk) logFields(ctx context.Context, t desk.NewTicket, fields map[string]any) error {
	items := map[string][]item{}
	for i, e := range t.Log {
		if err := checkEntry(i, e); err != nil {
			return err
		}
		it, err := d.item(ctx, e)
		if err != nil {
			return err
		}
		code := d.logCode(e.Log)
		items[code] = append(items[code], it)
	}
	for code, list := range items {
		fields[code] = map[string]any{"items": list}
	}
	return nil
}

func (d *Desk) linkFields(class string, l desk.LinkState) map[string]any {
	sync := "no"
	if l.Active && l.Ref != "" {
		sync = "yes"
	}
	out := map[string]any{}
	for code, v := range map[string]string{d.codes.ref: l.Ref, d.codes.url: l.URL, d.codes.sync: sync} {
		if !d.lacks(class, code) {
			out[code] = v
		}
	}
	return out
}

// SetLink writes the link onto the ticket, as far as the datamodel has the
// attributes; the link itself is kept by the bridge.
func (d *Desk) SetLink(ctx context.Context, key desk.Key, l desk.LinkState) error {
	if err := checkKey(key); err != nil {
		return err
	}
	unlock := d.locks.lock(key.String(), ctx.Done())
	if unlock == nil {
		return errs.Wrap(ctx.Err(), errs.Upstream, "The link was not written in time.")
	}
	defer unlock()
	for range 4 {
		fields := d.linkFields(key.Class, l)
		if len(fields) == 0 {
			return nil
		}
		_, err := d.call(ctx, request{
			Operation: "core/update", Class: key.Class, Key: number(key.ID), Comment: comment, Fields: fields, OutputFields: "id",
		})
		var unknown errUnknownCode
		if !errors.As(err, &unknown) {
			return err
		}
		d.learn(key.Class, unknown.code)
	}
	return nil
}
