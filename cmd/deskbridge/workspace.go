package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deskbridge/deskbridge/bridge/workspace"
)

func newWorkspace(s *settings) *cobra.Command {
	cmd := &cobra.Command{Use: "workspace", Short: "Manage workspaces"}
	var dryRun, reveal bool
	apply := &cobra.Command{
		Use: "apply FILE", Short: "Make or change the workspace that FILE describes (- for standard input)", Args: cobra.ExactArgs(1),
		Long: "Make or change the workspace that FILE describes.\nA secret may be written as ${NAME} (environment) or file:/path; one that is masked keeps its value.",
		RunE: withApp(s, func(ctx context.Context, a *app, cmd *cobra.Command, args []string) error {
			document, err := readFile(cmd, args[0])
			if err != nil {
				return err
			}
			o := workspace.Options{Getenv: os.LookupEnv, ReadFile: os.ReadFile}
			w, err := a.bridge.Apply(ctx, mainDesk, "cli", document, o, dryRun)
			if err != nil {
				return err
			}
			if dryRun {
				cmd.Printf("The set-up of %s is valid.\n", w.Slug)
				return nil
			}
			cmd.Printf("Workspace %s is in use. Try it: deskbridge workspace test %s\n", w.Slug, w.Slug)
			return nil
		}),
	}
	apply.Flags().BoolVar(&dryRun, "dry-run", false, "only check the file")
	export := &cobra.Command{
		Use: "export NAME", Short: "Print a workspace's set-up", Args: cobra.ExactArgs(1),
		RunE: withApp(s, func(ctx context.Context, a *app, cmd *cobra.Command, args []string) error {
			text, err := a.bridge.Export(ctx, mainDesk, args[0], reveal)
			if err != nil {
				return err
			}
			cmd.Print(text)
			return nil
		}),
	}
	export.Flags().BoolVar(&reveal, "reveal-secrets", false, "print secrets in clear")
	cmd.AddCommand(apply, export, newWorkspaceTest(s), newImport())
	return cmd
}

func newWorkspaceTest(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "test NAME", Short: "Try every connection and right that a workspace uses; nothing is changed", Args: cobra.ExactArgs(1),
		RunE: withApp(s, func(ctx context.Context, a *app, cmd *cobra.Command, args []string) error {
			found, err := a.bridge.Test(ctx, mainDesk, args[0])
			if err != nil {
				return err
			}
			fatal := false
			for _, f := range found {
				mark := "ok  "
				switch {
				case f.Fatal:
					mark, fatal = "FAIL", true
				case !f.OK:
					mark = "note"
				}
				cmd.Printf("%s  %s: %s\n", mark, f.Subject, f.Text)
			}
			if fatal {
				return errors.New("the workspace cannot work like this")
			}
			return nil
		}),
	}
}

// newImport needs no database: it prints a file for apply.
func newImport() *cobra.Command {
	return &cobra.Command{
		Use: "import-itop FILE...", Short: "Print a workspace made of the iTop extension's configuration", Args: cobra.MinimumNArgs(1),
		Long: "Read the configuration of Combodo's Intercom extension (config-itop.php, XML designs, or both) and print a workspace file.\nNotes on what needs attention go to standard error. Nothing of the files is executed.",
		RunE: func(cmd *cobra.Command, args []string) error {
			sources := make([]workspace.Source, len(args))
			for i, name := range args {
				b, err := os.ReadFile(name)
				if err != nil {
					return err
				}
				sources[i] = workspace.Source{Name: filepath.Base(name), Data: b}
			}
			w, notes, err := workspace.ImportITop(sources...)
			if err != nil {
				return err
			}
			for _, n := range notes {
				cmd.PrintErrln("note: " + n.String())
			}
			// Secrets come along: the file is for the one who owns the sources.
			text, err := workspace.Marshal(w, true)
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
}

func readFile(cmd *cobra.Command, name string) (string, error) {
	if name != "-" {
		b, err := os.ReadFile(name)
		return string(b), err
	}
	var b strings.Builder
	_, err := io.Copy(&b, cmd.InOrStdin())
	return b.String(), err
}
