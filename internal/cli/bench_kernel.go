package cli

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nuclab/kernel/lab"
)

//go:embed bench_kernel.py
var kernelScript []byte

// kernelRequirements are the Python packages of the client and of ipykernel.
var kernelRequirements = []string{"jupyter_client==8.10.0", "ipykernel==7.4.0", "psutil", "matplotlib"}

// benchedKernel is a kernel and the cells that measure it. In cells @ stands for a number that is new each time and in
// every run.
type benchedKernel struct {
	Name          string            `json:"name"`
	Argv          []string          `json:"argv"`
	Env           map[string]string `json:"env,omitempty"`
	InterruptMode string            `json:"interrupt_mode,omitempty"`
	Dir           string            `json:"dir"`
	Starts        int               `json:"starts"`
	First         string            `json:"first"`
	Setup         []string          `json:"setup"`
	Trivial       string            `json:"trivial"`
	Print         string            `json:"print"`
	Again         string            `json:"again"`
	Error         string            `json:"error"`
	Read          string            `json:"read"`
	State         string            `json:"state"` // what Read shows; "" where the kernel keeps no state
	Complete      string            `json:"complete"`
	Inspect       string            `json:"inspect"`
	Sleep         string            `json:"sleep"` // some seconds
	Loop          string            `json:"loop"`  // for ever
	PlotSetup     []string          `json:"plot_setup,omitempty"`
	Plot          string            `json:"plot,omitempty"`
	Extra         map[string]string `json:"extra,omitempty"`
	Fatal         map[string]fatal  `json:"fatal,omitempty"` // by the keys of kernelFacts
}

// fatal is a cell that is bad for the process it runs in, and a word of the reason by which a user can see what happened.
type fatal struct {
	Code   string `json:"code"`
	Reason string `json:"reason"`
}

// goFatal are such cells in Go, whose statements follow a line.
func goFatal(line string) map[string]fatal {
	return map[string]fatal{
		"exit":   {"import \"os\"\n" + line + "os.Exit(3)", "exit status 3"},
		"panic":  {"import \"time\"\n" + line + "go func() { panic(\"burnt\") }()\ntime.Sleep(time.Second)", "burnt"},
		"goexit": {"import \"runtime\"\n" + line + "runtime.Goexit()", "Goexit"},
		"map_writes": {"import \"time\"\n" + line + "m := map[int]int{}\nfor i := 0; i < 4; i++ {\n\tgo func() {\n\t\tfor j := 0; ; j++ {\n\t\t\tm[j%100] = j\n\t\t}\n\t}()\n}\n" +
			"time.Sleep(5 * time.Second)", "concurrent map writes"},
	}
}

// goPlot draws a line and shows it, given a function that shows a plot.
const goPlot = "p@ := plot.New()\nl@, _ := plotter.NewLine(plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: @}})\np@.Add(l@)\n"

// kernelBenches are the kernels that are compared, ours first.
var kernelBenches = []benchedKernel{
	{
		Name: "nuclab", InterruptMode: "message",
		First: "1 + @", Setup: []string{"x := 0\nkept := 77777", "import \"fmt\""},
		Trivial: "x += @", Print: "fmt.Println(\"new\", x, @)", Again: "x++", Error: "x + undefined@",
		Read: "kept", State: "77777", Complete: "fmt.Pri", Inspect: "fmt.Println",
		Sleep: "time.Sleep(3 * time.Second)", Loop: "for {\n}",
		PlotSetup: []string{"import (\n\"gonum.org/v1/plot\"\n\"gonum.org/v1/plot/plotter\"\n)"}, Plot: goPlot + "p@",
		Fatal: goFatal(""),
	},
	{
		Name:  "ipykernel",
		First: "1 + @", Setup: []string{"x = 0\nkept = 77777"},
		Trivial: "x += @", Print: "print('new', x, @)", Again: "x += 1", Error: "x + undefined@",
		Read: "kept", State: "77777", Complete: "prin", Inspect: "print",
		Sleep: "import time; time.sleep(3)", Loop: "while True: pass",
		PlotSetup: []string{"%matplotlib inline\nimport matplotlib.pyplot as plt"}, Plot: "plt.plot([0, 1], [0, @]); plt.show()",
		Fatal: map[string]fatal{
			"exit":  {"import os; os._exit(3)", "3"},
			"panic": {"import threading, time\ndef burn(): raise RuntimeError('burnt')\nthreading.Thread(target=burn).start(); time.sleep(1)", "burnt"},
		},
	},
	{
		Name:  "evcxr",
		First: "1 + @", Setup: []string{"let mut x: i64 = 0;\nlet kept = 77777;"},
		Trivial: "x += @;", Print: "println!(\"new {} {}\", x, @);", Again: "x += 1;", Error: "x + undefined@",
		Read: "kept", State: "77777", Complete: "kep", Inspect: "kept",
		Sleep: "std::thread::sleep(std::time::Duration::from_secs(3));", Loop: "loop {}",
		Fatal: map[string]fatal{
			"exit":  {"std::process::exit(3);", "exit"},
			"panic": {"std::thread::spawn(|| { panic!(\"burnt\") });\nstd::thread::sleep(std::time::Duration::from_secs(1));", "burnt"},
		},
	},
	{
		Name:  "gonb",
		First: "%%\n_ = 1 + @", Setup: []string{"import \"fmt\"\nvar x = 0\nvar kept = 77777"},
		Trivial: "%%\nx += @", Print: "%%\nfmt.Println(\"new\", x, @)", Again: "%%\nx++", Error: "%%\nx += undefined@",
		Read: "%%\nx++\nfmt.Println(kept + x)", Complete: "%%\nfmt.Pri", Inspect: "%%\nfmt.Println",
		Sleep: "import \"time\"\n%%\ntime.Sleep(3 * time.Second)", Loop: "%%\nfor {\n}",
		PlotSetup: []string{"!*go get gonum.org/v1/plot@v0.17.0 github.com/janpfeifer/gonb@v0.11.4", "import (\n\"bytes\"\n" +
			"\"github.com/janpfeifer/gonb/gonbui\"\n\"gonum.org/v1/plot\"\n\"gonum.org/v1/plot/plotter\"\n\"gonum.org/v1/plot/vg\"\n)"},
		Plot:  "%%\n" + goPlot + "w, _ := p@.WriterTo(4*vg.Inch, 4*vg.Inch, \"png\")\nvar b bytes.Buffer\nw.WriteTo(&b)\ngonbui.DisplayPng(b.Bytes())",
		Fatal: goFatal("%%\n"),
	},
	{
		Name:  "gophernotes",
		First: "1 + @", Setup: []string{"x := 0\nkept := 77777", "import \"fmt\""},
		Trivial: "x += @", Print: "fmt.Println(\"new\", x, @)", Again: "x++", Error: "x + undefined@",
		Read: "kept", State: "77777", Complete: "fmt.Pri", Inspect: "fmt.Println",
		Sleep: "import \"time\"\ntime.Sleep(3 * time.Second)", Loop: "for {\n}",
		Fatal: goFatal(""),
	},
}

// kernelRow is one line of the table of KERNEL.md: its key in the answers of the script, and what is to be met.
type kernelRow struct {
	key, name string
	bar       float64 // seconds or MB; 0 without
}

var kernelRows = []kernelRow{
	{"start", "start to kernel_info [s]", 0.15},
	{"first_cell", "start to first cell [s]", 0.8},
	{"trivial", "trivial stateful cell [s]", 0.2},
	{"print", "new code and print [s]", 0.25},
	{"again", "the same cell again [s]", 0.05},
	{"plot", "plot to PNG [s]", 0.6},
	{"error", "compile error answered [s]", 0.05},
	{"complete", "completion [s]", 0.02},
	{"inspect", "inspection [s]", 0.02},
	{"memory_start", "memory at start [MB]", 80},
	{"memory_100", "memory after 100 cells [MB]", 250},
	{"libraries_first", "nucnet, nnlib, plots: first cell, warmed as by lab [s]", 3},
	{"libraries_later", "nucnet, nnlib, plots: later cell [s]", 0.8},
	{"libraries_memory", "nucnet, nnlib, plots: memory of a later cell [MB]", 6},
	{"interrupt", "interrupt of a loop [s]", 0.2},
}

// kernelFacts are answers in words: yes, no, or what is left after a cell. A kernel that outlives it is alive or else dies
// or hangs; its state is kept or lost; the reason is said or not.
var kernelFacts = []struct{ key, name, wanted string }{
	{"answers_while_running", "answers while a cell runs", "yes"},
	{"state", "keeps state", "yes"},
	{"interrupt_keeps_state", "keeps state when interrupted", "yes"},
	{"exit", "after os.Exit", "alive"},
	{"panic", "after a panic in a goroutine", "alive, kept"},
	{"goexit", "after runtime.Goexit", "alive, kept"},
	{"map_writes", "after concurrent map writes", "alive, said"},
}

// benchKernelDoc is the JSON of schema nuclab.bench/1 for kernels.
type benchKernelDoc struct {
	Schema  string            `json:"schema"`
	Cells   int               `json:"cells"`
	Kernels []map[string]any  `json:"kernels"`
	Absent  map[string]string `json:"absent"` // why a kernel was not measured
}

func (a *app) benchKernel() *cobra.Command {
	var (
		install bool
		only    []string
		count   int
	)
	var names []string
	for _, k := range kernelBenches {
		names = append(names, k.Name)
	}
	cmd := &cobra.Command{
		Use:   "kernel",
		Short: "Time the kernel beside other Jupyter kernels",
		Long: `Start kernels one after the other, run the same kinds of cells in each by one client, and print the median times in s
and the memory in MB, with the ratio of the kernel of nuclab to each, and what is left of each after cells that are bad
for a process. What "nuclab lab" compiles on its start is compiled before.

The client and ipykernel run in a Python environment of their own in the cache directory. Other kernels are looked for in
the cache directory and in PATH; --install builds those that are missing into the cache: gonb and gophernotes with Go,
evcxr with cargo, which takes some minutes. What is absent is named.`,
		Example: "  nuclab bench kernel\n  nuclab bench kernel --install\n  nuclab bench kernel --kernel nuclab,ipykernel --cells 5",
		Args:    cobra.NoArgs,
	}
	f := cmd.Flags()
	f.BoolVar(&install, "install", false, "build the other kernels that are missing")
	f.StringSliceVar(&only, "kernel", names, "kernels")
	f.IntVar(&count, "cells", 15, "cells of each kind")
	out := a.outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if count < 1 {
			return badInput("--cells: %d is less than 1", count)
		}
		for _, name := range only {
			if !slices.Contains(names, name) {
				return badInput("--kernel: %q is none of %s", name, strings.Join(names, ", "))
			}
		}
		cache, err := cacheDir()
		if err != nil {
			return err
		}
		peers := filepath.Join(cache, "peers")
		python, err := lab.Venv(cmd.Context(), filepath.Join(peers, "kernels"), kernelRequirements, a.stderr)
		if err != nil {
			return err
		}
		doc := benchKernelDoc{Schema: "nuclab.bench/1", Cells: count, Absent: make(map[string]string)}
		dir, err := os.MkdirTemp("", "nuclab-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		var chosen []benchedKernel
		for _, k := range kernelBenches {
			if !slices.Contains(only, k.Name) {
				continue
			}
			if err := a.findKernel(cmd.Context(), &k, peers, python, install); err != nil {
				if cmd.Context().Err() != nil {
					return err
				}
				doc.Absent[k.Name] = err.Error()
				continue
			}
			k.Dir, k.Starts = dir, min(count, 5)
			chosen = append(chosen, k)
		}
		if slices.Contains(only, "nuclab") {
			if err := a.warm(cmd.Context(), cache, a.stderr); err != nil {
				return err
			}
		}
		if doc.Kernels, err = runKernels(cmd.Context(), python, chosen, count, a.stderr); err != nil {
			return err
		}
		return out.write(doc, kernelNotes(doc), kernelTables(doc)...)
	}
	return cmd
}

// kernelTables shows what was measured, and in the second table our figures as multiples of the others'.
func kernelTables(doc benchKernelDoc) []*grid {
	t := &grid{head: []string{"", "wanted"}}
	ratios := &grid{head: []string{"ours as a multiple of"}}
	for _, k := range doc.Kernels {
		t.head = append(t.head, fmt.Sprint(k["name"]))
		if k["name"] != "nuclab" {
			ratios.head = append(ratios.head, fmt.Sprint(k["name"]))
		}
	}
	for _, r := range kernelRows {
		row, ratio := []any{r.name, r.bar}, []any{r.name}
		ours := 0.0
		for _, k := range doc.Kernels {
			v, measured := k[r.key].(float64)
			if !measured {
				row = append(row, "-")
			} else {
				row = append(row, v)
			}
			switch {
			case k["name"] == "nuclab":
				ours = v
			case measured && ours > 0:
				ratio = append(ratio, ours/v)
			default:
				ratio = append(ratio, "-")
			}
		}
		t.add(row...)
		if len(ratio) > 1 {
			ratios.add(ratio...)
		}
	}
	for _, f := range kernelFacts {
		row := []any{f.name, f.wanted}
		for _, k := range doc.Kernels {
			switch v := k[f.key].(type) {
			case string:
				row = append(row, v)
			case bool:
				row = append(row, map[bool]string{true: "yes", false: "no"}[v])
			default:
				row = append(row, "-")
			}
		}
		t.add(row...)
	}
	if len(ratios.rows) == 0 {
		return []*grid{t}
	}
	return []*grid{t, ratios}
}

// kernelNotes names what could not be measured.
func kernelNotes(doc benchKernelDoc) []string {
	notes := []string{fmt.Sprintf("medians of %d cells", doc.Cells)}
	for _, k := range kernelBenches {
		if why, ok := doc.Absent[k.Name]; ok {
			notes = append(notes, fmt.Sprintf("%s is not measured: %s", k.Name, why))
		}
	}
	for _, k := range doc.Kernels {
		for _, key := range sortedKeys(k) {
			if what, failed := strings.CutSuffix(key, "_error"); failed || key == "failed" {
				notes = append(notes, fmt.Sprintf("%s: %s: %v", k["name"], what, k[key]))
			}
		}
	}
	return notes
}

func sortedKeys(m map[string]any) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// findKernel completes how a kernel is started. The error says what is missing.
func (a *app) findKernel(ctx context.Context, k *benchedKernel, peers, python string, install bool) error {
	const connection = "{connection_file}"
	switch k.Name {
	case "nuclab":
		program, err := os.Executable()
		if err != nil {
			return err
		}
		k.Argv = []string{program, "kernel", "run", connection}
		if a.source != "" {
			k.Extra = map[string]string{"libraries": benchLibraries}
		}
		return nil
	case "ipykernel":
		k.Argv = []string{python, "-m", "ipykernel_launcher", "-f", connection}
		return nil
	}
	p := peerKernels[k.Name]
	bin := filepath.Join(peers, "bin")
	path := filepath.Join(bin, p.program)
	if _, err := os.Stat(path); err != nil {
		if found, lookErr := exec.LookPath(p.program); lookErr == nil {
			path = found
		} else if !install {
			return fmt.Errorf("there is no %s in PATH; --install builds it", p.program)
		} else {
			fmt.Fprintf(a.stderr, "building %s\n", k.Name)
			if err := p.build(ctx, bin, a.stderr); err != nil {
				return err
			}
		}
	}
	k.Argv = append([]string{path}, p.args...)
	k.Env = map[string]string{"PATH": bin + string(filepath.ListSeparator) + os.Getenv("PATH")}
	return nil
}

// benchLibraries is a cell that uses nucnet, nnlib and plots.
const benchLibraries = `import (
"nuclab/nnlib"
"nuclab/nucnet"
"nuclab/plots"
)
net@, err@ := nucnet.Stock("mesa_80")
config@ := nnlib.Config{Network: "mesa_80", Layers: 2, Width: 8 + @}
var training@ plots.Training
fmt.Println(len(net@.Nuclides()), err@, config@.Width, len(training@.Train))`

// runKernels measures kernels by the script.
func runKernels(ctx context.Context, python string, kernels []benchedKernel, count int, log io.Writer) ([]map[string]any, error) {
	request, err := json.Marshal(map[string]any{"kernels": kernels, "cells": count})
	if err != nil {
		return nil, err
	}
	script, err := os.CreateTemp("", "bench-kernel-*.py")
	if err != nil {
		return nil, err
	}
	defer os.Remove(script.Name())
	if _, err := script.Write(kernelScript); err != nil {
		return nil, err
	}
	if err := script.Close(); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, python, script.Name())
	cmd.Stdin = bytes.NewReader(request)
	var answer bytes.Buffer
	cmd.Stdout = &answer
	messages, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	last := ""
	for lines := bufio.NewScanner(messages); lines.Scan(); {
		if progress, ok := strings.CutPrefix(lines.Text(), "# "); ok {
			if terminal(log) {
				fmt.Fprintln(log, progress)
			}
		} else if strings.TrimSpace(lines.Text()) != "" {
			last = lines.Text()
		}
	}
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("the client of the kernels: %w: %s", err, last)
	}
	var all []map[string]any
	for dec := json.NewDecoder(&answer); ; {
		var k map[string]any
		if err := dec.Decode(&k); err == io.EOF {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("the client of the kernels: %w", err)
		}
		all = append(all, k)
	}
}
