package db_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/db/dbtest"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// onPostgres skips a test about the server and returns two nodes on one
// database, each with one writer.
func onPostgres(t testing.TB) (a, b *db.DB) {
	t.Helper()
	if !dbtest.OnPostgres() {
		t.Skip("needs DESKBRIDGE_TEST_POSTGRES")
	}
	address := dbtest.URL(t)
	var nodes [2]*db.DB
	for i, name := range []string{"a", "b"} {
		d, err := db.Open(context.Background(), db.Config{URL: address + "&application_name=" + t.Name() + "-" + name, Writers: 1})
		must(t, err)
		t.Cleanup(func() { must(t, d.Close()) })
		nodes[i] = d
	}
	makeItems(t, nodes[0])
	return nodes[0], nodes[1]
}

// Two nodes that lock the same rows in opposite order both get through: the
// victim of the deadlock is run again.
// REL-33
func TestREL33_DeadlockIsRunAgain(t *testing.T) {
	a, b := onPostgres(t)
	must(t, a.Write(context.Background(), func(tx *gorm.DB) error { return tx.Exec("INSERT INTO items (name) VALUES ('x'), ('y')").Error }))
	hasFirst := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
	var wg sync.WaitGroup
	for i, d := range []*db.DB{a, b} {
		ids := []int64{1, 2}
		if i == 1 {
			slices.Reverse(ids)
		}
		var once sync.Once
		wg.Go(func() {
			hooks := 0
			err := d.Write(context.Background(), func(tx *gorm.DB) error {
				db.OnCommit(tx, func() { hooks++ })
				if _, err := db.Exec(tx, "UPDATE items SET name = name || ? WHERE id = ?", "!", ids[0]); err != nil {
					return err
				}
				once.Do(func() { close(hasFirst[i]) })
				<-hasFirst[1-i]
				_, err := db.Exec(tx, "UPDATE items SET name = name || ? WHERE id = ?", "!", ids[1])
				return err
			})
			if err != nil || hooks != 1 {
				t.Errorf("node %d: %v, %d hooks", i, err, hooks)
			}
		})
	}
	wg.Wait()
	if got := names(t, a); !slices.Equal(got, []string{"x!!", "y!!"}) {
		t.Errorf("stored %q", got)
	}
	if a.Stats().Reruns+b.Stats().Reruns == 0 {
		t.Error("there was no deadlock")
	}
}

// A deadlock over what is left for the end undoes a whole group; all of it is
// run again.
// REL-33
func TestREL33_DeadlockAtTheEndIsRunAgain(t *testing.T) {
	a, b := onPostgres(t)
	must(t, a.Write(context.Background(), func(tx *gorm.DB) error { return tx.Exec("INSERT INTO items (name) VALUES ('x'), ('y')").Error }))
	hasFirst := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
	var wg sync.WaitGroup
	for i, d := range []*db.DB{a, b} {
		ids := []int64{1, 2}
		if i == 1 {
			slices.Reverse(ids)
		}
		var once sync.Once
		lock := func(id int64) func(tx *gorm.DB) error {
			return func(tx *gorm.DB) error {
				_, err := db.Exec(tx, "UPDATE items SET name = name || ? WHERE id = ?", "!", id)
				if id == ids[0] {
					once.Do(func() { close(hasFirst[i]) })
					<-hasFirst[1-i]
				}
				return err
			}
		}
		wg.Go(func() {
			err := d.Write(context.Background(), func(tx *gorm.DB) error {
				db.BeforeCommit(tx, "1", lock(ids[0]))
				db.BeforeCommit(tx, "2", lock(ids[1]))
				return nil
			})
			if err != nil {
				t.Errorf("node %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if got := names(t, a); !slices.Equal(got, []string{"x!!", "y!!"}) || a.Stats().Reruns+b.Stats().Reruns == 0 {
		t.Errorf("stored %q, %d reruns", got, a.Stats().Reruns+b.Stats().Reruns)
	}
}

// When the server drops every connection, what had not begun is stored by the
// next connection, and the service goes on.
// REL-32
func TestREL32_ConnectionsAreTerminated(t *testing.T) {
	a, b := onPostgres(t)
	must(t, a.Write(context.Background(), insert("before")))
	drop := func() {
		must(t, b.Write(context.Background(), func(tx *gorm.DB) error {
			return tx.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?", t.Name()+"-a").Error
		}))
	}
	drop()
	must(t, a.Write(context.Background(), insert("after")))
	until(t, "a reader", func() bool { return a.Ready(context.Background()) == nil })

	err := a.Write(context.Background(), func(tx *gorm.DB) error {
		_ = insert("lost")(tx)
		drop()
		return insert("lost too")(tx)
	})
	if !errs.Is(err, errs.Unavailable) {
		t.Errorf("Write on a dropped connection = %v", err)
	}
	must(t, a.Write(context.Background(), insert("last")))
	until(t, "a reader", func() bool { return a.Ready(context.Background()) == nil })
	if got := names(t, a); !slices.Equal(got, []string{"before", "after", "last"}) {
		t.Errorf("stored %q", got)
	}
}

func TestPostgresBackupNamesItsTool(t *testing.T) {
	a, _ := onPostgres(t)
	if err := a.Backup(context.Background(), "nowhere"); !errs.Is(err, errs.Invalid) || !strings.Contains(errs.Text(err), "pg_dump") {
		t.Errorf("Backup = %v", err)
	}
}

func TestUnreachableServer(t *testing.T) {
	_, err := db.Open(context.Background(), db.Config{URL: "postgres://someone:hunter2@127.0.0.1:1/nothing"})
	if !errs.Is(err, errs.Unavailable) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("Open = %v", err)
	}
	_, err = db.Open(context.Background(), db.Config{URL: "postgres://someone:hunter2@[broken/nothing"})
	if !errs.Is(err, errs.Invalid) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("Open = %v", err)
	}
	_, err = db.Open(context.Background(), db.Config{URL: "mysql://x"})
	if !errs.Is(err, errs.Invalid) {
		t.Errorf("Open = %v", err)
	}
}
