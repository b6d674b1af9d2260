package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/audit"
	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/db/dbtest"
	"github.com/deskbridge/deskbridge/internal/errs"
)

var at = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func newLog(t testing.TB) (*audit.Log, *db.DB) {
	t.Helper()
	d := dbtest.New(t)
	return audit.New(d, audit.Config{Now: func() time.Time { return at }}), d
}

func record(t testing.TB, l *audit.Log, d *db.DB, entries ...audit.Entry) {
	t.Helper()
	err := d.Write(context.Background(), func(tx *gorm.DB) error {
		for _, e := range entries {
			if err := l.Record(tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func list(t testing.TB, l *audit.Log, desk int64, f audit.Filter) audit.Page {
	t.Helper()
	p, err := l.List(context.Background(), desk, f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRecordKeepsWhoWhatAndBothValues(t *testing.T) {
	l, d := newLog(t)
	record(t, l, d, audit.Entry{
		DeskID: 1, Actor: "user:7", Action: "user.updated", Subject: "user:9", Address: "192.0.2.1",
		Old: map[string]any{"role": "portal"}, New: map[string]any{"role": "supporter"},
	})
	p := list(t, l, 1, audit.Filter{})
	if p.Total != 1 || p.Next != 0 || len(p.Items) != 1 {
		t.Fatalf("page %+v", p)
	}
	r := p.Items[0]
	if r.Actor != "user:7" || r.Action != "user.updated" || r.Subject != "user:9" || r.Address != "192.0.2.1" || !r.At.Equal(at) ||
		string(r.Old) != `{"role":"portal"}` || string(r.New) != `{"role":"supporter"}` {
		t.Fatalf("record %+v", r)
	}
}

func TestRecordGoesAwayWithItsTransaction(t *testing.T) {
	l, d := newLog(t)
	stop := errors.New("stop")
	err := d.Write(context.Background(), func(tx *gorm.DB) error {
		if err := l.Record(tx, audit.Entry{DeskID: 1, Actor: "a", Action: "b", Subject: "c"}); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) || list(t, l, 1, audit.Filter{}).Total != 0 {
		t.Fatalf("a record of a change that was undone stays (%v)", err)
	}
}

func TestListIsScopedFilteredAndPaged(t *testing.T) {
	l, d := newLog(t)
	for i := range 7 {
		record(t, l, d, audit.Entry{DeskID: 1, Actor: fmt.Sprintf("user:%d", i%2), Action: "a.b", Subject: fmt.Sprintf("s:%d", i%3)})
	}
	record(t, l, d, audit.Entry{DeskID: 2, Actor: "user:0", Action: "other.desk", Subject: "s:0"})
	for name, c := range map[string]struct {
		f    audit.Filter
		want int64
	}{
		"all":               {audit.Filter{}, 7},
		"actor":             {audit.Filter{Actor: "user:0"}, 4},
		"subject":           {audit.Filter{Subject: "s:0"}, 3},
		"both":              {audit.Filter{Actor: "user:0", Subject: "s:0"}, 2},
		"another desk's":    {audit.Filter{Action: "other.desk"}, 0},
		"wildcard":          {audit.Filter{Actor: "user:%"}, 0},      // SEC-051
		"SQL in the filter": {audit.Filter{Actor: "' OR 1=1 --"}, 0}, // SEC-050
	} {
		if p := list(t, l, 1, c.f); p.Total != c.want || int64(len(p.Items)) != c.want {
			t.Errorf("%s: total %d of %d items, want %d", name, p.Total, len(p.Items), c.want)
		}
	}
	var seen []int64
	for f := (audit.Filter{Limit: 3}); ; {
		p := list(t, l, 1, f)
		if p.Total != 7 {
			t.Fatalf("total %d on a later page", p.Total)
		}
		for _, r := range p.Items {
			seen = append(seen, r.ID)
		}
		if f.Before = p.Next; f.Before == 0 {
			break
		}
	}
	if len(seen) != 7 {
		t.Fatalf("pages give %v", seen)
	}
	for i := 1; i < len(seen); i++ {
		if seen[i] >= seen[i-1] {
			t.Fatalf("not newest first: %v", seen)
		}
	}
	if _, err := l.List(context.Background(), 1, audit.Filter{Limit: 201}); !errs.Is(err, errs.Invalid) {
		t.Fatalf("limit 201: %v", err)
	}
}

// SEC-034, SEC-246: secrets are masked even when a caller forgot to.
func TestRecordMasksSecrets(t *testing.T) {
	l, d := newLog(t)
	const canary = "canary-4711"
	record(t, l, d, audit.Entry{DeskID: 1, Actor: "a", Action: "b", Subject: "c", New: map[string]any{
		"client_secret": canary, "Password": canary, "nested": []any{map[string]any{"access_token": canary, "set": true}},
		"private_key": map[string]any{"pem": canary}, "name": "kept", "has_password": true, "token": "",
	}})
	got := string(list(t, l, 1, audit.Filter{}).Items[0].New)
	if strings.Contains(got, canary) {
		t.Fatalf("a secret was recorded: %s", got)
	}
	for _, want := range []string{`"name":"kept"`, `"has_password":true`, `"token":""`, `"client_secret":"***"`, `"set":true`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
}

// SEC-049: one record stays one printable line.
func TestRecordEscapesLinesAndEscapes(t *testing.T) {
	l, d := newLog(t)
	evil := "x\r\n2026 forged \x1b[31mred\u2028\u202e\x00\x9b"
	record(t, l, d, audit.Entry{DeskID: 1, Actor: evil, Action: evil, Subject: evil + strings.Repeat("ä", 300), Address: evil, New: map[string]string{"name": evil}})
	r := list(t, l, 1, audit.Filter{}).Items[0]
	for _, s := range []string{r.Actor, r.Action, r.Subject, r.Address, string(r.New)} {
		if strings.ContainsAny(s, "\r\n\x1b\x00\u2028") {
			t.Errorf("a control character survived: %q", s)
		}
	}
	var v map[string]string
	if err := json.Unmarshal(r.New, &v); err != nil || !strings.HasPrefix(v["name"], "x\r\n2026 forged \x1b[31mred") {
		t.Fatalf("the value itself was changed: %q, %v", v, err)
	}
}

func TestRecordCutsLongValues(t *testing.T) {
	l, d := newLog(t)
	record(t, l, d, audit.Entry{DeskID: 1, Actor: "a", Action: "b", Subject: "c", Old: strings.Repeat("x", 1<<20)})
	if got := string(list(t, l, 1, audit.Filter{}).Items[0].Old); got != `{"bytes":1048578,"cut":true}` && got != `{"cut":true,"bytes":1048578}` {
		t.Fatalf("old value %.60s", got)
	}
}

func TestRecordRefusesWhatIsNoJSON(t *testing.T) {
	l, d := newLog(t)
	err := d.Write(context.Background(), func(tx *gorm.DB) error {
		return l.Record(tx, audit.Entry{DeskID: 1, New: make(chan int)})
	})
	if err == nil {
		t.Fatal("a channel was recorded")
	}
}

func FuzzRecord(f *testing.F) {
	f.Add("user:1", "line\nbreak", `{"password":"x"}`)
	f.Add("\x1b[2J", "\xff\xfe", `[[[1e400]]]`)
	l, d := newLog(f)
	f.Fuzz(func(t *testing.T, actor, text, raw string) {
		var value any = text
		if json.Valid([]byte(raw)) {
			value = json.RawMessage(raw)
		}
		record(t, l, d, audit.Entry{DeskID: 1, Actor: actor, Action: text, Subject: text, New: value})
		r := list(t, l, 1, audit.Filter{Limit: 1}).Items[0]
		if strings.ContainsAny(r.Actor+r.Action, "\r\n\x1b\x00") || r.New != nil && !json.Valid(r.New) {
			t.Fatalf("record %+v", r)
		}
	})
}
