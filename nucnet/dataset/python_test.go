package dataset

import (
	"encoding/json"
	"errors"
	"os/exec"
	"slices"
	"testing"

	"nuclab/internal/testenv"
)

// TestPython: one line of pyarrow reads a set, with the same columns and numbers.
func TestPython(t *testing.T) {
	python := testenv.Python(t, "pyarrow")
	dir := quickSet(t)
	set, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	const script = `
import sys, json, pyarrow.parquet, pyarrow.dataset
d = pyarrow.dataset.dataset(sys.argv[1], format="parquet", exclude_invalid_files=True).to_table()
c = d.to_pydict()
meta = pyarrow.parquet.ParquetFile(sys.argv[1] + "/part-000000.parquet").metadata.metadata
print(json.dumps({"columns": d.column_names, "types": sorted(set(map(str, d.schema.types))), "status": c["status"],
  "index": c["index"], "sums": [sum(c[n][i] for n in c if n.startswith("X_")) for i in range(len(d))], "T": c["T"],
  "q": c["t2_q"], "network": json.loads(meta[b"nuclab.recipe"])["network"]}))`
	out, err := exec.Command(python, "-c", script, dir).Output()
	if err != nil {
		var exit *exec.ExitError
		errors.As(err, &exit)
		t.Fatalf("%v: %s", err, exit.Stderr)
	}
	var got struct {
		Columns, Types, Status []string
		Index                  []int64
		Sums, T, Q             []float64
		Network                string
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	table, err := set.Load()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Columns, set.columns()) || !slices.Equal(got.Types, []string{"double", "int64", "string"}) {
		t.Errorf("columns %v of types %v", got.Columns, got.Types)
	}
	if !slices.Equal(got.Index, table.Index) || !slices.Equal(got.T, table.T) || !slices.Equal(got.Q, table.Ends[2].Q) ||
		!slices.Equal(got.Status, table.Status) || got.Network != "mesa_80" {
		t.Error("pyarrow reads other numbers than Load")
	}
	for i, s := range got.Sums {
		if s != 1 {
			t.Errorf("sample %d: mass fractions add up to %.17g", i, s)
		}
	}
}
