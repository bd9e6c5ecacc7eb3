// Package cli is the nuclab command: it parses flags, calls the libraries and prints. It holds no physics and no
// protocol.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// The exit statuses of the command.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// usageError marks an error of the caller's input, as opposed to a run that failed.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// badInput returns an error that makes the command exit with status 2.
func badInput(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// silentError carries an exit status whose reason has been printed already.
type silentError int

func (e silentError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// Main runs the command line args (without the program's name) and returns its exit status. Environment is the text
// of environment.yml, which `lab` sets up; source is the directory of the checkout the program was built from.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer, environment []byte, source string) int {
	app := &app{args: args, stdout: stdout, stderr: stderr, environment: environment, source: source}
	root := app.command()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	var silent silentError
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &silent):
		return int(silent)
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintf(stderr, "%s: interrupted\n", cmd.CommandPath())
		return exitInterrupted
	case errors.As(err, &usage) || !app.started:
		fmt.Fprintf(stderr, "%s: %s\n", cmd.CommandPath(), oneLine(err))
		return exitUsage
	}
	fmt.Fprintf(stderr, "%s: %v\n", cmd.CommandPath(), err)
	return exitFailed
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// app is what every verb shares.
type app struct {
	args           []string
	stdout, stderr io.Writer
	environment    []byte
	source         string
	started        bool // a verb's own code runs
}

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "nuclab",
		Short: "Nuclear burning, its neural emulators, and a Go kernel for Jupyter",
		Long: `nuclab burns nuclear matter with large reaction networks, trains neural emulators of that burning, and runs Go
notebooks with live state in JupyterLab.

Units everywhere: temperature K, density g/cm3, time s, energy erg/g, rates of loss erg/g/s, masses MeV.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddGroup(
		&cobra.Group{ID: "notebook", Title: "Notebooks:"},
		&cobra.Group{ID: "physics", Title: "Physics:"},
		&cobra.Group{ID: "learning", Title: "Data and learning:"},
	)
	add := func(group string, cmds ...*cobra.Command) {
		for _, c := range cmds {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("notebook", a.lab(), a.run(), a.reproduce(), a.kernel())
	add("physics", a.burn(), a.net(), a.rate(), a.nse(), a.screen(), a.eos(), a.neutrino(), a.core(), a.bbq())
	add("learning", a.dataset(), a.train(), a.predict(), a.evaluate(), a.export(), a.modelVerb(), a.bench())
	root.AddCommand(a.version())
	a.watch(root)
	return root
}

// watch notes when c or one of its subcommands gets as far as its own code: an error before that, about flags or
// arguments, is one of usage.
func (a *app) watch(c *cobra.Command) {
	run := c.RunE
	c.RunE = func(cmd *cobra.Command, args []string) error {
		a.started = true
		return run(cmd, args)
	}
	for _, sub := range c.Commands() {
		a.watch(sub)
	}
}

// terminal reports whether w is a terminal, where progress is worth drawing.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
