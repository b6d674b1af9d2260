// Package config holds the settings of the process: where it listens, where
// its data lives, what it logs, how much it takes.
//
// A setting comes from, in growing strength: the default, the YAML file, the
// environment (DESKBRIDGE_LOG_LEVEL for log.level), a flag. Load reads all of
// them, checks all of them and reports every mistake at once. Logger makes the
// logger that the settings describe.
//
// What a workspace is set up with (channels, desks, secrets) is not here: see
// bridge/workspace.
package config
