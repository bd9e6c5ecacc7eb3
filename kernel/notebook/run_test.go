package notebook

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"nuclab/kernel"
)

// script executes cells that are commands.
type script struct{ sinks map[string]kernel.Sink }

func (s *script) Execute(ctx context.Context, r kernel.Request) kernel.Result {
	command, arg, _ := strings.Cut(r.Code, " ")
	s.sinks[r.Code] = r.Sink
	switch command {
	case "print":
		r.Sink.Stream("stdout", arg+" ")
		r.Sink.Stream("stdout", arg+"\n")
		r.Sink.Stream("stderr", "warning")
	case "value":
		return kernel.Result{Value: &kernel.DisplayData{Data: map[string]any{"text/plain": []byte(arg)}}}
	case "show":
		r.Sink.Display(kernel.DisplayData{Data: map[string]any{"text/plain": "old"}, ID: arg})
	case "update":
		r.Sink.Display(kernel.DisplayData{Data: map[string]any{"text/plain": "new"}, ID: arg, Update: true})
	case "area": // an output area diverts what comes between its two messages
		say := func(msgType, target, data string) {
			r.Sink.(kernel.CommSink).Comm(kernel.CommMessage{Type: msgType, ID: "abc", Target: target, Data: []byte(data)})
		}
		say("comm_open", "jupyter.widget", `{"state":{"_model_name":"OutputModel","msg_id":"","outputs":[],"layout":"IPY_MODEL_abc"}}`)
		say("comm_msg", "", `{"method":"update","state":{"msg_id":"`+r.Message+`"}}`)
		r.Sink.Stream("stdout", "gone")
		r.Sink.Clear(true)
		r.Sink.Stream("stdout", "inside")
		say("comm_msg", "", `{"method":"update","state":{"msg_id":""}}`)
		r.Sink.Stream("stdout", "outside")
		return kernel.Result{Value: &kernel.DisplayData{Data: map[string]any{widgetView: map[string]any{"model_id": "abc"}}}}
	case "clear":
		r.Sink.Stream("stdout", "gone")
		r.Sink.Clear(true)
		r.Sink.Stream("stdout", "kept")
	case "input":
		_, err := r.Sink.Input("?", false)
		return kernel.Result{Err: &kernel.CellError{Name: "input", Value: err.Error()}}
	case "fail":
		return kernel.Result{Err: &kernel.CellError{Name: "panic", Value: arg, Traceback: []string{"trace"}}}
	case "loop":
		<-ctx.Done()
		return kernel.Result{Err: &kernel.CellError{Name: "interrupted", Value: "stopped"}}
	}
	return kernel.Result{}
}

func TestRunKeepsWidgets(t *testing.T) {
	nb := code("area")
	if err := nb.run(context.Background(), &script{map[string]kernel.Sink{}}, Settings{}); err != nil {
		t.Fatal(err)
	}
	all := nb.Metadata["widgets"].(map[string]any)[widgetState].(map[string]any)["state"].(map[string]any)
	view := nb.Cells[0].Outputs[1].Data[widgetView].(map[string]any)["model_id"].(string)
	m, _ := all[view].(map[string]any)
	if len(all) != 1 || m == nil || m["model_name"] != "OutputModel" || view == "abc" {
		t.Fatalf("view of %s among %v", view, all)
	}
	state := m["state"].(map[string]any)
	want := []any{map[string]any{"output_type": Stream, "name": "stdout", "text": "inside"}}
	if state["layout"] != "IPY_MODEL_"+view || !reflect.DeepEqual(state["outputs"], want) || nb.Cells[0].Outputs[0].Text != "outside" {
		t.Errorf("the cell shows %+v, the area %v", nb.Cells[0].Outputs[0], state)
	}
}

func code(cells ...string) *Notebook {
	nb := &Notebook{}
	for i, source := range cells {
		nb.Cells = append(nb.Cells, &Cell{ID: fmt.Sprint(i), Type: Code, Source: source, Metadata: map[string]any{}})
	}
	return nb
}

func TestRunStoresOutputsAsJupyterDoes(t *testing.T) {
	nb := code("print a", "", "value 42", "show x", "update x", "clear")
	nb.Cells[0].Metadata["execution"] = map[string]any{"iopub.status.busy": "yesterday"}
	nb.Cells[1].Count = 9
	nb.Cells = append(nb.Cells, &Cell{Type: Markdown, Source: "fail if run"})
	var steps []string
	var streamed strings.Builder
	s := &script{map[string]kernel.Sink{}}
	err := nb.run(context.Background(), s, Settings{
		Progress: func(p Progress) { steps = append(steps, fmt.Sprintf("%d/%d %v", p.Cell, p.Total, p.Done)) },
		Stream:   func(name, text string) { streamed.WriteString(text) },
	})
	if err != nil {
		t.Fatal(err)
	}
	s.sinks["clear"].Stream("stdout", "late") // from a goroutine, after the end
	want := [][]Output{
		{{Type: Stream, Name: "stdout", Text: "a a\n"}, {Type: Stream, Name: "stderr", Text: "warning"}},
		nil,
		{{Type: ExecuteResult, Data: map[string]any{"text/plain": "42"}, Count: 2}},
		{{Type: DisplayData, Data: map[string]any{"text/plain": "new"}, id: "x"}},
		nil,
		{{Type: Stream, Name: "stdout", Text: "kept"}},
	}
	for i, w := range want {
		if got := nb.Cells[i].Outputs; !reflect.DeepEqual(got, w) {
			t.Errorf("%q: outputs %+v, want %+v", nb.Cells[i].Source, got, w)
		}
	}
	counts := []int{1, 0, 2, 3, 4, 5}
	for i, w := range counts {
		if nb.Cells[i].Count != w {
			t.Errorf("%q: execution count %d, want %d", nb.Cells[i].Source, nb.Cells[i].Count, w)
		}
	}
	if _, ok := nb.Cells[0].Metadata["execution"]; ok {
		t.Error("times of another run are kept")
	}
	if len(steps) != 10 || steps[0] != "1/5 false" || steps[9] != "5/5 true" {
		t.Errorf("progress %v", steps)
	}
	if got := streamed.String(); got != "a a\nwarninggonekeptlate" {
		t.Errorf("streamed %q", got)
	}
	if spec := nb.Metadata["kernelspec"].(map[string]any); spec["name"] != "nuclab" || spec["language"] != "go" {
		t.Errorf("kernelspec %v", spec)
	}
}

func TestRunTellsWhatIsShown(t *testing.T) {
	var shown []any
	s := Settings{Display: func(data map[string]any) { shown = append(shown, data["text/plain"]) }}
	if err := code("show a", "update a").run(context.Background(), &script{map[string]kernel.Sink{}}, s); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(shown, []any{"old", "new"}) {
		t.Errorf("shown %v", shown)
	}
}

func TestRunStopsAtTheFirstFailure(t *testing.T) {
	nb := code("fail expected", "value 1", "fail boom", "print never")
	nb.Cells[0].Metadata["tags"] = []any{"raises-exception"}
	nb.Cells[3].Outputs = []Output{{Type: Stream, Name: "stdout", Text: "of another run"}}
	err := nb.run(context.Background(), &script{map[string]kernel.Sink{}}, Settings{})
	var cell *CellError
	var why *kernel.CellError
	if !errors.As(err, &cell) || cell.Cell != 3 || !errors.As(err, &why) || why.Value != "boom" || errors.Is(err, ErrInput) {
		t.Fatalf("error %v", err)
	}
	if want := "notebook: cell 3: panic: boom"; err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	want := []Output{{Type: ErrorOutput, EName: "panic", EValue: "boom", Traceback: []string{"trace"}}}
	if !reflect.DeepEqual(nb.Cells[2].Outputs, want) || len(nb.Cells[1].Outputs) != 1 || nb.Cells[3].Outputs != nil {
		t.Errorf("cells %+v", nb.Cells)
	}
}

func TestRunTimesOutAndIsCancelled(t *testing.T) {
	err := code("loop").run(context.Background(), &script{map[string]kernel.Sink{}}, Settings{Timeout: 10 * time.Millisecond})
	if !errors.Is(err, ErrTimeout) || !strings.Contains(err.Error(), "cell 1: timed out after 10ms") {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	nb := code("print a", "loop", "print never")
	err = nb.run(ctx, &script{map[string]kernel.Sink{}}, Settings{Progress: func(p Progress) {
		if p.Cell == 2 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || len(nb.Cells[0].Outputs) != 2 {
		t.Errorf("error %v, first cell %+v", err, nb.Cells[0])
	}
}

func TestInputFailsWithoutAUser(t *testing.T) {
	err := code("input").run(context.Background(), &script{map[string]kernel.Sink{}}, Settings{})
	if err == nil || !strings.Contains(err.Error(), kernel.ErrNoInput.Error()) {
		t.Errorf("error %v", err)
	}
}

// TestRunRealCells runs a notebook as nuclab run does: parameters, state, an error that names its cell.
func TestRunRealCells(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs cells")
	}
	dir := t.TempDir()
	nb := code(`steps, name := 3, "none"`, `import "fmt"
total := 0
for i := range steps {
	total += i
	fmt.Println(name, i)
}
total`, `var m map[string]int
m["x"] = 1`, `fmt.Println("not reached")`)
	nb.Cells[0].Metadata["tags"] = []any{"parameters"}
	if err := nb.SetParameters(map[string]string{"steps": "2", "name": "si28"}); err != nil {
		t.Fatal(err)
	}
	err := Run(context.Background(), nb, kernel.Options{Dir: dir, Cache: filepath.Join(dir, "cache")}, Settings{Timeout: 2 * time.Minute})
	var failed *CellError
	if !errors.As(err, &failed) || failed.Cell != 4 || !strings.Contains(err.Error(), "nil map") {
		t.Fatalf("error %v", err)
	}
	want := []Output{
		{Type: Stream, Name: "stdout", Text: "si28 0\nsi28 1\n"},
		{Type: ExecuteResult, Data: map[string]any{"text/plain": "1"}, Count: 3},
	}
	got := nb.Cells[2].Outputs
	if len(got) != 2 || !reflect.DeepEqual(got[0], want[0]) || got[1].Count != 3 || got[1].Data["text/plain"] != "1" {
		t.Errorf("outputs %+v, want %+v", got, want)
	}
	if len(nb.Cells[4].Outputs) != 0 || nb.Cells[4].Count != 0 {
		t.Errorf("the cell after the error ran: %+v", nb.Cells[4])
	}
}

func TestRunNeedsItsFolder(t *testing.T) {
	err := Run(context.Background(), code("1"), kernel.Options{Dir: filepath.Join(t.TempDir(), "none"), Cache: t.TempDir()}, Settings{})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}
