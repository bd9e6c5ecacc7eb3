package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/peterh/liner"
	"github.com/spf13/cobra"

	"nuclab/kernel"
)

func (a *app) repl() *cobra.Command {
	return &cobra.Command{
		Use:   "repl",
		Short: "Evaluate Go in the terminal, with the kernel's engine",
		Long: `Read Go from the terminal, run it as the cells of a notebook are run, and print the values.

Lines are edited as in a shell: the arrows move and recall what was typed earlier, Ctrl-R searches it, Tab completes names,
NAME? shows documentation. Input that is not complete is continued on the next line. Ctrl-C drops what is typed, or
interrupts what runs; Ctrl-D leaves. %help lists the commands.

When the input is no terminal, it is run to its end and the values are printed, nothing else; the first failure ends it with
status 1.`,
		Example: "  nuclab kernel repl\n  echo '6 * 7' | nuclab kernel repl",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cache, err := cacheDir()
			if err != nil {
				return err
			}
			// The interrupt key means the running cell, not the program.
			session, err := kernel.NewSession(context.WithoutCancel(cmd.Context()), kernel.Options{Cache: cache, SourceTree: a.source})
			if err != nil {
				return err
			}
			defer session.Close()
			r := &repl{session: session, stdout: a.stdout, stderr: a.stderr}
			if in, ok := cmd.InOrStdin().(*os.File); ok && in == os.Stdin && terminal(in) && terminal(a.stdout) {
				return r.interact(filepath.Join(cache, "repl_history"))
			}
			stop := context.AfterFunc(cmd.Context(), session.Interrupt)
			defer stop()
			return r.pipe(cmd.Context(), cmd.InOrStdin())
		},
	}
}

// repl reads cells and prints what they give.
type repl struct {
	session        *kernel.Session
	stdout, stderr io.Writer
	line           *liner.State // nil without a terminal
	count          int

	mu     sync.Mutex // for the writers
	inLine bool       // the cell's last text does not end its line
}

// pipe runs an input to its end or its first failure.
func (r *repl) pipe(ctx context.Context, in io.Reader) error {
	lines := bufio.NewReader(in)
	var cell strings.Builder
	for {
		text, err := lines.ReadString('\n')
		cell.WriteString(text)
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return err
		}
		if status, _ := r.session.IsComplete(cell.String()); status != "incomplete" || end {
			if !r.run(cell.String()) {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				return silentError(exitFailed)
			}
			cell.Reset()
		}
		if end {
			return nil
		}
	}
}

// interact talks to a person until the end of the input.
func (r *repl) interact(historyFile string) error {
	r.line = liner.NewLiner()
	defer r.line.Close()
	r.line.SetCtrlCAborts(true)
	r.line.SetTabCompletionStyle(liner.TabPrints)
	if f, err := os.Open(historyFile); err == nil {
		r.line.ReadHistory(f)
		f.Close()
	}
	defer r.saveHistory(historyFile)
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	go func() {
		for range interrupts {
			r.session.Interrupt()
		}
	}()
	fmt.Fprintln(r.stdout, "Go with live state. Tab completes, NAME? explains, %help lists commands, Ctrl-D leaves.")
	for {
		text, err := r.read()
		switch {
		case errors.Is(err, liner.ErrPromptAborted):
			continue
		case errors.Is(err, io.EOF):
			fmt.Fprintln(r.stdout)
			return nil
		case err != nil:
			return err
		}
		if name, ok := strings.CutSuffix(strings.TrimSpace(text), "?"); ok {
			r.explain(name)
			continue
		}
		r.run(text)
	}
}

// read takes lines until they make a cell. An empty line ends a cell that could go on.
func (r *repl) read() (string, error) {
	var lines []string
	prompt, indent := fmt.Sprintf("In[%d]: ", r.count+1), ""
	for {
		// Completion sees the lines before.
		before := strings.Join(lines, "")
		r.line.SetWordCompleter(func(line string, pos int) (string, []string, string) { return r.complete(before, line, pos) })
		text, err := r.line.PromptWithSuggestion(prompt, indent, -1)
		if errors.Is(err, io.EOF) && len(lines) > 0 {
			err = nil // Ctrl-D ends the cell
			text = ""
		}
		if err != nil {
			return "", err
		}
		if strings.TrimSpace(text) != "" {
			r.line.AppendHistory(text)
		}
		lines = append(lines, text+"\n")
		all := strings.Join(lines, "")
		status, next := r.session.IsComplete(all)
		if status != "incomplete" || len(lines) > 1 && strings.TrimSpace(text) == "" {
			return all, nil
		}
		prompt, indent = strings.Repeat(" ", len(prompt)-len("... "))+"... ", next
	}
}

// complete answers the Tab key: what may stand in place of the end of line up to pos characters.
func (r *repl) complete(before, line string, pos int) (head string, completions []string, tail string) {
	runes := []rune(line)
	pos = min(pos, len(runes))
	cursor := len(before) + len(string(runes[:pos]))
	c := r.session.Complete(before+line, cursor)
	if c.Start < len(before) || c.End < c.Start || c.End > len(before)+len(line) {
		return line, nil, ""
	}
	for _, m := range c.Matches {
		if !slices.Contains(completions, m.Text) {
			completions = append(completions, m.Text)
		}
	}
	return line[:c.Start-len(before)], completions, line[c.End-len(before):]
}

func (r *repl) explain(name string) {
	data, found := r.session.Inspect(name, len(name))
	if !found {
		fmt.Fprintf(r.stderr, "there is no documentation for %s\n", name)
		return
	}
	fmt.Fprintf(r.stdout, "%s\n", strings.TrimRight(fmt.Sprint(data["text/plain"]), "\n"))
}

// run evaluates a cell and prints its value or its error. It reports whether the cell succeeded.
func (r *repl) run(code string) bool {
	if strings.TrimSpace(code) == "" {
		return true
	}
	r.count++
	// Not the command's context: the interrupt key reaches the session by itself.
	result := r.session.Execute(context.Background(), kernel.Request{Code: code, Count: r.count, Sink: r})
	r.mu.Lock()
	if r.line != nil && r.inLine {
		fmt.Fprintln(r.stdout) // for the prompt
	}
	r.inLine = false
	r.mu.Unlock()
	if result.Value != nil {
		r.mu.Lock()
		if r.line != nil {
			fmt.Fprintf(r.stdout, "Out[%d]: ", r.count)
		}
		fmt.Fprintln(r.stdout, plain(result.Value.Data))
		r.mu.Unlock()
	}
	if result.Err == nil {
		return true
	}
	text := strings.Join(result.Err.Traceback, "\n")
	if r.line == nil {
		text = colours.ReplaceAllString(text, "")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintln(r.stderr, text)
	return false
}

// colours are the sequences by which a terminal changes them.
var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// plain is a value for a terminal: its text, else what kind of value it is.
func plain(data map[string]any) string {
	if text, ok := data["text/plain"].(string); ok {
		return text
	}
	var kinds []string
	for kind := range data {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	return "[" + strings.Join(kinds, ", ") + "]"
}

// Stream, Display, Clear and Input make the repl the sink of its cells.
func (r *repl) Stream(name, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inLine = text != "" && !strings.HasSuffix(text, "\n")
	if name == "stderr" {
		io.WriteString(r.stderr, text)
	} else {
		io.WriteString(r.stdout, text)
	}
}

func (r *repl) Display(d kernel.DisplayData) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintln(r.stdout, plain(d.Data))
}

// Clear does nothing: a terminal keeps what was printed.
func (r *repl) Clear(bool) {}

func (r *repl) Input(prompt string, password bool) (string, error) {
	switch {
	case r.line == nil:
		return "", kernel.ErrNoInput
	case password:
		return r.line.PasswordPrompt(prompt)
	}
	return r.line.Prompt(prompt)
}

// saveHistory keeps what was typed for the next time, readable by its user alone. Failing to is no harm.
func (r *repl) saveHistory(path string) {
	if os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	r.line.WriteHistory(f)
}
