//go:build linux || darwin

package dataset

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSubmitAgain: a submission that Slurm refused is gone on with once Slurm is there, and what its jobs run is a copy of
// the program, whatever becomes of that.
func TestSubmitAgain(t *testing.T) {
	ctx := context.Background()
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	program := filepath.Join(bin, "program")
	if err := os.WriteFile(program, []byte("of the first day"), 0o755); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "a set")
	job, err := NewJob(dir, quick(), Job{Program: program, Array: 3, CPUs: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(program); err != nil {
		t.Fatal(err)
	}
	if _, err := job.Submit(ctx); !errors.Is(err, ErrNoSlurm) {
		t.Fatalf("without Slurm: %v", err)
	}
	// An sbatch that answers with a number and keeps what it is asked for.
	asked := filepath.Join(bin, "asked")
	script := "#!/bin/sh\necho \"$@\" >> '" + asked + "'\necho 42\n"
	if err := os.WriteFile(filepath.Join(bin, "sbatch"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	if job, err = OpenJob(dir); err != nil {
		t.Fatal(err)
	}
	sent, err := job.Submit(ctx)
	if err != nil || sent.Array != "42" || sent.Merge != "42" || len(sent.Parts) != 3 {
		t.Fatalf("sent %+v, %v", sent, err)
	}
	lines, err := os.ReadFile(asked)
	if err != nil || !bytes.Contains(lines, []byte("--array=1,2,3")) || !bytes.Contains(lines, []byte("--dependency=afterok:42")) {
		t.Errorf("sbatch was asked for %s, %v", lines, err)
	}
	for _, name := range []string{"generate", "merge"} {
		text, err := os.ReadFile(job.script(name))
		if err != nil || !strings.Contains(string(text), "exec '"+job.Program+"' 'dataset' '"+name+"'") {
			t.Errorf("%s runs %s, %v", name, text, err)
		}
	}
	info, err := os.Stat(job.Program)
	if b, e := os.ReadFile(job.Program); err != nil || e != nil || info.Mode()&0o100 == 0 || string(b) != "of the first day" {
		t.Errorf("the jobs run %q (%v): %v, %v", b, info.Mode(), err, e)
	}
	// What fails before it is a job leaves nothing behind.
	gone := filepath.Join(t.TempDir(), "set")
	if _, err := NewJob(gone, quick(), Job{Program: program, Array: 3}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a program: %v", err)
	}
	if _, err := os.Stat(gone + partsSuffix); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder is left: %v", err)
	}
}
