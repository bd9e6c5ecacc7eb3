package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nuclab/kernel/notebook"
	"nuclab/nnlib"
	"nuclab/nnlib/paper"
)

// reproduction is the verb reproduce: its flags, and what they say.
type reproduction struct {
	*app
	scale, out, dir string
	settings        []string
	jobs, threads   int
	force, render   bool
	dryRun, check   bool
	code            string // hash of the packages that cells import
	values          map[string]string
	notebooks       []*figureNotebook
	selected        bool // some were named
}

func (a *app) reproduce() *cobra.Command {
	r := &reproduction{app: a}
	cmd := &cobra.Command{
		Use:   "reproduce [NAME...]",
		Short: "Run the notebooks and collect their figures in one page",
		Long: `Run all notebooks of the project, or those named (fig1, figA3, quickstart), without a browser, trainings included.

A notebook whose tagged cell declares them is given the scale and the folder for its figures. Its files, and the notebook
with its outputs, appear in --out when it has run to its end; index.html there shows every figure beside what the paper
reports. What is there already, made by the same cells, parameters and code, is not made again. One that fails is named
at the end (status 1) and does not stop the others.

--dry-run says how long it takes on this machine, as measured on the spot, how much disk, and how to give the work to
Slurm. --check says which figures were made by other cells, parameters or code than those there are now. --render puts
the outputs into the notebooks themselves, without paths and times.`,
		Example: "  nuclab reproduce\n  nuclab reproduce fig4 figA1 --force\n  nuclab reproduce --scale paper --dry-run",
	}
	f := cmd.Flags()
	f.StringVar(&r.scale, "scale", "demo", "how much is computed: "+strings.Join(paper.Scales(), ", "))
	f.StringVar(&r.out, "out", "figures", "`folder` of the figures")
	f.StringArrayVarP(&r.settings, "parameter", "p", nil, "one parameter, `key=value`, of the notebooks that have it; may be repeated")
	f.IntVar(&r.jobs, "jobs", 0, "notebooks that run at once (0: as memory and processors allow)")
	f.BoolVar(&r.force, "force", false, "run what has been run already, too")
	f.BoolVar(&r.render, "render", false, "put the outputs into the notebooks themselves")
	f.BoolVar(&r.dryRun, "dry-run", false, "say what there is to do, and how long it takes here")
	f.BoolVar(&r.check, "check", false, "say which figures are out of date; status 1 if any is")
	f.StringVar(&r.dir, "notebooks", "", "`folder` of the notebooks (default: the project's)")
	threadsFlag(cmd, &r.threads)
	cmd.MarkFlagsMutuallyExclusive("dry-run", "check", "render")
	out := a.outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := r.read(args); err != nil {
			return err
		}
		if cmd.Flags().Changed("threads") {
			os.Setenv("GOMAXPROCS", fmt.Sprint(r.threads)) // of the processes that run cells
		}
		switch {
		case r.dryRun:
			return r.plan(cmd.Context(), out)
		case r.check:
			return r.compare(out)
		}
		return r.run(cmd.Context(), out)
	}
	return cmd
}

// read checks the flags and reads the notebooks.
func (r *reproduction) read(args []string) (err error) {
	if _, err := paper.ScaleOf(r.scale); err != nil {
		return badInput("--scale: %q is none of %s", r.scale, strings.Join(paper.Scales(), ", "))
	}
	if r.jobs < 0 {
		return badInput("--jobs: %d is less than 0", r.jobs)
	}
	if r.threads < 0 {
		return badInput("--threads: %d is less than 0", r.threads)
	}
	if r.render && (r.scale != "demo" || len(r.settings) > 0) {
		return badInput("--render: only at scale demo and with the notebooks' own parameters")
	}
	if r.dir == "" {
		if r.source == "" {
			return badInput("--notebooks: the project that this program was built from is gone; name the folder")
		}
		r.dir = filepath.Join(r.source, "notebooks")
	}
	if r.out, err = filepath.Abs(r.out); err != nil {
		return err
	}
	if info, err := os.Stat(r.out); err == nil && !info.IsDir() {
		return badInput("--out: %s is not a folder", r.out)
	}
	r.values = map[string]string{}
	for _, s := range r.settings {
		key, value, ok := strings.Cut(s, "=")
		switch {
		case !ok:
			return badInput("-p: %q is not key=value", s)
		case key == "scale" || key == "figures":
			return badInput("-p: %s is set by --scale and --out", key)
		}
		r.values[key] = value
	}
	paths, err := filepath.Glob(filepath.Join(r.dir, "*.ipynb"))
	if err != nil || len(paths) == 0 {
		return badInput("--notebooks: there are none in %s", r.dir)
	}
	var names []string
	for _, p := range paths {
		names = append(names, strings.TrimSuffix(filepath.Base(p), ".ipynb"))
	}
	slices.SortFunc(names, byFigure)
	r.selected = len(args) > 0
	for _, name := range args {
		if !slices.Contains(names, name) {
			return badInput("no notebook %q in %s; there are %s", name, r.dir, strings.Join(names, ", "))
		}
	}
	if r.code, err = sourceHash(r.source); err != nil {
		return err
	}
	known := map[string]bool{}
	for _, name := range names {
		if r.selected && !slices.Contains(args, name) {
			continue
		}
		n, err := r.open(name)
		if err != nil {
			return asUsage(err, notebook.ErrInput)
		}
		for _, p := range n.declared {
			known[p] = true
		}
		r.notebooks = append(r.notebooks, n)
	}
	for key := range r.values {
		if !known[key] {
			return badInput("-p: none of the notebooks has a parameter %q", key)
		}
	}
	return nil
}

// byFigure puts the figures of the paper first, in their order, and the index last.
func byFigure(a, b string) int {
	rank := func(name string) int {
		switch {
		case name == "index":
			return 2
		case strings.HasPrefix(name, "fig"):
			return 0
		}
		return 1
	}
	return cmp.Or(rank(a)-rank(b), cmp.Compare(a, b))
}

// memoryOfOne is about what a notebook with its data and its training takes.
const memoryOfOne = 4 << 30

// atOnce returns how many notebooks run at the same time.
func (r *reproduction) atOnce() int {
	if r.jobs > 0 {
		return r.jobs
	}
	n := runtime.GOMAXPROCS(0)
	if free := nnlib.AvailableMemory(); free > 0 {
		n = min(n, int(free/memoryOfOne))
	}
	return max(1, n)
}

// run runs the notebooks that need it and writes the page.
func (r *reproduction) run(ctx context.Context, out *output) error {
	for _, dir := range []string{r.out, r.kept("")} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return badInput("--out: %v", err)
		}
	}
	cache, err := cacheDir()
	if err != nil {
		return err
	}
	b := newBoard(r.stderr)
	queue := make(chan *figureNotebook)
	ended := make(chan *figureNotebook)
	for range min(r.atOnce(), len(r.notebooks)) {
		go func() {
			for n := range queue {
				n.err = r.do(ctx, n, cache, b)
				ended <- n
			}
		}()
	}
	// The index shows what the others made.
	last := slices.IndexFunc(r.notebooks, func(n *figureNotebook) bool { return n.name == "index" })
	finish := func(some []*figureNotebook) {
		go func() {
			for _, n := range some {
				queue <- n
			}
		}()
		for range some {
			<-ended
		}
	}
	if last < 0 {
		finish(r.notebooks)
	} else {
		finish(r.notebooks[:last])
		finish(r.notebooks[last:])
	}
	close(queue)
	b.close()
	if err := r.writePage(); err != nil {
		return err
	}
	return errors.Join(r.summarise(out), ctx.Err())
}

// summarise prints what became of the notebooks; the error names those that failed.
func (r *reproduction) summarise(out *output) error {
	doc := reproduceDoc{Schema: "nuclab.reproduce/1", Scale: r.scale, Page: filepath.Join(r.out, "index.html"), Notebooks: []reproduceRow{}}
	t := &grid{head: []string{"notebook", "state", "time_s", "figures"}}
	var failed []string
	for _, n := range r.notebooks {
		row := reproduceRow{Notebook: n.name, State: n.state, Seconds: n.record.Seconds, Figures: n.record.Figures}
		if n.err != nil {
			row.Error = n.err.Error()
			if n.state == "failed" {
				failed = append(failed, n.name)
				fmt.Fprintf(r.stderr, "%s: %v; see %s\n", n.name, n.err, r.kept(n.name+".ipynb"))
			}
		}
		doc.Notebooks = append(doc.Notebooks, row)
		t.add(n.name, n.state, fmt.Sprintf("%.1f", row.Seconds), strings.Join(row.Figures, " "))
	}
	if err := out.write(doc, []string{doc.Page}, t); err != nil {
		return err
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d notebooks failed: %s", len(failed), len(r.notebooks), strings.Join(failed, ", "))
	}
	return nil
}

// reproduceDoc is the JSON of schema nuclab.reproduce/1.
type reproduceDoc struct {
	Schema    string         `json:"schema"`
	Scale     string         `json:"scale"`
	Page      string         `json:"page,omitempty"`
	Notebooks []reproduceRow `json:"notebooks"`
}

type reproduceRow struct {
	Notebook string   `json:"notebook"`
	State    string   `json:"state"`
	Seconds  float64  `json:"time_s,omitempty"`
	Figures  []string `json:"figures,omitempty"`
	Error    string   `json:"error,omitempty"`
}
