package intercom

import (
	"bytes"
	"encoding/json"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// canvasWire is a canvas as it travels.
type canvasWire struct {
	Content    contentWire    `json:"content"`
	StoredData map[string]any `json:"stored_data,omitempty"`
}

type contentWire struct {
	Components []Component `json:"components"`
}

// MarshalJSON writes {"content":{"components":[...]},"stored_data":{...}}.
func (c Canvas) MarshalJSON() ([]byte, error) {
	w := canvasWire{Content: contentWire{Components: c.Components}, StoredData: c.StoredData}
	if w.Content.Components == nil {
		w.Content.Components = []Component{}
	}
	return json.Marshal(w)
}

// Answer is what an initialize or a submit call is answered with.
type Answer struct {
	Canvas Canvas `json:"canvas"`
}

func (Text) kind() string         { return "text" }
func (Button) kind() string       { return "button" }
func (Input) kind() string        { return "input" }
func (Textarea) kind() string     { return "textarea" }
func (Dropdown) kind() string     { return "dropdown" }
func (SingleSelect) kind() string { return "single-select" }
func (Checkbox) kind() string     { return "checkbox" }
func (List) kind() string         { return "list" }
func (DataTable) kind() string    { return "data-table" }
func (Image) kind() string        { return "image" }
func (Spacer) kind() string       { return "spacer" }
func (Divider) kind() string      { return "divider" }

// typed puts the wire name of a component, or of a part of one, in front of its
// own fields. The plain types below have no methods, so that they encode as
// they stand.
func typed(kind string, plain any) ([]byte, error) {
	b, err := json.Marshal(plain)
	if err != nil {
		return nil, err
	}
	head := append([]byte(`{"type":"`), kind...)
	head = append(head, '"')
	if !bytes.Equal(b, []byte("{}")) {
		head = append(head, ',')
	}
	return append(head, b[1:]...), nil
}

// MarshalJSON writes the component with its type.
func (c Text) MarshalJSON() ([]byte, error) { type plain Text; return typed(c.kind(), plain(c)) }

// MarshalJSON writes the component with its type.
func (c Button) MarshalJSON() ([]byte, error) { type plain Button; return typed(c.kind(), plain(c)) }

// MarshalJSON writes the component with its type.
func (c Input) MarshalJSON() ([]byte, error) { type plain Input; return typed(c.kind(), plain(c)) }

// MarshalJSON writes the component with its type.
func (c Textarea) MarshalJSON() ([]byte, error) {
	type plain Textarea
	return typed(c.kind(), plain(c))
}

// MarshalJSON writes the component with its type.
func (c Dropdown) MarshalJSON() ([]byte, error) {
	type plain Dropdown
	return typed(c.kind(), plain(c))
}

// MarshalJSON writes the component with its type.
func (c SingleSelect) MarshalJSON() ([]byte, error) {
	type plain SingleSelect
	return typed(c.kind(), plain(c))
}

// MarshalJSON writes the component with its type.
func (c Checkbox) MarshalJSON() ([]byte, error) {
	type plain Checkbox
	return typed(c.kind(), plain(c))
}

// MarshalJSON writes the component with its type.
func (c List) MarshalJSON() ([]byte, error) { type plain List; return typed(c.kind(), plain(c)) }

// MarshalJSON writes the component with its type.
func (c DataTable) MarshalJSON() ([]byte, error) {
	type plain DataTable
	return typed(c.kind(), plain(c))
}

// MarshalJSON writes the component with its type.
func (c Image) MarshalJSON() ([]byte, error) { type plain Image; return typed(c.kind(), plain(c)) }

// MarshalJSON writes the component with its type.
func (c Spacer) MarshalJSON() ([]byte, error) { type plain Spacer; return typed(c.kind(), plain(c)) }

// MarshalJSON writes the component with its type.
func (c Divider) MarshalJSON() ([]byte, error) { type plain Divider; return typed(c.kind(), plain(c)) }

// MarshalJSON writes the option with its type.
func (o Option) MarshalJSON() ([]byte, error) { type plain Option; return typed("option", plain(o)) }

// MarshalJSON writes the item with its type.
func (i Item) MarshalJSON() ([]byte, error) { type plain Item; return typed("item", plain(i)) }

// MarshalJSON writes the line with its type.
func (f FieldValue) MarshalJSON() ([]byte, error) {
	type plain FieldValue
	return typed("field-value", plain(f))
}

// ParseCanvas reads the canvas of an answer to an initialize or a submit call
// and checks it as Validate does. It is strict, for it judges what we send:
// Invalid for unknown components or fields and for values of the wrong type.
func ParseCanvas(answer []byte) (Canvas, error) {
	var w struct {
		Canvas *struct {
			Content *struct {
				Components []json.RawMessage `json:"components"`
			} `json:"content"`
			StoredData map[string]any `json:"stored_data"`
		} `json:"canvas"`
	}
	if err := strict(answer, &w); err != nil {
		return Canvas{}, errs.Wrap(err, errs.Invalid, "The answer is not a canvas.")
	}
	if w.Canvas == nil || w.Canvas.Content == nil || w.Canvas.Content.Components == nil {
		return Canvas{}, errs.E(errs.Invalid, "The answer has no canvas.content.components.")
	}
	c := Canvas{StoredData: w.Canvas.StoredData}
	for i, raw := range w.Canvas.Content.Components {
		k, err := parseComponent(raw)
		if err != nil {
			return Canvas{}, errs.Wrap(err, errs.Invalid, "Component "+itoa(i)+" of the canvas cannot be drawn.")
		}
		c.Components = append(c.Components, k)
	}
	return c, c.Validate()
}

func parseComponent(raw []byte) (Component, error) {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, err
	}
	switch head.Type {
	case Text{}.kind():
		return component[Text](raw)
	case Button{}.kind():
		return component[Button](raw)
	case Input{}.kind():
		return component[Input](raw)
	case Textarea{}.kind():
		return component[Textarea](raw)
	case Dropdown{}.kind():
		return component[Dropdown](raw)
	case SingleSelect{}.kind():
		return component[SingleSelect](raw)
	case Checkbox{}.kind():
		return component[Checkbox](raw)
	case List{}.kind():
		return component[List](raw)
	case DataTable{}.kind():
		return component[DataTable](raw)
	case Image{}.kind():
		return component[Image](raw)
	case Spacer{}.kind():
		return component[Spacer](raw)
	case Divider{}.kind():
		return component[Divider](raw)
	}
	return nil, errs.E(errs.Invalid, "There is no component of type %q.", head.Type)
}

// component reads one component. The type names of components, options, items
// and lines are fixed by where they stand, so they are dropped before the
// fields are compared with what the component may have.
func component[T Component](raw []byte) (Component, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}
	delete(fields, "type")
	for _, k := range []string{"options", "option", "items"} {
		if err := untype(fields, k); err != nil {
			return nil, err
		}
	}
	b, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	var c T
	if err := strict(b, &c); err != nil {
		return nil, err
	}
	return c, nil
}

func untype(fields map[string]json.RawMessage, key string) error {
	raw, ok := fields[key]
	if !ok {
		return nil
	}
	var list []map[string]json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return err
	}
	for _, m := range list {
		delete(m, "type")
	}
	b, err := json.Marshal(list)
	fields[key] = b
	return err
}

func strict(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(into)
}
