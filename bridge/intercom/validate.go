package intercom

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// Validate reports every reason for which Intercom would refuse to draw the
// canvas, or would draw something else than was meant: missing, doubled or
// empty ids, empty texts, too few or too many options, a value that is not
// among the options, images without sizes, addresses that are not https, and
// sizes over the limits. The error is Invalid, with a field for each mistake.
func (c Canvas) Validate() error {
	v := &validator{ids: map[string]bool{}}
	if len(c.Components) == 0 {
		v.fields.Add("components", "A canvas needs at least one component.")
	}
	for i, k := range c.Components {
		v.path = "components[" + itoa(i) + "]"
		if k == nil {
			v.add("", "is empty")
			continue
		}
		k.validate(v)
	}
	v.sizes(c)
	return v.fields.Err()
}

type validator struct {
	path   string
	ids    map[string]bool
	fields errs.Fields
}

func itoa(i int) string { return strconv.Itoa(i) }

func (v *validator) add(field, format string, args ...any) {
	path := v.path
	if field != "" {
		path += "." + field
	}
	v.fields.Add(path, format, args...)
}

func (v *validator) sizes(c Canvas) {
	content, err := json.Marshal(Canvas{Components: slices.DeleteFunc(slices.Clone(c.Components), func(k Component) bool { return k == nil })})
	if err != nil {
		v.fields.Add("components", "cannot be written: %v", err)
	} else if len(content) > MaxCanvasContent {
		v.fields.Add("components", "are %d bytes, more than %d", len(content), MaxCanvasContent)
	}
	stored, err := json.Marshal(c.StoredData)
	if err != nil {
		v.fields.Add("stored_data", "cannot be written: %v", err)
	} else if len(stored) > MaxCanvasContent {
		v.fields.Add("stored_data", "is %d bytes, more than %d", len(stored), MaxCanvasContent)
	}
}

// id wants a fresh id; optional ids may be missing.
func (v *validator) id(field, id string, optional bool) {
	switch {
	case id == "" && !optional:
		v.add(field, "needs an id")
	case id != "" && v.ids[id]:
		v.add(field, "%q is there twice", id)
	case id != "":
		v.ids[id] = true
	}
}

func (v *validator) text(field, s string) {
	if strings.TrimSpace(s) == "" {
		v.add(field, "must not be empty")
	}
}

func oneOf[T ~string](v *validator, field string, got T, allowed ...T) {
	if got != "" && !slices.Contains(allowed, got) {
		v.add(field, "%q is not allowed here", string(got))
	}
}

func (v *validator) action(a *Action, required bool, types ...string) {
	switch {
	case a == nil && required:
		v.add("action", "is missing")
	case a == nil:
	case !slices.Contains(types, a.Type):
		v.add("action.type", "%q is not allowed here", a.Type)
	case a.Type == "url":
		v.address("action.url", a.URL, "https", "http", "mailto")
	case a.URL != "":
		v.add("action.url", "belongs to a url action only")
	}
}

func (v *validator) address(field, s string, schemes ...string) {
	u, err := url.Parse(s)
	if err != nil || !slices.Contains(schemes, u.Scheme) || (u.Scheme != "mailto" && u.Host == "") {
		v.add(field, "must be a full %s address", strings.Join(schemes, " or "))
	}
}

func (v *validator) options(field string, options []Option, least, most int, values ...string) {
	if n := len(options); n < least || n > most {
		v.add(field, "has %d options, allowed are %d to %d", n, least, most)
	}
	own := map[string]bool{}
	for i, o := range options {
		at := field + "[" + itoa(i) + "]"
		switch {
		case o.ID == "":
			v.add(at+".id", "needs an id")
		case own[o.ID]:
			v.add(at+".id", "%q is there twice", o.ID)
		}
		own[o.ID] = true
		v.text(at+".text", o.Text)
	}
	for _, s := range values {
		if s != "" && !own[s] {
			v.add("value", "%q is not among the options", s)
		}
	}
}

func (v *validator) saveState(s SaveState) { oneOf(v, "save_state", s, Unsaved, Saved, Failed) }

func (c Text) validate(v *validator) {
	v.id("id", c.ID, true)
	v.text("text", c.Text)
	oneOf(v, "align", c.Align, AlignLeft, AlignCenter, AlignRight)
	oneOf(v, "style", c.Style, StyleHeader, StyleParagraph, StyleMuted, StyleError)
	oneOf(v, "bottom_margin", c.BottomMargin, MarginNone)
}

func (c Button) validate(v *validator) {
	v.id("id", c.ID, false)
	v.text("label", c.Label)
	v.action(c.Action, true, "submit", "url")
	oneOf(v, "style", c.Style, StylePrimary, StyleSecondary, StyleLink)
}

func (c Input) validate(v *validator) {
	v.id("id", c.ID, false)
	v.action(c.Action, false, "submit", "url")
	v.saveState(c.SaveState)
}

func (c Textarea) validate(v *validator) { v.id("id", c.ID, false) }

func (c Dropdown) validate(v *validator) {
	v.id("id", c.ID, false)
	v.options("options", c.Options, MinOptions, MaxOptions, c.Value)
	v.action(c.Action, false, "submit")
	v.saveState(c.SaveState)
}

func (c SingleSelect) validate(v *validator) {
	v.id("id", c.ID, false)
	v.options("options", c.Options, MinOptions, MaxOptions, c.Value)
	v.action(c.Action, false, "submit")
	v.saveState(c.SaveState)
}

func (c Checkbox) validate(v *validator) {
	v.id("id", c.ID, false)
	v.options("option", c.Options, 1, MaxOptions, c.Value...)
	v.saveState(c.SaveState)
}

func (c List) validate(v *validator) {
	if len(c.Items) == 0 {
		v.add("items", "must not be empty")
	}
	path := v.path
	for i, it := range c.Items {
		v.path = path + ".items[" + itoa(i) + "]"
		v.id("id", it.ID, false)
		v.text("title", it.Title)
		v.action(it.Action, false, "submit", "url")
		if it.Image != "" {
			v.address("image", it.Image, "https")
			if it.ImageWidth <= 0 || it.ImageHeight <= 0 {
				v.add("image", "needs image_width and image_height")
			}
		}
	}
	v.path = path
}

func (c DataTable) validate(v *validator) {
	if len(c.Items) == 0 {
		v.add("items", "must not be empty")
	}
	for i, it := range c.Items {
		at := "items[" + itoa(i) + "]"
		v.text(at+".field", it.Field)
		v.text(at+".value", it.Value)
	}
}

func (c Image) validate(v *validator) {
	v.id("id", c.ID, true)
	v.address("url", c.URL, "https")
	if c.Width <= 0 || c.Height <= 0 {
		v.add("url", "needs width and height")
	}
	oneOf(v, "align", c.Align, AlignLeft, AlignCenter, AlignRight, AlignFullWidth)
	oneOf(v, "bottom_margin", c.BottomMargin, MarginNone)
	v.action(c.Action, false, "url")
}

func (c Spacer) validate(v *validator) {
	v.id("id", c.ID, true)
	oneOf(v, "size", c.Size, SizeXS, SizeS, SizeM, SizeL, SizeXL)
}

func (c Divider) validate(v *validator) {
	v.id("id", c.ID, true)
	oneOf(v, "bottom_margin", c.BottomMargin, MarginNone)
}
