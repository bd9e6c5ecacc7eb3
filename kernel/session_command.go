package kernel

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"text/tabwriter"
	"time"

	"nuclab/kernel/cell"
	ipc "nuclab/kernel/worker/message"
)

// lineCommand is a line of a cell that starts with % or $.
type lineCommand struct {
	usage, help string
	run         func(s *Session, ctx context.Context, c *call, arg string) error
	// shared means that it changes what all cells have in common, and must not run beside one.
	shared bool
}

// lineCommands by name. Those that concern Go code have no function here.
var lineCommands map[string]lineCommand

func init() {
	lineCommands = map[string]lineCommand{
		"%help": {usage: "%help", help: "this list", run: (*Session).helpCommand},
		"%who":  {usage: "%who", help: "names that the notebook defines", run: (*Session).whoCommand},
		"%cd": {usage: "%cd [DIR]", help: "change the working directory of cells and shell commands",
			run: (*Session).cdCommand, shared: true},
		"%env": {usage: "%env [NAME[=VALUE]]", help: "show or set environment variables of the cells", run: (*Session).envCommand},
		"%get": {usage: "%get [-save] MODULE@VERSION", help: "add a module to what this notebook can import; -save adds it to your go.mod too",
			run: (*Session).getCommand, shared: true},
		"%restart": {usage: "%restart", help: "start anew with an empty scope", run: (*Session).restartCommand, shared: true},
		"%save":    {usage: "%save FILE", help: "write the cells that ran to a file", run: (*Session).saveCommand},
		"%load":    {usage: "%load FILE", help: "run the Go code of a file, such as one that %save wrote, in this notebook"},
		"%bench":   {usage: "%bench [CODE]", help: "how long the rest of the cell takes, run again and again"},
		"%output-limit": {usage: "%output-limit [MB]", help: "show or set how much text of a cell is shown before its middle is cut out; 0 shows all",
			run: (*Session).limitCommand},
		"%fmt":  {usage: "%fmt", help: "format the rest of the cell as gofmt does, without running it"},
		"%time": {usage: "%time [CODE]", help: "how long the rest of the cell takes to check, compile and run"},
		"$":     {usage: "$ COMMAND", help: "run a command of the shell", run: (*Session).shellCommand},
	}
}

// commands carries out the command lines at the start of a cell, then runs the rest as Go.
func (s *Session) commands(ctx context.Context, run *running, r Request) Result {
	rest, timed, bench := r.Code, false, false
	blank := 0 // lines before the Go code, so that line numbers stay right
	for {
		line, after, more := strings.Cut(rest, "\n")
		trimmed := strings.TrimSpace(line)
		if trimmed == "" && more {
			rest, blank = after, blank+1
			continue
		}
		if !strings.HasPrefix(trimmed, "%") && !strings.HasPrefix(trimmed, "$") {
			break
		}
		rest, blank = after, blank+1
		name, arg, _ := strings.Cut(trimmed, " ")
		if strings.HasPrefix(trimmed, "$") {
			name, arg = "$", trimmed[1:]
		}
		arg = strings.TrimSpace(arg)
		if name == "%time" || name == "%bench" {
			timed, bench = timed || name == "%time", bench || name == "%bench"
			if arg != "" {
				rest, blank = arg+"\n"+rest, blank-1
				break
			}
			continue
		}
		if name == "%fmt" {
			text, err := formatCell(rest)
			if err != nil {
				return failed("command error", fmt.Sprintf("%%fmt: %v", err))
			}
			s.replace(run, strings.TrimSpace(text))
			return Result{}
		}
		if name == "%load" {
			if result := s.load(ctx, run, r, arg); result.Err != nil {
				return result
			}
			if !more {
				rest = ""
			}
			continue
		}
		c, ok := lineCommands[name]
		if !ok {
			return failed("command error", fmt.Sprintf("%s: unknown command%s; %%help lists all", name, nearest(name)))
		}
		if r.Parallel && c.shared {
			return failed("command error", name+" concerns all cells of the notebook, and cannot run beside them in a subshell: put it into a cell of its own there")
		}
		if err := c.run(s, ctx, run.call, arg); err != nil {
			if ctx.Err() != nil {
				return failed("interrupted", name+" was interrupted")
			}
			return failed("command error", fmt.Sprintf("%s: %v", name, err))
		}
		if !more {
			rest = ""
		}
	}
	source := r.Code
	if (timed || bench) && strings.TrimSpace(rest) == "" {
		return failed("command error", "%time and %bench measure Go code: put it behind the command or below it")
	}
	r.Code = strings.Repeat("\n", blank) + rest
	if bench {
		if problems := cell.Syntax(r.Code); len(problems) > 0 {
			return Result{Err: compileError(r.Count, r.Code, problems)}
		}
		r.Code = strings.Repeat("\n", blank) + benchmark(rest)
	}
	var times timing
	result := s.evaluate(ctx, run, r, &times)
	if result.Err == nil {
		s.remember(r.Count, source)
	} else if shell, ok := strings.CutPrefix(strings.TrimSpace(source), "!"); ok && result.Err.Name == "compile error" {
		line, _, _ := strings.Cut(shell, "\n")
		hint := "a shell command begins with $, as in $ " + strings.TrimSpace(line)
		result.Err.Value += "\n" + hint
		result.Err.Traceback = append(result.Err.Traceback, hint)
	}
	if timed {
		run.call.print(times.String() + "\n")
	}
	return result
}

// nearest suggests a command for a misspelt one.
func nearest(name string) string {
	if c := cell.Nearest(name, commandNames()); c != "" {
		return fmt.Sprintf(" (did you mean %s?)", c)
	}
	return ""
}

func commandNames() []string {
	names := make([]string, 0, len(lineCommands))
	for name := range lineCommands {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func (c *call) print(text string) {
	c.emit(func(k Sink) { k.Stream("stdout", text) })
}

func (s *Session) helpCommand(_ context.Context, c *call, _ string) error {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 3, ' ', 0)
	for _, name := range commandNames() {
		fmt.Fprintf(w, "%s\t%s\n", lineCommands[name].usage, lineCommands[name].help)
	}
	fmt.Fprintf(w, "\nEverything else is Go. The last expression of a cell is shown; a semicolon behind it keeps it from being shown.\n")
	fmt.Fprintf(w, "Without import: Display(v), ClearOutput(), display.HTML(s), display.Markdown(s), nb.NewProgress(label, total), widgets.IntSlider(label, min, max, value), ...\n")
	w.Flush()
	c.print(b.String())
	return nil
}

func (s *Session) whoCommand(_ context.Context, c *call, _ string) error {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 3, ' ', 0)
	s.bookMu.Lock()
	for _, n := range s.book.Names() {
		t := n.Type
		if r := []rune(t); len(r) > 100 {
			t = string(r[:100]) + "..."
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", n.Name, n.Kind, strings.ReplaceAll(t, "\n", " "))
	}
	s.bookMu.Unlock()
	w.Flush()
	if b.Len() == 0 {
		b.WriteString("The notebook defines no names yet.\n")
	}
	c.print(b.String())
	return nil
}

func (s *Session) cdCommand(_ context.Context, c *call, arg string) error {
	dir := arg
	switch {
	case dir == "":
		dir = s.o.Dir
	case dir == "~" || strings.HasPrefix(dir, "~/"):
		home, err := os.UserHomeDir()
		if err != nil {
			return err
		}
		dir = filepath.Join(home, strings.TrimPrefix(dir, "~"))
	case !filepath.IsAbs(dir):
		dir = s.path(dir)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a directory", dir)
	}
	s.moved(dir, nil)
	c.print(dir + "\n")
	return s.process().send(ipc.Command{Kind: ipc.Chdir, Text: dir})
}

// moved notes where the cells work now and, if it is not nil, with what environment.
func (s *Session) moved(dir string, env []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if dir != "" {
		s.cwd = dir
	}
	if env != nil {
		s.cellEnv = env
	}
}

// environment is that of the cells.
func (s *Session) environment() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cellEnv != nil {
		return slices.Clone(s.cellEnv)
	}
	env := os.Environ()
	for name, value := range s.env {
		env = append(env, name+"="+value)
	}
	return env
}

func (s *Session) envCommand(_ context.Context, c *call, arg string) error {
	name, value, set := strings.Cut(arg, "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if set {
		if name == "" {
			return fmt.Errorf("no name before =")
		}
		s.mu.Lock()
		s.env[name] = value
		if s.cellEnv != nil {
			s.cellEnv = append(s.cellEnv, name+"="+value)
		}
		s.mu.Unlock()
		return s.process().send(ipc.Command{Kind: ipc.Setenv, Env: []string{name, value}})
	}
	all := make(map[string]string)
	for _, line := range s.environment() {
		k, v, _ := strings.Cut(line, "=")
		all[k] = v
	}
	if name != "" {
		v, ok := all[name]
		if !ok {
			return fmt.Errorf("%s is not set", name)
		}
		c.print(v + "\n")
		return nil
	}
	var lines []string
	for k, v := range all {
		lines = append(lines, k+"="+v)
	}
	slices.Sort(lines)
	c.print(strings.Join(lines, "\n") + "\n")
	return nil
}

func (s *Session) getCommand(ctx context.Context, c *call, arg string) error {
	what, save := strings.CutPrefix(arg, "-save ")
	what = strings.TrimSpace(what)
	if what == "" || strings.HasPrefix(what, "-") {
		return fmt.Errorf("name a module, such as %%get gonum.org/v1/gonum@latest")
	}
	if save {
		text, err := s.module.Save(ctx, what)
		if err != nil {
			return err
		}
		c.print(text + "\n")
	}
	text, err := s.module.Get(ctx, what)
	if err != nil {
		return err
	}
	c.print(text + "\n")
	return nil
}

const restarted = "A new process runs the cells; all names are forgotten.\n"

func (s *Session) restartCommand(_ context.Context, c *call, _ string) error {
	if err := s.renew(s.process()); err != nil {
		return err
	}
	c.print(restarted)
	return nil
}

func (s *Session) shellCommand(ctx context.Context, out *call, arg string) error {
	if arg == "" {
		return fmt.Errorf("no command")
	}
	c := exec.CommandContext(ctx, "sh", "-c", arg)
	c.Dir = s.path("")
	c.Env = s.environment()
	c.Stdout = streamWriter{out, "stdout"}
	c.Stderr = streamWriter{out, "stderr"}
	ownGroup(c)
	c.Cancel = func() error {
		killGroup(c.Process)
		return nil
	}
	c.WaitDelay = time.Second
	return c.Run()
}

// streamWriter writes to a stream of a cell.
type streamWriter struct {
	call *call
	name string
}

func (w streamWriter) Write(p []byte) (int, error) {
	w.call.emit(func(k Sink) { k.Stream(w.name, strings.ToValidUTF8(string(p), "\uFFFD")) })
	return len(p), nil
}
