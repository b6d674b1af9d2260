package db_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/db/dbtest"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// patience is how long a test waits for something that must happen.
const patience = 20 * time.Second

func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for: %s", what)
		}
	}
}

// newItemsOn returns a database with one writer, so that a test decides what
// shares a group.
func newItemsOn(t testing.TB, change func(*db.Config)) *db.DB {
	t.Helper()
	c := db.Config{URL: dbtest.URL(t), Writers: 1}
	if change != nil {
		change(&c)
	}
	d, err := db.Open(context.Background(), c)
	must(t, err)
	t.Cleanup(func() { must(t, d.Close()) })
	makeItems(t, d)
	return d
}

// outcome is what a write came to.
type outcome struct {
	err      error
	panicked any
}

// together runs closures in one group: it holds the writer with another closure
// until all of them wait.
func together(t testing.TB, d *db.DB, fns ...func(tx *gorm.DB) error) []outcome {
	t.Helper()
	hold := make(chan struct{})
	held := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := d.Write(context.Background(), func(*gorm.DB) error { close(held); <-hold; return nil })
		if err != nil {
			t.Logf("the holding write failed with its group: %v", err)
		}
	})
	<-held
	out := make([]outcome, len(fns))
	for i, fn := range fns {
		wg.Go(func() {
			defer func() { out[i].panicked = recover() }()
			out[i].err = d.Write(context.Background(), fn)
		})
		until(t, "a closure to wait", func() bool { return d.Stats().QueueDepth == i+1 })
	}
	close(hold)
	wg.Wait()
	return out
}

func insert(name string) func(tx *gorm.DB) error {
	return func(tx *gorm.DB) error {
		_, err := db.Exec(tx, "INSERT INTO items (name) VALUES (?)", name)
		return err
	}
}

func TestOneClosureFailsAlone(t *testing.T) {
	d := newItemsOn(t, nil)
	mine := errors.New("my own failure")
	hooks := make(chan string, 10)
	hooked := func(name string, fn func(tx *gorm.DB) error) func(tx *gorm.DB) error {
		return func(tx *gorm.DB) error {
			db.OnCommit(tx, func() { hooks <- name })
			return fn(tx)
		}
	}
	before := d.Stats()
	got := together(t, d,
		hooked("a", insert("a")),
		hooked("failed", func(tx *gorm.DB) error { _ = insert("lost by error")(tx); return mine }),
		hooked("b", insert("b")),
		hooked("panicked", func(tx *gorm.DB) error { _ = insert("lost by panic")(tx); panic("boom") }),
		hooked("twice", insert("a")),
		hooked("swallowed", func(tx *gorm.DB) error { // an inner transaction may fail alone
			_ = tx.Transaction(func(in *gorm.DB) error { _ = insert("lost inside")(in); return mine })
			return insert("kept outside")(tx)
		}),
		hooked("c", insert("c")),
	)
	after := d.Stats()
	if n := after.Groups - before.Groups; n != 1 {
		t.Errorf("%d groups, want 1", n)
	}
	if after.LargestGroup < 8 || after.RolledBack-before.RolledBack != 3 || after.QueueDepth != 0 {
		t.Errorf("stats = %+v", after)
	}
	for i, want := range []outcome{{}, {err: mine}, {}, {panicked: "boom"}, {err: got[4].err}, {}, {}} {
		if !errors.Is(got[i].err, want.err) || got[i].panicked != want.panicked || (want.err == nil && got[i].err != nil) {
			t.Errorf("closure %d: %+v, want %+v", i, got[i], want)
		}
	}
	if !db.IsUnique(got[4].err) {
		t.Errorf("the double row: %v", got[4].err)
	}
	if got := names(t, d); !slices.Equal(got, []string{"a", "b", "kept outside", "c"}) {
		t.Errorf("stored %q", got)
	}
	close(hooks)
	var ran []string
	for h := range hooks {
		ran = append(ran, h)
	}
	slices.Sort(ran)
	if !slices.Equal(ran, []string{"a", "b", "c", "swallowed"}) {
		t.Errorf("hooks ran for %q", ran)
	}
	must(t, d.Write(context.Background(), insert("later")))
}

// What closures leave for the end of the group runs last, in order, once, and
// only for those that succeeded; its failure is everybody's.
func TestBeforeCommit(t *testing.T) {
	d := newItemsOn(t, nil)
	leave := func(name string, orders ...string) func(tx *gorm.DB) error {
		return func(tx *gorm.DB) error {
			for _, o := range orders {
				db.BeforeCommit(tx, o, insert("last "+o))
			}
			return insert(name)(tx)
		}
	}
	for i, o := range together(t, d, leave("a", "y", "x"), leave("b", "x"), leave("a", "lost")) {
		if (o.err != nil) != (i == 2) {
			t.Errorf("closure %d: %v", i, o.err)
		}
	}
	if got := names(t, d); !slices.Equal(got, []string{"a", "b", "last x", "last y"}) {
		t.Errorf("stored %q", got)
	}
	for i, o := range together(t, d, leave("c"), leave("d", "x")) {
		if !db.IsUnique(o.err) {
			t.Errorf("closure %d of a group that cannot be committed: %v", i, o.err)
		}
	}
	must(t, d.WriteAlone(context.Background(), insert("alone")))
	if got := names(t, d); len(got) != 5 || got[4] != "alone" {
		t.Errorf("stored %q", got)
	}
}

// A caller that goes away while it waits is told that nothing was done, and
// nothing is; once its closure runs it gets the outcome.
func TestCallerGoesAway(t *testing.T) {
	d := newItemsOn(t, nil)
	hold, held := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	running := make(chan error, 1)
	go func() {
		running <- d.Write(ctx, func(tx *gorm.DB) error { close(held); <-hold; return insert("ran")(tx) })
	}()
	<-held
	waiting := make(chan error, 1)
	go func() { waiting <- d.Write(ctx, insert("never ran")) }()
	until(t, "the second to wait", func() bool { return d.Stats().QueueDepth == 1 })
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) || !errs.Is(err, errs.Unavailable) {
		t.Errorf("the one that waited: %v", err)
	}
	close(hold)
	if err := <-running; err != nil {
		t.Errorf("the one that ran: %v", err)
	}
	if err := d.Write(ctx, insert("too late")); !errors.Is(err, context.Canceled) {
		t.Errorf("a write under an ended context: %v", err)
	}
	must(t, d.Write(context.Background(), insert("next")))
	if got := names(t, d); !slices.Equal(got, []string{"ran", "next"}) {
		t.Errorf("stored %q", got)
	}
}

func TestFullQueueRefuses(t *testing.T) { // REL-08, REL-33
	d := newItemsOn(t, func(c *db.Config) { c.QueueSize = 2 })
	hold, held := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = d.Write(context.Background(), func(*gorm.DB) error { close(held); <-hold; return nil })
	})
	<-held
	for i := range 2 {
		wg.Go(func() { _ = d.Write(context.Background(), insert(fmt.Sprint("queued ", i))) })
	}
	until(t, "a full queue", func() bool { return d.Stats().QueueDepth == 2 })
	err := d.Write(context.Background(), insert("refused"))
	if !errs.Is(err, errs.Unavailable) || d.Stats().Refused != 1 {
		t.Errorf("Write = %v, stats %+v", err, d.Stats())
	}
	close(hold)
	wg.Wait()
	if n := len(names(t, d)); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
}

// A closure that ends its goroutine, as t.FailNow does, fails its group; the
// writer lives on.
func TestGoexitInAClosure(t *testing.T) {
	d := newItemsOn(t, nil)
	err := d.Write(context.Background(), func(tx *gorm.DB) error {
		_ = insert("lost")(tx)
		runtime.Goexit()
		return nil
	})
	if err == nil {
		t.Error("no error")
	}
	must(t, d.Write(context.Background(), insert("next")))
	if got := names(t, d); !slices.Equal(got, []string{"next"}) {
		t.Errorf("stored %q", got)
	}
}

func TestCloseAnswersEverybody(t *testing.T) {
	d, err := db.Open(context.Background(), db.Config{URL: dbtest.URL(t)})
	must(t, err)
	makeItems(t, d)
	var wg sync.WaitGroup
	begun := make(chan struct{}, 100)
	for i := range 100 {
		wg.Go(func() {
			begun <- struct{}{}
			err := d.Write(context.Background(), insert(fmt.Sprint("row ", i)))
			if err != nil && !errors.Is(err, db.ErrClosed) {
				t.Errorf("Write during Close: %v", err)
			}
		})
	}
	for range 50 {
		<-begun
	}
	must(t, d.Close())
	wg.Wait()
	if err := d.Write(context.Background(), insert("after")); !errors.Is(err, db.ErrClosed) || !errs.Is(err, errs.Unavailable) {
		t.Errorf("Write after Close = %v", err)
	}
	must(t, d.Close())
}

func TestHandlesFromOutsideAreRefused(t *testing.T) {
	d := newItems(t)
	read := d.Read(context.Background())
	if _, err := db.Exec(read, "DELETE FROM items"); err == nil {
		t.Error("Exec took a reader")
	}
	if err := db.QueryRow(read, nil, "SELECT 1"); err == nil {
		t.Error("QueryRow took a reader")
	}
	var kept *gorm.DB
	must(t, d.Write(context.Background(), func(tx *gorm.DB) error { kept = tx; return nil }))
	if _, err := db.Exec(kept, "DELETE FROM items"); err == nil {
		t.Error("Exec took a handle whose write is over")
	}
	defer func() {
		if recover() == nil {
			t.Error("OnCommit took a reader")
		}
	}()
	db.OnCommit(read, func() {})
}

func TestQuery(t *testing.T) {
	d := newItems(t)
	must(t, d.Write(context.Background(), func(tx *gorm.DB) error {
		var id, again int64
		if err := db.QueryRow(tx, []any{&id}, "INSERT INTO items (name) VALUES (?) RETURNING id", "a"); err != nil {
			return err
		}
		rows, err := db.Query(tx, "SELECT id FROM items WHERE name = ? AND id = ?", "a", id)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := rows.Scan(&again); err != nil {
				return err
			}
		}
		if id == 0 || again != id {
			t.Errorf("ids %d and %d", id, again)
		}
		return rows.Err()
	}))
}
