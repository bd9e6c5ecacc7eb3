package kernel

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"sync"
	"time"
)

// executeRequest is the content of an execute_request.
type executeRequest struct {
	Code            string            `json:"code"`
	Silent          bool              `json:"silent"`
	StoreHistory    *bool             `json:"store_history"` // absent means not silent
	UserExpressions map[string]string `json:"user_expressions"`
	AllowStdin      *bool             `json:"allow_stdin"`   // absent means true
	StopOnError     *bool             `json:"stop_on_error"` // absent means true
}

// execute runs the queued cells of a shell, one at a time, until the context ends.
func (s *server) execute(ctx context.Context, sh *shell) {
	for m := sh.cells.pop(ctx); m != nil; m = sh.cells.pop(ctx) {
		if isComm(m.header.MsgType) {
			s.comm(ctx, sh, m)
			continue
		}
		if ok := s.executeCell(ctx, sh, m); !ok {
			s.abort(sh)
		}
	}
}

// executeCell runs one cell and answers. It reports false when the cells that wait are to be aborted.
func (s *server) executeCell(ctx context.Context, sh *shell, m *message) (goOn bool) {
	idle := s.busy(m)
	defer idle()
	var r executeRequest
	if err := json.Unmarshal(m.content, &r); err != nil {
		s.replyExecute(m, s.executeFailure(&CellError{Name: "RequestError", Value: err.Error()}))
		return true
	}
	store := !r.Silent && (r.StoreHistory == nil || *r.StoreHistory)
	blank := strings.TrimSpace(r.Code) == ""
	s.mu.Lock()
	if store && !blank {
		s.count++
	}
	count := s.count
	s.mu.Unlock()
	if !r.Silent {
		s.publish(m, "execute_input", map[string]any{"code": r.Code, "execution_count": count})
	}

	out := &output{server: s, parent: m, allowStdin: r.AllowStdin == nil || *r.AllowStdin}
	payload := []any{}
	var result Result
	if subject, ok := helpSubject(r.Code); ok {
		payload, result.Err = s.page(ctx, subject)
	} else if !blank {
		ahead, stop := context.WithCancel(ctx)
		defer stop()
		prepared := sync.OnceFunc(func() { go s.lookAhead(ahead, sh) })
		result = s.run(ctx, out, Request{Code: r.Code, Count: count, Silent: r.Silent, Sink: out, Message: m.header.MsgID,
			Parallel: sh != s.main, Prepared: prepared})
		stop()
	}
	out.flush(true)
	if out.replacement != "" {
		payload = append(payload, map[string]any{"source": "set_next_input", "text": out.replacement, "replace": true})
	}

	value := ""
	if result.Value != nil {
		value, _ = result.Value.Data["text/plain"].(string)
		if !r.Silent {
			s.publish(m, "execute_result", map[string]any{
				"execution_count": count, "data": WireData(result.Value.Data), "metadata": orEmpty(result.Value.Metadata),
			})
		}
	}
	if store && !blank {
		if err := s.history.add(count, r.Code, value); err != nil {
			s.log(err)
		}
	}
	if e := result.Err; e != nil {
		if !r.Silent {
			s.publish(m, "error", errorContent(e))
		}
		s.replyExecute(m, s.executeFailure(e))
		return r.StopOnError != nil && !*r.StopOnError
	}
	expressions := map[string]any{}
	for name, code := range r.UserExpressions {
		expressions[name] = s.expression(ctx, out, Request{Code: code, Count: count, Message: m.header.MsgID, Parallel: sh != s.main, Sink: out})
	}
	out.flush(true)
	s.replyExecute(m, map[string]any{
		"status": "ok", "execution_count": count, "user_expressions": expressions, "payload": payload,
	})
	return true
}

// run executes code so that an interrupt reaches it, whatever it waits for: the first ends the context, and with it
// also the wait for a session that is still starting; those that follow are the session's to judge.
func (s *server) run(ctx context.Context, out *output, r Request) Result {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if r.Parallel {
		defer context.AfterFunc(ctx, out.interruptInput)()
	} else {
		s.mu.Lock()
		s.halt = func() {
			out.interruptInput()
			if ctx.Err() == nil {
				cancel()
			} else if eval, err := s.evaluator(ctx); err == nil {
				eval.Interrupt()
			}
		}
		s.mu.Unlock()
		defer func() {
			s.mu.Lock()
			s.halt = nil
			s.mu.Unlock()
		}()
	}
	eval, err := s.evaluator(ctx)
	if err != nil {
		return Result{Err: &CellError{Name: "kernel error", Value: err.Error()}}
	}
	return eval.Execute(ctx, r)
}

// lookAhead compiles the cells that wait in a shell, those too that arrive before the context ends.
func (s *server) lookAhead(ctx context.Context, sh *shell) {
	eval, err := s.evaluator(ctx)
	compiler, ok := eval.(interface {
		Ahead(ctx context.Context, codes []string)
	})
	if err != nil || !ok {
		return
	}
	for {
		var codes []string
		for _, m := range sh.cells.waiting() {
			var r executeRequest
			if m.header.MsgType == "execute_request" && json.Unmarshal(m.content, &r) == nil {
				codes = append(codes, r.Code)
			}
		}
		compiler.Ahead(ctx, codes)
		select {
		case <-sh.cells.arrived:
		case <-ctx.Done():
			return
		}
	}
}

// expression evaluates one of a request's user_expressions.
func (s *server) expression(ctx context.Context, out *output, r Request) map[string]any {
	res := s.run(ctx, out, r)
	switch {
	case res.Err != nil:
		content := errorContent(res.Err)
		content["status"] = "error"
		return content
	case res.Value == nil:
		return map[string]any{"status": "ok", "data": map[string]any{}, "metadata": map[string]any{}}
	}
	return map[string]any{"status": "ok", "data": WireData(res.Value.Data), "metadata": orEmpty(res.Value.Metadata)}
}

// replyExecute answers a cell when all its output is on its way.
func (s *server) replyExecute(m *message, content map[string]any) {
	s.iopub.flush(stalledTimeout)
	s.reply(m, "execute_reply", content)
}

func errorContent(e *CellError) map[string]any {
	traceback := e.Traceback
	if len(traceback) == 0 {
		traceback = []string{e.Error()}
	}
	return map[string]any{"ename": e.Name, "evalue": e.Value, "traceback": traceback}
}

func (s *server) executeFailure(e *CellError) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	content := errorContent(e)
	content["status"], content["execution_count"] = "error", s.count
	content["user_expressions"], content["payload"] = map[string]any{}, []any{}
	return content
}

// abort refuses the cells that were sent to a shell before the failure of the one before them was known. Messages to
// comms, which no client sends in expectation of a cell's success, keep their place.
func (s *server) abort(sh *shell) {
	for _, m := range sh.cells.drain() {
		if isComm(m.header.MsgType) {
			sh.cells.push(m)
			continue
		}
		idle := s.busy(m)
		// Without a count: a front end would show the cell as executed.
		s.replyExecute(m, map[string]any{"status": "aborted"})
		idle()
	}
}

var helpPattern = regexp.MustCompile(`^\s*(?:\?\??\s*([\pL_][\pL\pN_.]*)|([\pL_][\pL\pN_.]*)\s*\?\??)\s*$`)

// helpSubject recognises a cell that asks for documentation: "NAME?" or "?NAME".
func helpSubject(code string) (string, bool) {
	m := helpPattern.FindStringSubmatch(code)
	if m == nil {
		return "", false
	}
	return m[1] + m[2], true
}

// page makes the payload that opens a name's documentation in the front end's pager.
func (s *server) page(ctx context.Context, subject string) ([]any, *CellError) {
	eval, err := s.evaluator(ctx)
	if err != nil {
		return nil, &CellError{Name: "kernel error", Value: err.Error()}
	}
	data, found := eval.Inspect(subject, len(subject))
	if !found {
		return nil, &CellError{Name: "NameError", Value: "there is no documentation for " + subject}
	}
	return []any{map[string]any{"source": "page", "data": WireData(data), "start": 0}}, nil
}

// startGrace bounds how long a question waits for a session that is still starting.
const startGrace = 800 * time.Millisecond
