package bridge

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// form draws the creation form. The clicked id may name the attribute that
// changed ("create-ticket::service_id"); all values come along, so that lists
// that depend on it are drawn anew.
func (c *card) form(ctx context.Context) (intercom.Canvas, error) {
	token, values := c.req.Stored(keyForm), c.values()
	if token == "" || len(c.args) == 0 {
		token, values = newToken(), nil
	}
	fields, err := c.fields(ctx)
	if err != nil {
		return intercom.Canvas{}, err
	}
	if values == nil {
		values = c.firstValues(fields)
	}
	return c.drawForm(ctx, token, fields, values, nil, "")
}

// values returns what was filled in, by attribute code, without the prefixes
// that the ids carry.
func (c *card) values() map[string]string {
	out := map[string]string{}
	for id := range c.req.InputValues {
		code, ok := strings.CutPrefix(id, idCreate+sep)
		if !ok || strings.Contains(code, sep) {
			continue
		}
		v := c.req.Input(id)
		v = strings.TrimPrefix(v, id+sep)
		if len(v) <= maxFieldBytes {
			out[code] = v
		}
	}
	return out
}

// maxFieldBytes bounds one field of the form.
const maxFieldBytes = 60 << 10

// firstValues fills a new form with what is known: the desk's defaults, and for
// title and description what the visitor said first.
func (c *card) firstValues(fields []desk.Attribute) map[string]string {
	v := map[string]string{}
	said := plain(clean(c.req.Conversation.Source.Body))
	for _, a := range fields {
		v[a.Code] = a.Default
		switch {
		case v[a.Code] != "":
		case a.Code == "title":
			v[a.Code] = cut(firstOf(c.req.Conversation.Title, said), 100)
		case a.Code == "description":
			v[a.Code] = cut(said, 4000)
		}
	}
	return v
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t = strings.TrimSpace(t); t != "" {
			return t
		}
	}
	return ""
}

// fields returns the attributes that the form asks for: the configured ones in
// their order, then the mandatory ones that nobody else fills in (IC-22). What
// no input of Intercom's can ask is left out (IC-10); a mandatory one among
// them is an error that says which.
func (c *card) fields(ctx context.Context) ([]desk.Attribute, error) {
	all, err := c.w.desk.Attributes(ctx, c.w.class)
	if err != nil {
		return nil, err
	}
	byCode := map[string]desk.Attribute{}
	for _, a := range all {
		byCode[a.Code] = a
	}
	var out []desk.Attribute
	for _, code := range c.w.setup.FormAttributes() {
		if a, ok := byCode[code]; ok && askable(a) {
			out = append(out, a)
		}
	}
	known, err := c.known(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		if !a.Mandatory || a.ReadOnly || a.Default != "" || known[a.Code] || slices.ContainsFunc(out, func(o desk.Attribute) bool { return o.Code == a.Code }) {
			continue
		}
		if !askable(a) {
			return nil, errs.E(errs.Invalid, "%s is mandatory for a %s, but cannot be asked here. Give it a default value in the ticket system.", a.Label, c.w.class)
		}
		out = append(out, a)
	}
	return out, nil
}

// known are the mandatory attributes that need no asking.
func (c *card) known(ctx context.Context) (map[string]bool, error) {
	caller, err := c.caller(ctx)
	if err != nil {
		return nil, err
	}
	m := map[string]bool{}
	if caller.ID != "" {
		m[c.w.setup.Attribute("caller_id")] = true
	}
	if caller.OrgID != "" || c.w.setup.Desk.DefaultOrg != "" {
		m[c.w.setup.Attribute("org_id")] = true
	}
	return m, nil
}

// askable reports whether Intercom has an input for an attribute. Dates and
// durations are asked as text and checked.
func askable(a desk.Attribute) bool {
	if a.ReadOnly {
		return false
	}
	switch a.Type {
	case desk.TypeExternalField, desk.TypeCaseLog, desk.TypeLinkedSet, desk.TypeBlob, desk.TypeCustomFields, desk.TypeDashboard:
		return false
	}
	return true
}

// drawForm draws the fields with their values and mistakes.
func (c *card) drawForm(ctx context.Context, token string, fields []desk.Attribute, values map[string]string, wrong []errs.Field, problem string) (intercom.Canvas, error) {
	out := canvas()
	if problem != "" {
		out.Components = append(out.Components, intercom.ErrorText(intercom.Escape(problem)))
	}
	out.Components = append(out.Components, intercom.Header("New ticket"), intercom.Muted("Fields with an * must be filled in."), intercom.Divider{})
	values, err := c.withCaller(ctx, values)
	if err != nil {
		return intercom.Canvas{}, err
	}
	leads := map[string]bool{}
	for _, a := range fields {
		for _, d := range a.DependsOn {
			leads[d] = true
		}
	}
	for _, a := range fields {
		mistake := ""
		for _, f := range wrong {
			if f.Path == a.Code {
				mistake = f.Text
			}
		}
		drawn, err := c.drawField(ctx, a, values, leads[a.Code], mistake != "")
		if err != nil {
			return intercom.Canvas{}, err
		}
		out.Components = append(out.Components, drawn...)
		if mistake != "" {
			out.Components = append(out.Components, intercom.ErrorText(intercom.Escape(mistake)))
		}
	}
	for _, f := range wrong {
		if !slices.ContainsFunc(fields, func(a desk.Attribute) bool { return a.Code == f.Path }) {
			out.Components = append(out.Components, intercom.ErrorText(intercom.Escape(f.Path+": "+f.Text)))
		}
	}
	out.Components = append(out.Components, spacer(intercom.SizeS), intercom.SubmitButton(idSubmit, "Create", intercom.StylePrimary), back(idHome))
	out.StoredData = map[string]any{keyForm: token}
	return out, nil
}

// withCaller adds what the form need not ask, because lists depend on it: the
// services of the caller's organisation.
func (c *card) withCaller(ctx context.Context, values map[string]string) (map[string]string, error) {
	caller, err := c.caller(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]string{
		c.w.setup.Attribute("caller_id"): caller.ID,
		c.w.setup.Attribute("org_id"):    firstOf(caller.OrgID, c.w.setup.Desk.DefaultOrg),
	}
	for k, v := range values {
		if v != "" || out[k] == "" {
			out[k] = v
		}
	}
	return out, nil
}

func (c *card) drawField(ctx context.Context, a desk.Attribute, values map[string]string, leads, wrong bool) ([]intercom.Component, error) {
	id, label := idCreate+sep+a.Code, a.Label
	if a.Mandatory {
		label += " *"
	}
	state := intercom.Unsaved
	if wrong {
		state = intercom.Failed
	}
	switch a.Type {
	case desk.TypeEnum, desk.TypeKey, desk.TypeBool:
		return c.drawChoice(ctx, a, id, label, values, leads, state)
	case desk.TypeText, desk.TypeHTML:
		return []intercom.Component{intercom.Textarea{ID: id, Label: label, Value: values[a.Code], Error: wrong}}, nil
	}
	return []intercom.Component{intercom.Input{ID: id, Label: label, Placeholder: placeholder(a.Type), Value: values[a.Code], SaveState: state}}, nil
}

func placeholder(t desk.AttributeType) string {
	switch t {
	case desk.TypeDate:
		return "2026-12-31"
	case desk.TypeDateTime:
		return "2026-12-31 17:30"
	case desk.TypeDuration:
		return "1h 30m"
	}
	return ""
}

// drawChoice draws a list of values. Intercom's dropdown holds 2 to 10 options:
// a longer list gets a field to narrow it by, a shorter one is only shown.
func (c *card) drawChoice(ctx context.Context, a desk.Attribute, id, label string, values map[string]string, leads bool, state intercom.SaveState) ([]intercom.Component, error) {
	words := strings.TrimSpace(c.req.Input(id + sep + "search"))
	q := desk.OptionQuery{Class: c.w.class, Attribute: a.Code, Values: values, Search: words, Limit: intercom.MaxOptions}
	page, err := c.w.desk.Options(ctx, q)
	if err != nil {
		return nil, err
	}
	options := page.Options
	if current, ok, err := c.currentOption(ctx, a, q, options, values[a.Code]); err != nil {
		return nil, err
	} else if ok {
		options = append([]desk.Option{current}, options[:min(len(options), intercom.MaxOptions-1)]...)
	}
	var out []intercom.Component
	if page.Total > intercom.MaxOptions || words != "" {
		out = append(out, intercom.Input{ID: id + sep + "search", Label: "Find: " + a.Label, Value: words, Placeholder: "Type a part of the name", Action: intercom.Submit()})
	}
	switch {
	case len(options) == 0:
		text := "None to choose from"
		if words != "" {
			text = "Nothing fits. Try other words."
		}
		return append(out, intercom.Input{ID: id, Label: label, Placeholder: text, Disabled: true}), nil
	case len(options) == 1:
		// Too few for a dropdown, which wants two: offer to leave it empty.
		options = append(options, desk.Option{Value: "", Label: "(none)"})
	}
	d := intercom.Dropdown{ID: id, Label: label, SaveState: state}
	if leads {
		d.Action = intercom.Submit()
	}
	for _, o := range options {
		opt := intercom.Option{ID: id + sep + o.Value, Text: orDash(cut(o.Label, 100))}
		d.Options = append(d.Options, opt)
		if o.Value != "" && o.Value == values[a.Code] {
			d.Value = opt.ID
		}
	}
	out = append(out, d)
	if page.Total > intercom.MaxOptions {
		out = append(out, intercom.Muted(fmt.Sprintf("%d of %d shown. Type above to narrow the list.", len(options), page.Total)))
	}
	return out, nil
}

// currentOption finds the chosen value when the page of options lacks it.
func (c *card) currentOption(ctx context.Context, a desk.Attribute, q desk.OptionQuery, shown []desk.Option, value string) (desk.Option, bool, error) {
	has := func(o desk.Option) bool { return o.Value == value }
	if value == "" || slices.ContainsFunc(shown, has) {
		return desk.Option{}, false, nil
	}
	q.Search, q.Limit = "", 0
	q.Value = value
	page, err := c.w.desk.Options(ctx, q)
	if err != nil {
		return desk.Option{}, false, err
	}
	if i := slices.IndexFunc(page.Options, has); i >= 0 {
		return page.Options[i], true, nil
	}
	return desk.Option{}, false, nil
}
