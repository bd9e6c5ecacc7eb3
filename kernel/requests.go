package kernel

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"runtime"
	"runtime/debug"
	"strings"
	"unicode/utf8"
)

// answer answers requests one after another until the context ends.
func (s *server) answer(ctx context.Context, requests <-chan *message) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-requests:
			s.handle(ctx, m)
		}
	}
}

// handle answers any request but those that run in the cells' order.
func (s *server) handle(ctx context.Context, m *message) {
	idle := s.busy(m)
	var content any
	var err error
	switch m.header.MsgType {
	case "kernel_info_request":
		content = s.kernelInfo()
	case "complete_request":
		content, err = s.complete(ctx, m)
	case "inspect_request":
		content, err = s.inspect(ctx, m)
	case "is_complete_request":
		content, err = s.isComplete(ctx, m)
	case "history_request":
		content, err = s.findHistory(m)
	case "comm_info_request":
		content, err = s.commInfo(m)
	case "create_subshell_request":
		content = s.createSubshell(ctx)
	case "delete_subshell_request":
		content, err = s.deleteSubshell(m)
	case "list_subshell_request":
		content = s.listSubshells()
	case "connect_request":
		content = map[string]any{"status": "ok", "shell_port": s.conn.ShellPort, "iopub_port": s.conn.IOPubPort,
			"stdin_port": s.conn.StdinPort, "hb_port": s.conn.HBPort, "control_port": s.conn.ControlPort}
	case "interrupt_request":
		s.interrupt()
		content = map[string]any{"status": "ok"}
	case "shutdown_request":
		s.shutdown(m)
		idle()
		return
	case "execute_request": // for a shell that is not there
		err = unknownSubshell(m.header.Subshell)
	default:
		if !strings.HasSuffix(m.header.MsgType, "_request") {
			idle() // something that wants no answer
			return
		}
		err = fmt.Errorf("kernel: %s is not supported", m.header.MsgType)
	}
	if err != nil {
		content = map[string]any{"status": "error", "ename": "RequestError", "evalue": err.Error(), "traceback": []string{err.Error()}}
	}
	s.reply(m, strings.TrimSuffix(m.header.MsgType, "_request")+"_reply", content)
	idle()
}

// Version names this build: the module's version, or the commit it was built from.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value
		}
	}
	return "devel"
}

func (s *server) kernelInfo() any {
	version := strings.TrimPrefix(runtime.Version(), "go")
	return map[string]any{
		"status":                 "ok",
		"protocol_version":       protocolVersion,
		"implementation":         "nuclab",
		"implementation_version": Version(),
		"banner":                 "nuclab: Go " + version + " with live state",
		"debugger":               false,
		"supported_features":     []string{"kernel subshells"}, // no debugger
		"help_links": []any{
			map[string]any{"text": "Go", "url": "https://go.dev/doc/"},
			map[string]any{"text": "Go packages", "url": "https://pkg.go.dev/"},
		},
		"language_info": map[string]any{
			"name": "go", "version": version, "mimetype": "text/x-go", "file_extension": ".go",
			"pygments_lexer": "go", "codemirror_mode": "go", "nbconvert_exporter": "",
		},
	}
}

// question is the content of complete_request, inspect_request and is_complete_request. The cursor counts Unicode
// characters.
type question struct {
	Code   string `json:"code"`
	Cursor *int   `json:"cursor_pos"` // absent means the end
}

func (s *server) question(ctx context.Context, m *message) (eval evaluator, code string, cursor int, err error) {
	var q question
	if err := json.Unmarshal(m.content, &q); err != nil {
		return nil, "", 0, fmt.Errorf("kernel: %s: %w", m.header.MsgType, err)
	}
	ctx, cancel := context.WithTimeout(ctx, startGrace)
	defer cancel()
	if eval, err = s.evaluator(ctx); err != nil {
		return nil, "", 0, err
	}
	cursor = len(q.Code)
	if q.Cursor != nil {
		cursor = byteOffset(q.Code, *q.Cursor)
	}
	return eval, q.Code, cursor, nil
}

// byteOffset returns where the n-th character of s begins.
func byteOffset(s string, n int) int {
	for i := range s {
		if n <= 0 {
			return i
		}
		n--
	}
	return len(s)
}

func (s *server) complete(ctx context.Context, m *message) (any, error) {
	eval, code, cursor, err := s.question(ctx, m)
	if err != nil {
		return nil, err
	}
	c := eval.Complete(code, cursor)
	start := utf8.RuneCountInString(code[:min(max(c.Start, 0), len(code))])
	end := utf8.RuneCountInString(code[:min(max(c.End, 0), len(code))])
	matches, typed := []string{}, []any{}
	for _, match := range c.Matches {
		matches = append(matches, match.Text)
		typed = append(typed, map[string]any{"text": match.Text, "type": match.Type, "start": start, "end": end, "signature": ""})
	}
	return map[string]any{"status": "ok", "matches": matches, "cursor_start": start, "cursor_end": end,
		"metadata": map[string]any{"_jupyter_types_experimental": typed}}, nil
}

func (s *server) inspect(ctx context.Context, m *message) (any, error) {
	eval, code, cursor, err := s.question(ctx, m)
	if err != nil {
		return nil, err
	}
	data, found := eval.Inspect(code, cursor)
	return map[string]any{"status": "ok", "found": found, "data": WireData(data), "metadata": map[string]any{}}, nil
}

func (s *server) isComplete(ctx context.Context, m *message) (any, error) {
	eval, code, _, err := s.question(ctx, m)
	if err != nil {
		return nil, err
	}
	status, indent := eval.IsComplete(code)
	content := map[string]any{"status": status}
	if status == "incomplete" {
		content["indent"] = indent
	}
	return content, nil
}

func (s *server) findHistory(m *message) (any, error) {
	var r historyRequest
	if err := json.Unmarshal(m.content, &r); err != nil {
		return nil, fmt.Errorf("kernel: history_request: %w", err)
	}
	entries, err := s.history.find(r)
	if err != nil {
		return nil, err
	}
	rows := make([]any, len(entries))
	for i, e := range entries {
		var what any = e.In
		if r.Output {
			var out any
			if e.Out != "" {
				out = e.Out
			}
			what = []any{e.In, out}
		}
		rows[i] = []any{e.Session, e.Line, what}
	}
	return map[string]any{"status": "ok", "history": rows}, nil
}

// shutdown answers a shutdown_request, tells every client, and lets serve end. Whether a new kernel is to be started
// is the business of whoever started this one.
func (s *server) shutdown(m *message) {
	var c struct {
		Restart bool `json:"restart"`
	}
	json.Unmarshal(m.content, &c) // a request without content means a plain shutdown
	select {
	case <-s.ready:
		if s.eval != nil {
			for id := range s.eval.Comms() {
				s.publish(m, "comm_close", map[string]any{"comm_id": id, "data": map[string]any{}})
			}
		}
	default:
	}
	content := map[string]any{"status": "ok", "restart": c.Restart}
	s.publish(m, "shutdown_reply", content)
	s.reply(m, "shutdown_reply", content)
	s.stop()
}

// isComm reports whether a message goes to a comm. Those keep their place among the cells.
func isComm(msgType string) bool {
	return msgType == "comm_open" || msgType == "comm_msg" || msgType == "comm_close"
}

// comm passes a comm message on. The idle state follows when what the message sets off has ended. Messages of a subshell
// need not wait for that, so that a widget's value follows the user while a cell runs.
func (s *server) comm(ctx context.Context, sh *shell, m *message) {
	idle := s.busy(m)
	msg := CommMessage{Type: m.header.MsgType, Buffers: m.buffers}
	json.Unmarshal(m.metadata, &msg.Metadata)
	var c struct {
		ID     string          `json:"comm_id"`
		Target string          `json:"target_name"`
		Data   json.RawMessage `json:"data"`
	}
	out := &output{server: s, parent: m}
	eval, err := s.evaluator(ctx)
	if err != nil || json.Unmarshal(m.content, &c) != nil {
		idle()
		return
	}
	msg.ID, msg.Target, msg.Data = c.ID, c.Target, c.Data
	ended := eval.Comm(msg, m.header.MsgID, out)
	wait := func() {
		select {
		case <-ended:
		case <-ctx.Done():
		}
		out.flush(true)
		idle()
	}
	if sh == s.main {
		wait()
	} else {
		go wait()
	}
}

// commInfo lists the open comms, those of one target if the request names one.
func (s *server) commInfo(m *message) (any, error) {
	var c struct {
		Target string `json:"target_name"`
	}
	if err := json.Unmarshal(m.content, &c); err != nil {
		return nil, fmt.Errorf("kernel: comm_info_request: %w", err)
	}
	comms := map[string]any{}
	select {
	case <-s.ready:
		if s.eval == nil {
			break
		}
		for id, target := range s.eval.Comms() {
			if c.Target == "" || c.Target == target {
				comms[id] = map[string]any{"target_name": target}
			}
		}
	default:
	}
	return map[string]any{"status": "ok", "comms": comms}, nil
}

func tcpPort(addr net.Addr) (int, bool) {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return 0, false
	}
	return tcp.Port, true
}
