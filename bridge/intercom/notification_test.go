package intercom

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/internal/errs"
)

var update = flag.Bool("update", false, "write the golden files anew")

func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestNotifications decodes the samples under testdata: what a present version
// sends, what the iTop extension was seen to take, and the odd spellings.
func TestNotifications(t *testing.T) {
	files, err := filepath.Glob("testdata/notification-*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no samples", err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, ".golden.json") {
			continue
		}
		t.Run(strings.TrimPrefix(file, "testdata/notification-"), func(t *testing.T) {
			body := sample(t, filepath.Base(file))
			n, err := ParseNotification(body)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(n, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			golden := strings.TrimSuffix(file, ".json") + ".golden.json"
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if want := sample(t, filepath.Base(golden)); string(got) != string(want) {
				t.Errorf("decoded\n%s\nwant\n%s", got, want)
			}
			agree(t, body)
		})
	}
}

// agree checks that Peek says what ParseNotification says.
func agree(t *testing.T, body []byte) {
	t.Helper()
	n, err := ParseNotification(body)
	id, app, topic, conversation, peekErr := Peek(body)
	if (err == nil) != (peekErr == nil) || errs.KindOf(err) != errs.KindOf(peekErr) {
		t.Fatalf("ParseNotification says %v, Peek %v: %q", err, peekErr, body)
	}
	got := [4]string{id, app, topic, conversation}
	if want := [4]string{n.ID, n.AppID, n.Topic, n.Conversation.ID}; got != want {
		t.Fatalf("Peek found %q, ParseNotification %q: %q", got, want, body)
	}
}

func TestPartsOfANotification(t *testing.T) {
	keys := func(n Notification) []string {
		var list []string
		for _, p := range n.Parts() {
			list = append(list, p.Key())
		}
		return list
	}
	notification := func(topic string) Notification {
		n, err := ParseNotification([]byte(`{"id":"n","topic":"` + topic + `","data":{"item":{"type":"conversation","id":"1","created_at":100,
			"source":{"type":"conversation","id":"900","body":"<p>hello</p>","author":{"type":"user","id":"u"}},
			"conversation_parts":{"conversation_parts":[
				{"id":"10","part_type":"comment","body":"c","created_at":200},
				{"id":"9","part_type":"comment","body":"b","created_at":200},
				{"id":8,"part_type":"note","body":"a","created_at":150}]}}}}`))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if got, want := keys(notification(TopicUserReplied)), []string{"8", "9", "10"}; !reflect.DeepEqual(got, want) {
		t.Errorf("a reply brings %v, want %v", got, want)
	}
	created := notification(TopicUserCreated)
	if got, want := keys(created), []string{"source", "8", "9", "10"}; !reflect.DeepEqual(got, want) {
		t.Errorf("a new conversation brings %v, want %v", got, want)
	}
	first := created.Parts()[0]
	if !first.Source || first.ID != "900" || !first.Public() || !first.Message() || !first.CreatedAt.Equal(time.Unix(100, 0)) {
		t.Errorf("the source is %+v", first)
	}
}

// SEC-029: of equal keys the first counts, whichever door they come through.
func TestSEC029_EqualKeys(t *testing.T) {
	body := []byte(`{"id":"first","id":"second","topic":"conversation.user.replied","topic":"ping","app_id":"a","app_id":"b",
		"data":{"item":{"type":"conversation","id":"1","id":"2","conversation_parts":{"conversation_parts":[
			{"id":"10","id":"11","body":"x","body":"y","part_type":"comment"}]}},"item":{"id":"3"}},"data":{"item":{"id":"4"}}}`)
	n, err := ParseNotification(body)
	if err != nil {
		t.Fatal(err)
	}
	if n.ID != "first" || n.Topic != TopicUserReplied || n.AppID != "a" || n.Conversation.ID != "1" {
		t.Errorf("head: %+v", n)
	}
	if p := n.Conversation.Parts[0]; p.ID != "10" || p.Body != "x" {
		t.Errorf("part: %+v", p)
	}
	agree(t, body)

	r, err := ParseCanvasRequest([]byte(`{"workspace_id":"a","workspace_id":"b","component_id":"x","component_id":"y",
		"input_values":{"f":"1","f":"2"},"Workspace_ID":"c","current_canvas":{"stored_data":{"k":1,"k":2}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if r.WorkspaceID != "a" || r.ComponentID != "x" || r.Input("f") != "1" || r.Stored("k") != "1" {
		t.Errorf("request: %+v", r)
	}
}

func TestUnusableNotifications(t *testing.T) {
	for _, body := range []string{
		``, ` `, `null`, `[]`, `"x"`, `{`, `{}`, `{"id":"n"}`, `{"topic":"ping"}`, `{"id":null,"topic":"ping"}`, `{"id":{},"topic":"ping"}`,
		`{"id":"n","topic":"ping"} x`, `{"id":"n","topic":"ping",}`,
	} {
		if _, err := ParseNotification([]byte(body)); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", body, err)
		}
		agree(t, []byte(body))
	}
}

func FuzzPeekAgreesWithParse(f *testing.F) {
	files, err := filepath.Glob("testdata/notification-*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		f.Add(sample(f, filepath.Base(file)))
	}
	for _, s := range []string{
		`{"id":1,"topic":"conversation.x","data":{"item":{"id":2}}}`,
		`{"id":"a","topic":"conversation_part.redacted","data":{"item":{"type":"conversation_part","id":"5","conversation_id":6}}}`,
		`{"id":"a","topic":"ticket.created","data":{"item":{"type":"ticket","id":"5","conversation":{"id":"7"}}}}`,
		`{"\u0069d":"a","topic":"t","id":"b","data":[]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) { agree(t, body) })
}

func BenchmarkPeek(b *testing.B) {
	body := sample(b, "notification-replied.json")
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, _, _, err := Peek(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseNotification(b *testing.B) {
	body := sample(b, "notification-replied.json")
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseNotification(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyAndPeek(b *testing.B) {
	body := sample(b, "notification-replied.json")
	header := SignWebhook("secret", body)
	b.ReportAllocs()
	for b.Loop() {
		if err := VerifyWebhook("secret", header, body); err != nil {
			b.Fatal(err)
		}
		if _, _, _, _, err := Peek(body); err != nil {
			b.Fatal(err)
		}
	}
}
