package desktest

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// Fixture is a desk and what it holds. Every field is required unless said
// otherwise.
type Fixture struct {
	Desk  desk.Desk
	Class string // a ticket class with title, description, urgency (1-4) and org_id

	OrgID   string // an organisation
	OtherID string // another organisation

	Known     desk.Person // somebody of OrgID, with class, id, name and e-mail
	Stranger  desk.Person // somebody of OtherID
	TwinEmail string      // e-mail of an obsolete contact and of a current one
	TwinID    string      // the current one
	Nobody    string      // an e-mail that no contact has

	Scope      string // OQL that selects Known's organisation and not Stranger's
	PersonOQL  string // OQL that selects Known as a Person and not Stranger
	BrokenOQL  string // what is no OQL; optional, default "SELECT"
	Dependent  Dependent
	ClosedName string // raw state to exclude from lists; default "closed"

	// Links says that tickets show their conversation (SetLink is kept).
	Links bool
	// Others writes an entry as another user of the desk, past the desk under
	// test, and returns when the store accepted it.
	Others func(t testing.TB, key desk.Key, log desk.Log, html string)
	// Lossy says that the store itself may lose what Others writes at the same
	// moment as somebody else, as iTop does. Our own entries must survive.
	Lossy bool
	// Writers is how many others write at once in the test of concurrency;
	// default 4, each of them 10 entries.
	Writers int
}

// Dependent is an external key whose list depends on another value.
type Dependent struct {
	Attribute string            // "servicesubcategory_id"
	Values    map[string]string // form values with which the list has something: {"org_id":"3","service_id":"1"}
	On        string            // the code without which it has nothing: "service_id"
}

// wait is how long a test waits for what a desk reports by and by.
const wait = 30 * time.Second

// Run tests a desk. open is called once for each test and returns a fixture
// that the test may write to; it may be the same store each time.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for _, s := range []struct {
		name string
		test func(t *testing.T, f Fixture)
	}{
		{"people", testPeople},
		{"people are never found by a trick", testForgedPeople},
		{"scope", testScope},
		{"attributes", testAttributes},
		{"options of an enumeration", testEnumOptions},
		{"options of a key", testKeyOptions},
		{"options depend on other values", testDependentOptions},
		{"create", testCreate},
		{"create once for each token", testCreateOnce},
		{"create reports mistakes by field", testCreateMistakes},
		{"create refuses keys of others", testCreateForeignKeys},
		{"ticket values", testTicketValues},
		{"no such ticket", testNoTicket},
		{"find", testFind},
		{"find counts truly and pages", testFindPages},
		{"find takes words literally", testFindLiteral},
		{"link and unlink", testLink},
		{"append", testAppend},
		{"append once for each marker", testAppendOnce},
		{"entries of others", testOthers},
		{"hostile HTML", testHostileHTML},
		{"markers cannot be forged by a message", testForgedMarker},
		{"any text", testAnyText},
		{"others write at the same moment", testConcurrent},
		{"attach", testAttach},
		{"changed", testChanged},
		{"check", testCheck},
	} {
		t.Run(strings.ReplaceAll(s.name, " ", "_"), func(t *testing.T) {
			f := open(t)
			if f.Writers == 0 {
				f.Writers = 4
			}
			if f.ClosedName == "" {
				f.ClosedName = "closed"
			}
			if f.BrokenOQL == "" {
				f.BrokenOQL = "SELECT"
			}
			s.test(t, f)
		})
	}
}

// unique returns a word that no other run has used.
func unique() string { return strings.ToLower(rand.Text()[:12]) }

// start is a whole second in the past, from which a test counts its dates.
func start() time.Time { return time.Now().Add(-time.Hour).UTC().Truncate(time.Second) }

// draft is a valid new ticket with a title of its own.
func (f Fixture) draft(title string) desk.NewTicket {
	return desk.NewTicket{
		Token: "desktest:" + unique(), Class: f.Class, OrgID: f.OrgID, Caller: f.Known, Origin: "chat",
		Values: map[string]string{"title": title, "description": "<p>Something is <b>broken</b>.</p>", "urgency": "3"},
	}
}

// ticket makes a ticket without a conversation.
func (f Fixture) ticket(t *testing.T) desk.Ticket {
	t.Helper()
	return f.create(t, f.draft("Suite "+unique()))
}

func (f Fixture) create(t *testing.T, n desk.NewTicket) desk.Ticket {
	t.Helper()
	made, err := f.Desk.Create(t.Context(), n)
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	if made.Class == "" || made.ID == "" || made.Ref == "" {
		t.Fatalf("Create returned no complete ticket: class %q, id %q, ref %q", made.Class, made.ID, made.Ref)
	}
	return made
}

// entry is an entry of the known person.
func (f Fixture) entry(marker string, log desk.Log, at time.Time, html string) desk.Entry {
	return desk.Entry{
		Marker: marker, Log: log, At: at, HTML: html,
		Author: desk.Author{PersonID: f.Known.ID, Class: f.Known.Class, Name: f.Known.Name},
	}
}

func (f Fixture) append(t *testing.T, key desk.Key, entries ...desk.Entry) []string {
	t.Helper()
	ids, err := f.Desk.Append(t.Context(), key, entries)
	if err != nil {
		t.Fatalf("Append: %v", err)
	}
	if len(ids) != len(entries) {
		t.Fatalf("Append returned %d ids for %d entries", len(ids), len(entries))
	}
	for i, id := range ids {
		if id == "" {
			t.Fatalf("Append returned no id for entry %d", i)
		}
	}
	return ids
}

func (f Fixture) entries(t *testing.T, key desk.Key) []desk.Entry {
	t.Helper()
	all, err := f.Desk.Entries(t.Context(), key)
	if err != nil {
		t.Fatalf("Entries: %v", err)
	}
	return all
}

func wantKind(t *testing.T, what string, err error, kind errs.Kind) {
	t.Helper()
	if errs.KindOf(err) != kind {
		t.Errorf("%s: got %q (%v), want kind %q", what, errs.KindOf(err), err, kind)
	}
}

// eventually asks until the answer is yes, without depending on how fast.
func eventually(t *testing.T, what string, yes func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !yes() {
		select {
		case <-ctx.Done():
			t.Fatalf("not in %v: %s", wait, what)
		case <-tick.C:
		}
	}
}
