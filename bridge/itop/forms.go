package itop

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sort"
	"strings"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// defaultPage is how many options a query without a limit gets.
const defaultPage = 50

// reHole finds ":code" in a filter, outside of quotes.
var reHole = regexp.MustCompile(`'(?:[^'\\]|\\.)*'|:([A-Za-z_][A-Za-z0-9_]*)`)

// Attributes returns the built-in and configured description of a class,
// without what this iTop's datamodel turned out not to have.
func (d *Desk) Attributes(ctx context.Context, class string) ([]desk.Attribute, error) {
	all := d.describe(class)
	if len(all) == 0 {
		return nil, errs.InvalidField("class", "%q is not described: only UserRequest and Incident are known by themselves, other classes need their attributes in the workspace's configuration", class)
	}
	var codes []string
	for _, a := range all {
		if a.Type != desk.TypeLinkedSet && a.Type != desk.TypeCaseLog && a.Type != desk.TypeBlob {
			codes = append(codes, a.Code)
		}
	}
	if _, known := d.missing.get(class); !known {
		// One read of no object makes iTop check every code.
		if _, err := d.get(ctx, class, "SELECT "+class+" WHERE id = 0", codes, 0, 0); err != nil {
			return nil, err
		}
	}
	var out []desk.Attribute
	for _, a := range all {
		if !d.lacks(class, a.Code) {
			out = append(out, a.Attribute)
		}
	}
	return out, nil
}

// lacks reports whether the datamodel is known not to have an attribute.
func (d *Desk) lacks(class, code string) bool {
	m, _ := d.missing.get(class)
	return m[code]
}

// present leaves out the codes that the datamodel is known not to have.
func (d *Desk) present(class string, codes []string) []string {
	out := make([]string, 0, len(codes))
	for _, c := range codes {
		if !d.lacks(class, c) {
			out = append(out, c)
		}
	}
	return out
}

// learn remembers that a class has no such attribute.
func (d *Desk) learn(class, code string) {
	old, _ := d.missing.get(class)
	m := map[string]bool{}
	for c := range old {
		m[c] = true
	}
	if code != "" {
		m[code] = true
	}
	d.missing.put(class, m)
}

// get reads objects with those of the codes that the datamodel has. iTop
// refuses a whole call for one unknown code and names it, so the call is
// repeated without it, and the code remembered.
func (d *Desk) get(ctx context.Context, class, oql string, codes []string, limit, page int) (*answer, error) {
	for range len(codes) + 1 {
		wanted := d.present(class, codes)
		if len(wanted) == 0 {
			wanted = []string{"id"}
		}
		a, err := d.call(ctx, request{
			Operation: "core/get", Class: class, Key: oql, OutputFields: strings.Join(wanted, ","), Limit: limit, Page: page,
		})
		var unknown errUnknownCode
		if errors.As(err, &unknown) && contained(wanted, unknown.code) {
			d.learn(class, unknown.code)
			continue
		}
		if err != nil {
			return nil, err
		}
		if _, known := d.missing.get(class); !known {
			d.learn(class, "")
		}
		return a, nil
	}
	return nil, errs.E(errs.Internal, "reading %s found no end of unknown attributes", class)
}

// Options returns the values that an attribute may take.
func (d *Desk) Options(ctx context.Context, q desk.OptionQuery) (desk.OptionPage, error) {
	a, ok := find(d.describe(q.Class), q.Attribute)
	if !ok {
		return desk.OptionPage{}, errs.InvalidField(q.Attribute, "is not an attribute of %s", q.Class)
	}
	if q.Limit <= 0 {
		q.Limit = defaultPage
	}
	if q.Offset < 0 {
		q.Offset = 0
	}
	switch a.Type {
	case desk.TypeEnum:
		return slice(narrow(a.Options, q.Search), q.Offset, q.Limit), nil
	case desk.TypeBool:
		return slice(narrow(choices("yes", "Yes", "no", "No"), q.Search), q.Offset, q.Limit), nil
	case desk.TypeKey:
		return d.keyOptions(ctx, a, q)
	}
	return desk.OptionPage{}, errs.InvalidField(q.Attribute, "has no list of values")
}

func narrow(all []desk.Option, search string) []desk.Option {
	search = strings.ToLower(strings.TrimSpace(search))
	if search == "" {
		return all
	}
	var out []desk.Option
	for _, o := range all {
		if strings.Contains(strings.ToLower(o.Label), search) {
			out = append(out, o)
		}
	}
	return out
}

func slice(all []desk.Option, offset, limit int) desk.OptionPage {
	page := desk.OptionPage{Total: len(all)}
	if offset < len(all) {
		page.Options = append(page.Options, all[offset:min(offset+limit, len(all))]...)
	}
	return page
}

// keyQuery fills a key's filter with the form's values. ok is false when a
// value that the filter needs is missing: then there is nothing to choose yet.
func keyQuery(all []Attribute, a Attribute, values map[string]string) (q scopeQuery, ok bool, err error) {
	filter := strings.TrimSpace(a.Filter)
	switch {
	case filter == "":
		filter = "SELECT " + a.Target + " AS k"
	case !strings.HasPrefix(strings.ToUpper(filter), "SELECT "):
		filter = "SELECT " + a.Target + " AS k WHERE " + filter
	}
	ok = true
	filter = reHole.ReplaceAllStringFunc(filter, func(m string) string {
		if m[0] == '\'' {
			return m
		}
		v := values[m[1:]]
		// MySQL reads "1 OR 1=1" as 1 where it wants a number.
		if k, found := find(all, m[1:]); v == "" || found && k.Type == desk.TypeKey && !isID(v) {
			ok = false
		}
		return quote(v)
	})
	queries, err := parseScope(filter)
	if err != nil || len(queries) != 1 {
		return q, false, errs.E(errs.Internal, "the filter of %s is not one query", a.Code)
	}
	return queries[0], ok, nil
}

func (d *Desk) keyOptions(ctx context.Context, a Attribute, q desk.OptionQuery) (desk.OptionPage, error) {
	all := d.describe(q.Class)
	query, ok, err := keyQuery(all, a, withDefaults(all, q.Values))
	if err != nil || !ok {
		return desk.OptionPage{}, err
	}
	oql := query.and("friendlyname LIKE " + contains(strings.TrimSpace(q.Search)))
	limit, page, skip := q.Limit, q.Offset/q.Limit+1, 0
	if q.Offset%q.Limit != 0 {
		// iTop has whole pages only.
		limit, page, skip = q.Offset+q.Limit, 1, q.Offset
	}
	cacheKey := fmt.Sprintf("%s\x00%d\x00%d", oql, limit, page)
	out, cached := d.options.get(cacheKey)
	if !cached {
		got, err := d.call(ctx, request{
			Operation: "core/get", Class: query.class, Key: oql, OutputFields: "friendlyname", Limit: limit, Page: page,
		})
		if err != nil {
			return desk.OptionPage{}, err
		}
		out.Total = got.total()
		for _, o := range got.Objects {
			out.Options = append(out.Options, desk.Option{Value: string(o.Key), Label: strings.TrimSpace(o.text("friendlyname"))})
		}
		d.options.put(cacheKey, out)
	}
	return desk.OptionPage{Total: out.Total, Options: append([]desk.Option(nil), out.Options[min(skip, len(out.Options)):]...)}, nil
}

// withDefaults adds what a new ticket gets by itself, so that a list that
// depends on an attribute that is not asked works too.
func withDefaults(all []Attribute, values map[string]string) map[string]string {
	out := map[string]string{}
	for _, a := range all {
		if a.Default != "" {
			out[a.Code] = a.Default
		}
	}
	for k, v := range values {
		if v != "" {
			out[k] = v
		}
	}
	return out
}

// fields turns a form's raw values into the fields of a create. Every value is
// checked to be of its kind: a key that is not a number would be read by iTop
// as a query, and a key outside of its list would reach into other
// organisations.
func (d *Desk) fields(ctx context.Context, class string, raw map[string]string) (map[string]any, error) {
	all := d.describe(class)
	values := withDefaults(all, raw)
	out, bad := map[string]any{}, errs.Fields{}
	codes := make([]string, 0, len(raw))
	for code := range raw {
		codes = append(codes, code)
	}
	sort.Strings(codes)
	for _, code := range codes {
		v := raw[code]
		a, ok := find(all, code)
		switch {
		case !ok:
			bad.Add(code, "This is not an attribute of %s.", class)
		case a.ReadOnly || a.Type == desk.TypeCaseLog || a.Type == desk.TypeLinkedSet || a.Type == desk.TypeBlob || a.Type == desk.TypeExternalField:
			bad.Add(code, "%s cannot be set.", a.Label)
		case a.Type == desk.TypeKey:
			if v == "" || v == "0" {
				continue
			}
			in, err := d.allowed(ctx, all, a, v, values)
			if err != nil {
				return nil, err
			}
			if !in {
				bad.Add(code, "%s must be one of the values offered.", a.Label)
				continue
			}
			out[code] = number(v)
		case a.Type == desk.TypeHTML && v != "":
			out[code] = rich(v)
		default:
			out[code] = v
		}
	}
	for _, a := range all {
		if a.Mandatory && !a.ReadOnly && a.Type != desk.TypeKey && strings.TrimSpace(values[a.Code]) == "" && !d.lacks(class, a.Code) {
			bad.Add(a.Code, "%s is required.", a.Label)
		}
	}
	return out, bad.Err()
}

// allowed reports whether a key is in the attribute's list.
func (d *Desk) allowed(ctx context.Context, all []Attribute, a Attribute, v string, values map[string]string) (bool, error) {
	if !isID(v) {
		return false, nil
	}
	query, ok, err := keyQuery(all, a, values)
	if err != nil || !ok {
		return false, err
	}
	got, err := d.call(ctx, request{Operation: "core/get", Class: query.class, Key: query.and("id = " + quote(v)), OutputFields: "id"})
	if err != nil {
		return false, err
	}
	return len(got.Objects) > 0, nil
}
