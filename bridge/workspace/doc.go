// Package workspace owns the set-up of a workspace: which channel it listens
// to, which desk its tickets live in, who belongs to it, and everything that
// Combodo's iTop extension calls by name (IC-01).
//
// It reads and checks YAML, writes it back with or without secrets, tells what
// differs between two set-ups, and makes a set-up of the extension's own
// configuration (PHP and XML). It stores nothing and calls nobody: the bridge
// keeps workspaces in the database, sealed.
package workspace
