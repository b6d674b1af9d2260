package db_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/db/dbtest"
)

// benchURL is the address of an empty database. SQLite's file lies in
// DESKBRIDGE_BENCH_DIR where that is set, to measure a slow disk.
func benchURL(b *testing.B) string {
	dir := os.Getenv("DESKBRIDGE_BENCH_DIR")
	if dbtest.OnPostgres() || dir == "" {
		return dbtest.URL(b)
	}
	dir, err := os.MkdirTemp(dir, "bench") //nolint:usetesting // on the disk that is measured
	must(b, err)
	b.Cleanup(func() { os.RemoveAll(dir) })
	return "sqlite:" + filepath.Join(dir, "deskbridge.db")
}

// alone returns what stores a row as gorm does it by itself: one transaction
// and one commit per row, on one connection (SQLite) or a pool of 32.
func alone(b *testing.B) func(name string) error {
	address := benchURL(b)
	grouped := openBench(b, address, 0)
	makeItems(b, grouped)
	must(b, grouped.Close())
	dialector, connections := postgres.Open(address), 32
	if !dbtest.OnPostgres() {
		dialector = sqlite.Open("file:" + address[len("sqlite:"):] + "?_journal_mode=WAL&_synchronous=FULL&_foreign_keys=on&_busy_timeout=10000&_txlock=immediate")
		connections = 1
	}
	g, err := gorm.Open(dialector, &gorm.Config{Logger: logger.Discard})
	must(b, err)
	pool, err := g.DB()
	must(b, err)
	b.Cleanup(func() { pool.Close() })
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return func(name string) error { return g.Create(&item{Name: name}).Error }
}

func openBench(b *testing.B, address string, connections int) *db.DB {
	d, err := db.Open(context.Background(), db.Config{URL: address, Writers: connections})
	must(b, err)
	b.Cleanup(func() { d.Close() })
	return d
}

// BenchmarkWrite stores one row per call from 32 goroutines: through gorm alone,
// and grouped, through gorm and through Exec. The environment variable
// DESKBRIDGE_BENCH_WRITERS sets the connections that commit on PostgreSQL.
func BenchmarkWrite(b *testing.B) {
	const callers = 32
	connections, _ := strconv.Atoi(os.Getenv("DESKBRIDGE_BENCH_WRITERS"))
	measure := func(b *testing.B, store func(name string) error) {
		b.SetParallelism(callers / 2)
		var n atomic.Int64
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := store(fmt.Sprint("row ", n.Add(1))); err != nil {
					b.Error(err)
					return
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "inserts/s")
	}
	b.Run("alone", func(b *testing.B) { measure(b, alone(b)) })
	for _, way := range []string{"gorm", "exec"} {
		b.Run("grouped/"+way, func(b *testing.B) {
			d := openBench(b, benchURL(b), connections)
			makeItems(b, d)
			measure(b, func(name string) error {
				return d.Write(context.Background(), func(tx *gorm.DB) error {
					if way == "gorm" {
						return tx.Create(&item{Name: name}).Error
					}
					_, err := db.Exec(tx, "INSERT INTO items (name) VALUES (?)", name)
					return err
				})
			})
			s := d.Stats()
			b.ReportMetric(float64(s.Writes)/float64(s.Groups), "rows/commit")
		})
	}
}
