package intercom_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/bridge/intercom/intercomjudge"
	"github.com/deskbridge/deskbridge/internal/errs"
)

func options(n int) []intercom.Option {
	var list []intercom.Option
	for i := range n {
		list = append(list, intercom.Option{ID: fmt.Sprint("o", i), Text: fmt.Sprint("Option ", i)})
	}
	return list
}

// every is a canvas with every component and every field of each.
func every() intercom.Canvas {
	return intercom.Canvas{
		StoredData: map[string]any{"form": "f1", "page": 2},
		Components: []intercom.Component{
			intercom.Text{ID: "t", Text: "*Linked* tickets", Align: intercom.AlignCenter, Style: intercom.StyleHeader, BottomMargin: intercom.MarginNone},
			intercom.Paragraph("Sync is active."), intercom.Muted("Nothing yet"), intercom.ErrorText("The desk does not answer."),
			intercom.SubmitButton("pause", "Pause", intercom.StyleSecondary),
			intercom.LinkButton("open", "Open in back office", "https://desk.example/1"),
			intercom.Button{ID: "off", Label: "Link", Action: intercom.Submit(), Style: intercom.StyleLink, Disabled: true},
			intercom.Input{ID: "i", Label: "Title *", Placeholder: "In a few words", Value: "x", Action: intercom.Submit(), SaveState: intercom.Failed, Disabled: true},
			intercom.Textarea{ID: "ta", Label: "Description", Placeholder: "p", Value: "v", Error: true, Disabled: true},
			intercom.Dropdown{ID: "d", Label: "Urgency", Options: options(10), Value: "o3", Action: intercom.Submit(), SaveState: intercom.Unsaved},
			intercom.SingleSelect{ID: "s", Label: "Impact", Options: options(2), Value: "o1", Action: intercom.Submit(), SaveState: intercom.Saved, Disabled: true},
			intercom.Checkbox{ID: "c", Options: options(1), Value: []string{"o0"}, SaveState: intercom.Saved},
			intercom.List{Items: []intercom.Item{
				{
					ID: "view", Title: "R-000001", Subtitle: "New", TertiaryText: "Printer jam", Image: "https://desk.example/a.png",
					ImageWidth: 18, ImageHeight: 18, RoundedImage: true, Action: intercom.Submit(),
				},
				intercom.SubmitItem("more", "More"),
				{ID: "none", Title: "No ticket", Disabled: true},
			}},
			intercom.DataTable{Items: []intercom.FieldValue{{Field: "Status", Value: "New"}}},
			intercom.Image{ID: "im", URL: "https://desk.example/a.png", Width: 32, Height: 32, Align: intercom.AlignCenter, Rounded: true, Action: intercom.OpenURL("https://desk.example")},
			intercom.Spacer{ID: "sp", Size: intercom.SizeM}, intercom.Spacer{},
			intercom.Divider{ID: "di", BottomMargin: intercom.MarginNone}, intercom.Divider{},
		},
	}
}

func TestEveryComponentIsAsIntercomWantsIt(t *testing.T) {
	c := every()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	raw, err := json.MarshalIndent(intercom.Answer{Canvas: c}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	intercomjudge.JudgeCanvas(t, raw)
	const golden = "testdata/canvas.golden.json"
	raw = append(raw, '\n')
	if intercom.Updating() {
		if err := os.WriteFile(golden, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(raw) != string(want) {
		t.Errorf("the canvas is written as\n%s\nwant\n%s", raw, want)
	}
	back, err := intercom.ParseCanvas(raw)
	if err != nil {
		t.Fatal(err)
	}
	again, err := json.MarshalIndent(intercom.Answer{Canvas: back}, "", "  ")
	if err != nil || string(again)+"\n" != string(raw) {
		t.Errorf("read and written again it is\n%s, %v", again, err)
	}
}

func TestValidateFindsWhatIntercomWouldRefuse(t *testing.T) {
	twice := []intercom.Option{{ID: "a", Text: "A"}, {ID: "a", Text: "B"}}
	for _, c := range []struct {
		name, path string
		k          intercom.Component
	}{
		{"empty text", "components[0].text", intercom.Paragraph(" ")},
		{"unknown style", "components[0].style", intercom.Text{Text: "x", Style: "loud"}},
		{"a full-width text", "components[0].align", intercom.Text{Text: "x", Align: intercom.AlignFullWidth}},
		{"button without an id", "components[0].id", intercom.SubmitButton("", "x", "")},
		{"button without a label", "components[0].label", intercom.SubmitButton("b", "", "")},
		{"button without an action", "components[0].action", intercom.Button{ID: "b", Label: "x"}},
		{"sheet", "components[0].action.type", intercom.Button{ID: "b", Label: "x", Action: &intercom.Action{Type: "sheet", URL: "https://x.example"}}},
		{"script address", "components[0].action.url", intercom.LinkButton("b", "x", "javascript:alert(1)")},
		{"relative address", "components[0].action.url", intercom.LinkButton("b", "x", "/tickets/1")},
		{"address of a submit action", "components[0].action.url", intercom.Button{ID: "b", Label: "x", Action: &intercom.Action{Type: "submit", URL: "https://x.example"}}},
		{"one option", "components[0].options", intercom.Dropdown{ID: "d", Options: options(1)}},
		{"eleven options", "components[0].options", intercom.SingleSelect{ID: "d", Options: options(11)}},
		{"no box to tick", "components[0].option", intercom.Checkbox{ID: "d"}},
		{"options with one id", "components[0].options[1].id", intercom.Dropdown{ID: "d", Options: twice}},
		{"option without an id", "components[0].options[1].id", intercom.Dropdown{ID: "d", Options: []intercom.Option{{ID: "a", Text: "A"}, {Text: "B"}}}},
		{"option without a text", "components[0].options[0].text", intercom.Dropdown{ID: "d", Options: []intercom.Option{{ID: "a"}, {ID: "b", Text: "B"}}}},
		{"a value that is no option", "components[0].value", intercom.Dropdown{ID: "d", Options: options(2), Value: "o9"}},
		{"a tick that is no option", "components[0].value", intercom.Checkbox{ID: "d", Options: options(2), Value: []string{"o9"}}},
		{"unknown save state", "components[0].save_state", intercom.Input{ID: "i", SaveState: "lost"}},
		{"empty list", "components[0].items", intercom.List{}},
		{"item without a title", "components[0].items[0].title", intercom.List{Items: []intercom.Item{{ID: "a"}}}},
		{"item image without sizes", "components[0].items[0].image", intercom.List{Items: []intercom.Item{{ID: "a", Title: "A", Image: "https://x.example/a.png", ImageWidth: 18}}}},
		{"items with one id", "components[0].items[1].id", intercom.List{Items: []intercom.Item{{ID: "a", Title: "A"}, {ID: "a", Title: "B"}}}},
		{"empty table", "components[0].items", intercom.DataTable{}},
		{"empty value in a table", "components[0].items[0].value", intercom.DataTable{Items: []intercom.FieldValue{{Field: "f"}}}},
		{"image without https", "components[0].url", intercom.Image{URL: "http://x.example/a.png", Width: 1, Height: 1}},
		{"image without sizes", "components[0].url", intercom.Image{URL: "https://x.example/a.png"}},
		{"unknown size", "components[0].size", intercom.Spacer{Size: "xxl"}},
		{"unknown margin", "components[0].bottom_margin", intercom.Divider{BottomMargin: "small"}},
		{"textarea without an id", "components[0].id", intercom.Textarea{}},
		{"nothing", "components[0]", nil},
		{"too large", "components", intercom.Paragraph(strings.Repeat("x", intercom.MaxCanvasContent))},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := intercom.Canvas{Components: []intercom.Component{c.k}}.Validate()
			want(t, err, errs.Invalid)
			for _, f := range errs.FieldsOf(err) {
				if f.Path == c.path {
					return
				}
			}
			t.Errorf("no mistake at %s: %v", c.path, err)
		})
	}
	t.Run("ids across components", func(t *testing.T) {
		err := intercom.Canvas{Components: []intercom.Component{
			intercom.Input{ID: "x"}, intercom.List{Items: []intercom.Item{{ID: "x", Title: "X"}}},
		}}.Validate()
		want(t, err, errs.Invalid)
	})
	t.Run("no components", func(t *testing.T) { want(t, intercom.Canvas{}.Validate(), errs.Invalid) })
	t.Run("stored data too large", func(t *testing.T) {
		err := intercom.Canvas{
			Components: []intercom.Component{intercom.Paragraph("x")},
			StoredData: map[string]any{"k": strings.Repeat("x", intercom.MaxCanvasContent)},
		}.Validate()
		want(t, err, errs.Invalid)
	})
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"see [here](https://evil.example)": "see [here]\u200b(https://evil.example)",
		"*a* [b] (c)":                      "*a* [b] (c)",
	} {
		if got := intercom.Escape(in); got != want {
			t.Errorf("Escape(%q) = %q", in, got)
		}
	}
}

func TestHeight(t *testing.T) {
	home := intercom.Canvas{Components: []intercom.Component{
		intercom.List{Items: []intercom.Item{
			intercom.SubmitItem("create", "Create a new ticket"),
			intercom.SubmitItem("linked", "2 tickets linked to this conversation"),
			intercom.SubmitItem("ongoing", "12 ongoing tickets of this person"),
		}},
		intercom.Spacer{Size: intercom.SizeM},
		intercom.Header("Linked tickets"),
		intercom.Paragraph("Messages are synchronised with the linked tickets."),
		intercom.SubmitButton("pause", "Pause", intercom.StyleSecondary),
	}}
	if h := intercom.Height(home); h < 200 || h > intercom.MaxFirstHeight {
		t.Errorf("a home card is %d px high", h)
	}
	var list intercom.List
	for i := range 20 {
		list.Items = append(list.Items, intercom.Item{ID: fmt.Sprint(i), Title: "R-000001", Subtitle: "New", TertiaryText: "Printer jam"})
	}
	if h := intercom.Height(intercom.Canvas{Components: []intercom.Component{list}}); h <= intercom.MaxFirstHeight {
		t.Errorf("a list of 20 tickets is %d px high", h)
	}
	short := intercom.Height(intercom.Canvas{Components: []intercom.Component{intercom.Paragraph("x")}})
	long := intercom.Height(intercom.Canvas{Components: []intercom.Component{intercom.Paragraph(strings.Repeat("word ", 40))}})
	if long < 3*short {
		t.Errorf("a long text is %d px high, a short one %d", long, short)
	}
}

func TestCanvasRequests(t *testing.T) {
	r, err := intercom.ParseCanvasRequest([]byte(`{"workspace_id":"abcd123","workspace_region":"US",
		"admin":{"type":"admin","id":814860,"name":"Jane","email":"jane@demo.com"},
		"conversation":{"type":"conversation","id":215474343849634,"created_at":1633532241,"source":{"id":"1","body":"<p>hi</p>","author":{"type":"user"}}},
		"contact":{"type":"contact","id":"5ba6","role":"user","external_id":null,"custom_attributes":{"itop_contact_class":"Person","itop_contact_id":2}}}`))
	if err != nil {
		t.Fatal(err)
	}
	class, id, ok := r.Contact.ITop()
	if r.Submit() || r.WorkspaceID != "abcd123" || r.Admin.ID != "814860" || r.Conversation.ID != "215474343849634" || class != "Person" || id != "2" || !ok {
		t.Errorf("initialize: %+v", r)
	}
	r, err = intercom.ParseCanvasRequest([]byte(`{"app_id":"abcd123","admin":null,"customer":{"type":"lead","id":"5"},"context":{"conversation_id":215474343849634},
		"component_id":"create","input_values":{"title":"T","n":5,"yes":true,"boxes":["a","b"],"one":"a","none":null},
		"current_canvas":{"content":{"components":[{"type":"text","text":"x"}]},"stored_data":{"form":"f1"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if !r.Submit() || r.WorkspaceID != "abcd123" || r.Contact.ID != "5" || r.Contact.Role != "lead" || r.Conversation.ID != "215474343849634" ||
		r.Stored("form") != "f1" || len(r.Components) != 1 {
		t.Errorf("submit: %+v", r)
	}
	if r.Input("title") != "T" || r.Input("n") != "5" || r.Input("yes") != "true" || r.Input("none") != "" || r.Input("missing") != "" {
		t.Errorf("inputs: %+v", r.InputValues)
	}
	if got := fmt.Sprint(r.Checked("boxes"), r.Checked("one"), r.Checked("none")); got != "[a b] [a] []" {
		t.Errorf("ticks: %s", got)
	}
	for _, body := range []string{"", "null", "[]", "{"} {
		_, err := intercom.ParseCanvasRequest([]byte(body))
		want(t, err, errs.Invalid)
	}
}

func FuzzParseCanvasRequest(f *testing.F) {
	f.Add([]byte(`{"workspace_id":"a","component_id":"x","input_values":{"a":["b",1,null]},"current_canvas":{"stored_data":{"k":{"l":[{}]}}}}`))
	f.Add([]byte(`{"conversation":{"id":1,"conversation_parts":{"conversation_parts":[{"id":1,"attachments":[{"filesize":"9e99"}]}]}}}`))
	f.Add([]byte(`{"conversation":[],"contact":"x","admin":5,"input_values":[1],"current_canvas":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := intercom.ParseCanvasRequest(body)
		if err != nil {
			return
		}
		if _, err := json.Marshal(r); err != nil {
			t.Errorf("cannot be written: %v", err)
		}
		for id := range r.InputValues {
			r.Input(id)
			r.Checked(id)
		}
	})
}

func FuzzParseCanvas(f *testing.F) {
	raw, err := json.Marshal(intercom.Answer{Canvas: every()})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"canvas":{"content":{"components":[{"type":"list","items":[null]}]}}}`))
	f.Add([]byte(`{"canvas":{"content":{"components":[null]}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := intercom.ParseCanvas(raw)
		if err != nil {
			return
		}
		intercom.Height(c)
		again, err := json.Marshal(intercom.Answer{Canvas: c})
		if err != nil {
			t.Fatal(err)
		}
		if len(again) > 2*intercom.MaxCanvasContent {
			return
		}
		if _, err := intercom.ParseCanvas(again); err != nil {
			t.Errorf("what was read as a canvas is none when written again: %v\n%s", err, again)
		}
	})
}
