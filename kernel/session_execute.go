package kernel

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"nuclab/kernel/build"
	"nuclab/kernel/cell"
	ipc "nuclab/kernel/worker/message"
)

// Execute runs one cell and returns when it has ended. When ctx is cancelled the cell is interrupted, as by Interrupt.
// Cells of one session run one at a time; a second call waits.
func (s *Session) Execute(ctx context.Context, r Request) Result {
	if r.Sink == nil {
		r.Sink = noSink{}
	}
	if !r.Parallel {
		s.executing.Lock()
		defer s.executing.Unlock()
	}
	prepare, cancel := context.WithCancel(ctx)
	defer cancel()
	run := &running{cancel: cancel}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return failed("kernel error", errClosed.Error())
	}
	run.call = s.calls.newCall(r.Sink, s.most)
	if !r.Parallel {
		s.running, s.calls.cell = run, run.call
	}
	s.mu.Unlock()
	defer func() {
		run.call.emit(func(k Sink) { k.(*limit).flush() })
		s.end(run.call)
		s.mu.Lock()
		if s.running == run {
			s.running = nil
		}
		s.mu.Unlock()
	}()
	if !r.Parallel {
		stop := context.AfterFunc(ctx, s.Interrupt)
		defer stop()
	} else {
		stop := context.AfterFunc(ctx, func() {
			if p := s.process(); p != nil {
				p.send(ipc.Command{Kind: ipc.Interrupt, Exec: run.call.id})
			}
		})
		defer stop()
	}

	if err := s.ready(prepare); err != nil {
		if ctx.Err() != nil {
			return failed("interrupted", "interrupted while the kernel was starting")
		}
		return failed("kernel error", err.Error())
	}
	if p := s.process(); p.dead() {
		// A goroutine that an earlier cell left running took the worker down.
		died := s.diedError(p, "the process that ran the cells has ended: "+p.reason()+". "+lost)
		if err := s.renew(p); err != nil {
			return failed("kernel error", err.Error())
		}
		run.call.emit(func(k Sink) { k.Stream("stderr", strings.Join(died.Traceback, "\n")+"\n") })
	}
	return s.commands(prepare, run, r)
}

// evaluate runs the Go code of a cell. The caller holds executing.
func (s *Session) evaluate(ctx context.Context, run *running, r Request, times *timing) Result {
	if strings.TrimSpace(r.Code) == "" {
		return Result{}
	}
	s.tellChanges(run)
	c, plugins, err := s.prepare(ctx, r, times)
	s.tellChanges(run)
	if err != nil {
		return Result{Err: err}
	}
	for _, note := range c.Notes {
		run.call.emit(func(k Sink) { k.Stream("stderr", note+"\n") })
	}
	if len(plugins) == 0 {
		return Result{}
	}
	if r.Prepared != nil {
		r.Prepared()
	}
	start := time.Now()
	result := s.runCell(run, r, c, plugins)
	times.run = time.Since(start)
	return result
}

// prepare checks and compiles a cell, which then is part of the notebook. There are no plugins for a cell that does nothing.
func (s *Session) prepare(ctx context.Context, r Request, times *timing) (c *cell.Cell, plugins []string, failure *CellError) {
	s.preparing.Lock()
	defer s.preparing.Unlock()
	start := time.Now()
	s.bookMu.Lock()
	c, problems := s.book.Analyse(r.Code)
	s.bookMu.Unlock()
	times.check = time.Since(start)
	if len(problems) > 0 {
		return nil, nil, compileError(r.Count, r.Code, problems)
	}
	if ctx.Err() != nil {
		return nil, nil, failed("interrupted", "interrupted before the cell ran").Err
	}
	if !c.Empty {
		start = time.Now()
		var err error
		plugins, err = s.module.Build(ctx, source(c))
		times.build = time.Since(start)
		if err != nil {
			if ctx.Err() != nil {
				return nil, nil, failed("interrupted", "interrupted while the cell was compiled").Err
			}
			return nil, nil, s.buildError(r, c, err)
		}
	}
	s.bookMu.Lock()
	s.book.Commit(c)
	s.origins[c.Path] = origin{count: r.Count, source: r.Code}
	s.bookMu.Unlock()
	return c, plugins, nil
}

// runCell lets the worker run a compiled cell.
func (s *Session) runCell(run *running, r Request, c *cell.Cell, plugins []string) Result {
	s.mu.Lock()
	if run.killed {
		s.mu.Unlock()
		return failed("interrupted", "the worker was stopped")
	}
	p := s.proc
	run.proc = p
	s.mu.Unlock()
	command := ipc.Command{Kind: ipc.Run, Exec: run.call.id, Message: r.Message, Parallel: r.Parallel, Cell: c.Path, Plugins: plugins,
		Count: r.Count, Silent: r.Silent}
	defer run.call.watchIdle(p, s.patience)()
	if err := p.send(command); err != nil {
		<-p.exited
	}
	select {
	case e := <-run.call.done:
		return s.ended(e)
	case <-p.exited:
	}
	select {
	case e := <-run.call.done: // it ended, and then the process did
		return s.ended(e)
	default:
	}
	s.mu.Lock()
	killed := run.killed
	s.mu.Unlock()
	reason := p.reason()
	if killed {
		reason = "it was ended by force"
	}
	text := "the process that runs the cells has ended: " + reason + ". "
	result := Result{Err: s.diedError(p, text+lost), WorkerDied: true}
	if err := s.renew(p); err != nil {
		result = failed("worker died", text+"A new one cannot be started: "+err.Error())
		result.WorkerDied = true
	}
	return result
}

// lost says what the end of the worker means.
const lost = "All variables, functions and types are lost; a new one has been started"

// ended translates the end of a cell.
func (s *Session) ended(e ipc.Event) Result {
	if e.Error != nil && !(e.Error.Kind == ipc.Exit && e.Error.Code == 0) { // a program may end itself when all is well
		return Result{Err: s.runError(e.Error)}
	}
	if e.Data == nil {
		return Result{}
	}
	return Result{Value: &DisplayData{Data: e.Data, Metadata: e.Metadata}}
}

// event passes on what a request emits.
func (s *Session) event(p *process, e ipc.Event) {
	if e.Seq != 0 {
		defer p.send(ipc.Command{Kind: ipc.Ack, Seq: e.Seq})
	}
	c := s.callOf(e.Exec)
	switch e.Kind {
	case ipc.Started:
		s.mu.Lock()
		s.calls.pipes = c
		s.mu.Unlock()
	case ipc.Stream:
		c.emit(func(k Sink) { k.Stream(e.Name, e.Text) })
	case ipc.Display:
		c.emit(func(k Sink) {
			k.Display(DisplayData{Data: e.Data, Metadata: e.Metadata, ID: e.ID, Update: e.Update})
		})
	case ipc.Clear:
		c.emit(func(k Sink) { k.Clear(e.Wait) })
	case ipc.Broken:
		text := strings.Join(s.runError(e.Error).Traceback, "\n") + "\n"
		c.emit(func(k Sink) { k.Stream("stderr", text) })
	case ipc.FromComm:
		s.fromComm(e.Exec, CommMessage(*e.Comm))
	case ipc.Input:
		go func() { // other output may come while the user thinks
			c.asking.Add(1)
			defer c.asking.Add(-1)
			answer := ipc.Command{Kind: ipc.Answer}
			text, err := c.sink.Input(e.Prompt, e.Password)
			if answer.Text = text; err != nil {
				answer.Failure = err.Error()
			}
			p.send(answer)
		}()
	case ipc.Done:
		s.moved(e.Dir, e.Env)
		if c != nil && c.id == e.Exec {
			c.done <- e
		}
	}
}

func failed(name, value string) Result {
	return Result{Err: &CellError{Name: name, Value: value, Traceback: []string{red(name+": ") + value}}}
}

// timing is how long the parts of an execution took.
type timing struct{ check, build, run time.Duration }

func (t timing) String() string {
	return fmt.Sprintf("checked in %s, compiled in %s, ran in %s", seconds(t.check), seconds(t.build), seconds(t.run))
}

func seconds(d time.Duration) string { return d.Round(100 * time.Microsecond).String() }

// buildError shows what the compiler or the linker found that the type checker did not.
func (s *Session) buildError(r Request, c *cell.Cell, err error) *CellError {
	if errors.Is(err, build.ErrNoCompiler) || errors.Is(err, build.ErrFullDisk) {
		return failed("kernel error", err.Error()).Err
	}
	var tool *build.ToolError
	if !errors.As(err, &tool) {
		return failed("compile error", err.Error()).Err
	}
	text := tool.Output
	s.bookMu.Lock()
	text = strings.ReplaceAll(text, cell.File(c.Path)+":", place(r.Count)+":")
	for path, o := range s.origins {
		text = strings.ReplaceAll(text, cell.File(path)+":", place(o.count)+":")
	}
	s.bookMu.Unlock()
	return failed("compile error", cell.Unmark(text)).Err
}
