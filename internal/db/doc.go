// Package db owns the database: how it is opened and locked, the one way to
// write to it, the readers beside that, the numbered migrations and the backup.
// It runs on SQLite (one machine, the default) and PostgreSQL (several nodes),
// and the same SQL of the domains runs on both.
//
// Writes are grouped. A closure given to DB.Write joins a queue; a writer takes
// all closures that wait, runs each in its own savepoint of one transaction,
// commits once and only then answers every caller. The price of a durable
// commit (an fsync) is so shared by everybody who waited for it. What this
// asks of closures is short: no network, no waiting, no nested Write.
//
// The package knows no table but its own (schema_migrations): the domains own
// their tables and queries, and number their migrations in the folder
// migrations.
package db
