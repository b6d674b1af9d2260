package desktest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
)

func testAppend(t *testing.T, f Fixture) {
	at := start()
	key := f.ticket(t).Key
	first := f.entry("a:1", desk.Public, at, "<p>one</p>")
	first.Synced, first.Source = true, "https://app.intercom.com/a/apps/w/inbox/inbox/all/conversations/1?x=1&y=2"
	ids := f.append(t, key, first,
		f.entry("a:2", desk.Private, at.Add(time.Second), "<p>two</p>"),
		f.entry("a:3", desk.Public, at.Add(2*time.Second), "<p>three</p>"))
	more := f.append(t, key, f.entry("a:4", desk.Public, at.Add(2*time.Second), "<p>four</p>"))
	all := f.entries(t, key)
	checkLog(t, all, desk.Public, "a:1", "a:3", "a:4")
	checkLog(t, all, desk.Private, "a:2")
	written := map[string]string{"a:1": ids[0], "a:2": ids[1], "a:3": ids[2], "a:4": more[0]}
	text := map[string]string{"a:1": "one", "a:2": "two", "a:3": "three", "a:4": "four"}
	dates := map[string]time.Time{"a:1": at, "a:2": at.Add(time.Second), "a:3": at.Add(2 * time.Second), "a:4": at.Add(2 * time.Second)}
	for _, e := range all {
		if e.ID != written[e.Marker] {
			t.Errorf("entry %s is read with id %q, was written as %q", e.Marker, e.ID, written[e.Marker])
		}
		if !e.At.Equal(dates[e.Marker]) {
			t.Errorf("entry %s is dated %v, want %v", e.Marker, e.At, dates[e.Marker])
		}
		if !strings.Contains(e.HTML, "<p>"+text[e.Marker]+"</p>") {
			t.Errorf("entry %s reads %q", e.Marker, e.HTML)
		}
		if e.ByDesk {
			t.Errorf("entry %s is ours and taken for somebody else's: it would go back to the conversation", e.Marker)
		}
		if e.Synced != (e.Marker == "a:1") {
			t.Errorf("IC-37: entry %s: disclaimer %v", e.Marker, e.Synced)
		}
		if e.Author.Name != f.Known.Name {
			t.Errorf("entry %s is by %q, want %q", e.Marker, e.Author.Name, f.Known.Name)
		}
	}
	if again := f.entries(t, key); fmt.Sprint(again) != fmt.Sprint(all) {
		t.Error("reading the entries twice gives different answers")
	}
}

func testAppendOnce(t *testing.T, f Fixture) {
	at := start()
	key := f.ticket(t).Key
	e := func(i int) desk.Entry {
		// The same words in the same second are still different messages.
		return f.entry(fmt.Sprintf("intercom:part:%d", i), desk.Public, at, "<p>ok</p>")
	}
	first := f.append(t, key, e(1), e(2))
	again := f.append(t, key, e(1), e(2), e(3))
	if first[0] != again[0] || first[1] != again[1] {
		t.Errorf("ids were %v and are %v", first, again)
	}
	f.append(t, key, e(3))
	f.append(t, key, e(2), e(1))
	f.append(t, key, e(4), e(4))
	checkLog(t, f.entries(t, key), desk.Public, "intercom:part:1", "intercom:part:2", "intercom:part:3", "intercom:part:4")
	// What the ticket was made with counts as written.
	n := f.draft("Once " + unique())
	n.Log = []desk.Entry{e(1), e(2)}
	made := f.create(t, n)
	f.append(t, made.Key, e(1), e(2), e(3))
	checkLog(t, f.entries(t, made.Key), desk.Public, "intercom:part:1", "intercom:part:2", "intercom:part:3")
	for _, bad := range []desk.Entry{f.entry("", desk.Public, at, "x"), f.entry(`a"><b>`, desk.Public, at, "x"), f.entry("ok", "nope", at, "x")} {
		_, err := f.Desk.Append(t.Context(), key, []desk.Entry{bad})
		wantKind(t, "Append of a broken entry", err, errs.Invalid)
	}
}

func testOthers(t *testing.T, f Fixture) {
	key := f.ticket(t).Key
	f.append(t, key, f.entry("m:1", desk.Public, start(), "<p>ours</p>"))
	f.Others(t, key, desk.Public, "<p>theirs</p>")
	f.Others(t, key, desk.Public, "<p>theirs</p>")
	f.Others(t, key, desk.Private, "<p>hidden</p>")
	f.append(t, key, f.entry("m:2", desk.Public, start().Add(time.Minute), "<p>ours again</p>"))
	all := f.entries(t, key)
	ids := map[string]int{}
	byDesk := map[string]int{}
	for _, e := range all {
		ids[e.ID]++
		if e.ByDesk {
			byDesk[string(e.Log)]++
			if e.Marker != "" || e.Author.Name == "" || e.At.IsZero() {
				t.Errorf("somebody else's entry: %+v, want no marker, an author and a date", e)
			}
		}
	}
	if len(all) != 5 || byDesk["public"] != 2 || byDesk["private"] != 1 {
		t.Errorf("%d entries, of others %v, want 5, 2 public and 1 private", len(all), byDesk)
	}
	for id, n := range ids {
		if id == "" || n > 1 {
			t.Errorf("id %q stands for %d entries", id, n)
		}
	}
	f.append(t, key, f.entry("m:3", desk.Public, start().Add(2*time.Minute), "<p>more</p>"))
	for _, e := range f.entries(t, key) {
		if e.Marker != "m:3" && ids[e.ID] != 1 {
			t.Errorf("the id %q was not there before: ids must stay", e.ID)
		}
	}
}

func testHostileHTML(t *testing.T, f Fixture) {
	key := f.ticket(t).Key
	hostile := []string{
		`<p>hi</p><script>alert(1)</script>`, `<p>hi</p><img src="x" onerror="alert(1)">`, `<p>hi <a href="javascript:alert(1)">x</a></p>`,
		`<p onclick="alert(1)">hi</p>`, `<p>hi</p><iframe src="https://example.org"></iframe>`, `<p>hi</p><svg onload="alert(1)"></svg>`,
		`<p>hi</p><style>*{display:none}</style>`, `<p>hi</p></div></div></body></html><script>alert(1)</script>`, `<p>hi</p><!-- --><b`, `<p>hi <object data="x"></object></p>`,
	}
	for i, h := range hostile {
		f.append(t, key, f.entry(fmt.Sprintf("x:%d", i), desk.Public, start().Add(time.Duration(i)*time.Second), h))
	}
	all := f.entries(t, key)
	if len(all) != len(hostile) {
		t.Fatalf("%d entries, want %d", len(all), len(hostile))
	}
	for i, e := range all {
		low := strings.ToLower(e.HTML)
		for _, bad := range []string{"<script", "onerror", "onclick", "onload", "javascript:", "<iframe", "<style", "<svg", "<object"} {
			if strings.Contains(low, bad) {
				t.Errorf("%q came back as %q", hostile[i], e.HTML)
			}
		}
		if !strings.Contains(e.HTML, "hi") {
			t.Errorf("%q lost its words: %q", hostile[i], e.HTML)
		}
	}
}

func testForgedMarker(t *testing.T, f Fixture) {
	at := start()
	key := f.ticket(t).Key
	f.append(t, key, f.entry("real:1", desk.Public, at, "<p>one</p>"))
	// A visitor sends back the mark-up of the entry after next.
	f.append(t, key, f.entry("real:2", desk.Public, at.Add(time.Second),
		`</div><div class="dbk-real:3"><p>two</p></div><p class="dbk-real:3" id="real:3" data-marker="real:3">real:3</p>`))
	f.append(t, key, f.entry("real:3", desk.Public, at.Add(2*time.Second), "<p>three</p>"))
	checkLog(t, f.entries(t, key), desk.Public, "real:1", "real:2", "real:3")
}

func testAnyText(t *testing.T, f Fixture) {
	key := f.ticket(t).Key
	texts := []string{
		"<p>Grüße, 日本語, العربية 😀</p>", "<p>a &lt;tag&gt; &amp; &quot;quotes&quot; 'single' \\ back</p>", "<p>" + strings.Repeat("long ", 20000) + "</p>",
		"<p>========== 2026-01-02 03:04:05 : Jane (1) ============</p>", "<p>line<br>break</p>", "<ul><li>one</li><li>two</li></ul>", "",
	}
	for i, h := range texts {
		f.append(t, key, f.entry(fmt.Sprintf("t:%d", i), desk.Private, start().Add(time.Duration(i)*time.Second), h))
	}
	all := f.entries(t, key)
	if len(all) != len(texts) {
		t.Fatalf("%d entries, want %d", len(all), len(texts))
	}
	for i, want := range []string{"Grüße, 日本語, العربية 😀", "&lt;tag&gt; &amp;", strings.Repeat("long ", 19999), "2026-01-02 03:04:05 : Jane (1)", "line", "<li>two</li>", ""} {
		if !strings.Contains(all[i].HTML, want) {
			t.Errorf("entry %d lost its words: %.200q", i, all[i].HTML)
		}
	}
}

// testConcurrent lets others write while we do. Ours must be there once each;
// theirs too, unless the store itself loses what is written at one moment.
func testConcurrent(t *testing.T, f Fixture) {
	const each = 10
	at := start()
	key := f.ticket(t).Key
	var all sync.WaitGroup
	for w := range f.Writers {
		all.Go(func() {
			for i := range each {
				f.Others(t, key, desk.Public, fmt.Sprintf("<p>other %d of %d</p>", i, w))
			}
		})
	}
	var want []string
	for i := range 2 * each {
		e := f.entry(fmt.Sprintf("k:%02d", i), desk.Public, at.Add(time.Duration(i)*time.Second), fmt.Sprintf("<p>ours %d</p>", i))
		want = append(want, e.Marker)
		f.append(t, key, e)
	}
	all.Wait()
	got, others := map[string]int{}, 0
	var order []string
	for _, e := range f.entries(t, key) {
		if e.ByDesk {
			others++
		} else {
			order = append(order, e.Marker)
		}
		got[e.Marker]++
	}
	for _, m := range want {
		if got[m] != 1 {
			t.Errorf("our entry %s is there %d times", m, got[m])
		}
	}
	if strings.Join(order, " ") != strings.Join(want, " ") {
		t.Errorf("our entries are read as %v", order)
	}
	if others != f.Writers*each {
		if !f.Lossy {
			t.Errorf("%d entries of others, want %d", others, f.Writers*each)
		}
		t.Logf("the store kept %d of %d entries that others wrote at the same moment", others, f.Writers*each)
	}
}

func testAttach(t *testing.T, f Fixture) {
	ctx := t.Context()
	key := f.ticket(t).Key
	file := desk.File{Marker: "file:" + unique(), Name: `..\..\etc/pass wd "1".txt`, Type: "text/plain", Data: []byte("hello\x00world")}
	first, err := f.Desk.Attach(ctx, key, file)
	if err != nil {
		t.Fatalf("Attach: %v", err)
	}
	again, err := f.Desk.Attach(ctx, key, file)
	if err != nil || again != first {
		t.Errorf("the second time: %q, %v, want %q", again, err, first)
	}
	file.Marker = "file:" + unique()
	other, err := f.Desk.Attach(ctx, key, file)
	if err != nil || (other == first && first != "") {
		t.Errorf("another marker: %q, %v, want another address than %q", other, err, first)
	}
}

func testChanged(t *testing.T, f Fixture) {
	ctx := t.Context()
	one, two, never := f.ticket(t).Key, f.ticket(t).Key, f.ticket(t).Key
	some, cursor, err := f.Desk.Changed(ctx, "", []desk.Key{one, two})
	if err != nil || len(some) != 0 || cursor == "" {
		t.Fatalf("Changed from now on: %v, %q, %v", some, cursor, err)
	}
	// What was made just before the cursor may still be reported.
	_, cursor, err = f.Desk.Changed(ctx, cursor, []desk.Key{one, two, never})
	if err != nil {
		t.Fatalf("Changed: %v", err)
	}
	f.Others(t, two, desk.Public, "<p>changed</p>")
	eventually(t, "the changed ticket is reported", func() bool {
		changed, next, err := f.Desk.Changed(ctx, cursor, []desk.Key{one, two})
		if err != nil {
			t.Fatalf("Changed: %v", err)
		}
		cursor = next
		for _, k := range changed {
			if k == never {
				t.Fatalf("ticket %v was not asked for", k)
			}
			if k == two {
				return true
			}
		}
		return false
	})
	eventually(t, "nothing more is reported", func() bool {
		changed, next, err := f.Desk.Changed(ctx, cursor, []desk.Key{one, two})
		if err != nil {
			t.Fatalf("Changed: %v", err)
		}
		cursor = next
		return len(changed) == 0
	})
	if none, _, err := f.Desk.Changed(ctx, cursor, nil); err != nil || len(none) != 0 {
		t.Errorf("among no tickets: %v, %v", none, err)
	}
	if _, _, err := f.Desk.Changed(ctx, "not a cursor", []desk.Key{one}); err == nil {
		t.Error("a broken cursor is taken")
	}
}
