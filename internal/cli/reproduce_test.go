package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nuclab/internal/testenv"
	"nuclab/kernel/notebook"
	"nuclab/nnlib/paper"
)

const parametersCell = `scale, figures := "demo", "figures"
factor := 1.0`

// drawCell writes what a figure consists of, without drawing.
const drawCell = `import (
	"fmt"
	"os"
	"path/filepath"
)
fmt.Println("at scale", scale, "to", figures)
for ext, text := range map[string]string{
	"svg":  "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect width='9' height='9'/></svg>",
	"csv":  fmt.Sprintf("dt,error\n1e-6,%g\n1,%g\n", 0.004*factor, 0.005),
	"json": fmt.Sprintf("{\"schema\": \"nuclab.figure/1\", \"alt\": \"A black square.\", \"seed\": 7, \"scale\": %q, \"settings\": {}, \"files\": [\"NAME.svg\", \"NAME.csv\"]}\n", scale),
} {
	if err := os.WriteFile(filepath.Join(figures, "NAME."+ext), []byte(text), 0o644); err != nil {
		panic(err)
	}
}`

// writeNotebook writes a notebook with a title, a cell of parameters and one of code.
func writeNotebook(t *testing.T, dir, name, code string) {
	t.Helper()
	nb := &notebook.Notebook{Cells: []*notebook.Cell{
		{ID: "title", Type: notebook.Markdown, Source: "# About " + name},
		{ID: "parameters", Type: notebook.Code, Source: parametersCell, Metadata: map[string]any{"tags": []any{"parameters"}}},
		{ID: "code", Type: notebook.Code, Source: strings.ReplaceAll(code, "NAME", name)},
	}}
	if err := nb.Write(filepath.Join(dir, name+".ipynb")); err != nil {
		t.Fatal(err)
	}
}

// TestReproduce: figures are made once, and again after a change; one that fails is named and leaves the others alone.
func TestReproduce(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs cells")
	}
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "figures")
	writeNotebook(t, dir, "fig4", drawCell)
	writeNotebook(t, dir, "figA1", `panic("no nuclei")`)
	writeNotebook(t, dir, "index", `import ("fmt"; "path/filepath")
found, _ := filepath.Glob(filepath.Join(figures, "*.csv"))
fmt.Println(len(found), "figures")`)
	states := func(wantStatus int, args ...string) map[string]string {
		t.Helper()
		status, stdout, stderr := nuclab(append([]string{"reproduce", "--notebooks", dir, "--out", out, "--format", "json"}, args...)...)
		var doc reproduceDoc
		if err := json.Unmarshal([]byte(stdout), &doc); err != nil || status != wantStatus {
			t.Fatalf("%v: status %d, %v: %s%s", args, status, err, stdout, stderr)
		}
		all := map[string]string{}
		for _, n := range doc.Notebooks {
			all[n.Notebook] = n.State
		}
		if wantStatus == exitFailed && !slices.Contains(args, "--check") && !strings.Contains(stderr, "1 of 3 notebooks failed: figA1") {
			t.Errorf("%s", stderr)
		}
		return all
	}
	read := func(name string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	expect := func(got, want map[string]string) {
		t.Helper()
		for name, state := range want {
			if got[name] != state {
				t.Errorf("%s: %s, not %s", name, got[name], state)
			}
		}
	}
	expect(states(exitFailed, "--check"), map[string]string{"fig4": "none"})
	expect(states(exitFailed), map[string]string{"fig4": "made", "figA1": "failed", "index": "made"})

	var side struct {
		Scale  string
		MadeBy recipe `json:"made_by"`
	}
	if err := json.Unmarshal([]byte(read("fig4.json")), &side); err != nil {
		t.Fatal(err)
	}
	nb, err := notebook.Read(filepath.Join(dir, "fig4.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	if side.Scale != "demo" || side.MadeBy.Cells != cellsHash(nb) || side.MadeBy.Parameters["scale"] != "demo" {
		t.Errorf("side-car %+v", side)
	}
	html := read("index.html")
	for _, want := range []string{"About fig4", "data:image/svg&#43;xml;base64,", "A black square.", "0.332 to 0.535 %", "fig4.csv", "0.004", "no nuclei", "<strong>figA1</strong> failed"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	for _, not := range []string{"http://", "https://", "<script"} {
		if strings.Contains(html, not) {
			t.Errorf("the page needs %s", not)
		}
	}
	if made := read("notebooks/fig4.ipynb"); !strings.Contains(made, `"at scale demo to figures\n"`) || strings.Contains(made, "injected") || strings.Contains(made, out) {
		t.Errorf("the notebook that ran: %s", made)
	}
	if !strings.Contains(read("notebooks/index.ipynb"), `"1 figures\n"`) || !strings.Contains(read("notebooks/figA1.ipynb"), "no nuclei") {
		t.Error("an index or a failure has not its output")
	}
	if left, _ := filepath.Glob(filepath.Join(out, "notebooks", ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}

	// Again: what is there stays, unless a file is gone or something has changed.
	writeNotebook(t, dir, "figA1", drawCell)
	expect(states(exitOK), map[string]string{"fig4": "there already", "figA1": "made", "index": "made"})
	expect(states(exitOK), map[string]string{"fig4": "there already", "figA1": "there already", "index": "there already"})
	expect(states(exitOK, "--check"), map[string]string{"fig4": "current", "figA1": "current", "index": "current"})
	if err := os.Remove(filepath.Join(out, "fig4.svg")); err != nil {
		t.Fatal(err)
	}
	expect(states(exitFailed, "--check", "fig4"), map[string]string{"fig4": "incomplete"})
	expect(states(exitOK, "fig4", "-p", "factor=2"), map[string]string{"fig4": "made"})
	if !strings.Contains(read("fig4.csv"), "1e-6,0.008") {
		t.Errorf("with twice the factor: %s", read("fig4.csv"))
	}
	expect(states(exitFailed, "--check", "fig4"), map[string]string{"fig4": "made by other parameters"})
	writeNotebook(t, dir, "fig4", drawCell+"\n// changed")
	expect(states(exitFailed, "--check", "fig4", "-p", "factor=2"), map[string]string{"fig4": "made by other cells"})

	// Outputs of a run that is told to can be committed.
	expect(states(exitOK, "fig4", "--render"), map[string]string{"fig4": "made"})
	rendered, err := os.ReadFile(filepath.Join(dir, "fig4.ipynb"))
	if err != nil || !strings.Contains(string(rendered), `"at scale demo to figures\n"`) || strings.Contains(string(rendered), out) {
		t.Errorf("%v: %s", err, rendered)
	}
	expect(states(exitOK, "--check", "fig4"), map[string]string{"fig4": "current"})
}

// TestReproduceInterrupted: what has been made is kept.
func TestReproduceInterrupted(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs cells")
	}
	dir, out := t.TempDir(), t.TempDir()
	writeNotebook(t, dir, "fig4", drawCell)
	writeNotebook(t, dir, "fig5", `import "time"
time.Sleep(time.Hour)`)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(filepath.Join(out, "notebooks", "fig4.json")); err == nil {
				cancel()
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	var stdout, stderr strings.Builder
	status := Main(ctx, []string{"reproduce", "--notebooks", dir, "--out", out, "--jobs", "1"}, &stdout, &stderr, nil, "")
	if status != exitInterrupted || !strings.Contains(stdout.String(), "made") {
		t.Errorf("status %d: %s%s", status, &stdout, &stderr)
	}
	for _, file := range []string{"fig4.svg", "index.html"} {
		if _, err := os.Stat(filepath.Join(out, file)); err != nil {
			t.Error(err)
		}
	}
}

func TestReproduceBadInput(t *testing.T) {
	dir := t.TempDir()
	writeNotebook(t, dir, "fig4", "1")
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"fig9"}, []string{"fig9", "fig4"}},
		{[]string{"--scale", "huge"}, []string{"--scale", "huge", "demo"}},
		{[]string{"--out", file}, []string{"--out", file}},
		{[]string{"--jobs", "-1"}, []string{"--jobs", "-1"}},
		{[]string{"-p", "epochs=3"}, []string{"-p", "epochs"}},
		{[]string{"-p", "scale=paper"}, []string{"-p", "--scale"}},
		{[]string{"-p", "factor"}, []string{"-p", "key=value"}},
		{[]string{"--render", "--scale", "tiny"}, []string{"--render", "demo"}},
		{[]string{"--notebooks", t.TempDir()}, []string{"--notebooks"}},
	} {
		status, _, stderr := nuclab(append([]string{"reproduce", "--notebooks", dir, "--out", filepath.Join(dir, "out")}, c.args...)...)
		if status != exitUsage || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: status %d, %s", c.args, status, stderr)
		}
		for _, want := range c.want {
			if !strings.Contains(stderr, want) {
				t.Errorf("%v: %q is not in %s", c.args, want, stderr)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "out")); err == nil {
		t.Error("wrong input made a folder")
	}
}

// The board has a line for what runs and keeps one for what has ended.
func TestBoard(t *testing.T) {
	var text strings.Builder
	b := &board{w: &text, stop: make(chan struct{})}
	b.cell("fig4", 2, 9, "Burns to learn")
	b.cell("fig7", 1, 3, "")
	b.show("fig4", map[string]any{"text/plain": "mesa_80 \x1b[1m 45% [====    ]"})
	b.draw("")
	if s := text.String(); !strings.Contains(s, "fig4         cell 2 of 9, 0s: mesa_80  45% [====    ]\nfig7         cell 1 of 3") {
		t.Errorf("%q", s)
	}
	text.Reset()
	b.end("fig7", "made, 3s")
	if s := text.String(); !strings.HasPrefix(s, "\x1b[2A\r\x1b[Jfig7         made, 3s\nfig4 ") {
		t.Errorf("%q", s)
	}
}

// A plan adds up what is left, for the notebooks named, and gives burns and the rest to Slurm.
func TestReproducePlan(t *testing.T) {
	tasks := []paper.Task{
		{Name: "burns", Kind: "burns", Figures: []string{"fig4", "figA3"}, Count: 1000, CPU: 48000, Bytes: 2e9, Command: []string{"dataset", "generate", "--out", "a b"}},
		{Name: "made", Kind: "burns", Figures: []string{"fig4"}, Count: 5, CPU: 10, Bytes: 5, Done: true, Command: []string{"dataset", "generate"}},
		{Name: "nets", Kind: "training", Figures: []string{"fig4"}, Count: 30, CPU: 200, Bytes: 1e6},
		{Name: "scan", Kind: "training", Figures: []string{"figA3"}, Count: 70, CPU: 400, Bytes: 3e6},
	}
	doc := planDoc{Threads: 2}
	grid := doc.add(tasks, false, []string{"fig4"})
	if len(doc.Tasks) != 3 || doc.CPU != 48200 || doc.Here != 24100 || doc.Bytes != 2001000000 || len(grid.rows) != 4 {
		t.Errorf("%+v, %+v", doc, grid)
	}
	if len(doc.Slurm) != 1 || doc.Slurm[0] != "nuclab dataset submit --slurm --array 11 --cpus 8 --out 'a b'" {
		t.Errorf("%q", doc.Slurm)
	}
	doc = planDoc{Threads: 2}
	if doc.add(tasks, true, nil); len(doc.Tasks) != 4 {
		t.Errorf("%+v", doc)
	}
}

// Outputs that were rendered for a notebook of the project are those of the cells that it has now.
func TestRenderedOutputsAreOfTheirCells(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(testenv.Repo(), "notebooks", "*.ipynb"))
	if err != nil || len(paths) == 0 {
		t.Fatal(err, paths)
	}
	for _, path := range paths {
		nb, err := notebook.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if m, ok := nb.Metadata["nuclab"].(map[string]any); ok && m["cells"] != cellsHash(nb) {
			t.Errorf("%s: run `nuclab reproduce --render %s`", path, strings.TrimSuffix(filepath.Base(path), ".ipynb"))
		}
	}
}
