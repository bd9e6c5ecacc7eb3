package cli

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"nuclab/internal/testenv"
)

func TestKernelTables(t *testing.T) {
	doc := benchKernelDoc{Cells: 3, Absent: map[string]string{"evcxr": "there is no evcxr_jupyter"}, Kernels: []map[string]any{
		{"name": "nuclab", "trivial": 0.05, "state": true, "exit": "alive, kept, said", "plot_error": "no image"},
		{"name": "gonb", "trivial": 0.2, "state": false},
	}}
	tables := kernelTables(doc)
	if len(tables) != 2 {
		t.Fatalf("%d tables", len(tables))
	}
	find := func(g *grid, name string) []any {
		for _, row := range g.rows {
			if row[0] == name {
				return row
			}
		}
		return nil
	}
	if row := find(tables[0], "trivial stateful cell [s]"); !slices.Equal(row, []any{"trivial stateful cell [s]", 0.2, 0.05, 0.2}) {
		t.Errorf("row %v", row)
	}
	if row := find(tables[0], "keeps state"); !slices.Equal(row, []any{"keeps state", "yes", "yes", "no"}) {
		t.Errorf("row %v", row)
	}
	if row := find(tables[0], "after os.Exit"); !slices.Equal(row, []any{"after os.Exit", "alive", "alive, kept, said", "-"}) {
		t.Errorf("row %v", row)
	}
	if row := find(tables[1], "trivial stateful cell [s]"); !slices.Equal(row, []any{"trivial stateful cell [s]", 0.25}) {
		t.Errorf("ratios %v", row)
	}
	notes := strings.Join(kernelNotes(doc), "\n")
	for _, want := range []string{"evcxr is not measured: there is no evcxr_jupyter", "nuclab: plot: no image"} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes without %q:\n%s", want, notes)
		}
	}
}

func TestBenchKernelUsage(t *testing.T) {
	for _, args := range [][]string{{"--cells", "0"}, {"--kernel", "xeus"}} {
		var stdout, stderr strings.Builder
		if status := Main(context.Background(), append([]string{"bench", "kernel"}, args...), &stdout, &stderr, nil, ""); status != exitUsage {
			t.Errorf("%v: status %d, %s", args, status, stderr.String())
		}
	}
}

// The client is Python that compiles.
func TestKernelScript(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		testenv.Require(t, "python", "python3 is not on the PATH: install Python 3")
	}
	c := exec.Command(python, "-c", "import ast, sys; ast.parse(sys.stdin.read())")
	c.Stdin = strings.NewReader(string(kernelScript))
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
