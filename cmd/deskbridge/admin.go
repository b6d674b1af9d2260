package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/deskbridge/deskbridge/config"
	"github.com/deskbridge/deskbridge/internal/auth"
)

// withApp runs do with the opened application; nothing is served.
func withApp(s *settings, do func(ctx context.Context, a *app, cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) (err error) {
		c, err := s.load()
		if err != nil {
			return err
		}
		a, err := openApp(cmd.Context(), c, config.Logger(c, cmd.ErrOrStderr()), true)
		if err != nil {
			return err
		}
		defer func() {
			if cerr := a.close(); err == nil {
				err = cerr
			}
		}()
		return do(auth.AsActor(cmd.Context(), "cli"), a, cmd, args)
	}
}

func newMigrate(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Bring the database up to date", Args: cobra.NoArgs,
		RunE: withApp(s, func(_ context.Context, _ *app, cmd *cobra.Command, _ []string) error {
			cmd.Println("The database is up to date.")
			return nil
		}),
	}
}

func newBackup(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "Copy the database to FILE, while the server runs or not", Args: cobra.ExactArgs(1),
		Long: "Copy the database to FILE, which must not exist. The server may be running. Keys and attachments are files beside it in the data directory: copy them too.",
		RunE: withApp(s, func(ctx context.Context, a *app, cmd *cobra.Command, args []string) error {
			if err := a.db.Backup(ctx, args[0]); err != nil {
				return err
			}
			cmd.Printf("The database is in %s. Copy %s/keys and %s/files as well.\n", args[0], a.conf.Data, a.conf.Data)
			return nil
		}),
	}
}

func newUser(s *settings) *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "Manage users"}
	var name, role string
	var person int64
	var profiles []string
	add := &cobra.Command{
		Use: "add EMAIL", Short: "Add a user; the password is asked for, or read from standard input", Args: cobra.ExactArgs(1),
		RunE: withApp(s, func(ctx context.Context, a *app, cmd *cobra.Command, args []string) error {
			if name == "" {
				name, _, _ = strings.Cut(args[0], "@")
			}
			if auth.Role(role) == auth.Portal && len(profiles) == 0 {
				profiles = []string{"Portal user"}
			}
			password, err := readPassword(cmd)
			if err != nil {
				return err
			}
			u, err := a.auth.CreateUser(ctx, auth.NewUser{DeskID: mainDesk, Email: args[0], Name: name, Role: auth.Role(role), PersonID: person, Profiles: profiles, Password: password})
			if err != nil {
				return err
			}
			cmd.Printf("Added %s as %s.\n", u.Email, u.Role)
			return nil
		}),
	}
	add.Flags().StringVar(&name, "name", "", "full name; the part of EMAIL before the @ when empty")
	add.Flags().StringVar(&role, "role", string(auth.Supporter), "administrator, dispatcher, supporter or portal")
	add.Flags().StringSliceVar(&profiles, "profile", nil, "profile such as \"Portal user\", by which a workspace shows the Messenger; may be given more than once")
	add.Flags().Int64Var(&person, "person", 0, "id of the person in the desk")
	cmd.AddCommand(add, &cobra.Command{
		Use: "passwd EMAIL", Short: "Set a user's password and end their sessions", Args: cobra.ExactArgs(1),
		RunE: withApp(s, func(ctx context.Context, a *app, cmd *cobra.Command, args []string) error {
			u, err := a.auth.UserByEmail(ctx, mainDesk, args[0])
			if err != nil {
				return err
			}
			password, err := readPassword(cmd)
			if err != nil {
				return err
			}
			if err := a.auth.SetPassword(ctx, mainDesk, u.ID, password); err != nil {
				return err
			}
			cmd.Printf("The password of %s is changed; their sessions have ended.\n", u.Email)
			return nil
		}),
	}, &cobra.Command{
		Use: "list", Short: "List users", Args: cobra.NoArgs,
		RunE: withApp(s, func(ctx context.Context, a *app, cmd *cobra.Command, _ []string) error {
			t := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(t, "E-MAIL\tNAME\tROLE\tSTATE")
			for after := int64(0); ; {
				page, err := a.auth.ListUsers(ctx, mainDesk, auth.UserFilter{Limit: 200, After: after})
				if err != nil {
					return err
				}
				for _, u := range page.Items {
					state := "active"
					if u.Disabled {
						state = "disabled"
					}
					fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", u.Email, u.Name, u.Role, state)
				}
				if after = page.Next; after == 0 {
					break
				}
			}
			return t.Flush()
		}),
	})
	return cmd
}

// readPassword asks at the terminal without showing it, or reads a line.
func readPassword(cmd *cobra.Command) (string, error) {
	if f, ok := cmd.InOrStdin().(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		cmd.Print("Password: ")
		b, err := term.ReadPassword(int(f.Fd()))
		cmd.Println()
		return string(b), err
	}
	line, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	if line = strings.TrimRight(line, "\r\n"); line != "" {
		return line, nil
	}
	return "", errors.Join(errors.New("no password on standard input"), err)
}

func newAPIKey(s *settings) *cobra.Command {
	cmd := &cobra.Command{Use: "apikey", Short: "Manage API keys"}
	var role, scope string
	add := &cobra.Command{
		Use: "add NAME", Short: "Add an API key; it is shown once", Args: cobra.ExactArgs(1),
		RunE: withApp(s, func(ctx context.Context, a *app, cmd *cobra.Command, args []string) error {
			_, secret, err := a.auth.CreateAPIKey(ctx, auth.NewAPIKey{DeskID: mainDesk, Name: args[0], Role: auth.Role(role), Scope: scope})
			if err != nil {
				return err
			}
			cmd.Println(secret)
			return nil
		}),
	}
	add.Flags().StringVar(&role, "role", string(auth.Supporter), "administrator, dispatcher or supporter")
	add.Flags().StringVar(&scope, "scope", "read", "read or write")
	cmd.AddCommand(add)
	return cmd
}
