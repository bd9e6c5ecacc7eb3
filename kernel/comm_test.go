package kernel

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-zeromq/zmq4"
)

// sendTo sends a request to a subshell.
func (c *client) sendTo(s zmq4.Socket, subshell, msgType string, content any, buffers ...[]byte) string {
	c.t.Helper()
	h := c.id.header(msgType)
	h.Subshell = subshell
	frames, err := c.signer.encode(nil, h, nil, nil, content, buffers...)
	if err != nil {
		c.t.Fatal(err)
	}
	c.sendFrames(s, frames)
	return h.MsgID
}

// models returns the states of the models that messages open, by model name, and their ids.
func models(published []received) (states map[string]map[string]any, ids map[string]string) {
	states, ids = map[string]map[string]any{}, map[string]string{}
	for _, m := range published {
		if m.kind() == "comm_open" && m.str("target_name") == "jupyter.widget" {
			state := m.body["data"].(map[string]any)["state"].(map[string]any)
			name := state["_model_name"].(string)
			states[name], ids[name] = state, m.str("comm_id")
		}
	}
	return states, ids
}

func TestWidgetsOverTheWire(t *testing.T) {
	c, _ := startReal(t)
	ok := func(code string) []received {
		t.Helper()
		reply, published := c.execute(code)
		if reply.str("status") != "ok" {
			t.Fatalf("%s\n%v", code, reply.body)
		}
		return published
	}
	published := ok(`import ("nuclab/kernel/nb/widgets"; "fmt")
n := widgets.IntSlider("n", 0, 10, 3)
seen := 0
n.OnChange(func(v int) { seen += v; fmt.Println("n is", v) })
n`)
	states, ids := models(published)
	slider := states["IntSliderModel"]
	if slider["value"] != 3.0 || slider["max"] != 10.0 || slider["description"] != "n" || slider["layout"] != "IPY_MODEL_"+ids["LayoutModel"] {
		t.Errorf("opened with %v", slider)
	}
	result := published[len(published)-1]
	view, _ := result.body["data"].(map[string]any)["application/vnd.jupyter.widget-view+json"].(map[string]any)
	if result.kind() != "execute_result" || view["model_id"] != ids["IntSliderModel"] {
		t.Errorf("shown as %v", result.body)
	}
	creator := result.parent.MsgID

	// A move of the slider reaches the cell's function, whose output belongs to the cell.
	model := ids["IntSliderModel"]
	id := c.send(c.shell, "comm_msg", map[string]any{"comm_id": model, "data": map[string]any{"method": "update", "state": map[string]any{"value": 7}}})
	text, echoed := "", false
	for {
		m := c.next(c.iopubs)
		if m.kind() == "stream" && m.parent.MsgID == creator {
			text += m.str("text")
		}
		if m.kind() == "comm_msg" && m.body["data"].(map[string]any)["method"] == "echo_update" {
			echoed = true
		}
		if m.parent.MsgID == id && m.str("execution_state") == "idle" {
			break
		}
	}
	if text == "" { // gathered for a moment
		if m := c.next(c.iopubs); m.parent.MsgID == creator {
			text = m.str("text")
		}
	}
	if text != "n is 7\n" || !echoed {
		t.Errorf("after the move %q at the cell, echoed: %v", text, echoed)
	}
	if got := stdout(ok("fmt.Println(n.Value(), seen)")); got != "7 7\n" {
		t.Errorf("later cell reads %q", got)
	}

	// A cell's change reaches the page.
	published = ok("n.SetValue(99)")
	var sent []any
	for _, m := range published {
		if m.kind() == "comm_msg" {
			sent = append(sent, m.body["data"].(map[string]any)["state"])
		}
	}
	if want := []any{map[string]any{"value": 10.0}}; !reflect.DeepEqual(sent, want) {
		t.Errorf("sent %v, want %v", sent, want)
	}

	// In the main shell a move waits for the running cell; in a subshell the value follows at once and the function waits.
	c.send(c.control, "create_subshell_request", map[string]any{})
	sub := c.next(c.controls).str("subshell_id")
	running := c.send(c.shell, "execute_request", map[string]any{"code": "fmt.Print(\"on\")\nfor n.Value() != 4 {}\nfmt.Print(\" seen \", seen)"})
	for {
		if m := c.next(c.iopubs); m.kind() == "stream" && m.parent.MsgID == running {
			break
		}
	}
	c.sendTo(c.shell, sub, "comm_msg", map[string]any{"comm_id": model, "data": map[string]any{"method": "update", "state": map[string]any{"value": 4}}})
	if m := c.next(c.shells); m.parent.MsgID != running || m.str("status") != "ok" {
		t.Errorf("the cell that waits for the slider: %v", m.body)
	}
	if got := stdout(ok("fmt.Println(seen)")); got != "21\n" { // 7 + 10 + 4
		t.Errorf("seen %q", got)
	}

	// A page that is loaded anew asks for everything.
	c.send(c.shell, "comm_open", map[string]any{"comm_id": "page", "target_name": "jupyter.widget.control", "data": map[string]any{}})
	published = c.published(c.send(c.shell, "comm_msg", map[string]any{"comm_id": "page", "data": map[string]any{"method": "request_states"}}))
	if len(published) != 1 {
		t.Fatalf("%d answers", len(published))
	}
	all := published[0].body["data"].(map[string]any)["states"].(map[string]any)
	if m, _ := all[model].(map[string]any); len(all) != 3 || m["model_name"] != "IntSliderModel" || m["state"].(map[string]any)["value"] != 4.0 {
		t.Errorf("states %v", all)
	}
	reply, _ := c.ask("comm_info_request", map[string]any{"target_name": "jupyter.widget"})
	if comms := reply.body["comms"].(map[string]any); len(comms) != 3 {
		t.Errorf("open comms %v", comms)
	}

	// Interact shows what the function returns in its output area: its msg_id names the move's request meanwhile.
	published = ok("widgets.Interact(func(k int, loud bool) string { os.Stdout.WriteString(\"raw\"); return fmt.Sprint(k, loud) }, widgets.IntSlider(\"k\", 1, 9, 5), true)")
	_, ids = models(published)
	id = c.send(c.shell, "comm_msg", map[string]any{"comm_id": ids["CheckboxModel"], "data": map[string]any{"method": "update", "state": map[string]any{"value": false}}})
	var order []string
	for _, m := range c.published(id) {
		switch m.kind() {
		case "comm_msg":
			if m.str("comm_id") == ids["OutputModel"] {
				order = append(order, m.body["data"].(map[string]any)["state"].(map[string]any)["msg_id"].(string))
			}
		case "stream":
			order = append(order, m.str("text"))
		case "clear_output":
			order = append(order, "clear")
		case "display_data":
			order = append(order, m.body["data"].(map[string]any)["text/plain"].(string))
		}
	}
	if want := []string{id, "clear", "raw", "5 false", ""}; !slices.Equal(order, want) {
		t.Errorf("a move of Interact published %q, want %q", order, want)
	}

	// A panic in a function leaves the kernel and the widget as they are.
	published = ok("b := widgets.Button(\"go\")\nb.OnClick(func() { var p *int; *p = 1 })")
	_, ids = models(published)
	creator = published[0].parent.MsgID
	c.send(c.shell, "comm_msg", map[string]any{"comm_id": ids["ButtonModel"], "data": map[string]any{"method": "custom", "content": map[string]any{"event": "click"}}})
	for {
		m := c.next(c.iopubs)
		if m.kind() == "stream" && m.parent.MsgID == creator {
			if m.str("name") != "stderr" || !strings.Contains(m.str("text"), "nil pointer") || !strings.Contains(m.str("text"), "In[") {
				t.Errorf("the panic shows as %v", m.body)
			}
			break
		}
	}

	// A loop in a function is interrupted.
	published = ok("c := widgets.Checkbox(\"loop\", false)\nc.OnChange(func(bool) { fmt.Print(\"looping\"); for {} })")
	_, ids = models(published)
	id = c.send(c.shell, "comm_msg", map[string]any{"comm_id": ids["CheckboxModel"], "data": map[string]any{"method": "update", "state": map[string]any{"value": true}}})
	c.ask2(c.control, c.controls, "interrupt_request", nil)
	for m := c.next(c.iopubs); m.parent.MsgID != id || m.str("execution_state") != "idle"; m = c.next(c.iopubs) {
	}
	if got := stdout(ok("fmt.Println(c.Value())")); got != "true\n" {
		t.Errorf("after the interrupt %q", got)
	}

	// A new worker knows nothing of the widgets, and the pages are told.
	closed := 0
	for _, m := range ok("%restart") {
		if m.kind() == "comm_close" {
			closed++
		}
	}
	reply, _ = c.ask("comm_info_request", map[string]any{})
	if comms, _ := json.Marshal(reply.body["comms"]); closed < 10 || string(comms) != "{}" {
		t.Errorf("restart closes %d comms and leaves %s", closed, comms)
	}
}

func TestSubshells(t *testing.T) {
	c, _ := startReal(t)
	control := func(msgType string, content map[string]any) received {
		t.Helper()
		c.send(c.control, msgType, content)
		return c.next(c.controls)
	}
	info, _ := c.ask("kernel_info_request", map[string]any{})
	if f := info.body["supported_features"]; !reflect.DeepEqual(f, []any{"kernel subshells"}) || info.body["debugger"] != false {
		t.Errorf("supported features %v, debugger %v", f, info.body["debugger"])
	}
	if m := control("debug_request", map[string]any{"type": "request", "command": "initialize"}); m.kind() != "debug_reply" || m.str("status") != "error" {
		t.Errorf("debug_request is answered with %s %v", m.kind(), m.body)
	}
	a := control("create_subshell_request", map[string]any{}).str("subshell_id")
	b := control("create_subshell_request", map[string]any{}).str("subshell_id")
	list := control("list_subshell_request", map[string]any{}).body["subshell_id"].([]any)
	if a == b || len(list) != 2 || !slices.Contains(list, any(a)) || !slices.Contains(list, any(b)) {
		t.Errorf("subshells %s and %s are listed as %v", a, b, list)
	}
	c.execute("import \"fmt\"\nstop := make(chan bool)\nx := 1")
	loop := c.send(c.shell, "execute_request", map[string]any{"code": "fmt.Println(\"main\", <-stop)\nx"})
	// A subshell runs beside the main shell and shares its variables; each cell's output is its own.
	side := c.sendTo(c.shell, a, "execute_request", map[string]any{"code": "x = 5\nfmt.Println(\"side\")\nstop <- true\nx + 1"})
	text, value := map[string]string{}, map[string]string{}
	for range 2 {
		if m := c.next(c.shells); m.str("status") != "ok" {
			t.Errorf("%v", m.body)
		}
	}
	for idle := 0; idle < 2; {
		m := c.next(c.iopubs)
		switch {
		case m.parent.MsgID != loop && m.parent.MsgID != side:
		case m.kind() == "stream":
			text[m.parent.MsgID] += m.str("text")
		case m.kind() == "execute_result":
			value[m.parent.MsgID] = m.body["data"].(map[string]any)["text/plain"].(string)
		case m.str("execution_state") == "idle":
			idle++
		}
	}
	if text[loop] != "main true\n" || text[side] != "side\n" || value[loop] != "5" || value[side] != "6" {
		t.Errorf("printed %v, results %v", text, value)
	}
	// Commands answer there too, but for those that change what the cells of the main shell run in.
	loop = c.send(c.shell, "execute_request", map[string]any{"code": "fmt.Println(\"main\", <-stop)"})
	for code, want := range map[string]string{"%who": "stop", "$ echo shell": "shell\n", "%env SIDE=1\n%env SIDE": "1\n", "%time x": "compiled in",
		"%restart": "cannot run beside them", "%cd /": "cannot run beside them"} {
		side := c.sendTo(c.shell, a, "execute_request", map[string]any{"code": code, "stop_on_error": false})
		got := ""
		for m := c.next(c.iopubs); m.parent.MsgID != side || m.str("execution_state") != "idle"; m = c.next(c.iopubs) {
			if m.parent.MsgID == side {
				got += m.str("text") + m.str("evalue")
			}
		}
		if m := c.next(c.shells); m.parent.MsgID != side || !strings.Contains(got, want) {
			t.Errorf("%s in a subshell: %q, want %q", code, got, want)
		}
	}
	c.sendTo(c.shell, a, "execute_request", map[string]any{"code": "stop <- true"})
	for range 2 {
		c.next(c.shells)
	}
	for m := c.next(c.iopubs); m.parent.MsgID != loop || m.str("execution_state") != "idle"; m = c.next(c.iopubs) {
	}
	// Deleting a subshell ends its cell.
	endless := c.sendTo(c.shell, b, "execute_request", map[string]any{"code": "fmt.Print(\"endless\")\nfor {}"})
	for m := c.next(c.iopubs); m.kind() != "stream"; m = c.next(c.iopubs) {
	}
	if m := control("delete_subshell_request", map[string]any{"subshell_id": b}); m.str("status") != "ok" {
		t.Errorf("%v", m.body)
	}
	if m := c.next(c.shells); m.parent.MsgID != endless || m.str("ename") != "interrupted" {
		t.Errorf("cell of a deleted subshell: %v", m.body)
	}
	if m := control("delete_subshell_request", map[string]any{"subshell_id": b}); m.str("status") != "error" {
		t.Errorf("deleting it again: %v", m.body)
	}
	c.sendTo(c.shell, b, "execute_request", map[string]any{"code": "x"})
	if m := c.next(c.shells); m.kind() != "execute_reply" || m.str("status") != "error" || !strings.Contains(m.str("evalue"), b) {
		t.Errorf("cell for a deleted subshell: %s %v", m.kind(), m.body)
	}
}
