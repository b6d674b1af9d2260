package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"gorm.io/driver/sqlite"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// Backup writes a whole copy of a SQLite database to path while the server
// runs. The copy holds everything that was answered before Backup began, is
// compact, and is itself a database to start from. A file at path is never
// overwritten, and path holds either nothing or the finished, synced copy.
//
// PostgreSQL has its own tools: there Backup refuses and names pg_dump.
func (d *DB) Backup(ctx context.Context, path string) error {
	if d.dialect == Postgres {
		return errs.E(errs.Invalid, "A PostgreSQL database is copied with its own tools: run pg_dump --format=custom.")
	}
	if _, err := os.Lstat(path); err == nil {
		return errs.E(errs.Conflict, "There is already a file at the path of the copy. It is not overwritten.")
	} else if !errors.Is(err, os.ErrNotExist) {
		return errs.Wrap(err, errs.Invalid, "The path of the copy cannot be used.")
	}
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.part") // mode 0600
	if err != nil {
		return errs.Wrap(err, errs.Invalid, "The copy cannot be written there.")
	}
	defer os.Remove(temp.Name())
	defer temp.Close()
	if err := d.vacuumInto(ctx, temp.Name()); err != nil {
		return err
	}
	if err := temp.Sync(); err != nil {
		return errs.Wrap(err, errs.Unavailable, "The copy could not be written to the disk.")
	}
	// Link, unlike rename, fails when somebody made the file meanwhile.
	if err := os.Link(temp.Name(), path); err != nil {
		return errs.Wrap(err, errs.Conflict, "The copy could not be put in its place.")
	}
	return syncFolder(filepath.Dir(path))
}

func (d *DB) vacuumInto(ctx context.Context, path string) error {
	c, err := sql.Open(sqlite.DriverName, d.dsn("_txlock=deferred"))
	if err != nil {
		return fmt.Errorf("open the database to copy it: %w", err)
	}
	defer c.Close()
	if _, err := c.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return errs.Wrap(err, errs.Unavailable, "The copy could not be written. Is the disk full?")
	}
	return nil
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open the folder of the copy: %w", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return errs.Wrap(err, errs.Unavailable, "The copy could not be written to the disk.")
	}
	return nil
}
