package main

import (
	"errors"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/deskbridge/deskbridge/config"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// settings are the flags that every command has.
type settings struct {
	file  string
	flags *pflag.FlagSet
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "deskbridge",
		Short:         "Tickets, and the bridge between them and the places where people talk",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetOut(os.Stdout) // what a command was asked for; notes and errors go to standard error
	s := &settings{flags: root.PersistentFlags()}
	s.flags.StringVarP(&s.file, "config", "c", os.Getenv("DESKBRIDGE_CONFIG"), "settings file (YAML)")
	for _, k := range config.Keys() {
		s.flags.String(flagName(k.Name), "", k.About)
	}
	root.AddCommand(newServe(s), newDemo(s), newMigrate(s), newUser(s), newWorkspace(s), newAPIKey(s), newBackup(s), newVersion())
	return root
}

// flagName is a setting's name as a flag: "log.level" is --log-level.
func flagName(key string) string { return strings.NewReplacer(".", "-", "_", "-").Replace(key) }

// load reads the settings from everywhere; the error names every mistake.
func (s *settings) load() (config.Config, error) {
	return config.Load(s.file, os.Environ(), func(set func(name, value string)) {
		for _, k := range config.Keys() {
			if f := s.flags.Lookup(flagName(k.Name)); f != nil && f.Changed {
				set(k.Name, f.Value.String())
			}
		}
	})
}

// explain turns an error into lines for a person at a terminal.
func explain(err error) string {
	fields := errs.FieldsOf(err)
	var e *errs.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	if len(fields) == 0 {
		if e.Kind == errs.Internal || e.Kind == errs.Upstream {
			return err.Error()
		}
		return errs.Text(err)
	}
	var b strings.Builder
	b.WriteString(errs.Text(err))
	for _, f := range fields {
		b.WriteString("\n  " + f.Path + ": " + f.Text)
	}
	return b.String()
}

// version is what `deskbridge version` prints: the module's version, or the
// commit that it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel " + s.Value[:12]
		}
	}
	return "devel"
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) { cmd.Println("deskbridge " + version()) },
	}
}
