package intercom

import (
	"encoding/json"
	"strings"
)

// Limits of Canvas Kit (intercom.md 1.3, 1.4).
const (
	MaxCanvasContent = 64 << 10 // bytes of content, and of stored data
	MinOptions       = 2        // of a dropdown and a single-select
	MaxOptions       = 10
	MaxFirstHeight   = 400 // pixels of the first card that an inbox app shows
)

// Canvas is a card. StoredData comes back with the next request; the browser
// can read it, so it never holds a secret.
type Canvas struct {
	Components []Component
	StoredData map[string]any
}

// Component is one of the building blocks of a canvas: Text, Button, Input,
// Textarea, Dropdown, SingleSelect, Checkbox, List, DataTable, Image, Spacer or
// Divider, each by value.
type Component interface {
	json.Marshaler
	kind() string
	validate(v *validator)
	height() int
}

// Style is the look of a Text or a Button.
type Style string

// Styles of a text; the empty style is StyleParagraph.
const (
	StyleHeader    Style = "header"
	StyleParagraph Style = "paragraph"
	StyleMuted     Style = "muted"
	StyleError     Style = "error"
)

// Styles of a button; the empty style is StylePrimary.
const (
	StylePrimary   Style = "primary"
	StyleSecondary Style = "secondary"
	StyleLink      Style = "link"
)

// Align is where a Text or an Image stands; empty is AlignLeft.
type Align string

// The alignments. AlignFullWidth is for images alone.
const (
	AlignLeft      Align = "left"
	AlignCenter    Align = "center"
	AlignRight     Align = "right"
	AlignFullWidth Align = "full_width"
)

// SaveState colours the frame of a field.
type SaveState string

// The save states; the empty one is Unsaved.
const (
	Unsaved SaveState = "unsaved"
	Saved   SaveState = "saved"
	Failed  SaveState = "failed"
)

// Size is the height of a Spacer; empty is SizeS.
type Size string

// The sizes.
const (
	SizeXS Size = "xs"
	SizeS  Size = "s"
	SizeM  Size = "m"
	SizeL  Size = "l"
	SizeXL Size = "xl"
)

// MarginNone takes away the room below a Text, an Image or a Divider.
const MarginNone = "none"

// Action is what a click does: submit the canvas, or open an address.
type Action struct {
	Type string `json:"type"`
	URL  string `json:"url,omitempty"`
}

// Submit returns the action that sends the canvas to the submit flow.
func Submit() *Action { return &Action{Type: "submit"} }

// OpenURL returns the action that opens an address in a new tab.
func OpenURL(address string) *Action { return &Action{Type: "url", URL: address} }

// Text is a line or a paragraph. Of Markdown it knows links and bold: pass
// strangers' words through Escape.
type Text struct {
	ID           string `json:"id,omitempty"`
	Text         string `json:"text"`
	Align        Align  `json:"align,omitempty"`
	Style        Style  `json:"style,omitempty"`
	BottomMargin string `json:"bottom_margin,omitempty"`
}

// Button is clicked. Action is required.
type Button struct {
	ID       string  `json:"id"`
	Label    string  `json:"label"`
	Action   *Action `json:"action"`
	Style    Style   `json:"style,omitempty"`
	Disabled bool    `json:"disabled,omitempty"`
}

// Input asks for one line. With an Action it has a button of its own.
type Input struct {
	ID          string    `json:"id"`
	Label       string    `json:"label,omitempty"`
	Placeholder string    `json:"placeholder,omitempty"`
	Value       string    `json:"value,omitempty"`
	Action      *Action   `json:"action,omitempty"`
	SaveState   SaveState `json:"save_state,omitempty"`
	Disabled    bool      `json:"disabled,omitempty"`
}

// Textarea asks for several lines. Error frames it in red.
type Textarea struct {
	ID          string `json:"id"`
	Label       string `json:"label,omitempty"`
	Placeholder string `json:"placeholder,omitempty"`
	Value       string `json:"value,omitempty"`
	Error       bool   `json:"error,omitempty"`
	Disabled    bool   `json:"disabled,omitempty"`
}

// Option is one choice of a Dropdown, a SingleSelect or a Checkbox.
type Option struct {
	ID       string `json:"id"`
	Text     string `json:"text"`
	Disabled bool   `json:"disabled,omitempty"`
}

// Dropdown asks for one of 2 to 10 options. Value is an option's id, or empty.
// With an Action, choosing submits the canvas.
type Dropdown struct {
	ID        string    `json:"id"`
	Label     string    `json:"label,omitempty"`
	Options   []Option  `json:"options"`
	Value     string    `json:"value,omitempty"`
	Action    *Action   `json:"action,omitempty"`
	SaveState SaveState `json:"save_state,omitempty"`
	Disabled  bool      `json:"disabled,omitempty"`
}

// SingleSelect is a Dropdown whose options are all in view.
type SingleSelect struct {
	ID        string    `json:"id"`
	Label     string    `json:"label,omitempty"`
	Options   []Option  `json:"options"`
	Value     string    `json:"value,omitempty"`
	Action    *Action   `json:"action,omitempty"`
	SaveState SaveState `json:"save_state,omitempty"`
	Disabled  bool      `json:"disabled,omitempty"`
}

// Checkbox asks for any of its options. The wire name of the options is
// singular, and the label is always sent: the schema wants it.
type Checkbox struct {
	ID        string    `json:"id"`
	Label     string    `json:"label"`
	Options   []Option  `json:"option"`
	Value     []string  `json:"value,omitempty"`
	SaveState SaveState `json:"save_state,omitempty"`
	Disabled  bool      `json:"disabled,omitempty"`
}

// List shows items that can be clicked.
type List struct {
	Items    []Item `json:"items"`
	Disabled bool   `json:"disabled,omitempty"`
}

// Item is a line of a List. An image needs both of its sizes.
type Item struct {
	ID           string  `json:"id"`
	Title        string  `json:"title"`
	Subtitle     string  `json:"subtitle,omitempty"`
	TertiaryText string  `json:"tertiary_text,omitempty"`
	Image        string  `json:"image,omitempty"`
	ImageWidth   int     `json:"image_width,omitempty"`
	ImageHeight  int     `json:"image_height,omitempty"`
	RoundedImage bool    `json:"rounded_image,omitempty"`
	Disabled     bool    `json:"disabled,omitempty"`
	Action       *Action `json:"action,omitempty"`
}

// DataTable shows fields and their values; the inbox cuts long values.
type DataTable struct {
	Items []FieldValue `json:"items"`
}

// FieldValue is a line of a DataTable.
type FieldValue struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// Image is a picture from an https address.
type Image struct {
	ID           string  `json:"id,omitempty"`
	URL          string  `json:"url"`
	Width        int     `json:"width"`
	Height       int     `json:"height"`
	Align        Align   `json:"align,omitempty"`
	Rounded      bool    `json:"rounded,omitempty"`
	BottomMargin string  `json:"bottom_margin,omitempty"`
	Action       *Action `json:"action,omitempty"`
}

// Spacer is empty room.
type Spacer struct {
	ID   string `json:"id,omitempty"`
	Size Size   `json:"size,omitempty"`
}

// Divider is a line across the card.
type Divider struct {
	ID           string `json:"id,omitempty"`
	BottomMargin string `json:"bottom_margin,omitempty"`
}

// Escape takes strangers' words for a Text: what they wrote must not become a
// link of theirs on our card, so the brackets of a Markdown link are parted by
// a character without width. Bold is left alone; it harms nobody.
func Escape(s string) string { return strings.ReplaceAll(s, "](", "]\u200b(") }

// Header returns a text in the header's style.
func Header(text string) Text { return Text{Text: text, Style: StyleHeader} }

// Paragraph returns a text in the ordinary style.
func Paragraph(text string) Text { return Text{Text: text, Style: StyleParagraph} }

// Muted returns a text in grey.
func Muted(text string) Text { return Text{Text: text, Style: StyleMuted} }

// ErrorText returns a text in the style of an error.
func ErrorText(text string) Text { return Text{Text: text, Style: StyleError} }

// SubmitButton returns a button that submits the canvas.
func SubmitButton(id, label string, style Style) Button {
	return Button{ID: id, Label: label, Style: style, Action: Submit()}
}

// LinkButton returns a button that opens an address.
func LinkButton(id, label, address string) Button {
	return Button{ID: id, Label: label, Style: StyleSecondary, Action: OpenURL(address)}
}

// SubmitItem returns a line of a list that submits the canvas when clicked.
func SubmitItem(id, title string) Item { return Item{ID: id, Title: title, Action: Submit()} }
